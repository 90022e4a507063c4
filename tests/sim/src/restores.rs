//! The server is backed up and set back by what stands behind `backup`, `restore`, `doctor` and `verify`: one sealed file, made
//! beside the running server, becomes a data folder with a new life. Backup file and new folder lie in a folder of the real
//! system, whose disk is not what is tried here; from there they go onto a new disk of the server's machine.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_server::database::{Database, DbError, DbResult, ReadBody, WriteBody, WriteError};
use mbs_server::journal;
use mbs_server::operate::backup::{self, Source};
use mbs_server::operate::doctor::{TABLETS, look};
use mbs_server::operate::restore::restore;
use mbs_server::operate::seal::{Opener, Seal};
use mbs_server::operate::verify::verify;
use mbs_server::ports::Clock as _;
use mbs_server::ports::files::Files as _;
use mbs_server::secrets::{self, Secrets};
use mbs_server::service::Service;
use mbs_shared::id::RequestId;
use mbs_tablet::ports::Files as _;

use crate::chance::{Chance, SeededRandom};
use crate::operators::GLASS;
use crate::server::{self, JOURNAL, SERVER};
use crate::tally::Fault;
use crate::vfs::files::{ServerFiles, TabletFiles};
use crate::vfs::{self, Disk};
use crate::world::{Happening, ROOM, World};

/// For whom backups are sealed, and what opens them.
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

/// A backup.
pub(crate) struct Backup {
    /// As the command writes it.
    sealed: Vec<u8>,
    /// The keys that were in it.
    keys: Vec<u8>,
    /// What the desk had been told by then.
    acts: Vec<(RequestId, u32)>,
}

impl Backup {
    /// Bytes of memory it takes.
    pub(crate) fn memory(&self) -> usize {
        self.sealed.capacity()
    }
}

/// The database on the simulated disk, whose copy goes into a file of the real one.
struct Copied<'a>(&'a dyn Database);

impl Database for Copied<'_> {
    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), WriteError> {
        self.0.write(body)
    }

    fn read(&self, body: &mut ReadBody<'_>) -> DbResult<()> {
        self.0.read(body)
    }

    fn engine(&self) -> &'static str {
        self.0.engine()
    }

    fn copy_to(&self, file: &Path) -> DbResult<()> {
        let other = |e: std::io::Error| DbError::Other(e.to_string());
        let copy = vfs::folder(SERVER).join("backup.tmp");
        // Of one that was cut off.
        if ServerFiles.exists(&copy).map_err(other)? {
            ServerFiles.remove(&copy).map_err(other)?;
        }
        let copied = self.0.copy_to(&copy);
        let bytes = copied.and_then(|()| ServerFiles.read(&copy).map_err(other));
        // Where it stays, it is in the next one's way only until that begins.
        let _ = ServerFiles.remove(&copy);
        std::fs::write(file, bytes?).map_err(other)
    }
}

/// The journal's bytes, whatever its disk is about to refuse.
fn journal_bytes() -> Vec<u8> {
    let Some(copy) = vfs::copy(JOURNAL, GLASS, Chance::new(0)) else { return Vec::new() };
    vfs::insert(GLASS, copy);
    ServerFiles.read(&vfs::folder(GLASS).join(journal::FILE)).unwrap_or_default()
}

/// Everything of the server, sealed; and its keys.
fn back_up(service: &Service, now: i64, random: &SeededRandom) -> Result<(Vec<u8>, Vec<u8>)> {
    let dir = tempfile::tempdir()?;
    Secrets::open(dir.path(), random)?;
    std::fs::write(dir.path().join(journal::FILE), journal_bytes())?;
    let mut sealed = Seal::recipients(&[RECIPIENT.to_owned()])?.seal(Vec::new())?;
    let source = Source { db: &Copied(&*service.db), store: &*service.store, dir: dir.path() };
    backup::backup(source, now, &mut sealed)?;
    Ok((sealed.finish()?, std::fs::read(dir.path().join(secrets::FILE))?))
}

/// A new disk with what the backup holds, under a new life.
fn set_back(backup: &Backup, now: i64, random: &SeededRandom, chance: Chance) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (new, old) = (dir.path().join("new"), dir.path().join("old"));
    std::fs::create_dir(&old)?;
    let old = old.join(journal::FILE);
    std::fs::write(&old, journal_bytes())?;
    let input = Opener::identities(IDENTITY)?.open(backup.sealed.as_slice())?;
    restore(input, &new, Some(&old), now, random, |path| {
        Ok(Sqlite::open(&Options { readers: 0, exclusive: true, ..Options::new(path) })?)
    })?;
    ensure!(std::fs::read(new.join(secrets::FILE))? == backup.keys, "other keys came back");
    let mut disk = Disk::new(chance);
    disk.set_room(ROOM);
    vfs::insert(SERVER, disk);
    put(&new, &vfs::folder(SERVER))?;
    Ok(())
}

/// Puts a folder's files onto the simulated disk, for certain, as `restore` leaves them; the journal has its own.
fn put(from: &Path, to: &Path) -> Result<()> {
    let mut entries = std::fs::read_dir(from)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            ServerFiles.make_dir(&to)?;
            put(&from, &to)?;
        } else if entry.file_name() != journal::FILE {
            TabletFiles.write(&to, &std::fs::read(&from)?)?;
        }
    }
    ServerFiles.sync_dir(to)?;
    Ok(())
}

/// What `doctor` and `verify` say of a server.
fn look_after(service: &Arc<Service>, now: i64) -> Result<()> {
    for (name, found) in look(&*service.db, Ok(&*service.store), now) {
        // A copied tablet is told there, and rightly so.
        if name != TABLETS {
            found.with_context(|| format!("doctor: {name}"))?;
        }
    }
    verify(service)?;
    Ok(())
}

impl World {
    /// The first time the server is backed up, the second time it is set back.
    pub(crate) fn back_up_or_restore_server(&mut self) {
        if self.calm {
            return;
        }
        let random = SeededRandom::new(self.chance.fork(&format!("backup or new life {}", self.now())));
        let now = self.server_clock.now();
        let Some(backup) = self.backup.take() else {
            let Some(service) = self.server.clone() else { return };
            let by = self.chance.between(30_000, 400_000);
            match back_up(&service, now, &random) {
                Ok((sealed, keys)) => {
                    self.note(format_args!("operator: the server is backed up"));
                    self.backup = Some(Backup { sealed, keys, acts: self.acts.clone() });
                }
                Err(why) => {
                    self.note(format_args!("operator: the backup did not succeed"));
                    if server::disks_are_sound() {
                        return self.violated(format!("a backup failed with a sound disk: {why:#}"));
                    }
                }
            }
            self.plan(by, Happening::Fault(Fault::ServerRestored));
            return;
        };
        self.server_off();
        vfs::tell(JOURNAL, Disk::process_died);
        if let Err(why) = set_back(&backup, now, &random, self.chance.fork("restored disk")) {
            return self.violated(format!("the server's backup cannot be restored: {why:#}"));
        }
        self.note(format_args!("operator: the server is restored"));
        self.tally.count(Fault::ServerRestored);
        self.restored = true;
        self.renewed = true;
        self.acts = backup.acts.into_iter().filter(|(r, _)| !self.erased.contains(r)).collect();
        // What only the server had is gone, and known to be.
        for fact in self.saved.iter_mut().filter(|f| f.away) {
            fact.excused = true;
        }
        for tablet in 0..self.tablets.len() {
            self.plan(10_000, Happening::EnrolAgain(tablet));
        }
        self.plan(2_000, Happening::StartServer);
    }

    /// A server that has just begun a new life is whole before any tablet brings it something.
    pub(crate) fn look_after_the_restored(&mut self, service: &Arc<Service>) {
        if !std::mem::take(&mut self.renewed) {
            return;
        }
        let before = server::troubles();
        if let Err(why) = look_after(service, self.server_clock.now())
            && server::troubles() == before
        {
            self.violated(format!("after the restore: {why:#}"));
        }
    }
}
