//! The data folder, held by one window at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::trouble::Trouble;

const LOCK: &str = "window.lock";

/// The folder is ours as long as this lives; the system takes the lock back however the process ends.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "kept open for its lock")] File);

/// Makes the folder, readable by its owner only, and takes its lock.
pub(crate) fn hold(dir: &Path) -> Result<Held, Trouble> {
    let unusable = |error: io::Error| Trouble::Folder { dir: dir.to_owned(), why: error.to_string() };
    let mut make = fs::DirBuilder::new();
    make.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(dir).map_err(unusable)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(LOCK)).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Held(file)),
        Err(TryLockError::WouldBlock) => Err(Trouble::Taken { dir: dir.to_owned() }),
        // Android, where the system itself starts an app only once.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(Held(file)),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_window_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("new/data");
        let held = hold(&data).unwrap();
        let sentence = hold(&data).unwrap_err();
        assert!(matches!(&sentence, Trouble::Taken { dir } if *dir == data), "{sentence:?}");
        drop(held);
        hold(&data).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn others_cannot_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let _held = hold(&data).unwrap();
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_file_in_its_place_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("file");
        fs::write(&data, "x").unwrap();
        assert!(matches!(hold(&data), Err(Trouble::Folder { .. })));
    }
}
