//! Numbered migrations, forward only. A file that was released is never edited.

use rusqlite::Connection;

use super::connection::db_error;
use crate::database::{DbError, DbResult};

/// Every migration, in order; the first brings `user_version` to 1.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_gaps.sql"),
    include_str!("migrations/0003_reports.sql"),
    include_str!("migrations/0004_channel.sql"),
    include_str!("migrations/0005_announcements.sql"),
    include_str!("migrations/0006_second_factor.sql"),
    include_str!("migrations/0007_templates.sql"),
    include_str!("migrations/0008_anchors.sql"),
    include_str!("migrations/0009_tasks.sql"),
    include_str!("migrations/0010_urgency.sql"),
    include_str!("migrations/0011_rules.sql"),
    include_str!("migrations/0012_days.sql"),
    include_str!("migrations/0013_proof.sql"),
    include_str!("migrations/0014_room.sql"),
    include_str!("migrations/0015_directory.sql"),
    include_str!("migrations/0016_writing_keys.sql"),
    include_str!("migrations/0017_narrow_lists.sql"),
    include_str!("migrations/0018_battery.sql"),
    include_str!("migrations/0019_desk.sql"),
    include_str!("migrations/0020_provider.sql"),
    include_str!("migrations/0021_map.sql"),
];

/// Brings the schema up to date, one transaction a step.
///
/// # Errors
/// [`DbError`]: also when the file was written by a newer server.
pub fn run(conn: &Connection) -> DbResult<()> {
    let at = || -> DbResult<usize> {
        let version: i64 = conn.query_row("pragma user_version", [], |r| r.get(0)).map_err(|e| db_error(&e))?;
        usize::try_from(version).map_err(|_| DbError::Damaged("a negative user_version".into()))
    };
    if at()? > MIGRATIONS.len() {
        return Err(DbError::Other(format!(
            "the database has schema {} and this server knows up to {}: start the newer server",
            at()?,
            MIGRATIONS.len()
        )));
    }
    for (i, sql) in MIGRATIONS.iter().enumerate() {
        if at()? > i {
            continue;
        }
        conn.execute_batch("begin immediate").map_err(|e| db_error(&e))?;
        // Another process may have been faster.
        let result = if at()? > i {
            Ok(())
        } else {
            conn.execute_batch(sql).and_then(|()| conn.pragma_update(None, "user_version", i as i64 + 1))
        };
        match result {
            Ok(()) => conn.execute_batch("commit").map_err(|e| db_error(&e))?,
            Err(e) => {
                // The error that matters is the first one.
                let _ = conn.execute_batch("rollback");
                return Err(db_error(&e));
            }
        }
    }
    Ok(())
}
