//! How far the feed has been taken. Set in the transaction that keeps its rows, never before.

use mbs_shared::wire::sync::Cursor;
use rusqlite::Connection;

use crate::error::Result;

/// The cursor.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn get(conn: &Connection) -> Result<Cursor> {
    Ok(conn.query_row("SELECT epoch, seq FROM cursor", [], |r| {
        Ok(Cursor { epoch: r.get::<_, i64>(0)?.cast_unsigned(), seq: r.get::<_, i64>(1)?.cast_unsigned() })
    })?)
}

/// Sets the cursor.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn set(conn: &Connection, cursor: Cursor) -> Result<()> {
    conn.execute("UPDATE cursor SET epoch = ?1, seq = ?2", (cursor.epoch.cast_signed(), cursor.seq.cast_signed()))?;
    Ok(())
}
