//! Counters and facts about the whole server, and the small numbers of scopes.

use super::{DbResult, Session, statements};

statements! {
    /// One value.
    GET = "select value from meta where name = $1";
    /// Sets one value.
    SET = "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
    /// Counts one up.
    BUMP = "update meta set value = value + 1 where name = $1";
    /// All values.
    ALL = "select name, value from meta order by name";
    /// All scopes.
    SCOPES = "select id, code from scope order by id";
    /// A new scope.
    ADD_SCOPE = "insert into scope (id, code) values ($1, $2) on conflict (code) do nothing";
    /// Units' switches.
    UNIT_SETTINGS = "select unit, approval from unit_setting";
    /// Sets a unit's switch.
    SET_UNIT = "insert into unit_setting (unit, approval) values ($1, $2) on conflict (unit) do update set approval = excluded.approval";
}

/// The value of `name`, 0 when it was never set.
///
/// # Errors
/// [`super::DbError`].
pub fn get(session: &mut dyn Session, name: &str) -> DbResult<i64> {
    Ok(session.first(GET, &[name.into()], |r| r.int(0))?.unwrap_or(0))
}

/// Counts `name` up; the new value, from 1. In a write job, so that nobody else counts meanwhile.
///
/// # Errors
/// [`super::DbError`].
pub fn next(session: &mut dyn Session, name: &str) -> DbResult<i64> {
    let value = get(session, name)? + 1;
    set(session, name, value)?;
    Ok(value)
}

/// Sets `name`.
///
/// # Errors
/// [`super::DbError`].
pub fn set(session: &mut dyn Session, name: &str, value: i64) -> DbResult<()> {
    session.send(SET, &[name.into(), value.into()])
}
