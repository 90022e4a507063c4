//! The world: one heap of events, machines that act on them, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mbs_server::error::Fault as Refusal;
use mbs_server::routing::apply::Done;
use mbs_server::service::Service;
use mbs_shared::id::RequestId;
use mbs_tablet::ports::{HttpReply, HttpRequest};
use mbs_tablet::sync::{Event, Nudge};

use crate::Size;
use crate::chance::Chance;
use crate::clock::{MORNING, SimClock};
use crate::heap;
use crate::report::FEWEST;
use crate::restores::Backup;
use crate::server::{self, JOURNAL, SERVER, Work};
use crate::tablet::{Machinery, enrol_at};
use crate::tally::{Fault, Tally};
use crate::template::Template;
use crate::vfs::{self, Disk, DiskFault, Machine};

/// How long people work, in virtual ms.
pub const DAY: i64 = 20 * 60_000;
/// How long quiescence may take after that, in virtual ms: longer than any wait of the engine.
const PATIENCE: i64 = 5 * 60 * 60_000;

/// Most bytes that a server and all tablets may hold between two steps, SQLite's caches with them, their disks not.
const MOST_HELD: usize = 24 * 1024 * 1024;
/// Most bytes that one step may take for a moment.
const MOST_A_MOMENT: usize = 64 * 1024 * 1024;

/// Something that is to happen.
#[derive(Debug)]
pub enum Happening {
    /// The engine of a tablet is stepped; counts only for that life and plan.
    Step(usize, u64),
    /// A muhtar does something.
    Muhtar(usize),
    /// A muhtar finishes a draft: photo, then `Gönder`.
    Finish(usize, RequestId, u64),
    /// A muhtar edits that request.
    Edit(usize, RequestId),
    /// A request of a tablet reaches the server: tablet, life, request, how many bytes of its body.
    Arrive(usize, u32, Box<HttpRequest>, usize),
    /// An answer reaches a tablet.
    Reply(usize, u32, u64, HttpReply),
    /// A tablet learns that its request got no answer.
    Cut(usize, u32, u64),
    /// The writer writes what waits.
    Write,
    /// What the server does every second; here every minute.
    Tick,
    /// Someone at the desk does something.
    Desk,
    /// The directorate's program asks for updates.
    Poll,
    /// Something goes wrong.
    Fault(Fault),
    /// A tablet is started.
    Start(usize),
    /// The server is started.
    StartServer,
    /// A full disk has room again.
    Room(Machine),
    /// What the server's journal says is done once more.
    Replay,
    /// A muhtar gets a new tablet.
    Enrol(usize),
    /// A tablet the server does not know any more is enrolled once more.
    EnrolAgain(usize),
}

/// Work at the server and whom it answers.
pub(crate) enum UnderWay {
    Tablet { tablet: usize, life: u32, ticket: u64, work: Work<HttpReply> },
    Desk { request: RequestId, work: Work<Result<Done, Refusal>> },
    Other { work: Work<()> },
}

/// Something a tablet called saved.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    pub(crate) tablet: usize,
    pub(crate) request: RequestId,
    /// Words that occur nowhere else; or the hash of a photo.
    pub(crate) mark: String,
    pub(crate) what: What,
    /// Not on the tablet that was set back to an older copy, until it comes down again.
    pub(crate) away: bool,
    /// Gone with a machine that was set back to an older copy before another one had it.
    pub(crate) excused: bool,
    /// A private note of a muhtar who left: it must be gone.
    pub(crate) private: bool,
}

/// What it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Words,
    Entry,
    Note,
    Photo,
}

/// The world of one run.
pub struct World {
    pub(crate) time: Arc<AtomicI64>,
    heap: BinaryHeap<std::cmp::Reverse<(i64, u64)>>,
    waiting: BTreeMap<u64, Happening>,
    pub(crate) next: u64,
    pub(crate) chance: Chance,
    pub(crate) line: Chance,
    pub(crate) tablets: Vec<Machinery>,
    pub(crate) server: Option<Arc<Service>>,
    pub(crate) server_clock: Arc<SimClock>,
    pub(crate) server_life: u32,
    pub(crate) under_way: Vec<UnderWay>,
    pub(crate) write_planned: bool,
    pub(crate) saved: Vec<Saved>,
    /// Requests filed, in their order.
    pub(crate) filed: Vec<RequestId>,
    /// Events of cases that the desk was told were appended.
    pub(crate) acts: Vec<(RequestId, u32)>,
    /// Updates the program was given, and its cursor.
    pub(crate) updates: Vec<i64>,
    pub(crate) cursor: String,
    pub(crate) marks: u32,
    pub(crate) calm: bool,
    pub(crate) clones: bool,
    /// A backup of the server, for a later restore.
    pub(crate) backup: Option<Backup>,
    /// Whether the server was set back to one, and whether it has not started since.
    pub(crate) restored: bool,
    pub(crate) renewed: bool,
    /// Requests erased by law.
    pub(crate) erased: BTreeSet<RequestId>,
    /// Mandates that ended.
    pub(crate) handed_over: BTreeSet<usize>,
    pub(crate) tally: Tally,
    pub(crate) violations: Vec<String>,
    pub(crate) bad_line: u64,
    /// Messages that are behind the next one of their tablet.
    pub(crate) overtaken: Vec<(usize, Happening)>,
    /// What this program held before the run, in bytes, and the most since.
    before: usize,
    held: usize,
    moment: usize,
    trace: u64,
    tell: bool,
    steps: u64,
}

impl World {
    /// A world on the template's disks.
    #[must_use]
    pub fn new(seed: u64, tell: bool, template: &Template) -> Self {
        let chance = Chance::new(seed);
        vfs::reseed(seed);
        vfs::insert(SERVER, template.server.with_chance(chance.fork("server disk")));
        vfs::insert(JOURNAL, Disk::new(chance.fork("journal disk")));
        let time = Arc::new(AtomicI64::new(MORNING));
        let mut tablets = Vec::new();
        for (at, ready) in template.tablets.iter().enumerate() {
            let machine = u32::try_from(at).unwrap_or(0) + 1;
            vfs::insert(machine, ready.disk.with_chance(chance.fork(&format!("disk {machine}"))));
            let own = chance.fork(&format!("tablet {machine}"));
            let mut tablet = Machinery::new(machine, ready.mandate, SimClock::of(&time), own);
            tablet.device = ready.device;
            tablets.push(tablet);
        }
        let mut draw = chance.fork("people");
        let bad_line = [60, 120, 250].get(usize::try_from(draw.below(3)).unwrap_or(0)).copied().unwrap_or(60);
        Self {
            server_clock: SimClock::of(&time),
            time,
            heap: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            next: 0,
            chance: draw,
            line: chance.fork("line"),
            tablets,
            server: None,
            server_life: 0,
            under_way: Vec::new(),
            write_planned: false,
            saved: Vec::new(),
            filed: Vec::new(),
            acts: Vec::new(),
            updates: Vec::new(),
            cursor: String::new(),
            marks: 0,
            calm: false,
            clones: false,
            backup: None,
            restored: false,
            renewed: false,
            erased: BTreeSet::new(),
            handed_over: BTreeSet::new(),
            tally: Tally::default(),
            violations: Vec::new(),
            bad_line,
            overtaken: Vec::new(),
            before: heap::live().saturating_sub(vfs::memory()),
            held: 0,
            moment: 0,
            trace: 0xcbf2_9ce4_8422_2325,
            tell,
            steps: 0,
        }
    }

    /// Virtual time, Unix ms.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    /// How large it is so far.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            steps: self.steps,
            requests: (self.filed.len() + self.erased.len()) as u64,
            tablets: self.tablets.len() as u64,
            faults: self.tally.all(),
            held: self.held,
            moment: self.moment,
        }
    }

    /// Hash of everything that happened.
    #[must_use]
    pub const fn trace(&self) -> u64 {
        self.trace
    }

    /// Writes down that something happened.
    pub(crate) fn note(&mut self, what: std::fmt::Arguments<'_>) {
        let mut line = String::new();
        let _ = write!(line, "{:>9} {what}", self.now() - MORNING);
        for byte in line.bytes() {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.tell {
            println!("{line}");
        }
    }

    /// Something must not be.
    pub(crate) fn violated(&mut self, what: String) {
        self.note(format_args!("VIOLATED {what}"));
        self.violations.push(what);
    }

    /// Plans something `by` ms from now.
    pub(crate) fn plan(&mut self, by: i64, what: Happening) -> u64 {
        let id = self.next;
        self.next += 1;
        self.heap.push(std::cmp::Reverse((self.now() + by.max(0), id)));
        self.waiting.insert(id, what);
        id
    }

    /// Plays a day and the quiet after it.
    pub fn play(&mut self) {
        self.plan(0, Happening::StartServer);
        for tablet in 0..self.tablets.len() {
            self.plan(10, Happening::Start(tablet));
            for _ in 0..20 {
                let at = self.chance.between(1_000, DAY - 60_000);
                self.plan(at, Happening::Muhtar(tablet));
            }
        }
        for _ in 0..36 {
            let at = self.chance.between(30_000, DAY);
            self.plan(at, Happening::Desk);
        }
        for _ in 0..4 {
            let at = self.chance.between(30_000, DAY);
            self.plan(at, Happening::Poll);
        }
        let rot = crate::LET_ROT.load(Ordering::Relaxed).then_some(Fault::TabletRots);
        for fault in Fault::PLANNED.into_iter().chain(rot) {
            // About a third of the kinds in each run, some of them twice.
            while self.chance.happens(300) {
                let at = self.chance.between(5_000, DAY);
                self.plan(at, Happening::Fault(fault));
            }
        }
        for minute in 1..=DAY / 60_000 {
            self.plan(minute * 60_000, Happening::Tick);
        }
        self.run_until(MORNING + DAY);
        self.fill_up();
        self.heal();
        self.run_until_quiet();
    }

    /// Where most tablets were taken out of service early, the others go on until what is promised of a run was filed.
    fn fill_up(&mut self) {
        for n in 0..10 * FEWEST {
            if self.filed.len() >= FEWEST {
                break;
            }
            self.begin(n % self.tablets.len().max(1));
            self.run_until(self.now() + 20_000);
        }
    }

    fn run_until(&mut self, end: i64) {
        while let Some(std::cmp::Reverse((at, id))) = self.heap.peek().copied() {
            if at > end || self.violations.len() > 3 {
                break;
            }
            self.heap.pop();
            self.time.fetch_max(at, Ordering::Relaxed);
            if let Some(happening) = self.waiting.remove(&id) {
                self.steps += 1;
                let before = heap::live();
                let _ = heap::peak();
                self.happen(happening, id);
                self.mind_the_power();
                self.moment = self.moment.max(heap::peak().saturating_sub(before));
                self.mind_the_memory();
            }
        }
        self.time.fetch_max(end, Ordering::Relaxed);
    }

    /// What server, tablets and SQLite hold stays bounded, however long they run and whatever they meet.
    fn mind_the_memory(&mut self) {
        let backups =
            self.tablets.iter().filter_map(|t| t.backup.as_ref()).map(|copy| copy.disk.memory()).sum::<usize>();
        let disks = vfs::memory() + backups + self.backup.as_ref().map_or(0, Backup::memory);
        let held = heap::live().saturating_sub(self.before + disks) + vfs::sqlite_memory();
        self.held = self.held.max(held);
        if held > MOST_HELD || self.moment > MOST_A_MOMENT {
            self.violated(format!("server and tablets hold {held} bytes, one step took {}", self.moment));
        }
    }

    /// The network and the disks are well again; everyone is there.
    fn heal(&mut self) {
        self.note(format_args!("all is well again"));
        self.calm = true;
        self.server_clock.set_off(0);
        for machine in (0..=u32::try_from(self.tablets.len()).unwrap_or(0)).chain([JOURNAL]) {
            vfs::tell(machine, |disk| {
                disk.forget_plan();
                disk.set_room(ROOM);
            });
        }
        if self.server.is_none() {
            self.plan(0, Happening::StartServer);
        }
        for tablet in 0..self.tablets.len() {
            if let Some(t) = self.tablets.get(tablet) {
                t.clock.set_off(0);
                if t.app.is_none() {
                    self.plan(1, Happening::Start(tablet));
                }
            }
            self.step_later(tablet, 5_000);
        }
    }

    /// Until every tablet has nothing to send and has heard everything.
    fn run_until_quiet(&mut self) {
        let end = self.now() + PATIENCE;
        let mut quiet = 0;
        while self.now() < end && self.violations.is_empty() {
            let until = self.now() + 60_000;
            self.run_until(until);
            let since = until - 60_000;
            let waits =
                |t: &Machinery| !t.revoked && (t.heard.1 < since || t.app.as_ref().is_none_or(|app| waiting(app) > 0));
            let coming =
                |h: &Happening| matches!(h, Happening::Enrol(_) | Happening::EnrolAgain(_) | Happening::Replay);
            let busy = !self.under_way.is_empty() || self.waiting.values().any(coming);
            if busy || self.tablets.iter().any(waits) {
                quiet = 0;
                // Now and then a muhtar presses "Şimdi gönder".
                for tablet in 0..self.tablets.len() {
                    self.step(tablet, Event::Nudge(Nudge::Now));
                }
            } else {
                quiet += 1;
                if quiet == 3 {
                    return;
                }
            }
        }
    }

    fn happen(&mut self, happening: Happening, _: u64) {
        match happening {
            Happening::Step(tablet, planned) => {
                if self.tablets.get(tablet).is_some_and(|t| t.planned == planned || planned == u64::MAX) {
                    self.step(tablet, Event::Tick);
                }
            }
            Happening::Muhtar(tablet) => self.muhtar(tablet),
            Happening::Finish(tablet, request, life) => self.finish(tablet, request, life),
            Happening::Edit(tablet, request) if !self.calm => self.edit(tablet, request),
            Happening::Edit(..) => {}
            Happening::Arrive(tablet, life, request, bytes) => self.arrive(tablet, life, *request, bytes),
            Happening::Reply(tablet, life, ticket, reply) => self.replied(tablet, life, ticket, reply),
            Happening::Cut(tablet, life, ticket) => {
                if self.is_current(tablet, life, ticket) {
                    self.note(format_args!("tablet {tablet} #{ticket} cut"));
                    self.landed(tablet);
                    self.step(tablet, Event::Cut(ticket));
                }
            }
            Happening::Write => {
                self.write_planned = false;
                if let Some(service) = self.server.clone() {
                    let jobs = service.writer.step();
                    self.note(format_args!("server wrote {jobs} jobs"));
                }
                self.go_on();
            }
            Happening::Tick => self.tick(),
            Happening::Desk => self.desk(),
            Happening::Poll => self.poll_updates(),
            Happening::Fault(fault) => self.fault(fault),
            Happening::Start(tablet) => self.start(tablet),
            Happening::StartServer => self.start_server(),
            Happening::Room(machine) => vfs::tell(machine, |disk| disk.set_room(ROOM)),
            Happening::Replay => self.replay(),
            Happening::Enrol(mandate) => self.enrol(mandate),
            Happening::EnrolAgain(tablet) => self.enrol_again(tablet),
        }
    }

    /// Turns everything off in good order, and lets enrolments reach nobody.
    pub fn close(&mut self) {
        self.under_way.clear();
        enrol_at(None);
        for t in &mut self.tablets {
            t.end();
        }
        if let Some(service) = self.server.take() {
            server::bury(service);
        }
    }

    /// Lets one of a disk's next calls go wrong.
    pub(crate) fn plan_disk(&mut self, machine: Machine, fault: DiskFault) {
        let nth = self.chance.below(40);
        vfs::tell(machine, |disk| disk.plan(nth, fault));
    }
}

/// Room of every disk, in bytes.
pub const ROOM: u64 = 64 * 1024 * 1024;

/// Things that wait on a tablet.
pub(crate) fn waiting(app: &mbs_tablet::Tablet) -> u64 {
    let status = app.call(mbs_tablet::door::Call::Status);
    status.ok().and_then(|s| s.get("waiting").and_then(serde_json::Value::as_u64)).unwrap_or(0)
}
