//! Routing events, stored in the feed.

use mbs_shared::routing::Event;
use mbs_shared::wire::decode;

use super::changes::each_unpacked;
use super::feed::kind;
use super::{DbError, DbResult, Session, statements};

statements! {}

/// Largest raw event, in bytes.
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
        let event = decode(raw).map_err(|e| DbError::Unexpected(format!("a stored event: {e:?}")))?;
        out.push(Stored { seq: row.seq, author: row.author, event });
        Ok(())
    })?;
    Ok(out)
}
