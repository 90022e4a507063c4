//! Two server processes side by side on one PostgreSQL database and one S3 store, and tablets that come to either.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::path::PathBuf;

use mbs_engines::postgres::{Care, Cluster};
use mbs_engines::s3::S3;
use tempfile::TempDir;

use crate::network::Network;
use crate::people::{Dice, Muhtarlik};
use crate::server::{PASSWORD, Server, Shared, User};
use crate::staff::{Directorate, Staff};
use crate::tablet::Device;

/// Where the photos lie in the bucket.
const PREFIX: &str = "city";

/// A city with two servers; everything is gone when dropped.
#[derive(Debug)]
pub struct Instances {
    /// The servers.
    pub servers: [Server; 2],
    /// The database's cluster.
    pub cluster: Cluster,
    /// Chance, from the story's seed.
    pub dice: Dice,
    tablets: usize,
    dir: TempDir,
    _store: S3,
}

/// A tablet with a line of its own, which leads to one of the servers.
#[derive(Debug)]
pub struct Hopper {
    /// The tablet.
    pub device: Device,
    /// Its line.
    pub network: Network,
}

impl Instances {
    /// A new city on a new cluster and store; the second server has a copy of the first one's keys.
    ///
    /// # Panics
    /// When it cannot be set up.
    #[must_use]
    pub fn begin(seed: u64) -> Self {
        let dir = tempfile::Builder::new().prefix("mbs-two-").tempdir().unwrap_or_else(|e| panic!("no folder: {e}"));
        let (cluster, store) = (Cluster::start(Care::Durable), S3::start());
        let shared =
            Shared { database: cluster.database(), photos: store.at(PREFIX), bucket: store.bucket().join(PREFIX) };
        let servers = Server::pair(dir.path(), &shared);
        Self { servers, cluster, dice: Dice::new(seed), tablets: 0, dir, _store: store }
    }

    /// A folder for something of this story.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// One of the servers, by chance.
    pub fn any(&mut self) -> &Server {
        let at = self.dice.below(2) as usize;
        &self.servers[at]
    }

    /// A new tablet of that muhtarlık: the code from one server, enrolled at one, by chance.
    ///
    /// # Panics
    /// When there is no line.
    pub fn tablet(&mut self, who: Muhtarlik) -> Hopper {
        self.tablets += 1;
        let dir = self.folder(&format!("tablet-{}", self.tablets));
        let code = self.any().enrol_code(who);
        let network = Network::to(self.any().addr()).unwrap_or_else(|e| panic!("no line: {e}"));
        let device = Device::open(&dir);
        device.enrol(&network.url(), &code);
        Hopper { device, network }
    }

    /// Leads a tablet's line to one of the servers, by chance; what was open is cut.
    pub fn hop(&mut self, tablet: &Hopper) {
        let to = self.any().addr();
        tablet.network.lead_to(to);
    }

    /// Ends a server at this very instruction and starts it again.
    pub fn kill_server(&mut self, which: usize) {
        self.servers[which].kill();
        self.servers[which].restart();
    }

    /// Ends PostgreSQL at this very instruction and starts it again.
    pub fn kill_database(&self) {
        self.cluster.kill();
        self.cluster.start_again();
    }

    /// Someone at the desk, signed in at one of the servers.
    ///
    /// # Panics
    /// When the sign-in fails.
    pub fn staff(&mut self, login: &str, name: &str, role: &str, unit: &str) -> Staff {
        self.any().add_user(User { login, name, role, unit, password: PASSWORD });
        Staff::sign_in(&self.any().url(), login, PASSWORD).unwrap_or_else(|e| panic!("{login} cannot sign in: {e}"))
    }

    /// The program of a unit.
    pub fn directorate(&mut self, unit: &str) -> Directorate {
        let key = self.any().add_key(unit);
        Directorate::new(&self.any().url(), &key)
    }
}
