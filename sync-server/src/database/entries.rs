//! Thread entries, stored in the feed as their authors packed them.

use mbs_shared::wire::decode;
use mbs_shared::wire::entry::Entry;

use super::changes::each_unpacked;
use super::feed::kind;
use super::{DbError, DbResult, Session, statements};

statements! {
    /// The name an entry from the desk is shown with.
    AUTHOR = "select case when title <> '' then title else name end from staff where id = $1";
}

/// Largest raw entry, in bytes: its words, six photo names and the rest.
pub const MAX_RAW: usize = mbs_shared::request::MAX_ENTRY + 512;

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the feed.
    pub seq: i64,
    /// Who wrote it: a device id as a negative number, or a staff id.
    pub author: i64,
    /// Server time.
    pub at: i64,
    /// The entry.
    pub entry: Entry,
}

/// The entries of a request, in the order the server took them.
///
/// # Errors
/// [`DbError`].
pub fn of_request(session: &mut dyn Session, rid: i64) -> DbResult<Vec<Stored>> {
    let mut out = Vec::new();
    each_unpacked(session, rid, kind::ENTRY, MAX_RAW, &mut |row, raw| {
        let entry = decode(raw).map_err(|e| DbError::Unexpected(format!("a stored entry: {e:?}")))?;
        out.push(Stored { seq: row.seq, author: row.author, at: row.at, entry });
        Ok(())
    })?;
    Ok(out)
}
