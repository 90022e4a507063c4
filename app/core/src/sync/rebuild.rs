//! After a rescue: what lists and the queue lost is worked out anew from what was rescued. After some updates: what the
//! server decided is read anew.

use mbs_shared::document::Document;
use mbs_shared::id::BlobHash;
use rusqlite::Connection;

use super::intake::{project, refold};
use crate::door::CallError;
use crate::door::sent::{queue_photo, waiting};
use crate::error::Result;
use crate::store::outbox::{self, What};
use crate::store::{Store, changes, events, rescue, settings};

/// Does it where a database was rescued and it was not done yet.
///
/// # Errors
/// What the store says: then it is done at the next opening.
pub(crate) fn rebuild_rescued(store: &mut Store, now: i64) -> Result<()> {
    let due = |what| Ok::<_, CallError>(settings::number(store.read(), what)? != 0);
    let (rescued, refolded) = (due(settings::RESCUED)?, due(settings::REFOLD)?);
    if !rescued && !refolded {
        return Ok(());
    }
    store.write(|c| {
        if rescued {
            rebuild(c, now)?;
        }
        if refolded {
            events::requests(c)?.into_iter().try_for_each(|request| refold(c, request))?;
        }
        settings::set_number(c, settings::RESCUED, 0)?;
        settings::set_number(c, settings::REFOLD, 0)
    })
}

/// Rows of requests from their documents, drafts from what has lost its document, and in the queue everything that no
/// server is known to have. Counts of what was made are lost with the queue: the server goes on missing them.
///
/// # Errors
/// What the store says.
fn rebuild(conn: &Connection, now: i64) -> Result<()> {
    for request in rescue::without_row(conn)? {
        let raw = changes::raw(conn, request)?;
        let raw: Vec<&[u8]> = raw.iter().map(Vec::as_slice).collect();
        // A document of which a change is lost does not load; the server's copy comes with the next exchange.
        let Ok(reading) = Document::load(&raw).and_then(|d| d.read()) else { continue };
        project(conn, request, &reading)?;
        refold(conn, request)?;
    }
    rescue::draft_again(conn)?;
    rescue::need_what_is_there(conn)?;
    for (request, key, bytes) in rescue::changes_out_of_queue(conn)? {
        outbox::add(conn, &waiting(What::Change, &key, request, 0, bytes as usize, now))?;
    }
    for (request, key, bytes) in rescue::entries_out_of_queue(conn)? {
        outbox::add(conn, &waiting(What::Entry, &key, request, 0, bytes as usize, now))?;
    }
    for (request, hash, bytes) in rescue::photos_out_of_queue(conn)? {
        let (Ok(hash), Some(last)) = (BlobHash::from_slice(&hash), changes::of_request(conn, request)?.pop()) else {
            continue;
        };
        queue_photo(conn, request, hash, bytes, last.hash, now)?;
    }
    Ok(())
}
