//! What the disk promises: everything that was called durable survives a power cut at every single call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use mbs_server::blob_store::{BlobStore as _, Folder, Key};
use mbs_server::database::Database;
use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_shared::blob::name_of;
use mbs_shared::id::BlobHash;
use mbs_sim::chance::{Chance, SeededRandom};
use mbs_sim::vfs::{self, Disk, DiskFault, Machine};
use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::ports::{Ports, system};
use rusqlite::{Connection, OpenFlags};

const MACHINE: Machine = 1;

/// Something that keeps numbered things.
trait Keeper: Sized {
    /// Whether it is to lose nothing.
    const CAREFUL: bool = true;
    /// Opens it on the machine's disk.
    fn open() -> Result<Self, String>;
    /// Keeps thing `n`; whether it said that it is durable.
    fn keep(&self, n: u32) -> bool;
    /// The things it has, each whole.
    fn kept(&self) -> BTreeSet<u32>;
}

fn fresh(seed: u64) {
    vfs::register();
    vfs::reseed(seed);
    vfs::insert(MACHINE, Disk::new(Chance::new(seed).fork("disk")));
}

/// Keeps `n` things with the power going at call `at`; what was lost of what was called durable.
fn lost<K: Keeper>(seed: u64, at: u64, n: u32) -> Option<BTreeSet<u32>> {
    fresh(seed);
    vfs::tell(MACHINE, |disk| disk.plan(at, DiskFault::Crash));
    let mut said = BTreeSet::new();
    if let Ok(keeper) = K::open() {
        said.extend((0..n).filter(|i| keeper.keep(*i)));
        vfs::tell(MACHINE, Disk::turn_off);
    }
    let came = vfs::tell(MACHINE, |disk| disk.injected().crashes) > 0;
    vfs::tell(MACHINE, Disk::power_cut);
    let kept = match K::open() {
        Ok(keeper) => keeper.kept(),
        // Not to be opened any more: everything is lost.
        Err(_) if !K::CAREFUL => BTreeSet::new(),
        Err(why) => panic!("seed {seed}, call {at}: it does not open again: {why}"),
    };
    assert!(kept.len() <= said.len() + 1, "one thing at most was under way");
    came.then(|| said.difference(&kept).copied().collect())
}

/// Every call of a life that keeps `n` things, under `seeds` different disks: points tried, and points at which something was lost.
fn every_point<K: Keeper>(seeds: std::ops::Range<u64>, n: u32) -> (u64, u64) {
    let (mut points, mut losses) = (0, 0);
    for seed in seeds {
        for at in 0.. {
            match lost::<K>(seed, at, n) {
                None => break,
                Some(lost) => {
                    points += 1;
                    losses += u64::from(!lost.is_empty());
                }
            }
        }
    }
    (points, losses)
}

/// A bare database whose `synchronous` is `S`: 0 off, 1 normal, 2 full.
struct Bare<const S: u8>(Connection);

impl<const S: u8> Keeper for Bare<S> {
    const CAREFUL: bool = S == 2;

    fn open() -> Result<Self, String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let db = Connection::open_with_flags_and_vfs(vfs::folder(MACHINE).join("bare.db"), flags, vfs::NAME)
            .map_err(|e| e.to_string())?;
        db.execute_batch(&format!(
            "pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = {S};
             pragma wal_autocheckpoint = 8; create table if not exists t (n integer primary key, bytes blob)"
        ))
        .map_err(|e| e.to_string())?;
        Ok(Self(db))
    }

    fn keep(&self, n: u32) -> bool {
        self.0.execute("insert into t values (?1, ?2)", (n, vec![7; 3_000])).is_ok()
    }

    fn kept(&self) -> BTreeSet<u32> {
        if S == 2 {
            let sound: String = self.0.query_row("pragma integrity_check", [], |r| r.get(0)).unwrap();
            assert_eq!(sound, "ok");
        }
        let Ok(mut all) = self.0.prepare("select n from t where length(bytes) = 3000") else { return BTreeSet::new() };
        all.query_map([], |r| r.get(0)).unwrap().map_while(Result::ok).collect()
    }
}

/// The server's own database.
struct Server(Sqlite);

const SET: &str = "insert into meta (name, value) values ($1, 1)";
const ALL: &str = "select name from meta";

impl Keeper for Server {
    fn open() -> Result<Self, String> {
        let path = vfs::folder(MACHINE).join("mbs.db");
        let options = Options { path, vfs: Some(vfs::NAME.into()), readers: 0, exclusive: true };
        Sqlite::open(&options).map(Self).map_err(|e| e.to_string())
    }

    fn keep(&self, n: u32) -> bool {
        let db: &dyn Database = &self.0;
        db.change(|tx| tx.execute(SET, &[format!("thing{n}").as_str().into()])).is_ok()
    }

    fn kept(&self) -> BTreeSet<u32> {
        let db: &dyn Database = &self.0;
        let names = db.ask(|s| s.all(ALL, &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
        names.iter().filter_map(|n| n.strip_prefix("thing")?.parse().ok()).collect()
    }
}

/// The tablet as it is, encrypted.
struct Drafts(Tablet);

impl Keeper for Drafts {
    fn open() -> Result<Self, String> {
        let dir = vfs::folder(MACHINE);
        let ports = Ports {
            random: Arc::new(SeededRandom::new(Chance::new(5))),
            files: Arc::new(vfs::files::TabletFiles),
            key: Arc::new(system::FileKey::in_dir(&dir)),
            vfs: Some(vfs::NAME.into()),
            ..Ports::system(&dir)
        };
        Tablet::open(&dir, ports).map(Self).map_err(|e| format!("{e:?}"))
    }

    fn keep(&self, n: u32) -> bool {
        if n == 0 {
            return self.0.call(Call::EnrolPractice).is_ok_and(|_| false);
        }
        let Ok(draft) = self.0.call(Call::NewDraft) else { return false };
        let id = draft["row"]["id"].as_str().unwrap().parse().unwrap();
        let set = Fields { title: Some(format!("thing {n}")), ..Fields::default() };
        self.0.call(Call::SetDraft { id, set }).is_ok()
    }

    fn kept(&self) -> BTreeSet<u32> {
        let files = vfs::tell(MACHINE, |disk| disk.list("/1"));
        assert!(!files.iter().any(|f| f.contains("damaged")), "{files:?}");
        let all = self.0.call(Call::Requests { query: String::new() }).unwrap();
        let titles = all.as_array().unwrap().iter().map(|r| r["title"].as_str().unwrap().to_owned());
        titles.filter_map(|t| t.strip_prefix("thing ")?.parse().ok()).collect()
    }
}

/// The photo store.
struct Photos(Folder);

fn bytes(n: u32) -> Vec<u8> {
    n.to_le_bytes().repeat(700)
}

fn hash(n: u32) -> BlobHash {
    name_of(&bytes(n))
}

impl Keeper for Photos {
    fn open() -> Result<Self, String> {
        let root = vfs::folder(MACHINE).join("blobs");
        Folder::open_on(Box::new(vfs::files::ServerFiles), &root).map(Self).map_err(|e| e.to_string())
    }

    fn keep(&self, n: u32) -> bool {
        self.0.put(Key::Full(hash(n)), &bytes(n)).is_ok()
    }

    fn kept(&self) -> BTreeSet<u32> {
        let read = |n: &u32| self.0.get(Key::Full(hash(*n))).unwrap();
        let there = |n: &u32| {
            let found = read(n);
            assert!(found.is_none() || found == Some(bytes(*n)), "a name stands for its bytes");
            found.is_some()
        };
        (0..40).filter(there).collect()
    }
}

#[test]
fn full_loses_nothing_at_any_call() {
    let (points, losses) = every_point::<Bare<2>>(0..8, 12);
    assert_eq!(losses, 0, "of {points}");
    assert!(points > 500, "{points}");
}

#[test]
fn normal_and_off_are_caught() {
    assert!(every_point::<Bare<1>>(0..1, 12).1 > 0);
    assert!(every_point::<Bare<0>>(0..1, 12).1 > 0);
}

#[test]
fn the_servers_database_loses_nothing_at_any_call() {
    let (points, losses) = every_point::<Server>(0..3, 10);
    assert_eq!(losses, 0, "of {points}");
    assert!(points > 100, "{points}");
}

#[test]
fn the_tablets_encrypted_database_loses_nothing_at_any_call() {
    let (points, losses) = every_point::<Drafts>(0..1, 6);
    assert_eq!(losses, 0, "of {points}");
    assert!(points > 100, "{points}");
}

#[test]
fn the_photo_store_loses_nothing_at_any_call() {
    let (points, losses) = every_point::<Photos>(0..30, 6);
    assert_eq!(losses, 0, "of {points}");
    assert!(points > 500, "{points}");
}

#[test]
fn a_photo_stored_again_after_a_refused_sync_is_durable_when_it_says_so() {
    for nth in 0..8 {
        fresh(nth);
        let store = Photos::open().unwrap();
        vfs::tell(MACHINE, |disk| disk.plan(nth, DiskFault::SyncFails));
        // The tablet sends it again until it is taken.
        while !store.keep(3) {}
        vfs::tell(MACHINE, Disk::turn_off);
        // Whatever the device keeps by itself: the worst of forty cuts.
        let disk = vfs::copy_uncertain(MACHINE).unwrap();
        for seed in 0..40 {
            vfs::insert(MACHINE, disk.with_chance(Chance::new(seed)));
            vfs::tell(MACHINE, Disk::power_cut);
            assert_eq!(Photos::open().unwrap().kept(), BTreeSet::from([3]), "sync {nth} refused, cut {seed}");
        }
    }
}
