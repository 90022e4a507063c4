//! `doctor`: whether the data folder is sound.

use anyhow::{Result, bail};

use crate::config::Settings;
use crate::database::{Database, blobs, feed, quarantine};
use crate::ports::SystemRandom;
use crate::secrets::Secrets;

pub(super) fn run(settings: &Settings) -> Result<()> {
    let dir = &settings.data;
    if !dir.join("mbs.db").try_exists()? {
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
    say("keys", Secrets::open(dir, &SystemRandom).map(|_| "readable".into()));
    match super::database(settings) {
        Ok(db) => {
            say(
                "database",
                db.with_connection(|c| c.query_row("pragma quick_check(5)", [], |r| r.get::<_, String>(0)))
                    .map_err(Into::into)
                    .and_then(|text| if text == "ok" { Ok("sound".into()) } else { bail!("{text}: restore a backup") }),
            );
            let db: &dyn Database = &db;
            say("feed", db.ask(feed::last).map(|n| format!("{n} rows so far")).map_err(Into::into));
            say(
                "quarantine",
                db.ask(|s| s.first(quarantine::TOTAL, &[], |r| r.int(0)))
                    .map(|n| format!("{} refused items wait for a person", n.unwrap_or(0)))
                    .map_err(Into::into),
            );
            say("photos", missing_photos(settings, db));
        }
        Err(e) => say("database", Err(e)),
    }
    if troubles > 0 {
        bail!("{troubles} found");
    }
    Ok(())
}

/// Whether every photo the database calls whole lies in the store.
fn missing_photos(settings: &Settings, db: &dyn Database) -> Result<String> {
    let store = crate::blob_store::Folder::open_existing(&settings.data.join("blobs"));
    let hashes = db.ask(|s| s.all(blobs::ALL, &[], |r| r.bytes32(0)))?;
    let missing = hashes
        .iter()
        .filter(|hash| {
            let key = crate::blob_store::Key::Full(mbs_shared::id::BlobHash(**hash));
            !crate::blob_store::BlobStore::has(&store, key).unwrap_or(false)
        })
        .count();
    if missing > 0 {
        bail!("{missing} of {} are missing from the blobs folder: copy it back from a backup", hashes.len());
    }
    Ok(format!("all {} are there", hashes.len()))
}
