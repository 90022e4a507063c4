//! SQLite, the tablet's files and the photo store, all on disks in memory that lose what was not synced.
//!
//! A machine has a number and a disk; a path `/3/mbs.db` is the file `mbs.db` on the disk of machine 3.
//! Disks belong to the thread that made them, because a simulated city runs in one thread.

pub mod disk;
pub mod files;
mod sqlite;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

pub use disk::{Disk, DiskFault, Injected, Trouble};
pub use sqlite::{NAME, memory as sqlite_memory, reseed};

use disk::DiskResult;

thread_local! {
    static MACHINES: RefCell<Vec<Option<Disk>>> = const { RefCell::new(Vec::new()) };
}

/// Number of a machine.
pub type Machine = u32;

/// Makes the VFS known to SQLite; harmless when it is.
pub fn register() {
    sqlite::register();
}

/// Gives a machine that disk; what it had before is gone.
pub fn insert(machine: Machine, disk: Disk) {
    MACHINES.with_borrow_mut(|all| {
        let at = machine as usize;
        if all.len() <= at {
            all.resize_with(at + 1, || None);
        }
        if let Some(slot) = all.get_mut(at) {
            *slot = Some(disk);
        }
    });
}

/// Does something with a machine's disk; [`Trouble::Off`] when there is none.
///
/// # Errors
/// What `work` says.
pub fn with<T>(machine: Machine, work: impl FnOnce(&mut Disk) -> DiskResult<T>) -> DiskResult<T> {
    MACHINES.with_borrow_mut(|all| match all.get_mut(machine as usize) {
        Some(Some(disk)) => work(disk),
        _ => Err(Trouble::Off),
    })
}

/// Does something with a machine's disk that cannot fail; nothing when there is none.
pub fn tell<T: Default>(machine: Machine, work: impl FnOnce(&mut Disk) -> T) -> T {
    with(machine, |disk| Ok(work(disk))).unwrap_or_default()
}

/// Bytes of memory that all disks take.
#[must_use]
pub fn memory() -> usize {
    MACHINES.with_borrow(|all| all.iter().flatten().map(Disk::memory).sum())
}

/// A copy of a machine's disk as it is, for another machine.
#[must_use]
pub fn copy(from: Machine, to: Machine, chance: crate::chance::Chance) -> Option<Disk> {
    with(from, |disk| Ok(disk.copy(&root(from), &root(to), chance))).ok()
}

/// A machine's disk with everything that is not certain, to try several power cuts of it.
#[must_use]
pub fn copy_uncertain(machine: Machine) -> Option<Disk> {
    with(machine, |disk| Ok(disk.clone())).ok()
}

/// Root of a machine's paths.
fn root(machine: Machine) -> String {
    format!("/{machine}")
}

/// The folder of a machine.
#[must_use]
pub fn folder(machine: Machine) -> PathBuf {
    PathBuf::from(root(machine))
}

/// The machine of a path, and the path as the disk knows it.
fn place(path: &Path) -> DiskResult<(Machine, &str)> {
    let text = path.to_str().ok_or(Trouble::Missing)?;
    let machine = text.strip_prefix('/').and_then(|t| t.split('/').next()).and_then(|n| n.parse().ok());
    Ok((machine.ok_or(Trouble::Missing)?, text))
}
