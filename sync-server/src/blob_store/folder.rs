//! A folder: temporary file, fsync, rename, fsync of the folder. The name exists only once the bytes do.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{BlobStore, Key};

/// Bytes as files: `ab/cd…` and `ab/cd….thumb`, by the hex of their hash.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    next: AtomicU64,
}

impl Folder {
    /// The folder `root`, made if it is missing. Temporary files of an earlier life are removed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(root: &Path) -> io::Result<Self> {
        let temporary = root.join("tmp");
        fs::create_dir_all(&temporary)?;
        for entry in fs::read_dir(&temporary)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self { root: root.to_path_buf(), next: AtomicU64::new(0) })
    }

    /// The folder as it is, for looking only.
    #[must_use]
    pub fn open_existing(root: &Path) -> Self {
        Self { root: root.to_path_buf(), next: AtomicU64::new(0) }
    }

    fn path(&self, key: Key) -> PathBuf {
        let (hash, ending) = match key {
            Key::Full(hash) => (hash, ""),
            Key::Thumb(hash) => (hash, ".thumb"),
        };
        let name = hash.to_string();
        let (dir, rest) = name.split_at(2);
        self.root.join(dir).join(format!("{rest}{ending}"))
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

impl BlobStore for Folder {
    fn put(&self, key: Key, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(key);
        if path.try_exists()? {
            return Ok(());
        }
        let name = format!("{}-{}", std::process::id(), self.next.fetch_add(1, Ordering::Relaxed));
        let temporary = self.root.join("tmp").join(name);
        let written = (|| {
            let mut file = File::create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            let dir = path.parent().unwrap_or(&self.root);
            if !dir.is_dir() {
                fs::create_dir_all(dir)?;
                sync_dir(&self.root)?;
            }
            fs::rename(&temporary, &path)?;
            sync_dir(dir)
        })();
        if written.is_err() {
            // Left over only when the disk is in trouble; the next start removes it.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn get(&self, key: Key) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(key)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn has(&self, key: Key) -> io::Result<bool> {
        self.path(key).try_exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mbs_shared::id::BlobHash;

    #[test]
    fn bytes_come_back_under_their_name_and_nothing_is_left_over() {
        let dir = tempfile::tempdir().unwrap();
        let store = Folder::open(dir.path()).unwrap();
        let hash = BlobHash([7; 32]);
        assert!(!store.has(Key::Full(hash)).unwrap());
        assert_eq!(store.get(Key::Full(hash)).unwrap(), None);
        store.put(Key::Full(hash), b"photo").unwrap();
        store.put(Key::Full(hash), b"photo").unwrap();
        store.put(Key::Thumb(hash), b"small").unwrap();
        assert_eq!(store.get(Key::Full(hash)).unwrap().unwrap(), b"photo");
        assert_eq!(store.get(Key::Thumb(hash)).unwrap().unwrap(), b"small");
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn a_temporary_file_of_an_earlier_life_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("tmp")).unwrap();
        fs::write(dir.path().join("tmp/1-1"), b"half").unwrap();
        Folder::open(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }
}
