//! The city every run begins with: made once a process, always the same.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use mbs_server::database::{api_keys, devices, staff};
use mbs_server::handlers::desk::view::Role;
use mbs_server::handlers::enrol;
use mbs_server::knowledge::Scopes;
use mbs_shared::istanbul;
use mbs_tablet::door::Call;

use crate::chance::{Chance, SeededRandom};
use crate::clock::{MORNING, SimClock};
use crate::server::{self, JOURNAL, SERVER};
use crate::tablet::{Machinery, enrol_at};
use crate::vfs::{self, Disk};
use crate::world::ROOM;

/// Neighbourhood of each tablet: the first two belong to one muhtar.
pub(crate) const PLACES: [(&str, usize); 3] =
    [("kadikoy-rasimpasa", 0), ("kadikoy-rasimpasa", 0), ("fatih-binbirdirek", 1)];
/// Key of the directorate's program.
pub const PROGRAM: [u8; 32] = [0x11; 32];

/// Disks of a server and of tablets that are enrolled there.
pub struct Template {
    /// The server's.
    pub server: Disk,
    /// The tablets.
    pub tablets: Vec<Ready>,
}

/// A tablet that is enrolled.
pub struct Ready {
    /// Its disk.
    pub disk: Disk,
    /// The muhtarlık it serves.
    pub mandate: usize,
    /// Number of its device.
    pub device: u64,
}

fn sure<T, E: std::fmt::Debug>(what: &str, done: Result<T, E>) -> anyhow::Result<T> {
    done.map_err(|e| anyhow::anyhow!("{what}: {e:?}"))
}

/// Units that may hold a request: the top of everything the directorate's program reads.
#[must_use]
pub fn program_unit() -> String {
    // The unit the first category of the first muhtarlık goes to.
    let directory = istanbul::directory();
    let category = directory.categories.first();
    let unit = category.and_then(|c| directory.resolve(&c.route, PLACES[0].0));
    unit.map(|u| u.code.clone()).unwrap_or_default()
}

/// Categories muhtars choose: a few of the directory's, and none.
#[must_use]
pub fn categories() -> Vec<String> {
    let all = &istanbul::directory().categories;
    all.iter().step_by(all.len() / 4 + 1).map(|c| c.code.clone()).chain([String::new()]).collect()
}

impl Template {
    /// Makes it.
    ///
    /// # Errors
    /// When the product does not start.
    pub fn make() -> anyhow::Result<Self> {
        vfs::register();
        vfs::reseed(1);
        let chance = Chance::new(0);
        let room = |name: &str| {
            let mut disk = Disk::new(chance.fork(name));
            disk.set_room(ROOM);
            disk
        };
        let time = Arc::new(AtomicI64::new(MORNING));
        vfs::insert(SERVER, room("server"));
        vfs::insert(JOURNAL, Disk::new(chance.fork("journal")));
        let service = server::start(SimClock::of(&time), chance.fork("first"))?;
        let random = SeededRandom::new(chance.fork("codes"));
        service.db.change(|tx| {
            staff::add(tx, "on", "Ön inceleme", Role::Triage, "", "-", MORNING)?;
            let hash = mbs_server::auth::keys::hash(&mbs_server::auth::keys::text(&PROGRAM));
            api_keys::add(tx, &hash, "müdürlük", &program_unit(), MORNING, i64::MAX, false)
        })?;
        enrol_at(Some(service.clone()));
        let mut tablets = Vec::new();
        for (machine, (place, mandate)) in (1..).zip(PLACES) {
            let code = service.db.change(|tx| {
                let scope = Scopes::load(tx)?.number(place);
                enrol::make_code(tx, &random, scope, "Mahalle Muhtarı", false, MORNING)
            })?;
            let code = sure("a code", code)?.text;
            vfs::insert(machine, room("tablet"));
            let mut tablet = Machinery::new(machine, mandate, SimClock::of(&time), chance.fork(place));
            sure("opening", tablet.open())?;
            if let Some(app) = &tablet.app {
                sure("enrolling", app.call(Call::Enrol { server: "https://mbs.example".into(), code }))?;
            }
            tablet.end();
            let device = service.db.ask(|s| devices::all(s))?.last().map_or(0, |d| d.no.0);
            tablets.push((machine, mandate, device));
        }
        enrol_at(None);
        drop(service);
        let disk = |machine| vfs::copy(machine, machine, Chance::new(0)).ok_or_else(|| anyhow::anyhow!("no disk"));
        let ready = |(m, mandate, device)| Ok(Ready { disk: disk(m)?, mandate, device });
        let tablets = tablets.into_iter().map(ready).collect::<anyhow::Result<_>>()?;
        Ok(Self { server: disk(SERVER)?, tablets })
    }
}
