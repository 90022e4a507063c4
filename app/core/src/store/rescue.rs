//! What can still be read of a damaged database is taken over, row by row, from both ends.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::open::keyed;
use super::{cursor, digest, migrate};
use crate::error::Result;
use crate::ports::Ports;

/// In the order of their worth: should the disk fill up meanwhile, words are over already.
const TABLES: [&str; 12] = [
    "settings",
    "requests",
    "changes",
    "entries",
    "outbox",
    "photos",
    "quarantine",
    "erased",
    "events",
    "uploads",
    "thumbs",
    "blobs",
];

/// Copies what is readable from the file set aside into `conn`; the damaged file itself is not changed.
/// Returns the number of rows.
pub(crate) fn rescue(conn: &mut Connection, damaged: &Path, ports: &Ports, key: &[u8; 32]) -> usize {
    let Ok(old) = keyed(damaged, ports, key) else { return 0 };
    // Leave the journal where it is: the file is evidence.
    let _ = old.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    let _ =
        old.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON;");
    if migrate::version(&old).ok() != Some(migrate::latest()) {
        return 0;
    }
    let rows = TABLES.iter().map(|table| take(conn, &old, table)).sum();
    let _ = digest::recount(conn);
    // Rows may be missing: everything is asked for once more.
    let _ = cursor::set(conn, mbs_shared::wire::sync::Cursor::default());
    rows
}

fn take(conn: &mut Connection, old: &Connection, table: &str) -> usize {
    ["ASC", "DESC"]
        .iter()
        .map(|order| copy(conn, old, table, &format!("SELECT * FROM {table} ORDER BY rowid {order}")).unwrap_or(0))
        .sum()
}

fn copy(conn: &mut Connection, old: &Connection, table: &str, select: &str) -> Result<usize> {
    let mut from = old.prepare(select)?;
    let columns = from.column_count();
    let marks = vec!["?"; columns].join(", ");
    let tx = conn.transaction()?;
    let mut copied = 0;
    {
        let mut into = tx.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES ({marks})"))?;
        let mut rows = from.query([])?;
        // Reading stops at the first page that cannot be read; the other end is tried next.
        while let Ok(Some(row)) = rows.next() {
            let values = (0..columns).map(|i| row.get::<_, Value>(i)).collect::<rusqlite::Result<Vec<_>>>();
            let Ok(values) = values else { break };
            copied += into.execute(params_from_iter(values))?;
        }
    }
    tx.commit()?;
    Ok(copied)
}
