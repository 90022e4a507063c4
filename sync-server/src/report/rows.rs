//! Requests as a workbook of one sheet. Rows lie in a file that has no name until the whole is sent, so that memory does
//! not grow with them.

use std::io::Write;

use jiff::Timestamp;
use mbs_shared::routing::deadline::istanbul;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use super::table::{COLUMNS, Cell, Record, cells};

/// Requests a sheet has room for.
pub const MAX_ROWS: u32 = 1_048_575;

/// Widths of the columns, in letters.
const WIDTHS: [u8; 16] = [14, 16, 10, 20, 44, 30, 18, 18, 28, 40, 17, 17, 17, 12, 12, 8];

/// Writes the pages of requests that `next` gives until one is empty.
///
/// # Errors
/// What `next` says; [`XlsxError`] otherwise, also for more than [`MAX_ROWS`].
pub fn write<E: From<XlsxError>>(
    out: impl Write + Send,
    mut next: impl FnMut() -> Result<Vec<Record>, E>,
) -> Result<(), E> {
    let mut book = Workbook::new();
    let (head, moment) = (Format::new().set_bold(), Format::new().set_num_format("dd.mm.yyyy hh:mm"));
    let sheet = book.add_worksheet_with_constant_memory()?.set_name("Başvurular")?;
    sheet.set_freeze_panes(1, 1)?;
    for (column, (name, width)) in (0..).zip(COLUMNS.into_iter().zip(WIDTHS)) {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, name, &head)?;
    }
    let mut row = 0;
    loop {
        let records = next()?;
        if records.is_empty() {
            break;
        }
        for record in &records {
            row += 1;
            for (column, cell) in (0..).zip(cells(record)) {
                match cell {
                    // As words, whatever they begin with: never a formula.
                    Cell::Words(words) => sheet.write_string(row, column, words)?,
                    Cell::Moment(None) => sheet,
                    Cell::Moment(Some(at)) => sheet.write_datetime_with_format(row, column, &local(at)?, &moment)?,
                    Cell::Number(number) => sheet.write_number(row, column, number)?,
                };
            }
        }
    }
    Ok(book.save_to_writer(out)?)
}

/// A moment (Unix ms) as Istanbul's clock has it; spreadsheets know no zones.
fn local(at: i64) -> Result<ExcelDateTime, XlsxError> {
    let at = istanbul().to_datetime(Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH));
    let part = |part: i8| u8::try_from(part).unwrap_or_default();
    let day = ExcelDateTime::from_ymd(u16::try_from(at.year()).unwrap_or(1970), part(at.month()), part(at.day()))?;
    day.and_hms(part(at.hour()).into(), part(at.minute()), f64::from(at.second()))
}
