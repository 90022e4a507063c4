//! The store: one encrypted SQLite file, one writer, nothing called saved before it is durable.
//!
//! All SQL of the tablet is in this folder, one file per table. Functions take a plain connection, so
//! that callers decide what belongs into one transaction ([`Store::write`]).

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Code, Result};
use crate::ports::Ports;

pub mod announcements;
pub(crate) mod aside;
pub mod begun;
pub mod blobs;
pub mod carried;
pub mod changes;
pub(crate) mod copies;
pub mod cursor;
pub mod digest;
pub mod entries;
pub mod events;
pub mod map;
pub mod migrate;
pub mod open;
pub mod outbox;
pub mod placed;
pub mod proofs;
pub mod quarantine;
pub mod receipts;
mod recovery;
pub mod renewed;
pub mod requests;
pub mod rescue;
pub mod settings;
pub mod side;
pub mod templates;
pub mod units;

/// The database's file name in the tablet's folder.
pub const FILE: &str = "mbs.db";
/// The reserve's file name.
pub const RESERVE: &str = "mbs.reserve";
/// The sealed key's file name.
pub const RECOVERY: &str = "mbs.recovery";
/// Bytes kept back for words when the disk is full.
pub const RESERVE_BYTES: u64 = 8 * 1024 * 1024;
/// Free bytes below which a photo is not begun, so that words always find room.
pub const PHOTO_NEEDS: u64 = 16 * 1024 * 1024;

/// The open store.
pub struct Store {
    pub(crate) conn: Connection,
    pub(crate) side: side::Side,
    pub(crate) dir: PathBuf,
    pub(crate) ports: Ports,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// For reading.
    #[must_use]
    pub const fn read(&self) -> &Connection {
        &self.conn
    }

    /// Does `work` in one transaction: all of it is durable when this returns, or none.
    ///
    /// # Errors
    /// What `work` says; [`Code::DiskFull`] or [`Code::Storage`].
    pub fn write<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// As [`Self::write`], for words: when the disk is full the reserve is given up for them.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_words<T>(&mut self, mut work: impl FnMut(&Connection) -> Result<T>) -> Result<T> {
        match self.write(&mut work) {
            Err(e) if e.code == Code::DiskFull && self.release_reserve() => self.write(work),
            other => other,
        }
    }

    /// Makes sure that a counter's next number may be given out; what needs a number is words.
    ///
    /// # Errors
    /// As [`side::Side::raise`].
    pub(crate) fn raise(&self, key: &str, counter: i64) -> Result<()> {
        match self.side.raise(key, counter) {
            Err(e) if e.code == Code::DiskFull && self.release_reserve() => self.side.raise(key, counter),
            other => other,
        }
    }

    /// Gives the reserve up; whether there was one.
    fn release_reserve(&self) -> bool {
        self.ports.files.remove(&self.dir.join(RESERVE)).is_ok()
    }

    /// Sets the reserve aside again, where there is room for it twice over.
    pub fn keep_reserve(&self) {
        let path = self.dir.join(RESERVE);
        if !self.ports.files.exists(&path) && self.free() > PHOTO_NEEDS + RESERVE_BYTES {
            // Without a reserve everything works, only a full disk comes a little earlier.
            let _ = self.ports.files.reserve(&path, RESERVE_BYTES);
        }
    }

    /// Free bytes of the tablet's disk.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.ports.files.free(&self.dir).unwrap_or(u64::MAX)
    }

    /// Bytes of the database, photos included.
    ///
    /// # Errors
    /// [`Code::Storage`].
    pub fn size(&self) -> Result<u64> {
        size(&self.conn)
    }

    /// The tablet's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The whole database in one file, for a copy: writes what the journal still holds into it.
    ///
    /// # Errors
    /// [`Code::Storage`].
    pub fn settle(&self) -> Result<()> {
        Ok(self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }
}

fn size(conn: &Connection) -> Result<u64> {
    let pages: i64 = conn.query_row("PRAGMA page_count", [], |r| r.get(0))?;
    // The cipher answers in words.
    let page: String = conn.query_row("PRAGMA cipher_page_size", [], |r| r.get(0))?;
    Ok(pages.unsigned_abs() * page.parse::<u64>().unwrap_or(0))
}

/// A fixed-size identifier from a column.
pub(crate) fn id<const N: usize>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<[u8; N]> {
    row.get(column)
}
