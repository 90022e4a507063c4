//! Requests of a period without names: where roughly, what about, when and how it ended. For study: a row is one request, and
//! may lead to a person who knows the place.

use std::io::{self, Write};

use jiff::civil::Date;
use mbs_shared::place::Fix;
use mbs_shared::routing::Outcome;
use mbs_shared::routing::deadline::date_of;
use mbs_shared::wire::nearby::{STEPS, rounded};

use crate::handlers::desk::view::QueueRow;

/// First line of the table.
const COLUMNS: [&str; 9] =
    ["konu_kodu", "mahalle", "enlem", "boylam", "alindi", "durum", "sonuc", "sonuclandi", "birim_kodu"];

/// Writes the first line.
///
/// # Errors
/// When it cannot be written.
pub fn begin(out: &mut impl Write) -> io::Result<()> {
    write(out, &COLUMNS.map(str::to_owned))
}

/// Writes one request. Places are rounded to about a hundred metres.
///
/// # Errors
/// When it cannot be written.
pub fn add(out: &mut impl Write, row: &QueueRow, fix: Option<&Fix>, concluded: i64) -> io::Result<()> {
    let degrees = |value: f64| format!("{:.3}", f64::from(rounded(value)) / STEPS);
    let day = |at: i64| -> Date { date_of(at) };
    write(
        out,
        &[
            row.category.clone(),
            row.place.clone(),
            fix.map(|fix| degrees(fix.lat)).unwrap_or_default(),
            fix.map(|fix| degrees(fix.lon)).unwrap_or_default(),
            day(row.received).to_string(),
            row.state.code().to_owned(),
            row.outcome.map(Outcome::code).unwrap_or_default().to_owned(),
            if concluded == 0 { String::new() } else { day(concluded).to_string() },
            row.unit.as_ref().map(|unit| unit.code.clone()).unwrap_or_default(),
        ],
    )
}

/// As programs read it: commas, no mark.
fn write(out: &mut impl Write, cells: &[String; 9]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(cells).map_err(io::Error::other)?;
    writer.flush()
}
