//! What goes wrong on purpose, beside the line.

use crate::clock::SimClock;
use crate::server::SERVER;
use crate::tablet::{Copy, Machinery};
use crate::tally::Fault;
use crate::vfs::{self, Disk, DiskFault};
use crate::world::{Happening, ROOM, World};

/// Tablets and clones there may be.
const MOST: usize = 5;

impl World {
    fn some_tablet(&mut self) -> usize {
        usize::try_from(self.chance.below(self.tablets.len() as u64)).unwrap_or(0)
    }

    /// Lets something go wrong.
    pub(crate) fn fault(&mut self, fault: Fault) {
        let tablet = self.some_tablet();
        let machine = self.tablets.get(tablet).map_or(1, |t| t.machine);
        let runs = self.tablets.get(tablet).is_some_and(|t| t.app.is_some());
        self.note(format_args!("fault: {} ({tablet})", fault.name()));
        match fault {
            Fault::TabletKilled | Fault::TabletPowerCut if runs => {
                self.tally.count(fault);
                self.tablet_down(tablet, fault == Fault::TabletPowerCut);
            }
            Fault::ServerKilled | Fault::ServerPowerCut if self.server.is_some() => {
                self.tally.count(fault);
                self.server_down(fault == Fault::ServerPowerCut);
            }
            Fault::TabletCrashesAtCall => self.plan_disk(machine, DiskFault::Crash),
            Fault::TabletWriteFails => self.plan_disk(machine, DiskFault::WriteFails),
            Fault::TabletSyncFails => self.plan_disk(machine, DiskFault::SyncFails),
            Fault::TabletReadFails => self.plan_disk(machine, DiskFault::ReadFails),
            Fault::ServerCrashesAtCall => self.plan_disk(SERVER, DiskFault::Crash),
            Fault::ServerWriteFails => self.plan_disk(SERVER, DiskFault::WriteFails),
            Fault::ServerSyncFails => self.plan_disk(SERVER, DiskFault::SyncFails),
            Fault::ServerReadFails => self.plan_disk(SERVER, DiskFault::ReadFails),
            Fault::TabletDiskFull => self.fill(machine),
            Fault::ServerDiskFull => self.fill(SERVER),
            Fault::TabletClockJumps => {
                self.tally.count(fault);
                let years = self.chance.between(-10, 10);
                let by = if self.chance.happens(300) { years * 365 * 86_400_000 } else { years * 3_600_000 };
                if let Some(t) = self.tablets.get(tablet) {
                    t.clock.set_off(by);
                }
            }
            Fault::ServerClockJumps => {
                self.tally.count(fault);
                let by = self.chance.between(-300_000, 300_000);
                self.server_clock.set_off(by);
            }
            Fault::TabletCloned => self.clone_tablet(tablet),
            Fault::TabletRestored => self.back_up_or_restore(tablet),
            Fault::ServerRestored => self.back_up_or_restore_server(),
            Fault::TabletRots => self.rot(tablet),
            Fault::TabletUpgraded => self.upgrade_tablet(tablet),
            Fault::ServerUpgraded => self.upgrade_server(),
            Fault::RequestErased => self.erase(),
            Fault::TabletRevoked => self.revoke(tablet),
            Fault::MandateEnded => self.hand_over(tablet),
            _ => {}
        }
    }

    fn fill(&mut self, machine: vfs::Machine) {
        let left = self.chance.below(60_000);
        vfs::tell(machine, |disk| disk.set_room(disk.used() + left));
        let by = self.chance.between(10_000, 180_000);
        self.plan(by, Happening::Room(machine));
    }

    /// A copy of a tablet's disk runs in another machine.
    fn clone_tablet(&mut self, tablet: usize) {
        if self.tablets.len() >= MOST {
            return;
        }
        let Some(t) = self.tablets.get(tablet) else { return };
        let machine = u32::try_from(self.tablets.len()).unwrap_or(0) + 1;
        let chance = self.chance.fork(&format!("clone {machine}"));
        let Some(disk) = vfs::copy(t.machine, machine, chance.fork("disk")) else { return };
        let mut clone = Machinery::new(machine, t.mandate, SimClock::of(&self.time), chance);
        clone.known.clone_from(&t.known);
        (clone.device, clone.revoked) = (t.device, t.revoked);
        vfs::insert(machine, disk);
        self.tally.count(Fault::TabletCloned);
        self.clones = true;
        let at = self.tablets.len();
        self.tablets.push(clone);
        self.plan(1_000, Happening::Start(at));
        // A server that was restored a moment ago may not know this identity any more: its people are told, as anybody is.
        self.plan(10_000, Happening::EnrolAgain(at));
        self.edit_soon(tablet, &[tablet, at]);
        for _ in 0..4 {
            let by = self.chance.between(5_000, 300_000);
            self.plan(by, Happening::Muhtar(at));
        }
    }

    /// The first time a copy of the disk is kept, the second time it is put back.
    fn back_up_or_restore(&mut self, tablet: usize) {
        let Some(t) = self.tablets.get_mut(tablet) else { return };
        let machine = t.machine;
        match t.backup.take() {
            None => {
                let disk = vfs::copy(machine, machine, self.chance.fork("backup"));
                t.backup = disk.map(|disk| Copy { disk, saved: self.saved.len(), device: t.device });
                let by = self.chance.between(20_000, 300_000);
                self.plan(by, Happening::Fault(Fault::TabletRestored));
            }
            Some(Copy { disk, saved, device }) => {
                t.end();
                t.device = device;
                let revoked = t.revoked;
                // What only this tablet had is gone, and it is known to be.
                vfs::tell(machine, Disk::turn_off);
                vfs::tell(machine, Disk::process_died);
                let unsent = crate::look::unsent(machine);
                for fact in self.saved.iter_mut().skip(saved).filter(|f| f.tablet == tablet) {
                    fact.away = true;
                    // A server that was restored may not have back yet what it acknowledged once.
                    fact.excused |= self.restored || revoked || unsent.as_ref().is_none_or(|u| u.contains(&fact.mark));
                }
                vfs::insert(machine, disk);
                // A copy of a full disk is put back on one with room.
                vfs::tell(machine, |disk| disk.set_room(ROOM));
                self.plan(10_000, Happening::EnrolAgain(tablet));
                self.tally.count(Fault::TabletRestored);
                self.plan(1_000, Happening::Start(tablet));
                self.edit_soon(tablet, &[tablet]);
            }
        }
    }

    /// A bit of a tablet's database changes while it is off. What only the damaged page had is gone, and it is known to
    /// be; everything else must be there, and what the server has must come back.
    fn rot(&mut self, tablet: usize) {
        let Some(t) = self.tablets.get(tablet).filter(|t| t.app.is_some() && !t.revoked) else { return };
        let machine = t.machine;
        self.tablet_down(tablet, false);
        let Some(unsent) = crate::look::unsent(machine) else { return };
        let (at, bit) = (self.chance.number(), u32::try_from(self.chance.below(8)).unwrap_or(0));
        let path = vfs::folder(machine).join("mbs.db");
        let name = path.to_string_lossy().into_owned();
        vfs::tell(machine, |disk| {
            if let Some(inode) = disk.find(&name) {
                disk.rot(inode, at, bit);
            }
        });
        self.tally.count(Fault::TabletRots);
        if let Some(t) = self.tablets.get_mut(tablet) {
            t.rotten = Some(unsent);
        }
    }

    /// What a tablet notes of its damage: what is gone is not looked for until it comes back from the server.
    pub(crate) fn take_stock(&mut self, tablet: usize) {
        let Some(unsent) = self.tablets.get(tablet).and_then(|t| t.rotten.clone()) else { return };
        for at in self.missing(tablet) {
            if let Some(fact) = self.saved.get_mut(at) {
                fact.away = true;
                fact.excused |= self.restored || unsent.contains(&fact.mark);
            }
        }
    }

    /// What a tablet knows is edited on each of these, before they have heard of each other: were their actors the
    /// same, it would show.
    fn edit_soon(&mut self, tablet: usize, on: &[usize]) {
        let known = self.tablets.get(tablet).map(|t| t.known.clone()).unwrap_or_default();
        for request in known.iter().rev().take(4) {
            for tablet in on {
                let by = self.chance.between(1_500, 8_000);
                self.plan(by, Happening::Edit(*tablet, *request));
            }
        }
    }
}
