//! The copy from before a migration: how long it stays, what it must not keep, and a disk without room for it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

mod support;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mbs_shared::wire::sync::RowBody;
use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, view};
use mbs_tablet::ports::system::SystemFiles;
use mbs_tablet::ports::{Files, Ports};
use mbs_tablet::store::migrate;
use support::{MORNING, Rig, Server, copy, ports};

const DAY: i64 = 24 * 3_600_000;

/// The system's files on a disk that has little room, or is found to be full while it is copied to.
#[derive(Clone, Copy)]
enum Disk {
    Roomy,
    Small,
    FullMeanwhile,
}

impl Files for Disk {
    fn exists(&self, path: &Path) -> bool {
        SystemFiles.exists(path)
    }
    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(if matches!(self, Self::Small) { 1 << 20 } else { 1 << 40 })
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
        if matches!(self, Self::FullMeanwhile) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        SystemFiles.copy(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        SystemFiles.remove(path)
    }
}

/// A tablet of the first release, whose folder this version opens on that day.
fn updated(dir: tempfile::TempDir, disk: Disk, day: i64) -> Rig {
    let server = Server::new();
    let (base, clock) = ports(dir.path(), &server, 5);
    clock.set(MORNING + (30 + day) * DAY);
    let ports = Ports { files: Arc::new(disk), ..base };
    let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
    Rig { dir, clock, server, ports, tablet }
}

fn released() -> tempfile::TempDir {
    let release = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/releases/0.1/tablet");
    let dir = tempfile::tempdir().unwrap();
    copy(&release, dir.path());
    dir
}

/// The same tablet, opened again a day later.
fn next_day(rig: Rig, day: i64) -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let Rig { dir: old, tablet, .. } = rig;
    drop(tablet);
    copy(old.path(), dir.path());
    updated(dir, Disk::Roomy, day)
}

fn copies(rig: &Rig) -> Vec<String> {
    let names =
        std::fs::read_dir(rig.dir.path()).unwrap().map(|f| f.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("mbs-before-")).collect()
}

fn this_version() -> String {
    format!("mbs-before-{}.db", migrate::latest())
}

fn numbers(rig: &Rig) -> Vec<String> {
    let rows: Vec<view::Row> = rig.call(Call::Requests { query: String::new() });
    rows.into_iter().map(|row| row.case_no).collect()
}

#[test]
fn it_stays_until_this_version_was_opened_again_and_has_met_the_server() {
    let dir = released();
    std::fs::write(dir.path().join("mbs-before-3.db"), b"of an earlier update").unwrap();
    std::fs::write(dir.path().join("mbs-before-4.db.part"), b"half of one").unwrap();
    let rig = updated(dir, Disk::Roomy, 0);
    assert_eq!(copies(&rig), [this_version()], "the one before is of no use any more");
    // It is whole: put back, it is the tablet as it was.
    let back = released();
    let kept: PathBuf = rig.dir.path().join(this_version());
    std::fs::copy(kept, back.path().join("mbs.db")).unwrap();
    let all = numbers(&rig);
    assert!(!all.is_empty());
    assert_eq!(numbers(&updated(back, Disk::Roomy, 0)), all);
    // Opened again without having met the server it may still be wanted; and meeting the server alone ends nothing.
    let rig = next_day(rig, 1);
    assert_eq!(copies(&rig), [this_version()]);
    rig.sync();
    assert_eq!(copies(&rig), [this_version()]);
    let rig = next_day(rig, 2);
    assert_eq!(copies(&rig), Vec::<String>::new());
    assert_eq!(numbers(&rig), all);
}

#[test]
fn what_is_erased_by_law_does_not_outlive_it_there() {
    let rig = updated(released(), Disk::Roomy, 0);
    assert_eq!(copies(&rig), [this_version()]);
    let rows: Vec<view::Row> = rig.call(Call::Requests { query: String::new() });
    rig.server().publish(rows[0].id, RowBody::Erased);
    rig.sync();
    assert!(!numbers(&rig).contains(&rows[0].case_no));
    assert_eq!(copies(&rig), Vec::<String>::new());
}

#[test]
fn a_disk_without_room_for_it_keeps_nobody_from_his_words() {
    let all = numbers(&updated(released(), Disk::Roomy, 0));
    for disk in [Disk::Small, Disk::FullMeanwhile] {
        let rig = updated(released(), disk, 0);
        assert_eq!((copies(&rig), numbers(&rig)), (Vec::new(), all.clone()));
        let id = rig.draft("Yeni sözler");
        assert_eq!(rig.pulled().show(id).desc, "Yeni sözler");
    }
}
