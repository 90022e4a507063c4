//! Making unsent changes anew under another actor.
//!
//! Needed when two tablets turned out to have one identity (the server says `fork`), and when a tablet
//! is enrolled anew: its unsent changes carry a device number that is no longer its own. What a person
//! wrote stays; only who signs for it changes.

use mbs_shared::document::Document;
use mbs_shared::document::edit::NewChange;
use mbs_shared::id::{Actor, RequestId};
use mbs_shared::pack::pack;
use rusqlite::Connection;

use super::intake::project;
use crate::capture::request::difference;
use crate::error::{Code, Result, fail};
use crate::store::outbox::{self, What};
use crate::store::{changes, quarantine};

/// Makes the changes of `request` that no server has accepted anew, by `actor`.
///
/// # Errors
/// [`Code::Storage`] when the document does not load, or what the store says.
pub(crate) fn replay(conn: &Connection, request: RequestId, actor: Actor, now: i64) -> Result<()> {
    let all = changes::of_request(conn, request)?;
    let raw = changes::raw(conn, request)?;
    let mut base: Vec<&[u8]> = Vec::new();
    let mut so_far: Vec<&[u8]> = Vec::new();
    let mut document: Option<Document> = None;
    for (kept, raw) in all.iter().zip(&raw) {
        if kept.mac.is_some() {
            base.push(raw);
            so_far.push(raw);
        }
    }
    if !base.is_empty() {
        document = Some(Document::load(&base)?);
    }
    for (kept, raw) in all.iter().zip(&raw).filter(|(kept, _)| kept.mac.is_none()) {
        let before = if so_far.is_empty() { None } else { Some(Document::load(&so_far)?.read()?.request) };
        so_far.push(raw);
        let after = Document::load(&so_far)?.read()?.request;
        let made: Option<NewChange> = match (&mut document, before) {
            (Some(document), Some(before)) => document.edit(actor, now, &difference(&before, &after))?,
            (none, _) => {
                let (document, change) = Document::create(actor, &after)?;
                *none = Some(document);
                Some(change)
            }
        };
        changes::take_out(conn, kept.hash)?;
        let waited = outbox::find(conn, What::Change, kept.hash.as_bytes())?;
        outbox::done(conn, What::Change, kept.hash.as_bytes())?;
        quarantine::take_out(conn, What::Change, kept.hash.as_bytes())?;
        let Some(made) = made else {
            outbox::needs_instead(conn, kept.hash.as_bytes(), &[])?;
            continue;
        };
        let packed = pack(&made.raw);
        let mut item = waited.unwrap_or_else(|| waiting(request, now));
        item.key = made.hash.as_bytes().to_vec();
        item.bytes = u32::try_from(packed.len()).unwrap_or(u32::MAX);
        // Counted, so that a server that always says `fork` does not keep us busy for ever.
        item.tries += 1;
        item.later = 0;
        outbox::needs_instead(conn, kept.hash.as_bytes(), made.hash.as_bytes())?;
        outbox::add(conn, &item)?;
        changes::add(conn, request, &changes::Kept { hash: made.hash, actor, packed, mac: None }, now, 0)?;
    }
    let document = document.ok_or_else(|| fail(Code::Storage, "a request without changes"))?;
    project(conn, request, &document.read()?)
}

fn waiting(request: RequestId, now: i64) -> outbox::Waiting {
    outbox::Waiting {
        n: 0,
        what: What::Change,
        key: Vec::new(),
        request,
        count: 0,
        since: now,
        bytes: 0,
        needs: Vec::new(),
        tries: 0,
        later: 0,
    }
}
