//! Everything a story needs: a server, the line to it, tablets, people at the desk.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{fs, io};

use mbs_engines::postgres::{Care, Cluster};
use mbs_engines::s3::S3;
use tempfile::TempDir;

use crate::network::Network;
use crate::people::{Dice, Muhtarlik};
use crate::server::{PASSWORD, Server, Shared, User};
use crate::staff::{Directorate, Staff};
use crate::tablet::Device;

/// Roads on the Anatolian side.
pub const ROADS_ANATOLIA: &str = "md-yol-bakim-anadolu";
/// Traffic.
pub const TRAFFIC: &str = "md-trafik";

/// What backups in stories are sealed with.
const PASSPHRASE: &str = "yedi tepe yedek";

/// With this set to `two`, stories are played on two servers side by side: see [`World::begin`].
pub const SERVERS: &str = "MBS_SERVERS";

/// A server process, a line to it, and a folder for everything; gone when dropped.
#[derive(Debug)]
pub struct World {
    /// The server.
    pub server: Server,
    /// The line tablets reach it by.
    pub network: Network,
    /// The other one of two.
    beside: Option<Beside>,
    dir: TempDir,
    tablets: usize,
}

/// A second server on the same database and photos.
#[derive(Debug)]
struct Beside {
    server: Server,
    /// What people and programs reach either by.
    network: Network,
    /// Which of the two is meant, where one is.
    dice: Dice,
}

impl Default for World {
    fn default() -> Self {
        Self::begin()
    }
}

impl World {
    /// A new city: an empty server and a good line. With [`SERVERS`] set to `two` there are two servers, on one PostgreSQL
    /// database and one S3 store, and every exchange of tablets, people and programs goes to one of them, by chance.
    ///
    /// # Panics
    /// When it cannot be set up.
    #[must_use]
    pub fn begin() -> Self {
        if std::env::var(SERVERS).is_ok_and(|how| how == "two") { Self::with_two() } else { Self::set_up(|_| Ok(())) }
    }

    fn with_two() -> Self {
        let dir = folder();
        let (store, prefix) = (S3::shared(), dir.path().file_name().and_then(|name| name.to_str()).unwrap_or_default());
        let (photos, bucket) = (store.at(prefix), store.bucket().join(prefix));
        let shared = Shared { database: cluster().database(), photos, bucket };
        let [server, second] = Server::pair(dir.path(), &shared);
        let both = [server.addr(), second.addr()];
        let [network, people] =
            [1, 2].map(|seed| Network::to_any(&both, seed).unwrap_or_else(|e| panic!("no line: {e}")));
        let beside = Some(Beside { server: second, network: people, dice: Dice::new(3) });
        Self { server, network, beside, dir, tablets: 0 }
    }

    /// A city whose server goes on with a copy of the folder `from`.
    ///
    /// # Panics
    /// When it cannot be set up.
    #[must_use]
    pub fn taken_over(from: &Path) -> Self {
        Self::set_up(|server| copy_folder(from, server))
    }

    fn set_up(prepare: impl FnOnce(&Path) -> io::Result<()>) -> Self {
        let dir = folder();
        let folder = dir.path().join("server");
        prepare(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let server = Server::start(&folder);
        let network = Network::to(server.addr()).unwrap_or_else(|e| panic!("no line: {e}"));
        Self { server, network, beside: None, dir, tablets: 0 }
    }

    /// A folder for something of this story.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A new tablet of that muhtarlık, enrolled over the line.
    pub fn tablet(&mut self, who: Muhtarlik) -> Device {
        self.tablets += 1;
        let device = Device::open(&self.folder(&format!("tablet-{}", self.tablets)));
        device.enrol(&self.network.url(), &self.server.enrol_code(who));
        device
    }

    /// Ends the server at this very instruction and starts it again; the line leads to the new one.
    pub fn kill_server(&mut self) {
        self.one_of_them(Server::kill);
    }

    /// Ends one of the servers as said, and starts it again.
    fn one_of_them(&mut self, end: fn(&mut Server)) {
        let other = self.beside.as_mut().and_then(|beside| (beside.dice.below(2) == 1).then_some(&mut beside.server));
        let which = other.unwrap_or(&mut self.server);
        end(which);
        which.restart();
        self.lead();
    }

    /// Leads all lines to where the servers listen now.
    fn lead(&self) {
        let Some(beside) = &self.beside else { return self.network.lead_to(self.server.addr()) };
        let both = [self.server.addr(), beside.server.addr()];
        self.network.lead_to_any(&both);
        beside.network.lead_to_any(&both);
    }

    /// Everything the servers have printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.beside.as_ref().map_or_else(String::new, |beside| beside.server.log()) + &self.server.log()
    }

    /// Where people and programs reach the server.
    #[must_use]
    pub fn url(&self) -> String {
        self.beside.as_ref().map_or_else(|| self.server.url(), |beside| beside.network.url())
    }

    /// Stops the server in good order and starts it again; the line leads to the new one.
    pub fn restart_server(&mut self) {
        self.one_of_them(Server::stop);
    }

    /// A sealed backup beside the running server.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn back_up(&self, name: &str) -> PathBuf {
        let file = self.folder(name);
        let path = file.to_str().unwrap_or_else(|| panic!("{}", file.display()));
        let words = ["backup", path];
        self.server.run_with(&words, PASSPHRASE).unwrap_or_else(|e| panic!("backup: {e}"));
        file
    }

    /// The server's disk is lost: it is restored from `backup` into a new folder, with the journal of the old
    /// one where `journal` says so, and started.
    ///
    /// # Panics
    /// When the backup cannot be restored, or what is restored cannot be proven.
    pub fn restore_server(&mut self, backup: &Path, journal: bool) {
        self.server.kill();
        let old = self.server.dir.join("journal");
        let name = format!("{}-again", self.server.dir.display());
        self.server = Server::on(Path::new(&name));
        let mut words = vec!["restore".to_owned(), backup.display().to_string()];
        if journal {
            words.extend(["--journal".to_owned(), old.display().to_string()]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.server.run_with(&words, PASSPHRASE).unwrap_or_else(|e| panic!("restore: {e}"));
        drop(self.server.run(&["verify"]));
        self.server.restart();
        self.lead();
    }

    fn staff(&self, login: &str, name: &str, role: &str, unit: &str) -> Staff {
        self.server.add_user(User { login, name, role, unit, password: PASSWORD });
        Staff::sign_in(&self.url(), login, PASSWORD).unwrap_or_else(|e| panic!("{login} cannot sign in: {e}"))
    }

    /// Triage: Muhtarlıklar Müdürlüğü.
    #[must_use]
    pub fn triage(&self) -> Staff {
        self.staff("muhtarliklar", "Muhtarlıklar Müdürlüğü", "triage", "")
    }

    /// Triage, signed in once more.
    ///
    /// # Panics
    /// When the sign-in fails.
    #[must_use]
    pub fn triage_again(&self) -> Staff {
        Staff::sign_in(&self.url(), "muhtarliklar", PASSWORD)
            .unwrap_or_else(|e| panic!("triage cannot sign in again: {e}"))
    }

    /// A unit's desk: works and approves.
    #[must_use]
    pub fn unit(&self, unit: &str) -> Staff {
        self.staff(unit, "Birim Sorumlusu", "approver", unit)
    }

    /// The program of a unit.
    #[must_use]
    pub fn directorate(&self, unit: &str) -> Directorate {
        Directorate::new(&self.url(), &self.server.add_key(unit))
    }

    /// A program that also writes what its unit or institution decides.
    #[must_use]
    pub fn program_that_writes(&self, unit: &str) -> Directorate {
        Directorate::new(&self.url(), &self.server.add_writing_key(unit))
    }
}

/// Where the databases of all stories on two servers lie, durably: `verify` asks for it.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(Care::Durable))
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("mbs-story-").tempdir().unwrap_or_else(|e| panic!("no temporary folder: {e}"))
}

/// Copies a folder with everything in it.
///
/// # Errors
/// As the file system says.
pub fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let there = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &there)?;
        } else {
            fs::copy(entry.path(), &there)?;
        }
    }
    Ok(())
}
