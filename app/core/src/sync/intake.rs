//! Rows of the feed, taken in: verified as if the server were a stranger, then kept.
//!
//! A row that does not pass goes to quarantine, whole, and the rest goes on. Only a store that refuses
//! stops anything.

use mbs_shared::document::schema::MAX_CHANGE;
use mbs_shared::document::verify::{Unfit, join, project_first};
use mbs_shared::document::{Reading, verify};
use mbs_shared::id::{BlobHash, ChangeHash, Mac, RequestId};
use mbs_shared::pack;
use mbs_shared::request::MAX_ENTRY;
use mbs_shared::routing::{Case, What as Step};
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire;
use mbs_shared::wire::entry::{Entry, Stamp};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{Decided, Row, RowBody};
use rusqlite::Connection;

use super::apart;
use crate::error::Result;
use crate::store::outbox::What;
use crate::store::quarantine::{FORK, MISSING_DEPS, Refused};
use crate::store::requests::Stage;
use crate::store::{blobs, changes, entries, events, outbox, proofs, quarantine, requests};

/// Longest entry unpacked, in bytes.
pub(crate) const MAX_ENTRY_FRAME: usize = MAX_ENTRY + 1024;

/// Takes one row in.
///
/// # Errors
/// Only what the store says.
pub(crate) fn take(conn: &Connection, row: &Row, epoch: u64, now: i64) -> Result<()> {
    let request = row.request;
    if requests::is_erased(conn, request)? {
        return Ok(());
    }
    match &row.body {
        RowBody::Change { packed, mac } => change(conn, request, packed, mac, epoch, now),
        RowBody::Entry { packed, stamp, mac } => entry(conn, request, packed, stamp, mac, epoch, now),
        RowBody::Event(said) => decided(conn, request, said, epoch, now),
        RowBody::Blob { hash } => blob(conn, request, *hash, epoch),
        RowBody::Erased => requests::erase(conn, request),
    }
}

/// The name of a wire code, for rows and screens.
pub(crate) fn name(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

struct Foreign<'a> {
    request: RequestId,
    packed: &'a [u8],
    mac: &'a Mac,
    now: i64,
}

impl Foreign<'_> {
    fn refuse(&self, conn: &Connection, what: What, key: &[u8], reason: &str) -> Result<()> {
        self.keep(conn, what, key, reason, Some(*self.mac))
    }

    /// For what the server does not have any more.
    fn set_aside(&self, conn: &Connection, what: What, key: &[u8], reason: &str) -> Result<()> {
        self.keep(conn, what, key, reason, None)
    }

    fn keep(&self, conn: &Connection, what: What, key: &[u8], reason: &str, mac: Option<Mac>) -> Result<()> {
        quarantine::add(
            conn,
            &Refused {
                what,
                key: key.to_vec(),
                request: self.request,
                own: false,
                reason: reason.to_owned(),
                at: self.now,
                packed: self.packed.to_vec(),
                mac,
            },
        )
    }

    /// For what could not even be read.
    fn refuse_unread(&self, conn: &Connection, what: What, code: Code) -> Result<()> {
        self.refuse(conn, what, mbs_shared::blob::name_of(self.packed).as_bytes(), &name(code))
    }
}

fn change(conn: &Connection, request: RequestId, packed: &[u8], mac: &Mac, epoch: u64, now: i64) -> Result<()> {
    let from = Foreign { request, packed, mac, now };
    if !one_change(conn, &from, epoch)? {
        return Ok(());
    }
    // What did not fit before may fit now; each pass settles one, so this ends.
    loop {
        let mut moved = false;
        for held in quarantine::held(conn, request)? {
            let Some(mac) = &held.mac else { continue };
            quarantine::take_out(conn, What::Change, &held.key)?;
            let from = Foreign { request, packed: &held.packed, mac, now: held.at };
            moved |= one_change(conn, &from, epoch)?;
        }
        if !moved {
            return Ok(());
        }
    }
}

/// Whether the document is one change further.
fn one_change(conn: &Connection, from: &Foreign<'_>, epoch: u64) -> Result<bool> {
    let raw = match pack::unpack(from.packed, MAX_CHANGE) {
        Ok(raw) => raw,
        Err(code) => return from.refuse_unread(conn, What::Change, code).map(|()| false),
    };
    let checked = match verify(&raw) {
        Ok(checked) => checked,
        Err(code) => return from.refuse_unread(conn, What::Change, code).map(|()| false),
    };
    if let Some((known, _)) = changes::find(conn, checked.hash)? {
        // Ours, whose acknowledgement was lost, or one that comes twice.
        if known == from.request {
            changes::accepted(conn, checked.hash, from.mac, epoch)?;
            outbox::done(conn, What::Change, checked.hash.as_bytes())?;
            quarantine::take_out(conn, What::Change, checked.hash.as_bytes())?;
        }
        return Ok(false);
    }
    if checked.is_first() {
        apart::give_way(conn, from.request, checked.hash, &raw, epoch)?;
    }
    match fit(conn, from.request, &raw, checked.is_first())? {
        Ok(reading) => {
            if checked.is_first() {
                apart::keep_draft(conn, from.request, &reading.request)?;
            }
            let kept = changes::Kept {
                hash: checked.hash,
                actor: checked.actor,
                packed: from.packed.to_vec(),
                mac: Some(*from.mac),
            };
            changes::add(conn, from.request, &kept, checked.at, epoch)?;
            project(conn, from.request, &reading)?;
            refold(conn, from.request)?;
            Ok(true)
        }
        Err(unfit) => {
            let reason = match unfit {
                Unfit::MissingDeps => MISSING_DEPS.to_owned(),
                Unfit::Fork => FORK.to_owned(),
                Unfit::Rejected(code) => name(code),
            };
            from.refuse(conn, What::Change, checked.hash.as_bytes(), &reason)?;
            Ok(false)
        }
    }
}

/// How the document reads with this change; a first change without building a document.
fn fit(conn: &Connection, request: RequestId, raw: &[u8], first: bool) -> Result<std::result::Result<Reading, Unfit>> {
    let before = changes::raw(conn, request)?;
    if before.is_empty() {
        if !first {
            return Ok(Err(Unfit::MissingDeps));
        }
        return Ok(project_first(raw)
            .map(|request| Reading { request, conflicts: Vec::new() })
            .map_err(Unfit::Rejected));
    }
    let before: Vec<&[u8]> = before.iter().map(Vec::as_slice).collect();
    Ok(match join(&before, raw) {
        Ok(document) => document.read().map_err(|_| Unfit::Rejected(Code::BadValue)),
        Err(unfit) => Err(unfit),
    })
}

/// Writes how a document reads, for lists and search.
pub(crate) fn project(conn: &Connection, request: RequestId, reading: &Reading) -> Result<()> {
    requests::put(conn, request, Stage::Sent, &reading.request, reading.conflicts.len())?;
    requests::set_photos(conn, request, &reading.request.blobs)
}

fn entry(
    conn: &Connection,
    request: RequestId,
    packed: &[u8],
    stamp: &Stamp,
    mac: &Mac,
    epoch: u64,
    now: i64,
) -> Result<()> {
    let read = pack::unpack(packed, MAX_ENTRY_FRAME).and_then(|raw| wire::decode::<Entry>(&raw));
    match read {
        Ok(entry) => {
            entries::take(conn, request, &entry, packed, stamp, mac, epoch)?;
            outbox::done(conn, What::Entry, entry.id.as_bytes())?;
            quarantine::take_out(conn, What::Entry, entry.id.as_bytes())?;
            refold(conn, request)
        }
        Err(code) => Foreign { request, packed, mac, now }.refuse_unread(conn, What::Entry, code),
    }
}

/// Takes in what the server decided at once.
pub(crate) fn decided(conn: &Connection, request: RequestId, said: &Decided, epoch: u64, now: i64) -> Result<()> {
    let Decided { packed, mac } = said;
    match events::read(packed).map(|events| events.first().map_or(0, |first| first.n)) {
        Ok(n) => {
            for other in events::take_out_other(conn, request, n, mac, epoch)? {
                // What a server decided before it was restored, and this one otherwise: kept to be looked at.
                let packed = other.packed.as_slice();
                let key = mbs_shared::blob::name_of(packed).0;
                let from = Foreign { request, packed, mac: &other.mac, now };
                from.set_aside(conn, What::Entry, &key, quarantine::OTHER_SERIES)?;
            }
            events::add(conn, request, n, packed, mac, epoch)?;
            refold(conn, request)
        }
        // A decision of a newer server: what this app understands of the case goes on without it.
        Err(code) => Foreign { request, packed, mac, now }.refuse_unread(conn, What::Entry, code),
    }
}

/// Folds the server's decisions anew into what lists show, in their own order, however they came.
pub(crate) fn refold(conn: &Connection, request: RequestId) -> Result<()> {
    let mut all = events::of_request(conn, request)?;
    if sabotaged("event-order-swapped") {
        all.reverse();
    }
    if all.is_empty() {
        return Ok(());
    }
    for event in &all {
        if let (Step::Refused | Step::Declined, Some(entry)) = (&event.what, event.entry) {
            entries::refused(conn, entry, &event.note)?;
        }
    }
    let case = Case::fold(&all);
    proofs::put(conn, request, &case)?;
    requests::put_case(conn, request, &case)
}

fn blob(conn: &Connection, request: RequestId, hash: BlobHash, epoch: u64) -> Result<()> {
    let had = blobs::upload(conn, hash)?;
    let size = blobs::find(conn, request, hash)?.map_or(had.sent, |(b, _)| b.size);
    blobs::set_upload(conn, hash, blobs::Upload { sent: size, done: true, ..had }, epoch)?;
    let key = outbox::photo_key(hash, request);
    outbox::done(conn, What::Photo, &key)?;
    quarantine::take_out(conn, What::Photo, &key)
}

/// Puts something that was made here into quarantine, with the photos that wait for it.
pub(crate) fn refuse_own(conn: &Connection, what: What, key: &[u8], reason: &str, now: i64) -> Result<()> {
    let Some(item) = outbox::find(conn, what, key)? else { return Ok(()) };
    let packed = match what {
        What::Change => match ChangeHash::from_slice(key).map(|h| changes::find(conn, h)) {
            Ok(found) => found?.map(|(_, kept)| kept.packed),
            Err(_) => None,
        },
        What::Entry => match mbs_shared::id::EntryId::from_slice(key).map(|id| entries::packed(conn, id)) {
            Ok(found) => found?.map(|e| e.packed),
            Err(_) => None,
        },
        // The bytes stay among the blobs.
        What::Photo => None,
    };
    quarantine::add(
        conn,
        &Refused {
            what,
            key: key.to_vec(),
            request: item.request,
            own: true,
            reason: reason.to_owned(),
            at: now,
            packed: packed.unwrap_or_default(),
            mac: None,
        },
    )?;
    outbox::done(conn, what, key)?;
    if what == What::Change {
        for photo in outbox::needing(conn, key)? {
            refuse_own(conn, photo.what, &photo.key, reason, now)?;
        }
    }
    Ok(())
}
