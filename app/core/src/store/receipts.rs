//! Receipts (*alındı belgesi*), kept for showing without a network.

use mbs_shared::id::RequestId;
use rusqlite::{Connection, OptionalExtension};

use super::id;
use crate::error::Result;

/// Keeps one; the first stays.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn keep(conn: &Connection, request: RequestId, text: &str) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO receipts (request, text) VALUES (?1, ?2)")?
        .execute((request.0, text))?;
    Ok(())
}

/// The receipt of a request, if it is here.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn get(conn: &Connection, request: RequestId) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached("SELECT text FROM receipts WHERE request = ?1")?
        .query_row([request.0], |r| r.get(0))
        .optional()?)
}

/// Requests that have an official number and no receipt yet, the newest first.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn missing(conn: &Connection, most: usize) -> Result<Vec<RequestId>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM requests WHERE stage = 1 AND official <> ''
           AND NOT EXISTS (SELECT 1 FROM receipts WHERE request = requests.id) ORDER BY at DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |r| Ok(RequestId(id(r, 0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
