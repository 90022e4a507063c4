//! A backup becomes a data folder again, and the server a new life: a new epoch, counters past anything that
//! could have been issued since, and what the journal says done once more. Tablets bring the rest.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use mbs_shared::routing::deadline::istanbul_year;
use sha2::{Digest as _, Sha256};

use super::backup::{DATABASE, FORMAT, Hashing, MANIFEST, Manifest, Part, photo_of};
use crate::blob_store::{BlobStore, Folder};
use crate::database::{Database, DbResult, announcements, meta};
use crate::ports::Random;
use crate::{journal, secrets};

/// Official numbers skipped for each day begun since the backup: many times what a city files in a day.
pub const NUMBERS_A_DAY: i64 = 20_000;
/// Places of the feed skipped for each day begun since the backup.
pub const PLACES_A_DAY: i64 = 10_000_000;
/// Announcements made and withdrawn in a day at most.
const ANNOUNCEMENTS_A_DAY: i64 = 1_000;
/// Largest photo, key file or journal in a backup, in bytes.
const MAX_SMALL: u64 = 64 * 1024 * 1024;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// The new epoch.
    pub epoch: u64,
}

/// Unpacks an opened backup into `dir`, which must be empty or not exist, and begins the new life.
///
/// `open` opens the engine's database on what was copied there. A journal that lies in `journal` (of the
/// machine that is lost, where it can still be read) is taken instead of the backup's when it goes further.
///
/// # Errors
/// When `dir` is in use, the backup is damaged or cut, or something cannot be written: then `dir` is as before.
pub fn restore<D: Database + 'static>(
    input: impl Read,
    dir: &Path,
    newer_journal: Option<&Path>,
    now: i64,
    random: &dyn Random,
    open: impl FnOnce(&Path) -> Result<D>,
) -> Result<Restored> {
    if dir.try_exists()? && std::fs::read_dir(dir)?.next().is_some() {
        bail!("{} is not empty: restore into a new folder, and keep the old one until all is well", dir.display());
    }
    let name = dir.file_name().context("the folder to restore into needs a name")?.to_string_lossy().into_owned();
    let partial = dir.with_file_name(format!("{name}.restoring"));
    if partial.try_exists()? {
        bail!("{} is left of an earlier try: look at it and remove it", partial.display());
    }
    crate::service::make_private(&partial)?;
    let done = (|| {
        let manifest = unpack(input, &partial)?;
        if let Some(newer) = newer_journal {
            take_newer(newer, &partial)?;
        }
        let db = open(&partial.join("mbs.db"))?;
        let epoch = (&db as &dyn Database).change(|tx| renew(tx, manifest.at, now, random))?;
        drop(db);
        Ok(Restored { manifest, epoch })
    })();
    if done.is_err() {
        std::fs::remove_dir_all(&partial).with_context(|| format!("removing {}", partial.display()))?;
        return done;
    }
    if dir.try_exists()? {
        std::fs::remove_dir(dir)?;
    }
    std::fs::rename(&partial, dir)?;
    if let Some(parent) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::File::open(parent)?.sync_all()?;
    }
    done
}

/// The new life of a database that is `at` old: nothing that was issued since can be issued again. The new epoch.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn renew(tx: &mut dyn crate::database::Transaction, at: i64, now: i64, random: &dyn Random) -> DbResult<u64> {
    let days = (now - at).max(0) / 86_400_000 + 1;
    let before = meta::get(tx, "epoch")?;
    let mut epoch = before;
    while epoch == before {
        epoch = (random.number() >> 1).cast_signed().max(1);
    }
    meta::set(tx, "epoch", epoch)?;
    for year in istanbul_year(at)..=istanbul_year(now).max(istanbul_year(at)) {
        let name = format!("number:{year}");
        let last = meta::get(tx, &name)?;
        meta::set(tx, &name, last + days * NUMBERS_A_DAY)?;
    }
    let seq = meta::get(tx, "seq")?;
    let next = seq + days * PLACES_A_DAY;
    // `verify` knows this hole in the feed by its name.
    meta::set(tx, &format!("skipped:{seq}"), next)?;
    meta::set(tx, "seq", next)?;
    let rid = meta::get(tx, "rid")?;
    meta::set(tx, "rid", rid + days * NUMBERS_A_DAY)?;
    // What was announced since is on tablets, and none of it is taken for something else.
    let announced = meta::get(tx, announcements::SEQ)?;
    meta::set(tx, announcements::SEQ, announced + days * ANNOUNCEMENTS_A_DAY)?;
    tx.execute(meta::BUMP, &["devices".into()])?;
    Ok(epoch.cast_unsigned())
}

/// Unpacks every part and proves it by the manifest, which must be the last.
fn unpack(input: impl Read, dir: &Path) -> Result<Manifest> {
    let store = Folder::open(&dir.join("blobs"))?;
    let mut archive = tar::Archive::new(input);
    let mut seen: BTreeMap<String, Part> = BTreeMap::new();
    let mut manifest: Option<Manifest> = None;
    for entry in archive.entries().context("reading the backup")? {
        let mut entry = entry.context("reading the backup: it is damaged or cut")?;
        let name = entry.path()?.to_str().context("a part without a name")?.to_owned();
        let size = entry.size();
        if !entry.header().entry_type().is_file() {
            bail!("part {name} of the backup is no plain file: it is damaged, or no backup of this server");
        }
        if manifest.is_some() {
            bail!("the backup has parts behind its manifest");
        }
        if name == DATABASE {
            let path = dir.join("mbs.db");
            let mut file = private(&path)?;
            let mut reader = Hashing { inner: &mut entry, hash: Sha256::new() };
            std::io::copy(&mut reader, &mut file).context("reading the database out of the backup")?;
            let part = Part { sha256: hex::encode(reader.hash.finalize()), size };
            file.sync_all()?;
            seen.insert(name, part);
            continue;
        }
        if size > MAX_SMALL {
            bail!("part {name} of the backup is too large to be one");
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).with_context(|| format!("reading {name} out of the backup"))?;
        if name == MANIFEST {
            manifest = Some(serde_json::from_slice(&bytes).context("the backup's manifest is damaged or cut")?);
            continue;
        }
        if let Some(key) = photo_of(&name) {
            store.put(key, &bytes)?;
        } else if name == secrets::FILE || name == journal::FILE {
            let mut file = private(&dir.join(&name))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
        } else {
            bail!("the backup has a part {name:?}, which this server does not know: use the one that made it");
        }
        seen.insert(name, Part { sha256: hex::encode(secrets::sha256(&bytes)), size });
    }
    let manifest = manifest.context("the backup ends before its manifest: it was cut")?;
    if manifest.format != FORMAT {
        bail!("the backup has format {}, and this server knows {FORMAT}: use the one that made it", manifest.format);
    }
    for (name, part) in &manifest.parts {
        if seen.get(name) != Some(part) {
            bail!("part {name} of the backup is not what its manifest says: use another backup");
        }
    }
    if seen.len() != manifest.parts.len() || !manifest.parts.contains_key(DATABASE) {
        bail!("the parts of the backup are not those its manifest names: use another backup");
    }
    std::fs::File::open(dir)?.sync_all()?;
    Ok(manifest)
}

fn private(path: &Path) -> Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("making {}", path.display()))
}

/// The journal of the lost machine goes further than the backup's, and begins with it.
fn take_newer(newer: &Path, dir: &Path) -> Result<()> {
    let place = newer.parent().unwrap_or(Path::new("."));
    if newer.file_name().is_none_or(|n| n != journal::FILE) {
        bail!("--journal must name the file {:?} of the old data folder", journal::FILE);
    }
    let all = journal::Journal::of(place).read()?;
    let ours = journal::Journal::of(dir);
    let have = ours.read()?;
    if !all.starts_with(&have) {
        bail!("{} is not the journal of this server", newer.display());
    }
    for record in all.iter().skip(have.len()) {
        ours.append(record)?;
    }
    Ok(())
}
