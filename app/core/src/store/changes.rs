//! Changes of the documents, in the order they were taken, packed as they travel.

use mbs_shared::document::schema::MAX_CHANGE;
use mbs_shared::id::{Actor, ChangeHash, Mac, RequestId};
use mbs_shared::pack;
use rusqlite::{Connection, OptionalExtension, params};

use super::{digest, id};
use crate::error::{Code, Result, fail};

/// A change as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its hash.
    pub hash: ChangeHash,
    /// Who made it.
    pub actor: Actor,
    /// Packed as it travels.
    pub packed: Vec<u8>,
    /// Proof of acceptance.
    pub mac: Option<Mac>,
}

/// Keeps a change behind the others of its request.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn add(conn: &Connection, request: RequestId, change: &Kept, at: i64, epoch: u64) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO changes (request, n, hash, actor, at, packed, mac, epoch)
         VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM changes WHERE request = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        request.0,
        change.hash.0,
        change.actor.0,
        at,
        change.packed,
        mac_bytes(change.mac.as_ref()),
        epoch.cast_signed(),
    ])?;
    digest::moved(conn, None, change.mac.as_ref())
}

const PROOF: &str = "SELECT mac FROM changes WHERE hash = ?1";

pub(crate) fn mac_bytes(mac: Option<&Mac>) -> &[u8] {
    mac.map_or(&[], |m| m.as_bytes())
}

fn kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        hash: ChangeHash(id(row, 0)?),
        actor: Actor(id(row, 1)?),
        packed: row.get(2)?,
        mac: Mac::from_slice(&row.get::<_, Vec<u8>>(3)?).ok(),
    })
}

/// All changes of a request, in their order.
///
/// # Errors
/// [`Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<Kept>> {
    let mut statement =
        conn.prepare_cached("SELECT hash, actor, packed, mac FROM changes WHERE request = ?1 ORDER BY n")?;
    let all = statement.query_map([request.0], kept)?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// All changes of a request, unpacked.
///
/// # Errors
/// [`Code::Storage`] when one does not unpack: it did when it was kept.
pub fn raw(conn: &Connection, request: RequestId) -> Result<Vec<Vec<u8>>> {
    of_request(conn, request)?.iter().map(|c| unpack(&c.packed)).collect()
}

/// Unpacks what was kept.
///
/// # Errors
/// [`Code::Storage`].
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>> {
    pack::unpack(packed, MAX_CHANGE).map_err(|c| fail(Code::Storage, format!("a kept change does not unpack: {c:?}")))
}

/// One change, and the request it belongs to.
///
/// # Errors
/// [`Code::Storage`].
pub fn find(conn: &Connection, hash: ChangeHash) -> Result<Option<(RequestId, Kept)>> {
    Ok(conn
        .prepare_cached("SELECT hash, actor, packed, mac, request FROM changes WHERE hash = ?1")?
        .query_row([hash.0], |r| Ok((RequestId(id(r, 4)?), kept(r)?)))
        .optional()?)
}

/// Notes that the server of `epoch` has it.
///
/// # Errors
/// [`Code::Storage`].
pub fn accepted(conn: &Connection, hash: ChangeHash, mac: &Mac, epoch: u64) -> Result<()> {
    let had = digest::proof(conn, PROOF, [hash.0])?;
    let there = conn.prepare_cached("UPDATE changes SET mac = ?2, epoch = ?3 WHERE hash = ?1")?.execute((
        hash.0,
        mac.0,
        epoch.cast_signed(),
    ))?;
    if there > 0 { digest::moved(conn, had.as_ref(), Some(mac)) } else { Ok(()) }
}

/// Notes that no server is known to have the request's changes.
///
/// # Errors
/// [`Code::Storage`].
pub fn forget_epoch(conn: &Connection, request: RequestId) -> Result<()> {
    conn.prepare_cached("UPDATE changes SET epoch = 0 WHERE request = ?1")?.execute([request.0])?;
    Ok(())
}

/// Whether the server of `epoch` is known to have it.
///
/// # Errors
/// [`Code::Storage`].
pub fn is_known_to(conn: &Connection, hash: ChangeHash, epoch: u64) -> Result<bool> {
    let mut statement = conn.prepare_cached("SELECT 1 FROM changes WHERE hash = ?1 AND epoch = ?2")?;
    Ok(statement.exists((hash.0, epoch.cast_signed()))?)
}

/// Notes that the server of `epoch` was seen to have everything another one had, but for what is marked 0.
///
/// # Errors
/// [`Code::Storage`].
pub fn all_known_to(conn: &Connection, epoch: u64) -> Result<()> {
    for table in ["changes", "entries", "events", "uploads"] {
        conn.execute(&format!("UPDATE {table} SET epoch = ?1 WHERE epoch NOT IN (0, ?1)"), [epoch.cast_signed()])?;
    }
    Ok(())
}

/// Changes once accepted by a server, which that of `epoch` is not known to have.
///
/// # Errors
/// [`Code::Storage`].
pub fn unknown_to(conn: &Connection, epoch: u64) -> Result<Vec<(RequestId, ChangeHash, u32)>> {
    let mut statement = conn.prepare_cached(
        "SELECT request, hash, length(packed) FROM changes WHERE length(mac) > 0 AND epoch <> ?1 ORDER BY request, n",
    )?;
    let all =
        statement.query_map([epoch.cast_signed()], |r| Ok((RequestId(id(r, 0)?), ChangeHash(id(r, 1)?), r.get(2)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Takes a change out: it is made anew under another actor, or lies in quarantine.
///
/// # Errors
/// [`Code::Storage`].
pub fn take_out(conn: &Connection, hash: ChangeHash) -> Result<()> {
    let had = digest::proof(conn, PROOF, [hash.0])?;
    conn.prepare_cached("DELETE FROM changes WHERE hash = ?1")?.execute([hash.0])?;
    digest::moved(conn, had.as_ref(), None)
}
