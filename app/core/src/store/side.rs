//! The sidecar: who this tablet is and how far it has counted, once more, beside the database.
//!
//! A small encrypted SQLite file of its own (same key, same guarantees, no other cipher needed), written at
//! enrolment and once in 64 numbers. When the database is damaged beyond reading, the tablet is still
//! itself: it can sync, and never gives a case number twice.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::open::keyed;
use super::settings;
use crate::error::Result;
use crate::ports::Ports;

/// File name in the tablet's folder.
pub const FILE: &str = "mbs-identity.db";
/// Numbers set aside at once.
const BLOCK: i64 = 64;
/// What is doubled here.
const KEYS: [&str; 3] = [settings::IDENTITY, settings::CASES, settings::MADE];

/// The open sidecar.
pub struct Side {
    conn: Connection,
}

impl Side {
    /// Opens it, making it when there is none. A damaged one is set aside and begun anew: the database
    /// has the same.
    ///
    /// # Errors
    /// [`crate::error::Code::Storage`].
    pub fn open(dir: &Path, ports: &Ports, key: &[u8; 32]) -> Result<Self> {
        let path = dir.join(FILE);
        match Self::try_open(&path, ports, key) {
            Ok(side) => Ok(side),
            Err(error)
                if matches!(
                    error.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
                ) =>
            {
                let aside = dir.join(format!("mbs-identity-damaged-{}.db", ports.clock.now()));
                ports.files.rename(&path, &aside)?;
                Ok(Self::try_open(&path, ports, key)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn try_open(path: &Path, ports: &Ports, key: &[u8; 32]) -> rusqlite::Result<Self> {
        let conn = keyed(path, ports, key)?;
        conn.busy_timeout(std::time::Duration::from_millis(500))?;
        conn.execute_batch(
            "PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;",
        )?;
        Ok(Self { conn })
    }

    fn get(&self, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        self.conn.query_row("SELECT value FROM kept WHERE key = ?1", [key], |r| r.get(0)).optional()
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// [`crate::error::Code::Storage`].
    pub fn keep(&self, key: &str, value: &[u8]) -> Result<()> {
        self.conn.execute("INSERT OR REPLACE INTO kept (key, value) VALUES (?1, ?2)", (key, value))?;
        Ok(())
    }

    /// Makes sure that `counter` may be given out: raises the ceiling kept here before it is passed.
    ///
    /// # Errors
    /// [`crate::error::Code::Storage`]: then the number must not be given out.
    pub fn raise(&self, key: &str, counter: i64) -> Result<()> {
        let ceiling = self.get(key)?.map_or(0, |v| settings::number_of(&v));
        if counter > ceiling { self.keep(key, &(counter + BLOCK).to_le_bytes()) } else { Ok(()) }
    }

    /// Puts what is kept here into a database that does not have it.
    ///
    /// # Errors
    /// [`crate::error::Code::Storage`].
    pub fn restore(&self, conn: &Connection) -> Result<()> {
        for key in KEYS {
            let Some(value) = self.get(key)? else { continue };
            if key == settings::IDENTITY {
                if settings::get(conn, key)?.is_none() {
                    settings::set(conn, key, &value)?;
                }
            } else if settings::number(conn, key)? < settings::number_of(&value) {
                // Up to the ceiling: some numbers may be skipped, none is given twice.
                settings::set(conn, key, &value)?;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Side")
    }
}
