//! A tablet that is open in this process: one a folder, whoever needs it. The window and what runs while nobody looks may
//! come in any order, and the second one to come takes what the first one has.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mbs_tablet::Tablet;
use mbs_tablet::error::{Code, fail};
use mbs_tablet::ports::Ports;

use crate::folder::{self, Held};
use crate::key::PlatformKey;
use crate::trouble::Trouble;

/// What is open. Fields are dropped in this order: the lock last.
struct Folder {
    tablet: Arc<Tablet>,
    dir: PathBuf,
    _held: Held,
}

/// A share in an open tablet; closed with the last one.
pub(crate) struct Opened(Option<Arc<Folder>>);

static OPENED: Mutex<Vec<Arc<Folder>>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<Arc<Folder>>> {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the tablet in `dir`, or takes the one that is open there. Files for people go to `MBS` among `documents`.
pub(crate) fn open(dir: &Path, documents: Option<&Path>) -> Result<Opened, Trouble> {
    // Held until it is open, as it is until it is closed: who comes meanwhile waits, and is not refused.
    let mut all = all();
    if let Some(folder) = all.iter().find(|folder| folder.dir == dir) {
        return Ok(Opened(Some(Arc::clone(folder))));
    }
    let held = folder::hold(dir)?;
    let mut ports = Ports::system(dir);
    ports.key = Arc::new(PlatformKey::in_dir(dir));
    // Where people look for files; beside the data where the system has no such folder.
    if let Some(documents) = documents {
        ports.exports = documents.join("MBS");
    }
    let tablet = Arc::new(Tablet::open(dir, ports).map_err(Trouble::Core)?);
    let folder = Arc::new(Folder { tablet, dir: dir.to_owned(), _held: held });
    all.push(Arc::clone(&folder));
    Ok(Opened(Some(folder)))
}

impl Opened {
    /// The core. It is there as long as this share is.
    pub(crate) fn tablet(&self) -> Result<&Arc<Tablet>, Trouble> {
        let folder = self.0.as_deref().ok_or_else(|| Trouble::Core(fail(Code::Storage, "the tablet is closed")))?;
        Ok(&folder.tablet)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut all = all();
        if let Some(folder) = self.0.take() {
            // This share, and that of the list.
            if Arc::strong_count(&folder) == 2 {
                all.retain(|other| !Arc::ptr_eq(other, &folder));
            }
            drop(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &Opened, other: &Opened) -> bool {
        Arc::ptr_eq(one.tablet().unwrap(), other.tablet().unwrap())
    }

    #[test]
    fn who_comes_second_takes_what_the_first_one_has_and_the_last_one_closes_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), None).unwrap();
        let second = open(dir.path(), Some(Path::new("/nowhere"))).unwrap();
        assert!(same(&first, &second));
        drop(first);
        assert!(matches!(folder::hold(dir.path()), Err(Trouble::Taken { .. })), "the second one has it");
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(!same(&open(elsewhere.path(), None).unwrap(), &second));
        drop(second);
        drop(folder::hold(dir.path()).unwrap());
        // Nobody who comes while it is closed is turned away.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20).for_each(|_| drop(open(dir.path(), None).unwrap())));
            }
        });
    }
}
