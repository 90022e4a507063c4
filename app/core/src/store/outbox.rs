//! What waits for the server. A row is written with what it is about, and goes when the server has it.

use mbs_shared::id::{BlobHash, RequestId};
use rusqlite::{Connection, Row, params};

use super::id;
use crate::error::Result;

/// What kind of thing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A change; its key is the hash.
    Change,
    /// An entry; its key is the id.
    Entry,
    /// A photo or voice note of one request; its key is [`photo_key`].
    Photo,
}

impl What {
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Change => 0,
            Self::Entry => 1,
            Self::Photo => 2,
        }
    }

    pub(crate) const fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Change,
            1 => Self::Entry,
            _ => Self::Photo,
        }
    }
}

/// Key of a photo: the hash of its bytes, then the request. The same photo in two requests is two things
/// that wait, because the server gives a photo to a request only when that request brings it.
#[must_use]
pub fn photo_key(hash: BlobHash, request: RequestId) -> Vec<u8> {
    [hash.as_bytes().as_slice(), request.as_bytes()].concat()
}

/// The photo of such a key.
#[must_use]
pub fn photo_of(key: &[u8]) -> Option<BlobHash> {
    BlobHash::from_slice(key.get(..BlobHash::LEN)?).ok()
}

/// Whether that photo still waits to be given to that request.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn photo_waits(conn: &Connection, hash: BlobHash, request: RequestId) -> Result<bool> {
    Ok(find(conn, What::Photo, &photo_key(hash, request))?.is_some())
}

/// One thing that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Place in the queue.
    pub n: i64,
    /// What it is.
    pub what: What,
    /// Hash or id; of a photo [`photo_key`].
    pub key: Vec<u8>,
    /// The request it belongs to.
    pub request: RequestId,
    /// This tablet's count of what it made; 0 for what was made elsewhere or is offered again.
    pub count: u32,
    /// Since when, Unix ms.
    pub since: i64,
    /// Bytes to send.
    pub bytes: u32,
    /// Change the server must have first; empty: none.
    pub needs: Vec<u8>,
    /// How often it was tried in vain.
    pub tries: u32,
    /// Not before this time, Unix ms.
    pub later: i64,
}

const COLUMNS: &str = "o.n, o.kind, o.key, o.request, o.count, o.since, o.bytes, o.needs, o.tries, o.later";

fn waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        n: row.get(0)?,
        what: What::from_code(row.get(1)?),
        key: row.get(2)?,
        request: RequestId(id(row, 3)?),
        count: row.get(4)?,
        since: row.get(5)?,
        bytes: row.get(6)?,
        needs: row.get(7)?,
        tries: row.get(8)?,
        later: row.get(9)?,
    })
}

/// Queues something. What waits already stays where it is.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn add(conn: &Connection, item: &Waiting) -> Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO outbox (kind, key, request, count, since, bytes, needs, tries, later)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        item.what.code(),
        item.key,
        item.request.0,
        item.count,
        item.since,
        item.bytes,
        item.needs,
        item.tries,
        item.later,
    ])?;
    Ok(())
}

/// Everything that waits, oldest first.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn all(conn: &Connection) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox o ORDER BY o.n"))?;
    let rows = statement.query_map([], waiting)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Words that may go now, oldest first, those of requests of which something was tried in vain behind all others; of each
/// request in its order, so that nothing passes what it builds on.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn texts(conn: &Connection, now: i64, most: usize) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox o WHERE o.kind < 2 AND o.later <= ?1
           AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.request = o.request AND b.kind < 2 AND b.n < o.n AND b.later > ?1)
         ORDER BY EXISTS (SELECT 1 FROM outbox b WHERE b.request = o.request AND b.kind < 2 AND b.tries > 0), o.n LIMIT ?2"
    ))?;
    let rows = statement.query_map((now, i64::try_from(most).unwrap_or(i64::MAX)), waiting)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Photos that may go now: the server has the change that names them.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn photos(conn: &Connection, now: i64) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox o WHERE o.kind = 2 AND o.later <= ?1
           AND (o.needs = x'' OR EXISTS (SELECT 1 FROM changes c WHERE c.hash = o.needs AND length(c.mac) > 0))
           AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.kind = 0 AND b.key = o.needs)
         ORDER BY o.n LIMIT 64"
    ))?;
    let rows = statement.query_map([now], waiting)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When the next thing that was put off may go, Unix ms.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn next_later(conn: &Connection, now: i64) -> Result<Option<i64>> {
    Ok(conn.prepare_cached("SELECT min(later) FROM outbox WHERE later > ?1")?.query_row([now], |r| r.get(0))?)
}

/// Takes something out: the server has it, or it lies in quarantine.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn done(conn: &Connection, what: What, key: &[u8]) -> Result<bool> {
    Ok(conn.prepare_cached("DELETE FROM outbox WHERE kind = ?1 AND key = ?2")?.execute((what.code(), key))? > 0)
}

/// Takes everything of a request out.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn done_of(conn: &Connection, request: RequestId) -> Result<()> {
    conn.prepare_cached("DELETE FROM outbox WHERE request = ?1")?.execute([request.0])?;
    Ok(())
}

/// Puts something off until `later` (Unix ms), one try more.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn put_off(conn: &Connection, what: What, key: &[u8], later: i64) -> Result<()> {
    conn.prepare_cached("UPDATE outbox SET later = ?3, tries = tries + 1 WHERE kind = ?1 AND key = ?2")?.execute((
        what.code(),
        key,
        later,
    ))?;
    Ok(())
}

/// Nothing is put off any more: `Şimdi gönder`, or a new app or server.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn hurry(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE outbox SET later = 0 WHERE later > 0", [])?;
    Ok(())
}

/// Moves something behind everything else: it goes after what it builds on.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn to_the_end(conn: &Connection, what: What, key: &[u8]) -> Result<()> {
    conn.prepare_cached(
        "UPDATE outbox SET n = (SELECT max(n) + 1 FROM outbox), tries = tries + 1 WHERE kind = ?1 AND key = ?2",
    )?
    .execute((what.code(), key))?;
    Ok(())
}

/// A change was made anew: what needed the old one needs the new one.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn needs_instead(conn: &Connection, old: &[u8], new: &[u8]) -> Result<()> {
    conn.prepare_cached("UPDATE outbox SET needs = ?2 WHERE needs = ?1")?.execute((old, new))?;
    Ok(())
}

/// What of one kind needs that change.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn needing(conn: &Connection, change: &[u8]) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox o WHERE o.needs = ?1"))?;
    let rows = statement.query_map([change], waiting)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The row of one thing.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn find(conn: &Connection, what: What, key: &[u8]) -> Result<Option<Waiting>> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox o WHERE o.kind = ?1 AND o.key = ?2"))?;
    let mut rows = statement.query_map((what.code(), key), waiting)?;
    Ok(rows.next().transpose()?)
}

/// Gives what was made here new counts, from 1: the tablet has a new number. Returns how many there are.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn recount(conn: &Connection) -> Result<i64> {
    conn.execute(
        "UPDATE outbox SET count = (SELECT count(*) FROM outbox b WHERE b.count > 0 AND b.n <= outbox.n) WHERE count > 0",
        [],
    )?;
    Ok(conn.query_row("SELECT coalesce(max(count), 0) FROM outbox", [], |r| r.get(0))?)
}

/// Drops what practice has queued.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn clear(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM outbox", [])?;
    Ok(())
}

/// How many photos wait.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn count_photos(conn: &Connection) -> Result<u32> {
    Ok(conn.prepare_cached("SELECT count(*) FROM outbox WHERE kind = 2")?.query_row([], |r| r.get(0))?)
}

/// How many things wait.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn count(conn: &Connection) -> Result<u32> {
    Ok(conn.prepare_cached("SELECT count(*) FROM outbox")?.query_row([], |r| r.get(0))?)
}
