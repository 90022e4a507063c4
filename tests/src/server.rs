//! A real server process, and what stands in its database and photo store: that counts.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use mbs_server::database::postgres::Postgres;
use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_server::database::{Database, DbResult, Row, Session, Transaction};
use mbs_shared::id::{BlobHash, RequestId};

use crate::people::Muhtarlik;
use crate::process::{self, Serving, program};

/// Password of everyone at the desk in stories.
pub const PASSWORD: &str = "yedi tepe bir muhtar";

/// A server on a folder; the process may be running or not.
#[derive(Debug)]
pub struct Server {
    /// Where it keeps everything that has no other place.
    pub dir: PathBuf,
    shared: Option<Shared>,
    serving: Option<Serving>,
}

/// Database and photos that several servers share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Address of the PostgreSQL database.
    pub database: String,
    /// Address of the S3 store.
    pub photos: String,
    /// The same store as a folder.
    pub bucket: PathBuf,
}

/// Someone at the desk.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    /// Sign-in name.
    pub login: &'a str,
    /// Name to show: an office.
    pub name: &'a str,
    /// Role.
    pub role: &'a str,
    /// Unit; empty for none.
    pub unit: &'a str,
    /// Password.
    pub password: &'a str,
}

/// A request as the server's database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which.
    pub id: RequestId,
    /// Official number, e.g. `2026-000001`.
    pub no: String,
    /// First line.
    pub title: String,
    /// Category.
    pub category: String,
    /// Unit that holds it; empty for nobody.
    pub unit: String,
    /// Muhtarlık that filed it.
    pub muhtarlik: String,
    /// Accepted changes of its document.
    pub changes: u32,
    /// Photos it refers to.
    pub photos: u32,
    /// Photos that are whole on the server.
    pub here: u32,
}

impl Server {
    /// Starts a server on `dir`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(dir: &Path) -> Self {
        let mut server = Self::on(dir);
        server.restart();
        server
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("mbs-server"));
        command.args(words).arg("--data").arg(&self.dir);
        if let Some(shared) = &self.shared {
            command.env("MBS_DATABASE", &shared.database).env("MBS_PHOTOS", &shared.photos);
        }
        command
    }

    /// Starts the process again, on a new port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.serving = None;
        self.listen("127.0.0.1:0").unwrap_or_else(|e| panic!("{e}"));
    }

    /// A server on `dir` that does not run yet.
    #[must_use]
    pub fn on(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf(), shared: None, serving: None }
    }

    /// A server on a database and photos that others use too; it does not run yet.
    #[must_use]
    pub fn sharing(dir: &Path, shared: Shared) -> Self {
        Self { dir: dir.to_path_buf(), shared: Some(shared), serving: None }
    }

    /// Two servers in folders of their own below `dir`, side by side on the same database and photos; the second has a copy of
    /// the first one's keys.
    ///
    /// # Panics
    /// When one does not start.
    #[must_use]
    pub fn pair(dir: &Path, shared: &Shared) -> [Self; 2] {
        let [first, second] = ["server-1", "server-2"].map(|name| dir.join(name));
        let mut servers = [Self::sharing(&first, shared.clone()), Self::sharing(&second, shared.clone())];
        servers[0].restart();
        fs::create_dir(&second)
            .and_then(|()| fs::copy(first.join("keys.json"), second.join("keys.json")))
            .unwrap_or_else(|e| panic!("the keys cannot be copied: {e}"));
        servers[1].restart();
        servers
    }

    /// Starts the process at that address.
    ///
    /// # Errors
    /// A sentence with what it said, when it does not start.
    pub fn listen(&mut self, at: &str) -> Result<(), String> {
        self.listen_with(at, &[])
    }

    /// Starts the process at that address, with more options.
    ///
    /// # Errors
    /// A sentence with what it said, when it does not start.
    pub fn listen_with(&mut self, at: &str, options: &[&str]) -> Result<(), String> {
        self.serving = Some(Serving::try_start(self.command(&["serve"]).args(["--listen", at]).args(options))?);
        Ok(())
    }

    fn serving(&self) -> &Serving {
        self.serving.as_ref().unwrap_or_else(|| panic!("the server is not running"))
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.serving().addr
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Everything the process has printed: its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.serving().said()
    }

    /// Ends the process at this very instruction.
    pub fn kill(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.kill();
        }
    }

    /// Asks the process to end and waits for it; it must end well.
    ///
    /// # Panics
    /// When it does not.
    pub fn stop(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            let status = serving.stop();
            assert!(status.success(), "the server ended with {status}:\n{}", serving.said());
        }
    }

    /// Runs a command of the server's own program on its folder.
    ///
    /// # Panics
    /// When it ends badly.
    #[must_use]
    pub fn run(&self, words: &[&str]) -> String {
        process::run(&mut self.command(words)).unwrap_or_else(|e| panic!("mbs-server {}: {e}", words.join(" ")))
    }

    /// The same, with something to read on its standard input.
    ///
    /// # Errors
    /// What it said when it ended badly.
    pub fn run_with(&self, words: &[&str], input: &str) -> Result<String, String> {
        process::run_with(&mut self.command(words), input)
    }

    /// Runs a command of the server's own program on its folder that must end badly; what it said.
    ///
    /// # Panics
    /// When it ends well.
    #[must_use]
    pub fn run_badly(&self, words: &[&str]) -> String {
        let out = self.command(words).output().unwrap_or_else(|e| panic!("mbs-server cannot be started: {e}"));
        let said = [out.stdout, out.stderr].map(|part| String::from_utf8_lossy(&part).into_owned()).concat();
        assert!(!out.status.success(), "mbs-server {} ended well:\n{said}", words.join(" "));
        said
    }

    /// A one-time code for a tablet of that muhtarlık.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn enrol_code(&self, who: Muhtarlik) -> String {
        self.run(&["enrol-code", "--quiet", "--neighbourhood", who.neighbourhood, "--person", who.person])
            .trim()
            .to_owned()
    }

    /// Someone at the desk.
    ///
    /// # Panics
    /// When the login is taken, or the role or unit unknown.
    pub fn add_user(&self, user: User<'_>) {
        let mut command = self.command(&[
            "user", "add", "--login", user.login, "--name", user.name, "--role", user.role, "--unit", user.unit,
        ]);
        process::run_with(&mut command, &format!("{}\n", user.password))
            .unwrap_or_else(|e| panic!("user {}: {e}", user.login));
    }

    /// A key for the program of a unit.
    #[must_use]
    pub fn add_key(&self, unit: &str) -> String {
        self.run(&["key", "add", "--unit", unit, "--name", unit]).trim().to_owned()
    }

    /// A key that also writes.
    #[must_use]
    pub fn add_writing_key(&self, unit: &str) -> String {
        self.run(&["key", "add", "--unit", unit, "--name", unit, "--writes"]).trim().to_owned()
    }

    /// Writes into its database directly, beside the process: what would take too long over its commands.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write<T>(&self, change: impl FnOnce(&mut dyn Transaction) -> DbResult<T>) -> T {
        let opened: DbResult<Box<dyn Database>> = match &self.shared {
            Some(shared) => Postgres::open_with(&shared.database, 0).map(|db| Box::new(db) as _),
            None => {
                let file = database_in(&self.dir);
                let beside = Options { readers: 0, exclusive: false, ..Options::new(&file) };
                Sqlite::open(&beside).map(|db| Box::new(db) as _)
            }
        };
        let db = opened.unwrap_or_else(|e| panic!("the server's database: {e}"));
        db.change(change).unwrap_or_else(|e| panic!("the server's database: {e}"))
    }

    /// Asks its database directly, beside the process.
    fn ask<T>(&self, question: impl FnOnce(&mut dyn Session) -> DbResult<T>) -> T {
        let opened: DbResult<Box<dyn Database>> = match &self.shared {
            Some(shared) => Postgres::open_with(&shared.database, 0).map(|db| Box::new(db) as _),
            None => Sqlite::look(&database_in(&self.dir)).map(|db| Box::new(db) as _),
        };
        opened.and_then(|db| db.ask(question)).unwrap_or_else(|e| panic!("the server's database: {e}"))
    }

    /// One number out of its database.
    ///
    /// # Panics
    /// When the query is wrong.
    #[must_use]
    pub fn number(&self, sql: &'static str) -> i64 {
        self.ask(|s| s.first(sql, &[], |row| row.int(0))).unwrap_or_else(|| panic!("{sql}: no row"))
    }

    /// The proofs of everything a request consists of: changes, entries and events, byte for byte.
    #[must_use]
    pub fn proofs(&self, id: RequestId) -> BTreeSet<Vec<u8>> {
        const ALL: &str = "select f.mac from feed f join request r on r.rid = f.request where r.id = $1 and f.kind < 3";
        self.ask(|s| s.all(ALL, &[id.as_bytes().into()], |row| Ok(row.blob(0)?.to_owned()))).into_iter().collect()
    }

    /// Every request in its database.
    ///
    /// # Panics
    /// When one cannot be read.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        const ALL: &str = "select r.id, r.no, r.title, r.category, coalesce(u.code, ''), coalesce(s.code, ''), r.changes, r.blobs, r.here
            from request r left join scope u on u.id = r.unit left join scope s on s.id = r.scope order by r.rid";
        let text = |row: &dyn Row, column| row.text(column).map(str::to_owned);
        self.ask(|s| {
            s.all(ALL, &[], |row| {
                let no = row.int(1)?;
                Ok(Record {
                    id: RequestId(row.bytes16(0)?),
                    no: format!("{:04}-{:06}", no / 1_000_000_000, no % 1_000_000_000),
                    title: text(row, 2)?,
                    category: text(row, 3)?,
                    unit: text(row, 4)?,
                    muhtarlik: text(row, 5)?,
                    changes: row.count(6)?,
                    photos: row.count(7)?,
                    here: row.count(8)?,
                })
            })
        })
    }

    /// One request in its database.
    ///
    /// # Panics
    /// When it is not there, or more than once.
    #[must_use]
    pub fn record(&self, id: RequestId) -> Record {
        let mut found: Vec<_> = self.records().into_iter().filter(|r| r.id == id).collect();
        assert_eq!(found.len(), 1, "request {id} must be on the server once");
        found.remove(0)
    }

    /// How often each thing stands in the feed of muhtarlıks, by kind (0 change, 1 entry, 2 event, 3 photo)
    /// and content: everything must be there once.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn doubled(&self) -> Vec<String> {
        const TWICE: &str = "select request, kind, n, count(*) from feed where kind in (0, 2) group by request, kind, n having count(*) > 1
            union all select request, kind, key, count(*) from feed where kind in (0, 1) group by request, kind, key having count(*) > 1";
        self.ask(|s| {
            s.all(TWICE, &[], |row| {
                let (request, kind, n, times) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
                Ok(format!("request row {request}, kind {kind}, {n}: {times} times"))
            })
        })
    }

    /// A photo's bytes out of its store.
    ///
    /// # Panics
    /// When they are not there.
    #[must_use]
    pub fn photo(&self, hash: BlobHash) -> Vec<u8> {
        let path = self
            .files()
            .remove(&hash.to_string())
            .unwrap_or_else(|| panic!("photo {hash} is not in the server's store"));
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Every whole photo in its store, by name.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, PathBuf> {
        let mut found = BTreeMap::new();
        let root = self.shared.as_ref().map_or_else(|| self.dir.join("blobs"), |shared| shared.bucket.clone());
        collect(&root, &mut found);
        found
    }
}

/// Photos lie as `ab/cd…`, by the hex of their hash.
fn collect(root: &Path, found: &mut BTreeMap<String, PathBuf>) {
    let children = |dir: &Path| {
        fs::read_dir(dir).into_iter().flatten().map_while(Result::ok).map(|e| e.path()).collect::<Vec<_>>()
    };
    let name = |path: &Path| path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
    for dir in children(root).into_iter().filter(|d| d.is_dir() && name(d).len() == 2) {
        for file in children(&dir).into_iter().filter(|f| name(f).len() == 62) {
            found.insert(name(&dir) + &name(&file), file);
        }
    }
}

/// The server's database file in its folder.
#[must_use]
pub fn database_in(dir: &Path) -> PathBuf {
    dir.join("mbs.db")
}
