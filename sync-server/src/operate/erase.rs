//! Erasure by law (6698): a request goes, with its words, thread, decisions and photos. A tombstone stays,
//! so that nobody brings it back; units and tablets hear of it by their feeds.

use std::sync::Arc;

use anyhow::{Result, bail};
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::routing::Case;

use crate::blob_store::Key;
use crate::database::feed::{self, NewRow, kind};
use crate::database::requests::{self, Head};
use crate::database::{
    DbResult, Value, anchors, announcements, blobs, changes, entries, erased, events, quarantine, tasks,
};
use crate::error::Fault;
use crate::journal::Record;
use crate::routing::apply;
use crate::service::Service;
use crate::writer::{self, Tx};

/// Erases a request: first written into the journal, then done.
///
/// # Errors
/// When there is no such request, no reason, or something cannot be written: then say it again.
pub fn erase(service: &Arc<Service>, request: RequestId, reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        bail!("an erasure needs a reason: a court, a decision, a petition and its date");
    }
    let Some(head) = service.db.ask(|s| requests::by_id(s, request))? else {
        bail!("there is no request {request}");
    };
    let at = service.clock.now();
    let photos = service.db.ask(|s| only_here(s, &head))?;
    let record = Record::Erased { request, at, reason: reason.trim().to_owned(), photos: photos.clone() };
    service.journal.append(&record)?;
    carry_out(service, request, at, &photos)?;
    Ok(())
}

/// Does what the journal says. Whether anything was left to do.
///
/// # Errors
/// When the database or the photo store does not answer.
pub fn carry_out(service: &Arc<Service>, request: RequestId, at: i64, photos: &[BlobHash]) -> Result<bool> {
    let inner = service.clone();
    let (new, mut gone) = writer::alone(&*service.db, |tx| erase_in(tx, &inner, request, at))?;
    // Cut off between the database and the files, the next start finds them by the journal.
    for photo in photos {
        if service.db.ask(|s| blobs::by_hash(s, *photo))?.is_none() && !gone.contains(photo) {
            gone.push(*photo);
        }
    }
    for photo in gone {
        service.store.remove(Key::Thumb(photo))?;
        service.store.remove(Key::Full(photo))?;
    }
    service.db.forget()?;
    Ok(new)
}

/// Photos of a request that no other one has. Also those of which only a file may be there: an upload was cut off
/// between the store and the database.
fn only_here(s: &mut dyn crate::database::Session, head: &Head) -> DbResult<Vec<BlobHash>> {
    let mut only = Vec::new();
    for hash in named(s, head)? {
        if blobs::by_hash(s, hash)?.is_none() {
            only.push(hash);
        }
    }
    for (hash, ..) in blobs::of_request(s, head.rid)? {
        if let Some(blob) = blobs::by_hash(s, hash)?
            && blobs::requests(s, blob.id)?.iter().all(|r| *r == head.id)
            && announcements::with_photo(s, hash)?.is_empty()
        {
            only.push(hash);
        }
    }
    Ok(only)
}

fn erase_in(tx: &mut Tx<'_>, service: &Service, request: RequestId, at: i64) -> Result<(bool, Vec<BlobHash>), Fault> {
    let head = requests::by_id(tx.session(), request)?;
    let known = erased::is_erased(tx.session(), request)?;
    tx.session().execute(quarantine::ERASE, &[request.as_bytes().into()])?;
    anchors::drop_salt(tx.session(), request)?;
    let Some(head) = head else {
        if !known {
            erased::add(tx.session(), request, at, &[])?;
        }
        return Ok((!known, Vec::new()));
    };
    let photos = only_here(tx.session(), &head)?;
    let named = named(tx.session(), &head)?;
    let units = held_by(tx, service, &head)?;
    let s = tx.session();
    let hash = first_hash(s, &head)?;
    erased::add(s, request, at, &hash)?;
    for (hash, ..) in blobs::of_request(s, head.rid)? {
        if photos.contains(&hash) {
            s.execute(blobs::DROP, &[hash.as_bytes().into()])?;
        }
    }
    for hash in named {
        s.execute(blobs::DROP_CHUNKS, &[hash.as_bytes().into(), head.scope.into()])?;
    }
    s.execute(blobs::DETACH, &[head.rid.into()])?;
    // The rows stay in their places, so that no cursor finds a hole; what they carried goes.
    let (kind, none, id) = (kind::ERASED.into(), Value::Blob(&[]), request.as_bytes().into());
    s.execute(feed::BLANK, &[kind, none, id, head.rid.into()])?;
    for unit in &units {
        s.execute(feed::BLANK_UNIT, &[kind, none, id, (*unit).into(), head.rid.into()])?;
    }
    tasks::set(s, head.rid, &[])?;
    s.execute(requests::DROP, &[head.rid.into()])?;
    for scope in units.into_iter().chain([head.scope]) {
        let row = NewRow {
            scope,
            rid: head.rid,
            kind: kind::ERASED,
            n: 0,
            key: 0,
            session: 0,
            author: 0,
            at,
            mac: &[],
            packed: request.as_bytes(),
        };
        let seq = tx.next_seq();
        feed::add(tx.session(), seq, &row)?;
        tx.wake(scope);
    }
    Ok((true, photos))
}

/// Every unit that ever held the request or owed a part of it: their feeds have rows of it.
fn held_by(tx: &mut Tx<'_>, service: &Service, head: &Head) -> DbResult<Vec<u32>> {
    let mut case = Case::default();
    let mut units = Vec::new();
    for stored in events::of_request(tx.session(), head.rid)? {
        case.apply(&stored.event);
        let owed = apply::owed(service, &case).map(|(_, unit)| unit);
        for unit in owed.chain([apply::number(service, &case)]) {
            if unit != 0 && !units.contains(&unit) {
                units.push(unit);
            }
        }
    }
    Ok(units)
}

/// Hash of the first change: the tombstone's second name.
fn first_hash(s: &mut dyn crate::database::Session, head: &Head) -> DbResult<Vec<u8>> {
    let first = changes::of_request(s, head.rid)?.into_iter().next();
    let hash = first.and_then(|raw| mbs_shared::document::verify(&raw).ok()).map(|checked| checked.hash);
    Ok(hash.map_or(Vec::new(), |hash| hash.as_bytes().to_vec()))
}

/// Photos the words or the thread name, whole or half sent.
fn named(s: &mut dyn crate::database::Session, head: &Head) -> DbResult<Vec<BlobHash>> {
    let request = changes::read(&changes::of_request(s, head.rid)?)?.request;
    let mut named: Vec<BlobHash> = request.blobs.iter().map(|b| b.hash).collect();
    named.extend(entries::of_request(s, head.rid)?.into_iter().flat_map(|e| e.entry.photos));
    Ok(named)
}
