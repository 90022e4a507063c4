//! The real clock, randomness, files and key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Clock, Files, KeySource, Ports, Random, random};
use crate::error::{Code, Result, fail};

impl Ports {
    /// The real ports for a tablet that keeps its data in `dir`, with the key in a file there and files for people in
    /// its folder `exports`.
    #[must_use]
    pub fn system(dir: &Path) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            files: Arc::new(SystemFiles),
            key: Arc::new(FileKey::in_dir(dir)),
            connect: Arc::new(crate::sync::client::Http::default()),
            vfs: None,
            exports: dir.join("exports"),
        }
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        unix_ms(SystemTime::now())
    }
}

fn unix_ms(time: SystemTime) -> i64 {
    let since = |d: std::time::Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(d) => since(d),
        Err(before) => -since(before.duration()),
    }
}

/// The system's random bytes.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::expect_used, reason = "without random bytes no identifier may be made: stopping loses nothing")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the system gives no random bytes");
    }
}

/// The system's files. Every write is synced, and so is its folder.
#[derive(Debug, Clone, Copy)]
pub struct SystemFiles;

impl SystemFiles {
    fn sync_dir(path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(dir) if cfg!(unix) && !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
            _ => Ok(()),
        }
    }

    fn private(path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }

    fn beside(path: &Path) -> PathBuf {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".part");
        path.with_file_name(name)
    }
}

impl Files for SystemFiles {
    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn free(&self, dir: &Path) -> io::Result<u64> {
        #[cfg(unix)]
        {
            let stat = rustix::fs::statvfs(dir)?;
            Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
        }
        #[cfg(not(unix))]
        {
            let _ = dir;
            Ok(u64::MAX)
        }
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn modified(&self, path: &Path) -> io::Result<i64> {
        Ok(unix_ms(fs::metadata(path)?.modified()?))
    }

    fn read(&self, path: &Path, cap: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        File::open(path)?.take(cap).read_to_end(&mut out)?;
        Ok(out)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let part = Self::beside(path);
        let mut file = Self::private(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        Self::sync_dir(path)
    }

    fn reserve(&self, path: &Path, len: u64) -> io::Result<()> {
        // Written, not set: a sparse file reserves nothing. Bytes that do not compress, for file systems that would.
        let mut block = [0_u8; 4096];
        let mut file = Self::private(path)?;
        for n in 0..len.div_ceil(4096) {
            let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            for chunk in block.chunks_exact_mut(8) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                chunk.copy_from_slice(&x.to_le_bytes());
            }
            file.write_all(&block)?;
        }
        file.sync_all()?;
        Self::sync_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        Self::sync_dir(to)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let part = Self::beside(to);
        let written = || {
            let mut out = Self::private(&part)?;
            io::copy(&mut File::open(from)?, &mut out)?;
            out.sync_all()?;
            fs::rename(&part, to)
        };
        // Half a copy only takes up room, where there may be none.
        written().inspect_err(|_| drop(fs::remove_file(&part)))?;
        Self::sync_dir(to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)?;
        Self::sync_dir(path)
    }
}

/// The key in a file beside the database, readable by its owner only (0600): the documented fallback for
/// Linux, where no key store may be running. It protects copies of the database, not a stolen disk; a
/// shell with a platform key store gives its own [`KeySource`].
#[derive(Debug, Clone)]
pub struct FileKey {
    path: PathBuf,
}

impl FileKey {
    /// The key file of the tablet that keeps its data in `dir`.
    #[must_use]
    pub fn in_dir(dir: &Path) -> Self {
        Self { path: dir.join("mbs.key") }
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(&self, files: &dyn Files) -> bool {
        files.exists(&self.path)
    }
}

impl KeySource for FileKey {
    fn key(&self, files: &dyn Files, source: &dyn Random) -> Result<[u8; 32]> {
        if self.is_there(files) {
            let bytes = files.read(&self.path, 64)?;
            return bytes.try_into().map_err(|_| fail(Code::Storage, "mbs.key has not 32 bytes"));
        }
        let key = random::<32>(source);
        files.write(&self.path, &key)?;
        Ok(key)
    }
}
