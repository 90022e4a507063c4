//! The world: one heap of events, machines that act on them, and what goes wrong.

use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mbs_server::error::Fault as Refusal;
use mbs_server::routing::apply::Done;
use mbs_server::service::Service;
use mbs_shared::id::RequestId;
use mbs_tablet::ports::{HttpReply, HttpRequest};
use mbs_tablet::sync::{Effect, Event, Nudge};

use crate::chance::Chance;
use crate::clock::{MORNING, SimClock};
use crate::server::{self, SERVER, Work};
use crate::tablet::{Machinery, enrol_at};
use crate::tally::{Fault, Tally};
use crate::template::Template;
use crate::vfs::{self, Disk, DiskFault, Machine};

/// How long people work, in virtual ms.
pub const DAY: i64 = 20 * 60_000;
/// How long quiescence may take after that, in virtual ms: longer than any wait of the engine.
const PATIENCE: i64 = 5 * 60 * 60_000;
/// A push longer than this, in bytes, carries something.
const CARRIES: usize = 120;
/// Longest sleep of a tablet's driver, in ms.
const SLEEP: i64 = 60_000;

/// Something that is to happen.
#[derive(Debug)]
pub enum Happening {
    /// The engine of a tablet is stepped; counts only for that life and plan.
    Step(usize, u64),
    /// A muhtar does something.
    Muhtar(usize),
    /// A muhtar finishes a draft: photo, then `Gönder`.
    Finish(usize, RequestId, u64),
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
    /// Gone with a tablet that was set back to an older copy before the server had it.
    pub(crate) excused: bool,
}

/// What it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Words,
    Entry,
    Photo,
}

/// The world of one run.
pub struct World {
    pub(crate) time: Arc<AtomicI64>,
    heap: BinaryHeap<std::cmp::Reverse<(i64, u64)>>,
    waiting: BTreeMap<u64, Happening>,
    next: u64,
    pub(crate) chance: Chance,
    pub(crate) line: Chance,
    pub(crate) tablets: Vec<Machinery>,
    pub(crate) server: Option<Arc<Service>>,
    pub(crate) server_clock: Arc<SimClock>,
    server_life: u32,
    pub(crate) under_way: Vec<UnderWay>,
    write_planned: bool,
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
    pub(crate) tally: Tally,
    pub(crate) violations: Vec<String>,
    pub(crate) bad_line: u64,
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
        let time = Arc::new(AtomicI64::new(MORNING));
        let mut tablets = Vec::new();
        for (at, (disk, mandate)) in template.tablets.iter().enumerate() {
            let machine = u32::try_from(at).unwrap_or(0) + 1;
            vfs::insert(machine, disk.with_chance(chance.fork(&format!("disk {machine}"))));
            let own = chance.fork(&format!("tablet {machine}"));
            tablets.push(Machinery::new(machine, *mandate, SimClock::of(&time), own));
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
            tally: Tally::default(),
            violations: Vec::new(),
            bad_line,
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

    /// Steps so far.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
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
        for fault in Fault::PLANNED {
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
        self.heal();
        self.run_until_quiet();
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
                self.happen(happening, id);
                self.mind_the_power();
            }
        }
        self.time.fetch_max(end, Ordering::Relaxed);
    }

    /// The network and the disks are well again; everyone is there.
    fn heal(&mut self) {
        self.note(format_args!("all is well again"));
        self.calm = true;
        self.server_clock.set_off(0);
        for machine in 0..=u32::try_from(self.tablets.len()).unwrap_or(0) {
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
            let waits = |t: &Machinery| t.app.as_ref().is_none_or(|app| waiting(app) > 0);
            if self.tablets.iter().any(waits) || !self.under_way.is_empty() {
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
        }
    }

    /// Machines whose disk stopped at a call are off: their power goes, and they come back.
    fn mind_the_power(&mut self) {
        if self.server.is_some() && vfs::tell(SERVER, |disk| disk.is_off()) {
            self.note(format_args!("server stopped at a call"));
            self.tally.count(Fault::ServerCrashesAtCall);
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
        let calls = std::mem::take(&mut self.under_way);
        vfs::tell(SERVER, Disk::turn_off);
        for call in calls {
            if let UnderWay::Tablet { tablet, life, ticket, .. } = call {
                self.plan(200, Happening::Cut(tablet, life, ticket));
            }
        }
        if let Some(service) = self.server.take() {
            server::bury(service);
        }
        vfs::tell(SERVER, |disk| if power { disk.power_cut() } else { disk.process_died() });
        let by = if self.calm { 1_000 } else { self.chance.between(1_000, 40_000) };
        self.plan(by, Happening::StartServer);
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

    fn start_server(&mut self) {
        if self.server.is_some() {
            return;
        }
        self.server_life += 1;
        let chance = self.chance.fork(&format!("server life {}", self.server_life));
        match server::start(self.server_clock.clone(), chance) {
            Ok(service) => {
                self.note(format_args!("server starts"));
                self.server = Some(service);
            }
            Err(why) => {
                self.note(format_args!("server does not start"));
                let off = vfs::tell(SERVER, |disk| disk.is_off());
                let troubled = vfs::tell(SERVER, |disk| disk.troubles()) > 0;
                if !off && !troubled {
                    self.violated(format!("the server does not start: {why:#}"));
                }
                vfs::tell(SERVER, |disk| if off { disk.power_cut() } else { disk.process_died() });
                self.plan(2_000, Happening::StartServer);
            }
        }
    }

    fn start(&mut self, tablet: usize) {
        let Some(t) = self.tablets.get_mut(tablet) else { return };
        if t.app.is_some() {
            return;
        }
        match t.open() {
            Ok(()) => {
                self.note(format_args!("tablet {tablet} starts"));
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

    fn is_current(&self, tablet: usize, life: u32, ticket: u64) -> bool {
        self.tablets.get(tablet).is_some_and(|t| t.life == life && t.app.is_some() && t.flight == Some(ticket))
    }

    fn landed(&mut self, tablet: usize) {
        if let Some(t) = self.tablets.get_mut(tablet) {
            t.flight = None;
        }
    }

    fn step_later(&mut self, tablet: usize, by: i64) {
        let id = self.next;
        if let Some(t) = self.tablets.get_mut(tablet) {
            t.planned = id;
        }
        self.plan(by, Happening::Step(tablet, id));
    }

    /// Steps a tablet's engine and does what it says.
    pub(crate) fn step(&mut self, tablet: usize, event: Event) {
        let Some(t) = self.tablets.get(tablet) else { return };
        let Some(app) = &t.app else { return };
        if t.flight.is_some() && matches!(event, Event::Tick | Event::Nudge(_)) {
            // The driver waits for the answer, as the real one does.
            self.step_later(tablet, 1_000);
            return;
        }
        let now = t.clock.read();
        let effect = app.engine().step(now, event);
        let life = t.life;
        match effect {
            Effect::Http(request) => self.send(tablet, life, request),
            Effect::Wait(until) => self.step_later(tablet, (until - now).clamp(1, SLEEP)),
            Effect::Idle => self.step_later(tablet, SLEEP),
        }
    }

    fn send(&mut self, tablet: usize, life: u32, request: HttpRequest) {
        let ticket = request.ticket;
        if let Some(t) = self.tablets.get_mut(tablet) {
            t.flight = Some(ticket);
            t.carries = request.path == "/v1/sync" && request.body.len() > CARRIES;
        }
        let len = request.body.len();
        self.tally.reached("exchange", request.path.split('/').nth(2).unwrap_or_default());
        self.note(format_args!(
            "tablet {tablet} #{ticket} {:?} {} {len} B",
            request.method,
            request.path.get(..9).unwrap_or("")
        ));
        if len > mbs_shared::wire::sync::MAX_FRAME {
            self.violated(format!("tablet {tablet} sends a frame of {len} B"));
        }
        self.go_up(tablet, life, request);
    }

    fn arrive(&mut self, tablet: usize, life: u32, request: HttpRequest, bytes: usize) {
        let ticket = request.ticket;
        // What the server says to a message that broke off finds no connection to travel by.
        let tablet = if bytes < request.body.len() { usize::MAX } else { tablet };
        let Some(service) = self.server.clone() else {
            self.tally.count(Fault::ServerAway);
            self.plan(100, Happening::Cut(tablet, life, ticket));
            return;
        };
        let mut work: Work<HttpReply> = Box::pin(server::answer(service, request, bytes));
        match server::poll(&mut work) {
            Some(reply) => self.answered(tablet, life, ticket, reply),
            None => self.under_way.push(UnderWay::Tablet { tablet, life, ticket, work }),
        }
        self.write_soon();
    }

    pub(crate) fn write_soon(&mut self) {
        if !self.write_planned && !self.under_way.is_empty() {
            self.write_planned = true;
            let by = self.chance.between(1, 25);
            self.plan(by, Happening::Write);
        }
    }

    /// Goes on with everything that waited for the writer.
    fn go_on(&mut self) {
        for mut call in std::mem::take(&mut self.under_way) {
            match &mut call {
                UnderWay::Tablet { tablet, life, ticket, work } => {
                    if let Some(reply) = server::poll(work) {
                        let (tablet, life, ticket) = (*tablet, *life, *ticket);
                        self.answered(tablet, life, ticket, reply);
                        continue;
                    }
                }
                UnderWay::Desk { request, work } => {
                    if let Some(done) = server::poll(work) {
                        let request = *request;
                        self.desk_done(request, done);
                        continue;
                    }
                }
                UnderWay::Other { work } => {
                    if server::poll(work).is_some() {
                        continue;
                    }
                }
            }
            self.under_way.push(call);
        }
        self.write_soon();
    }

    fn answered(&mut self, tablet: usize, life: u32, ticket: u64, reply: HttpReply) {
        if vfs::tell(SERVER, |disk| disk.is_off()) {
            // The machine stopped while it worked on this: nothing leaves any more.
            self.plan(200, Happening::Cut(tablet, life, ticket));
            return;
        }
        self.note(format_args!("server answers tablet {tablet} #{ticket} {}", reply.status));
        if reply.status == 500 && vfs::tell(SERVER, |disk| disk.troubles()) == 0 {
            let said = String::from_utf8_lossy(&reply.body).into_owned();
            self.violated(format!("the server failed with a sound disk: {said}"));
        }
        self.go_down(tablet, life, ticket, reply);
    }

    fn replied(&mut self, tablet: usize, life: u32, ticket: u64, reply: HttpReply) {
        let Some(t) = self.tablets.get(tablet) else { return };
        if t.app.is_none() || (t.flight.is_some() && t.flight != Some(ticket)) {
            // A driver reads one answer at a time; what comes meanwhile is gone with its connection.
            return;
        }
        // An answer to an earlier life under the same number reaches the engine: it must see through it.
        let _ = life;
        let current = t.flight == Some(ticket);
        self.note(format_args!("tablet {tablet} #{ticket} answered {}", reply.status));
        if current {
            self.landed(tablet);
            if let Some(t) = self.tablets.get_mut(tablet).filter(|t| t.carries && reply.status == 200) {
                let [now, _] = &mut t.answers;
                *now = Some(reply.clone());
            }
        }
        self.step(tablet, Event::Reply(ticket, reply));
    }

    fn tick(&mut self) {
        if let Some(service) = self.server.clone() {
            let now = self.server_clock.read();
            self.under_way.push(UnderWay::Other {
                work: Box::pin(async move {
                    // A failure is tried again a minute later.
                    let _ = service.tick(now).await;
                }),
            });
            self.go_on();
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
