//! A disk that has as much room as the test says.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, view};
use mbs_tablet::ports::system::SystemFiles;
use mbs_tablet::ports::{Files, Ports};

use super::{Rig, Server, ports};

/// The system's files, and its free bytes.
struct Disk(Arc<AtomicU64>);

impl Files for Disk {
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

impl Rig {
    /// Enrolled, and the free bytes of its disk: plenty at first.
    pub fn on_a_disk() -> (Self, Arc<AtomicU64>) {
        let (server, dir) = (Server::new(), tempfile::tempdir().unwrap());
        let free = Arc::new(AtomicU64::new(1 << 40));
        let (base, clock) = ports(dir.path(), &server, 1);
        let ports = Ports { files: Arc::new(Disk(Arc::clone(&free))), ..base };
        let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
        let rig = Self { dir, clock, server, ports, tablet };
        let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "X".into() });
        (rig, free)
    }
}
