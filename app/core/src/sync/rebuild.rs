//! After a rescue: what lists and the queue lost is worked out anew from what was rescued. After an update: what the server
//! said and the version before could not read is fetched anew; after some, what it decided is read anew.

use mbs_shared::document::Document;
use mbs_shared::id::BlobHash;
use rusqlite::Connection;

use super::intake::{project, refold};
use crate::door::CallError;
use crate::door::sent::{queue_photo, waiting};
use crate::error::Result;
use crate::store::outbox::{self, What};
use crate::store::{Store, changes, events, quarantine, rescue, settings};

const APP: &str = env!("CARGO_PKG_VERSION");

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

/// At the first start of another version: what the server said and the version before could not read is asked for again.
///
/// # Errors
/// What the store says: then it is done at the next opening.
pub(crate) fn ask_unread(store: &mut Store) -> Result<()> {
    if settings::get(store.read(), settings::OPENED_BY)?.is_some_and(|by| by == APP.as_bytes()) {
        return Ok(());
    }
    store.write(|c| {
        if quarantine::drop_unread(c)? > 0 {
            // Long ago: tablet and server are compared whole at the next poll, and what is missing here comes again.
            settings::set_number(c, settings::RECONCILED, 1)?;
        }
        settings::set(c, settings::OPENED_BY, APP.as_bytes())
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

#[cfg(test)]
mod tests {
    use mbs_shared::id::{Mac, RequestId};

    use super::*;
    use crate::ports::Ports;
    use crate::store::digest;
    use crate::store::quarantine::{FORK, Refused};

    #[test]
    fn another_version_asks_again_for_what_the_one_before_could_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(dir.path(), &Ports::system(dir.path())).unwrap();
        let refused = |n: u8, own: bool, reason: &str| Refused {
            what: What::Entry,
            key: vec![n],
            request: RequestId([7; 16]),
            own,
            reason: reason.into(),
            at: 1,
            packed: vec![n],
            mac: (!own).then_some(Mac([n; 16])),
        };
        let here = [refused(1, false, "app_too_new"), refused(2, true, "bad_value"), refused(3, false, FORK)];
        let lies = |store: &Store| quarantine::all(store.read(), false).unwrap();
        let compared = |store: &Store| settings::number(store.read(), settings::RECONCILED).unwrap();

        ask_unread(&mut store).unwrap();
        let mut digests = Vec::new();
        store
            .write(|c| {
                settings::set_number(c, settings::RECONCILED, 1_000_000)?;
                here.iter().rev().try_for_each(|item| {
                    digests.push(digest::get(c)?);
                    quarantine::add(c, item)
                })
            })
            .unwrap();
        // The same version reads no more than it did.
        ask_unread(&mut store).unwrap();
        assert_eq!((lies(&store).len(), compared(&store)), (3, 1_000_000));

        store.write(|c| settings::set(c, settings::OPENED_BY, b"0.0.1")).unwrap();
        ask_unread(&mut store).unwrap();
        assert_eq!(
            lies(&store),
            [here[2].clone(), here[1].clone()],
            "what was made here and what waits for another stay"
        );
        assert_eq!(digest::get(store.read()).unwrap(), digests[2], "it counts as missing");
        assert_eq!(compared(&store), 1);
    }
}
