//! Units as a table that spreadsheets open: one line a unit, the heading says which column is which.

use mbs_shared::directory::{Directory, Unit, UnitKind};
use mbs_shared::fold::fold;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as NoKind, StrDeserializer};

use super::{Given, Problem};
use crate::error::Fault;
use crate::report::table::{meant, plain};

/// Lines at most.
const MAX_LINES: usize = 5_000;
/// Headings, in the order they are written; the folded first word of each is enough to be read.
const COLUMNS: [&str; 8] = ["kod", "ad", "ad (İngilizce)", "tür", "üst birim", "kısa ad", "kapalı", "yerine geçenler"];
/// Headings that are understood: ours folded, and the fields' own names.
const KNOWN: [&[&str]; 8] = [
    &["kod", "code"],
    &["ad", "name"],
    &["ad ingilizce", "name_en", "name en"],
    &["tur", "kind"],
    &["ust birim", "parent"],
    &["kisa ad", "short"],
    &["kapali", "retired"],
    &["yerine gecenler", "successors"],
];

/// All units as a table: semicolons and a byte order mark, as Turkish spreadsheets want them.
///
/// # Errors
/// When it cannot be written, which memory allows always.
pub fn write(directory: &Directory) -> Result<Vec<u8>, Fault> {
    let mut out = vec![0xef, 0xbb, 0xbf];
    let mut table = csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(&mut out);
    table.write_record(COLUMNS).map_err(Fault::internal)?;
    for unit in &directory.units {
        let closed = if unit.retired { "evet" } else { "" };
        let (parent, short) = (unit.parent.as_deref().unwrap_or(""), unit.short.as_deref().unwrap_or(""));
        let (kind, successors) = (code_of(unit.kind), unit.successors.join(" "));
        let fields = [&unit.code, &unit.name, &unit.name_en, kind.as_str(), parent, short, closed, &successors];
        table.write_record(fields.map(|field| plain(field.to_owned()))).map_err(Fault::internal)?;
    }
    table.flush().map_err(Fault::internal)?;
    drop(table);
    Ok(out)
}

/// Reads such a table, whichever of `;`, `,` and tab it has; columns in any order. What a table has no column for stays as
/// it is in `before`.
///
/// # Errors
/// What keeps it from being read as units, line by line.
pub fn read(text: &str, before: &Directory) -> Result<Vec<Given>, Vec<Problem>> {
    let text = text.trim_start_matches('\u{feff}');
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b',', b'\t'].into_iter().max_by_key(|d| heading.bytes().filter(|b| b == d).count());
    let mut table =
        csv::ReaderBuilder::new().delimiter(delimiter.unwrap_or(b';')).flexible(true).from_reader(text.as_bytes());
    let headings = table.headers().cloned().map_err(|e| vec![unreadable(1, &e.to_string())])?;
    let columns = columns(&headings)?;
    let (mut units, mut problems) = (Vec::new(), Vec::new());
    let mut lines = Lines { text, at: 0, line: 1 };
    for record in table.records() {
        let record = match record {
            Ok(record) if record.iter().all(|field| field.trim().is_empty()) => continue,
            Ok(record) => record,
            Err(e) => {
                problems.push(unreadable(lines.at(e.position()), &e.to_string()));
                continue;
            }
        };
        let line = lines.at(record.position());
        if units.len() == MAX_LINES {
            problems.push(unreadable(line, &format!("En çok {MAX_LINES} birim okunur.")));
            break;
        }
        match unit(&record, &columns, before) {
            Ok(unit) => units.push(Given { line, unit }),
            Err((code, why)) => problems.push(Problem { line, code, why }),
        }
    }
    if units.is_empty() && problems.is_empty() {
        problems.push(unreadable(1, "Tabloda hiç birim yok."));
    }
    if problems.is_empty() { Ok(units) } else { Err(problems) }
}

/// Counts lines as a person does, from one record to the next: the reader's own count stands before empty ones.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn at(&mut self, position: Option<&csv::Position>) -> u32 {
        let begins = position.and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(self.at);
        let empty = self.text.get(begins..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let passed = self.text.get(self.at..begins + empty).unwrap_or_default();
        self.line += u32::try_from(passed.matches('\n').count()).unwrap_or(0);
        self.at = begins + empty;
        self.line
    }
}

fn unreadable(line: u32, why: &str) -> Problem {
    Problem { line, code: String::new(), why: why.to_owned() }
}

/// Where each column stands; the first four must be there.
fn columns(headings: &csv::StringRecord) -> Result<[Option<usize>; 8], Vec<Problem>> {
    let found: Vec<String> = headings.iter().map(|heading| fold(&heading.replace(['(', ')'], " "))).collect();
    let at = KNOWN.map(|names| found.iter().position(|heading| names.contains(&heading.trim())));
    let missing: Vec<&str> =
        at.iter().zip(COLUMNS).take(4).filter(|(at, _)| at.is_none()).map(|(_, name)| name).collect();
    if missing.is_empty() {
        return Ok(at);
    }
    let why =
        format!("İlk satırda şu sütun adları eksik: {}. Önce tabloyu indirip onu değiştirin.", missing.join(", "));
    Err(vec![unreadable(1, &why)])
}

fn unit(
    record: &csv::StringRecord,
    columns: &[Option<usize>; 8],
    before: &Directory,
) -> Result<Unit, (String, String)> {
    let [code, name, name_en, kind, parent, short, retired, successors] =
        columns.map(|at| at.and_then(|at| record.get(at)).map(|cell| meant(cell.trim()).trim().to_owned()));
    let (code, kind) = (code.unwrap_or_default(), kind.unwrap_or_default());
    let was = before.unit(&code);
    let wrong = |why: String| (code.clone(), why);
    let kind = kind_of(&kind).ok_or_else(|| {
        wrong(format!("Tür “{kind}” tanınmıyor; şunlardan biri yazılır: {}.", KINDS.map(code_of).join(", ")))
    })?;
    let retired = match retired.as_deref().map(fold).as_deref() {
        None => was.is_some_and(|was| was.retired),
        Some("" | "hayir" | "0" | "false" | "no") => false,
        Some("evet" | "kapali" | "1" | "true" | "yes" | "x") => true,
        Some(_) => return Err(wrong("“Kapalı” sütununa evet yazılır ya da boş bırakılır.".to_owned())),
    };
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let split = |text: String| text.split([' ', ',']).filter(|code| !code.is_empty()).map(str::to_owned).collect();
    Ok(Unit {
        name: name.unwrap_or_default(),
        name_en: name_en.unwrap_or_default(),
        kind,
        parent: parent.map_or_else(|| was.and_then(|was| was.parent.clone()), filled),
        short: short.map_or_else(|| was.and_then(|was| was.short.clone()), filled),
        retired,
        successors: successors.map_or_else(|| was.map_or_else(Vec::new, |was| was.successors.clone()), split),
        code,
    })
}

const KINDS: [UnitKind; 8] = [
    UnitKind::Kurum,
    UnitKind::Ofis,
    UnitKind::Daire,
    UnitKind::Mudurluk,
    UnitKind::Istirak,
    UnitKind::BagliKurulus,
    UnitKind::DisKurum,
    UnitKind::IlceBelediyesi,
];

/// How a kind is written in tables.
#[must_use]
pub fn code_of(kind: UnitKind) -> String {
    serde_json::to_value(kind).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
}

fn kind_of(text: &str) -> Option<UnitKind> {
    let code = fold(text).replace(' ', "-");
    let from: StrDeserializer<'_, NoKind> = code.as_str().into_deserializer();
    UnitKind::deserialize(from).ok()
}
