//! Parts of other tablets' courier bundles, sealed, until they are brought to the server.

use mbs_shared::blob::name_of;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

/// Takes a part along; one that is here already stays as it is.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn add(conn: &Connection, part: &[u8], now: i64) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO carried (hash, part, since, later) VALUES (?1, ?2, ?3, 0)")?
        .execute((name_of(part).0, part, now))?;
    Ok(())
}

/// The oldest part that may go now, with its number.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn next(conn: &Connection, now: i64) -> Result<Option<(i64, Vec<u8>)>> {
    Ok(conn
        .prepare_cached("SELECT n, part FROM carried WHERE later <= ?1 ORDER BY n LIMIT 1")?
        .query_row([now], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?)
}

/// How many parts wait.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn count(conn: &Connection) -> Result<u32> {
    Ok(conn.prepare_cached("SELECT count(*) FROM carried")?.query_row([], |r| r.get(0))?)
}

/// When the next part that was put off may go, Unix ms.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn next_later(conn: &Connection, now: i64) -> Result<Option<i64>> {
    Ok(conn.prepare_cached("SELECT min(later) FROM carried WHERE later > ?1")?.query_row([now], |r| r.get(0))?)
}

/// Puts this part and those behind it off until `later` (Unix ms): photos must not pass the words they belong to.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn put_off(conn: &Connection, n: i64, later: i64) -> Result<()> {
    conn.prepare_cached("UPDATE carried SET later = max(later, ?2) WHERE n >= ?1")?.execute((n, later))?;
    Ok(())
}

/// Nothing is put off any more: `Şimdi gönder`.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn hurry(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE carried SET later = 0 WHERE later > 0", [])?;
    Ok(())
}

/// The part was brought, or can be taken by nobody.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn done(conn: &Connection, n: i64) -> Result<()> {
    conn.prepare_cached("DELETE FROM carried WHERE n = ?1")?.execute([n])?;
    Ok(())
}
