//! Staff and their sessions.

use crate::handlers::desk::view::Role;

use super::{DbError, DbResult, Row, Session, statements};

statements! {
    /// A new person at the desk; nothing when the sign-in name is taken.
    ADD = "insert into staff (login, name, title, role, unit, password, created) values ($1, $2, $3, $4, $5, $6, $7) \
           on conflict (login) do nothing";
    /// One by sign-in name.
    BY_LOGIN = "select id, name, role, unit, second_factor, districts, password from staff where login = $1 and disabled = 0";
    /// One by row id.
    BY_ID = "select id, name, role, unit, second_factor, districts from staff where id = $1 and disabled = 0";
    /// One by who the identity provider says it is.
    BY_IDENTITY = "select id, name, role, unit, second_factor, districts from staff \
                   where identity = $1 and identity <> '' and disabled = 0";
    /// One who never came by the provider, by the name an operator wrote down for them.
    BY_EXTERNAL = "select id, name, role, unit, second_factor, districts from staff \
                   where external = $1 and external <> '' and identity = '' and disabled = 0";
    /// From now on it is that one of the provider's people.
    BIND = "update staff set identity = $1 where id = $2";
    /// Another name at the provider, whoever it was until now; nothing when it is somebody else's.
    SET_EXTERNAL = "update staff set external = $1, identity = '' where login = $2 and password <> '' \
                    and not exists (select 1 from staff o where o.external = $1 and o.external <> '' and o.login <> $2)";
    /// One by session cookie.
    BY_SESSION = "select s.id, s.name, s.role, s.unit, s.second_factor, s.districts, t.by_provider from staff_session t \
                  join staff s on s.id = t.staff \
                  where t.token = $1 and t.expires > $2 and s.disabled = 0";
    /// One by the name their words are shown with.
    BY_SHOWN = "select id from staff where case when title <> '' then title else name end = $1 order by id limit 1";
    /// Someone who is known only by what they wrote, and cannot sign in.
    ADD_GONE = "insert into staff (login, name, title, role, unit, password, created, disabled) \
                values ($1, $2, '', $3, '', '', $4, $4) on conflict (login) do nothing";
    /// Name of one.
    NAME = "select name from staff where id = $1";
    /// Everyone who signs in or did.
    ALL = "select id, name, role, unit, second_factor, districts, login, created, disabled, external, identity from staff where password <> '' order by login";
    /// Another role, unit, and districts.
    SET_DUTY = "update staff set role = $1, unit = $2, districts = $3 where login = $4 and password <> ''";
    /// Another password.
    SET_PASSWORD = "update staff set password = $1 where login = $2 and password <> ''";
    /// Can sign in no more.
    DISABLE = "update staff set disabled = $1 where login = $2 and password <> '' and disabled = 0";
    /// Can sign in again.
    ENABLE = "update staff set disabled = 0 where login = $1 and password <> '' and disabled <> 0";
    /// Whether somebody signs in by that name, or did.
    KNOWN = "select count(*) from staff where login = $1 and password <> ''";
    /// The sign-in name of one.
    LOGIN = "select login from staff where id = $1";
    /// The password hash of one.
    PASSWORD = "select password from staff where id = $1";
    /// Sets a second factor, or takes it away.
    SET_SECOND = "update staff set second_factor = $1, second_step = $2 where id = $3";
    /// Takes it away by sign-in name.
    NO_SECOND = "update staff set second_factor = 0, second_step = 0 where login = $1 and second_factor <> 0";
    /// The last step of it that was used.
    STEP = "select second_step from staff where id = $1";
    /// A step is used.
    USE_STEP = "update staff set second_step = $1 where id = $2";
    /// Ends all sessions of one.
    END_SESSIONS = "delete from staff_session where staff = (select id from staff where login = $1)";
    /// Ends all sessions of one but the one that asks for it.
    END_OTHERS = "delete from staff_session where staff = $1 and token <> $2";
    /// A new session.
    ADD_SESSION = "insert into staff_session (token, staff, created, seen, expires, by_provider) values ($1, $2, $3, $4, $5, $6)";
    /// Ends a session.
    END_SESSION = "delete from staff_session where token = $1";
    /// Forgets sessions that are over.
    DROP_SESSIONS = "delete from staff_session where expires <= $1";
}

/// A person at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Row id: the author of what they decide.
    pub id: i64,
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Unit they work in; empty for none.
    pub unit: String,
    /// The number their second factor follows from; 0: they have none.
    pub second: i64,
    /// Codes of the districts whose muhtarlıks they are limited to; none: all.
    pub districts: Vec<String>,
    /// Whether this session of theirs was begun by the identity provider.
    pub by_provider: bool,
}

fn person(r: &dyn Row) -> DbResult<Person> {
    let role = r.text(2)?;
    Ok(Person {
        id: r.int(0)?,
        name: r.text(1)?.to_owned(),
        role: Role::from_code(role).ok_or_else(|| DbError::Unexpected(format!("role {role:?}")))?,
        unit: r.text(3)?.to_owned(),
        second: r.int(4)?,
        districts: r.text(5)?.split_whitespace().map(str::to_owned).collect(),
        by_provider: false,
    })
}

/// A new person; `false` when the sign-in name is taken.
///
/// # Errors
/// [`DbError`].
pub fn add(
    session: &mut dyn Session,
    login: &str,
    name: &str,
    role: Role,
    unit: &str,
    password_hash: &str,
    now: i64,
) -> DbResult<bool> {
    let args =
        [login.into(), name.into(), "".into(), role.code().into(), unit.into(), password_hash.into(), now.into()];
    Ok(session.execute(ADD, &args)? == 1)
}

/// Someone who signs in at the desk, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who it is.
    pub person: Person,
    /// Name to sign in with.
    pub login: String,
    /// Since when, Unix ms.
    pub created: i64,
    /// From when on not any more, Unix ms; 0: still.
    pub disabled: i64,
    /// Name at the identity provider, as an operator wrote it down; empty: none.
    pub external: String,
    /// Whether they came by it once: that person of the provider's is theirs then, whatever its name.
    pub bound: bool,
}

/// Everyone who signs in or did, by sign-in name.
///
/// # Errors
/// [`DbError`].
pub fn all(session: &mut dyn Session) -> DbResult<Vec<Account>> {
    session.all(ALL, &[], |r| {
        Ok(Account {
            person: person(r)?,
            login: r.text(6)?.to_owned(),
            created: r.int(7)?,
            disabled: r.int(8)?,
            external: r.text(9)?.to_owned(),
            bound: !r.text(10)?.is_empty(),
        })
    })
}

/// Gives someone another role, unit, and districts; `false` when there is no such person.
///
/// # Errors
/// [`DbError`].
pub fn set_duty(
    session: &mut dyn Session,
    login: &str,
    role: Role,
    unit: &str,
    districts: &[String],
) -> DbResult<bool> {
    let districts = districts.join(" ");
    Ok(session.execute(SET_DUTY, &[role.code().into(), unit.into(), districts.as_str().into(), login.into()])? == 1)
}

/// Gives someone another password and ends their sessions; `false` when there is no such person.
///
/// # Errors
/// [`DbError`].
pub fn set_password(session: &mut dyn Session, login: &str, password_hash: &str) -> DbResult<bool> {
    let found = session.execute(SET_PASSWORD, &[password_hash.into(), login.into()])? == 1;
    session.send(END_SESSIONS, &[login.into()])?;
    Ok(found)
}

/// Someone's own new password; all sessions but this one end.
///
/// # Errors
/// [`DbError`].
pub fn change_password(
    session: &mut dyn Session,
    login: &str,
    id: i64,
    password_hash: &str,
    here: &[u8; 32],
) -> DbResult<()> {
    session.execute(SET_PASSWORD, &[password_hash.into(), login.into()])?;
    end_others(session, id, here)
}

/// Lets someone sign in no more and ends their sessions; `false` when nobody who can has that name.
///
/// # Errors
/// [`DbError`].
pub fn disable(session: &mut dyn Session, login: &str, now: i64) -> DbResult<bool> {
    let found = session.execute(DISABLE, &[now.into(), login.into()])? == 1;
    session.send(END_SESSIONS, &[login.into()])?;
    Ok(found)
}

/// Lets someone sign in again; `false` when nobody who cannot has that name.
///
/// # Errors
/// [`DbError`].
pub fn enable(session: &mut dyn Session, login: &str) -> DbResult<bool> {
    Ok(session.execute(ENABLE, &[login.into()])? == 1)
}

/// Who signs in by that name, and the password hash.
///
/// # Errors
/// [`DbError`].
pub fn by_login(session: &mut dyn Session, login: &str) -> DbResult<Option<(Person, String)>> {
    session.first(BY_LOGIN, &[login.into()], |r| Ok((person(r)?, r.text(6)?.to_owned())))
}

/// Who that is, if they can sign in.
///
/// # Errors
/// [`DbError`].
pub fn by_id(session: &mut dyn Session, id: i64) -> DbResult<Option<Person>> {
    session.first(BY_ID, &[id.into()], person)
}

/// Ends all sessions of one but this.
///
/// # Errors
/// [`super::DbError`].
pub fn end_others(session: &mut dyn Session, id: i64, token: &[u8; 32]) -> DbResult<()> {
    session.send(END_OTHERS, &[id.into(), token.into()])
}

/// Who a session cookie belongs to.
///
/// # Errors
/// [`DbError`].
pub fn by_session(session: &mut dyn Session, token: &[u8; 32], now: i64) -> DbResult<Option<Person>> {
    session.first(BY_SESSION, &[token.into(), now.into()], |r| Ok(Person { by_provider: r.int(6)? != 0, ..person(r)? }))
}

/// Whose account the identity provider's person is: the one that was bound to them, or else the one for which an operator
/// wrote down their name there, which is bound to them now.
///
/// # Errors
/// [`DbError`].
pub fn by_identity(session: &mut dyn Session, identity: &str, external: &str) -> DbResult<Option<Person>> {
    if let Some(person) = session.first(BY_IDENTITY, &[identity.into()], person)? {
        return Ok(Some(person));
    }
    let Some(person) = session.first(BY_EXTERNAL, &[external.into()], person)? else { return Ok(None) };
    session.execute(BIND, &[identity.into(), person.id.into()])?;
    Ok(Some(person))
}

/// Writes down someone's name at the identity provider (empty: none), forgets who it was until now, and ends their sessions;
/// `false` when there is no such person, or the name is somebody else's.
///
/// # Errors
/// [`DbError`].
pub fn set_external(session: &mut dyn Session, login: &str, external: &str) -> DbResult<bool> {
    let done = session.execute(SET_EXTERNAL, &[external.into(), login.into()])? == 1;
    if done {
        session.send(END_SESSIONS, &[login.into()])?;
    }
    Ok(done)
}

/// Name of one; empty when unknown.
///
/// # Errors
/// [`DbError`].
pub fn name(session: &mut dyn Session, id: i64) -> DbResult<String> {
    Ok(session.first(NAME, &[id.into()], |r| Ok(r.text(0)?.to_owned()))?.unwrap_or_default())
}

/// Whether somebody signs in by that name, or did.
///
/// # Errors
/// [`DbError`].
pub fn known(session: &mut dyn Session, login: &str) -> DbResult<bool> {
    Ok(session.first(KNOWN, &[login.into()], |r| r.int(0))?.unwrap_or(0) > 0)
}

/// The sign-in name of one; empty when unknown.
///
/// # Errors
/// [`DbError`].
pub fn login(session: &mut dyn Session, id: i64) -> DbResult<String> {
    Ok(session.first(LOGIN, &[id.into()], |r| Ok(r.text(0)?.to_owned()))?.unwrap_or_default())
}

/// The password hash of one.
///
/// # Errors
/// [`DbError`].
pub fn password(session: &mut dyn Session, id: i64) -> DbResult<Option<String>> {
    session.first(PASSWORD, &[id.into()], |r| Ok(r.text(0)?.to_owned()))
}

/// Gives someone a second factor, of which `step` was used; `nonce` 0 takes it away.
///
/// # Errors
/// [`DbError`].
pub fn set_second(session: &mut dyn Session, id: i64, nonce: i64, step: i64) -> DbResult<()> {
    session.send(SET_SECOND, &[nonce.into(), step.into(), id.into()])
}

/// Takes a second factor away, by sign-in name; `false` when there is none.
///
/// # Errors
/// [`DbError`].
pub fn no_second(session: &mut dyn Session, login: &str) -> DbResult<bool> {
    Ok(session.execute(NO_SECOND, &[login.into()])? == 1)
}

/// The last step of someone's second factor that was used.
///
/// # Errors
/// [`DbError`].
pub fn last_step(session: &mut dyn Session, id: i64) -> DbResult<i64> {
    Ok(session.first(STEP, &[id.into()], |r| r.int(0))?.unwrap_or(0))
}

/// Uses a step up.
///
/// # Errors
/// [`DbError`].
pub fn use_step(session: &mut dyn Session, id: i64, step: i64) -> DbResult<()> {
    session.send(USE_STEP, &[step.into(), id.into()])
}

/// A new session, begun by a password.
///
/// # Errors
/// [`DbError`].
pub fn begin(session: &mut dyn Session, token: &[u8; 32], staff: i64, now: i64, expires: i64) -> DbResult<()> {
    begin_by(session, token, staff, now, expires, false)
}

/// A new session, begun by a password or by the identity provider.
///
/// # Errors
/// [`DbError`].
pub fn begin_by(
    session: &mut dyn Session,
    token: &[u8; 32],
    staff: i64,
    now: i64,
    expires: i64,
    by_provider: bool,
) -> DbResult<()> {
    session.send(DROP_SESSIONS, &[now.into()])?;
    let row = [token.into(), staff.into(), now.into(), now.into(), expires.into(), by_provider.into()];
    session.send(ADD_SESSION, &row)
}

/// Ends a session.
///
/// # Errors
/// [`DbError`].
pub fn end(session: &mut dyn Session, token: &[u8; 32]) -> DbResult<()> {
    session.send(END_SESSION, &[token.into()])
}

/// Whoever words are shown as written by; made, without a way to sign in, when a restored server does not
/// know the name any more.
///
/// # Errors
/// [`DbError`].
pub fn named(session: &mut dyn Session, name: &str, now: i64) -> DbResult<i64> {
    let find = |s: &mut dyn Session| s.first(BY_SHOWN, &[name.into()], |r| r.int(0));
    if let Some(id) = find(session)? {
        return Ok(id);
    }
    let login = format!("eski-{}", hex::encode(crate::secrets::sha256(name.as_bytes()).split_at(6).0));
    session.execute(ADD_GONE, &[login.as_str().into(), name.into(), Role::Auditor.code().into(), now.into()])?;
    find(session)?.ok_or_else(|| DbError::Unexpected("a name just written is not there".into()))
}
