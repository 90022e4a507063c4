//! The tablet's files and the server's, on the same disks as their databases.

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};

use mbs_server::ports::files;
use mbs_tablet::ports::Files;

use super::disk::{DiskResult, Inode};
use super::{Disk, Machine, Trouble, place, with};

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Full => Self::from(io::ErrorKind::StorageFull),
            Trouble::Missing => Self::from(io::ErrorKind::NotFound),
            Trouble::Off => Self::other("the machine is off"),
            Trouble::Device => Self::other("an error of the device"),
        }
    }
}

fn on<T>(path: &Path, work: impl FnOnce(&mut Disk, &str) -> DiskResult<T>) -> io::Result<T> {
    let (machine, path) = place(path)?;
    Ok(with(machine, |disk| work(disk, path))?)
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The files of a tablet: each function is certain when it returns, by the same steps as the real one.
#[derive(Debug, Clone, Copy)]
pub struct TabletFiles;

impl TabletFiles {
    fn put(disk: &mut Disk, path: &str, bytes: &[u8]) -> DiskResult<()> {
        let part = format!("{path}.part");
        let inode = disk.create(&part)?;
        disk.write(inode, 0, bytes)?;
        disk.sync(inode)?;
        disk.rename(&part, path)?;
        disk.sync_folder(parent(path))
    }

    fn get(disk: &mut Disk, path: &str, cap: u64) -> DiskResult<Vec<u8>> {
        let inode = disk.find(path).ok_or(Trouble::Missing)?;
        let len = disk.len(inode)?.min(cap);
        let mut out = vec![0; usize::try_from(len).unwrap_or(0)];
        disk.read(inode, 0, &mut out)?;
        Ok(out)
    }
}

impl Files for TabletFiles {
    fn exists(&self, path: &Path) -> bool {
        on(path, |disk, path| Ok(disk.exists(path))).unwrap_or(false)
    }

    fn free(&self, dir: &Path) -> io::Result<u64> {
        on(dir, |disk, _| Ok(disk.free()))
    }

    fn make_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn modified(&self, _: &Path) -> io::Result<i64> {
        // These disks note no times: only photos that a host lays there are asked for them, and no host does.
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read(&self, path: &Path, cap: u64) -> io::Result<Vec<u8>> {
        on(path, |disk, path| Self::get(disk, path, cap))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        on(path, |disk, path| Self::put(disk, path, bytes))
    }

    fn reserve(&self, path: &Path, len: u64) -> io::Result<()> {
        on(path, |disk, path| {
            let inode = disk.create(path)?;
            disk.pad(inode, len)?;
            disk.sync(inode)?;
            disk.sync_folder(parent(path))
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (_, to) = place(to)?;
        on(from, |disk, from| {
            disk.rename(from, to)?;
            disk.sync_folder(parent(to))
        })
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (_, to) = place(to)?;
        on(from, |disk, from| {
            let bytes = Self::get(disk, from, u64::MAX)?;
            Self::put(disk, to, &bytes)
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        on(path, |disk, path| {
            disk.remove(path)?;
            disk.sync_folder(parent(path))
        })
    }
}

/// The files of the photo store and the journal: primitives only, their order is their own.
#[derive(Debug, Clone, Copy)]
pub struct ServerFiles;

/// A file that was just written.
struct Written {
    machine: Machine,
    inode: Inode,
}

impl files::Written for Written {
    fn sync(&mut self) -> io::Result<()> {
        Ok(with(self.machine, |disk| disk.sync(self.inode))?)
    }
}

impl files::Files for ServerFiles {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        on(dir, |disk, path| {
            // Those above it first; the machine's own folder is always there.
            let levels = path.match_indices('/').map(|(at, _)| at).skip(2).chain([path.len()]);
            levels.filter_map(|to| path.get(..to)).try_for_each(|folder| disk.make_folder(folder))
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        on(dir, |disk, path| Ok(disk.list(path).into_iter().map(PathBuf::from).collect()))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        on(path, |disk, path| if disk.is_off() { Err(Trouble::Off) } else { Ok(disk.exists(path)) })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        on(path, |disk, path| TabletFiles::get(disk, path, u64::MAX))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn files::Written>> {
        let (machine, path) = place(path)?;
        let inode = with(machine, |disk| {
            let inode = disk.create(path)?;
            disk.write(inode, 0, bytes)?;
            Ok(inode)
        })?;
        Ok(Box::new(Written { machine, inode }))
    }

    fn write_at(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<Box<dyn files::Written>> {
        let (machine, path) = place(path)?;
        let inode = with(machine, |disk| {
            let inode = disk.find(path).map_or_else(|| disk.create(path), Ok)?;
            disk.write(inode, at, bytes)?;
            disk.truncate(inode, at + bytes.len() as u64)?;
            Ok(inode)
        })?;
        Ok(Box::new(Written { machine, inode }))
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Any>> {
        // One thread: nobody else holds it.
        Ok(Box::new(()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (_, to) = place(to)?;
        on(from, |disk, from| disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        on(path, Disk::remove)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        on(dir, Disk::sync_folder)
    }
}
