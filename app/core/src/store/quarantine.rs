//! What was refused: kept whole, readable and exportable, and in nobody's way.

use mbs_shared::id::{Mac, RequestId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::changes::mac_bytes;
use super::outbox::What;
use super::{digest, id};
use crate::error::Result;

/// A change of another device that builds on one not here yet.
pub const MISSING_DEPS: &str = "missing_deps";
/// Two tablets with one identity.
pub const FORK: &str = "fork";
/// Begun otherwise at the server, and that beginning did not come.
pub const BEGUN: &str = "begun";
/// The bytes of a photo are here no more: they lay in a part of the database that was damaged.
pub const PHOTO_LOST: &str = "photo_lost";
/// Made under a mandate this tablet no longer serves.
pub const OTHER_MANDATE: &str = "other_mandate";

/// Handed over by a revoked tablet: it lies in the server's quarantine too.
pub const REVOKED: &str = "revoked";
/// A decision of a server that was restored to before it and went on otherwise.
pub const OTHER_SERIES: &str = "other_series";

/// One refused thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it is.
    pub what: What,
    /// Hash or id.
    pub key: Vec<u8>,
    /// The request it belongs to.
    pub request: RequestId,
    /// Whether it was made here; else it came from the server and did not pass.
    pub own: bool,
    /// Why: a code of [`mbs_shared::wire::error::Code`], or one of this module.
    pub reason: String,
    /// When, Unix ms.
    pub at: i64,
    /// Packed as it travels.
    pub packed: Vec<u8>,
    /// Proof of acceptance, for what came from the server.
    pub mac: Option<Mac>,
}

fn refused(row: &Row<'_>) -> rusqlite::Result<Refused> {
    Ok(Refused {
        what: What::from_code(row.get(0)?),
        key: row.get(1)?,
        request: RequestId(id(row, 2)?),
        own: row.get(3)?,
        reason: row.get(4)?,
        at: row.get(5)?,
        packed: row.get(6)?,
        mac: Mac::from_slice(&row.get::<_, Vec<u8>>(7)?).ok(),
    })
}

const COLUMNS: &str = "kind, key, request, own, reason, at, packed, mac";

/// Puts something into quarantine.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn add(conn: &Connection, item: &Refused) -> Result<()> {
    if !item.own && reason(conn, item.what, &item.key)?.is_none() {
        // The server has it: it counts as ours, or the digests would differ for ever.
        digest::moved(conn, None, item.mac.as_ref())?;
    }
    conn.prepare_cached(
        "INSERT INTO quarantine (kind, key, request, own, reason, at, packed, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (kind, key) DO UPDATE SET reason = ?5",
    )?
    .execute(params![
        item.what.code(),
        item.key,
        item.request.0,
        item.own,
        item.reason,
        item.at,
        item.packed,
        mac_bytes(item.mac.as_ref()),
    ])?;
    Ok(())
}

/// Everything in quarantine that was made here (or all), oldest first.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn all(conn: &Connection, own_only: bool) -> Result<Vec<Refused>> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM quarantine WHERE own = 1 OR ?1 = 0 ORDER BY n"))?;
    let rows = statement.query_map([own_only], refused)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What of a request that was made here lies in quarantine.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<Refused>> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM quarantine WHERE request = ?1 AND own = 1 ORDER BY n"))?;
    let rows = statement.query_map([request.0], refused)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Foreign changes of a request that did not fit when they came, and may fit by now.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn held(conn: &Connection, request: RequestId) -> Result<Vec<Refused>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM quarantine WHERE request = ?1 AND own = 0 AND kind = 0 AND reason IN (?2, ?3) ORDER BY n"
    ))?;
    let rows = statement.query_map((request.0, MISSING_DEPS, FORK), refused)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Why something lies here; `None` when it does not.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn reason(conn: &Connection, what: What, key: &[u8]) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached("SELECT reason FROM quarantine WHERE kind = ?1 AND key = ?2")?
        .query_row((what.code(), key), |r| r.get(0))
        .optional()?)
}

/// Takes out what the server said and this app could not read; how many there were.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn drop_unread(conn: &Connection) -> Result<u32> {
    let mut statement = conn.prepare(&format!(
        "SELECT {COLUMNS} FROM quarantine WHERE own = 0 AND reason NOT IN (?1, ?2, ?3) AND length(mac) > 0"
    ))?;
    let unread =
        statement.query_map((MISSING_DEPS, FORK, OTHER_SERIES), refused)?.collect::<rusqlite::Result<Vec<_>>>()?;
    unread.iter().try_for_each(|item| take_out(conn, item.what, &item.key))?;
    Ok(u32::try_from(unread.len()).unwrap_or(u32::MAX))
}

/// Takes something out.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn take_out(conn: &Connection, what: What, key: &[u8]) -> Result<()> {
    let sql = "SELECT mac FROM quarantine WHERE kind = ?1 AND key = ?2 AND own = 0";
    let had = digest::proof(conn, sql, (what.code(), key))?;
    conn.prepare_cached("DELETE FROM quarantine WHERE kind = ?1 AND key = ?2")?.execute((what.code(), key))?;
    digest::moved(conn, had.as_ref(), None)
}

/// How many things made here lie here, and wait for somebody: what was sent once more as another request does not.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn count(conn: &Connection) -> Result<u32> {
    let sql = "SELECT count(*) FROM quarantine q WHERE own = 1
           AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.id = q.request AND r.stage = 4)";
    Ok(conn.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
}

/// Everything made here so far was made under another mandate: it is never sent in the next one's name.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_other_mandate(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE quarantine SET reason = ?1 WHERE own = 1", [OTHER_MANDATE])?;
    Ok(())
}
