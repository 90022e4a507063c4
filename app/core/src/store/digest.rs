//! Everything accepted that this tablet has, as one number, kept in step with the rows in their own
//! transactions: what the server can be asked about for a few bytes.

use mbs_shared::digest::Digest;
use mbs_shared::id::{Mac, RequestId};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

/// Proofs of a request: of what was taken in, and of what came from the server and did not pass.
const PROOFS: &str = "SELECT mac FROM changes WHERE request = ?1 AND length(mac) > 0
     UNION ALL SELECT mac FROM entries WHERE request = ?1 AND length(mac) > 0
     UNION ALL SELECT mac FROM events WHERE request = ?1 AND length(mac) > 0
     UNION ALL SELECT mac FROM quarantine WHERE request = ?1 AND own = 0 AND length(mac) > 0";

/// The digest of everything.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn get(conn: &Connection) -> Result<Digest> {
    let digest: i64 = conn.prepare_cached("SELECT digest FROM cursor")?.query_row([], |r| r.get(0))?;
    Ok(Digest(digest.cast_unsigned()))
}

fn set(conn: &Connection, digest: Digest) -> Result<()> {
    conn.prepare_cached("UPDATE cursor SET digest = ?1")?.execute([digest.0.cast_signed()])?;
    Ok(())
}

/// The proof of a row is another now; `None`: it has none.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub(super) fn moved(conn: &Connection, from: Option<&Mac>, to: Option<&Mac>) -> Result<()> {
    if from == to {
        return Ok(());
    }
    let mut digest = get(conn)?;
    if let Some(mac) = from {
        digest.remove(mac);
    }
    if let Some(mac) = to {
        digest.add(mac);
    }
    set(conn, digest)
}

/// The proof a query finds.
pub(super) fn proof(conn: &Connection, sql: &str, key: impl rusqlite::Params) -> Result<Option<Mac>> {
    let found: Option<Vec<u8>> = conn.prepare_cached(sql)?.query_row(key, |r| r.get(0)).optional()?;
    Ok(found.and_then(|mac| Mac::from_slice(&mac).ok()))
}

/// The digest of one request, read from its rows.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Digest> {
    let mut statement = conn.prepare_cached(PROOFS)?;
    let mut rows = statement.query([request.0])?;
    let mut digest = Digest::default();
    while let Some(row) = rows.next()? {
        if let Ok(mac) = Mac::from_slice(&row.get::<_, Vec<u8>>(0)?) {
            digest.add(&mac);
        }
    }
    Ok(digest)
}

/// All of a request goes.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(super) fn without(conn: &Connection, request: RequestId) -> Result<()> {
    let (all, gone) = (get(conn)?, of_request(conn, request)?);
    set(conn, Digest(all.0.wrapping_sub(gone.0)))
}

/// Works the digest out anew from every row: after a rescue, and where it is to be proven.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn recount(conn: &Connection) -> Result<Digest> {
    let mut statement = conn.prepare(
        "SELECT request FROM changes UNION SELECT request FROM entries UNION SELECT request FROM events
         UNION SELECT request FROM quarantine",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Digest::default();
    while let Some(row) = rows.next()? {
        all.0 = all.0.wrapping_add(of_request(conn, RequestId(row.get(0)?))?.0);
    }
    set(conn, all)?;
    Ok(all)
}
