//! Two copies of a tablet that had the same draft: what each wrote stays.
//!
//! A copied tablet, or one put back from a copy, has its drafts twice, each under one identifier. The copy that sends
//! first has the identifier; the other's words go on under a new one.

use mbs_shared::id::RequestId;
use mbs_shared::request::Request;
use rusqlite::Connection;

use crate::capture::request::difference;
use crate::error::Result;
use crate::store::requests::{self, Stage};

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
