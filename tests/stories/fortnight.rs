//! Story 11: a fortnight in airplane mode. 200 requests with four photos each, corrections, withdrawals, an app that is killed
//! again and again, a clock that jumps, a disk that fills up; then a line that is cut every five seconds. Nothing is lost,
//! nothing doubled, and every photo is on the server as it is on the tablet.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use mbs_shared::blob::name_of;
use mbs_shared::id::RequestId;
use mbs_shared::routing::State;
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::Fields;
use mbs_tablet::error::Code;
use mbs_tablet::ports::system::SystemFiles;
use mbs_tablet::ports::{Clock, Files, Ports};
use mbs_tests::network::GPRS;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, new_photo, words};
use mbs_tests::server::Server;
use mbs_tests::simulated::{Quality, SimulatedLine, SimulatedServer, VirtualClock};
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::copy_folder;

const REQUESTS: usize = 200;
const PHOTOS: usize = 4;
const DAY: i64 = 86_400_000;
const GOOD: Quality = Quality { bytes_per_second: 1_000_000, latency: 20, cut_each: 0 };
const BAD: Quality = Quality { bytes_per_second: GPRS, latency: 300, cut_each: 5_000 };

/// The tablet's clock: the world's, set wrong.
struct Jumping(Arc<VirtualClock>, Arc<AtomicI64>);

impl Clock for Jumping {
    fn now(&self) -> i64 {
        self.0.read() + self.1.load(Ordering::SeqCst)
    }
}

/// The system's files on a disk that has as much room as is said.
struct Filling(Arc<AtomicU64>);

impl Files for Filling {
    fn exists(&self, path: &Path) -> bool {
        SystemFiles.exists(path)
    }
    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        SystemFiles.make_dir(dir)
    }
    fn modified(&self, path: &Path) -> io::Result<i64> {
        SystemFiles.modified(path)
    }
    fn read(&self, path: &Path, cap: u64) -> io::Result<Vec<u8>> {
        SystemFiles.read(path, cap)
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        SystemFiles.write(path, bytes)
    }
    fn reserve(&self, path: &Path, len: u64) -> io::Result<()> {
        SystemFiles.reserve(path, len)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemFiles.rename(from, to)
    }
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemFiles.copy(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        SystemFiles.remove(path)
    }
}

/// The muhtar's tablet and what befalls it.
struct Field {
    device: Device,
    line: SimulatedLine,
    clock: Arc<VirtualClock>,
    off: Arc<AtomicI64>,
    free: Arc<AtomicU64>,
    home: PathBuf,
    kills: u32,
}

impl Field {
    fn open(home: &Path, name: &str, line: &SimulatedLine, clock: &Arc<VirtualClock>) -> Self {
        let (off, free) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU64::new(1 << 40)));
        let (clock, line, home) = (Arc::clone(clock), line.clone(), home.to_path_buf());
        let dir = home.join(name);
        let device = Device::open_with(&dir, Self::ports(&dir, &line, &clock, &off, &free));
        Self { device, line, clock, off, free, home, kills: 0 }
    }

    fn ports(
        dir: &Path,
        line: &SimulatedLine,
        clock: &Arc<VirtualClock>,
        off: &Arc<AtomicI64>,
        free: &Arc<AtomicU64>,
    ) -> Ports {
        Ports {
            clock: Arc::new(Jumping(Arc::clone(clock), Arc::clone(off))),
            files: Arc::new(Filling(Arc::clone(free))),
            ..line.ports(dir)
        }
    }

    /// The app ends at this very moment: what lies on the disk now, without its leave, is what it begins with again.
    fn killed(mut self) -> Self {
        self.kills += 1;
        let dir = self.home.join(format!("tablet-{}", self.kills));
        copy_folder(&self.device.dir, &dir).unwrap();
        let old = self.device.dir.clone();
        self.device = Device::open_with(&dir, Self::ports(&dir, &self.line, &self.clock, &self.off, &self.free));
        std::fs::remove_dir_all(old).unwrap();
        self
    }
}

#[test]
fn a_fortnight_in_airplane_mode_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server_dir = dir.path().join("server");
    let mut process = Server::start(&server_dir);
    let code = process.enrol_code(RASIMPASA);
    process.stop();
    let clock = VirtualClock::at(jiff::Timestamp::now().as_millisecond());
    let server = SimulatedServer::open(&server_dir, &clock);
    let line = SimulatedLine::to(&server, &clock, Some(GOOD));
    let mut field = Field::open(dir.path(), "tablet-0", &line, &clock);
    field.device.enrol("https://mbs.example", &code);

    line.becomes(None);
    let begun = clock.read();
    let mut filed: Vec<RequestId> = Vec::new();
    // Corrections of each, those that were withdrawn, and those whose photos found no room at first.
    let (mut edits, mut withdrawn, mut owed) = (vec![0_u32; REQUESTS], Vec::new(), Vec::new());
    let photos = |n: usize| (0..PHOTOS).map(move |p| new_photo((n * PHOTOS + p) as u64 + 90_000, 6));
    for (n, words) in words().iter().skip(400).take(REQUESTS).enumerate() {
        let full = (80..95).contains(&n);
        field.free.store(if full { 10 << 20 } else { 1 << 40 }, Ordering::SeqCst);
        let new = New::of(words).at(RASIMPASA_PLACE);
        if full {
            let draft = field.device.draft(&new).unwrap();
            let refused = field.device.add_photo(draft.row.id, 1, &new_photo(n as u64, 6)).unwrap_err();
            assert_eq!(refused.code, Code::DiskFull, "said before anything is begun");
            let sent = field.device.file(&new).unwrap();
            filed.push(sent.row.id);
            owed.push(n);
            field.device.ask(mbs_tablet::door::Call::DiscardDraft { id: draft.row.id }).unwrap();
        } else {
            filed.push(field.device.file(&new.with_photos(photos(n))).unwrap().row.id);
            for late in owed.drain(..) {
                for (upload, photo) in (900..).zip(photos(late)) {
                    field.device.add_photo(filed[late], upload, &photo).unwrap();
                    edits[late] += 1;
                }
            }
        }
        if n % 5 == 4 {
            let which = n * 7 % (n + 1);
            let set = Fields { addr: Some(format!("Rıhtım Caddesi {n}")), ..Fields::default() };
            field.device.edit(filed[which], set).unwrap();
            edits[which] += 1;
        }
        if n % 20 == 19 {
            field.device.say(filed[n], EntryKind::Withdraw, "").unwrap();
            withdrawn.push(n);
        }
        if n % 17 == 16 {
            field = field.killed();
        }
        if n % 33 == 20 {
            // Years back, years ahead, and right again.
            field.off.store([-900, 4_000, 0][n / 33 % 3] * DAY, Ordering::SeqCst);
        }
        let next = begun + 14 * DAY * (n as i64 + 1) / REQUESTS as i64;
        line.drive(&field.device.tablet, next, || false);
        clock.go_to(next);
    }
    field.off.store(0, Ordering::SeqCst);
    assert_eq!(field.device.requests().len(), REQUESTS, "not one was lost by a kill");
    let changes: u32 = edits.iter().sum();
    let waits = REQUESTS * (1 + PHOTOS) + changes as usize + withdrawn.len();
    assert_eq!(field.device.status().waiting as usize, waits);

    // The line is back, and bad; the app is killed in the middle of it all the same.
    line.becomes(Some(BAD));
    let back = clock.read();
    for half_hour in 1.. {
        assert!(half_hour < 96, "after two days {} things still wait", field.device.status().waiting);
        if line.drive(&field.device.tablet, back + half_hour * 1_800_000, || field.device.status().waiting == 0) {
            break;
        }
        if half_hour % 3 == 0 {
            field = field.killed();
        }
    }
    println!("{} kills; all of it over the bad line in {} s", field.kills, (clock.read() - back) / 1_000);
    line.becomes(Some(GOOD));
    line.drive(&field.device.tablet, clock.read() + 3_600_000, || false);

    let records: std::collections::HashMap<_, _> = process.records().into_iter().map(|r| (r.id, r)).collect();
    assert_eq!(records.len(), REQUESTS);
    for (n, id) in filed.iter().enumerate() {
        let (record, request) = (&records[id], field.device.request(*id));
        assert_eq!((record.changes, record.photos, record.here), (1 + edits[n], 4, 4), "{n}: {record:?}");
        assert!(is_delivered(&request.row), "{n}: {:?}", request.row);
        if withdrawn.contains(&n) {
            // What went to an institution at once is not called back; that he wishes it stands there.
            let (state, wish) = (request.row.state, request.wish);
            assert!(state == Some(State::Cancelled) || (state == Some(State::External) && wish), "{n}: {state:?}");
        } else {
            assert_ne!(request.row.state, Some(State::Cancelled), "{n}");
        }
        for photo in &request.photos {
            let there = process.photo(photo.hash);
            assert!(name_of(&there) == photo.hash && there == field.device.photo(photo.hash), "{n}: {}", photo.hash);
        }
    }
    assert_eq!(process.doubled(), Vec::<String>::new());
    assert_eq!(process.number("select count(*) from quarantine"), 0);
    assert_eq!(field.device.status().quarantined, 0);
}
