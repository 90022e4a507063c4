//! Tombstones of requests erased by law: that they were, and nothing else.

use mbs_shared::id::RequestId;

use super::{DbResult, Session, statements};

statements! {
    /// Whether a request was erased.
    IS = "select count(*) from erased where request = $1";
    /// Notes that a request was erased.
    ADD = "insert into erased (request, at, hash) values ($1, $2, $3) on conflict (request) do nothing";
}

/// Whether a request was erased by law.
///
/// # Errors
/// [`super::DbError`].
pub fn is_erased(session: &mut dyn Session, request: RequestId) -> DbResult<bool> {
    Ok(session.first(IS, &[request.as_bytes().into()], |r| r.int(0))?.unwrap_or(0) > 0)
}

/// Notes that a request, whose document began with the change of that hash, was erased.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, request: RequestId, at: i64, hash: &[u8]) -> DbResult<()> {
    session.execute(ADD, &[request.as_bytes().into(), at.into(), hash.into()]).map(drop)
}
