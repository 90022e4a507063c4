//! Words that are used again and again, by the unit they belong to.

use super::{DbResult, Session, statements};

statements! {
    /// A new one.
    ADD = "insert into template (unit, name, body, author, at) values ($1, $2, $3, $4, $5)";
    /// Those of a unit, by name.
    OF_UNIT = "select id, unit, name, body from template where unit = $1 order by name, id limit 200";
    /// One.
    OF_ID = "select id, unit, name, body from template where id = $1";
    /// Drops one.
    DROP = "delete from template where id = $1";
}

/// Words with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its number.
    pub id: i64,
    /// The unit whose it is; empty: triage.
    pub unit: String,
    /// Name.
    pub name: String,
    /// Words, with placeholders as people write them, e.g. `{no}`.
    pub body: String,
}

fn template(r: &dyn super::Row) -> DbResult<Template> {
    Ok(Template {
        id: r.int(0)?,
        unit: r.text(1)?.to_owned(),
        name: r.text(2)?.to_owned(),
        body: r.text(3)?.to_owned(),
    })
}

/// Keeps a new one.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, unit: &str, name: &str, body: &str, author: i64, at: i64) -> DbResult<()> {
    session.execute(ADD, &[unit.into(), name.into(), body.into(), author.into(), at.into()]).map(drop)
}

/// Those of a unit, by name.
///
/// # Errors
/// [`super::DbError`].
pub fn of_unit(session: &mut dyn Session, unit: &str) -> DbResult<Vec<Template>> {
    session.all(OF_UNIT, &[unit.into()], template)
}

/// The one with that number.
///
/// # Errors
/// [`super::DbError`].
pub fn by_id(session: &mut dyn Session, id: i64) -> DbResult<Option<Template>> {
    session.first(OF_ID, &[id.into()], template)
}

/// Drops one.
///
/// # Errors
/// [`super::DbError`].
pub fn drop_one(session: &mut dyn Session, id: i64) -> DbResult<()> {
    session.execute(DROP, &[id.into()]).map(drop)
}
