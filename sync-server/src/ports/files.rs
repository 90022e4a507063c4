//! Files, in the few steps the photo store and the journal are made of, so that a simulated disk can stand below their
//! order.

use std::any::Any;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that was just written, and is not yet durable.
pub trait Written {
    /// Makes its bytes durable.
    ///
    /// # Errors
    /// What the file system says.
    fn sync(&mut self) -> io::Result<()>;
}

/// The few steps.
pub trait Files: Send + Sync {
    /// Makes a folder and those above it; nothing when it is there.
    ///
    /// # Errors
    /// What the file system says.
    fn make_dir(&self, dir: &Path) -> io::Result<()>;
    /// The files in a folder.
    ///
    /// # Errors
    /// What the file system says.
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>>;
    /// Whether there is such a file.
    ///
    /// # Errors
    /// What the file system says.
    fn exists(&self, path: &Path) -> io::Result<bool>;
    /// The whole file.
    ///
    /// # Errors
    /// What the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// A new file with these bytes, not yet durable.
    ///
    /// # Errors
    /// What the file system says.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn Written>>;
    /// Writes bytes from `at` and ends the file behind them, not yet durable; makes it where there is none.
    ///
    /// # Errors
    /// What the file system says.
    fn write_at(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<Box<dyn Written>>;
    /// Waits until no other process holds the file, and holds it until what is returned goes; makes it where there is
    /// none.
    ///
    /// # Errors
    /// What the file system says.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any>>;
    /// Renames a file.
    ///
    /// # Errors
    /// What the file system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// What the file system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// What the file system says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// The system's files.
#[derive(Debug, Clone, Copy)]
pub struct SystemFiles;

/// A file that only its owner reads, as it is.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Written for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Files for SystemFiles {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect()
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn Written>> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        Ok(Box::new(file))
    }

    fn write_at(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<Box<dyn Written>> {
        let mut file = private(path)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        file.set_len(at + bytes.len() as u64)?;
        Ok(Box::new(file))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any>> {
        let file = private(path)?;
        file.lock()?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}
