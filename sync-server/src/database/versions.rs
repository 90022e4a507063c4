//! What operators made of the release's data, version by version: how categories are routed, the organisation, the map of
//! tablets. Of each the newest counts.

use serde::de::DeserializeOwned;

use super::{DbError, DbResult, Row, Session, statements};

statements! {
    /// A new version of the rules.
    ADD_RULES = "insert into rules (at, author, note, body) values ($1, $2, $3, $4)";
    /// The number of their newest.
    NEWEST_RULES = "select coalesce(max(id), 0) from rules";
    /// One of theirs.
    RULES_OF_ID = "select id, at, author, note, body from rules where id = $1";
    /// Their last ones, newest first.
    LAST_RULES = "select id, at, author, note, body from rules order by id desc limit $1";
    /// A new version of the directory.
    ADD_DIRECTORY = "insert into directory (at, author, note, body) values ($1, $2, $3, $4)";
    /// The number of its newest.
    NEWEST_DIRECTORY = "select coalesce(max(id), 0) from directory";
    /// One of its.
    DIRECTORY_OF_ID = "select id, at, author, note, body from directory where id = $1";
    /// Its last ones, newest first.
    LAST_DIRECTORIES = "select id, at, author, note, body from directory order by id desc limit $1";
    /// A new map.
    ADD_MAP = "insert into map (at, author, note, body) values ($1, $2, $3, $4)";
    /// The number of the newest.
    NEWEST_MAP = "select coalesce(max(id), 0) from map";
    /// One of them.
    MAP_OF_ID = "select id, at, author, note, body from map where id = $1";
    /// The last ones, newest first.
    LAST_MAPS = "select id, at, author, note, body from map order by id desc limit $1";
}

/// What is kept in versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioned {
    /// How categories are routed.
    Rules,
    /// The organisation.
    Directory,
    /// The map of tablets: its note is the version's name.
    Map,
}

/// A version as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub id: i64,
    /// Since when, Unix ms.
    pub at: i64,
    /// Staff id; 0: by the command line.
    pub author: i64,
    /// Why.
    pub note: String,
    /// JSON: what was made of it.
    pub body: String,
}

impl Version {
    /// What it says.
    ///
    /// # Errors
    /// [`DbError::Unexpected`].
    pub fn read<T: DeserializeOwned>(&self) -> DbResult<T> {
        serde_json::from_str(&self.body).map_err(|e| DbError::Unexpected(format!("version {}: {e}", self.id)))
    }
}

fn version(r: &dyn Row) -> DbResult<Version> {
    let (note, body) = (r.text(3)?.to_owned(), r.text(4)?.to_owned());
    Ok(Version { id: r.int(0)?, at: r.int(1)?, author: r.int(2)?, note, body })
}

impl Versioned {
    const fn of<'a>(self, rules: &'a str, directory: &'a str, map: &'a str) -> &'a str {
        match self {
            Self::Rules => rules,
            Self::Directory => directory,
            Self::Map => map,
        }
    }

    /// Keeps a new version.
    ///
    /// # Errors
    /// [`super::DbError`].
    pub fn add(self, session: &mut dyn Session, at: i64, author: i64, note: &str, body: &str) -> DbResult<()> {
        let sql = self.of(ADD_RULES, ADD_DIRECTORY, ADD_MAP);
        session.execute(sql, &[at.into(), author.into(), note.into(), body.into()]).map(drop)
    }

    /// The number of the newest version; 0: there is none.
    ///
    /// # Errors
    /// [`super::DbError`].
    pub fn newest(self, session: &mut dyn Session) -> DbResult<i64> {
        Ok(session.first(self.of(NEWEST_RULES, NEWEST_DIRECTORY, NEWEST_MAP), &[], |r| r.int(0))?.unwrap_or(0))
    }

    /// One version.
    ///
    /// # Errors
    /// [`super::DbError`].
    pub fn by_id(self, session: &mut dyn Session, id: i64) -> DbResult<Option<Version>> {
        session.first(self.of(RULES_OF_ID, DIRECTORY_OF_ID, MAP_OF_ID), &[id.into()], version)
    }

    /// The last versions, newest first.
    ///
    /// # Errors
    /// [`super::DbError`].
    pub fn last(self, session: &mut dyn Session, limit: u32) -> DbResult<Vec<Version>> {
        session.all(self.of(LAST_RULES, LAST_DIRECTORIES, LAST_MAPS), &[limit.into()], version)
    }
}
