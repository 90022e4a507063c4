//! SQLite: one file, WAL, `synchronous=FULL`; one connection that writes, a few that read.

mod connection;
pub mod migrate;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mbs_shared::sabotage::sabotaged;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{Database, DbError, DbResult, ReadBody, WriteBody, WriteError};
use connection::{Conn, db_error};

/// How long one process waits for another's lock.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// How to open it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file.
    pub path: PathBuf,
    /// SQLite VFS by name, for tests that cut the power.
    pub vfs: Option<String>,
    /// Read-only connections. 0: reads share the writing connection.
    pub readers: usize,
    /// Hold the file exclusively, so that no shared memory is needed: only without readers.
    pub exclusive: bool,
}

impl Options {
    /// Good defaults for `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), vfs: None, readers: 4, exclusive: false }
    }
}

/// An open SQLite database.
pub struct Sqlite {
    // Closed first: the last connection to close folds the WAL in, and a read-only one cannot.
    readers: Vec<Mutex<Conn>>,
    writer: Mutex<Conn>,
    next: AtomicUsize,
}

impl Sqlite {
    /// Opens the file, makes it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn open(options: &Options) -> DbResult<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let writer = open(options, flags)?;
        if options.exclusive {
            pragma(&writer, "locking_mode", "exclusive")?;
        }
        pragma(&writer, "journal_mode", "wal")?;
        pragma(&writer, "synchronous", if sabotaged("wal-not-full") { "off" } else { "full" })?;
        pragma(&writer, "wal_autocheckpoint", "4000")?;
        pragma(&writer, "cache_size", "-16000")?;
        migrate::run(&writer)?;
        let readers = (0..options.readers)
            .map(|_| {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let reader = open(options, flags)?;
                pragma(&reader, "cache_size", "-4000")?;
                pragma(&reader, "query_only", "on")?;
                Ok(Mutex::new(Conn::new(reader)))
            })
            .collect::<DbResult<Vec<_>>>()?;
        Ok(Self { writer: Mutex::new(Conn::new(writer)), readers, next: AtomicUsize::new(0) })
    }

    /// Opens the file for looking at it beside its server: nothing is made, migrated or written.
    ///
    /// # Errors
    /// [`DbError`]; also when there is none.
    pub fn look(path: &Path) -> DbResult<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = open(&Options::new(path), flags)?;
        Ok(Self { writer: Mutex::new(Conn::new(conn)), readers: Vec::new(), next: AtomicUsize::new(0) })
    }

    fn reader(&self) -> MutexGuard<'_, Conn> {
        // A free one if there is one; else wait in turn.
        for reader in &self.readers {
            if let Ok(free) = reader.try_lock() {
                return free;
            }
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let chosen = self.readers.get(turn % self.readers.len().max(1)).unwrap_or(&self.writer);
        chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `check` on the writing connection, for `doctor` and tests.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn with_connection<T>(&self, check: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> DbResult<T> {
        let conn = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        check(conn.inner()).map_err(|e| db_error(&e))
    }
}

fn open(options: &Options, flags: OpenFlags) -> DbResult<Connection> {
    let conn = match &options.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(&options.path, flags, vfs.as_str()),
        None => Connection::open_with_flags(&options.path, flags),
    }
    .map_err(|e| db_error(&e))?;
    conn.busy_timeout(BUSY).map_err(|e| db_error(&e))?;
    conn.set_prepared_statement_cache_capacity(160);
    // Else every statement with a bound range is compiled anew each time it runs, to look for a better plan.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| db_error(&e))?;
    pragma(&conn, "temp_store", "memory")?;
    pragma(&conn, "trusted_schema", "off")?;
    // What is erased by law is overwritten, not only unlinked.
    pragma(&conn, "secure_delete", "on")?;
    Ok(conn)
}

fn pragma(conn: &Connection, name: &str, value: &str) -> DbResult<()> {
    // Some pragmas answer with a row, some do not.
    conn.pragma_update_and_check(None, name, value, |_| Ok(()))
        .or_else(|e| if matches!(e, rusqlite::Error::QueryReturnedNoRows) { Ok(()) } else { Err(e) })
        .map_err(|e| db_error(&e))
}

impl Database for Sqlite {
    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), WriteError> {
        let mut conn = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        conn.begin_write().map_err(WriteError::NotWritten)?;
        match body(&mut *conn) {
            Ok(()) => conn.commit().map_err(WriteError::Unknown),
            Err(e) => {
                conn.abandon();
                Err(WriteError::NotWritten(e))
            }
        }
    }

    fn read(&self, body: &mut ReadBody<'_>) -> DbResult<()> {
        let mut conn = self.reader();
        conn.begin_read()?;
        let result = body(&mut *conn);
        conn.abandon();
        result
    }

    fn engine(&self) -> &'static str {
        "sqlite"
    }

    fn check(&self) -> DbResult<String> {
        let found =
            self.with_connection(|c| c.query_row("pragma integrity_check(5)", [], |r| r.get::<_, String>(0)))?;
        if found == "ok" { Ok("sound".into()) } else { Err(DbError::Damaged(format!("{found}: restore a backup"))) }
    }

    fn size(&self) -> DbResult<u64> {
        const BYTES: &str = "select page_count * page_size from pragma_page_count(), pragma_page_size()";
        self.with_connection(|c| c.query_row(BYTES, [], |r| r.get::<_, i64>(0))).map(i64::cast_unsigned)
    }

    /// `vacuum into`: one read transaction, so writers go on, and the copy holds nothing of what was deleted.
    /// (The backup interface in steps would begin anew with every write.)
    fn copy_to(&self, file: &Path) -> DbResult<()> {
        let name = file.to_str().ok_or_else(|| DbError::Other("the name of the copy is not UTF-8".into()))?;
        let conn = self.reader();
        let only: bool = conn.inner().query_row("pragma query_only", [], |r| r.get(0))?;
        pragma(conn.inner(), "query_only", "off")?;
        let copied = conn.inner().execute("vacuum into $1", [name]).map(drop);
        pragma(conn.inner(), "query_only", if only { "on" } else { "off" })?;
        Ok(copied?)
    }

    /// Folds the log into the file and gives its room back; where a reader is in the way, the next time.
    fn rest(&self) -> DbResult<()> {
        self.with_connection(|c| {
            c.busy_timeout(std::time::Duration::ZERO)?;
            let folded = c.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
            c.busy_timeout(BUSY)?;
            folded
        })
    }

    fn forget(&self) -> DbResult<()> {
        // A reader may hold the log open: then the next checkpoint writes over it.
        self.with_connection(|c| c.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())))
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("readers", &self.readers.len()).finish_non_exhaustive()
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(e: rusqlite::Error) -> Self {
        db_error(&e)
    }
}
