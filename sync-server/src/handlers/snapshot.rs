//! `GET /v1/snapshot`: everything of a muhtarlık, page by page, as it was packed.

use mbs_shared::id::RequestId;
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{Cursor, MAX_PAGE};

use super::sync::page::{ROW_OVERHEAD, name_authors, row};
use crate::auth::device::Caller;
use crate::database::feed::{self, kind};
use crate::database::{Go, requests};
use crate::error::Fault;
use crate::service::Service;

/// Requests looked up at a time.
const BATCH: u32 = 256;

/// The page after the request `after`: whole requests, at least one, of about `page` bytes.
///
/// # Errors
/// When the database does not answer.
pub fn snapshot(
    service: &Service,
    caller: &Caller,
    after: Option<RequestId>,
    page: u32,
) -> Result<SnapshotPage, Fault> {
    let cap = page.min(MAX_PAGE) as usize;
    let scope = caller.device.scope;
    Ok(service.db.ask(|s| {
        let seq = feed::last(s)?.cast_unsigned();
        let mut out = SnapshotPage { rows: Vec::new(), next: None, cursor: Cursor { epoch: service.epoch, seq } };
        let mut authors = Vec::new();
        let mut used = 0;
        let from = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
        // One more than a batch tells whether there is a next page.
        let mut found = requests::after(s, scope, &from, BATCH + 1)?;
        let more = found.len() > BATCH as usize;
        found.truncate(BATCH as usize);
        let count = found.len();
        for (at, (rid, id)) in found.into_iter().enumerate() {
            feed::of_request(s, rid, &mut |item| {
                used += ROW_OVERHEAD + item.packed.len();
                if item.kind == kind::ENTRY && item.author > 0 {
                    authors.push((out.rows.len(), item.author));
                }
                out.rows.extend(row(id, item)?);
                Ok(Go::On)
            })?;
            if (used >= cap && at + 1 < count) || (more && at + 1 == count) {
                out.next = Some(id);
                break;
            }
        }
        name_authors(s, &mut out.rows, &authors)?;
        Ok(out)
    })?)
}
