//! One connection: statements from the cache, values bound without copying.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};

use crate::database::{DbError, DbResult, Each, Go, Row, Session, Transaction, Value};

const BEGIN_WRITE: &str = "begin immediate";
const BEGIN_READ: &str = "begin deferred";
const COMMIT: &str = "commit";
const ROLLBACK: &str = "rollback";
const SAVEPOINT: &str = "savepoint job";
const RELEASE: &str = "release job";
const ROLLBACK_TO: &str = "rollback to job";

/// A connection of the pool.
pub(super) struct Conn(Connection);

impl Conn {
    pub(super) const fn new(conn: Connection) -> Self {
        Self(conn)
    }

    pub(super) const fn inner(&self) -> &Connection {
        &self.0
    }

    pub(super) fn begin_write(&mut self) -> DbResult<()> {
        // A transaction that a panic left open must not swallow the next one.
        self.abandon();
        self.execute(BEGIN_WRITE, &[]).map(drop)
    }

    pub(super) fn begin_read(&mut self) -> DbResult<()> {
        self.abandon();
        self.execute(BEGIN_READ, &[]).map(drop)
    }

    pub(super) fn commit(&mut self) -> DbResult<()> {
        let result = self.execute(COMMIT, &[]).map(drop);
        if result.is_err() {
            self.abandon();
        }
        result
    }

    /// Ends whatever transaction is open, keeping nothing.
    pub(super) fn abandon(&mut self) {
        if !self.0.is_autocommit()
            && let Err(e) = self.execute(ROLLBACK, &[])
        {
            tracing::warn!(error = %e, "a transaction could not be rolled back");
        }
    }
}

/// A value on its way into a statement.
struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Int(v) => ValueRef::Integer(v),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Blob(v) => ValueRef::Blob(v),
        }))
    }
}

struct SqliteRow<'a>(&'a rusqlite::Row<'a>);

impl Row for SqliteRow<'_> {
    fn int(&self, column: usize) -> DbResult<i64> {
        match self.0.get_ref(column) {
            Ok(ValueRef::Integer(v)) => Ok(v),
            other => Err(unexpected(column, "an integer", &other)),
        }
    }

    fn text(&self, column: usize) -> DbResult<&str> {
        match self.0.get_ref(column) {
            Ok(ValueRef::Text(v)) => {
                std::str::from_utf8(v).map_err(|_| DbError::Unexpected(format!("column {column}: not UTF-8")))
            }
            other => Err(unexpected(column, "text", &other)),
        }
    }

    fn blob(&self, column: usize) -> DbResult<&[u8]> {
        match self.0.get_ref(column) {
            Ok(ValueRef::Blob(v)) => Ok(v),
            other => Err(unexpected(column, "bytes", &other)),
        }
    }
}

fn unexpected(column: usize, wanted: &str, found: &rusqlite::Result<ValueRef<'_>>) -> DbError {
    match found {
        Ok(v) => DbError::Unexpected(format!("column {column}: {wanted} wanted, {} found", v.data_type())),
        Err(e) => DbError::Unexpected(format!("column {column}: {e}")),
    }
}

impl Session for Conn {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> DbResult<u64> {
        let mut statement = self.0.prepare_cached(sql).map_err(|e| db_error(&e))?;
        for (i, arg) in args.iter().enumerate() {
            statement.raw_bind_parameter(i + 1, Bound(*arg)).map_err(|e| db_error(&e))?;
        }
        statement.raw_execute().map(|n| n as u64).map_err(|e| db_error(&e))
    }

    fn query(&mut self, sql: &'static str, args: &[Value<'_>], each: &mut Each<'_>) -> DbResult<()> {
        let mut statement = self.0.prepare_cached(sql).map_err(|e| db_error(&e))?;
        for (i, arg) in args.iter().enumerate() {
            statement.raw_bind_parameter(i + 1, Bound(*arg)).map_err(|e| db_error(&e))?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|e| db_error(&e))? {
            if each(&SqliteRow(row))? == Go::Stop {
                break;
            }
        }
        Ok(())
    }
}

impl Transaction for Conn {
    fn savepoint(&mut self) -> DbResult<()> {
        self.execute(SAVEPOINT, &[]).map(drop)
    }

    fn release(&mut self) -> DbResult<()> {
        self.execute(RELEASE, &[]).map(drop)
    }

    fn roll_back(&mut self) -> DbResult<()> {
        self.execute(ROLLBACK_TO, &[])?;
        self.execute(RELEASE, &[]).map(drop)
    }
}

pub(super) fn db_error(e: &rusqlite::Error) -> DbError {
    let text = e.to_string();
    match e.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => DbError::Full(text),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen) => DbError::Unavailable(text),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DbError::Damaged(text),
        Some(ErrorCode::ConstraintViolation) => DbError::Constraint(text),
        _ => DbError::Other(text),
    }
}
