//! Photos and voice notes: who refers to them, their bytes, and how much of them the server has.

use mbs_shared::blob::{BlobKind, BlobRef};
use mbs_shared::id::{BlobHash, RequestId};
use rusqlite::{Connection, OptionalExtension, params};

use super::id;
use crate::error::{Code, Result, fail};

/// How much of a blob the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Upload {
    /// Bytes it has confirmed.
    pub sent: u32,
    /// Whether it has the preview.
    pub thumb: bool,
    /// Whether it has it whole and proven.
    pub done: bool,
}

fn reference(row: &rusqlite::Row<'_>) -> rusqlite::Result<BlobRef> {
    let kind = if row.get::<_, i64>(1)? == 0 { BlobKind::Photo } else { BlobKind::Voice };
    Ok(BlobRef { hash: BlobHash(id(row, 0)?), kind, size: row.get(2)?, width: row.get(3)?, height: row.get(4)? })
}

/// What a request refers to and has not removed, in its order.
///
/// # Errors
/// [`Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<BlobRef>> {
    let mut statement = conn.prepare_cached(
        "SELECT hash, kind, size, width, height FROM photos WHERE request = ?1 AND removed = 0 ORDER BY place",
    )?;
    let all = statement.query_map([request.0], reference)?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// A photo of a request, and whether it was removed.
///
/// # Errors
/// [`Code::Storage`].
pub fn find(conn: &Connection, request: RequestId, hash: BlobHash) -> Result<Option<(BlobRef, bool)>> {
    Ok(conn
        .prepare_cached("SELECT hash, kind, size, width, height, removed FROM photos WHERE request = ?1 AND hash = ?2")?
        .query_row((request.0, hash.0), |r| Ok((reference(r)?, r.get(5)?)))
        .optional()?)
}

/// Lets a request refer to a blob (or do so again).
///
/// # Errors
/// [`Code::Storage`].
pub fn refer(conn: &Connection, request: RequestId, photo: &BlobRef) -> Result<()> {
    let kind = i64::from(photo.kind == BlobKind::Voice);
    conn.prepare_cached(
        "INSERT INTO photos (request, hash, place, kind, size, width, height)
         VALUES (?1, ?2, (SELECT coalesce(max(place), 0) + 1 FROM photos WHERE request = ?1), ?3, ?4, ?5, ?6)
         ON CONFLICT (request, hash) DO UPDATE SET removed = 0",
    )?
    .execute(params![request.0, photo.hash.0, kind, photo.size, photo.width, photo.height])?;
    Ok(())
}

/// Removes a blob from a request, or puts it back. Its bytes stay.
///
/// # Errors
/// [`Code::Storage`].
pub fn set_removed(conn: &Connection, request: RequestId, hash: BlobHash, removed: bool) -> Result<()> {
    conn.prepare_cached("UPDATE photos SET removed = ?3 WHERE request = ?1 AND hash = ?2")?
        .execute((request.0, hash.0, removed))?;
    Ok(())
}

/// Puts a blob into the place of another one, which is removed.
///
/// # Errors
/// [`Code::Storage`].
pub fn replace(conn: &Connection, request: RequestId, old: BlobHash, new: &BlobRef) -> Result<()> {
    refer(conn, request, new)?;
    set_removed(conn, request, old, true)?;
    conn.prepare_cached(
        "UPDATE photos SET place = (SELECT place FROM photos WHERE request = ?1 AND hash = ?2)
         WHERE request = ?1 AND hash = ?3",
    )?
    .execute((request.0, old.0, new.hash.0))?;
    Ok(())
}

/// Puts a photo before another one of the same request, or behind all.
///
/// # Errors
/// [`Code::Storage`].
pub fn put_before(conn: &Connection, request: RequestId, hash: BlobHash, before: Option<BlobHash>) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT hash FROM photos WHERE request = ?1 ORDER BY place")?;
    let all = statement.query_map([request.0], |r| Ok(BlobHash(id(r, 0)?)))?;
    let mut order: Vec<BlobHash> = all.collect::<rusqlite::Result<_>>()?;
    order.retain(|other| *other != hash);
    let at = order.iter().position(|other| Some(*other) == before).unwrap_or(order.len());
    order.insert(at, hash);
    set_order(conn, request, order)
}

/// Numbers a request's photos in the order given.
///
/// # Errors
/// [`Code::Storage`].
pub fn set_order(conn: &Connection, request: RequestId, order: impl IntoIterator<Item = BlobHash>) -> Result<()> {
    let mut statement =
        conn.prepare_cached("UPDATE photos SET place = ?3 WHERE request = ?1 AND hash = ?2 AND place <> ?3")?;
    for (place, hash) in (1_i64..).zip(order) {
        statement.execute((request.0, hash.0, place))?;
    }
    Ok(())
}

/// Forgets what was removed from a request before it was sent: nobody was ever told of it.
///
/// # Errors
/// [`Code::Storage`].
pub fn forget_removed(conn: &Connection, request: RequestId) -> Result<()> {
    let gone = conn.prepare_cached("DELETE FROM photos WHERE request = ?1 AND removed = 1")?.execute([request.0])?;
    if gone > 0 { drop_unused(conn) } else { Ok(()) }
}

/// Keeps bytes and preview (an empty one is none).
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn keep(conn: &Connection, hash: BlobHash, bytes: &[u8], thumb: &[u8]) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO blobs (hash, bytes) VALUES (?1, ?2)")?.execute((hash.0, bytes))?;
    if !thumb.is_empty() {
        keep_thumb(conn, hash, thumb)?;
    }
    Ok(())
}

/// Keeps a preview.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn keep_thumb(conn: &Connection, hash: BlobHash, thumb: &[u8]) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO thumbs (hash, bytes) VALUES (?1, ?2)")?.execute((hash.0, thumb))?;
    Ok(())
}

/// Whether the bytes are here.
///
/// # Errors
/// [`Code::Storage`].
pub fn is_here(conn: &Connection, hash: BlobHash) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT 1 FROM blobs WHERE hash = ?1")?.exists([hash.0])?)
}

/// How many have their bytes here.
///
/// # Errors
/// [`Code::Storage`].
pub fn count(conn: &Connection) -> Result<u32> {
    Ok(conn.prepare_cached("SELECT count(*) FROM blobs")?.query_row([], |r| r.get(0))?)
}

/// The whole bytes.
///
/// # Errors
/// [`Code::Storage`].
pub fn bytes(conn: &Connection, hash: BlobHash) -> Result<Option<Vec<u8>>> {
    Ok(conn.prepare_cached("SELECT bytes FROM blobs WHERE hash = ?1")?.query_row([hash.0], |r| r.get(0)).optional()?)
}

/// The preview.
///
/// # Errors
/// [`Code::Storage`].
pub fn thumb(conn: &Connection, hash: BlobHash) -> Result<Option<Vec<u8>>> {
    Ok(conn.prepare_cached("SELECT bytes FROM thumbs WHERE hash = ?1")?.query_row([hash.0], |r| r.get(0)).optional()?)
}

/// Bytes of the preview; 0 when there is none.
///
/// # Errors
/// [`Code::Storage`].
pub fn thumb_size(conn: &Connection, hash: BlobHash) -> Result<u32> {
    let size =
        conn.prepare_cached("SELECT length(bytes) FROM thumbs WHERE hash = ?1")?.query_row([hash.0], |r| r.get(0));
    Ok(size.optional()?.unwrap_or(0))
}

/// `len` bytes from `offset`, read without loading the rest.
///
/// # Errors
/// [`Code::NotFound`] when the bytes are not here, [`Code::Storage`] when the slice is not within them.
pub fn slice(conn: &Connection, hash: BlobHash, offset: u32, len: u32) -> Result<Vec<u8>> {
    let row: Option<i64> =
        conn.prepare_cached("SELECT id FROM blobs WHERE hash = ?1")?.query_row([hash.0], |r| r.get(0)).optional()?;
    let row = row.ok_or_else(|| fail(Code::NotFound, format!("no bytes of {hash}")))?;
    let blob = conn.blob_open("main", "blobs", "bytes", row, true)?;
    let mut out = vec![0; len as usize];
    blob.read_at_exact(&mut out, offset as usize)?;
    Ok(out)
}

/// How much the server has.
///
/// # Errors
/// [`Code::Storage`].
pub fn upload(conn: &Connection, hash: BlobHash) -> Result<Upload> {
    Ok(conn
        .prepare_cached("SELECT sent, thumb, done FROM uploads WHERE hash = ?1")?
        .query_row([hash.0], |r| Ok(Upload { sent: r.get(0)?, thumb: r.get(1)?, done: r.get(2)? }))
        .optional()?
        .unwrap_or_default())
}

/// Photos of a request whose bytes are here and which the server is believed to have whole for it.
///
/// # Errors
/// [`Code::Storage`].
pub fn delivered(conn: &Connection, request: RequestId) -> Result<Vec<BlobHash>> {
    let mut statement = conn.prepare_cached(
        "SELECT p.hash FROM photos p JOIN uploads u ON u.hash = p.hash
         WHERE p.request = ?1 AND u.done = 1 AND EXISTS (SELECT 1 FROM blobs b WHERE b.hash = p.hash)
           AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 2 AND o.key = p.hash || p.request)
         ORDER BY p.place",
    )?;
    let all = statement.query_map([request.0], |r| Ok(BlobHash(id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Notes how much the server of that epoch has.
///
/// # Errors
/// [`Code::Storage`].
pub fn set_upload(conn: &Connection, hash: BlobHash, upload: Upload, epoch: u64) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO uploads (hash, sent, thumb, done, epoch) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((hash.0, upload.sent, upload.thumb, upload.done, epoch.cast_signed()))?;
    Ok(())
}

/// Blobs whose bytes are here and which a server of another epoch than `epoch` had, with each request that names them.
///
/// # Errors
/// [`Code::Storage`].
pub fn unknown_to(conn: &Connection, epoch: u64) -> Result<Vec<(BlobHash, RequestId, u32)>> {
    let mut statement = conn.prepare_cached(
        "SELECT b.hash, p.request, length(b.bytes) FROM blobs b JOIN uploads u ON u.hash = b.hash
         JOIN photos p ON p.hash = b.hash JOIN requests r ON r.id = p.request AND r.stage = 1
         WHERE p.removed = 0 AND u.epoch <> ?1 ORDER BY b.hash, p.request",
    )?;
    let all =
        statement.query_map([epoch.cast_signed()], |r| Ok((BlobHash(id(r, 0)?), RequestId(id(r, 1)?), r.get(2)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// A photo of a sent request, of an official answer or of an announcement whose preview is not here.
///
/// # Errors
/// [`Code::Storage`].
pub fn missing_thumb(conn: &Connection, skip: &[BlobHash]) -> Result<Option<BlobHash>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT p.hash FROM photos p JOIN requests r ON r.id = p.request AND r.stage = 1
         JOIN uploads u ON u.hash = p.hash AND u.done = 1
         WHERE p.removed = 0 AND p.kind = 0 AND NOT EXISTS (SELECT 1 FROM thumbs t WHERE t.hash = p.hash)
         UNION SELECT p.hash FROM proofs p
         WHERE p.bare = 0 AND NOT EXISTS (SELECT 1 FROM thumbs t WHERE t.hash = p.hash)
         UNION SELECT p.hash FROM announced_photos p
         WHERE p.bare = 0 AND NOT EXISTS (SELECT 1 FROM thumbs t WHERE t.hash = p.hash)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let hash = BlobHash(id(row, 0)?);
        if !skip.contains(&hash) {
            return Ok(Some(hash));
        }
    }
    Ok(None)
}

/// Drops bytes nobody refers to.
///
/// # Errors
/// [`Code::Storage`].
pub fn drop_unused(conn: &Connection) -> Result<()> {
    for table in ["blobs", "thumbs", "uploads"] {
        let named = "SELECT hash FROM photos UNION SELECT hash FROM proofs UNION SELECT hash FROM announced_photos";
        conn.execute(&format!("DELETE FROM {table} WHERE hash NOT IN ({named})"), [])?;
    }
    Ok(())
}
