//! Small things by name.

use mbs_shared::id::RequestId;
use mbs_shared::wire;
use minicbor::bytes::ByteVec;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::door::view::Notice;
use crate::error::{Code, Result, fail};

/// [`Identity`], JSON.
pub const IDENTITY: &str = "identity";
/// Counter of case numbers.
pub const CASES: &str = "cases";
/// How many things this tablet has made and queued (loss detector).
pub const MADE: &str = "made";
/// Oldest database version whose app may use this database.
pub const OLDEST_READER: &str = "oldest_reader";
/// Last completed exchange, Unix ms.
pub const LAST_CONTACT: &str = "last_contact";
/// Tablet's clock minus server's, ms.
pub const CLOCK_OFF: &str = "clock_off";
/// When this tablet and its server were last compared whole, Unix ms.
pub const RECONCILED: &str = "reconciled";
/// When they were last compared because their digests differed, Unix ms.
pub const COMPARED: &str = "compared";
/// Notices that nobody said he has read, each with when it came, JSON.
pub const NOTICES: &str = "notices";
/// Why the link is closed: 0 open, 1 unknown device, 2 app too old, 3 server too old, 4 revoked.
pub const CLOSED: &str = "closed";

/// Drafts that go on by themselves, two identifiers of 16 bytes each ([`Resend`]).
pub const RESEND: &str = "resend";
/// Megabytes of photos a day over paid lines, a `u32`; empty or absent: as many as there are.
pub const MOBILE_LIMIT: &str = "mobile_limit";
/// The day and the bytes of photos that went over paid lines on it, an `i64` each.
pub const MOBILE_SPENT: &str = "mobile_spent";
/// What neighbours reported, as the server's last answer that had it.
pub const NEARBY: &str = "nearby";
/// When it was last asked for, Unix ms.
pub const NEARBY_ASKED: &str = "nearby_asked";
/// How far announcements are here: the server's place of the last one.
pub const ANNOUNCEMENTS: &str = "announcements";
/// Mark of the units' names that are here ([`mbs_shared::wire::units::Units::mark`]); absent: the release's own.
pub const UNITS: &str = "units";
/// The map pack that the server has, as it said last ([`mbs_shared::wire::map::MapPack`]).
pub const MAP: &str = "map";
/// The map pack that is whole here; empty or absent: the app's own map is shown.
pub const MAP_HERE: &str = "map_here";
/// Name of the photo that was cut off last: the server may have more of it than it confirmed.
pub const CUT: &str = "cut";
/// 1: rows were taken over from a damaged database, and what is missing in them is not worked out yet.
pub const RESCUED: &str = "rescued";
/// Damaged databases that may be removed one day, JSON (`store/aside.rs`).
pub const ASIDE: &str = "aside";
/// When this database was last brought to another version, Unix ms.
pub const MIGRATED: &str = "migrated";
/// 1: something was dropped that the copy from before a migration may not keep.
pub const COPY_GOES: &str = "copy_goes";
/// When the municipality revoked this tablet, as it says, Unix ms.
pub const REVOKED: &str = "revoked";
/// Version of the app that opened this database last.
pub const OPENED_BY: &str = "opened_by";
/// 1: what the server decided is to be folded once more, for what this version reads of it.
pub const REFOLD: &str = "refold";
/// The PIN's hash and what was tried in vain, JSON (`door/lock.rs`); empty or absent: there is none.
pub const PIN: &str = "pin";
/// For which request the camera was opened last (16 bytes), and when (Unix ms); empty: its photo came, or none was taken
/// ([`Expected`]).
pub const EXPECTED: &str = "expected";
/// How many requests needed the muhtar when he was last told or looked (`sync/background.rs`).
pub const TOLD_WAITING: &str = "told_waiting";
/// How many announcements were unread then.
pub const TOLD_UNREAD: &str = "told_unread";
/// Whom the key beside the database is sealed for (`age1…`).
pub const RECOVERY: &str = "recovery";
/// 1: another tablet has this one's identity.
pub const TWIN: &str = "twin";

/// Who this tablet is, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Server address.
    pub server: String,
    /// Device number.
    pub device: mbs_shared::id::DeviceNo,
    /// First part of its case numbers.
    pub prefix: mbs_shared::id::Prefix,
    /// Token, base64url without padding: 256 bits.
    pub token: String,
    /// Ed25519 seed, hex.
    pub seed: String,
    /// Mandate.
    pub mandate: u64,
    /// Neighbourhood code.
    pub neighbourhood: String,
    /// Muhtar's name.
    pub person: String,
    /// Whether nothing is ever sent.
    pub practice: bool,
    /// What the server signs with, as it said at enrolment.
    #[serde(default)]
    pub server_keys: Vec<mbs_shared::signature::ServerKey>,
    /// What courier bundles are sealed for (`age1…`), as it said at enrolment; `None`: it takes none.
    #[serde(default)]
    pub courier: Option<String>,
}

/// A value.
///
/// # Errors
/// [`Code::Storage`].
pub fn get(conn: &Connection, key: &str) -> Result<Option<Vec<u8>>> {
    Ok(conn.prepare_cached("SELECT value FROM settings WHERE key = ?1")?.query_row([key], |r| r.get(0)).optional()?)
}

/// Sets a value.
///
/// # Errors
/// [`Code::Storage`].
pub fn set(conn: &Connection, key: &str, value: &[u8]) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)")?.execute((key, value))?;
    Ok(())
}

pub(crate) fn number_of(bytes: &[u8]) -> i64 {
    bytes.try_into().map_or(0, i64::from_le_bytes)
}

/// A number; 0 when it was never set.
///
/// # Errors
/// [`Code::Storage`].
pub fn number(conn: &Connection, key: &str) -> Result<i64> {
    Ok(get(conn, key)?.map_or(0, |v| number_of(&v)))
}

/// Sets a number.
///
/// # Errors
/// [`Code::Storage`].
pub fn set_number(conn: &Connection, key: &str, value: i64) -> Result<()> {
    set(conn, key, &value.to_le_bytes())
}

/// Who this tablet is.
///
/// # Errors
/// [`Code::Storage`].
pub fn identity(conn: &Connection) -> Result<Option<Identity>> {
    let Some(json) = get(conn, IDENTITY)? else { return Ok(None) };
    serde_json::from_slice(&json).map(Some).map_err(|e| fail(Code::Storage, e.to_string()))
}

/// A photo that is being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// For which request.
    pub request: RequestId,
    /// Since when, Unix ms.
    pub since: i64,
}

/// The photo that is being taken, if one is.
///
/// # Errors
/// [`Code::Storage`].
pub fn expected(conn: &Connection) -> Result<Option<Expected>> {
    let kept = get(conn, EXPECTED)?.unwrap_or_default();
    let Some((id, since)) = kept.split_at_checked(16) else { return Ok(None) };
    Ok(RequestId::from_slice(id).ok().map(|request| Expected { request, since: number_of(since) }))
}

/// Notes that one is being taken.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn expect(conn: &Connection, Expected { request, since }: Expected) -> Result<()> {
    set(conn, EXPECTED, &[&request.0[..], &since.to_le_bytes()].concat())
}

/// The photo came, if this is the one, or will not come: it is not expected any more.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn photo_came(conn: &Connection, is_it: bool) -> Result<()> {
    if is_it { set(conn, EXPECTED, &[]) } else { Ok(()) }
}

/// What a person should know, until he says that he has read it: he may be away for days.
///
/// # Errors
/// [`Code::Storage`].
pub fn notices(conn: &Connection) -> Result<Vec<Notice>> {
    Ok(dated(conn)?.into_iter().map(|(_, notice)| notice).collect())
}

fn dated(conn: &Connection) -> Result<Vec<(i64, Notice)>> {
    Ok(get(conn, NOTICES)?.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default())
}

/// Adds a notice.
///
/// # Errors
/// [`Code::Storage`].
pub fn add_notice(conn: &Connection, notice: &Notice, now: i64) -> Result<()> {
    let mut all = dated(conn)?;
    all.push((now, notice.clone()));
    let json = serde_json::to_vec(&all).map_err(|e| fail(Code::Storage, e.to_string()))?;
    set(conn, NOTICES, &json)
}

/// They were read.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn drop_notices(conn: &Connection) -> Result<()> {
    set(conn, NOTICES, b"[]")
}

/// A draft that was queued once and goes on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    /// Where its words lie now.
    pub draft: RequestId,
    /// The request they are a later version of; the draft itself: it is to be a request of its own.
    pub onto: RequestId,
}

/// Such drafts, in their order.
///
/// # Errors
/// [`Code::Storage`].
pub fn resend(conn: &Connection) -> Result<Vec<Resend>> {
    let all = get(conn, RESEND)?.unwrap_or_default();
    let id = |bytes: &[u8]| RequestId::from_slice(bytes).ok();
    let pair = |pair: &[u8]| {
        let (draft, onto) = pair.split_at_checked(RequestId::LEN)?;
        Some(Resend { draft: id(draft)?, onto: id(onto)? })
    };
    Ok(all.chunks_exact(2 * RequestId::LEN).filter_map(pair).collect())
}

/// Adds one.
///
/// # Errors
/// [`Code::Storage`].
pub fn add_to_resend(conn: &Connection, new: Resend) -> Result<()> {
    let mut all = get(conn, RESEND)?.unwrap_or_default();
    all.extend_from_slice(new.draft.as_bytes());
    all.extend_from_slice(new.onto.as_bytes());
    set(conn, RESEND, &all)
}

/// Takes one out.
///
/// # Errors
/// [`Code::Storage`].
pub fn take_from_resend(conn: &Connection, draft: RequestId) -> Result<()> {
    let rest = resend(conn)?;
    let rest = rest.iter().filter(|r| r.draft != draft);
    let rest: Vec<u8> = rest.flat_map(|r| [r.draft.0, r.onto.0]).flatten().collect();
    conn.execute("DELETE FROM settings WHERE key = ?1", [chain_of(draft)])?;
    set(conn, RESEND, &rest)
}

fn chain_of(draft: RequestId) -> String {
    format!("{RESEND} {draft}")
}

/// Keeps the changes of what became a draft, so that each of them can be put once more.
///
/// # Errors
/// [`Code::Storage`].
pub fn keep_chain(conn: &Connection, draft: RequestId, changes: &[Vec<u8>]) -> Result<()> {
    let changes: Vec<ByteVec> = changes.iter().cloned().map(ByteVec::from).collect();
    set(conn, &chain_of(draft), &wire::encode(&changes))
}

/// Its changes, raw, in their order; empty where none were kept.
///
/// # Errors
/// [`Code::Storage`].
pub fn chain(conn: &Connection, draft: RequestId) -> Result<Vec<Vec<u8>>> {
    let Some(kept) = get(conn, &chain_of(draft))? else { return Ok(Vec::new()) };
    let chain: Vec<ByteVec> = wire::decode(&kept).map_err(|c| fail(Code::Storage, format!("a kept chain: {c:?}")))?;
    Ok(chain.into_iter().map(Into::into).collect())
}
