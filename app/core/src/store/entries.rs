//! Thread entries: messages, notes and intents.

use mbs_shared::id::{BlobHash, EntryId, Mac, RequestId};
use mbs_shared::pack::unpack;
use mbs_shared::wire;
use mbs_shared::wire::entry::{Entry, EntryKind, Stamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::changes::mac_bytes;
use super::{digest, id};
use crate::error::Result;
use crate::sync::intake::MAX_ENTRY_FRAME;

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: EntryId,
    /// What it is.
    pub kind: EntryKind,
    /// Words.
    pub text: String,
    /// When: the author's clock, the server's once stamped.
    pub at: i64,
    /// Whether the muhtar wrote it.
    pub mine: bool,
    /// Author, where it is not the muhtar.
    pub author: String,
    /// Whether the server has it.
    pub stamped: bool,
    /// Why the server refused the intent; empty when it did not.
    pub refused: String,
    /// Photos that go with it.
    pub photos: Vec<BlobHash>,
}

/// Kinds in the order of their numbers on the wire.
const KINDS: [EntryKind; 7] = [
    EntryKind::Message,
    EntryKind::Note,
    EntryKind::Withdraw,
    EntryKind::Answer,
    EntryKind::Confirm,
    EntryKind::Object,
    EntryKind::Add,
];

pub(super) fn code(kind: EntryKind) -> i64 {
    KINDS.iter().position(|k| *k == kind).and_then(|n| i64::try_from(n).ok()).unwrap_or(0)
}

/// The kind of that number; one of a newer app reads as a message.
pub(super) fn kind(code: i64) -> EntryKind {
    usize::try_from(code).ok().and_then(|n| KINDS.get(n)).copied().unwrap_or(EntryKind::Message)
}

const PROOF: &str = "SELECT mac FROM entries WHERE id = ?1";

/// Keeps an entry made here.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn add(conn: &Connection, request: RequestId, entry: &Entry, packed: &[u8]) -> Result<()> {
    put(conn, request, entry, packed, true, None, None, 0)
}

/// Keeps an entry as the feed brings it, or notes that the server has ours.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn take(
    conn: &Connection,
    request: RequestId,
    entry: &Entry,
    packed: &[u8],
    stamp: &Stamp,
    mac: &Mac,
    epoch: u64,
) -> Result<()> {
    put(conn, request, entry, packed, stamp.author.is_empty(), Some(stamp), Some(mac), epoch)
}

#[expect(clippy::too_many_arguments, reason = "one column each")]
fn put(
    conn: &Connection,
    request: RequestId,
    entry: &Entry,
    packed: &[u8],
    mine: bool,
    stamp: Option<&Stamp>,
    mac: Option<&Mac>,
    epoch: u64,
) -> Result<()> {
    let had = digest::proof(conn, PROOF, [entry.id.0])?;
    conn.prepare_cached(
        "INSERT INTO entries (id, request, kind, words, at, mine, author, stamped, refused, packed, mac, epoch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET at = ?5, author = ?7, stamped = ?8, mac = ?10, epoch = ?11",
    )?
    .execute(params![
        entry.id.0,
        request.0,
        code(entry.kind),
        entry.text,
        stamp.map_or(entry.at, |s| s.at),
        mine,
        stamp.map_or("", |s| s.author.as_str()),
        stamp.is_some(),
        packed,
        mac_bytes(mac),
        epoch.cast_signed(),
    ])?;
    digest::moved(conn, had.as_ref(), mac)
}

/// The thread of a request, oldest first.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<Kept>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, kind, words, at, mine, author, stamped, refused, packed FROM entries WHERE request = ?1 ORDER BY at, rowid",
    )?;
    let all = statement.query_map([request.0], |r| {
        Ok(Kept {
            id: EntryId(id(r, 0)?),
            kind: kind(r.get(1)?),
            text: r.get(2)?,
            at: r.get(3)?,
            mine: r.get(4)?,
            author: r.get(5)?,
            stamped: r.get(6)?,
            refused: r.get(7)?,
            photos: photos(r.get_ref(8)?.as_blob()?),
        })
    })?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// The photos of a packed entry. It was checked when it came: what cannot be read names none.
fn photos(packed: &[u8]) -> Vec<BlobHash> {
    let entry = unpack(packed, MAX_ENTRY_FRAME).and_then(|raw| wire::decode::<Entry>(&raw));
    entry.map(|entry| entry.photos).unwrap_or_default()
}

/// An entry as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The request it belongs to.
    pub request: RequestId,
    /// Packed bytes.
    pub packed: Vec<u8>,
    /// Proof of acceptance.
    pub mac: Option<Mac>,
    /// For one from the desk: who wrote it and when, as the server said.
    pub stamp: Option<Stamp>,
}

/// An entry as it travels.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn packed(conn: &Connection, entry: EntryId) -> Result<Option<Packed>> {
    Ok(conn
        .prepare_cached("SELECT request, packed, mac, mine, at, author FROM entries WHERE id = ?1")?
        .query_row([entry.0], |r| {
            let mac = Mac::from_slice(&r.get::<_, Vec<u8>>(2)?).ok();
            let stamp = if r.get(3)? { None } else { Some(Stamp { at: r.get(4)?, author: r.get(5)? }) };
            Ok(Packed { request: RequestId(id(r, 0)?), packed: r.get(1)?, mac, stamp })
        })
        .optional()?)
}

/// Notes that the server of `epoch` has it.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn accepted(conn: &Connection, entry: EntryId, mac: &Mac, epoch: u64) -> Result<()> {
    let had = digest::proof(conn, PROOF, [entry.0])?;
    let there = conn
        .prepare_cached("UPDATE entries SET mac = ?2, epoch = ?3, stamped = 1 WHERE id = ?1")?
        .execute((entry.0, mac.0, epoch.cast_signed()))?;
    if there > 0 { digest::moved(conn, had.as_ref(), Some(mac)) } else { Ok(()) }
}

/// Notes that no server is known to have the request's entries.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget_epoch(conn: &Connection, request: RequestId) -> Result<()> {
    conn.prepare_cached("UPDATE entries SET epoch = 0 WHERE request = ?1")?.execute([request.0])?;
    Ok(())
}

/// Entries of a request once accepted, the desk's too, which the server of `epoch` is not known to have.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn unknown_to_of(conn: &Connection, request: RequestId, epoch: u64) -> Result<Vec<(EntryId, u32)>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, length(packed) FROM entries WHERE request = ?1 AND length(mac) > 0 AND epoch <> ?2 ORDER BY at, rowid",
    )?;
    let all = statement.query_map((request.0, epoch.cast_signed()), |r| Ok((EntryId(id(r, 0)?), r.get(1)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Notes why the server refused an intent.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn refused(conn: &Connection, entry: EntryId, why: &str) -> Result<()> {
    conn.prepare_cached("UPDATE entries SET refused = ?2 WHERE id = ?1")?.execute((entry.0, why))?;
    Ok(())
}

/// The muhtar's entries once accepted by a server, which that of `epoch` is not known to have.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn unknown_to(conn: &Connection, epoch: u64) -> Result<Vec<(RequestId, EntryId, u32)>> {
    let mut statement = conn.prepare_cached(
        "SELECT request, id, length(packed) FROM entries WHERE length(mac) > 0 AND epoch <> ?1 AND mine = 1 ORDER BY rowid",
    )?;
    let all =
        statement.query_map([epoch.cast_signed()], |r| Ok((RequestId(id(r, 0)?), EntryId(id(r, 1)?), r.get(2)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Takes out an entry that no server has: its words go on elsewhere.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn take_out(conn: &Connection, entry: EntryId) -> Result<()> {
    conn.prepare_cached("DELETE FROM entries WHERE id = ?1 AND stamped = 0 AND mac = x''")?.execute([entry.0])?;
    Ok(())
}

/// Drops the muhtar's own notes (class *private*), also those in quarantine: his mandate ended.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn drop_notes(conn: &Connection) -> Result<()> {
    let note = code(EntryKind::Note);
    let mut statement = conn.prepare_cached("SELECT mac FROM entries WHERE kind = ?1 AND length(mac) > 0")?;
    for mac in statement.query_map([note], |r| r.get::<_, Vec<u8>>(0))? {
        digest::moved(conn, Mac::from_slice(&mac?).ok().as_ref(), None)?;
    }
    conn.execute("DELETE FROM quarantine WHERE kind = 1 AND key IN (SELECT id FROM entries WHERE kind = ?1)", [note])?;
    conn.execute("DELETE FROM entries WHERE kind = ?1", [note])?;
    Ok(())
}
