//! The database behind a narrow door, so that two engines can stand behind it.
//!
//! Rules that keep both engines one truth:
//! * every statement is a `const` in the file of its topic, listed in [`statements`], and written so
//!   that SQLite and PostgreSQL both take it: `$1…$n` in ascending first appearance (SQLite numbers
//!   names by first appearance), `returning`, `on conflict`;
//! * values are integers, text and bytes; there are no nulls: a missing integer is 0, a missing text `''`;
//! * time is Unix milliseconds;
//! * there is one write transaction at a time, and feed order is commit order.

pub mod anchors;
pub mod announcements;
pub mod api_keys;
pub mod blobs;
pub mod changes;
pub mod days;
pub mod devices;
pub mod entries;
pub mod erased;
pub mod events;
pub mod feed;
pub mod gaps;
pub mod jobs;
pub mod lists;
pub mod meta;
pub mod people;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod quarantine;
pub mod reports;
pub mod requests;
pub mod rules;
pub mod sqlite;
pub mod staff;
pub mod tasks;
pub mod templates;
pub mod versions;

use thiserror::Error;

/// A value bound to a statement, borrowed from the caller.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// `integer` / `bigint`.
    Int(i64),
    /// `text`.
    Text(&'a str),
    /// `blob` / `bytea`.
    Blob(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}
impl From<u32> for Value<'_> {
    fn from(v: u32) -> Self {
        Self::Int(i64::from(v))
    }
}
impl From<bool> for Value<'_> {
    fn from(v: bool) -> Self {
        Self::Int(i64::from(v))
    }
}
impl<'a> From<&'a str> for Value<'a> {
    fn from(v: &'a str) -> Self {
        Self::Text(v)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(v: &'a [u8]) -> Self {
        Self::Blob(v)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(v: &'a [u8; N]) -> Self {
        Self::Blob(v)
    }
}

/// Why the database did not do it.
#[derive(Debug, Error)]
pub enum DbError {
    /// No room: on disk, or in the limits of the engine.
    #[error("the database's disk is full: {0}")]
    Full(String),
    /// Someone else holds it for too long, or it cannot be reached.
    #[error("the database is not available now: {0}")]
    Unavailable(String),
    /// The file is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A row that breaks a rule of the schema.
    #[error("a constraint of the schema refused it: {0}")]
    Constraint(String),
    /// What was read is not what was written there.
    #[error("an unexpected value in the database: {0}")]
    Unexpected(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl DbError {
    /// Whether trying again later can help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Unavailable(_))
    }
}

/// Shorthand for what database functions return.
pub type DbResult<T> = Result<T, DbError>;

/// One row of an answer. Columns count from 0.
pub trait Row {
    /// An integer column.
    ///
    /// # Errors
    /// When the column is something else.
    fn int(&self, column: usize) -> DbResult<i64>;
    /// A text column.
    ///
    /// # Errors
    /// When the column is something else.
    fn text(&self, column: usize) -> DbResult<&str>;
    /// A bytes column.
    ///
    /// # Errors
    /// When the column is something else.
    fn blob(&self, column: usize) -> DbResult<&[u8]>;

    /// A bytes column of a fixed size.
    ///
    /// # Errors
    /// When the column is something else.
    fn bytes16(&self, column: usize) -> DbResult<[u8; 16]> {
        fixed(self.blob(column)?)
    }
    /// A bytes column of a fixed size.
    ///
    /// # Errors
    /// When the column is something else.
    fn bytes32(&self, column: usize) -> DbResult<[u8; 32]> {
        fixed(self.blob(column)?)
    }
    /// An integer column that counts something.
    ///
    /// # Errors
    /// When the column is something else or out of range.
    fn count(&self, column: usize) -> DbResult<u32> {
        u32::try_from(self.int(column)?).map_err(|_| DbError::Unexpected("a count out of range".into()))
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> DbResult<[u8; N]> {
    bytes.try_into().map_err(|_| DbError::Unexpected(format!("{} bytes where {N} were written", bytes.len())))
}

/// Whether a query goes on after a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Next row, please.
    On,
    /// That is enough.
    Stop,
}

/// What looks at each row.
pub type Each<'a> = dyn FnMut(&dyn Row) -> DbResult<Go> + 'a;

/// A connection with a transaction open on it: reads see one moment, writes stay together.
pub trait Session {
    /// Runs a statement and tells how many rows it touched.
    ///
    /// # Errors
    /// [`DbError`].
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> DbResult<u64>;

    /// Runs a statement whose count nobody needs. An engine behind a network does not wait for the answer: a
    /// failure then shows at the next call, at the latest when the savepoint is released or the transaction
    /// committed.
    ///
    /// # Errors
    /// [`DbError`].
    fn send(&mut self, sql: &'static str, args: &[Value<'_>]) -> DbResult<()> {
        self.execute(sql, args).map(drop)
    }

    /// Adds a row by a plain `insert into … values ($1, …, $n)`. An engine behind a network may gather such rows and
    /// write them together before its next call of any other kind, which sees them and may tell of their failure.
    ///
    /// # Errors
    /// [`DbError`].
    fn insert(&mut self, sql: &'static str, args: &[Value<'_>]) -> DbResult<()> {
        self.send(sql, args)
    }

    /// Runs a query and shows each row, until `each` has enough.
    ///
    /// # Errors
    /// [`DbError`], also the one `each` returned.
    fn query(&mut self, sql: &'static str, args: &[Value<'_>], each: &mut Each<'_>) -> DbResult<()>;
}

impl dyn Session + '_ {
    /// The first row, read by `map`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn first<T>(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        map: impl Fn(&dyn Row) -> DbResult<T>,
    ) -> DbResult<Option<T>> {
        let mut found = None;
        self.query(sql, args, &mut |row| {
            found = Some(map(row)?);
            Ok(Go::Stop)
        })?;
        Ok(found)
    }

    /// All rows, read by `map`. For answers that are known to be small.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn all<T>(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        map: impl Fn(&dyn Row) -> DbResult<T>,
    ) -> DbResult<Vec<T>> {
        let mut found = Vec::new();
        self.query(sql, args, &mut |row| {
            found.push(map(row)?);
            Ok(Go::On)
        })?;
        Ok(found)
    }
}

/// What one instance tells the others once it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// The scope's feed has grown.
    Scope(u32),
    /// A tablet was revoked, or a unit's switch was turned.
    Settings,
    /// Some news may have been missed: look at everything.
    Missed,
}

/// What is done with [`News`].
pub type Hear = dyn Fn(News) + Send;

/// The write transaction, with a savepoint for each job inside it.
pub trait Transaction: Session {
    /// Opens the savepoint. Savepoints do not nest.
    ///
    /// # Errors
    /// [`DbError`].
    fn savepoint(&mut self) -> DbResult<()>;
    /// Keeps what was done since the savepoint.
    ///
    /// # Errors
    /// [`DbError`].
    fn release(&mut self) -> DbResult<()>;
    /// Takes back what was done since the savepoint.
    ///
    /// # Errors
    /// [`DbError`]: then the whole transaction is lost.
    fn roll_back(&mut self) -> DbResult<()>;
    /// Tells the other instances, if there can be any, once the transaction is durable.
    fn announce(&mut self, _news: News) {}
}

/// How a write transaction failed.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Nothing of it was kept.
    #[error("not written: {0}")]
    NotWritten(#[source] DbError),
    /// COMMIT failed: it may be durable or not. Repeating must be harmless.
    #[error("commit failed, outcome unknown: {0}")]
    Unknown(#[source] DbError),
}

impl From<WriteError> for DbError {
    fn from(e: WriteError) -> Self {
        match e {
            WriteError::NotWritten(e) | WriteError::Unknown(e) => e,
        }
    }
}

/// What runs inside the write transaction.
pub type WriteBody<'a> = dyn FnMut(&mut dyn Transaction) -> DbResult<()> + 'a;
/// What runs inside a read transaction.
pub type ReadBody<'a> = dyn FnMut(&mut dyn Session) -> DbResult<()> + 'a;

/// An engine, connected.
pub trait Database: Send + Sync {
    /// Runs `body` in a write transaction and commits it durably. `Ok` means: it survives a power cut.
    ///
    /// # Errors
    /// [`WriteError`].
    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), WriteError>;

    /// Runs `body` in a read transaction that sees one moment.
    ///
    /// # Errors
    /// [`DbError`].
    fn read(&self, body: &mut ReadBody<'_>) -> DbResult<()>;

    /// A name for logs and `doctor`.
    fn engine(&self) -> &'static str;

    /// Looks whether it is sound, thoroughly; what was found, for `doctor`.
    ///
    /// # Errors
    /// [`DbError`] that says what to do.
    fn check(&self) -> DbResult<String> {
        self.read(&mut |s| s.query(meta::UNIT_SETTINGS, &[], &mut |_| Ok(Go::On))).map(|()| "answers".into())
    }

    /// Bytes it takes; 0: unknown.
    ///
    /// # Errors
    /// [`DbError`].
    fn size(&self) -> DbResult<u64> {
        Ok(0)
    }

    /// Writes all of it, of one moment, into a new file, while others write.
    ///
    /// # Errors
    /// [`DbError`]; also where the engine has its own way.
    fn copy_to(&self, _file: &std::path::Path) -> DbResult<()> {
        Err(DbError::Other(format!("{} is backed up by its own tools", self.engine())))
    }

    /// After an erasure: what was deleted leaves the files too, as far as the engine can see to it.
    ///
    /// # Errors
    /// [`DbError`].
    fn forget(&self) -> DbResult<()> {
        Ok(())
    }

    /// Nobody has written for a while: time to tidy up, without keeping anybody waiting.
    ///
    /// # Errors
    /// [`DbError`]; nothing depends on it.
    fn rest(&self) -> DbResult<()> {
        Ok(())
    }

    /// Calls `hear` with what other instances announce, from now on. Nothing where there can be no other one.
    ///
    /// # Errors
    /// When the machine gives no thread to listen on.
    fn listen(&self, _hear: Box<Hear>) -> std::io::Result<()> {
        Ok(())
    }
}

impl dyn Database + '_ {
    /// [`Database::read`] with a result.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn ask<T>(&self, body: impl FnOnce(&mut dyn Session) -> DbResult<T>) -> DbResult<T> {
        let mut body = Some(body);
        let mut out = None;
        self.read(&mut |session| {
            if let Some(body) = body.take() {
                out = Some(body(session)?);
            }
            Ok(())
        })?;
        out.ok_or_else(|| DbError::Other("the read never ran".into()))
    }

    /// [`Database::write`] with a result, for the command line and the start; handlers use the writer.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn change<T>(&self, body: impl FnOnce(&mut dyn Transaction) -> DbResult<T>) -> Result<T, WriteError> {
        let mut body = Some(body);
        let mut out = None;
        self.write(&mut |tx| {
            if let Some(body) = body.take() {
                out = Some(body(tx)?);
            }
            Ok(())
        })?;
        out.ok_or_else(|| WriteError::NotWritten(DbError::Other("the write never ran".into())))
    }
}

/// What is asked for in one question that names many: `in ($1, … $16)`.
pub const TOGETHER: usize = 16;

/// The places of such a question for up to [`TOGETHER`] things; the last one stands in those that are left over. `None`:
/// there is nothing to ask for.
fn together<'a, T>(all: &'a [T], value: impl Fn(&'a T) -> Value<'a>) -> Option<[Value<'a>; TOGETHER]> {
    let last = all.last()?;
    Some(std::array::from_fn(|n| value(all.get(n).unwrap_or(last))))
}

/// The name an entry by that staff id is shown with; empty when there is none.
///
/// # Errors
/// [`DbError`].
pub fn staff_name(session: &mut dyn Session, staff: i64) -> DbResult<String> {
    Ok(session.first(entries::AUTHOR, &[staff.into()], |r| Ok(r.text(0)?.to_owned()))?.unwrap_or_default())
}

/// Declares the statements of one topic, and lists them for the test that prepares each on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub const $name: &str = $sql;)*
        /// Every statement of this file, by name.
        pub const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// A statement for whole index rows, read by [`requests::head`]: what is asked of them stands behind.
macro_rules! request_rows {
    ($rest:literal) => {
        concat!(
            "select rid, id, scope, place, unit, no, case_no, state, outcome, kind, category, title, flags, at, received, \
             since, due, paused, hops, returns, n, changes, blobs, here, concluded, confirmed, objections, channel, urgency from request ",
            $rest
        )
    };
}
pub(crate) use request_rows;

/// Every statement the server ever runs, by topic and name.
pub fn all_statements() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        anchors::STATEMENTS,
        announcements::STATEMENTS,
        api_keys::STATEMENTS,
        blobs::STATEMENTS,
        changes::STATEMENTS,
        days::STATEMENTS,
        devices::STATEMENTS,
        entries::STATEMENTS,
        erased::STATEMENTS,
        events::STATEMENTS,
        feed::STATEMENTS,
        gaps::STATEMENTS,
        jobs::STATEMENTS,
        lists::STATEMENTS,
        meta::STATEMENTS,
        people::STATEMENTS,
        quarantine::STATEMENTS,
        reports::STATEMENTS,
        requests::STATEMENTS,
        rules::STATEMENTS,
        staff::STATEMENTS,
        tasks::STATEMENTS,
        templates::STATEMENTS,
        versions::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
