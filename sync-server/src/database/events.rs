//! Routing events, stored in the feed: those that were decided at once in one row, whose `n` is the first one's.

use mbs_shared::id::Mac;
use mbs_shared::routing::Event;
use mbs_shared::wire::sync::Decided;

use super::changes::each_unpacked;
use super::feed::kind;
use super::{DbError, DbResult, Row, Session, statements};

statements! {
    /// What was decided at once when the request came.
    BEGINNING = "select packed, mac from feed where request = $1 and kind = 2 and n = 1 order by seq limit 1";
}

/// Largest raw events that stay together, in bytes.
pub const MAX_RAW: usize = mbs_shared::request::MAX_ENTRY + 1_024;

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the feed.
    pub seq: i64,
    /// Who decided: a device id as a negative number, a staff id, or 0 for the server.
    pub author: i64,
    /// The event.
    pub event: Event,
}

/// The events of a request, in their order.
///
/// # Errors
/// [`DbError`].
pub fn of_request(session: &mut dyn Session, rid: i64) -> DbResult<Vec<Stored>> {
    let mut out = Vec::new();
    each_unpacked(session, rid, kind::EVENT, MAX_RAW, &mut |row, raw| {
        let events = Event::decode_together(raw).map_err(|e| DbError::Unexpected(format!("stored events: {e:?}")))?;
        out.extend(events.into_iter().map(|event| Stored { seq: row.seq, author: row.author, event }));
        Ok(())
    })?;
    Ok(out)
}

/// What was decided at once when the request came, as it is stored.
///
/// # Errors
/// [`DbError`].
pub fn beginning(session: &mut dyn Session, rid: i64) -> DbResult<Option<Decided>> {
    let decided = |r: &dyn Row| {
        let mac = Mac::from_slice(r.blob(1)?).map_err(|e| DbError::Unexpected(e.to_string()))?;
        Ok(Decided { packed: r.blob(0)?.to_vec().into(), mac })
    };
    session.first(BEGINNING, &[rid.into()], decided)
}
