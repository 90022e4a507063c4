//! Whether database and photos are sound, and what tablets miss: what `doctor` says of them.

use anyhow::{Result, bail};
use mbs_shared::id::{BlobHash, Prefix};

use crate::blob_store::{BlobStore, Key};
use crate::database::{Database, blobs, devices, feed, gaps, quarantine};

/// Name of what is said of tablets: a copied one is a trouble there, and none of the server's own.
pub const TABLETS: &str = "tablets";

/// What was looked at, by name, and what was found; an error is a trouble that says what to do.
pub fn look(db: &dyn Database, store: Result<&dyn BlobStore>, now: i64) -> Vec<(&'static str, Result<String>)> {
    vec![
        ("database", db.check().map_err(Into::into)),
        ("feed", db.ask(feed::last).map(|n| format!("{n} rows so far")).map_err(Into::into)),
        ("quarantine", refused(db)),
        (TABLETS, tablets(db, now)),
        ("photos", store.and_then(|store| missing_photos(store, db))),
    ]
}

/// What was refused. A tablet that has as much there as it may cannot hand over more.
fn refused(db: &dyn Database) -> Result<String> {
    let (total, full) = db.ask(|s| Ok((quarantine::total(s)?, quarantine::full(s)?)))?;
    if full.is_empty() {
        return Ok(format!("{total} refused items wait for a person"));
    }
    let full: Vec<String> = full.into_iter().map(|prefix| Prefix::new(prefix).to_string()).collect();
    bail!(
        "{total} refused items wait, and there is room for no more of {}: decide on them at the desk",
        full.join(", ")
    )
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
fn missing_photos(store: &dyn BlobStore, db: &dyn Database) -> Result<String> {
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
