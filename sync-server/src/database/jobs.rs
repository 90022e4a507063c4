//! When each of the server's own jobs last ran, and how it ended.

use super::{DbResult, Session, statements};

statements! {
    /// One ran; `good` stays where it failed.
    SET = "insert into job (name, at, took, good, trouble) values ($1, $2, $3, $4, $5) on conflict (name) do update set \
           at = excluded.at, took = excluded.took, trouble = excluded.trouble, \
           good = case when excluded.good = 0 then job.good else excluded.good end";
    /// All that ever ran.
    ALL = "select name, at, took, good, trouble from job order by name limit 100";
}

/// How a job ran last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its name.
    pub name: String,
    /// When it began, Unix ms.
    pub at: i64,
    /// How long it took, in ms.
    pub took: i64,
    /// When it last began and ended well, Unix ms; 0: never.
    pub good: i64,
    /// Why it failed; empty: it did not.
    pub trouble: String,
}

/// Notes that one ran; `trouble`: why it failed, empty where it did not.
///
/// # Errors
/// [`super::DbError`].
pub fn note(session: &mut dyn Session, name: &str, at: i64, took: i64, trouble: &str) -> DbResult<()> {
    let good = if trouble.is_empty() { at } else { 0 };
    session.send(SET, &[name.into(), at.into(), took.into(), good.into(), trouble.into()])
}

/// All that ever ran.
///
/// # Errors
/// [`super::DbError`].
pub fn all(session: &mut dyn Session) -> DbResult<Vec<Ran>> {
    session.all(ALL, &[], |r| {
        let (name, trouble) = (r.text(0)?.to_owned(), r.text(4)?.to_owned());
        Ok(Ran { name, at: r.int(1)?, took: r.int(2)?, good: r.int(3)?, trouble })
    })
}
