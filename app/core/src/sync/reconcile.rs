//! `POST /v1/reconcile`: page by page, what differs between this tablet and its server. What the tablet lacks
//! comes in; what the server lacks is offered to it again, with the proofs that it was accepted once.

use mbs_shared::digest::photo_mark;
use mbs_shared::id::RequestId;
use mbs_shared::wire::reconcile::{Known, MAX_PHOTOS, MAX_REQUESTS, ReconcileReply, ReconcileRequest};
use mbs_shared::wire::sync::Cursor;
use mbs_shared::wire::version::PROTOCOL;
use rusqlite::Connection;

use super::exchange::offer;
use super::intake;
use super::plan::Line;
use crate::error::Result;
use crate::store::outbox::{self, What};
use crate::store::{blobs, changes, cursor, digest, entries, events, requests};

/// A comparison under way. Lost with the process: where the epoch changed the cursor is unchanged until the
/// end, so it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reconcile {
    after: Option<RequestId>,
    /// Where the feed goes on if the server's epoch is another: what the first page said.
    cursor: Option<Cursor>,
    /// Requests that differed.
    pub(crate) differed: u32,
}

/// What a page came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Rows taken.
    pub(crate) rows: u32,
    /// Whether it was the last page.
    pub(crate) last: bool,
}

impl Reconcile {
    /// The next page's question.
    pub(crate) fn ask(&self, conn: &Connection, line: &Line) -> Result<ReconcileRequest> {
        let ids = requests::accepted_after(conn, self.after, MAX_REQUESTS + 1)?;
        let last = ids.len() <= MAX_REQUESTS;
        let mut known = Vec::with_capacity(ids.len());
        for request in ids.into_iter().take(MAX_REQUESTS) {
            let mut photos: Vec<u64> = blobs::delivered(conn, request)?.iter().map(photo_mark).collect();
            photos.truncate(MAX_PHOTOS);
            known.push(Known { request, digest: digest::of_request(conn, request)?, photos });
        }
        Ok(ReconcileRequest { version: PROTOCOL, page: line.page, after: self.after, requests: known, last })
    }

    /// Takes a page in, within one transaction of the caller.
    pub(crate) fn take(&mut self, conn: &Connection, reply: &ReconcileReply, now: i64) -> Result<Taken> {
        let from = *self.cursor.get_or_insert(reply.cursor);
        let epoch = from.epoch;
        for request in &reply.differs {
            changes::forget_epoch(conn, *request)?;
            entries::forget_epoch(conn, *request)?;
            events::forget_epoch(conn, *request)?;
        }
        for row in &reply.rows {
            intake::take(conn, row, epoch, now)?;
        }
        for lost in &reply.lost {
            for hash in blobs::delivered(conn, lost.request)? {
                if photo_mark(&hash) == lost.photo {
                    let size = blobs::find(conn, lost.request, hash)?.map_or(0, |(b, _)| b.size);
                    blobs::set_upload(conn, hash, blobs::Upload::default(), epoch)?;
                    let key = outbox::photo_key(hash, lost.request);
                    offer(conn, What::Photo, &key, lost.request, size as usize, now)?;
                }
            }
        }
        for request in &reply.differs {
            offer_lacking(conn, *request, epoch, now)?;
        }
        self.differed += u32::try_from(reply.differs.len()).unwrap_or(u32::MAX);
        let rows = u32::try_from(reply.rows.len()).unwrap_or(u32::MAX);
        // The next page must lie further on, or a broken server would keep us here for ever.
        match reply.through {
            Some(through) if self.after.is_none_or(|a| through > a) => {
                self.after = Some(through);
                Ok(Taken { rows, last: false })
            }
            _ => {
                if cursor::get(conn)?.epoch != epoch {
                    cursor::set(conn, from)?;
                }
                changes::all_known_to(conn, epoch)?;
                Ok(Taken { rows, last: true })
            }
        }
    }
}

/// Offers what the server was not seen to have of a request it has otherwise than we: the first change with
/// the events it lacks, then further changes, then entries.
fn offer_lacking(conn: &Connection, request: RequestId, epoch: u64, now: i64) -> Result<()> {
    let events = !events::unknown_to(conn, request, epoch, 1)?.is_empty();
    for (n, change) in changes::of_request(conn, request)?.iter().enumerate() {
        let lacking = change.mac.is_some() && !changes::is_known_to(conn, change.hash, epoch)?;
        if lacking || (n == 0 && events && change.mac.is_some()) {
            offer(conn, What::Change, change.hash.as_bytes(), request, change.packed.len(), now)?;
        }
    }
    for (id, bytes) in entries::unknown_to_of(conn, request, epoch)? {
        offer(conn, What::Entry, id.as_bytes(), request, bytes as usize, now)?;
    }
    Ok(())
}
