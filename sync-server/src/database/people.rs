//! Persons, mandates and enrolment codes.

use super::{DbResult, Session, statements};

statements! {
    /// A new person.
    ADD_PERSON = "insert into person (name) values ($1) returning id";
    /// A new mandate.
    ADD_MANDATE = "insert into mandate (person, scope, since) values ($1, $2, $3) returning id";
    /// The mandate that is running in a neighbourhood.
    CURRENT = "select m.id, p.name, m.since from mandate m join person p on p.id = m.person \
               where m.scope = $1 and m.until = 0 order by m.id desc limit 1";
    /// Ends the mandates of a neighbourhood.
    END = "update mandate set until = $1 where scope = $2 and until = 0";
    /// Ends the one that began at that moment.
    END_BEGUN = "update mandate set until = $1 where scope = $2 and until = 0 and since = $3";
    /// A mandate with its person.
    MANDATE = "select m.scope, p.name, m.since, m.until from mandate m join person p on p.id = m.person where m.id = $1";
    /// Who held the mandate of a neighbourhood at a moment.
    HELD_AT = "select p.name from mandate m join person p on p.id = m.person \
               where m.scope = $1 and m.since <= $2 and (m.until = 0 or m.until > $2) order by m.id desc limit 1";
    /// A new enrolment code.
    ADD_CODE = "insert into enrol_code (hash, mandate, expires) values ($1, $2, $3)";
    /// Uses a code up, if it is good.
    USE_CODE = "update enrol_code set used = $1 where hash = $2 and used = 0 and expires > $3 returning mandate";
    /// Forgets codes that are long past.
    DROP_CODES = "delete from enrol_code where expires < $1";
}

/// A mandate and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Its id.
    pub id: i64,
    /// Neighbourhood.
    pub scope: u32,
    /// Name of the muhtar.
    pub person: String,
    /// When it began, Unix ms: no two of a neighbourhood began at once.
    pub since: i64,
    /// When it ended; 0 while it runs.
    pub until: i64,
}

/// The mandate that is running in `scope`.
///
/// # Errors
/// [`super::DbError`].
pub fn current(session: &mut dyn Session, scope: u32) -> DbResult<Option<Mandate>> {
    session.first(CURRENT, &[scope.into()], |r| {
        Ok(Mandate { id: r.int(0)?, scope, person: r.text(1)?.to_owned(), since: r.int(2)?, until: 0 })
    })
}

/// Name of the muhtar of `scope` at a moment (Unix ms).
///
/// # Errors
/// [`super::DbError`].
pub fn held_at(session: &mut dyn Session, scope: u32, at: i64) -> DbResult<Option<String>> {
    session.first(HELD_AT, &[scope.into(), at.into()], |r| Ok(r.text(0)?.to_owned()))
}

/// The mandate with that id.
///
/// # Errors
/// [`super::DbError`].
pub fn mandate(session: &mut dyn Session, id: i64) -> DbResult<Option<Mandate>> {
    session.first(MANDATE, &[id.into()], |r| {
        Ok(Mandate { id, scope: r.count(0)?, person: r.text(1)?.to_owned(), since: r.int(2)?, until: r.int(3)? })
    })
}

/// A new person with a new mandate in `scope`.
///
/// # Errors
/// [`super::DbError`].
pub fn begin(session: &mut dyn Session, scope: u32, person: &str, now: i64) -> DbResult<Mandate> {
    let missing = || super::DbError::Unexpected("no id came back".into());
    let who = session.first(ADD_PERSON, &[person.into()], |r| r.int(0))?.ok_or_else(missing)?;
    let id = session.first(ADD_MANDATE, &[who.into(), scope.into(), now.into()], |r| r.int(0))?.ok_or_else(missing)?;
    Ok(Mandate { id, scope, person: person.to_owned(), since: now, until: 0 })
}

/// Uses a code up; the mandate it was made for, when it was good.
///
/// # Errors
/// [`super::DbError`].
pub fn use_code(session: &mut dyn Session, hash: &[u8; 32], now: i64) -> DbResult<Option<i64>> {
    session.first(USE_CODE, &[now.into(), hash.into(), now.into()], |r| r.int(0))
}
