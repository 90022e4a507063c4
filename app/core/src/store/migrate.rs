//! Numbered migrations, forward only, never edited once released.
//!
//! A table on its own would be simpler with a crate, but the one there is wants an older SQLCipher; this
//! loop over `user_version` is shorter than its configuration.

use rusqlite::Connection;

use super::settings;
use crate::error::{Code, Result, fail};

/// All migrations, in order; the n-th leads to version n.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
];

/// The version this build writes.
#[must_use]
pub fn latest() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Version of a database; 0 for an empty one.
///
/// # Errors
/// [`Code::Storage`].
pub fn version(conn: &Connection) -> Result<u32> {
    Ok(conn.query_row("PRAGMA user_version", [], |r| r.get(0))?)
}

/// Brings a database to [`latest`]. A newer one is used as it is, unless it says that this build must not.
///
/// # Errors
/// [`Code::Storage`].
pub fn migrate(conn: &mut Connection) -> Result<()> {
    let have = version(conn)?;
    if have > latest() {
        // A newer app was here and an older one was put back. Newer versions only add, unless they say so.
        let oldest = settings::number(conn, settings::OLDEST_READER)?;
        if oldest > i64::from(latest()) {
            return Err(fail(Code::Storage, format!("database version {have} needs a newer app")));
        }
        return Ok(());
    }
    for (n, sql) in (1..).zip(MIGRATIONS).skip(have as usize) {
        let tx = conn.transaction()?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", n)?;
        tx.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validate() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn).unwrap(), latest());
        let check: String = conn.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
        assert_eq!(check, "ok");
        // Every table is strict and knows no null.
        let loose: Vec<String> = conn
            .prepare("SELECT t.name FROM pragma_table_list t WHERE t.schema = 'main' AND t.type = 'table' AND t.strict = 0 AND t.name NOT LIKE 'sqlite_%'")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(loose, Vec::<String>::new());
        let nullable: Vec<String> = conn
            .prepare("SELECT t.name || '.' || c.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND c.\"notnull\" = 0 AND c.pk = 0")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(nullable, Vec::<String>::new());
    }

    #[test]
    fn a_newer_database_is_used_unless_it_forbids() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.pragma_update(None, "user_version", latest() + 7).unwrap();
        migrate(&mut conn).unwrap();
        settings::set_number(&conn, settings::OLDEST_READER, i64::from(latest()) + 1).unwrap();
        assert!(migrate(&mut conn).is_err());
    }
}
