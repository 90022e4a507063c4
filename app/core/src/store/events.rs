//! What the server decided about each case, in its order. What it decided at once is one row, under the number of its
//! first event.

use mbs_shared::id::{Mac, RequestId};
use mbs_shared::pack;
use mbs_shared::routing::Event;
use mbs_shared::wire;
use rusqlite::Connection;

use super::{digest, id};
use crate::error::{Code, Result, fail};

/// Largest events that stay together, unpacked, in bytes.
pub const MAX_EVENT: usize = 64 * 1024;

/// Keeps events that were decided at once, under the number of the first.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn add(conn: &Connection, request: RequestId, n: u32, packed: &[u8], mac: &Mac, epoch: u64) -> Result<()> {
    let had = digest::proof(conn, "SELECT mac FROM events WHERE request = ?1 AND n = ?2", (request.0, n))?;
    conn.prepare_cached(
        "INSERT INTO events (request, n, packed, mac, epoch) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (request, n) DO UPDATE SET packed = ?3, mac = ?4, epoch = ?5",
    )?
    .execute((request.0, n, packed, mac.0, epoch.cast_signed()))?;
    digest::moved(conn, had.as_ref(), Some(mac))
}

/// Events as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Number of the first.
    pub n: u32,
    /// Packed as it came.
    pub packed: Vec<u8>,
    /// Proof that the server appended them.
    pub mac: Mac,
}

fn kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { n: row.get(0)?, packed: row.get(1)?, mac: Mac(id(row, 2)?) })
}

/// Events of a request which the server of `epoch` is not known to have, in their order.
///
/// # Errors
/// [`Code::Storage`].
pub fn unknown_to(conn: &Connection, request: RequestId, epoch: u64, most: usize) -> Result<Vec<Kept>> {
    let mut statement = conn
        .prepare_cached("SELECT n, packed, mac FROM events WHERE request = ?1 AND epoch <> ?2 ORDER BY n LIMIT ?3")?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let all = statement.query_map((request.0, epoch.cast_signed(), most), kept)?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Notes that no server is known to have the request's events.
///
/// # Errors
/// [`Code::Storage`].
pub fn forget_epoch(conn: &Connection, request: RequestId) -> Result<()> {
    conn.prepare_cached("UPDATE events SET epoch = 0 WHERE request = ?1")?.execute([request.0])?;
    Ok(())
}

/// Notes that the server of `epoch` has the request's events up to `n`.
///
/// # Errors
/// [`Code::Storage`].
pub fn known_to(conn: &Connection, request: RequestId, n: u32, epoch: u64) -> Result<()> {
    conn.prepare_cached("UPDATE events SET epoch = ?3 WHERE request = ?1 AND n <= ?2")?.execute((
        request.0,
        n,
        epoch.cast_signed(),
    ))?;
    Ok(())
}

/// Takes out what another series says from the place where `mac` stands as event `n`: decisions of a server
/// that was restored to before them, and went on otherwise.
///
/// # Errors
/// [`Code::Storage`].
pub fn take_out_other(conn: &Connection, request: RequestId, n: u32, mac: &Mac, epoch: u64) -> Result<Vec<Kept>> {
    let here = digest::proof(conn, "SELECT mac FROM events WHERE request = ?1 AND n = ?2", (request.0, n))?;
    if here.is_none_or(|here| here == *mac) {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT n, packed, mac FROM events WHERE request = ?1 AND (n = ?2 OR (n > ?2 AND epoch <> ?3)) ORDER BY n",
    )?;
    let out = statement.query_map((request.0, n, epoch.cast_signed()), kept)?.collect::<rusqlite::Result<Vec<_>>>()?;
    for event in &out {
        conn.prepare_cached("DELETE FROM events WHERE request = ?1 AND n = ?2")?.execute((request.0, event.n))?;
        digest::moved(conn, Some(&event.mac), None)?;
    }
    Ok(out)
}

/// All events of a request, in their order.
///
/// # Errors
/// [`Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<Event>> {
    let mut statement = conn.prepare_cached("SELECT packed FROM events WHERE request = ?1 ORDER BY n")?;
    let mut rows = statement.query([request.0])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.extend(read(&row.get::<_, Vec<u8>>(0)?).map_err(|c| fail(Code::Storage, format!("kept events: {c:?}")))?);
    }
    Ok(out)
}

/// Requests about which the server decided something.
///
/// # Errors
/// [`Code::Storage`].
pub fn requests(conn: &Connection) -> Result<Vec<RequestId>> {
    let mut statement = conn.prepare("SELECT DISTINCT request FROM events")?;
    let all = statement.query_map([], |r| Ok(RequestId(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Reads packed events: at least one, those that were decided at once.
///
/// # Errors
/// The wire's code.
pub fn read(packed: &[u8]) -> std::result::Result<Vec<Event>, wire::error::Code> {
    Event::decode_together(&pack::unpack(packed, MAX_EVENT)?)
}
