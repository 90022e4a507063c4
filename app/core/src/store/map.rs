//! Map packs: the one the server has, the one that is whole here, and their parts.

use mbs_shared::blob::name_of;
use mbs_shared::id::BlobHash;
use mbs_shared::wire;
use mbs_shared::wire::map::MapPack;
use rusqlite::{Connection, OptionalExtension};

use super::settings::{self, MAP, MAP_HERE};
use crate::error::Result;

fn pack(conn: &Connection, key: &str) -> Result<MapPack> {
    Ok(settings::get(conn, key)?.and_then(|frame| wire::decode(&frame).ok()).unwrap_or_default())
}

/// The one the server has, as it said last; without parts it has none.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn told(conn: &Connection) -> Result<MapPack> {
    pack(conn, MAP)
}

/// The one that is whole here; without parts the app's own map is shown.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn here(conn: &Connection) -> Result<MapPack> {
    pack(conn, MAP_HERE)
}

/// The server has that one now. The one before is shown until it is whole.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn take(conn: &Connection, told: &MapPack) -> Result<()> {
    settings::set(conn, MAP, &wire::encode(told))?;
    if told.parts.is_empty() {
        settings::set(conn, MAP_HERE, &[])?;
        conn.execute("DELETE FROM map_parts", [])?;
        return Ok(());
    }
    settle(conn)
}

/// The first part that is to be fetched.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn missing(conn: &Connection) -> Result<Option<BlobHash>> {
    let told = told(conn)?;
    if !told.is_readable() || told == here(conn)? {
        return Ok(None);
    }
    first_missing(conn, &told)
}

fn first_missing(conn: &Connection, pack: &MapPack) -> Result<Option<BlobHash>> {
    let mut statement = conn.prepare_cached("SELECT 1 FROM map_parts WHERE hash = ?1")?;
    for part in &pack.parts {
        if !statement.exists([part.0])? {
            return Ok(Some(*part));
        }
    }
    Ok(None)
}

/// How much of what is to be fetched is here, in percent; `None`: nothing is.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn coming(conn: &Connection) -> Result<Option<u8>> {
    if missing(conn)?.is_none() {
        return Ok(None);
    }
    let parts = told(conn)?.parts;
    let mut statement = conn.prepare_cached("SELECT 1 FROM map_parts WHERE hash = ?1")?;
    let mut have = 0;
    for part in &parts {
        have += usize::from(statement.exists([part.0])?);
    }
    Ok(u8::try_from(have * 100 / parts.len().max(1)).ok())
}

/// Keeps a part whose name was proven; with the last one the pack is shown.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn keep(conn: &Connection, hash: BlobHash, bytes: &[u8]) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO map_parts (hash, bytes) VALUES (?1, ?2)")?.execute((hash.0, bytes))?;
    settle(conn)
}

/// Shows what is whole, and drops parts that belong to nothing.
fn settle(conn: &Connection) -> Result<()> {
    let told = told(conn)?;
    if told.is_readable() && first_missing(conn, &told)?.is_none() {
        settings::set(conn, MAP_HERE, &wire::encode(&told))?;
    }
    let named = [told.parts, here(conn)?.parts].concat();
    let mut statement = conn.prepare_cached("SELECT hash FROM map_parts")?;
    let all = statement.query_map([], |r| Ok(BlobHash(super::id(r, 0)?)))?.collect::<rusqlite::Result<Vec<_>>>()?;
    for part in all.into_iter().filter(|part| !named.contains(part)) {
        lose(conn, part)?;
    }
    Ok(())
}

fn lose(conn: &Connection, part: BlobHash) -> Result<()> {
    conn.prepare_cached("DELETE FROM map_parts WHERE hash = ?1")?.execute([part.0])?;
    Ok(())
}

/// The bytes of a part, proven once more; `None`: they are not here, or damaged.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn part(conn: &Connection, hash: BlobHash) -> Result<Option<Vec<u8>>> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("SELECT bytes FROM map_parts WHERE hash = ?1")?
        .query_row([hash.0], |r| r.get(0))
        .optional()?;
    Ok(bytes.filter(|bytes| name_of(bytes) == hash))
}

/// A part of what is shown is damaged: the app's own map is shown until it has come anew.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn damaged(conn: &Connection, part: BlobHash) -> Result<()> {
    lose(conn, part)?;
    settings::set(conn, MAP_HERE, &[])
}
