//! A tablet machine: the real core on a disk in memory.

use std::cell::RefCell;
use std::sync::Arc;

use mbs_server::service::Service;
use mbs_shared::id::RequestId;
use mbs_tablet::Tablet;
use mbs_tablet::error::Result;
use mbs_tablet::ports::{Connect, Cut, Files, HttpReply, HttpRequest, KeySource, Ports, Random, Transport};

use crate::chance::{Chance, SeededRandom};
use crate::clock::SimClock;
use crate::server;
use crate::vfs::{self, Disk, Machine};

/// Key of every tablet's database.
pub const KEY: [u8; 32] = [0x3c; 32];

struct Known;

impl KeySource for Known {
    fn key(&self, _: &dyn Files, _: &dyn Random) -> Result<[u8; 32]> {
        Ok(KEY)
    }
}

thread_local! {
    /// The server an enrolment reaches.
    static HOME: RefCell<Option<Arc<Service>>> = const { RefCell::new(None) };
}

/// Lets enrolments reach that server, or none.
pub fn enrol_at(service: Option<Arc<Service>>) {
    HOME.set(service);
}

/// A line that never fails, for enrolments.
struct Straight;

impl Connect for Straight {
    fn connect(&self, _: &str) -> Result<Box<dyn Transport>> {
        Ok(Box::new(Self))
    }
}

impl Transport for Straight {
    fn send(&mut self, request: HttpRequest) -> std::result::Result<HttpReply, Cut> {
        let cut = || Cut("no server".into());
        let service = HOME.with_borrow(Clone::clone).ok_or_else(cut)?;
        let len = request.body.len();
        server::at_once(&service, Box::pin(server::answer(service.clone(), request, len))).ok_or_else(cut)
    }
}

/// A copy of a tablet's disk.
pub struct Copy {
    /// The disk.
    pub disk: Disk,
    /// How many things were saved by then.
    pub saved: usize,
    /// Number of the device it was enrolled as.
    pub device: u64,
}

/// One tablet.
pub struct Machinery {
    /// Number of its machine.
    pub machine: Machine,
    /// Which muhtarlık it serves: tablets of one share everything.
    pub mandate: usize,
    /// Its clock.
    pub clock: Arc<SimClock>,
    /// The app, while it runs.
    pub app: Option<Tablet>,
    /// Which life this is: what belongs to an earlier one comes too late.
    pub life: u32,
    /// Ticket of the request under way.
    pub flight: Option<u64>,
    /// The planned step that counts.
    pub planned: u64,
    /// Requests sent here or seen here.
    pub known: Vec<RequestId>,
    /// Whether the request under way is an exchange of words and news.
    pub syncs: bool,
    /// Whether it carries something to keep.
    pub carries: bool,
    /// The last answer to such a request in this life, and in an earlier one.
    pub answers: [Option<HttpReply>; 2],
    /// A copy of its disk, for a later restore.
    pub backup: Option<Copy>,
    /// Exchanges that were answered well, and when the last one was, Unix ms.
    pub heard: (u32, i64),
    /// Number of the device it is enrolled as.
    pub device: u64,
    /// Whether that device was revoked.
    pub revoked: bool,
    /// A bit of its database changed; what no server had then.
    pub rotten: Option<Vec<String>>,
    chance: Chance,
}

impl Machinery {
    /// A tablet that is off.
    #[must_use]
    pub const fn new(machine: Machine, mandate: usize, clock: Arc<SimClock>, chance: Chance) -> Self {
        Self {
            machine,
            mandate,
            clock,
            app: None,
            life: 0,
            flight: None,
            planned: 0,
            known: Vec::new(),
            syncs: false,
            carries: false,
            answers: [None, None],
            backup: None,
            heard: (0, 0),
            device: 0,
            revoked: false,
            rotten: None,
            chance,
        }
    }

    /// Starts the app.
    ///
    /// # Errors
    /// What the start says.
    pub fn open(&mut self) -> Result<()> {
        let dir = vfs::folder(self.machine);
        self.life += 1;
        let [now, earlier] = &mut self.answers;
        *earlier = now.take().or(earlier.take());
        let random = SeededRandom::new(self.chance.fork(&format!("life {}", self.life)));
        let ports = Ports {
            clock: self.clock.clone(),
            random: Arc::new(random),
            files: Arc::new(vfs::files::TabletFiles),
            key: Arc::new(Known),
            connect: Arc::new(Straight),
            vfs: Some(vfs::NAME.into()),
            exports: dir.join("exports"),
        };
        self.app = Some(Tablet::open(&dir, ports)?);
        Ok(())
    }

    /// The app ends, whatever it was doing. With the power on, SQLite tidies up.
    pub fn end(&mut self) {
        self.app = None;
        self.flight = None;
        self.planned = u64::MAX;
    }
}
