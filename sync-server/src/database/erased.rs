//! Tombstones of requests erased by law: that they were, and nothing else.

use mbs_shared::id::RequestId;

use super::{DbResult, Session, statements};

statements! {
    /// Whether a request was erased.
    IS = "select count(*) from erased where request = $1";
    /// Notes that a request was erased.
    ADD = "insert into erased (request, at) values ($1, $2) on conflict (request) do nothing";
}

/// Whether a request was erased by law.
///
/// # Errors
/// [`super::DbError`].
pub fn is_erased(session: &mut dyn Session, request: RequestId) -> DbResult<bool> {
    Ok(session.first(IS, &[request.as_bytes().into()], |r| r.int(0))?.unwrap_or(0) > 0)
}
