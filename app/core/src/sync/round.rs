//! When: one request at a time, at once after success, further and further apart after failures.
//!
//! `step(now, event) -> effect`. Knows no clock, no socket, no thread. Times are the tablet's wall
//! clock; should it jump, no planned time may lie further away than the longest wait.

use mbs_shared::id::{BlobHash, RequestId, SessionId};
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire;
use mbs_shared::wire::events::News;
use mbs_shared::wire::sync::{About, MAX_ITEMS};

mod ask;
mod nudged;
mod refused;
mod taken;

use ask::{about, snapshot_request};
pub(super) use ask::{get, post};

use super::blob::{Certain, Put};
use super::download::{Download, Slice};
use super::exchange::{self, Pushed};
use super::plan::Line;
use super::rebuild::rebuild_rescued;
use super::reconcile::Reconcile;
use super::snapshot::Snapshot;
use super::{Effect, Event, allowance, announcements, blob, courier, map, nearby, receipt, units};
use crate::Summary;
use crate::door::CallError;
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest, Random, random};
use crate::store::open::Mended;
use crate::store::settings::{self, Identity};
use crate::store::{PHOTO_NEEDS, Store, carried, outbox};

/// Time between polls when nothing happens and nobody wakes us, in ms.
pub const POLL: i64 = 30_000;
/// The same while the server's wake-ups are heard, in ms: for the digest, and should a wake-up be lost.
pub const RARE_POLL: i64 = 10 * 60_000;
/// First wait after a failure, in ms; doubled each time.
pub const FIRST_WAIT: i64 = 2_000;
/// Longest wait after failures, in ms.
pub const LONGEST_WAIT: i64 = 5 * 60_000;
/// Longest time a server is left alone when it wishes so, in ms.
pub const LONGEST_HOLD: i64 = 60 * 60_000;
/// Time between tries when the server does not know this tablet or is of another version, in ms.
const CLOSED_WAIT: i64 = 60 * 60_000;
/// A request without an answer for so long was lost with whoever carried it, in ms.
const LOST: i64 = 150_000;
/// The time of the last contact is written down this often when nothing else is, in ms.
const NOTE: i64 = 10 * 60_000;

/// Server and tablet are compared whole this often, whatever their digests say, in ms.
const WEEK: i64 = 7 * 24 * 60 * 60_000;
/// After a comparison because digests differed the next one for that reason comes this much later, in ms.
const COMPARED: i64 = 6 * 60 * 60_000;

/// Why nothing goes any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The server does not know this tablet.
    Unknown = 1,
    /// The app is too old.
    AppTooOld = 2,
    /// The server is too old.
    ServerTooOld = 3,
    /// Revoked, and the server proved it: nothing goes any more until it is enrolled anew.
    Revoked = 4,
}

#[derive(Debug)]
enum Kind {
    Sync(Vec<Pushed>),
    Snapshot,
    Reconcile,
    Put(Put),
    Fetch(BlobHash),
    Download(Slice),
    Receipt(RequestId),
    Courier(i64),
    Nearby,
    Units,
    Map,
    Announcements,
    /// That these were read.
    Seen(Vec<i64>),
}

#[derive(Debug)]
struct Flight {
    ticket: u64,
    since: i64,
    kind: Kind,
}

/// The engine's state: nothing of it needs to survive the process.
#[derive(Debug)]
pub(crate) struct Round {
    session: SessionId,
    line: Line,
    ticket: u64,
    flight: Option<Flight>,
    failures: u32,
    not_before: i64,
    hold: i64,
    poll: i64,
    listening: bool,
    /// The last wake-up, until an exchange has taken what it tells of.
    news: Option<News>,
    more: bool,
    snapshot: Option<Snapshot>,
    snapshots: u32,
    reconcile: Option<Reconcile>,
    /// Polls in a row whose digests differed: one may be a poll that met a write.
    differed: u32,
    certain: Certain,
    asked: Vec<BlobHash>,
    pub(super) download: Download,
    /// Nothing was found to be fetched, and nothing has come in since: looking reads every request and photo.
    all_fetched: bool,
    /// Receipts asked for in this process.
    receipts: Vec<RequestId>,
    /// When neighbours' reports are looked for again.
    nearby: i64,
    /// How far announcements reach, as the server said last.
    announced: u64,
    /// The mark of units' names, as the server said beside the last rows, until they were asked for.
    units: Option<u32>,
    /// The mark of the map pack, in the same way.
    map: Option<u32>,
    /// Nothing of the map is to be fetched, and its mark has not changed since.
    map_fetched: bool,
    noted: i64,
    /// What the server was told of this tablet, and what goes with the exchange that is under way.
    told: Option<About>,
    telling: Option<About>,
    /// Whether the line's bytes are paid for, as the platform says; `None`: it does not.
    pub(crate) metered: Option<bool>,
    /// How full the battery is, percent, as the platform says; `None`: it does not.
    pub(crate) battery: Option<u8>,
    /// Bytes of photos that left over a paid line and are not written down yet.
    unpaid: usize,
    /// A person said that photos go all the same, until none waits or the line changes.
    all_the_same: bool,
    /// The last exchange worked.
    pub(crate) online: bool,
    /// When the server last answered well, Unix ms; 0: not in this process.
    pub(crate) contact: i64,
    /// What was done since the last look.
    pub(crate) summary: Summary,
    /// Set when another actor is needed for the next changes.
    pub(crate) forked: bool,
}

impl Round {
    pub(crate) fn new(random_source: &dyn Random) -> Self {
        Self {
            session: SessionId(random(random_source)),
            line: Line::default(),
            ticket: 0,
            flight: None,
            failures: 0,
            not_before: 0,
            hold: 0,
            poll: 0,
            listening: false,
            news: None,
            more: false,
            snapshot: None,
            snapshots: 0,
            reconcile: None,
            differed: 0,
            certain: Certain::default(),
            asked: Vec::new(),
            download: Download::default(),
            all_fetched: false,
            receipts: Vec::new(),
            nearby: 0,
            announced: 0,
            units: None,
            map: None,
            map_fetched: false,
            noted: 0,
            told: None,
            telling: None,
            metered: None,
            battery: None,
            unpaid: 0,
            all_the_same: false,
            online: false,
            contact: 0,
            summary: Summary::default(),
            forked: false,
        }
    }

    /// Whether a request is under way.
    pub(crate) fn busy(&self) -> bool {
        self.flight.is_some()
    }

    /// Whether this change or entry is under way.
    pub(crate) fn carries(&self, key: &[u8]) -> bool {
        match self.flight.as_ref().map(|f| &f.kind) {
            Some(Kind::Sync(pushed)) => pushed.iter().any(|p| p.key == key),
            Some(Kind::Put(put)) => put.hash().as_bytes() == key,
            _ => false,
        }
    }

    /// Whether words of this request are under way.
    pub(crate) fn carries_words_of(&self, request: RequestId) -> bool {
        matches!(self.flight.as_ref().map(|f| &f.kind), Some(Kind::Sync(p)) if p.iter().any(|p| p.request == request))
    }

    /// Time before which nothing is tried, when that lies ahead.
    pub(crate) fn next_try(&self, now: i64) -> Option<i64> {
        let gate = self.not_before.max(self.hold);
        Some(if gate > now { gate } else { self.poll }).filter(|t| *t > now)
    }

    pub(crate) fn step(&mut self, store: &mut Store, now: i64, event: Event, fresh: [u8; 8]) -> Effect {
        self.mind_the_clock(now);
        match event {
            Event::Tick => {}
            Event::Nudge(nudge) => self.nudged(store, now, nudge),
            Event::Reply(ticket, reply) => {
                if let Some(flight) = self.flight.take_if(|f| f.ticket == ticket) {
                    self.replied(store, now, flight, &reply, fresh);
                }
            }
            Event::Cut(ticket) => {
                if let Some(flight) = self.flight.take_if(|f| f.ticket == ticket) {
                    self.cut(store, now, flight.kind);
                }
            }
        }
        self.next(store, now).unwrap_or_else(|error| {
            // The store refuses: nothing is lost, but nothing can be taken in either.
            self.mend(store, now, &error);
            self.fail(store, now);
            Effect::Wait(self.not_before)
        })
    }

    /// The store refused. What was asked of the server for a database that is no more is asked anew.
    pub(crate) fn mend(&mut self, store: &mut Store, now: i64, error: &CallError) -> Mended {
        let mended = store.mend(error);
        if mended != Mended::Rescued {
            return mended;
        }
        (self.snapshot, self.reconcile, self.more, self.poll) = (None, None, false, now);
        (self.certain, self.all_fetched) = (Certain::default(), false);
        self.asked.clear();
        self.receipts.clear();
        // Should it not succeed it is done at the next start; what was rescued is there.
        let _ = rebuild_rescued(store, now);
        mended
    }

    /// A clock that was set back must not leave us waiting for years.
    fn mind_the_clock(&mut self, now: i64) {
        self.not_before = self.not_before.min(now + LONGEST_WAIT);
        self.hold = self.hold.min(now + LONGEST_HOLD);
        self.poll = self.poll.min(now + self.pause());
        self.nearby = self.nearby.min(now + LONGEST_HOLD);
    }

    /// Time between polls.
    const fn pause(&self) -> i64 {
        if self.listening { RARE_POLL } else { POLL }
    }

    /// Somebody has opened a photo whose full size is not here.
    pub(crate) fn want(&mut self, hash: BlobHash) {
        self.download.want(hash);
        self.all_fetched = false;
    }

    /// Parts of the map may be missing.
    pub(crate) const fn look_for_map(&mut self) {
        self.map_fetched = false;
    }

    /// What the platform says of the line. Leave to send photos all the same is for the line it was given on.
    pub(crate) fn on_line(&mut self, metered: Option<bool>) {
        self.all_the_same &= self.metered == metered;
        self.all_fetched &= self.metered == metered;
        self.metered = metered;
    }

    /// What is done from here on is counted anew, over a line of that kind.
    pub(crate) fn begin_apart(&mut self, metered: bool) {
        self.summary = Summary::default();
        self.on_line(Some(metered));
    }

    /// Bytes of full sizes that may go now.
    pub(crate) fn photo_bytes_left(&self, store: &Store, now: i64) -> Result<u32> {
        let paid = self.metered == Some(true) && !self.all_the_same;
        if paid { allowance::left(store.read(), now) } else { Ok(u32::MAX) }
    }

    /// Half of the wait is certain, the other half is drawn.
    fn jittered(&self, store: &Store, wait: i64) -> i64 {
        wait / 2 + i64::from(u32::from_le_bytes(random(&*store.ports.random))) % (wait / 2 + 1)
    }

    fn next(&mut self, store: &mut Store, now: i64) -> Result<Effect> {
        if let Some(flight) = self.flight.take_if(|f| now - f.since > LOST || f.since > now + LOST) {
            self.cut(store, now, flight.kind);
        }
        if let Some(flight) = &self.flight {
            return Ok(Effect::Wait(flight.since + LOST + 1));
        }
        let Some(identity) = settings::identity(store.read())?.filter(|i| !i.practice) else { return Ok(Effect::Idle) };
        if settings::number(store.read(), settings::CLOSED)? == Closed::Revoked as i64 {
            return Ok(Effect::Idle);
        }
        self.heed_news(store, now)?;
        let gate = self.not_before.max(self.hold);
        if gate > now {
            return Ok(Effect::Wait(gate));
        }
        if let Some(snapshot) = self.snapshot {
            return Ok(self.send(&identity, now, snapshot_request(&snapshot, &self.line), Kind::Snapshot));
        }
        if let Some(reconcile) = self.reconcile {
            let frame = wire::encode(&reconcile.ask(store.read(), &self.line)?);
            return Ok(self.send(&identity, now, post("/v1/reconcile", frame, 8 * 1024 * 1024), Kind::Reconcile));
        }
        let texts = outbox::texts(store.read(), now, MAX_ITEMS)?;
        if !texts.is_empty() || self.more || self.poll <= now {
            let session = self.session;
            let line = self.line;
            let (mut frame, pushed) = store.write(|c| exchange::build(c, session, now, &line, texts))?;
            self.telling = about(store.free(), self.battery, self.told.as_ref());
            frame.about.clone_from(&self.telling);
            let request = post("/v1/sync", wire::encode(&frame), 1024 * 1024);
            return Ok(self.send(&identity, now, request, Kind::Sync(pushed)));
        }
        if let Some(request) = announcements::ask(store.read(), self.announced)? {
            // Should it fail, nothing else is to suffer from it: the next exchange says it again.
            self.announced = 0;
            return Ok(self.send(&identity, now, request, Kind::Announcements));
        }
        // Taken out: should it fail, the next rows say it again.
        if let Some(mark) = self.units.take()
            && let Some(request) = units::ask(store.read(), mark)?
        {
            return Ok(self.send(&identity, now, request, Kind::Units));
        }
        if self.online
            && let Some((request, ids)) = announcements::tell(store.read())?
        {
            return Ok(self.send(&identity, now, request, Kind::Seen(ids)));
        }
        if let Some((request, slice)) = self.download.wanted(&self.line) {
            return Ok(self.send(&identity, now, request, Kind::Download(slice)));
        }
        if let Some((request, n)) = courier::build(store.read(), now)? {
            return Ok(self.send(&identity, now, request, Kind::Courier(n)));
        }
        let left = self.photo_bytes_left(store, now)?;
        self.certain.recall(store.read())?;
        if let Some((request, mut put)) = blob::build(store.read(), &self.certain, &self.line, left, now)? {
            put.paid = if self.metered == Some(true) { request.body.len() } else { 0 };
            return Ok(self.send(&identity, now, request, Kind::Put(put)));
        }
        self.all_the_same = false;
        if !self.all_fetched {
            if let Some((request, hash)) = blob::fetch(store.read(), &self.asked)? {
                self.asked.push(hash);
                return Ok(self.send(&identity, now, request, Kind::Fetch(hash)));
            }
            if let Some((request, id)) = receipt::fetch(store.read(), &self.receipts)? {
                self.receipts.push(id);
                return Ok(self.send(&identity, now, request, Kind::Receipt(id)));
            }
            // By themselves only where nobody pays for it, and where words will still find room.
            if self.metered != Some(true)
                && store.free() >= PHOTO_NEEDS
                && let Some((request, slice)) = self.download.next(store.read(), &self.line)?
            {
                return Ok(self.send(&identity, now, request, Kind::Download(slice)));
            }
            self.all_fetched = true;
        }
        if self.nearby <= now {
            self.nearby = nearby::next(store.read(), now)?;
            if self.nearby <= now {
                // Should it fail, nothing else is to suffer from it.
                self.nearby = now + LONGEST_HOLD;
                return Ok(self.send(&identity, now, nearby::ask(store.read())?, Kind::Nearby));
            }
        }
        // Last of all: nobody waits for it.
        if let Some(mark) = self.map.take()
            && let Some(request) = map::ask(store.read(), mark)?
        {
            return Ok(self.send(&identity, now, request, Kind::Map));
        }
        if !self.map_fetched && store.free() >= PHOTO_NEEDS {
            let left = self.photo_bytes_left(store, now)?;
            match self.download.map(store.read(), &self.line, left)? {
                Some((request, slice)) if left > 0 => {
                    return Ok(self.send(&identity, now, request, Kind::Download(slice)));
                }
                // It waits for Wi-Fi, or for tomorrow.
                Some(_) => {}
                None => self.map_fetched = true,
            }
        }
        let later = outbox::next_later(store.read(), now)?.unwrap_or(i64::MAX);
        let carried = carried::next_later(store.read(), now)?.unwrap_or(i64::MAX);
        Ok(Effect::Wait(self.poll.min(later).min(carried)))
    }

    fn send(&mut self, identity: &Identity, now: i64, mut request: HttpRequest, kind: Kind) -> Effect {
        self.ticket += 1;
        request.ticket = self.ticket;
        request.headers.push(("authorization", format!("Bearer {}", identity.token)));
        self.summary.bytes_up += request.body.len() as u64;
        self.flight = Some(Flight { ticket: self.ticket, since: now, kind });
        Effect::Http(request)
    }

    fn cut(&mut self, store: &Store, now: i64, kind: Kind) {
        match kind {
            Kind::Sync(pushed) => {
                if sabotaged("outbox-row-dropped-on-cut") {
                    let _ = pushed.iter().try_for_each(|p| outbox::done(store.read(), p.what, &p.key).map(drop));
                }
                self.line.page_cut();
            }
            Kind::Snapshot | Kind::Reconcile => self.line.page_cut(),
            Kind::Nearby | Kind::Units | Kind::Map | Kind::Announcements | Kind::Seen(_) => {}
            Kind::Put(put) => {
                self.unpaid += put.paid;
                self.line.slice_cut();
                self.certain.remember_cut(store.read(), put.hash());
            }
            Kind::Fetch(hash) => self.asked.retain(|h| *h != hash),
            Kind::Download(_) => self.line.slice_cut(),
            Kind::Receipt(id) => self.receipts.retain(|r| *r != id),
            // Our own photos go on meanwhile.
            Kind::Courier(n) => drop(carried::put_off(store.read(), n, now + courier::LATER)),
        }
        self.fail(store, now);
    }

    /// Exponential, with jitter.
    fn fail(&mut self, store: &Store, now: i64) {
        self.online = false;
        self.summary.cut = true;
        if self.unpaid > 0 && allowance::spend(store.read(), self.unpaid, now).is_ok() {
            self.unpaid = 0;
        }
        let wait = (FIRST_WAIT << self.failures.min(16)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + self.jittered(store, wait);
    }

    fn replied(&mut self, store: &mut Store, now: i64, flight: Flight, reply: &HttpReply, fresh: [u8; 8]) {
        match &flight.kind {
            Kind::Put(put) => self.unpaid += put.paid,
            Kind::Fetch(_) | Kind::Download(_) if self.metered == Some(true) && reply.status == 200 => {
                self.unpaid += reply.body.len();
            }
            _ => {}
        }
        self.summary.exchanges += 1;
        self.summary.bytes_down += reply.body.len() as u64;
        let refused = self.refused_as_a_whole(store, now, &flight, reply);
        let done = match refused {
            Ok(true) => return,
            Ok(false) => self.take(store, now, flight, reply, fresh),
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => {
                let _ = store.drop_copies(false);
                (self.online, self.contact) = (true, now);
                (self.failures, self.not_before, self.hold) = (0, 0, 0);
            }
            Err(error) => {
                self.mend(store, now, &error);
                self.fail(store, now);
            }
        }
    }
}
