//! What the muhtar has begun to say about a sent request: kept as he types, until it is said. It never leaves the tablet.

use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::wire::entry::EntryKind;
use rusqlite::{Connection, OptionalExtension, params};

use super::{entries, id};
use crate::door::Fields;
use crate::error::{Code, Result, fail};

/// Number of a correction, apart from those of entries; its words are [`Fields`] as JSON.
const EDIT: i64 = 100;
/// Numbers of words that are made of several versions of a field, by its name.
const COMBINED: [(i64, &str); 3] = [(101, "title"), (102, "desc"), (103, "addr")];

/// An entry that has not been said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What it will be.
    pub kind: EntryKind,
    /// Words so far.
    pub text: String,
    /// Photos so far.
    pub photos: Vec<BlobHash>,
}

/// Keeps it as it is now; an empty one is forgotten.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn keep(conn: &Connection, request: RequestId, begun: &Begun) -> Result<()> {
    if begun.text.is_empty() && begun.photos.is_empty() {
        return forget(conn, request, begun.kind);
    }
    let photos: Vec<u8> = begun.photos.iter().flat_map(BlobHash::as_bytes).copied().collect();
    conn.prepare_cached("INSERT OR REPLACE INTO begun (request, kind, words, photos) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![request.0, entries::code(begun.kind), begun.text, photos])?;
    Ok(())
}

/// Whether it is said with a tap, and so kept whole without words.
#[must_use]
pub const fn is_intent(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Confirm | EntryKind::Withdraw)
}

/// Keeps that it was asked for.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn intend(conn: &Connection, request: RequestId, kind: EntryKind) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO begun (request, kind, words, photos) VALUES (?1, ?2, '', x'')")?
        .execute(params![request.0, entries::code(kind)])?;
    Ok(())
}

/// What was asked for with a tap and not said yet.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn intended(conn: &Connection) -> Result<Vec<(RequestId, EntryKind)>> {
    let mut statement = conn.prepare_cached("SELECT request, kind FROM begun WHERE kind < ?1")?;
    let all = statement.query_map([EDIT], |r| Ok((RequestId(id(r, 0)?), entries::kind(r.get(1)?))))?;
    let all: Vec<_> = all.collect::<rusqlite::Result<_>>()?;
    Ok(all.into_iter().filter(|(_, kind)| is_intent(*kind)).collect())
}

/// Forgets it: it was said, or given up.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget(conn: &Connection, request: RequestId, kind: EntryKind) -> Result<()> {
    conn.prepare_cached("DELETE FROM begun WHERE request = ?1 AND kind = ?2")?
        .execute(params![request.0, entries::code(kind)])?;
    Ok(())
}

/// Keeps a correction as it is now; one of nothing is forgotten.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn keep_edit(conn: &Connection, request: RequestId, set: &Fields) -> Result<()> {
    if *set == Fields::default() {
        return forget_edit(conn, request);
    }
    let set = serde_json::to_string(set).map_err(|e| fail(Code::Storage, e.to_string()))?;
    conn.prepare_cached("INSERT OR REPLACE INTO begun (request, kind, words, photos) VALUES (?1, ?2, ?3, x'')")?
        .execute(params![request.0, EDIT, set])?;
    Ok(())
}

/// Forgets a correction: it was made, or given up.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget_edit(conn: &Connection, request: RequestId) -> Result<()> {
    conn.prepare_cached("DELETE FROM begun WHERE request = ?1 AND kind = ?2")?.execute(params![request.0, EDIT])?;
    Ok(())
}

/// The correction that was begun.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn edit(conn: &Connection, request: RequestId) -> Result<Option<Fields>> {
    let kept = conn
        .prepare_cached("SELECT words FROM begun WHERE request = ?1 AND kind = ?2")?
        .query_row(params![request.0, EDIT], |r| r.get::<_, String>(0))
        .optional()?;
    kept.map(|set| serde_json::from_str(&set).map_err(|e| fail(Code::Storage, e.to_string()))).transpose()
}

fn combined_number(field: &str) -> i64 {
    COMBINED.iter().find(|(_, name)| *name == field).map_or(-1, |(number, _)| *number)
}

/// Keeps words that are being made of several versions of a field as they are now; none are forgotten.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn keep_combined(conn: &Connection, request: RequestId, field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return forget_combined(conn, request, field);
    }
    conn.prepare_cached("INSERT OR REPLACE INTO begun (request, kind, words, photos) VALUES (?1, ?2, ?3, x'')")?
        .execute(params![request.0, combined_number(field), text])?;
    Ok(())
}

/// Forgets them: they were kept, or a version was.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget_combined(conn: &Connection, request: RequestId, field: &str) -> Result<()> {
    conn.prepare_cached("DELETE FROM begun WHERE request = ?1 AND kind = ?2")?
        .execute(params![request.0, combined_number(field)])?;
    Ok(())
}

/// Forgets them where they are these.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget_combined_as(conn: &Connection, request: RequestId, field: &str, text: &str) -> Result<()> {
    conn.prepare_cached("DELETE FROM begun WHERE request = ?1 AND kind = ?2 AND trim(words) = trim(?3)")?
        .execute(params![request.0, combined_number(field), text])?;
    Ok(())
}

/// Words that are being made of several versions, with their field.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn combined(conn: &Connection, request: RequestId) -> Result<Vec<(String, String)>> {
    let mut statement =
        conn.prepare_cached("SELECT kind, words FROM begun WHERE request = ?1 AND kind > ?2 ORDER BY kind")?;
    let all = statement.query_map(params![request.0, EDIT], |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)))?;
    let all: Vec<(i64, String)> = all.collect::<rusqlite::Result<_>>()?;
    let named = all.into_iter().filter_map(|(number, words)| {
        let field = COMBINED.iter().find(|(known, _)| *known == number)?.1;
        Some((field.to_owned(), words))
    });
    Ok(named.collect())
}

/// Everything that was begun with words, and about which request: for whoever takes it out of a closed tablet.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn all(conn: &Connection) -> Result<Vec<(RequestId, String)>> {
    let mut statement =
        conn.prepare_cached("SELECT request, words FROM begun WHERE words <> '' ORDER BY request, kind")?;
    let all = statement.query_map([], |r| Ok((RequestId(id(r, 0)?), r.get(1)?)))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Forgets all of them: another muhtar has the tablet.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget_all(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM begun", [])?;
    Ok(())
}

/// What was begun about a request.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<Begun>> {
    let mut statement =
        conn.prepare_cached("SELECT kind, words, photos FROM begun WHERE request = ?1 AND kind < ?2 ORDER BY kind")?;
    let all = statement.query_map(params![request.0, EDIT], |r| {
        let photos = r.get_ref(2)?.as_blob()?.chunks_exact(32).filter_map(|name| BlobHash::from_slice(name).ok());
        Ok(Begun { kind: entries::kind(r.get(0)?), text: r.get(1)?, photos: photos.collect() })
    })?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}
