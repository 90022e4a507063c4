//! Requests that were refused and are sent once more as others. The refused ones stay, to be read and exported.

use mbs_shared::id::RequestId;
use rusqlite::{Connection, OptionalExtension};

use super::id;
use crate::error::Result;

/// Notes that the draft `by` is to be sent instead of `request`.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn put(conn: &Connection, request: RequestId, by: RequestId) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO renewed (request, by) VALUES (?1, ?2)")?.execute((request.0, by.0))?;
    Ok(())
}

/// What is, or is to be, sent instead of a request. The draft may have been thrown away since.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn by(conn: &Connection, request: RequestId) -> Result<Option<RequestId>> {
    Ok(conn
        .prepare_cached("SELECT by FROM renewed WHERE request = ?1")?
        .query_row([request.0], |r| Ok(RequestId(id(r, 0)?)))
        .optional()?)
}

/// What a request is sent instead of.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn replaced(conn: &Connection, by: RequestId) -> Result<Vec<RequestId>> {
    let mut statement = conn.prepare_cached("SELECT request FROM renewed WHERE by = ?1")?;
    let all = statement.query_map([by.0], |r| Ok(RequestId(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}
