//! What was refused: kept for a person's decision, counted against its tablet.

use mbs_shared::id::RequestId;
use mbs_shared::wire::error::Code;

use super::{DbResult, Session, statements};

/// Rows a tablet may have here; beyond it only the log knows.
pub const MAX_PER_DEVICE: u32 = 500;

statements! {
    /// Keeps one, once.
    ADD = "insert into quarantine (device, request, kind, code, key, at, bytes) \
           values ($1, $2, $3, $4, $5, $6, $7) on conflict (device, key) do nothing";
    /// Forgets what was refused of a request, after an erasure.
    ERASE = "delete from quarantine where request = $1";
    /// How many a tablet has.
    COUNT = "select count(*) from quarantine where device = $1";
    /// How many there are in all.
    TOTAL = "select count(*) from quarantine";
}

/// One refused item.
#[derive(Debug)]
pub struct Refused<'a> {
    /// Tablet that pushed it.
    pub device: i64,
    /// Request it named.
    pub request: RequestId,
    /// Kind of item.
    pub kind: u32,
    /// Why.
    pub code: Code,
    /// Server time.
    pub at: i64,
    /// The bytes as they came.
    pub bytes: &'a [u8],
}

/// Keeps a refused item, unless the tablet has too many there already.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, refused: &Refused<'_>) -> DbResult<()> {
    let had = session.first(COUNT, &[refused.device.into()], |r| r.count(0))?.unwrap_or(0);
    if had >= MAX_PER_DEVICE {
        return Ok(());
    }
    let key = super::feed::key_of(&crate::secrets::sha256(refused.bytes));
    session.send(
        ADD,
        &[
            refused.device.into(),
            refused.request.as_bytes().into(),
            refused.kind.into(),
            (refused.code as u32).into(),
            key.into(),
            refused.at.into(),
            refused.bytes.into(),
        ],
    )
}
