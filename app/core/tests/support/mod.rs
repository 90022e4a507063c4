//! A tablet with virtual time, and a server it talks to.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on stops here")]

mod disk;
mod line;
mod server;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use mbs_shared::id::RequestId;
use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, Fields, view};
use mbs_tablet::ports::{Clock, Ports, Random, Transport};
use serde::de::DeserializeOwned;

pub use line::{Fault, Line, Lines};
pub use server::{Server, envelope, signing_key};

/// 24 November 2026, 09:00 in Istanbul.
pub const MORNING: i64 = 1_795_500_000_000;
pub const MUHTAR: &str = "kadikoy-rasimpasa";

/// A clock that is set by hand.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn set(&self, at: i64) {
        self.0.store(at, Ordering::SeqCst);
    }
    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Random bytes from a seed (splitmix64).
pub struct Seeded(AtomicU64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A tablet, its folder, its clock.
pub struct Rig {
    pub dir: tempfile::TempDir,
    pub clock: Arc<HandClock>,
    pub server: Arc<Mutex<Server>>,
    pub ports: Ports,
    pub tablet: Tablet,
}

pub fn ports(dir: &Path, server: &Arc<Mutex<Server>>, seed: u64) -> (Ports, Arc<HandClock>) {
    let clock = Arc::new(HandClock(AtomicI64::new(MORNING)));
    let ports = Ports {
        clock: clock.clone(),
        random: Arc::new(Seeded::new(seed)),
        connect: Arc::new(Lines(server.clone())),
        ..Ports::system(dir)
    };
    (ports, clock)
}

impl Rig {
    /// Enrolled at a server of its own.
    pub fn new() -> Self {
        Self::at(&Server::new(), 1)
    }

    pub fn at(server: &Arc<Mutex<Server>>, seed: u64) -> Self {
        let rig = Self::bare(server, seed);
        let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "ab cd-12".into() });
        rig
    }

    /// Not enrolled.
    pub fn bare(server: &Arc<Mutex<Server>>, seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (ports, clock) = ports(dir.path(), server, seed);
        let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
        Self { dir, clock, server: server.clone(), ports, tablet }
    }

    /// As after the battery was pulled: another process opens a copy of the files as they lie there now.
    pub fn pulled(self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(self.dir.path(), dir.path());
        let (ports, clock) = ports(dir.path(), &self.server, 99);
        clock.set(self.ports.clock.now());
        let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
        Self { dir, clock, server: self.server.clone(), ports, tablet }
    }

    pub fn call<T: DeserializeOwned>(&self, call: Call) -> T {
        let said = format!("{call:?}");
        serde_json::from_value(self.tablet.call(call).unwrap_or_else(|e| panic!("{said}: {e}"))).unwrap()
    }

    pub fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    pub fn draft(&self, words: &str) -> RequestId {
        let new: view::Request = self.call(Call::NewDraft);
        let set = Fields { desc: Some(words.into()), ..Fields::default() };
        let _: view::Request = self.call(Call::SetDraft { id: new.row.id, set });
        new.row.id
    }

    pub fn send(&self, words: &str) -> RequestId {
        let id = self.draft(words);
        let _: view::Request = self.call(Call::Send { id });
        id
    }

    pub fn show(&self, id: RequestId) -> view::Request {
        self.call(Call::Request { id })
    }

    pub fn status(&self) -> view::Status {
        self.call(Call::Status)
    }

    pub fn add_photo(&self, id: RequestId, file: &str) -> view::PhotoStep {
        let bytes = std::fs::read(photos().join(file)).unwrap();
        let mut answer = None;
        for (n, slice) in bytes.chunks(300_000).enumerate() {
            use base64::Engine as _;
            answer = Some(self.call(Call::AddPhoto {
                id,
                upload: 1,
                offset: u32::try_from(n * 300_000).unwrap(),
                total: u32::try_from(bytes.len()).unwrap(),
                data: base64::engine::general_purpose::STANDARD.encode(slice),
            }));
        }
        answer.unwrap()
    }

    pub fn sync(&self) -> mbs_tablet::Summary {
        self.sync_over(&mut Line(self.server.clone()))
    }

    pub fn sync_over(&self, line: &mut dyn Transport) -> mbs_tablet::Summary {
        self.tablet.sync_until_idle(line).unwrap()
    }
}

pub fn photos() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/photos")
}

pub fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
