//! Damaged databases that were set aside: one that could be read is kept until nothing of this tablet waits for the server,
//! and a month more. One that could not be read at all is never removed: it may hold what is nowhere else.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{Store, outbox, quarantine, requests, settings};
use crate::error::{Code, Result, fail};

/// How long one is kept, by the server's clock, from the first contact after the damage on, in ms.
const KEEP: i64 = 30 * 24 * 3_600_000;

/// Those that may go one day.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Aside {
    /// Names in the tablet's folder.
    files: Vec<String>,
    /// The server's time at the first contact since the last of them, Unix ms; 0: there was none.
    since: i64,
}

fn known(conn: &Connection) -> Result<Aside> {
    let json = settings::get(conn, settings::ASIDE)?.filter(|json| !json.is_empty());
    Ok(json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default())
}

fn keep(conn: &Connection, aside: &Aside) -> Result<()> {
    let json = serde_json::to_vec(aside).map_err(|e| fail(Code::Storage, e.to_string()))?;
    settings::set(conn, settings::ASIDE, &json)
}

/// One was set aside, and what could be read of it is here.
///
/// # Errors
/// [`Code::Storage`].
pub(super) fn add(conn: &Connection, file: String) -> Result<()> {
    let mut files = known(conn)?.files;
    if !files.contains(&file) {
        files.push(file);
    }
    keep(conn, &Aside { files, since: 0 })
}

/// The server was met at `now` (its own clock; this tablet's may be years off).
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub(crate) fn met(conn: &Connection, now: i64) -> Result<()> {
    let aside = known(conn)?;
    if aside.files.is_empty() || aside.since != 0 { Ok(()) } else { keep(conn, &Aside { since: now, ..aside }) }
}

impl Store {
    /// Removes those that have served. What cannot be removed now is tried again.
    pub(crate) fn drop_aside(&mut self) -> Result<()> {
        let c = self.read();
        let aside = known(c)?;
        // As the server's clock stood at the last contact.
        let server = settings::number(c, settings::LAST_CONTACT)? - settings::number(c, settings::CLOCK_OFF)?;
        if aside.files.is_empty() || aside.since == 0 || server - aside.since < KEEP {
            return Ok(());
        }
        if outbox::count(c)? > 0 || quarantine::count(c)? > 0 || !requests::unaccepted(c)?.is_empty() {
            return Ok(());
        }
        for name in aside.files.iter().flat_map(|file| [format!("{file}-wal"), file.clone()]) {
            let file = self.dir.join(name);
            if self.ports.files.exists(&file) {
                self.ports.files.remove(&file)?;
            }
        }
        self.write(|c| settings::set(c, settings::ASIDE, &[]))
    }
}
