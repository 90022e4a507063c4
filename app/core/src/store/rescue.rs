//! What can still be read of a damaged database is taken over, row by row, from both ends; and what is missing in it
//! that other rows still tell. [`crate::sync::rebuild`] makes it anew.

use std::path::Path;

use mbs_shared::id::RequestId;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::open::keyed;
use super::{announcements, cursor, digest, id, migrate, settings};
use crate::error::Result;
use crate::ports::Ports;

/// In the order of their worth: should the disk fill up meanwhile, words are over already.
const TABLES: [&str; 19] = [
    "settings",
    "requests",
    "changes",
    "entries",
    "outbox",
    "photos",
    "begun",
    "renewed",
    "templates",
    "quarantine",
    "erased",
    "events",
    "uploads",
    "receipts",
    "carried",
    "announcements",
    "units",
    "thumbs",
    "blobs",
];

/// Copies what is readable from the file set aside into `conn`; the damaged file itself is not changed.
/// Returns the number of rows. Done twice it does no harm.
///
/// # Errors
/// [`crate::error::Code::DiskFull`] or [`crate::error::Code::Storage`] where `conn` does not take them: then it must be
/// done again.
pub(crate) fn rescue(conn: &mut Connection, damaged: &Path, ports: &Ports, key: &[u8; 32]) -> Result<usize> {
    let mut rows = 0;
    for table in TABLES {
        rows += take(conn, damaged, ports, key, table)?;
    }
    digest::recount(conn)?;
    settings::set_number(conn, settings::RESCUED, 1)?;
    // Rows may be missing: everything is asked for once more.
    cursor::set(conn, mbs_shared::wire::sync::Cursor::default())?;
    announcements::begin_anew(conn)?;
    Ok(rows)
}

/// Requests and drafts that were taken over, and photos and voice notes.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn counts(conn: &Connection) -> Result<(u32, u32)> {
    Ok(conn.query_row(
        "SELECT (SELECT count(*) FROM (SELECT id FROM requests WHERE stage < 2 UNION SELECT request FROM changes)),
           (SELECT count(*) FROM blobs)",
        [],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?)
}

/// The damaged file, to be read; `None` when even that cannot be.
fn look(damaged: &Path, ports: &Ports, key: &[u8; 32]) -> Option<Connection> {
    let old = keyed(damaged, ports, key).ok()?;
    // Leave the journal where it is: the file is evidence.
    let _ = old.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    let _ =
        old.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON;");
    (migrate::version(&old).ok()? > 0).then_some(old)
}

fn take(conn: &mut Connection, damaged: &Path, ports: &Ports, key: &[u8; 32], table: &str) -> Result<usize> {
    let mut taken = 0;
    for order in ["ASC", "DESC"] {
        // A connection of its own each time: after one damaged page the cipher refuses everything.
        let Some(old) = look(damaged, ports, key) else { continue };
        taken += copy(conn, &old, table, order)?;
    }
    Ok(taken)
}

/// Copies the columns both have: the file may be of an app before this one, or after it.
fn copy(conn: &mut Connection, old: &Connection, table: &str, order: &str) -> Result<usize> {
    // What cannot be read is lost; what cannot be written is an error.
    let Ok(theirs) = columns_of(old, table) else { return Ok(0) };
    let both: Vec<String> = columns_of(conn, table)?.into_iter().filter(|c| theirs.contains(c)).collect();
    let (columns, names) = (both.len(), both.join(", "));
    let Ok(mut from) = old.prepare(&format!("SELECT {names} FROM {table} ORDER BY rowid {order}")) else {
        return Ok(0);
    };
    let marks = vec!["?"; columns].join(", ");
    let tx = conn.transaction()?;
    let mut copied = 0;
    {
        let mut into = tx.prepare(&format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"))?;
        let Ok(mut rows) = from.query([]) else { return Ok(0) };
        // Reading stops at the first page that cannot be read; the other end is tried next.
        while let Ok(Some(row)) = rows.next() {
            let values = (0..columns).map(|i| row.get::<_, Value>(i)).collect::<rusqlite::Result<Vec<_>>>();
            let Ok(values) = values else { break };
            match into.execute(params_from_iter(values)) {
                Ok(one) => copied += one,
                // A row of another version that this one's rules do not let in.
                Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
    tx.commit()?;
    Ok(copied)
}

fn columns_of(conn: &Connection, table: &str) -> Result<Vec<String>> {
    let mut statement = conn.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let all = statement.query_map([table], |r| r.get(0))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Requests whose document is here, and whose row is not.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn without_row(conn: &Connection) -> Result<Vec<RequestId>> {
    ids(conn, "SELECT DISTINCT request FROM changes WHERE request NOT IN (SELECT id FROM requests)")
}

/// Makes drafts again of requests that were to be sent, and whose document is lost: their words are here still.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn draft_again(conn: &Connection) -> Result<()> {
    conn.execute(
        "UPDATE requests SET stage = 0 WHERE stage = 1 AND state = '' AND official = ''
           AND NOT EXISTS (SELECT 1 FROM changes WHERE request = requests.id)",
        [],
    )?;
    Ok(())
}

/// Changes no server has accepted, which neither wait nor were refused, in their order: request, hash, bytes.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn changes_out_of_queue(conn: &Connection) -> Result<Vec<(RequestId, Vec<u8>, u32)>> {
    rows(
        conn,
        "SELECT request, hash, length(packed) FROM changes t WHERE mac = x''
           AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 0 AND key = t.hash)
           AND NOT EXISTS (SELECT 1 FROM quarantine WHERE kind = 0 AND key = t.hash) ORDER BY rowid",
    )
}

/// Entries likewise.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn entries_out_of_queue(conn: &Connection) -> Result<Vec<(RequestId, Vec<u8>, u32)>> {
    rows(
        conn,
        "SELECT request, id, length(packed) FROM entries t WHERE mine = 1 AND mac = x''
           AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 1 AND key = t.id)
           AND NOT EXISTS (SELECT 1 FROM quarantine WHERE kind = 1 AND key = t.id) ORDER BY rowid",
    )
}

/// Lets photos go whose change is lost: where the server has it they are expected, and where it has not, it says so.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn need_what_is_there(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE outbox SET needs = x'' WHERE needs NOT IN (SELECT hash FROM changes)", [])?;
    Ok(())
}

/// Photos of sent requests that the server is not known to have, whose bytes are here, and which do not wait.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn photos_out_of_queue(conn: &Connection) -> Result<Vec<(RequestId, Vec<u8>, u32)>> {
    rows(
        conn,
        "SELECT p.request, p.hash, p.size FROM photos p JOIN requests r ON r.id = p.request
           JOIN blobs b ON b.hash = p.hash WHERE r.stage = 1 AND p.removed = 0
           AND NOT EXISTS (SELECT 1 FROM uploads WHERE hash = p.hash AND done = 1)
           AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 2 AND key = p.hash || p.request)
           AND NOT EXISTS (SELECT 1 FROM quarantine WHERE kind = 2 AND key = p.hash || p.request) ORDER BY p.rowid",
    )
}

fn rows(conn: &Connection, sql: &str) -> Result<Vec<(RequestId, Vec<u8>, u32)>> {
    let mut statement = conn.prepare(sql)?;
    let all = statement.query_map([], |r| Ok((RequestId(id(r, 0)?), r.get(1)?, r.get(2)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

fn ids(conn: &Connection, sql: &str) -> Result<Vec<RequestId>> {
    let mut statement = conn.prepare(sql)?;
    let all = statement.query_map([], |r| Ok(RequestId(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}
