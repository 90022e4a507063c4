//! Machines that lose their process or their power, and come back.

use mbs_tablet::sync::{Event, Nudge};

use crate::server::{self, JOURNAL, SERVER};
use crate::tally::Fault;
use crate::vfs::{self, Disk};
use crate::world::{Happening, UnderWay, World};

/// The server's disks after it ended: with its power, or only its process.
fn server_disks(power: bool) {
    for machine in [SERVER, JOURNAL] {
        vfs::tell(machine, |disk| if power { disk.power_cut() } else { disk.process_died() });
    }
}

impl World {
    /// Machines whose disk stopped at a call are off: their power goes, and they come back.
    pub(crate) fn mind_the_power(&mut self) {
        let stopped = |machine| vfs::tell(machine, |disk| disk.is_off());
        if self.server.is_some() && (stopped(SERVER) || stopped(JOURNAL)) {
            self.note(format_args!("server stopped at a call"));
            let at = if stopped(JOURNAL) { Fault::JournalCrashes } else { Fault::ServerCrashesAtCall };
            self.tally.count(at);
            self.server_down(true);
        }
        for tablet in 0..self.tablets.len() {
            let Some(t) = self.tablets.get(tablet) else { continue };
            if t.app.is_some() && vfs::tell(t.machine, |disk| disk.is_off()) {
                self.note(format_args!("tablet {tablet} stopped at a call"));
                self.tally.count(Fault::TabletCrashesAtCall);
                self.tablet_down(tablet, true);
            }
        }
    }

    /// The server's process or power is gone; it comes back in a while.
    pub(crate) fn server_down(&mut self, power: bool) {
        self.server_off();
        server_disks(power);
        let by = if self.calm { 1_000 } else { self.chance.between(1_000, 40_000) };
        self.plan(by, Happening::StartServer);
    }

    /// The server does nothing any more, and its callers hear nothing.
    pub(crate) fn server_off(&mut self) {
        let calls = std::mem::take(&mut self.under_way);
        vfs::tell(SERVER, Disk::turn_off);
        vfs::tell(JOURNAL, Disk::turn_off);
        for call in calls {
            if let UnderWay::Tablet { tablet, life, ticket, .. } = call {
                self.plan(200, Happening::Cut(tablet, life, ticket));
            }
        }
        if let Some(service) = self.server.take() {
            server::bury(service);
        }
    }

    /// A tablet's process or power is gone; it comes back in a while.
    pub(crate) fn tablet_down(&mut self, tablet: usize, power: bool) {
        if let Some(t) = self.tablets.get_mut(tablet) {
            vfs::tell(t.machine, Disk::turn_off);
            t.end();
            vfs::tell(t.machine, |disk| if power { disk.power_cut() } else { disk.process_died() });
            let by = self.chance.between(500, 30_000);
            self.plan(by, Happening::Start(tablet));
        }
    }

    pub(crate) fn start_server(&mut self) {
        if self.server.is_some() {
            return;
        }
        self.server_life += 1;
        let chance = self.chance.fork(&format!("server life {}", self.server_life));
        // As `serve` does: what the journal says holds before anybody is answered.
        let begun = server::start(self.server_clock.clone(), chance)
            .and_then(|service| mbs_server::operate::prepare(&service).map(|()| service));
        match begun {
            Ok(service) => {
                self.note(format_args!("server starts"));
                self.server = Some(service.clone());
                self.take_over();
                self.look_after_the_restored(&service);
            }
            Err(why) => {
                self.note(format_args!("server does not start"));
                let off = [SERVER, JOURNAL].into_iter().any(|machine| vfs::tell(machine, |disk| disk.is_off()));
                if !off && server::disks_are_sound() {
                    self.violated(format!("the server does not start: {why:#}"));
                }
                server_disks(off);
                self.plan(2_000, Happening::StartServer);
            }
        }
    }

    pub(crate) fn start(&mut self, tablet: usize) {
        let Some(t) = self.tablets.get_mut(tablet) else { return };
        if t.app.is_some() {
            return;
        }
        match t.open() {
            Ok(()) => {
                self.note(format_args!("tablet {tablet} starts"));
                self.take_stock(tablet);
                self.look_at(tablet);
                self.step(tablet, Event::Nudge(Nudge::Connectivity));
            }
            Err(why) => {
                let machine = t.machine;
                t.end();
                let off = vfs::tell(machine, |disk| disk.is_off());
                let troubled = vfs::tell(machine, |disk| disk.troubles()) > 0;
                if !off && !troubled {
                    self.violated(format!("tablet {tablet} does not start: {why:?}"));
                }
                self.note(format_args!("tablet {tablet} does not start"));
                vfs::tell(machine, |disk| if off { disk.power_cut() } else { disk.process_died() });
                self.plan(2_000, Happening::Start(tablet));
            }
        }
    }
}
