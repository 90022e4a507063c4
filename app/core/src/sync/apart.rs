//! Two copies of a tablet that had the same draft: what each wrote stays.
//!
//! A copied tablet, or one put back from a copy, has its drafts twice, each under one identifier. The copy that sends
//! first has the identifier; the other's words go on under a new one.

use mbs_shared::document::verify::project_first;
use mbs_shared::id::{ChangeHash, RequestId};
use mbs_shared::request::{Edit, Request};
use rusqlite::Connection;

use crate::capture::request::difference;
use crate::door::sent::queue_photo;
use crate::error::{Code, Result};
use crate::store::outbox::{self, What};
use crate::store::requests::{self, Stage};
use crate::store::settings::{self, Resend};
use crate::store::{changes, quarantine};
use crate::tablet::Inner;

/// Another copy sent its draft: ours goes on as a draft of its own, unless it is empty or says the same. It gets a
/// number of its own when it is sent.
pub(crate) fn keep_draft(conn: &Connection, request: RequestId, theirs: &Request) -> Result<()> {
    let Some(ours) = requests::get(conn, request)?.filter(|r| r.stage == Stage::Draft) else { return Ok(()) };
    let Request { title, desc, blobs, .. } = &ours.request;
    let empty = title.trim().is_empty() && desc.trim().is_empty() && blobs.is_empty();
    if !empty && !difference(&ours.request, theirs).is_empty() {
        requests::rename_draft(conn, request)?;
    }
    Ok(())
}

/// The server has another beginning of a request that was begun here too and accepted by nobody: another copy sent the
/// same draft, or this tablet did under an earlier number. Ours gives way. Where all of it says the same it is that
/// request. Where it began the same, what was changed since is put onto that one; otherwise it is a request of its own.
/// Either lies as a draft until [`Inner::resend`].
pub(crate) fn give_way(conn: &Connection, request: RequestId, beginning: ChangeHash, raw: &[u8]) -> Result<()> {
    let ours = changes::of_request(conn, request)?;
    let Some(record) = requests::get(conn, request)?.filter(|r| r.stage == Stage::Sent) else { return Ok(()) };
    if ours.is_empty() || ours.iter().any(|change| change.mac.is_some()) {
        return Ok(());
    }
    // What is no beginning is refused like anything else that does not pass.
    let Ok(theirs) = project_first(raw) else { return Ok(()) };
    let began = first_of(conn, request)?;
    for change in &ours {
        changes::take_out(conn, change.hash)?;
        outbox::done(conn, What::Change, change.hash.as_bytes())?;
        quarantine::take_out(conn, What::Change, change.hash.as_bytes())?;
        outbox::needs_instead(conn, change.hash.as_bytes(), beginning.as_bytes())?;
    }
    if difference(&record.request, &theirs).is_empty() {
        return Ok(());
    }
    for photo in &record.request.blobs {
        if !theirs.blobs.iter().any(|blob| blob.hash == photo.hash) {
            outbox::done(conn, What::Photo, &outbox::photo_key(photo.hash, request))?;
        }
    }
    requests::set_stage(conn, request, Stage::Draft)?;
    let draft = requests::rename_draft(conn, request)?;
    let same = began.is_some_and(|began| difference(&began, &theirs).is_empty());
    settings::add_to_resend(conn, Resend { draft, onto: if same { request } else { draft } })
}

/// What a request said when it was begun.
fn first_of(conn: &Connection, request: RequestId) -> Result<Option<Request>> {
    Ok(changes::raw(conn, request)?.first().and_then(|raw| project_first(raw).ok()))
}

impl Inner {
    /// Goes on with what gave way to another beginning. What cannot be written now is tried again at the next step.
    pub(crate) fn resend(&mut self) {
        for Resend { draft, onto } in settings::resend(self.store.read()).unwrap_or_default() {
            let done = if onto == draft { self.send(draft).map(drop) } else { self.put_onto(draft, onto) };
            match done {
                Err(error) if matches!(error.code, Code::DiskFull | Code::Storage) => return,
                // Done; or a person has sent it or thrown it away meanwhile.
                _ => drop(self.store.write(|c| settings::take_from_resend(c, draft))),
            }
        }
    }

    /// Changes the request `onto` as the draft had changed it since both began.
    fn put_onto(&mut self, draft: RequestId, onto: RequestId) -> Result<()> {
        let c = self.store.read();
        if requests::is_erased(c, onto)? {
            return self.store.write(|c| requests::drop_all(c, draft));
        }
        let Some(wanted) = requests::get(c, draft)?.filter(|r| r.stage == Stage::Draft) else { return Ok(()) };
        let Some(began) = first_of(c, onto)? else { return self.send(draft).map(drop) };
        let (edits, now) = (difference(&began, &wanted.request), self.now());
        let written = self.edit(onto, &edits, |c, change| {
            let photos =
                edits.iter().filter_map(|edit| if let Edit::AddBlob(photo) = edit { Some(photo) } else { None });
            for photo in photos {
                queue_photo(c, onto, photo.hash, photo.size, change, now)?;
            }
            requests::drop_all(c, draft)
        });
        match written {
            // Nothing was left to change.
            Ok(_) => self.store.write(|c| requests::drop_all(c, draft)),
            // It is closed: a request of its own.
            Err(error) if error.code == Code::WrongMoment => self.send(draft).map(drop),
            Err(error) => Err(error),
        }
    }
}
