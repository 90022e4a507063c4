//! Ways out of quarantine: what was refused is mended and sent again, or sent once more as another request. Nothing of it
//! is lost on the way: words that go out of a document or a thread are drafts, or begun again.

use mbs_shared::document::{Document, Reading};
use mbs_shared::id::{Actor, RequestId};
use mbs_shared::pack::pack;
use mbs_shared::request::{Edit, Request};
use mbs_shared::routing::State;
use mbs_shared::wire::entry::EntryKind;
use rusqlite::Connection;

use super::Fields;
use super::sent::{keep_change, queue_photo};
use super::view::{Related, Remedy};
use crate::capture::request::{difference, fields};
use crate::error::{Code, Result, fail};
use crate::ports::random;
use crate::store::begun::{self, Begun};
use crate::store::outbox::{self, What};
use crate::store::quarantine::{self, BEGUN, FORK, OTHER_MANDATE, REVOKED, Refused};
use crate::store::requests::{self, Record, Stage};
use crate::store::{blobs, changes, cursor, entries, renewed, settings};
use crate::sync::intake::project;
use crate::tablet::Inner;

/// The request belongs to another muhtarlık, says the server.
const FOREIGN: &str = "foreign_request";

/// Whether the beginning itself was refused: the server has nothing of the request.
fn refused_whole(c: &Connection, request: RequestId) -> Result<bool> {
    let first = changes::of_request(c, request)?.into_iter().next().filter(|first| first.mac.is_none());
    let reason = first.map(|first| quarantine::reason(c, What::Change, first.hash.as_bytes())).transpose()?;
    Ok(reason.flatten().is_some())
}

/// `by` is sent: what it replaces needs nobody any more. What was said about that, and never went, is begun about this one.
pub(crate) fn replace(c: &Connection, by: RequestId) -> Result<()> {
    for request in renewed::replaced(c, by)? {
        begin_again(c, request, by, |_| true)?;
        outbox::done_of(c, request)?;
        requests::set_stage(c, request, Stage::Renewed)?;
    }
    Ok(())
}

/// Takes what was said about `request`, and is on no server, out of its thread and begins it anew about `to`.
fn begin_again(
    c: &Connection,
    request: RequestId,
    to: RequestId,
    wanted: impl Fn(&entries::Kept) -> bool,
) -> Result<()> {
    for said in entries::of_request(c, request)?.into_iter().filter(|e| e.mine && !e.stamped && wanted(e)) {
        entries::take_out(c, said.id)?;
        outbox::done(c, What::Entry, said.id.as_bytes())?;
        quarantine::take_out(c, What::Entry, said.id.as_bytes())?;
        if begun::is_intent(said.kind) {
            // A tap is said again with a tap.
            continue;
        }
        let kind = match said.kind {
            EntryKind::Answer | EntryKind::Object | EntryKind::Note => said.kind,
            _ => EntryKind::Message,
        };
        let before = begun::of_request(c, to)?.into_iter().find(|begun| begun.kind == kind);
        let (text, mut photos) = before.map_or_else(Default::default, |begun| (begun.text, begun.photos));
        photos.extend(said.photos.iter().filter(|hash| !photos.contains(hash)).copied().collect::<Vec<_>>());
        let texts: Vec<&str> = [text.as_str(), said.text.as_str()].into_iter().filter(|t| !t.is_empty()).collect();
        begun::keep(c, to, &Begun { kind, text: texts.join("\n"), photos })?;
    }
    Ok(())
}

/// How a request reads without the changes that no server has, and who made those.
fn without_unaccepted(c: &Connection, request: RequestId) -> Result<(Document, Vec<Actor>)> {
    let mut base = Vec::new();
    let mut actors = Vec::new();
    for kept in changes::of_request(c, request)? {
        match kept.mac {
            Some(_) => base.push(changes::unpack(&kept.packed)?),
            None => actors.push(kept.actor),
        }
    }
    let base: Vec<&[u8]> = base.iter().map(Vec::as_slice).collect();
    Ok((Document::load(&base)?, actors))
}

/// What was put by one of `actors`, as edits of what stands without them: also words that lost against another version.
fn put_by(actors: &[Actor], before: &Request, now: &Reading) -> Vec<Edit> {
    let mut edits = difference(before, &now.request);
    let versions = now.conflicts.iter().flat_map(|conflict| &conflict.versions);
    edits.extend(versions.filter(|version| actors.contains(&version.actor)).map(|version| version.edit.clone()));
    edits
}

impl Inner {
    /// What may be done with what was refused of a request.
    pub(crate) fn remedies(&self, record: &Record) -> Result<Vec<Remedy>> {
        let c = self.store.read();
        let refused = quarantine::of_request(c, record.id)?;
        let because = |reasons: &[&str]| refused.iter().any(|r| reasons.contains(&r.reason.as_str()));
        if refused.is_empty() {
            return Ok(Vec::new());
        }
        let mut out = Vec::new();
        // What another mandate wrote is not sent in this one's name; what was handed over is looked at by a person.
        if record.stage == Stage::Sent && !because(&[OTHER_MANDATE, REVOKED]) {
            let whole = refused_whole(c, record.id)?;
            // Under its name the server has another beginning, or another muhtarlık's request.
            let lost = if whole { because(&[FORK, BEGUN, FOREIGN]) } else { because(&[FOREIGN]) };
            if !lost && !record.state.is_some_and(State::is_final) {
                let only_photos = refused.iter().all(|r| r.what == What::Photo);
                out.push(if only_photos { Remedy::Again } else { Remedy::Mend });
            }
            if whole {
                out.push(Remedy::Renew);
            }
        }
        out.push(Remedy::Export);
        Ok(out)
    }

    /// The request that was sent instead of one that was refused.
    pub(crate) fn renewed(&self, record: &Record) -> Result<Option<Related>> {
        if record.stage != Stage::Renewed {
            return Ok(None);
        }
        renewed::by(self.store.read(), record.id)?.map(|by| self.related(by)).transpose()
    }

    fn may(&self, id: RequestId, any: &[Remedy]) -> Result<Record> {
        let record = self.record(id, Stage::Sent)?;
        if !self.remedies(&record)?.iter().any(|remedy| any.contains(remedy)) {
            return Err(fail(Code::WrongMoment, format!("{any:?}")));
        }
        Ok(record)
    }

    pub(crate) fn mend(&mut self, id: RequestId) -> Result<RequestId> {
        let record = self.may(id, &[Remedy::Mend, Remedy::Again])?;
        if refused_whole(self.store.read(), id)? {
            self.draft_again(&record)
        } else {
            self.begin_refused_again(&record)
        }
    }

    /// A request of which the server has nothing is a draft again, under its number.
    fn draft_again(&mut self, record: &Record) -> Result<RequestId> {
        let id = record.id;
        self.store.write_words(|c| {
            begin_again(c, id, id, |_| true)?;
            for change in changes::of_request(c, id)? {
                changes::take_out(c, change.hash)?;
            }
            for refused in quarantine::of_request(c, id)? {
                quarantine::take_out(c, refused.what, &refused.key)?;
            }
            outbox::done_of(c, id)?;
            for photo in &record.request.blobs {
                if !blobs::is_here(c, photo.hash)? {
                    blobs::set_removed(c, id, photo.hash, true)?;
                }
            }
            requests::set_stage(c, id, Stage::Draft)
        })?;
        Ok(id)
    }

    /// Of a request that the server has: refused corrections and words are begun again, photos go once more; one whose
    /// bytes are lost is taken out.
    fn begin_refused_again(&mut self, record: &Record) -> Result<RequestId> {
        let (id, now, actor) = (record.id, self.now(), self.actor()?);
        let c = self.store.read();
        let refused = quarantine::of_request(c, id)?;
        let (document, actors) = without_unaccepted(c, id)?;
        let before = document.read()?;
        let all = changes::raw(c, id)?;
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        let corrected = refused.iter().any(|r| r.what == What::Change);
        let edits =
            if corrected { put_by(&actors, &before.request, &Document::load(&all)?.read()?) } else { Vec::new() };
        let mut document = if corrected { document } else { Document::load(&all)? };
        let photos = photos_anew(c, &refused, &edits)?;
        let change = document.edit(actor, now, &photos)?;
        let reading = document.read()?;
        let count = if change.is_some() { self.next_made()? } else { 0 };
        self.store.write_words(|c| {
            begin_again(c, id, id, |said| refused.iter().any(|r| r.key == said.id.as_bytes()))?;
            if corrected {
                drop_unaccepted(c, id)?;
                let begun = begun::edit(c, id)?.unwrap_or_default();
                begun::keep_edit(c, id, &over(fields(&edits), begun))?;
            }
            for photo in refused.iter().filter(|r| r.what == What::Photo) {
                quarantine::take_out(c, What::Photo, &photo.key)?;
            }
            if let Some(change) = &change {
                keep_change(c, id, change, actor, &pack(&change.raw), count, now)?;
            }
            project(c, id, &reading)?;
            let last = changes::of_request(c, id)?.pop().map(|last| last.hash);
            let epoch = cursor::get(c)?.epoch;
            for photo in &reading.request.blobs {
                let upload = blobs::upload(c, photo.hash)?;
                if let (Some(last), false) = (last, upload.done) {
                    let again = refused.iter().any(|r| outbox::photo_of(&r.key) == Some(photo.hash));
                    if again {
                        blobs::set_upload(c, photo.hash, blobs::Upload { sent: 0, ..upload }, epoch)?;
                    }
                    queue_photo(c, id, photo.hash, photo.size, last, now)?;
                }
            }
            Ok(())
        })?;
        Ok(id)
    }

    /// A draft that says what a request of which the server has nothing says, photos included.
    pub(crate) fn renew(&mut self, id: RequestId) -> Result<RequestId> {
        let record = self.may(id, &[Remedy::Renew])?;
        let c = self.store.read();
        if let Some(begun) = renewed::by(c, id)?
            && requests::get(c, begun)?.is_some_and(|r| r.stage == Stage::Draft)
        {
            return Ok(begun);
        }
        let (no, counter) = self.next_case()?;
        let new = RequestId(random(&*self.ports.random));
        let request = Request { no, at: self.now(), ..record.request };
        self.store.write_words(|c| {
            settings::set_number(c, settings::CASES, counter)?;
            requests::put(c, new, Stage::Draft, &request, 0)?;
            for photo in &request.blobs {
                if blobs::is_here(c, photo.hash)? {
                    blobs::refer(c, new, photo)?;
                }
            }
            renewed::put(c, id, new)
        })?;
        Ok(new)
    }
}

/// Edits of photos that need no person: those of refused corrections are made anew, and what was lost is taken out.
fn photos_anew(c: &Connection, refused: &[Refused], edits: &[Edit]) -> Result<Vec<Edit>> {
    let mut out = Vec::new();
    for edit in edits {
        match edit {
            Edit::AddBlob(photo) if blobs::is_here(c, photo.hash)? => out.push(edit.clone()),
            Edit::RemoveBlob(_) => out.push(edit.clone()),
            _ => {}
        }
    }
    let photos = refused.iter().filter(|r| r.what == What::Photo).filter_map(|r| outbox::photo_of(&r.key));
    for hash in photos {
        if !blobs::is_here(c, hash)? {
            out.push(Edit::RemoveBlob(hash));
        }
    }
    Ok(out)
}

/// Takes out of a request what no server has of its document, and the photos that wait for it.
fn drop_unaccepted(c: &Connection, request: RequestId) -> Result<()> {
    for change in changes::of_request(c, request)?.into_iter().filter(|kept| kept.mac.is_none()) {
        let key = change.hash.as_bytes();
        changes::take_out(c, change.hash)?;
        outbox::done(c, What::Change, key)?;
        quarantine::take_out(c, What::Change, key)?;
        for photo in outbox::needing(c, key)? {
            outbox::done(c, photo.what, &photo.key)?;
        }
    }
    Ok(())
}

/// `fields`, but for what `begun` says otherwise: it was written later.
fn over(fields: Fields, begun: Fields) -> Fields {
    Fields {
        title: begun.title.or(fields.title),
        desc: begun.desc.or(fields.desc),
        category: begun.category.or(fields.category),
        kind: begun.kind.or(fields.kind),
        fix: begun.fix.or(fields.fix),
        addr: begun.addr.or(fields.addr),
        discreet: begun.discreet.or(fields.discreet),
    }
}
