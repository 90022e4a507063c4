//! A period's requests as a table that Turkish Excel opens by a double click: UTF-8 with its mark, semicolons, and no cell
//! that a spreadsheet would take for a formula.

use std::io::{self, Write};

use jiff::Timestamp;
use mbs_shared::routing::deadline::istanbul;
use mbs_shared::routing::{Channel, Outcome};

use crate::handlers::desk::view::QueueRow;

/// What tells Excel that it is UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// First line of the table.
pub(super) const COLUMNS: [&str; 16] = [
    "Başvuru no",
    "Tabletteki no",
    "Geliş",
    "Konu kodu",
    "Başlık",
    "Yer",
    "Durum",
    "Sonuç",
    "Birim kodu",
    "Birim",
    "Alındı",
    "Son gün",
    "Sonuçlandı",
    "Muhtar onayı",
    "El değiştirme",
    "İade",
];

/// A request for the table: its line in a list, and what lists do not show.
#[derive(Debug, Clone)]
pub struct Record {
    /// As in the desk's lists.
    pub row: QueueRow,
    /// When the answer was given, Unix ms; 0 none.
    pub concluded: i64,
    /// Whether the muhtar confirmed it himself.
    pub confirmed: bool,
}

/// Writes the first line.
///
/// # Errors
/// When it cannot be written.
pub fn begin(out: &mut impl Write) -> io::Result<()> {
    out.write_all(MARK)?;
    write(out, COLUMNS.map(str::to_owned))
}

/// Writes one request.
///
/// # Errors
/// When it cannot be written.
pub fn add(out: &mut impl Write, record: &Record) -> io::Result<()> {
    write(
        out,
        cells(record).map(|cell| match cell {
            Cell::Words(words) => words,
            Cell::Moment(at) => at.map(moment).unwrap_or_default(),
            Cell::Number(number) => number.to_string(),
        }),
    )
}

/// What stands in a cell.
pub(super) enum Cell {
    Words(String),
    /// Unix ms.
    Moment(Option<i64>),
    Number(u16),
}

/// A line of the table.
pub(super) fn cells(Record { row, concluded, confirmed }: &Record) -> [Cell; 16] {
    let words = |words: &str| Cell::Words(words.to_owned());
    let unit = row.unit.as_ref();
    [
        words(&row.no),
        words(&row.case_no),
        words(row.channel.map_or("Tablet", Channel::turkish)),
        words(&row.category),
        words(&row.title),
        words(&row.place),
        words(row.state.turkish()),
        words(row.outcome.map(Outcome::turkish).unwrap_or_default()),
        words(unit.map_or("", |u| &u.code)),
        words(unit.map_or("", |u| &u.name)),
        Cell::Moment(Some(row.received)),
        Cell::Moment(row.due),
        Cell::Moment(Some(*concluded).filter(|at| *at != 0)),
        words(if *confirmed { "evet" } else { "" }),
        Cell::Number(row.hops),
        Cell::Number(row.returns),
    ]
}

fn write(out: &mut impl Write, cells: [String; 16]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(cells.map(plain)).map_err(io::Error::other)?;
    writer.flush()
}

/// A cell that stays words: what begins like a formula is begun with an apostrophe, as OWASP has it. So is what begins so behind
/// apostrophes of its own, that [`meant`] takes away no other than ours.
pub(crate) fn plain(cell: String) -> String {
    if begins_like_a_formula(cell.trim_start_matches('\'')) { format!("'{cell}") } else { cell }
}

/// What a cell said before it was made [`plain`].
pub(crate) fn meant(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| begins_like_a_formula(rest.trim_start_matches('\''))).unwrap_or(cell)
}

fn begins_like_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// `24.11.2026 08:12`.
pub(super) fn moment(at: i64) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    istanbul().to_datetime(at).strftime("%d.%m.%Y %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, plain_) in [
            ("=1+1", "'=1+1"),
            ("+90 212", "'+90 212"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("Çukur = tehlike", "Çukur = tehlike"),
            ("'=1", "''=1"),
            ("'t Hof", "'t Hof"),
            ("", ""),
        ] {
            assert_eq!(plain(cell.into()), plain_);
            assert_eq!(meant(plain_), cell, "what was taken out comes in as it was");
        }
    }

    #[test]
    fn excel_finds_its_mark_its_separator_and_its_quotes() {
        let mut out = Vec::new();
        begin(&mut out).unwrap();
        assert!(out.starts_with(&[0xef, 0xbb, 0xbf]));
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("Başvuru no;Tabletteki no;"), "{text}");
        assert!(text.ends_with("\r\n"));
        let mut out = Vec::new();
        let mut cells: [String; 16] = Default::default();
        cells[0] = "a;b \"c\"\nd".into();
        write(&mut out, cells).unwrap();
        assert!(String::from_utf8(out).unwrap().starts_with("\"a;b \"\"c\"\"\nd\";;"));
    }

    #[test]
    fn moments_are_istanbuls() {
        assert_eq!(moment(1_795_503_600_000), "24.11.2026 10:00");
    }
}
