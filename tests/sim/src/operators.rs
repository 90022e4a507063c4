//! What operators do with the product's own commands: the server is set back to a copy of its disk, requests
//! are erased by law, tablets are revoked and replaced, muhtars leave. The journal lies beside the disks, as one
//! that can still be read after them.

use std::path::PathBuf;
use std::sync::Arc;

use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_server::database::{Database, devices, requests};
use mbs_server::handlers::enrol::make_code;
use mbs_server::journal::{Journal, Record};
use mbs_server::operate;
use mbs_server::operate::restore::renew;
use mbs_server::ports::Clock as _;
use mbs_server::service::Service;
use mbs_shared::id::{DeviceNo, Prefix, RequestId};
use mbs_tablet::Tablet;
use mbs_tablet::door::Call;

use crate::chance::SeededRandom;
use crate::clock::SimClock;
use crate::server::SERVER;
use crate::tablet::{Machinery, enrol_at};
use crate::tally::Fault;
use crate::vfs::{self, Disk};
use crate::world::{Happening, ROOM, What, World};

/// Tablets there may be, with those that were put in place of others.
const MOST: usize = 8;

/// A copy of the server's disk.
pub(crate) struct Backup {
    disk: Disk,
    /// When it was made, by the server's clock.
    at: i64,
    /// What the desk had been told by then.
    acts: Vec<(RequestId, u32)>,
}

impl World {
    fn office(&self) -> Option<(Arc<Service>, PathBuf)> {
        Some((self.server.clone()?, self.journal.path().to_owned()))
    }

    fn records(&self) -> Vec<Record> {
        Journal::of(self.journal.path()).read().unwrap_or_default()
    }

    /// A command failed, which it may only with a troubled disk; what the journal says is done once more, later.
    fn said(&mut self, what: &str, done: anyhow::Result<()>) {
        if let Err(why) = done {
            self.note(format_args!("operator: {what} did not succeed"));
            if vfs::tell(SERVER, |disk| disk.troubles()) == 0 {
                self.violated(format!("{what} failed with a sound disk: {why:#}"));
            }
            self.plan(3_000, Happening::Replay);
        }
        self.go_on();
    }

    /// What the journal says is done once more.
    pub(crate) fn replay(&mut self) {
        let Some((service, dir)) = self.office() else { return };
        let done = operate::replay(&service, &dir).map(drop);
        self.said("replay", done);
    }

    /// A request is erased by law.
    pub(crate) fn erase(&mut self) {
        let Some((service, dir)) = self.office() else { return };
        let Some(request) = self.chance.one(&self.filed.clone()).copied() else { return };
        if !matches!(service.db.ask(|s| requests::by_id(s, request)), Ok(Some(_))) {
            return; // has not come yet
        }
        let done = operate::erase::erase(&service, &dir, request, "Mahkeme kararı");
        // Once the journal says so it is erased, whatever stopped the rest.
        if self.records().iter().any(|r| matches!(r, Record::Erased { request: r, .. } if *r == request)) {
            self.note(format_args!("operator: {request} is erased"));
            self.tally.count(Fault::RequestErased);
            self.filed.retain(|r| *r != request);
            self.acts.retain(|(r, _)| *r != request);
            self.erased.insert(request);
        }
        self.said("erasing", done);
    }

    /// A tablet is lost or stolen; its muhtar gets another one a little later.
    pub(crate) fn revoke(&mut self, tablet: usize) {
        let Some((service, dir)) = self.office() else { return };
        let Some(t) = self.tablets.get(tablet).filter(|t| !t.revoked) else { return };
        let (mandate, device) = (t.mandate, DeviceNo(t.device));
        if self.tablets.len() >= MOST {
            return;
        }
        let Ok(Some(found)) = service.db.ask(|s| devices::by_no(s, device)) else { return };
        let done = operate::revoke(&service, &dir, Prefix::new(found.prefix)).map(drop);
        if self.mark_revoked(Fault::TabletRevoked) {
            let by = self.chance.between(5_000, 60_000);
            self.plan(by, Happening::Enrol(mandate));
        }
        self.said("revoking", done);
    }

    /// A muhtar's mandate ends; the successor gets a tablet a little later.
    pub(crate) fn hand_over(&mut self, tablet: usize) {
        let Some((service, dir)) = self.office() else { return };
        let Some(mandate) = self.tablets.get(tablet).map(|t| t.mandate) else { return };
        if self.tablets.len() >= MOST || !self.handed_over.is_empty() {
            return;
        }
        let done = operate::end_mandate(&service, &dir, self.scope_of(&service, mandate));
        self.mark_revoked(Fault::MandateEnded);
        if self.records().iter().any(|r| matches!(r, Record::MandateEnded { .. })) {
            self.note(format_args!("operator: mandate {mandate} is handed over"));
            self.handed_over.insert(mandate);
            let of: Vec<bool> = self.tablets.iter().map(|t| t.mandate == mandate).collect();
            for fact in self.saved.iter_mut().filter(|f| f.what == What::Note) {
                fact.private |= of.get(fact.tablet).copied().unwrap_or(false);
            }
            let by = self.chance.between(5_000, 60_000);
            self.plan(by, Happening::Enrol(mandate));
        } else if !self.calm {
            self.plan(5_000, Happening::Fault(Fault::MandateEnded));
        }
        self.said("handing over", done);
    }

    /// Marks the tablets that the journal calls revoked; whether there were some.
    fn mark_revoked(&mut self, fault: Fault) -> bool {
        let records = self.records();
        let mut some = false;
        for t in self.tablets.iter_mut().filter(|t| !t.revoked) {
            t.revoked = records.iter().any(|r| matches!(r, Record::Revoked { device, .. } if device.0 == t.device));
            some |= t.revoked;
        }
        if some {
            self.tally.count(fault);
        }
        some
    }

    /// A muhtar enrols a new tablet.
    pub(crate) fn enrol(&mut self, mandate: usize) {
        let at = self.tablets.len();
        let machine = u32::try_from(at).unwrap_or(0) + 1;
        let chance = self.chance.fork(&format!("new tablet {machine} {}", self.now()));
        let mut disk = Disk::new(chance.fork("disk"));
        disk.set_room(ROOM);
        vfs::insert(machine, disk);
        let mut t = Machinery::new(machine, mandate, SimClock::of(&self.time), chance);
        let opened = t.open().is_ok();
        match t.app.as_ref().filter(|_| opened).and_then(|app| self.trade(app, mandate)) {
            Some(device) => {
                self.note(format_args!("tablet {at} is new"));
                t.device = device;
                self.tablets.push(t);
                self.step_later(at, 100);
                for _ in 0..3 {
                    let by = self.chance.between(5_000, 200_000);
                    self.plan(by, Happening::Muhtar(at));
                }
            }
            None => {
                t.end();
                self.plan(5_000, Happening::Enrol(mandate));
            }
        }
        self.go_on();
    }

    /// A tablet that a restored server does not know any more is enrolled once more.
    pub(crate) fn enrol_again(&mut self, tablet: usize) {
        let Some(t) = self.tablets.get(tablet).filter(|t| !t.revoked) else { return };
        let (mandate, device) = (t.mandate, DeviceNo(t.device));
        let known = self.server.as_ref().map(|service| service.db.ask(|s| devices::by_no(s, device)));
        if matches!(known, Some(Ok(Some(_)))) {
            return;
        }
        let app = self.tablets.get_mut(tablet).and_then(|t| t.app.take());
        let traded = app.as_ref().and_then(|app| self.trade(app, mandate));
        if let Some(t) = self.tablets.get_mut(tablet) {
            t.app = app;
            t.device = traded.unwrap_or(t.device);
        }
        if traded.is_some() {
            self.note(format_args!("tablet {tablet} is enrolled again"));
            self.step_later(tablet, 100);
        } else {
            self.plan(5_000, Happening::EnrolAgain(tablet));
        }
        self.go_on();
    }

    /// A code of the desk, and an enrolment with it over a line that does not fail; the tablet's new number.
    fn trade(&mut self, app: &Tablet, mandate: usize) -> Option<u64> {
        let service = self.server.clone()?;
        let random = SeededRandom::new(self.chance.fork(&format!("code {}", self.now())));
        let person = if self.handed_over.contains(&mandate) { "Yeni Mahalle Muhtarı" } else { "Mahalle Muhtarı" };
        let (scope, now) = (self.scope_of(&service, mandate), self.server_clock.now());
        let code = service.db.change(|tx| make_code(tx, &random, scope, person, false, now)).ok()?.ok()?;
        enrol_at(Some(service.clone()));
        let enrolled = app.call(Call::Enrol { server: "https://mbs.example".into(), code: code.text });
        enrol_at(None);
        if let Err(error) = enrolled {
            self.note(format_args!("an enrolment was refused {:?}", error.code));
            return None;
        }
        service.db.ask(|s| devices::all(s)).ok()?.last().map(|d| d.no.0)
    }

    /// The first time a copy of the server's disk is kept, the second time it is put back, as `restore` does.
    pub(crate) fn back_up_or_restore_server(&mut self) {
        if self.calm {
            return;
        }
        let Some(backup) = self.backup.take() else {
            let Some(mut disk) = vfs::copy(SERVER, SERVER, self.chance.fork("server backup")) else { return };
            disk.set_room(ROOM);
            self.backup = Some(Backup { disk, at: self.server_clock.now(), acts: self.acts.clone() });
            let by = self.chance.between(30_000, 400_000);
            self.plan(by, Happening::Fault(Fault::ServerRestored));
            return;
        };
        self.server_off();
        vfs::insert(SERVER, backup.disk);
        let path = vfs::folder(SERVER).join("mbs.db");
        let options = Options { path, vfs: Some(vfs::NAME.into()), readers: 0, exclusive: true };
        let random = SeededRandom::new(self.chance.fork(&format!("new life {}", self.now())));
        let (at, now) = (backup.at, self.server_clock.now());
        let renewed =
            Sqlite::open(&options).and_then(|db| Ok((&db as &dyn Database).change(|tx| renew(tx, at, now, &random))?));
        if let Err(why) = renewed {
            return self.violated(format!("the server's backup cannot be restored: {why}"));
        }
        self.note(format_args!("operator: the server is restored"));
        self.tally.count(Fault::ServerRestored);
        self.restored = true;
        self.acts = backup.acts.into_iter().filter(|(r, _)| !self.erased.contains(r)).collect();
        // What only the server had is gone, and known to be.
        for fact in self.saved.iter_mut().filter(|f| f.away) {
            fact.excused = true;
        }
        for tablet in 0..self.tablets.len() {
            self.plan(10_000, Happening::EnrolAgain(tablet));
        }
        self.plan(2_000, Happening::StartServer);
    }
}
