//! Opening: key, cipher, journal, migrations; and what happens when the file is damaged.
//!
//! Journal: WAL with `locking_mode=EXCLUSIVE` and `synchronous=FULL`. WAL because every keystroke is
//! kept and it costs one sync where a rollback journal costs three; exclusive because there is one
//! writer, a second process must be told so, and no shared-memory file is then needed. The journal is
//! folded into the one file whenever a copy is made ([`Store::settle`]) and when the app ends.

use std::path::Path;
use std::sync::Once;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{FILE, RESERVE, Store, copies, migrate, requests, rescue, settings, side};
use crate::door::view::Notice;
use crate::error::{Code, Result, fail};
use crate::ports::Ports;

/// Present after SQLite complained of damage: the next opening looks at every page.
const SUSPECT: &str = "mbs.suspect";

/// Names the damaged database while what can be read of it is taken over.
const RESCUE: &str = "mbs.rescue";

/// Why a file did not open.
enum Refused {
    /// Damaged, or of another key.
    Damaged(String),
    /// Anything else: in use, unreadable, disk full.
    Other(crate::door::CallError),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // A page that does not decipher where SQLite keeps its own accounts is told as a want of memory.
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::OutOfMemory) => {
                Self::Damaged(error.to_string())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Other(fail(Code::Storage, "another process has this tablet open"))
            }
            _ => Self::Other(error.into()),
        }
    }
}

impl From<crate::door::CallError> for Refused {
    fn from(error: crate::door::CallError) -> Self {
        if is_damage(&error) { Self::Damaged(error.detail) } else { Self::Other(error) }
    }
}

/// Whether SQLite's words may mean that the file is damaged.
fn is_damage(error: &crate::door::CallError) -> bool {
    error.code == Code::Storage && ["malformed", "out of memory"].iter().any(|words| error.detail.contains(words))
}

/// What became of a store that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mended {
    /// It refuses still, or what it said has nothing to do with its file.
    Not,
    /// It was opened anew: what was asked may be asked again.
    Anew,
    /// Its file was damaged and set aside; another one holds what could be read of it.
    Rescued,
}

impl Store {
    /// Opens the store in `dir`, making it when there is none. A damaged database is set aside under a
    /// dated name; what can still be read of it is taken over, and the notice says so.
    ///
    /// # Errors
    /// [`Code::Storage`] when another process has it open or the folder cannot be used.
    pub fn open(dir: &Path, ports: &Ports) -> Result<(Self, Option<Notice>)> {
        ports.files.make_dir(dir)?;
        let key = ports.key.key(&*ports.files, &*ports.random)?;
        let side = side::Side::open(dir, ports, &key)?;
        let mut store = Self { conn: Connection::open_in_memory()?, side, dir: dir.to_owned(), ports: ports.clone() };
        let mut notice = store.connect(&key)?;
        if let Err(error) = store.write(requests::drop_discarded) {
            if !is_damage(&error) {
                return Err(error);
            }
            notice = store.set_right(&key, &error)?;
            store.write(requests::drop_discarded)?;
        }
        // Tried again at the next opening: nobody is kept from his words by it.
        let _ = store.drop_copies(true);
        let _ = store.drop_aside();
        store.keep_reserve();
        Ok((store, notice))
    }

    /// Connects to the database of the folder; one that is damaged is set aside, and the notice says so.
    fn connect(&mut self, key: &[u8; 32]) -> Result<Option<Notice>> {
        let (path, suspect, marker) = (self.dir.join(FILE), self.dir.join(SUSPECT), self.dir.join(RESCUE));
        let (ports, suspected) = (self.ports.clone(), self.ports.files.exists(&suspect));
        // One that was begun and cut off is finished: the file in its place is new, and may have nothing yet.
        if ports.files.exists(&marker) {
            let file = String::from_utf8_lossy(&ports.files.read(&marker, 256)?).into_owned();
            return self.take_over(key, file).map(Some);
        }
        let opened = match connect(&path, &ports, key, suspected) {
            // A disk that refused one read is no damage: it is looked at once more, every page.
            Err(Refused::Damaged(_)) if !suspected => connect(&path, &ports, key, true),
            other => other,
        };
        match opened {
            Ok(conn) => self.conn = conn,
            Err(Refused::Other(error)) => return Err(error),
            Err(Refused::Damaged(_)) => {
                let file = name_aside(&path, &ports)?;
                ports.files.write(&marker, file.as_bytes())?;
                return self.take_over(key, file).map(Some);
            }
        }
        if suspected {
            ports.files.remove(&suspect)?;
        }
        Ok(None)
    }

    /// Sets the database aside as `file`, where that was not done yet, and takes over what can be read of it. Cut off
    /// anywhere, it is done again at the next opening.
    fn take_over(&mut self, key: &[u8; 32], file: String) -> Result<Notice> {
        let (path, aside, ports) = (self.dir.join(FILE), self.dir.join(&file), self.ports.clone());
        if !ports.files.exists(&aside) {
            set_aside(&path, &aside, &ports)?;
        }
        self.conn = match connect(&path, &ports, key, false) {
            Ok(conn) => conn,
            Err(Refused::Other(error)) => return Err(error),
            Err(Refused::Damaged(again)) => return Err(fail(Code::Storage, again)),
        };
        let rows = match rescue::rescue(&mut self.conn, &aside, &ports, key) {
            Err(error) if error.code == Code::DiskFull && self.release_reserve() => {
                rescue::rescue(&mut self.conn, &aside, &ports, key)?
            }
            done => done?,
        };
        self.side.restore(&self.conn)?;
        let (requests, photos) = rescue::counts(&self.conn)?;
        if rows > 0 {
            super::aside::add(&self.conn, file.clone())?;
        }
        let notice = Notice::DatabaseSetAside { file, requests, photos };
        settings::add_notice(&self.conn, &notice, ports.clock.now())?;
        let suspect = self.dir.join(SUSPECT);
        if ports.files.exists(&suspect) {
            ports.files.remove(&suspect)?;
        }
        ports.files.remove(&self.dir.join(RESCUE))?;
        Ok(notice)
    }

    /// Connects anew after a refusal of the database.
    fn set_right(&mut self, key: &[u8; 32], error: &crate::door::CallError) -> Result<Option<Notice>> {
        if is_damage(error) {
            self.suspect();
        }
        // Closed first: two handles of one process on one file would share SQLite's locks. Should it not open
        // now, the next call is refused too, and tries again.
        self.conn = Connection::open_in_memory()?;
        self.connect(key)
    }

    /// After a refusal of the database: opens it anew, because the cipher (and SQLite, after some errors of the disk)
    /// refuses everything from then on. Where SQLite speaks of damage every page is looked at, and a damaged database
    /// is set aside at once: nobody has to start the app anew for it.
    pub(crate) fn mend(&mut self, error: &crate::door::CallError) -> Mended {
        if error.code != Code::Storage {
            return Mended::Not;
        }
        let key = self.ports.key.key(&*self.ports.files, &*self.ports.random);
        match key.and_then(|key| self.set_right(&key, error)) {
            Ok(Some(_)) => Mended::Rescued,
            Ok(None) => Mended::Anew,
            Err(_) => Mended::Not,
        }
    }

    /// Remembers that SQLite complained of damage, so that the next opening looks at every page.
    pub fn suspect(&self) {
        let _ = self.ports.files.write(&self.dir.join(SUSPECT), b"");
    }
}

/// SQLite calls itself ready before its cipher is (`SQLITE_EXTRA_INIT` runs behind its lock): of two threads that open the
/// first database of a process at once, one was refused its key. The first one to come makes both ready, the others wait.
fn ready() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(Connection::open_in_memory()));
}

/// A keyed connection; the cipher is proven to be there.
pub(crate) fn keyed(path: &Path, ports: &Ports, key: &[u8; 32]) -> rusqlite::Result<Connection> {
    ready();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = match &ports.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str())?,
        None => Connection::open_with_flags(path, flags)?,
    };
    // Raw key: no key derivation at each start. It must be the first statement.
    conn.execute_batch(&format!("PRAGMA key = \"x'{}'\"", hex::encode(key)))?;
    let cipher: String = conn.query_row("PRAGMA cipher_version", [], |r| r.get(0)).unwrap_or_default();
    // What is erased by law, or private to another muhtar, is overwritten, not only unlinked.
    conn.execute_batch("PRAGMA secure_delete = ON")?;
    // Else every statement with a bound range is compiled anew each time it runs, to look for a better plan.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if cipher.is_empty() {
        // Without the cipher `PRAGMA key` is silently ignored and everything would be written in clear.
        return Err(rusqlite::Error::InvalidQuery);
    }
    Ok(conn)
}

fn connect(path: &Path, ports: &Ports, key: &[u8; 32], check: bool) -> std::result::Result<Connection, Refused> {
    let mut conn = prepare(path, ports, key)?;
    if check {
        let said: String = conn.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))?;
        if said != "ok" {
            return Err(Refused::Damaged(said));
        }
    }
    let have = migrate::version(&conn)?;
    if (1..migrate::latest()).contains(&have) {
        conn = copied(conn, path, ports, key)?;
    }
    match migrate::migrate(&mut conn) {
        // Words could not be saved without it.
        Err(error) if error.code == Code::DiskFull && ports.files.remove(&path.with_file_name(RESERVE)).is_ok() => {
            migrate::migrate(&mut conn)?;
        }
        done => done?,
    }
    Ok(conn)
}

/// Copies the database before its migration, where there is room for it.
fn copied(conn: Connection, path: &Path, ports: &Ports, key: &[u8; 32]) -> std::result::Result<Connection, Refused> {
    let full = |error: &crate::door::CallError| error.code == Code::DiskFull;
    let dir = path.parent().unwrap_or(path);
    let Some(copy) = copies::place(&conn, dir, ports)? else { return Ok(conn) };
    let settled = settings::set_number(&conn, settings::MIGRATED, ports.clock.now())
        .and_then(|()| Ok(conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?));
    if settled.as_ref().is_err_and(full) {
        return Ok(conn);
    }
    settled?;
    // Closed for the copy: closing a file twice in one process would drop SQLite's locks on it.
    drop(conn);
    match ports.files.copy(path, &copy).map_err(crate::door::CallError::from) {
        Err(error) if !full(&error) => return Err(Refused::Other(error)),
        _ => {}
    }
    Ok(prepare(path, ports, key)?)
}

fn prepare(path: &Path, ports: &Ports, key: &[u8; 32]) -> rusqlite::Result<Connection> {
    let conn = keyed(path, ports, key)?;
    conn.busy_timeout(std::time::Duration::from_millis(500))?;
    conn.execute_batch(
        // The lock first: whatever reads a database with a journal before it needs shared memory. The cache holds the
        // list of years (in KiB): each page is deciphered once, not at every look.
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA synchronous = FULL;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8192;
         PRAGMA journal_size_limit = 8388608;",
    )?;
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0))?;
    debug_assert!(mode == "wal" || mode == "memory", "{mode}");
    // Reads the first page: a wrong key and a damaged header show here. And takes the lock.
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    conn.execute_batch("BEGIN IMMEDIATE; COMMIT;")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// A dated name that is not taken, for a damaged database.
fn name_aside(path: &Path, ports: &Ports) -> Result<String> {
    let stamp = jiff::Timestamp::from_millisecond(ports.clock.now())
        .map(|t| t.strftime("%Y%m%dT%H%M%SZ").to_string())
        .unwrap_or_else(|_| "undated".into());
    (0..1000)
        .map(|n| if n == 0 { format!("mbs-damaged-{stamp}.db") } else { format!("mbs-damaged-{stamp}-{n}.db") })
        .find(|name| !ports.files.exists(&path.with_file_name(name)))
        .ok_or_else(|| fail(Code::Storage, "no free name for the damaged database"))
}

/// Renames database and journal.
fn set_aside(path: &Path, to: &Path, ports: &Ports) -> Result<()> {
    // The journal first: were we stopped between the two, it waits for the database under its new name.
    let journal = |p: &Path| {
        let mut with = p.as_os_str().to_owned();
        with.push("-wal");
        std::path::PathBuf::from(with)
    };
    if ports.files.exists(&journal(path)) {
        ports.files.rename(&journal(path), &journal(to))?;
    }
    Ok(ports.files.rename(path, to)?)
}
