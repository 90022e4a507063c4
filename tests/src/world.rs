//! Everything a story needs: a server, the line to it, tablets, people at the desk.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::TempDir;

use crate::network::Network;
use crate::people::Muhtarlik;
use crate::server::{PASSWORD, Server, User};
use crate::staff::{Directorate, Staff};
use crate::tablet::Device;

/// Roads on the Anatolian side.
pub const ROADS_ANATOLIA: &str = "md-yol-bakim-anadolu";
/// Traffic.
pub const TRAFFIC: &str = "md-trafik";

/// What backups in stories are sealed with.
const PASSPHRASE: &str = "yedi tepe yedek";

/// A server process, a line to it, and a folder for everything; gone when dropped.
#[derive(Debug)]
pub struct World {
    /// The server.
    pub server: Server,
    /// The line tablets reach it by.
    pub network: Network,
    dir: TempDir,
    tablets: usize,
}

impl Default for World {
    fn default() -> Self {
        Self::begin()
    }
}

impl World {
    /// A new city: an empty server and a good line.
    ///
    /// # Panics
    /// When it cannot be set up.
    #[must_use]
    pub fn begin() -> Self {
        Self::set_up(|_| Ok(()))
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
        let dir = tempfile::Builder::new()
            .prefix("mbs-story-")
            .tempdir()
            .unwrap_or_else(|e| panic!("no temporary folder: {e}"));
        let folder = dir.path().join("server");
        prepare(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let server = Server::start(&folder);
        let network = Network::to(server.addr()).unwrap_or_else(|e| panic!("no line: {e}"));
        Self { server, network, dir, tablets: 0 }
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
        self.server.kill();
        self.server.restart();
        self.network.lead_to(self.server.addr());
    }

    /// Stops the server in good order and starts it again; the line leads to the new one.
    pub fn restart_server(&mut self) {
        self.server.stop();
        self.server.restart();
        self.network.lead_to(self.server.addr());
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
        self.network.lead_to(self.server.addr());
    }

    fn staff(&self, login: &str, name: &str, role: &str, unit: &str) -> Staff {
        self.server.add_user(User { login, name, role, unit, password: PASSWORD });
        Staff::sign_in(&self.server.url(), login, PASSWORD).unwrap_or_else(|e| panic!("{login} cannot sign in: {e}"))
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
        Staff::sign_in(&self.server.url(), "muhtarliklar", PASSWORD)
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
        Directorate::new(&self.server.url(), &self.server.add_key(unit))
    }

    /// A program that also writes what its unit or institution decides.
    #[must_use]
    pub fn program_that_writes(&self, unit: &str) -> Directorate {
        Directorate::new(&self.server.url(), &self.server.add_writing_key(unit))
    }
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
