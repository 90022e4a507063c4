//! `verify`: proves a data folder, and names the first thing that is not as it should be.

use std::collections::BTreeMap;

use mbs_shared::document::verify as verify_change;
use mbs_shared::id::BlobHash;
use mbs_shared::pack::unpack;
use mbs_shared::routing::{Case, What};
use mbs_shared::wire::decode;
use mbs_shared::wire::entry::{Entry, EntryKind, Stamp};
use thiserror::Error;

use crate::anchor;
use crate::blob_store::Key;
use crate::database::feed::{self, ItemRow, kind};
use crate::database::requests::{self, Head};
use crate::database::{DbError, Go, Session, blobs, changes, devices, entries, erased, events, meta, tasks};
use crate::handlers::sync::plan::Content;
use crate::journal::Record;
use crate::routing::apply;
use crate::routing::thread::stamped;
use crate::secrets::sha256;
use crate::service::Service;

/// Requests looked at in one read transaction.
const BATCH: u32 = 200;

/// The first thing that is not as it should be.
#[derive(Debug, Error)]
pub enum Broken {
    /// Something is wrong: where, and what.
    #[error("{0}: {1}")]
    At(String, String),
    /// It could not be looked at.
    #[error("the database: {0}")]
    Database(#[from] DbError),
    /// It could not be looked at.
    #[error("the photo store: {0}")]
    Store(#[from] std::io::Error),
}

/// What was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proven {
    /// Requests, with their index rows.
    pub requests: u64,
    /// Changes, entries and events, with their proofs.
    pub items: u64,
    /// Photos and notes, with their hashes.
    pub photos: u64,
    /// Records of the journal.
    pub records: u64,
    /// Anchors, with what they say of each request.
    pub anchors: u64,
}

fn at<T>(place: impl Into<String>, what: impl Into<String>) -> Result<T, Broken> {
    Err(Broken::At(place.into(), what.into()))
}

/// Looks at everything of a data folder. A server may run on it meanwhile.
///
/// # Errors
/// The first break.
pub fn verify(service: &Service) -> Result<Proven, Broken> {
    let mut proven = Proven::default();
    service.db.check()?;
    counters(service)?;
    let mut after = 0;
    loop {
        let heads = service.db.ask(|s| requests::by_rid(s, after, BATCH))?;
        let Some(last) = heads.last() else { break };
        after = last.rid;
        for head in &heads {
            request(service, head, &mut proven)?;
        }
    }
    photos(service, &mut proven)?;
    journal(service, &mut proven)?;
    proven.anchors = anchor::prove(service).or_else(|e| at("anchors", e.to_string()))?;
    Ok(proven)
}

/// Feed without holes but the known ones; counters past everything that was issued.
fn counters(service: &Service) -> Result<(), Broken> {
    service.db.ask(|s| Ok(feed_and_numbers(s)))?
}

fn feed_and_numbers(s: &mut dyn Session) -> Result<(), Broken> {
    let seq = meta::get(s, "seq")?;
    let skipped: BTreeMap<i64, i64> = s
        .all(meta::ALL, &[], |r| Ok((r.text(0)?.to_owned(), r.int(1)?)))?
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("skipped:")?.parse().ok()?, value)))
        .collect();
    let mut last = 0;
    let mut hole = None;
    s.query(feed::PLACES, &[], &mut |r| {
        let here = r.int(0)?;
        let expected = follow(&skipped, last);
        if here != expected + 1 {
            hole = Some((expected + 1, here));
            return Ok(Go::Stop);
        }
        last = here;
        Ok(Go::On)
    })?;
    if let Some((from, to)) = hole {
        return at(format!("feed {from}"), format!("the rows before {to} are missing"));
    }
    if follow(&skipped, last) != seq {
        return at("counter seq", format!("{seq}, and the feed ends at {last}"));
    }
    let rid = s.first(requests::LAST_RID, &[], |r| r.int(0))?.unwrap_or(0);
    if meta::get(s, "rid")? < rid {
        return at("counter rid", format!("behind request row {rid}"));
    }
    for (year, n) in s.all(requests::LAST_NUMBERS, &[], |r| Ok((r.int(0)?, r.int(1)?)))? {
        let counter = meta::get(s, &format!("number:{year}"))?;
        if counter < n {
            return at(format!("counter number:{year}"), format!("{counter}, and {year}-{n:06} was given"));
        }
    }
    Ok(())
}

/// Where the feed goes on after `last`, over the holes that restores left.
fn follow(skipped: &BTreeMap<i64, i64>, mut last: i64) -> i64 {
    while let Some(to) = skipped.get(&last).filter(|to| **to > last) {
        last = *to;
    }
    last
}

fn request(service: &Service, head: &Head, proven: &mut Proven) -> Result<(), Broken> {
    let place = format!("request {} ({})", head.no, head.id);
    let mut items = Vec::new();
    service.db.ask(|s| {
        feed::of_request(s, head.rid, &mut |item| {
            items.push((item.seq, check_item(service, head, item)));
            Ok(Go::On)
        })
    })?;
    for (seq, checked) in items {
        if let Err(what) = checked {
            return at(format!("feed {seq}, {place}"), what);
        }
        proven.items += 1;
    }
    if let Err(e) = service.db.ask(|s| Ok(anchor::prove_request(s, head.rid, head.id)))? {
        return at(place, e.to_string());
    }
    // The row may have moved on since it was listed: everything below is of one moment.
    let looked = service.db.ask(|s| {
        let Some(head) = requests::by_id(s, head.id)? else { return Ok(None) };
        let raws = changes::of_request(s, head.rid)?;
        let events = events::of_request(s, head.rid)?;
        let here = blobs::of_request(s, head.rid)?.len();
        let owed = tasks::of_request(s, head.rid)?;
        Ok(Some((head, raws, events, here, owed)))
    })?;
    let Some((head, raws, events, here, owed)) = looked else { return Ok(()) };
    proven.requests += 1;
    let reading = match changes::read(&raws) {
        Ok(reading) => reading,
        Err(what) => return at(place, what.to_string()),
    };
    if usize::try_from(head.changes) != Ok(raws.len()) {
        return at(place, format!("{} changes counted, {} there", head.changes, raws.len()));
    }
    let content = Content::of_reading(service, &reading);
    let said = (&head.title, head.kind, head.flags & !requests::WISH, head.blobs);
    if said != (&content.title, content.kind, content.flags, content.blobs) {
        return at(place, "the index row is not what the document says");
    }
    if (1..).zip(&events).any(|(n, e)| e.event.n != n) {
        return at(place, "the events are not numbered one after another");
    }
    match events.first().map(|e| &e.event.what) {
        Some(What::Received { no, .. }) if *no == head.no => {}
        _ => return at(place, "the first event does not give its number"),
    }
    let case = Case::fold(events.iter().map(|e| &e.event));
    let mut folded = head.clone();
    apply::take_case(service, &mut folded, &case, head.since);
    // Told from the rules of their time as well, of which each instance hears a moment later than another.
    folded.urgency = head.urgency;
    if folded != head {
        return at(place, "the index row is not where the events lead");
    }
    if !owed.into_iter().eq(apply::owed(service, &case)) {
        return at(place, "what other units owe of it is not what the events say");
    }
    // Photos of answers are attached too, and were not counted.
    if usize::try_from(head.here).is_ok_and(|counted| counted > here) {
        return at(place, format!("{} photos counted, {here} there", head.here));
    }
    Ok(())
}

/// An item unpacks, is what it says, and carries our proof.
fn check_item(service: &Service, head: &Head, item: &ItemRow<'_>) -> Result<(), String> {
    let raw = |cap| unpack(item.packed, cap).map_err(|e| format!("it does not unpack: {e:?}"));
    let hash = match item.kind {
        kind::CHANGE => {
            let raw = raw(mbs_shared::document::schema::MAX_CHANGE)?;
            verify_change(&raw).map_err(|e| format!("it is no change: {e:?}"))?.hash.0
        }
        kind::ENTRY => {
            let raw = raw(entries::MAX_RAW)?;
            decode::<Entry>(&raw).map_err(|_| "it is no entry".to_owned())?;
            let hash = sha256(&raw);
            let stamp = Stamp { at: item.at, author: String::new() };
            if item.author > 0 { stamped(&hash, &stamp) } else { hash }
        }
        kind::EVENT => sha256(&raw(events::MAX_RAW)?),
        kind::BLOB => return BlobHash::from_slice(item.packed).map(drop).map_err(|e| e.to_string()),
        _ => return Ok(()),
    };
    if service.secrets.proves(item.mac, head.id, &hash) {
        Ok(())
    } else {
        Err("its proof is not one of this server's keys: is keys.json the right one?".into())
    }
}

fn photos(service: &Service, proven: &mut Proven) -> Result<(), Broken> {
    let all = service
        .db
        .ask(|s| s.all(blobs::ALL_WITH_THUMBS, &[], |r| Ok((BlobHash(r.bytes32(0)?), r.int(1)? != 0, r.int(2)?))))?;
    for (hash, thumb, size) in all {
        let place = format!("photo {hash}");
        let Some(bytes) = service.store.get(Key::Full(hash))? else {
            if service.db.ask(|s| blobs::by_hash(s, hash))?.is_none() {
                continue;
            }
            return at(place, "it is missing from the store: copy it back from a backup");
        };
        if sha256(&bytes) != hash.0 || i64::try_from(bytes.len()) != Ok(size) {
            return at(place, "its bytes are damaged: copy them back from a backup");
        }
        if thumb && !service.store.has(Key::Thumb(hash))? {
            return at(place, "its preview is missing");
        }
        proven.photos += 1;
    }
    Ok(())
}

fn journal(service: &Service, proven: &mut Proven) -> Result<(), Broken> {
    let records = service.journal.read().or_else(|e| at("journal", format!("{e:#}")))?;
    for (n, record) in (1..).zip(&records) {
        let place = format!("journal, line {n}");
        let wrong = match record {
            Record::Erased { request, .. } => {
                service.db.ask(|s| Ok(!erased::is_erased(s, *request)? || requests::by_id(s, *request)?.is_some()))?
            }
            Record::Revoked { device, .. } => {
                let found = service.db.ask(|s| devices::by_no(s, *device))?;
                found.is_some_and(|d| d.revoked == 0)
            }
            Record::MandateEnded { neighbourhood, place, .. } => {
                let scope = service.scopes.number(neighbourhood);
                let of = [scope.into(), (EntryKind::Note as u32).into(), (*place).into()];
                service.db.ask(|s| Ok(s.first(feed::A_NOTE, &of, |r| r.int(0))?.is_some()))?
            }
        };
        if wrong {
            return at(place, "it was not carried out: start the server once");
        }
        proven.records += 1;
    }
    Ok(())
}
