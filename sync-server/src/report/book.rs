//! The quarterly report as a workbook: totals, units, categories, districts, neighbourhoods, weeks, and every refusal with
//! its reason.

use mbs_shared::id::RequestId;
use mbs_shared::routing::{Channel, Outcome};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde::Serialize;
use ts_rs::TS;

use super::table::moment;
use super::{Counts, Line, Report};

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Refused {
    /// The request.
    pub id: RequestId,
    /// Official number.
    pub no: String,
    /// First line.
    pub title: String,
    /// Neighbourhood and district.
    pub place: String,
    /// Unit that refused.
    pub unit: String,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Why: the official answer.
    pub reason: String,
}

/// Refusals that are listed at most; the sheet says when there are more.
pub const MAX_REFUSED: usize = 5_000;

struct Looks {
    title: Format,
    head: Format,
    share: Format,
    days: Format,
    words: Format,
}

/// The workbook's bytes; of `total` refusals those that are named.
///
/// # Errors
/// [`XlsxError`].
pub fn write(report: &Report, refused: &[Refused], total: usize) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks {
        title: Format::new().set_bold().set_font_size(14),
        head: Format::new().set_bold().set_text_wrap(),
        share: Format::new().set_num_format("0%"),
        days: Format::new().set_num_format("0.0"),
        words: Format::new().set_text_wrap(),
    };
    let mut book = Workbook::new();
    summary(book.add_worksheet().set_name("Özet")?, report, &looks)?;
    for (name, first, lines) in [
        ("Birimler", "Birim", &report.units),
        ("Konular", "Konu", &report.categories),
        ("İlçeler", "İlçe", &report.districts),
        ("Mahalleler", "Mahalle", &report.neighbourhoods),
    ] {
        sheet(book.add_worksheet().set_name(name)?, first, lines, &looks)?;
    }
    weeks(book.add_worksheet().set_name("Haftalar")?, report, &looks)?;
    refusals(book.add_worksheet().set_name("Olumsuz cevaplar")?, refused, total, &looks)?;
    book.save_to_buffer()
}

fn summary(sheet: &mut Worksheet, report: &Report, looks: &Looks) -> Result<(), XlsxError> {
    let totals = &report.totals;
    sheet.write_with_format(0, 0, "Muhtarlık başvuruları", &looks.title)?;
    sheet.write(1, 0, format!("{} – {}", day(&report.from), day(&report.until)))?;
    sheet.write(2, 0, format!("Sayıldığı an: {}", moment(report.at)))?;
    sheet.set_column_width(0, 44)?.set_column_width(1, 14)?.set_column_width(2, 12)?;
    let share = |part: u32, whole: u32| (whole > 0).then(|| f64::from(part) / f64::from(whole));
    let mut rows: Vec<(String, u32, Option<f64>)> = vec![
        ("Gelen".into(), totals.received, None),
        ("Önceki aynı uzunluktaki dönemde gelen".into(), report.received_before, None),
        ("Açık".into(), totals.open, share(totals.open, totals.received)),
        ("Süresi geçmiş".into(), totals.overdue, share(totals.overdue, totals.open)),
        ("Geri çekilen".into(), totals.cancelled, share(totals.cancelled, totals.received)),
        ("Sonuçlanan (süresi dolanların payı)".into(), totals.concluded, share(totals.concluded, totals.ripe)),
        (
            "Muhtarın onayladığı (cevaplananların payı)".into(),
            totals.confirmed,
            share(totals.confirmed, totals.answered),
        ),
        ("İtiraz edilen (cevaplananların payı)".into(), totals.objected, share(totals.objected, totals.answered)),
        ("En az bir kez iade edilen".into(), totals.returned, share(totals.returned, totals.received)),
    ];
    let channels = [None].into_iter().chain(Channel::ALL.map(Some));
    for (channel, count) in channels.zip(&totals.channels) {
        let name = channel.map_or("Tablet", Channel::turkish);
        rows.push((format!("Geliş: {name}"), *count, share(*count, totals.received)));
    }
    for (outcome, count) in Outcome::ALL.into_iter().zip(&totals.outcomes) {
        rows.push((format!("Sonuç: {}", outcome.turkish()), *count, share(*count, totals.concluded)));
    }
    let mut row = 4;
    for (name, count, share) in rows {
        sheet.write(row, 0, name)?.write(row, 1, count)?;
        if let Some(share) = share {
            sheet.write_with_format(row, 2, share, &looks.share)?;
        }
        row += 1;
    }
    // With a line between: these are days, no counts.
    let days = [("Ortanca gün", totals.median), ("Yüzde 90’ı bu günden kısa", totals.p90)];
    for (row, (name, days)) in (row + 1..).zip(days) {
        sheet.write(row, 0, name)?;
        if let Some(days) = days {
            sheet.write_with_format(row, 1, days, &looks.days)?;
        }
    }
    Ok(())
}

const HEADS: [&str; 13] = [
    "Kod",
    "Gelen",
    "Açık",
    "Süresi geçmiş",
    "Geri çekilen",
    "Sonuçlanan",
    "Sonuçlanan payı",
    "Muhtar onayı",
    "Onay payı",
    "İtiraz",
    "İade",
    "Ortanca gün",
    "p90 gün",
];

fn sheet(sheet: &mut Worksheet, first: &str, lines: &[Line], looks: &Looks) -> Result<(), XlsxError> {
    sheet.write_with_format(0, 0, first, &looks.head)?;
    for (column, head) in (1..).zip(HEADS) {
        sheet.write_with_format(0, column, head, &looks.head)?;
    }
    for (column, outcome) in (14..).zip(Outcome::ALL) {
        sheet.write_with_format(0, column, outcome.turkish(), &looks.head)?;
    }
    sheet.set_column_width(0, 56)?.set_column_width(1, 28)?.set_freeze_panes(1, 1)?;
    for (row, line) in (1..).zip(lines) {
        let Counts { received, open, overdue, cancelled, concluded, ripe, answered, confirmed, .. } = line.counts;
        sheet.write(row, 0, &line.name)?;
        sheet.write(row, 1, &line.code)?;
        for (column, count) in [(2, received), (3, open), (4, overdue), (5, cancelled), (6, concluded), (8, confirmed)]
        {
            sheet.write(row, column, count)?;
        }
        for (column, part, whole) in [(7, concluded, ripe), (9, confirmed, answered)] {
            if whole > 0 {
                sheet.write_with_format(row, column, f64::from(part) / f64::from(whole), &looks.share)?;
            }
        }
        sheet.write(row, 10, line.counts.objected)?.write(row, 11, line.counts.returned)?;
        for (column, days) in [(12, line.counts.median), (13, line.counts.p90)] {
            if let Some(days) = days {
                sheet.write_with_format(row, column, days, &looks.days)?;
            }
        }
        for (column, count) in (14..).zip(&line.counts.outcomes) {
            sheet.write(row, column, *count)?;
        }
    }
    Ok(())
}

fn weeks(sheet: &mut Worksheet, report: &Report, looks: &Looks) -> Result<(), XlsxError> {
    for (column, head) in (0..).zip(["Haftanın ilk günü", "Gelen", "Sonuçlanan"]) {
        sheet.write_with_format(0, column, head, &looks.head)?;
    }
    sheet.set_column_width(0, 18)?;
    for (row, week) in (1..).zip(&report.weeks) {
        sheet.write(row, 0, day(&week.from))?.write(row, 1, week.received)?.write(row, 2, week.concluded)?;
    }
    Ok(())
}

fn refusals(sheet: &mut Worksheet, refused: &[Refused], total: usize, looks: &Looks) -> Result<(), XlsxError> {
    for (column, head) in (0..).zip(["Başvuru no", "Başlık", "Yer", "Birim", "Tarih", "Gerekçe"]) {
        sheet.write_with_format(0, column, head, &looks.head)?;
    }
    for (column, width) in [(0, 14), (1, 44), (2, 30), (3, 40), (4, 16), (5, 80)] {
        sheet.set_column_width(column, width)?;
    }
    let mut row = 1;
    for one in refused {
        sheet.write(row, 0, &one.no)?;
        sheet.write_with_format(row, 1, &one.title, &looks.words)?;
        sheet.write(row, 2, &one.place)?.write(row, 3, &one.unit)?.write(row, 4, moment(one.at))?;
        sheet.write_with_format(row, 5, &one.reason, &looks.words)?;
        row += 1;
    }
    if total > refused.len() {
        sheet.write(row, 0, format!("…ve {} tane daha; dönemi kısaltın.", total - refused.len()))?;
    }
    Ok(())
}

/// `YYYY-MM-DD` as an office writes it.
fn day(iso: &str) -> String {
    let mut parts: Vec<&str> = iso.split('-').collect();
    parts.reverse();
    parts.join(".")
}
