//! Upgrades in mid-flight: what runs is ended, its database is made one that an earlier version could have left behind,
//! with everything that waits in it, and the version of today starts on it. The power may go meanwhile.

use rusqlite::{Connection, OpenFlags};

use crate::look;
use crate::server::SERVER;
use crate::tally::Fault;
use crate::vfs::{self, DiskFault, Machine};
use crate::world::World;

/// How a tablet's migrations are undone, the latest first: each leads to the version before it.
const TABLET: [&str; 10] = [
    "drop table map_parts; delete from settings where key in ('map', 'map_here')",
    "drop table announced_photos",
    "drop table templates; drop table renewed",
    "drop table proofs; delete from settings where key = 'refold'",
    "drop table units; delete from settings where key = 'units'",
    "drop table begun",
    "drop table announcements; delete from settings where key = 'announcements'",
    "drop index requests_by_number",
    "drop table carried",
    "drop table receipts",
];
/// The server's.
const SERVERS: [&str; 20] = [
    "drop table map",
    "drop index staff_external; drop index staff_identity; alter table staff drop column external; \
     alter table staff drop column identity; alter table staff_session drop column by_provider",
    "drop table announcement_photo; drop table job; alter table staff drop column districts",
    "alter table device drop column battery",
    "drop index request_urgency; create index request_urgency on request (state, urgency) where state < 8; \
     drop index request_scope; create index request_scope on request (scope)",
    "alter table api_key drop column writes",
    "drop table directory",
    "alter table device drop column free",
    "alter table blob drop column taken; alter table blob drop column lat; alter table blob drop column lon",
    "drop table calendar_day; delete from meta where name = 'calendar'",
    "drop table rules",
    "drop index request_urgency; alter table request drop column urgency; update meta set value = 1 where name = 'index'",
    "drop table task; update meta set value = 1 where name = 'index'",
    "drop table salt; drop table anchored; drop table anchor",
    "drop table template",
    "alter table staff drop column second_factor; alter table staff drop column second_step",
    "drop table announcement_seen; drop table announcement; delete from meta where name = 'announced'",
    "alter table request drop column channel",
    "drop index request_received; drop index request_concluded; alter table request drop column concluded; \
     alter table request drop column confirmed; alter table request drop column objections; \
     delete from meta where name = 'index'",
    "drop table gap; alter table device drop column twin",
];

/// How many of them came after announcements.
const SINCE_ANNOUNCEMENTS: usize = 15;

/// Brings a database from `latest` down to `version`.
fn set_back(db: &Connection, undo: &[&str], latest: usize, version: usize) -> rusqlite::Result<()> {
    let have: u32 = db.query_row("pragma user_version", [], |r| r.get(0))?;
    // One that was not brought up to date yet is left as it is.
    if have as usize == latest {
        let all = undo.iter().take(latest - version).copied().collect::<Vec<_>>().join("; ");
        db.execute_batch(&format!("begin; {all}; pragma user_version = {version}; commit"))?;
    }
    Ok(())
}

impl World {
    /// A tablet gets the version of today.
    pub(crate) fn upgrade_tablet(&mut self, tablet: usize) {
        let Some(machine) = self.tablets.get(tablet).filter(|t| t.app.is_some()).map(|t| t.machine) else { return };
        self.tablet_down(tablet, false);
        let (latest, back) = (mbs_tablet::store::migrate::MIGRATIONS.len(), self.chance.below(TABLET.len() as u64) + 1);
        let version = latest - usize::try_from(back).unwrap_or(1);
        // A disk that refuses meanwhile leaves it as it was.
        if look::open(machine).and_then(|db| set_back(&db, &TABLET, latest, version)).is_ok() {
            self.tally.count(Fault::TabletUpgraded);
        }
        self.upgrade_meets(machine);
    }

    /// The server gets the version of today.
    pub(crate) fn upgrade_server(&mut self) {
        if self.server.is_none() {
            return;
        }
        self.server_down(false);
        let path = vfs::folder(SERVER).join("mbs.db");
        let latest = mbs_server::database::sqlite::migrate::MIGRATIONS.len();
        let open = || {
            let db = Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_WRITE, vfs::NAME)?;
            db.execute_batch("pragma locking_mode = exclusive")?;
            Ok::<_, rusqlite::Error>(db)
        };
        // What was announced is on tablets: an earlier version than the one that knows of it was not here any more.
        let announced = |db: &Connection| db.query_row("select count(*) from announcement", [], |r| r.get::<_, u32>(0));
        let back = |db: Connection| {
            let undone = if announced(&db).is_ok_and(|n| n > 0) { SINCE_ANNOUNCEMENTS } else { SERVERS.len() };
            set_back(&db, &SERVERS, latest, latest - undone)
        };
        if open().and_then(back).is_ok() {
            self.tally.count(Fault::ServerUpgraded);
        }
        self.upgrade_meets(SERVER);
    }

    /// Half of the upgrades meet a disk that does not do what it is told.
    fn upgrade_meets(&mut self, machine: Machine) {
        let kinds = [DiskFault::Crash, DiskFault::WriteFails, DiskFault::SyncFails, DiskFault::ReadFails];
        if self.chance.happens(500)
            && let Some(fault) = self.chance.one(&kinds).copied()
        {
            let nth = self.chance.below(24);
            vfs::tell(machine, |disk| disk.plan(nth, fault));
        }
    }
}
