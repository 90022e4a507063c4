//! A folder: temporary file, fsync, rename, fsync of the folder. The name exists only once the bytes do.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mbs_shared::id::BlobHash;
use mbs_shared::sabotage::sabotaged;

use super::{BlobStore, Key};
use crate::ports::files::{Files, SystemFiles};

/// Bytes as files: `ab/cd…` and `ab/cd….thumb`, by the hex of their hash.
pub struct Folder {
    root: PathBuf,
    files: Box<dyn Files>,
    next: AtomicU64,
    /// Folders whose own names this process has made durable, by the first byte of the hash.
    certain: [AtomicBool; 256],
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Folder {
    /// The folder `root`, made if it is missing. Temporary files of an earlier life are removed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(root: &Path) -> io::Result<Self> {
        Self::open_on(Box::new(SystemFiles), root)
    }

    /// As [`Self::open`], on other files than the system's.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open_on(files: Box<dyn Files>, root: &Path) -> io::Result<Self> {
        let temporary = root.join("tmp");
        files.make_dir(&temporary)?;
        for left_over in files.list(&temporary)? {
            files.remove(&left_over)?;
        }
        if let Some(parent) = root.parent().filter(|p| !p.as_os_str().is_empty()) {
            files.sync_dir(parent)?;
        }
        files.sync_dir(root)?;
        Ok(Self::over(files, root))
    }

    /// The folder as it is, for looking only.
    #[must_use]
    pub fn open_existing(root: &Path) -> Self {
        Self::over(Box::new(SystemFiles), root)
    }

    fn over(files: Box<dyn Files>, root: &Path) -> Self {
        let certain = std::array::from_fn(|_| AtomicBool::new(false));
        Self { root: root.to_path_buf(), files, next: AtomicU64::new(0), certain }
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

    /// Makes the folder of that hash, durably. Asked once a process: an earlier try may have made it and
    /// failed before its name was durable.
    fn make_certain(&self, hash: BlobHash, dir: &Path) -> io::Result<()> {
        let first = hash.as_bytes().first().copied().unwrap_or(0);
        let Some(certain) = self.certain.get(usize::from(first)) else { return Ok(()) };
        if !certain.load(Ordering::Acquire) {
            self.files.make_dir(dir)?;
            self.files.sync_dir(&self.root)?;
            certain.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn write(&self, temporary: &Path, path: &Path, dir: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut written = self.files.write(temporary, bytes)?;
        if !sabotaged("rename-before-fsync") {
            written.sync()?;
        }
        self.files.rename(temporary, path)?;
        self.files.sync_dir(dir)
    }
}

impl BlobStore for Folder {
    fn put(&self, key: Key, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(key);
        let (Key::Full(hash) | Key::Thumb(hash)) = key;
        let dir = path.parent().unwrap_or(&self.root);
        self.make_certain(hash, dir)?;
        if self.files.exists(&path)? {
            // Its bytes are durable; its name may not be, where an earlier try failed at the very end.
            return self.files.sync_dir(dir);
        }
        let name = format!("{}-{}", std::process::id(), self.next.fetch_add(1, Ordering::Relaxed));
        let temporary = self.root.join("tmp").join(name);
        let written = self.write(&temporary, &path, dir, bytes);
        if written.is_err() {
            // Left over only when the disk is in trouble; the next start removes it.
            let _ = self.files.remove(&temporary);
        }
        written
    }

    fn get(&self, key: Key) -> io::Result<Option<Vec<u8>>> {
        match self.files.read(&self.path(key)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn remove(&self, key: Key) -> io::Result<()> {
        let path = self.path(key);
        match self.files.remove(&path) {
            Ok(()) => self.files.sync_dir(path.parent().unwrap_or(&self.root)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e),
        }
    }

    fn has(&self, key: Key) -> io::Result<bool> {
        self.files.exists(&self.path(key))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
        store.remove(Key::Full(hash)).unwrap();
        store.remove(Key::Full(hash)).unwrap();
        assert!(!store.has(Key::Full(hash)).unwrap() && store.has(Key::Thumb(hash)).unwrap());
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
