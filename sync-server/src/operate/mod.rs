//! What an operator does beside a running server: plain functions over a database, a photo store and a data
//! folder, without sockets. The command line is thin on top.

pub mod backup;
pub mod erase;
pub mod quarantine;
pub mod restore;
pub mod seal;
pub mod verify;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use mbs_shared::id::{DeviceNo, Prefix};
use mbs_shared::wire::entry::EntryKind;

use crate::database::feed::{self, NewRow, kind};
use crate::database::{Value, devices, people};
use crate::handlers::enrol;
use crate::journal::{Journal, Record};
use crate::service::Service;
use crate::writer;

/// Makes the database say what the journal says: what was erased, revoked or ended and came back with a backup, or
/// was written down and cut off before it was done, is done now. How many there were.
///
/// # Errors
/// When the journal is damaged or the database does not answer.
pub fn replay(service: &Arc<Service>, dir: &Path) -> Result<usize> {
    let mut done = 0;
    for record in Journal::of(dir).read()? {
        let new = match record {
            Record::Erased { request, at, photos, .. } => erase::carry_out(service, request, at, &photos)?,
            Record::Revoked { device, at } => service.db.change(|tx| enrol::revoke_no(tx, device, at))?,
            Record::MandateEnded { neighbourhood, at, place } => end_at(service, &neighbourhood, at, place)?,
        };
        done += usize::from(new);
    }
    if done > 0 {
        tracing::warn!(done, "what the journal says was carried out again");
        service.refresh_devices()?;
    }
    Ok(done)
}

/// Revokes the tablet whose case numbers begin so: first written into the journal of `dir`, then done. Whether
/// there was one that was not revoked yet. A running server notices within a second.
///
/// # Errors
/// When something cannot be written: then say it again.
pub fn revoke(service: &Arc<Service>, dir: &Path, prefix: Prefix) -> Result<bool> {
    let found = service.db.ask(|s| devices::by_prefix(s, prefix.index()))?;
    let Some(device) = found.filter(|d| d.revoked == 0) else { return Ok(false) };
    revoke_all(service, dir, &[device.no])
}

fn revoke_all(service: &Arc<Service>, dir: &Path, devices: &[DeviceNo]) -> Result<bool> {
    let at = service.clock.now();
    let mut done = false;
    for device in devices {
        Journal::of(dir).append(&Record::Revoked { device: *device, at })?;
        done |= service.db.change(|tx| enrol::revoke_no(tx, *device, at))?;
    }
    Ok(done)
}

/// The mandate that runs in a neighbourhood ends: its tablets are revoked, and hand over what they hold; its
/// private notes go; the casebook stays for the successor.
///
/// # Errors
/// When something cannot be written: then say it again.
pub fn end_mandate(service: &Arc<Service>, dir: &Path, scope: u32) -> Result<()> {
    let tablets = service.db.ask(|s| devices::of_scope(s, scope))?;
    revoke_all(service, dir, &tablets)?;
    let (neighbourhood, at) = (service.scopes.code(scope).to_owned(), service.clock.now());
    // After the revocations: nothing of the old tablets comes behind this place.
    let place = service.db.ask(|s| feed::last(s))?;
    Journal::of(dir).append(&Record::MandateEnded { neighbourhood: neighbourhood.clone(), at, place })?;
    service.db.change(|tx| tx.execute(people::END, &[at.into(), scope.into()]))?;
    end_at(service, &neighbourhood, at, place)?;
    Ok(())
}

/// Ends the mandates of a neighbourhood that began before `at`, and takes out the notes up to `place` of the feed.
/// Whether anything was left to do.
fn end_at(service: &Arc<Service>, neighbourhood: &str, at: i64, place: i64) -> Result<bool> {
    let scope = service.scopes.number(neighbourhood);
    let done = writer::alone(&*service.db, |tx| {
        let s = tx.session();
        let ended = s.execute(people::END_BEFORE, &[at.into(), scope.into(), at.into()])? > 0;
        let note = EntryKind::Note as u32;
        let of = [scope.into(), note.into(), place.into()];
        let Some(rid) = s.first(feed::A_NOTE, &of, |r| r.int(0))? else { return Ok(ended) };
        let (gone, none) = (kind::GONE.into(), Value::Blob(&[]));
        s.execute(feed::DROP_NOTES, &[gone, none, scope.into(), note.into(), place.into()])?;
        // Tells those who keep the digest of this feed that rows behind it changed.
        let row =
            NewRow { scope, rid, kind: kind::GONE, n: 0, key: 0, session: 0, author: 0, at, mac: &[], packed: &[] };
        let seq = tx.next_seq();
        feed::add(tx.session(), seq, &row)?;
        Ok(true)
    })?;
    if done {
        service.db.forget()?;
    }
    Ok(done)
}
