//! What an operator does beside a running server: plain functions over a database, a photo store and a data
//! folder, without sockets. The command line is thin on top.

pub mod backup;
pub mod doctor;
pub mod erase;
pub mod index;
pub mod quarantine;
pub mod restore;
pub mod seal;
pub mod verify;

use std::sync::Arc;

use anyhow::Result;
use mbs_shared::id::{DeviceNo, Prefix};
use mbs_shared::wire::entry::EntryKind;

use crate::database::feed::{self, NewRow, kind};
use crate::database::{Value, devices, people};
use crate::handlers::enrol;
use crate::journal::Record;
use crate::service::Service;
use crate::writer;

/// Makes a database ready to be served: rows of an older version are told anew, and what the journal says is done.
///
/// # Errors
/// When the journal is damaged or the database does not answer.
pub fn prepare(service: &Arc<Service>) -> Result<()> {
    index::bring_up_to_date(service)?;
    replay(service).map(drop)
}

/// Makes the database say what the journal says: what was erased, revoked or ended and came back with a backup, or
/// was written down and cut off before it was done, is done now. How many there were.
///
/// # Errors
/// When the journal is damaged or the database does not answer.
pub fn replay(service: &Arc<Service>) -> Result<usize> {
    let mut done = 0;
    for record in service.journal.read_certain()? {
        let new = match record {
            Record::Erased { request, at, photos, .. } => erase::carry_out(service, request, at, &photos)?,
            Record::Revoked { device, at } => service.db.change(|tx| enrol::revoke_no(tx, device, at))?,
            Record::MandateEnded { neighbourhood, since, at, place } => {
                end_at(service, &neighbourhood, since, at, place)?
            }
        };
        done += usize::from(new);
    }
    if done > 0 {
        tracing::warn!(done, "what the journal says was carried out again");
        service.refresh_devices()?;
    }
    Ok(done)
}

/// Revokes the tablet whose case numbers begin so: first written into the journal, then done. Whether
/// there was one that was not revoked yet. A running server notices within a second.
///
/// # Errors
/// When something cannot be written: then say it again.
pub fn revoke(service: &Arc<Service>, prefix: Prefix) -> Result<bool> {
    let found = service.db.ask(|s| devices::by_prefix(s, prefix.index()))?;
    let Some(device) = found.filter(|d| d.revoked == 0) else { return Ok(false) };
    revoke_all(service, &[device.no])
}

fn revoke_all(service: &Arc<Service>, devices: &[DeviceNo]) -> Result<bool> {
    let at = service.clock.now();
    let mut done = false;
    for device in devices {
        service.journal.append(&Record::Revoked { device: *device, at })?;
        done |= service.db.change(|tx| enrol::revoke_no(tx, *device, at))?;
    }
    Ok(done)
}

/// The mandate that runs in a neighbourhood ends: its tablets are revoked, and hand over what they hold; its
/// private notes go; the casebook stays for the successor.
///
/// # Errors
/// When something cannot be written: then say it again.
pub fn end_mandate(service: &Arc<Service>, scope: u32) -> Result<()> {
    let tablets = service.db.ask(|s| devices::of_scope(s, scope))?;
    revoke_all(service, &tablets)?;
    let (neighbourhood, at) = (service.scopes.code(scope).to_owned(), service.clock.now());
    // After the revocations: nothing of the old tablets comes behind this place.
    let (running, place) = service.db.ask(|s| Ok((people::current(s, scope)?, feed::last(s)?)))?;
    let since = running.map_or(0, |mandate| mandate.since);
    service.journal.append(&Record::MandateEnded { neighbourhood: neighbourhood.clone(), since, at, place })?;
    end_at(service, &neighbourhood, since, at, place)?;
    Ok(())
}

/// Ends the mandate of a neighbourhood that began at `since`, and takes out the notes up to `place` of the feed. Whether
/// anything was left to do.
fn end_at(service: &Arc<Service>, neighbourhood: &str, since: i64, at: i64, place: i64) -> Result<bool> {
    let scope = service.scopes.number(neighbourhood);
    let done = writer::alone(&*service.db, |tx| {
        let s = tx.session();
        let ended = s.execute(people::END_BEGUN, &[at.into(), scope.into(), since.into()])? > 0;
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
