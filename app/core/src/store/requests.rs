//! Drafts, and what the documents of sent requests read as.

use mbs_shared::blob::BlobRef;
use mbs_shared::fold::{fold, stem};
use mbs_shared::id::{BlobHash, CaseNo, RequestId};
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Kind, Request};
use mbs_shared::routing::{Case, Outcome, State};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::{blobs, copies, digest, id, quarantine, renewed};
use crate::door::List;
use crate::error::Result;

/// Where a request stands on this tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Being written.
    Draft,
    /// Frozen by `Gönder`, or come from the server.
    Sent,
    /// A draft thrown away; can be taken back until the app is next opened.
    Discarded,
    /// Made while practising, put away at enrolment. Never sent.
    Practice,
    /// Refused by the server and sent once more as another request: kept to be read.
    Renewed,
}

impl Stage {
    const fn code(self) -> i64 {
        match self {
            Self::Draft => 0,
            Self::Sent => 1,
            Self::Discarded => 2,
            Self::Practice => 3,
            Self::Renewed => 4,
        }
    }

    const fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Draft,
            1 => Self::Sent,
            2 => Self::Discarded,
            4 => Self::Renewed,
            _ => Self::Practice,
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which.
    pub id: RequestId,
    /// Where it stands here.
    pub stage: Stage,
    /// Its content; `blobs` is filled by [`get`] only.
    pub request: Request,
    /// Fields with two versions.
    pub conflicts: u8,
    /// State of the case; `None` until the server has it.
    pub state: Option<State>,
    /// Outcome, once concluded.
    pub outcome: Option<Outcome>,
    /// Official number.
    pub official: Option<String>,
    /// Planned date.
    pub planned: Option<String>,
}

/// One line of "my requests".
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The request, without its photos.
    pub record: Record,
    /// Photos it refers to.
    pub photos: u8,
    /// Of these, on the server.
    pub delivered: u8,
    /// First photo.
    pub cover: Option<BlobHash>,
    /// Whether changes of it wait in the outbox.
    pub waiting: bool,
    /// Whether words of it that were made here lie in quarantine.
    pub quarantined: bool,
    /// Whether anything of it that was made here lies in quarantine.
    pub trouble: bool,
    /// Whether the muhtar has answered, confirmed or objected, and the server has not taken it yet.
    pub intent: bool,
}

const COLUMNS: &str = "r.id, r.stage, r.schema, r.title, r.words, r.category, r.kind, r.placed, r.lat, r.lon, r.accuracy, \
     r.source, r.addr, r.at, r.no, r.discreet, r.rel, r.conflicts, r.state, r.outcome, r.official, r.planned";

fn source_code(source: FixSource) -> i64 {
    match source {
        FixSource::Gps => 0,
        FixSource::Photo => 1,
        FixSource::Map => 2,
    }
}

fn source_of(code: i64) -> FixSource {
    match code {
        0 => FixSource::Gps,
        1 => FixSource::Photo,
        _ => FixSource::Map,
    }
}

pub(super) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(Some(row.get::<_, String>(column)?).filter(|t| !t.is_empty()))
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let fix = Fix { lat: row.get(8)?, lon: row.get(9)?, accuracy: row.get(10)?, source: source_of(row.get(11)?) };
    let no: String = row.get(14)?;
    let no: CaseNo = no
        .parse()
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(14, rusqlite::types::Type::Text, Box::new(e)))?;
    let rel: Vec<u8> = row.get(16)?;
    let request = Request {
        schema: row.get(2)?,
        title: row.get(3)?,
        desc: row.get(4)?,
        category: row.get(5)?,
        kind: Kind::from_code(&row.get::<_, String>(6)?).unwrap_or_default(),
        gps: row.get::<_, bool>(7)?.then_some(fix),
        addr: row.get(12)?,
        at: row.get(13)?,
        no,
        discreet: row.get(15)?,
        rel: RequestId::from_slice(&rel).ok(),
        blobs: Vec::new(),
    };
    Ok(Record {
        id: RequestId(id(row, 0)?),
        stage: Stage::from_code(row.get(1)?),
        request,
        conflicts: row.get(17)?,
        state: text(row, 18)?.and_then(|t| State::from_code(&t)),
        outcome: text(row, 19)?.and_then(|t| Outcome::from_code(&t)),
        official: text(row, 20)?,
        planned: text(row, 21)?,
    })
}

/// The request, with its photos that are not removed.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn get(conn: &Connection, request: RequestId) -> Result<Option<Record>> {
    let sql = format!("SELECT {COLUMNS} FROM requests r WHERE r.id = ?1");
    let Some(mut found) = conn.prepare_cached(&sql)?.query_row([request.0], record).optional()? else {
        return Ok(None);
    };
    found.request.blobs = blobs::of_request(conn, request)?;
    Ok(Some(found))
}

/// Writes content and stage; what the server decided stays. Photos are kept apart ([`blobs`]).
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn put(conn: &Connection, request: RequestId, stage: Stage, content: &Request, conflicts: usize) -> Result<()> {
    let fix = content.gps.unwrap_or(Fix { lat: 0.0, lon: 0.0, accuracy: 0.0, source: FixSource::Map });
    let rel: &[u8] = content.rel.as_ref().map_or(&[], |r| r.as_bytes());
    let no = content.no.to_string();
    let folded = fold(&format!("{}\n{}\n{}\n{no}", content.title, content.desc, content.addr));
    conn.prepare_cached(
        "INSERT INTO requests (id, stage, schema, title, words, category, kind, placed, lat, lon, accuracy, source,
             addr, at, no, discreet, rel, conflicts, folded)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT (id) DO UPDATE SET stage = ?2, schema = ?3, title = ?4, words = ?5, category = ?6, kind = ?7,
             placed = ?8, lat = ?9, lon = ?10, accuracy = ?11, source = ?12, addr = ?13, at = ?14, no = ?15,
             discreet = ?16, rel = ?17, conflicts = ?18, folded = ?19 || char(10) || official",
    )?
    .execute(params![
        request.0,
        stage.code(),
        content.schema,
        content.title,
        content.desc,
        content.category,
        content.kind.code(),
        content.gps.is_some(),
        fix.lat,
        fix.lon,
        fix.accuracy,
        source_code(fix.source),
        content.addr,
        content.at,
        no,
        content.discreet,
        rel,
        u8::try_from(conflicts).unwrap_or(u8::MAX),
        folded,
    ])?;
    Ok(())
}

/// Gives a draft another identifier: this one, or a drawn one.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn rename_draft(conn: &Connection, request: RequestId, name: Option<RequestId>) -> Result<RequestId> {
    let new = match name {
        Some(RequestId(new)) => new,
        None => conn.query_row("SELECT randomblob(16)", [], |r| r.get(0))?,
    };
    conn.execute("UPDATE photos SET request = ?2 WHERE request = ?1", (request.0, new))?;
    conn.execute("UPDATE renewed SET by = ?2 WHERE by = ?1", (request.0, new))?;
    conn.execute("UPDATE requests SET id = ?2 WHERE id = ?1 AND stage = 0", (request.0, new))?;
    Ok(RequestId(new))
}

/// Whether a sent request other than this one has that case number.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn has_number(conn: &Connection, no: &CaseNo, but: RequestId) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM requests WHERE no = ?1 AND id <> ?2 AND stage = 1")?
        .exists((no.to_string(), but.0))?)
}

/// Changes the stage only.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn set_stage(conn: &Connection, request: RequestId, stage: Stage) -> Result<()> {
    conn.prepare_cached("UPDATE requests SET stage = ?2 WHERE id = ?1")?.execute((request.0, stage.code()))?;
    Ok(())
}

/// Requests with changes no server has accepted, but for what was made under another mandate or sent as another request.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn unaccepted(conn: &Connection) -> Result<Vec<RequestId>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT request FROM changes c WHERE length(mac) = 0
           AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.kind = 0 AND q.key = c.hash AND q.reason = ?1)
           AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = c.request AND r.stage = 4)",
    )?;
    let all = statement.query_map([quarantine::OTHER_MANDATE], |r| Ok(RequestId(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Requests a server has accepted something of, in the order of their ids.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn accepted_after(conn: &Connection, after: Option<RequestId>, most: usize) -> Result<Vec<RequestId>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT request FROM changes WHERE request > ?1 AND length(mac) > 0 ORDER BY request LIMIT ?2",
    )?;
    let after = after.map_or(Vec::new(), |a| a.0.to_vec());
    let all = statement.query_map((after, i64::try_from(most).unwrap_or(i64::MAX)), |r| Ok(RequestId(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Moves everything of one stage to another.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn move_stage(conn: &Connection, from: Stage, to: Stage) -> Result<()> {
    conn.execute("UPDATE requests SET stage = ?2 WHERE stage = ?1", (from.code(), to.code()))?;
    Ok(())
}

/// Really drops thrown-away drafts, with their photos.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn drop_discarded(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM photos WHERE request IN (SELECT id FROM requests WHERE stage = 2)", [])?;
    if conn.execute("DELETE FROM requests WHERE stage = 2", [])? > 0 { blobs::drop_unused(conn) } else { Ok(()) }
}

/// What the server decided, as far as lists show it.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn put_case(conn: &Connection, request: RequestId, case: &Case) -> Result<()> {
    let official = case.no.map(|n| n.to_string()).unwrap_or_default();
    conn.prepare_cached(
        "UPDATE requests SET state = ?2, outcome = ?3, planned = ?4, official = ?5,
             folded = CASE WHEN instr(folded, ?5) > 0 THEN folded ELSE folded || char(10) || ?5 END
         WHERE id = ?1",
    )?
    .execute(params![
        request.0,
        case.state.code(),
        case.outcome.map_or("", Outcome::code),
        case.planned.as_deref().unwrap_or(""),
        official,
    ])?;
    Ok(())
}

const LINE: &str = "
    (SELECT count(*) FROM photos p WHERE p.request = r.id AND p.removed = 0),
    (SELECT count(*) FROM photos p JOIN uploads u ON u.hash = p.hash WHERE p.request = r.id AND p.removed = 0 AND u.done = 1
       AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 2 AND o.key = p.hash || r.id)),
    (SELECT p.hash FROM photos p WHERE p.request = r.id AND p.removed = 0 AND p.kind = 0 ORDER BY p.place LIMIT 1),
    EXISTS (SELECT 1 FROM outbox o WHERE o.request = r.id AND o.kind = 0 AND o.count > 0),
    EXISTS (SELECT 1 FROM quarantine q WHERE q.request = r.id AND q.own = 1 AND q.kind = 0),
    EXISTS (SELECT 1 FROM quarantine q WHERE q.request = r.id AND q.own = 1),
    EXISTS (SELECT 1 FROM entries e WHERE e.request = r.id AND e.kind IN (3, 4, 5) AND e.stamped = 0 AND e.refused = '')";

fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line {
        record: record(row)?,
        photos: row.get(22)?,
        delivered: row.get(23)?,
        cover: row.get::<_, Option<[u8; 32]>>(24)?.map(BlobHash),
        waiting: row.get(25)?,
        quarantined: row.get(26)?,
        trouble: row.get(27)?,
        intent: row.get(28)?,
    })
}

/// The line of one request.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn one(conn: &Connection, request: RequestId) -> Result<Option<Line>> {
    let sql = format!("SELECT {COLUMNS}, {LINE} FROM requests r WHERE r.id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([request.0], line).optional()?)
}

/// Drafts and requests, newest first, in which all the (folded) words occur.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn list(conn: &Connection, query: &str) -> Result<Vec<Line>> {
    let (found, words) = containing(query);
    let sql =
        format!("SELECT {COLUMNS}, {LINE} FROM requests r WHERE r.stage IN (0, 1, 4){found} ORDER BY r.at DESC, r.id");
    let mut statement = conn.prepare_cached(&sql)?;
    let lines = statement.query_map(params_from_iter(words), line)?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}

/// The condition that all the (folded) words of a query occur, and the words.
pub(super) fn containing(query: &str) -> (String, Vec<String>) {
    let words: Vec<String> = fold(query).split_whitespace().take(8).map(|word| stem(word).to_owned()).collect();
    ((1..=words.len()).map(|n| format!(" AND instr(r.folded, ?{n}) > 0")).collect(), words)
}

/// Which requests are in a list.
pub(super) const fn of_list(list: List) -> &'static str {
    match list {
        List::Open => "r.stage = 1 AND r.state NOT IN ('concluded', 'closed', 'cancelled')",
        List::Done => "((r.stage = 1 AND r.state IN ('concluded', 'closed', 'cancelled')) OR r.stage = 4)",
        List::Drafts => "r.stage = 0",
    }
}

/// A piece of one list, newest first: as [`list`], `most` lines of it behind the first `from`.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn piece(conn: &Connection, query: &str, list: List, from: u32, most: u32) -> Result<Vec<Line>> {
    let (found, words) = containing(query);
    let (of_list, n) = (of_list(list), words.len());
    let sql = format!(
        "SELECT {COLUMNS}, {LINE} FROM requests r WHERE {of_list}{found} ORDER BY r.at DESC, r.id LIMIT ?{} OFFSET ?{}",
        n + 1,
        n + 2
    );
    let place = [Value::from(most), Value::from(from)];
    let mut statement = conn.prepare_cached(&sql)?;
    let lines = statement.query_map(params_from_iter(words.into_iter().map(Value::from).chain(place)), line)?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}

/// How many lines each list has in which all the words occur: open, done, drafts.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn counts(conn: &Connection, query: &str) -> Result<[u32; 3]> {
    let (found, words) = containing(query);
    let [open, done, drafts] = [List::Open, List::Done, List::Drafts].map(of_list);
    let sql = format!(
        "SELECT count(*) FILTER (WHERE {open}), count(*) FILTER (WHERE {done}), count(*) FILTER (WHERE {drafts})
         FROM requests r WHERE r.stage IN (0, 1, 4){found}"
    );
    Ok(conn.prepare_cached(&sql)?.query_row(params_from_iter(words), |r| Ok([r.get(0)?, r.get(1)?, r.get(2)?]))?)
}

/// The newest requests that wait for the muhtar: asked or answered, refused, or in two versions.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn to_do(conn: &Connection, most: u32) -> Result<Vec<RequestId>> {
    let sql = format!(
        "SELECT r.id FROM requests r WHERE r.stage = 1 AND (({ASKED}) OR r.conflicts > 0
           OR EXISTS (SELECT 1 FROM quarantine q WHERE q.request = r.id AND q.own = 1)) ORDER BY r.at DESC, r.id LIMIT ?1"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let all = statement.query_map([most], |r| Ok(RequestId(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// An answer to confirm or a question to answer, and nothing said to it yet.
const ASKED: &str = "r.state IN ('concluded', 'awaiting_muhtar') AND NOT EXISTS (SELECT 1 FROM entries e
   WHERE e.request = r.id AND e.kind IN (3, 4, 5) AND e.stamped = 0 AND e.refused = '')";

/// Sent requests of a category, filed after `since` (Unix ms), without their photos.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_category(conn: &Connection, category: &str, since: i64) -> Result<Vec<Record>> {
    let sql = format!("SELECT {COLUMNS} FROM requests r WHERE r.stage = 1 AND r.at > ?2 AND r.category = ?1");
    let mut statement = conn.prepare_cached(&sql)?;
    let all = statement.query_map((category, since), record)?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// What a sent request was about, as far as habits are learned from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Category code.
    pub category: String,
    /// Kind of petition.
    pub kind: Kind,
    /// Its words.
    pub words: String,
}

/// What was sent since (Unix ms), newest first; nothing discreet.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn filed_since(conn: &Connection, since: i64) -> Result<Vec<Filed>> {
    let mut statement = conn.prepare_cached(
        "SELECT category, kind, words FROM requests
         WHERE stage = 1 AND at > ?1 AND category <> '' AND discreet = 0 ORDER BY at DESC, id LIMIT 2000",
    )?;
    let all = statement.query_map([since], |r| {
        let kind = Kind::from_code(&r.get::<_, String>(1)?).unwrap_or_default();
        Ok(Filed { category: r.get(0)?, kind, words: r.get(2)? })
    })?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Requests in which the muhtar is expected to do something: an answer to confirm or a question to answer.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn needing_me(conn: &Connection) -> Result<u32> {
    let sql = format!("SELECT count(*) FROM requests r WHERE r.stage = 1 AND {ASKED}");
    Ok(conn.prepare_cached(&sql)?.query_row([], |r| r.get(0))?)
}

/// How many requests are in each stage, by its number.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn stages(conn: &Connection) -> Result<Vec<(i64, u32)>> {
    let mut statement = conn.prepare_cached("SELECT stage, count(*) FROM requests GROUP BY stage")?;
    let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Drops everything of a request erased by law, and remembers only that it was erased. What it was sent instead of says
/// the same, and goes too.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn erase(conn: &Connection, request: RequestId) -> Result<()> {
    conn.execute("INSERT OR IGNORE INTO erased (request) VALUES (?1)", [request.0])?;
    renewed::replaced(conn, request)?.into_iter().try_for_each(|other| drop_all(conn, other))?;
    drop_all(conn, request)
}

/// Drops everything of a request: it is not this tablet's to keep any more.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn drop_all(conn: &Connection, request: RequestId) -> Result<()> {
    copies::outdate(conn)?;
    digest::without(conn, request)?;
    for table in
        ["outbox", "quarantine", "changes", "entries", "events", "photos", "proofs", "receipts", "begun", "renewed"]
    {
        conn.execute(&format!("DELETE FROM {table} WHERE request = ?1"), [request.0])?;
    }
    conn.execute("DELETE FROM requests WHERE id = ?1", [request.0])?;
    blobs::drop_unused(conn)
}

/// Whether a request was erased by law.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn is_erased(conn: &Connection, request: RequestId) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM erased WHERE request = ?1")?.exists([request.0])?)
}

/// Writes which photos the document names; order of adding is kept, those no longer named are removed.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn set_photos(conn: &Connection, request: RequestId, named: &[BlobRef]) -> Result<()> {
    for photo in named {
        blobs::refer(conn, request, photo)?;
    }
    for have in blobs::of_request(conn, request)? {
        if !named.iter().any(|n| n.hash == have.hash) {
            blobs::set_removed(conn, request, have.hash, true)?;
        }
    }
    blobs::set_order(conn, request, named.iter().map(|photo| photo.hash))
}
