//! Two copies of a tablet that had the same draft: what each wrote stays.
//!
//! A copied tablet, or one put back from a copy, has its drafts twice, each under one identifier. The copy that sends
//! first has the identifier; the other's words go on under a new one.

use mbs_shared::document::verify::project_first;
use mbs_shared::id::{ChangeHash, RequestId};
use mbs_shared::request::Request;
use rusqlite::Connection;

use crate::capture::request::difference;
use crate::error::Result;
use crate::store::outbox::{self, What};
use crate::store::requests::{self, Stage};
use crate::store::{changes, quarantine, settings};

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
/// same draft, or this tablet did under an earlier number. Ours gives way. Where it says the same it is that request;
/// otherwise its words are a draft of their own, which is sent by itself ([`settings::RESEND`]).
pub(crate) fn give_way(conn: &Connection, request: RequestId, beginning: ChangeHash, raw: &[u8]) -> Result<()> {
    let ours = changes::of_request(conn, request)?;
    let Some(record) = requests::get(conn, request)?.filter(|r| r.stage == Stage::Sent) else { return Ok(()) };
    if ours.is_empty() || ours.iter().any(|change| change.mac.is_some()) {
        return Ok(());
    }
    // What is no beginning is refused like anything else that does not pass.
    let Ok(theirs) = project_first(raw) else { return Ok(()) };
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
    let renamed = requests::rename_draft(conn, request)?;
    settings::add_to_resend(conn, renamed)
}
