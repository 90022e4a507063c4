//! The copy of the database from before a migration: one at most, until this version has been opened again and has met the
//! server since, and not beyond an erasure, a handover or a revocation.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{PHOTO_NEEDS, Store, migrate, settings};
use crate::error::Result;
use crate::ports::Ports;

/// Later versions of the app, which were put back, may have left copies too.
const LATER: u32 = 8;

fn path(dir: &Path, version: u32) -> PathBuf {
    dir.join(format!("mbs-before-{version}.db"))
}

/// What is left where the battery ended while a copy was made.
fn half(copy: &Path) -> PathBuf {
    copy.with_extension("db.part")
}

/// Where the copy before the migrations of this version is made; `None` where the disk has no room for it: each migration is
/// one transaction, and words come before copies. Earlier copies go.
pub(super) fn place(conn: &Connection, dir: &Path, ports: &Ports) -> Result<Option<PathBuf>> {
    let copy = path(dir, migrate::latest());
    if ports.files.exists(&copy) {
        // The start before this one was cut off between two migrations: its copy is the whole one.
        return Ok(None);
    }
    // What cannot be removed only takes up room.
    let _ = remove(dir, ports);
    let free = ports.files.free(dir).unwrap_or(u64::MAX);
    Ok((free >= super::size(conn)?.saturating_add(PHOTO_NEEDS)).then_some(copy))
}

fn remove(dir: &Path, ports: &Ports) -> Result<()> {
    for version in 1..=migrate::latest() + LATER {
        let copy = path(dir, version);
        for file in [half(&copy), copy] {
            if ports.files.exists(&file) {
                ports.files.remove(&file)?;
            }
        }
    }
    Ok(())
}

/// Something was dropped that no copy may keep.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(crate) fn outdate(conn: &Connection) -> Result<()> {
    settings::set_number(conn, settings::COPY_GOES, 1)
}

impl Store {
    /// Removes copies that must not stay, or have served. What cannot be removed now is tried again.
    pub(crate) fn drop_copies(&mut self, opening: bool) -> Result<()> {
        let c = self.read();
        let goes = settings::number(c, settings::COPY_GOES)? != 0;
        let served = opening && settings::number(c, settings::LAST_CONTACT)? > settings::number(c, settings::MIGRATED)?;
        if goes || served {
            remove(&self.dir, &self.ports)?;
        }
        if goes { self.write(|c| settings::set_number(c, settings::COPY_GOES, 0)) } else { Ok(()) }
    }
}
