//! What was refused: kept for a person's decision, counted against its tablet.

use mbs_shared::id::RequestId;
use mbs_shared::wire::error::Code;

use super::{DbResult, Row, Session, statements};

/// Rows a tablet may have here. What is refused beyond it lies on the tablet alone, and in the log; what a revoked one hands
/// over then has to wait for room.
pub const MAX_PER_DEVICE: u32 = 500;

statements! {
    /// Keeps one, once.
    ADD = "insert into quarantine (device, request, kind, code, key, at, bytes) \
           values ($1, $2, $3, $4, $5, $6, $7) on conflict (device, key) do nothing";
    /// Forgets what was refused of a request, after an erasure.
    ERASE = "delete from quarantine where request = $1";
    /// The oldest, in their order.
    LIST = "select q.id, q.device, d.prefix, q.request, q.kind, q.code, q.at, q.bytes \
            from quarantine q join device d on d.id = q.device order by q.id limit $1";
    /// One.
    ONE = "select q.id, q.device, d.prefix, q.request, q.kind, q.code, q.at, q.bytes \
           from quarantine q join device d on d.id = q.device where q.id = $1";
    /// Forgets one.
    DROP = "delete from quarantine where id = $1";
    /// How many a tablet has.
    COUNT = "select count(*) from quarantine where device = $1";
    /// Tablets that have as much as they may.
    FULL = "select d.prefix from quarantine q join device d on d.id = q.device group by d.prefix having count(*) >= $1 \
            order by d.prefix";
    /// Whether these very bytes were refused before.
    KNOWN = "select count(*) from quarantine where device = $1 and key = $2";
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

/// Whether these very bytes of that tablet were refused before.
///
/// # Errors
/// [`super::DbError`].
pub fn known(session: &mut dyn Session, device: i64, bytes: &[u8]) -> DbResult<bool> {
    let key = super::feed::key_of(&crate::secrets::sha256(bytes));
    Ok(session.first(KNOWN, &[device.into(), key.into()], |r| r.int(0))?.unwrap_or(0) > 0)
}

/// Keeps a refused item, unless the tablet has too many there already. Whether it lies here now.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, refused: &Refused<'_>) -> DbResult<bool> {
    let had = session.first(COUNT, &[refused.device.into()], |r| r.count(0))?.unwrap_or(0);
    if had >= MAX_PER_DEVICE {
        return known(session, refused.device, refused.bytes);
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
    )?;
    Ok(true)
}

/// What case numbers of those tablets begin with that have as much here as they may.
///
/// # Errors
/// [`super::DbError`].
pub fn full(session: &mut dyn Session) -> DbResult<Vec<u32>> {
    session.all(FULL, &[MAX_PER_DEVICE.into()], |r| r.count(0))
}

/// A refused item as it lies here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its number here.
    pub id: i64,
    /// Row of the tablet that pushed it.
    pub device: i64,
    /// What that tablet's case numbers begin with.
    pub prefix: u32,
    /// Request it named.
    pub request: RequestId,
    /// Kind of item ([`super::feed::kind`]).
    pub kind: u32,
    /// Why.
    pub code: Code,
    /// Server time.
    pub at: i64,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

fn held(r: &dyn Row) -> DbResult<Held> {
    let code = usize::try_from(r.int(5)?).ok().and_then(|n| Code::ALL.get(n).copied());
    Ok(Held {
        id: r.int(0)?,
        device: r.int(1)?,
        prefix: r.count(2)?,
        request: RequestId(r.bytes16(3)?),
        kind: r.count(4)?,
        code: code.unwrap_or(Code::Internal),
        at: r.int(6)?,
        bytes: r.blob(7)?.to_owned(),
    })
}

/// The oldest `limit` of them, in their order.
///
/// # Errors
/// [`super::DbError`].
pub fn list(session: &mut dyn Session, limit: u32) -> DbResult<Vec<Held>> {
    session.all(LIST, &[limit.into()], held)
}

/// How many there are in all.
///
/// # Errors
/// [`super::DbError`].
pub fn total(session: &mut dyn Session) -> DbResult<u32> {
    Ok(session.first(TOTAL, &[], |r| r.count(0))?.unwrap_or(0))
}

/// The one with that number.
///
/// # Errors
/// [`super::DbError`].
pub fn one(session: &mut dyn Session, id: i64) -> DbResult<Option<Held>> {
    session.first(ONE, &[id.into()], held)
}
