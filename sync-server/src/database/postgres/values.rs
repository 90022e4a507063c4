//! Values in and out, and what PostgreSQL's errors mean to us.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::database::{DbError, DbResult, Row, Value};

/// A value on its way into a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound<'a>(pub(super) Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self.0, ty) {
            (Value::Int(v), &Type::INT8) => v.to_sql(ty, out),
            // PostgreSQL keeps no NUL in text. Columns of text are for lists and look-ups; what was written lies in
            // the feed, as bytes.
            (Value::Text(v), &Type::TEXT) if v.as_bytes().contains(&0) => v.replace('\0', "\u{fffd}").to_sql(ty, out),
            (Value::Text(v), &Type::TEXT) => v.to_sql(ty, out),
            (Value::Blob(v), &Type::BYTEA) => v.to_sql(ty, out),
            (value, ty) => Err(format!("{value:?} does not fit where {ty} is wanted").into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

/// A value that outlives its call, for a statement that is sent ahead.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    Int(i64),
    Text(Box<str>),
    Blob(Box<[u8]>),
}

impl From<&Value<'_>> for Kept {
    fn from(value: &Value<'_>) -> Self {
        match *value {
            Value::Int(v) => Self::Int(v),
            Value::Text(v) => Self::Text(v.into()),
            Value::Blob(v) => Self::Blob(v.into()),
        }
    }
}

impl Kept {
    pub(super) const fn bound(&self) -> Bound<'_> {
        Bound(match self {
            Self::Int(v) => Value::Int(*v),
            Self::Text(v) => Value::Text(v),
            Self::Blob(v) => Value::Blob(v),
        })
    }
}

/// A row as it came.
pub(super) struct PgRow<'a>(pub(super) &'a tokio_postgres::Row);

impl Row for PgRow<'_> {
    fn int(&self, column: usize) -> DbResult<i64> {
        // Columns are bigint; a length, a sum of few or a literal may be less.
        let small = self.0.columns().get(column).is_some_and(|c| *c.type_() == Type::INT4);
        let read = if small { self.0.try_get(column).map(i32::into) } else { self.0.try_get(column) };
        read.map_err(|e| unexpected(column, &e))
    }

    fn text(&self, column: usize) -> DbResult<&str> {
        self.0.try_get(column).map_err(|e| unexpected(column, &e))
    }

    fn blob(&self, column: usize) -> DbResult<&[u8]> {
        self.0.try_get(column).map_err(|e| unexpected(column, &e))
    }
}

fn unexpected(column: usize, e: &Error) -> DbError {
    DbError::Unexpected(format!("column {column}: {}", text_of(e)))
}

/// What PostgreSQL said, with its reason; the error alone says only "db error".
pub(super) fn text_of(e: &Error) -> String {
    match (e.as_db_error(), e.source()) {
        (Some(db), _) => format!("{} ({})", db.message(), db.code().code()),
        (None, Some(source)) => format!("{e}: {source}"),
        (None, None) => e.to_string(),
    }
}

pub(super) fn db_error(e: &Error) -> DbError {
    let text = text_of(e);
    let Some(code) = e.code().map(SqlState::code) else {
        return if e.is_closed() || e.source().is_some_and(|s| s.is::<std::io::Error>()) {
            DbError::Unavailable(format!("the connection to PostgreSQL was lost: {text}"))
        } else {
            DbError::Other(text)
        };
    };
    match code.split_at(2).0 {
        "53" if code == "53100" => DbError::Full(text),
        // Connections, resources, locks, an operator's hand, conflicts: it passes.
        "08" | "40" | "53" | "55" | "57" => DbError::Unavailable(text),
        "23" => DbError::Constraint(text),
        "XX" if code != "XX000" => DbError::Damaged(text),
        _ => DbError::Other(text),
    }
}
