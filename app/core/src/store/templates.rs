//! Beginnings of requests that their muhtar keeps, and those that were learned and he does not want.

use mbs_shared::request::Kind;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Result;

/// The beginning of a request, as screens get it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Template {
    /// The request it was made of, as text; of one that was learned its category.
    pub key: String,
    /// Category code; may be empty.
    pub category: String,
    /// Kind of petition.
    pub kind: Kind,
    /// First line; may be empty.
    pub title: String,
    /// Words; may be empty.
    pub words: String,
}

fn template(row: &Row<'_>) -> rusqlite::Result<Template> {
    Ok(Template {
        key: row.get(0)?,
        category: row.get(1)?,
        kind: Kind::from_code(&row.get::<_, String>(2)?).unwrap_or_default(),
        title: row.get(3)?,
        words: row.get(4)?,
    })
}

const COLUMNS: &str = "key, category, kind, title, words";

/// Keeps one, made (or taken out) at `at`, Unix ms.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn put(conn: &Connection, template: &Template, gone: bool, at: i64) -> Result<()> {
    let Template { key, category, kind, title, words } = template;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO templates (key, category, kind, title, words, at, gone) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![key, category, kind.code(), title, words, at, gone])?;
    Ok(())
}

/// One of them, taken out or not.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn find(conn: &Connection, key: &str) -> Result<Option<Template>> {
    let sql = format!("SELECT {COLUMNS} FROM templates WHERE key = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([key], template).optional()?)
}

/// Those that were taken out (or not), newest first.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn all(conn: &Connection, gone: bool) -> Result<Vec<Template>> {
    let sql = format!("SELECT {COLUMNS} FROM templates WHERE gone = ?1 ORDER BY at DESC, key");
    let mut statement = conn.prepare_cached(&sql)?;
    let all = statement.query_map([gone], template)?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// Forgets one.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn drop(conn: &Connection, key: &str) -> Result<()> {
    conn.prepare_cached("DELETE FROM templates WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// Forgets all of them: another muhtar has the tablet.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn forget_all(conn: &Connection) -> Result<()> {
    conn.execute("DELETE FROM templates", [])?;
    Ok(())
}
