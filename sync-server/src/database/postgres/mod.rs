//! PostgreSQL: one connection that writes, a few that read, one that listens; each opened when it is needed and
//! opened anew when it was lost.
//!
//! Several instances may work on one database. Every write transaction takes one advisory lock first and holds
//! it to the end, so that there is one writer at a time, feed order is commit order and the counters in `meta`
//! are right. A pooler in transaction mode must not stand between: prepared statements, the lock and LISTEN
//! belong to a session.

mod connect;
mod connection;
mod line;
mod listen;
pub mod migrate;
mod values;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::{Database, DbError, DbResult, Go, Hear, ReadBody, Row, Value, WriteBody, WriteError};
use connect::Target;
use connection::Conn;
use listen::Listener;

/// Reading connections at most.
pub const READERS: usize = 8;

type Slot = Mutex<Option<Conn>>;

/// A PostgreSQL database.
pub struct Postgres {
    target: Target,
    /// Names this process in its own announcements, which it does not listen to.
    instance: u64,
    writer: Slot,
    readers: Vec<Slot>,
    next: AtomicUsize,
    listener: Mutex<Option<Listener>>,
}

impl Postgres {
    /// Connects to `postgres://user:password@host:port/name` (hosts, ports and parameters as PostgreSQL's own
    /// programs take them, see the README) and brings the schema up to date.
    ///
    /// # Errors
    /// [`DbError`] with what is wrong with the address, the server or the schema.
    pub fn open(url: &str) -> DbResult<Self> {
        Self::open_with(url, READERS)
    }

    /// The same with that many reading connections; 0: reads share the writing connection.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(url: &str, readers: usize) -> DbResult<Self> {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|e| DbError::Other(format!("no random numbers: {e}")))?;
        let db = Self {
            target: Target::parse(url)?,
            instance: u64::from_le_bytes(seed),
            writer: Slot::default(),
            readers: (0..readers).map(|_| Slot::default()).collect(),
            next: AtomicUsize::new(0),
            listener: Mutex::new(None),
        };
        migrate::run(db.sound(&mut lock(&db.writer))?)?;
        Ok(db)
    }

    /// A connection that works, in its slot.
    fn sound<'a>(&self, slot: &'a mut Option<Conn>) -> DbResult<&'a mut Conn> {
        if slot.as_mut().is_some_and(|conn| !conn.is_sound()) {
            *slot = None;
        }
        match slot {
            Some(conn) => Ok(conn),
            None => Ok(slot.insert(self.connect()?)),
        }
    }

    fn connect(&self) -> DbResult<Conn> {
        self.target.connect(self.instance)
    }

    fn reader(&self) -> MutexGuard<'_, Option<Conn>> {
        // A free one if there is one, rather one that is connected; else wait in turn.
        let mut unused = None;
        for slot in &self.readers {
            match slot.try_lock() {
                Ok(free) if free.is_some() => return free,
                Ok(free) => unused = unused.or(Some(free)),
                Err(TryLockError::Poisoned(free)) => return free.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        if let Some(unused) = unused {
            return unused;
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        lock(self.readers.get(turn % self.readers.len().max(1)).unwrap_or(&self.writer))
    }
}

fn lock(slot: &Slot) -> MutexGuard<'_, Option<Conn>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database for Postgres {
    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), WriteError> {
        let mut slot = lock(&self.writer);
        // Taken out while it works: after a panic in `body` nobody knows where it stands.
        self.sound(&mut slot).map_err(WriteError::NotWritten)?;
        let Some(mut conn) = slot.take() else { return Err(WriteError::NotWritten(gone())) };
        conn.begin_write();
        let result = match body(&mut conn) {
            Ok(()) => conn.commit(),
            Err(e) => {
                conn.abandon();
                Err(WriteError::NotWritten(e))
            }
        };
        *slot = Some(conn);
        result
    }

    fn read(&self, body: &mut ReadBody<'_>) -> DbResult<()> {
        let mut slot = self.reader();
        self.sound(&mut slot)?;
        let mut conn = slot.take().ok_or_else(gone)?;
        conn.begin_read();
        let result = body(&mut conn);
        conn.abandon();
        *slot = Some(conn);
        result
    }

    fn engine(&self) -> &'static str {
        "postgresql"
    }

    fn check(&self) -> DbResult<String> {
        const SETTINGS: &str = "select current_setting('server_version'), current_setting('fsync'), \
                                current_setting('full_page_writes'), current_setting('synchronous_commit')";
        let mut found = [const { String::new() }; 4];
        self.read(&mut |s| {
            s.query(SETTINGS, &[], &mut |row: &dyn Row| {
                for (i, text) in found.iter_mut().enumerate() {
                    row.text(i)?.clone_into(text);
                }
                Ok(Go::Stop)
            })
        })?;
        let [version, fsync, pages, commit] = &found;
        if fsync != "on" || pages != "on" {
            return Err(DbError::Other(format!(
                "fsync = {fsync}, full_page_writes = {pages}: a power cut would lose what was acknowledged; \
                 switch both on in postgresql.conf"
            )));
        }
        Ok(format!("PostgreSQL {version}, synchronous_commit = {commit}, schema {}", migrate::MIGRATIONS.len()))
    }

    fn size(&self) -> DbResult<u64> {
        const BYTES: &str = "select pg_database_size(current_database())";
        let mut bytes = 0;
        self.read(&mut |s| {
            s.query(BYTES, &[], &mut |row: &dyn Row| {
                bytes = row.int(0)?.cast_unsigned();
                Ok(Go::Stop)
            })
        })?;
        Ok(bytes)
    }

    fn listen(&self, hear: Box<Hear>) -> std::io::Result<()> {
        let listener = Listener::start(self.target.clone(), self.instance, hear)?;
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
        Ok(())
    }
}

fn gone() -> DbError {
    DbError::Unavailable("there is no connection to PostgreSQL".into())
}

impl Postgres {
    /// Prepares a statement, for the test that prepares each of them on both engines.
    ///
    /// # Errors
    /// [`DbError`] with what PostgreSQL says.
    pub fn prepare(&self, sql: &'static str) -> DbResult<()> {
        let mut slot = lock(&self.writer);
        self.sound(&mut slot)?.prepare(sql)
    }

    /// Name and type of every column, as `table.column type`, in order; for the test that compares the schemas.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn columns(&self) -> DbResult<Vec<String>> {
        const COLUMNS: &str = "select table_name || '.' || column_name || ' ' || data_type \
                               from information_schema.columns where table_schema = current_schema() \
                               order by table_name collate \"C\", ordinal_position";
        let mut found = Vec::new();
        self.read(&mut |s| {
            s.query(COLUMNS, &[] as &[Value<'_>], &mut |row: &dyn Row| {
                found.push(row.text(0)?.to_owned());
                Ok(Go::On)
            })
        })?;
        Ok(found)
    }
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("readers", &self.readers.len()).finish_non_exhaustive()
    }
}
