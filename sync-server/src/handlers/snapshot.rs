//! `GET /v1/snapshot`: everything of a muhtarlık, page by page, as it was packed.

use mbs_shared::id::RequestId;
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{Cursor, MAX_PAGE};
use mbs_shared::wire::version::Abilities;

use super::sync::page::{ROW_OVERHEAD, for_abilities, name_authors, row};
use crate::auth::device::Caller;
use crate::database::feed::{self, kind};
use crate::database::{TOGETHER, requests};
use crate::error::Fault;
use crate::service::Service;

/// Requests looked up at a time.
const BATCH: u32 = 256;

/// Bytes of a request that has not been worked on yet, about.
const USUAL: usize = 512;

/// The page after the request `after`: whole requests, at least one, of about `page` bytes, as a tablet of these abilities
/// reads it.
///
/// # Errors
/// When the database does not answer.
pub fn snapshot(
    service: &Service,
    caller: &Caller,
    after: Option<RequestId>,
    page: u32,
    abilities: Abilities,
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
        let mut rest = found.as_slice();
        while !rest.is_empty() {
            // Many in one question, but on a bad line no page far beyond what was asked for.
            let room = (cap - used) / USUAL;
            let (now, later) = rest.split_at(room.clamp(1, TOGETHER).min(rest.len()));
            let rids: Vec<i64> = now.iter().map(|(rid, _)| *rid).collect();
            feed::of_requests(s, &rids, &mut |rid, item| {
                used += ROW_OVERHEAD + item.packed.len();
                if item.kind == kind::ENTRY && item.author > 0 {
                    authors.push((out.rows.len(), item.author));
                }
                if let Some((_, id)) = now.iter().find(|(of, _)| *of == rid) {
                    out.rows.extend(row(*id, item)?);
                }
                Ok(())
            })?;
            rest = later;
            if used >= cap || rest.is_empty() {
                out.next = now.last().filter(|_| more || !rest.is_empty()).map(|(_, id)| *id);
                break;
            }
        }
        name_authors(s, &mut out.rows, &authors)?;
        for_abilities(&mut out.rows, abilities);
        Ok(out)
    })?)
}
