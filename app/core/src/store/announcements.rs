//! What the municipality announces, kept for reading without a network.

use mbs_shared::id::BlobHash;
use mbs_shared::wire::announcement::{Announcement, MAX_PHOTOS, Reach};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{blobs, settings};
use crate::error::Result;

/// An announcement as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The server's number for it.
    pub id: i64,
    /// Server time, Unix ms.
    pub at: i64,
    /// How far it reaches.
    pub reach: Reach,
    /// To be seen before anything else, and confirmed.
    pub urgent: bool,
    /// Who says it.
    pub sender: String,
    /// First line.
    pub title: String,
    /// Text.
    pub text: String,
    /// When it was read here; 0: it was not.
    pub seen: i64,
}

const COLUMNS: &str = "id, at, reach, urgent, sender, title, text, seen";

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        id: row.get(0)?,
        at: row.get(1)?,
        reach: match row.get(2)? {
            0 => Reach::All,
            1 => Reach::District,
            _ => Reach::Muhtarlik,
        },
        urgent: row.get(3)?,
        sender: row.get(4)?,
        title: row.get(5)?,
        text: row.get(6)?,
        seen: row.get(7)?,
    })
}

/// Takes one over as the server tells it: one that was taken back goes, one that is here keeps what was read of it.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn take(conn: &Connection, told: &Announcement) -> Result<()> {
    let id = told.id.cast_signed();
    if told.withdrawn {
        conn.prepare_cached("DELETE FROM announcements WHERE id = ?1")?.execute([id])?;
        if conn.prepare_cached("DELETE FROM announced_photos WHERE announcement = ?1")?.execute([id])? > 0 {
            blobs::drop_unused(conn)?;
        }
        return Ok(());
    }
    conn.prepare_cached(
        "INSERT INTO announcements (id, at, reach, urgent, sender, title, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
           ON CONFLICT (id) DO NOTHING",
    )?
    .execute((id, told.at, told.reach as i64, told.urgent, &told.from, &told.title, &told.text))?;
    // Told again after a restore, it says the same.
    conn.prepare_cached("DELETE FROM announced_photos WHERE announcement = ?1")?.execute([id])?;
    let sql = "INSERT INTO announced_photos (announcement, hash, place) VALUES (?1, ?2, ?3)";
    let mut add = conn.prepare_cached(sql)?;
    for (place, hash) in (1_i64..).zip(told.photos.iter().take(MAX_PHOTOS)) {
        add.execute((id, hash.0, place))?;
    }
    Ok(())
}

/// Photos that go with one, in their order.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn photos(conn: &Connection, announcement: i64) -> Result<Vec<BlobHash>> {
    let sql = "SELECT hash FROM announced_photos WHERE announcement = ?1 ORDER BY place";
    let mut statement = conn.prepare_cached(sql)?;
    let all = statement.query_map([announcement], |r| Ok(BlobHash(super::id(r, 0)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// The server has no preview of a photo: it is not asked for again.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn set_bare(conn: &Connection, hash: BlobHash) -> Result<()> {
    conn.prepare_cached("UPDATE announced_photos SET bare = 1 WHERE hash = ?1")?.execute([hash.0])?;
    Ok(())
}

/// All, the newest first.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn all(conn: &Connection) -> Result<Vec<Kept>> {
    let sql = format!("SELECT {COLUMNS} FROM announcements ORDER BY at DESC, id DESC");
    let mut statement = conn.prepare_cached(&sql)?;
    Ok(statement.query_map([], kept)?.collect::<rusqlite::Result<_>>()?)
}

/// How many were not read.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn unread(conn: &Connection) -> Result<u32> {
    Ok(conn.prepare_cached("SELECT count(*) FROM announcements WHERE seen = 0")?.query_row([], |r| r.get(0))?)
}

/// The oldest that must be confirmed and was not.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn urgent(conn: &Connection) -> Result<Option<Kept>> {
    let sql = format!("SELECT {COLUMNS} FROM announcements WHERE urgent = 1 AND seen = 0 ORDER BY id LIMIT 1");
    Ok(conn.prepare_cached(&sql)?.query_row([], kept).optional()?)
}

/// Notes that one was read; whether it is here.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn see(conn: &Connection, id: i64, now: i64) -> Result<bool> {
    let sql = "UPDATE announcements SET seen = iif(seen = 0, ?2, seen) WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.execute((id, now))? > 0)
}

/// Read, and the server does not know it: at most `most`.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn untold(conn: &Connection, most: usize) -> Result<Vec<i64>> {
    let mut statement =
        conn.prepare_cached("SELECT id FROM announcements WHERE seen <> 0 AND told = 0 ORDER BY id LIMIT ?1")?;
    let rows = statement.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |r| r.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The server knows that these were read.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn told(conn: &Connection, ids: &[i64]) -> Result<()> {
    let mut statement = conn.prepare_cached("UPDATE announcements SET told = 1 WHERE id = ?1")?;
    ids.iter().try_for_each(|id| statement.execute([id]).map(drop))?;
    Ok(())
}

/// The server begins anew: it tells all of them again, and hears again what was read.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn begin_anew(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE announcements SET told = 0 WHERE told <> 0", [])?;
    settings::set_number(conn, settings::ANNOUNCEMENTS, 0)
}

/// Another muhtar reads what is meant for him, from the beginning.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM announcements", [])?;
    conn.execute("DELETE FROM announced_photos", [])?;
    blobs::drop_unused(conn)?;
    settings::set_number(conn, settings::ANNOUNCEMENTS, 0)
}
