//! Changes of a request's document, stored in the feed as their tablets packed them.

use mbs_shared::document::schema::MAX_CHANGE;
use mbs_shared::document::{Document, Reading, project_first};
use mbs_shared::pack::unpack;

use super::feed;
use super::{DbError, DbResult, Go, Session, statements};

statements! {
    /// The changes of a request, in the order they were accepted. `kind < 16` names the partial index.
    OF_REQUEST = "select packed from feed where request = $1 and kind = 0 and kind < 16 order by seq";
}

/// The raw changes of a request, in the order they were accepted.
///
/// # Errors
/// [`DbError`].
pub fn of_request(session: &mut dyn Session, rid: i64) -> DbResult<Vec<Vec<u8>>> {
    session.all(OF_REQUEST, &[rid.into()], |r| {
        unpack(r.blob(0)?, MAX_CHANGE).map_err(|e| DbError::Unexpected(format!("a stored change: {e:?}")))
    })
}

/// What stored changes of one request read as.
///
/// # Errors
/// [`DbError::Unexpected`]: none are there, or they are damaged.
pub fn read(raws: &[Vec<u8>]) -> DbResult<Reading> {
    let damaged = |e: &dyn std::fmt::Display| DbError::Unexpected(format!("a stored document: {e}"));
    match raws {
        [] => Err(damaged(&"it is not there")),
        [only] => match project_first(only) {
            Ok(request) => Ok(Reading { request, conflicts: Vec::new() }),
            Err(code) => Err(damaged(&format!("{code:?}"))),
        },
        many => {
            let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
            Document::load(&many).and_then(|document| document.read()).map_err(|e| damaged(&e))
        }
    }
}

/// Looks at each stored item of one kind, unpacked to at most `cap` bytes.
///
/// # Errors
/// [`DbError`].
pub(super) fn each_unpacked(
    session: &mut dyn Session,
    rid: i64,
    kind: u32,
    cap: usize,
    each: &mut dyn FnMut(&feed::ItemRow<'_>, &[u8]) -> DbResult<()>,
) -> DbResult<()> {
    feed::of_request(session, rid, &mut |row| {
        if row.kind == kind {
            let raw = unpack(row.packed, cap).map_err(|e| DbError::Unexpected(format!("a stored item: {e:?}")))?;
            each(row, &raw)?;
        }
        Ok(Go::On)
    })
}
