//! Names of units, where the server's directory is another than the release's.

use std::sync::OnceLock;

use mbs_shared::istanbul;
use mbs_shared::wire::units::Units;
use rusqlite::{Connection, OptionalExtension};

use super::settings;
use crate::error::Result;

/// Takes the server's list over, in place of the one before.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub fn take(conn: &Connection, told: &Units) -> Result<()> {
    conn.execute("DELETE FROM units", [])?;
    let mut statement = conn.prepare_cached("INSERT OR REPLACE INTO units (code, name) VALUES (?1, ?2)")?;
    told.list.iter().try_for_each(|unit| statement.execute((&unit.code, &unit.name)).map(drop))?;
    settings::set_number(conn, settings::UNITS, i64::from(told.mark()))
}

/// The mark of the list that is here.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn mark(conn: &Connection) -> Result<u32> {
    // Asked beside each page of rows, and the release does not change while it runs.
    static OWN: OnceLock<u32> = OnceLock::new();
    let own = || *OWN.get_or_init(|| Units::of(istanbul::directory()).mark());
    Ok(settings::get(conn, settings::UNITS)?
        .and_then(|value| u32::try_from(settings::number_of(&value)).ok())
        .unwrap_or_else(own))
}

/// A unit's name; its code for one that nobody told of.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn name(conn: &Connection, code: &str) -> Result<String> {
    let told = conn
        .prepare_cached("SELECT name FROM units WHERE code = ?1")?
        .query_row([code], |r| r.get::<_, String>(0))
        .optional()?;
    let released = || istanbul::directory().unit(code).map(|unit| unit.name.clone());
    Ok(told.or_else(released).unwrap_or_else(|| code.to_owned()))
}
