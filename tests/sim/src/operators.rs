//! What operators do, through what stands behind the product's commands: requests are erased by law, tablets are revoked and
//! replaced, muhtars leave. The journal lies on a disk of its own, which survives a restore (`restores.rs`).

use std::collections::BTreeSet;

use mbs_server::database::{devices, requests};
use mbs_server::handlers::enrol::make_code;
use mbs_server::journal::Record;
use mbs_server::operate;
use mbs_server::ports::Clock as _;
use mbs_shared::id::{DeviceNo, Prefix, RequestId};
use mbs_tablet::Tablet;
use mbs_tablet::door::Call;

use crate::chance::{Chance, SeededRandom};
use crate::clock::SimClock;
use crate::server::{self, JOURNAL};
use crate::tablet::{Machinery, enrol_at};
use crate::tally::Fault;
use crate::template::PLACES;
use crate::vfs::{self, Disk, DiskFault, Machine};
use crate::world::{Happening, ROOM, What, World};

/// A machine that is only there to look at copies.
pub(crate) const GLASS: Machine = 16;
/// Tablets there may be, with those that were put in place of others.
const MOST: usize = 8;

impl World {
    /// What the journal says, whatever its disk is about to refuse.
    fn records() -> Vec<Record> {
        let Some(copy) = vfs::copy(JOURNAL, GLASS, Chance::new(0)) else { return Vec::new() };
        vfs::insert(GLASS, copy);
        server::journal_of(GLASS).read().unwrap_or_default()
    }

    /// What is known to have been decided is in the journal.
    pub(crate) fn check_journal(&mut self) {
        let records = Self::records();
        let erased =
            |r: &RequestId| records.iter().any(|k| matches!(k, Record::Erased { request, .. } if request == r));
        let forgotten: Vec<_> = self.erased.iter().filter(|r| !erased(r)).copied().collect();
        let revoked = |t: &&Machinery| {
            records.iter().any(|k| matches!(k, Record::Revoked { device, .. } if device.0 == t.device))
        };
        let lost = self.tablets.iter().filter(|t| t.revoked && !revoked(t)).count();
        let ended = records.iter().filter(|k| matches!(k, Record::MandateEnded { .. })).count();
        if !forgotten.is_empty() || lost > 0 || ended < self.handed_over.len() {
            self.violated(format!(
                "the journal forgot erasures {forgotten:?}, {lost} revocations, or ends of mandates"
            ));
        }
    }

    /// The world knows of what the journal says: whatever stopped the rest, it will be done.
    pub(crate) fn take_over(&mut self) {
        for record in Self::records() {
            match record {
                Record::Erased { request, .. } if self.erased.insert(request) => {
                    self.note(format_args!("operator: {request} is erased"));
                    self.tally.count(Fault::RequestErased);
                    self.filed.retain(|r| *r != request);
                    self.acts.retain(|(r, _)| *r != request);
                }
                Record::MandateEnded { neighbourhood, .. } => self.has_ended(&neighbourhood),
                _ => {}
            }
        }
        self.mark_revoked();
    }

    fn has_ended(&mut self, neighbourhood: &str) {
        let Some(mandate) = PLACES.into_iter().find(|(place, _)| *place == neighbourhood).map(|(_, mandate)| mandate)
        else {
            return;
        };
        if !self.handed_over.insert(mandate) {
            return;
        }
        self.note(format_args!("operator: mandate {mandate} is handed over"));
        self.tally.count(Fault::MandateEnded);
        let of: Vec<bool> = self.tablets.iter().map(|t| t.mandate == mandate).collect();
        for fact in self.saved.iter_mut().filter(|f| f.what == What::Note) {
            fact.private |= of.get(fact.tablet).copied().unwrap_or(false);
        }
        let by = self.chance.between(5_000, 60_000);
        self.plan(by, Happening::Enrol(mandate));
    }

    /// A command is given. One that fails, which it may only with a troubled disk, is finished by what the journal says,
    /// later.
    fn order(&mut self, what: &str, give: impl FnOnce() -> anyhow::Result<()>) {
        let refused = || vfs::tell(JOURNAL, |disk| disk.troubles());
        let before = refused();
        let done = give();
        // What a disk refused to make certain is believed when it is read at a start, or done again.
        if done.is_ok() || refused() == before {
            self.take_over();
        } else if self.chance.happens(500) {
            // Such a disk often takes the machine with it.
            self.plan(4_000, Happening::Fault(Fault::ServerPowerCut));
        }
        if let Err(why) = done {
            self.note(format_args!("operator: {what} did not succeed"));
            if server::disks_are_sound() {
                self.violated(format!("{what} failed with a sound disk: {why:#}"));
            }
            self.plan(3_000, Happening::Replay);
        }
        self.go_on();
    }

    /// Now and then the journal's disk does not do what it is told next.
    fn trouble_the_journal(&mut self) {
        let kinds = [DiskFault::Crash, DiskFault::WriteFails, DiskFault::SyncFails, DiskFault::ReadFails];
        if !self.calm
            && self.chance.happens(300)
            && let Some(fault) = self.chance.one(&kinds).copied()
        {
            let nth = self.chance.below(4);
            vfs::tell(JOURNAL, |disk| disk.plan(nth, fault));
        }
    }

    /// What the journal says is done once more.
    pub(crate) fn replay(&mut self) {
        let Some(service) = self.server.clone() else { return };
        self.order("replay", || operate::replay(&service).map(drop));
    }

    /// A request is erased by law.
    pub(crate) fn erase(&mut self) {
        let Some(service) = self.server.clone() else { return };
        let Some(request) = self.chance.one(&self.filed.clone()).copied() else { return };
        if !matches!(service.db.ask(|s| requests::by_id(s, request)), Ok(Some(_))) {
            return; // has not come yet
        }
        self.trouble_the_journal();
        self.order("erasing", || operate::erase::erase(&service, request, "Mahkeme kararı"));
    }

    /// A tablet is lost or stolen; its muhtar gets another one a little later.
    pub(crate) fn revoke(&mut self, tablet: usize) {
        let Some(service) = self.server.clone() else { return };
        let Some(t) = self.tablets.get(tablet).filter(|t| !t.revoked) else { return };
        let device = DeviceNo(t.device);
        if self.tablets.len() >= MOST {
            return;
        }
        let Ok(Some(found)) = service.db.ask(|s| devices::by_no(s, device)) else { return };
        self.trouble_the_journal();
        self.order("revoking", || operate::revoke(&service, Prefix::new(found.prefix)).map(drop));
    }

    /// A muhtar's mandate ends; the successor gets a tablet a little later.
    pub(crate) fn hand_over(&mut self, tablet: usize) {
        let Some(service) = self.server.clone() else { return };
        let Some(mandate) = self.tablets.get(tablet).map(|t| t.mandate) else { return };
        if self.tablets.len() >= MOST || !self.handed_over.is_empty() {
            return;
        }
        let known = |t: &Machinery| matches!(service.db.ask(|s| devices::by_no(s, DeviceNo(t.device))), Ok(Some(_)));
        if !self.tablets.iter().filter(|t| t.mandate == mandate && !t.revoked).all(known) {
            // One that a restored server does not know yet would be the successor's, and keep what it has to itself.
            return;
        }
        self.trouble_the_journal();
        let scope = self.scope_of(&service, mandate);
        self.order("handing over", || operate::end_mandate(&service, scope));
        if !self.handed_over.contains(&mandate) && !self.calm {
            self.plan(5_000, Happening::Fault(Fault::MandateEnded));
        }
    }

    /// Marks the tablets that the journal calls revoked. Each muhtar that lost one gets another, where his mandate did
    /// not end with it.
    fn mark_revoked(&mut self) {
        let records = Self::records();
        let mut lost = BTreeSet::new();
        for t in self.tablets.iter_mut().filter(|t| !t.revoked) {
            t.revoked = records.iter().any(|r| matches!(r, Record::Revoked { device, .. } if device.0 == t.device));
            if t.revoked {
                lost.insert(t.mandate);
            }
        }
        for mandate in lost {
            self.tally.count(Fault::TabletRevoked);
            if !self.handed_over.contains(&mandate) {
                let by = self.chance.between(5_000, 60_000);
                self.plan(by, Happening::Enrol(mandate));
            }
        }
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
}
