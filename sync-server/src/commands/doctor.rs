//! `doctor`: whether database, photos and keys are sound.

use anyhow::{Result, bail};
use mbs_shared::id::{BlobHash, Prefix};

use crate::blob_store::Key;
use crate::config::Settings;
use crate::database::{Database, blobs, devices, feed, gaps, quarantine};
use crate::engines::{FILE, Opener, Place};
use crate::ports::{Clock, SystemClock, SystemRandom};
use crate::secrets::Secrets;

pub(super) fn run(settings: &Settings) -> Result<()> {
    let dir = &settings.data;
    if settings.database == Place::DataFolder && !dir.join(FILE).try_exists()? {
        bail!("there is no database in {}: `mbs-server init` makes one", dir.display());
    }
    let mut troubles = 0;
    let mut say = |name: &str, found: Result<String>| match found {
        Ok(text) => println!("ok       {name}: {text}"),
        Err(e) => {
            troubles += 1;
            println!("TROUBLE  {name}: {e:#}");
        }
    };
    let db = super::database(settings);
    let keys = match (&settings.database, &db) {
        (Place::Postgres(_), Ok(db)) => Secrets::shared(dir, &SystemRandom, &**db),
        _ => Secrets::open(dir, &SystemRandom),
    };
    say("keys", keys.map(|_| "readable".into()));
    match db {
        Ok(db) => {
            say("database", db.check().map_err(Into::into));
            say("feed", db.ask(feed::last).map(|n| format!("{n} rows so far")).map_err(Into::into));
            say(
                "quarantine",
                db.ask(quarantine::total).map(|n| format!("{n} refused items wait for a person")).map_err(Into::into),
            );
            say("tablets", tablets(&*db, SystemClock.now()));
            say("photos", missing_photos(settings, &*db));
        }
        Err(e) => say("database", Err(e)),
    }
    if troubles > 0 {
        bail!("{troubles} found");
    }
    Ok(())
}

/// What tablets say they made and what did not come, and copied tablets. Most of it is on its way: only a
/// copied tablet is a trouble.
fn tablets(db: &dyn Database, now: i64) -> Result<String> {
    let (fleet, gaps) = db.ask(|s| Ok((devices::fleet(s)?, gaps::all(s)?)))?;
    let name = |prefix: u32| Prefix::new(prefix).to_string();
    let mut lines = Vec::new();
    let mut twins = Vec::new();
    for tablet in fleet.iter().filter(|t| t.revoked == 0) {
        if let Some((_, missing, since)) = gaps.iter().find(|(id, ..)| *id == tablet.id) {
            let hours = (now - since).max(0) / 3_600_000;
            let (name, made) = (name(tablet.prefix), tablet.created);
            lines.push(format!("\n         {name}: {made} made, {missing} missing, oldest {hours} h"));
        }
        if tablet.twin != 0 {
            twins.push(name(tablet.prefix));
        }
    }
    if !twins.is_empty() {
        bail!(
            "{} run twice (a copied tablet): enrol one of the two anew with `mbs-server enrol-code`{}",
            twins.join(", "),
            lines.concat()
        );
    }
    let used = fleet.iter().filter(|t| t.revoked == 0).count();
    Ok(format!("{used} in use, {} with something missing{}", lines.len(), lines.concat()))
}

/// Whether every photo the database calls whole lies in the store.
fn missing_photos(settings: &Settings, db: &dyn Database) -> Result<String> {
    let store = settings.photos.open(&settings.data, Opener::Command)?;
    let hashes = db.ask(|s| s.all(blobs::ALL, &[], |r| r.bytes32(0)))?;
    let mut missing = 0;
    for hash in &hashes {
        if !store.has(Key::Full(BlobHash(*hash)))? {
            missing += 1;
        }
    }
    if missing > 0 {
        bail!("{missing} of {} are missing from the photo store: copy them back from a backup", hashes.len());
    }
    Ok(format!("all {} are there", hashes.len()))
}
