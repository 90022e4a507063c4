//! `GET /v1/snapshot`: everything of this tablet's scope, page by page; then what the server lacks is
//! offered to it again, with the proofs that it (or the server before its restore) once accepted it.

use mbs_shared::id::RequestId;
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::Cursor;
use rusqlite::Connection;

use super::exchange::offer;
use super::intake;
use crate::error::Result;
use crate::store::outbox::{self, What};
use crate::store::{blobs, changes, cursor, entries};

/// A snapshot under way. Lost with the process: the cursor is unchanged until the end, so it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Snapshot {
    /// The next page comes after this request.
    pub(crate) after: Option<RequestId>,
    /// Where the feed goes on: what the first page said.
    cursor: Option<Cursor>,
}

impl Snapshot {
    /// Takes a page in; the number of rows, and whether it was the last.
    pub(crate) fn take(&mut self, conn: &Connection, page: &SnapshotPage, now: i64) -> Result<(u32, bool)> {
        let from = *self.cursor.get_or_insert(page.cursor);
        for row in &page.rows {
            intake::take(conn, row, from.epoch, now)?;
        }
        let rows = u32::try_from(page.rows.len()).unwrap_or(u32::MAX);
        // The next page must lie further on, or a broken server would keep us here for ever.
        match page.next {
            Some(next) if self.after.is_none_or(|a| next > a) => {
                self.after = Some(next);
                Ok((rows, false))
            }
            _ => {
                cursor::set(conn, from)?;
                heal(conn, from.epoch, now)?;
                Ok((rows, true))
            }
        }
    }
}

/// Offers everything that another epoch's server had and this one was not seen to have.
fn heal(conn: &Connection, epoch: u64, now: i64) -> Result<()> {
    for (request, hash, bytes) in changes::unknown_to(conn, epoch)? {
        offer(conn, What::Change, hash.as_bytes(), request, bytes as usize, now)?;
    }
    for (request, id, bytes) in entries::unknown_to(conn, epoch)? {
        offer(conn, What::Entry, id.as_bytes(), request, bytes as usize, now)?;
    }
    for (hash, request, bytes) in blobs::unknown_to(conn, epoch)? {
        blobs::set_upload(conn, hash, blobs::Upload::default(), epoch)?;
        offer(conn, What::Photo, &outbox::photo_key(hash, request), request, bytes as usize, now)?;
    }
    Ok(())
}
