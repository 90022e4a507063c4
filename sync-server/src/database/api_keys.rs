//! Keys of programs: each reads one unit's subtree, and some write for it.

use super::{DbResult, Session, statements};

statements! {
    /// A new key.
    ADD = "insert into api_key (token, name, unit, created, expires, writes) values ($1, $2, $3, $4, $5, $6)";
    /// One by its hash.
    BY_TOKEN = "select id, unit, expires, writes from api_key where token = $1 and revoked = 0";
    /// All, with those that are good no more.
    ALL = "select name, unit, created, expires, revoked, writes from api_key order by name, id";
    /// Revokes by name.
    REVOKE = "update api_key set revoked = $1 where name = $2 and revoked = 0";
}

/// A key that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Row id.
    pub id: i64,
    /// Unit whose subtree it reads.
    pub unit: String,
    /// Until when it is good, Unix ms.
    pub expires: i64,
    /// Whether it may also write what the unit decides.
    pub writes: bool,
}

/// Keeps the hash of a new key.
///
/// # Errors
/// [`super::DbError`].
pub fn add(
    session: &mut dyn Session,
    token: &[u8; 32],
    name: &str,
    unit: &str,
    now: i64,
    expires: i64,
    writes: bool,
) -> DbResult<()> {
    session.send(ADD, &[token.into(), name.into(), unit.into(), now.into(), expires.into(), i64::from(writes).into()])
}

/// The key with that hash, unless it was revoked.
///
/// # Errors
/// [`super::DbError`].
pub fn by_token(session: &mut dyn Session, token: &[u8; 32]) -> DbResult<Option<Key>> {
    session.first(BY_TOKEN, &[token.into()], |r| {
        Ok(Key { id: r.int(0)?, unit: r.text(1)?.to_owned(), expires: r.int(2)?, writes: r.int(3)? != 0 })
    })
}

/// A key as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is for.
    pub name: String,
    /// Unit whose subtree it reads.
    pub unit: String,
    /// Since when, Unix ms.
    pub created: i64,
    /// Until when it is good, Unix ms.
    pub expires: i64,
    /// When it was revoked, Unix ms; 0: it was not.
    pub revoked: i64,
    /// Whether it may also write.
    pub writes: bool,
}

/// All keys by name, also those that are good no more.
///
/// # Errors
/// [`super::DbError`].
pub fn all(session: &mut dyn Session) -> DbResult<Vec<Listed>> {
    session.all(ALL, &[], |r| {
        let (name, unit) = (r.text(0)?.to_owned(), r.text(1)?.to_owned());
        Ok(Listed { name, unit, created: r.int(2)?, expires: r.int(3)?, revoked: r.int(4)?, writes: r.int(5)? != 0 })
    })
}

/// Revokes the keys of that name; how many.
///
/// # Errors
/// [`super::DbError`].
pub fn revoke(session: &mut dyn Session, name: &str, now: i64) -> DbResult<u64> {
    session.execute(REVOKE, &[now.into(), name.into()])
}
