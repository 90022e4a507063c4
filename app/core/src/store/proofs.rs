//! Photos from the spot that belong to official answers. Their bytes and previews lie in [`super::blobs`]; the server keeps
//! them too, so that full sizes may go here.

use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::routing::{Case, State};
use rusqlite::{Connection, OptionalExtension};

use super::{blobs, id};
use crate::error::Result;

/// Those of a request's answer, in their order.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<BlobHash>> {
    let mut statement = conn.prepare_cached("SELECT hash FROM proofs WHERE request = ?1 ORDER BY place")?;
    let all = statement.query_map([request.0], |r| Ok(BlobHash(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Takes over which photos the answer has, as the case stands. Full sizes of one that is closed go: they would outgrow the
/// muhtar's own photos, and come again when somebody opens them.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn put(conn: &Connection, request: RequestId, case: &Case) -> Result<()> {
    let named: &[BlobHash] = case.answer.as_ref().map_or(&[], |answer| &answer.photos);
    let had = of_request(conn, request)?;
    if had != named {
        conn.prepare_cached("DELETE FROM proofs WHERE request = ?1")?.execute([request.0])?;
        let mut add = conn.prepare_cached("INSERT OR IGNORE INTO proofs (request, hash, place) VALUES (?1, ?2, ?3)")?;
        for (place, hash) in (1_i64..).zip(named) {
            add.execute((request.0, hash.0, place))?;
        }
        if had.iter().any(|hash| !named.contains(hash)) {
            blobs::drop_unused(conn)?;
        }
    }
    if case.state.is_final() && !named.is_empty() {
        conn.prepare_cached(
            "DELETE FROM blobs WHERE hash IN (SELECT hash FROM proofs WHERE request = ?1)
               AND hash NOT IN (SELECT hash FROM photos)",
        )?
        .execute([request.0])?;
    }
    Ok(())
}

/// The server has no preview of it: it is not asked for again.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn set_bare(conn: &Connection, hash: BlobHash) -> Result<()> {
    conn.prepare_cached("UPDATE proofs SET bare = 1 WHERE hash = ?1")?.execute([hash.0])?;
    Ok(())
}

/// One of an answer that waits for the muhtar's word whose full size is not here.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn missing(conn: &Connection, skip: &[BlobHash]) -> Result<Option<BlobHash>> {
    let mut statement = conn.prepare_cached(
        "SELECT p.hash FROM requests r JOIN proofs p ON p.request = r.id
         WHERE r.state = ?1 AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.hash = p.hash) ORDER BY p.request, p.place",
    )?;
    let all = statement.query_map([State::Concluded.code()], |r| Ok(BlobHash(id(r, 0)?)))?;
    for hash in all {
        let hash = hash?;
        if !skip.contains(&hash) {
            return Ok(Some(hash));
        }
    }
    Ok(None)
}

/// Whether a request or its answer shows that photo.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn is_shown(conn: &Connection, request: RequestId, hash: BlobHash) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM photos WHERE request = ?1 AND hash = ?2 AND removed = 0 AND kind = 0
             UNION SELECT 1 FROM proofs WHERE request = ?1 AND hash = ?2",
        )?
        .exists((request.0, hash.0))?)
}

/// Bytes of the full size; 0 when it is not here.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn size(conn: &Connection, hash: BlobHash) -> Result<u32> {
    let size =
        conn.prepare_cached("SELECT length(bytes) FROM blobs WHERE hash = ?1")?.query_row([hash.0], |r| r.get(0));
    Ok(size.optional()?.unwrap_or(0))
}
