//! What is done with a request from `Gönder` on: every step is a change or an entry, kept and queued in
//! one transaction before the screen says so.

use mbs_shared::document::edit::NewChange;
use mbs_shared::document::{Conflict, Document};
use mbs_shared::id::{BlobHash, ChangeHash, EntryId, Prefix, RequestId};
use mbs_shared::pack::pack;
use mbs_shared::request::Edit;
use mbs_shared::wire;
use mbs_shared::wire::entry::{Entry, EntryKind};
use rusqlite::Connection;

use super::Fields;
use super::drafts::check;
use super::mend;
use crate::capture;
use crate::error::{Code, Result, fail};
use crate::ports::random;
use crate::store::begun::{self, Begun};
use crate::store::outbox::{self, Waiting, What};
use crate::store::requests::{self, Stage};
use crate::store::{blobs, changes, entries, settings};
use crate::sync::intake::project;
use crate::tablet::Inner;

/// A row of the outbox for something new.
pub(crate) fn waiting(what: What, key: &[u8], request: RequestId, count: u32, bytes: usize, now: i64) -> Waiting {
    Waiting {
        n: 0,
        what,
        key: key.to_vec(),
        request,
        count,
        since: now,
        bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        needs: Vec::new(),
        tries: 0,
        later: 0,
    }
}

/// Queues a photo behind the change that names it. Where the server has the bytes from another request,
/// an exchange without them gives it to this one too.
pub(crate) fn queue_photo(
    c: &Connection,
    request: RequestId,
    hash: BlobHash,
    size: u32,
    needs: ChangeHash,
    now: i64,
) -> Result<()> {
    if !blobs::is_here(c, hash)? {
        return Ok(());
    }
    let mut row = waiting(What::Photo, &outbox::photo_key(hash, request), request, 0, size as usize, now);
    row.needs = needs.as_bytes().to_vec();
    outbox::add(c, &row)
}

impl Inner {
    pub(crate) fn send(&mut self, id: RequestId) -> Result<RequestId> {
        let mut record = self.record(id, Stage::Draft)?;
        let request = &mut record.request;
        if request.title.trim().is_empty() && request.desc.trim().is_empty() && request.blobs.is_empty() {
            return Err(fail(Code::Empty, "neither words nor a photo"));
        }
        if request.no.prefix() == Prefix::PRACTICE && !self.identity()?.practice {
            self.store.write_words(|c| requests::set_stage(c, id, Stage::Discarded))?;
            return Ok(id);
        }
        let now = self.now();
        request.at = now;
        let mut number = None;
        if requests::has_number(self.store.read(), &request.no, id)? {
            // Another copy of this tablet sent the draft this one was.
            let (no, counter) = self.next_case()?;
            request.no = no;
            number = Some(counter);
        }
        let actor = self.actor()?;
        let (_, change) = Document::create(actor, request)?;
        let packed = pack(&change.raw);
        let count = self.next_made()?;
        let request = &record.request;
        self.store.write_words(|c| {
            if let Some(counter) = number {
                settings::set_number(c, settings::CASES, counter)?;
            }
            requests::put(c, id, Stage::Sent, request, 0)?;
            mend::replace(c, id)?;
            blobs::forget_removed(c, id)?;
            keep_change(c, id, &change, actor, &packed, count, now)?;
            for blob in &request.blobs {
                queue_photo(c, id, blob.hash, blob.size, change.hash, now)?;
            }
            Ok(())
        })?;
        Ok(id)
    }

    pub(crate) fn edit_fields(&mut self, id: RequestId, set: &Fields) -> Result<RequestId> {
        check(set)?;
        let forget = |c: &Connection| {
            begun::forget_edit(c, id)?;
            // Words of two versions, kept as a correction because one of those is gone.
            for (field, text) in [("title", &set.title), ("desc", &set.desc), ("addr", &set.addr)] {
                if let Some(text) = text {
                    begun::forget_combined_as(c, id, field, text)?;
                }
            }
            Ok(())
        };
        self.edit(id, &capture::request::edits(set), |c, _| forget(c))?;
        let c = self.store.read();
        if begun::edit(c, id)?.is_some() || !begun::combined(c, id)?.is_empty() {
            // Nothing differed any more, and nothing was written.
            self.store.write_words(forget)?;
        }
        Ok(id)
    }

    pub(crate) fn keep_edit(&mut self, id: RequestId, set: &Fields) -> Result<()> {
        check(set)?;
        self.record(id, Stage::Sent)?;
        self.store.write_words(|c| begun::keep_edit(c, id, set))
    }

    /// Makes one change of `edits`; `more` is written in its transaction (with the change's hash).
    pub(crate) fn edit(
        &mut self,
        id: RequestId,
        edits: &[Edit],
        more: impl Fn(&Connection, ChangeHash) -> Result<()>,
    ) -> Result<RequestId> {
        let record = self.record(id, Stage::Sent)?;
        if record.state.is_some_and(mbs_shared::routing::State::is_final) {
            return Err(fail(Code::WrongMoment, "closed or cancelled"));
        }
        let raw = changes::raw(self.store.read(), id)?;
        let raw: Vec<&[u8]> = raw.iter().map(Vec::as_slice).collect();
        let (now, actor) = (self.now(), self.actor()?);
        let mut document = Document::load(&raw)?;
        let Some(change) = document.edit(actor, now, edits)? else { return Ok(id) };
        let reading = document.read()?;
        let packed = pack(&change.raw);
        let count = self.next_made()?;
        self.store.write_words(|c| {
            keep_change(c, id, &change, actor, &packed, count, now)?;
            project(c, id, &reading)?;
            more(c, change.hash)
        })?;
        Ok(id)
    }

    pub(crate) fn keep(&mut self, id: RequestId, field: &str, version: &str, seen: &[String]) -> Result<RequestId> {
        let conflict = self.conflict(id, field, seen)?;
        let at = conflict.versions.iter().position(|one| one.name() == version);
        let edit = match at.and_then(|at| conflict.versions.get(at)) {
            // The winner again drops the others; another one is put over both.
            Some(_) if at == Some(0) => Edit::Keep(field.to_owned()),
            Some(chosen) => chosen.edit.clone(),
            None => return Err(fail(Code::VersionsChanged, version)),
        };
        self.edit(id, &[edit], |c, _| begun::forget_combined(c, id, field))
    }

    /// As [`Self::keep`], by words made of both: in one change, so that no kill leaves a winner nobody chose.
    pub(crate) fn combine(&mut self, id: RequestId, field: &str, text: &str, seen: &[String]) -> Result<RequestId> {
        let text = text.trim();
        if text.is_empty() {
            return Err(fail(Code::Empty, "no words"));
        }
        let set = text_field(field, text)?;
        let conflict = self.conflict(id, field, seen)?;
        let winner = conflict.versions.first().is_some_and(|version| version.text == text);
        let edits = if winner { vec![Edit::Keep(field.to_owned())] } else { capture::request::edits(&set) };
        self.edit(id, &edits, |c, _| begun::forget_combined(c, id, field))
    }

    pub(crate) fn keep_combined(&mut self, id: RequestId, field: &str, text: &str) -> Result<()> {
        text_field(field, text)?;
        self.record(id, Stage::Sent)?;
        self.store.write_words(|c| begun::keep_combined(c, id, field, text))
    }

    /// The versions of a field, where the person saw all there are: nobody settles what he has not read.
    fn conflict(&self, id: RequestId, field: &str, seen: &[String]) -> Result<Conflict> {
        let raw = changes::raw(self.store.read(), id)?;
        let raw: Vec<&[u8]> = raw.iter().map(Vec::as_slice).collect();
        let conflicts = Document::load(&raw)?.read()?.conflicts;
        let found = conflicts.into_iter().find(|c| c.key == field);
        found
            .filter(|c| c.versions.iter().all(|version| seen.contains(&version.name())))
            .ok_or_else(|| fail(Code::VersionsChanged, field))
    }

    /// Photos that go with an entry are among those of its request.
    fn has_photos(&self, id: RequestId, photos: &[BlobHash]) -> Result<()> {
        let request = self.record(id, Stage::Sent)?.request;
        let strange = photos.iter().find(|hash| !request.blobs.iter().any(|blob| blob.hash == **hash));
        strange.map_or(Ok(()), |hash| Err(fail(Code::NotFound, hash.to_string())))
    }

    pub(crate) fn keep_begun(&mut self, id: RequestId, begun: &Begun) -> Result<()> {
        capture::request::check_entry(&begun.text)?;
        self.has_photos(id, &begun.photos)?;
        self.store.write_words(|c| begun::keep(c, id, begun))
    }

    pub(crate) fn intend(&mut self, id: RequestId, kind: EntryKind) -> Result<()> {
        if !begun::is_intent(kind) {
            return Err(fail(Code::BadCall, format!("{kind:?}")));
        }
        if !self.can(id)?.contains(&kind) {
            return Err(fail(Code::WrongMoment, format!("{kind:?}")));
        }
        self.store.write_words(|c| begun::intend(c, id, kind))
    }

    /// Says what was asked for when the app ended. What cannot be written now is tried again at the next start.
    pub(crate) fn say_intended(&mut self) {
        if self.identity().is_err() || self.is_revoked().unwrap_or(true) {
            return;
        }
        for (id, kind) in begun::intended(self.store.read()).unwrap_or_default() {
            match self.say(id, kind, "", &[]) {
                Err(error) if matches!(error.code, Code::DiskFull | Code::Storage) => return,
                Ok(_) => {}
                // The case went on without it: what may be said now stands on its page.
                Err(_) => drop(self.store.write(|c| begun::forget(c, id, kind))),
            }
        }
    }

    pub(crate) fn say(&mut self, id: RequestId, kind: EntryKind, text: &str, photos: &[BlobHash]) -> Result<RequestId> {
        capture::request::check_entry(text)?;
        if text.trim().is_empty() && photos.is_empty() && !matches!(kind, EntryKind::Withdraw | EntryKind::Confirm) {
            return Err(fail(Code::Empty, "no words"));
        }
        self.has_photos(id, photos)?;
        if !self.can(id)?.contains(&kind) {
            return Err(fail(Code::WrongMoment, format!("{kind:?}")));
        }
        let now = self.now();
        let entry = Entry {
            id: EntryId(random(&*self.ports.random)),
            kind,
            text: text.to_owned(),
            at: now,
            photos: photos.to_vec(),
        };
        let packed = pack(&wire::encode(&entry));
        let count = self.next_made()?;
        self.store.write_words(|c| {
            entries::add(c, id, &entry, &packed)?;
            begun::forget(c, id, kind)?;
            if matches!(kind, EntryKind::Confirm | EntryKind::Object | EntryKind::Withdraw) {
                // One of them answers for all: what was asked for before must not be said at a later start.
                for other in [EntryKind::Confirm, EntryKind::Object, EntryKind::Withdraw] {
                    begun::forget(c, id, other)?;
                }
            }
            settings::set_number(c, settings::MADE, i64::from(count))?;
            outbox::add(c, &waiting(What::Entry, entry.id.as_bytes(), id, count, packed.len(), now))
        })?;
        Ok(id)
    }
}

/// A field of words, set to these, within its limits.
fn text_field(field: &str, text: &str) -> Result<Fields> {
    let words = Some(text.to_owned());
    let set = match field {
        "title" => Fields { title: words, ..Fields::default() },
        "desc" => Fields { desc: words, ..Fields::default() },
        "addr" => Fields { addr: words, ..Fields::default() },
        _ => return Err(fail(Code::BadCall, field)),
    };
    check(&set)?;
    Ok(set)
}

pub(super) fn keep_change(
    c: &Connection,
    id: RequestId,
    change: &NewChange,
    actor: mbs_shared::id::Actor,
    packed: &[u8],
    count: u32,
    now: i64,
) -> Result<()> {
    let kept = changes::Kept { hash: change.hash, actor, packed: packed.to_vec(), mac: None };
    changes::add(c, id, &kept, now, 0)?;
    settings::set_number(c, settings::MADE, i64::from(count))?;
    outbox::add(c, &waiting(What::Change, change.hash.as_bytes(), id, count, packed.len(), now))
}
