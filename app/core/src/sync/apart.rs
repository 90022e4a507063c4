//! Two copies of a tablet that had the same draft: what each wrote stays.
//!
//! A copied tablet, or one put back from a copy, has its drafts twice, each under one identifier. The copy that sends
//! first has the identifier; the other's words go on under a new one.

use mbs_shared::blob::name_of;
use mbs_shared::document::read::Version;
use mbs_shared::document::verify::project_first;
use mbs_shared::document::{Document, Reading};
use mbs_shared::id::{ChangeHash, RequestId};
use mbs_shared::request::{Edit, Request};
use rusqlite::Connection;

use crate::capture::request::difference;
use crate::door::sent::queue_photo;
use crate::error::{Code, Result};
use crate::store::outbox::{self, What};
use crate::store::requests::{self, Stage};
use crate::store::settings::{self, Resend};
use crate::store::{blobs, changes, quarantine};
use crate::tablet::Inner;

/// Another copy sent its draft: ours goes on as a draft of its own, unless it is empty or says the same. It gets a
/// number of its own when it is sent.
pub(crate) fn keep_draft(conn: &Connection, request: RequestId, theirs: &Request) -> Result<()> {
    let Some(ours) = requests::get(conn, request)?.filter(|r| r.stage == Stage::Draft) else { return Ok(()) };
    let Request { title, desc, blobs, .. } = &ours.request;
    let empty = title.trim().is_empty() && desc.trim().is_empty() && blobs.is_empty();
    if !empty && !difference(&ours.request, theirs).is_empty() {
        requests::rename_draft(conn, request, None)?;
    }
    Ok(())
}

/// The server has another beginning of a request than this tablet, which it was not seen to have: another copy sent the
/// same draft, or a tablet that was enrolled anew signed its words anew and a restored server got those first. Ours gives
/// way, accepted once or not. Where all of it says the same it is that request. Where it began the same, what was changed
/// since is put onto that one; otherwise it is a request of its own. Either lies as a draft until [`Inner::resend`].
pub(crate) fn give_way(
    conn: &Connection,
    request: RequestId,
    beginning: ChangeHash,
    raw: &[u8],
    epoch: u64,
) -> Result<()> {
    let ours = changes::of_request(conn, request)?;
    let Some(record) = requests::get(conn, request)?.filter(|r| matches!(r.stage, Stage::Sent | Stage::Renewed)) else {
        return Ok(());
    };
    let Some(first) = ours.first() else { return Ok(()) };
    // A server that has ours has no other one.
    if changes::is_known_to(conn, first.hash, epoch)? {
        return Ok(());
    }
    // What is no beginning is refused like anything else that does not pass.
    let Ok(theirs) = project_first(raw) else { return Ok(()) };
    let chain = changes::raw(conn, request)?;
    let began = chain.first().and_then(|raw| project_first(raw).ok());
    for change in &ours {
        changes::take_out(conn, change.hash)?;
        outbox::done(conn, What::Change, change.hash.as_bytes())?;
        quarantine::take_out(conn, What::Change, change.hash.as_bytes())?;
        outbox::needs_instead(conn, change.hash.as_bytes(), beginning.as_bytes())?;
    }
    // What was sent once more as another request says there what ours said.
    if record.stage == Stage::Renewed || (chain.len() == 1 && difference(&record.request, &theirs).is_empty()) {
        return Ok(());
    }
    for photo in &record.request.blobs {
        if !theirs.blobs.iter().any(|blob| blob.hash == photo.hash) {
            outbox::done(conn, What::Photo, &outbox::photo_key(photo.hash, request))?;
        }
    }
    let same = began.is_some_and(|began| difference(&began, &theirs).is_empty());
    // The same name on every tablet that has this beginning, so that it becomes one request.
    let apart = RequestId::from_slice(name_of(first.hash.as_bytes()).0.get(..RequestId::LEN).unwrap_or_default());
    let apart = apart.unwrap_or(request);
    if requests::is_erased(conn, apart)? {
        return Ok(());
    }
    let is_new = !same && requests::get(conn, apart)?.is_none();
    requests::set_stage(conn, request, Stage::Draft)?;
    let draft = requests::rename_draft(conn, request, is_new.then_some(apart))?;
    settings::add_to_resend(conn, Resend { draft, onto: if same { request } else { apart } })?;
    if is_new { Ok(()) } else { settings::keep_chain(conn, draft, &chain) }
}

/// What each change of a document put, in their order; a value that lost against another one too, before that one.
fn steps(chain: &[Vec<u8>]) -> Result<Vec<Vec<Edit>>> {
    let mut out: Vec<Vec<Edit>> = Vec::new();
    let mut before: Option<Request> = None;
    for upto in 1..=chain.len() {
        let so_far: Vec<&[u8]> = chain.iter().take(upto).map(Vec::as_slice).collect();
        let Reading { request, conflicts } = Document::load(&so_far)?.read()?;
        if let Some(before) = &before {
            let edit = |version: &Version| version.edit.clone();
            let is_new = |edit: &Edit| !out.iter().flatten().any(|said| said == edit);
            let lost: Vec<Edit> = conflicts.iter().flat_map(|c| c.versions.iter().skip(1)).map(edit).collect();
            let lost: Vec<Edit> = lost.into_iter().filter(|edit| is_new(edit)).collect();
            let mut put = difference(before, &request);
            if !lost.is_empty() {
                put.extend(conflicts.iter().filter_map(|c| c.versions.first()).map(edit));
            }
            out.extend([lost, put].into_iter().filter(|edits| !edits.is_empty()));
        }
        before = Some(request);
    }
    Ok(out)
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

    /// Changes the request `onto` as the draft had been changed since both began, step by step, but for what was put
    /// there already. Cut off between two steps it finds the first ones there.
    fn put_onto(&mut self, draft: RequestId, onto: RequestId) -> Result<()> {
        let c = self.store.read();
        if requests::is_erased(c, onto)? {
            return self.store.write(|c| requests::drop_all(c, draft));
        }
        let Some(wanted) = requests::get(c, draft)?.filter(|r| r.stage == Stage::Draft) else { return Ok(()) };
        let theirs = changes::raw(c, onto)?;
        let Some(began) = theirs.first().and_then(|raw| project_first(raw).ok()) else {
            return self.send(draft).map(drop);
        };
        let chain = settings::chain(c, draft)?;
        // A draft of an earlier version of this app has no chain.
        let todo = if chain.is_empty() { vec![difference(&began, &wanted.request)] } else { steps(&chain)? };
        let said: Vec<Edit> = steps(&theirs)?.into_iter().flatten().collect();
        let now = self.now();
        for edits in todo {
            let edits: Vec<Edit> = edits.into_iter().filter(|edit| !said.contains(edit)).collect();
            let written = self.edit(onto, &edits, |c, change| {
                let photos =
                    edits.iter().filter_map(|edit| if let Edit::AddBlob(photo) = edit { Some(photo) } else { None });
                for photo in photos {
                    queue_photo(c, onto, photo.hash, photo.size, change, now)?;
                }
                Ok(())
            });
            match written {
                Ok(_) => {}
                // It is closed: a request of its own.
                Err(error) if error.code == Code::WrongMoment => return self.send(draft).map(drop),
                Err(error) => return Err(error),
            }
        }
        self.store.write(|c| {
            // Of photos that were named there already this tablet may have the bytes.
            let last = changes::of_request(c, onto)?.last().map(|change| change.hash);
            for photo in &wanted.request.blobs {
                if let (Some(last), Some((_, false))) = (last, blobs::find(c, onto, photo.hash)?) {
                    queue_photo(c, onto, photo.hash, photo.size, last, now)?;
                }
            }
            requests::drop_all(c, draft)
        })
    }
}
