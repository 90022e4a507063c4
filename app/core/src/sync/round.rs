//! When: one request at a time, at once after success, further and further apart after failures.
//!
//! `step(now, event) -> effect`. Knows no clock, no socket, no thread. Times are the tablet's wall
//! clock; should it jump, no planned time may lie further away than the longest wait.

use mbs_shared::id::{BlobHash, RequestId, SessionId};
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::error::{Code as WireCode, Envelope};
use mbs_shared::wire::events::News;
use mbs_shared::wire::reconcile::ReconcileReply;
use mbs_shared::wire::revocation::SignedRevocation;
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{MAX_ITEMS, SyncReply};
use mbs_shared::wire::{self, MEDIA_TYPE};

use super::blob::{Certain, Put};
use super::exchange::{self, Pushed};
use super::intake::refuse_own;
use super::plan::Line;
use super::reconcile::Reconcile;
use super::snapshot::Snapshot;
use super::{Effect, Event, Nudge, blob, receipt};
use crate::Summary;
use crate::error::{Code, Result, fail};
use crate::ports::{HttpReply, HttpRequest, Method, Random, random};
use crate::store::settings::{self, Identity};
use crate::store::{Store, cursor, outbox, quarantine, requests};

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
    Receipt(RequestId),
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
    /// Receipts asked for in this process.
    receipts: Vec<RequestId>,
    noted: i64,
    /// Whether the line's bytes are paid for, as the platform says; `None`: it does not.
    pub(crate) metered: Option<bool>,
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
            receipts: Vec::new(),
            noted: 0,
            metered: None,
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
            store.mend(&error);
            self.fail(store, now);
            Effect::Wait(self.not_before)
        })
    }

    /// A clock that was set back must not leave us waiting for years.
    fn mind_the_clock(&mut self, now: i64) {
        self.not_before = self.not_before.min(now + LONGEST_WAIT);
        self.hold = self.hold.min(now + LONGEST_HOLD);
        self.poll = self.poll.min(now + self.pause());
    }

    /// Time between polls.
    const fn pause(&self) -> i64 {
        if self.listening { RARE_POLL } else { POLL }
    }

    /// A reason to act before the planned time.
    pub(crate) fn nudged(&mut self, store: &mut Store, now: i64, nudge: Nudge) {
        match nudge {
            Nudge::Now => {
                (self.failures, self.not_before, self.hold) = (0, 0, 0);
                let _ = store.write(outbox::hurry);
                self.poll = now;
            }
            Nudge::Connectivity => {
                (self.failures, self.not_before) = (0, 0);
                self.poll = now;
            }
            Nudge::Work => self.poll = now,
            // Its first event tells whether there is something to fetch; what waits here may go.
            Nudge::Listening => {
                (self.failures, self.not_before) = (0, 0);
                self.listening = true;
            }
            Nudge::News(news) => self.news = Some(news),
            // All tablets of a server that restarts become deaf at once: they do not poll at once.
            Nudge::Deaf => {
                self.listening = false;
                self.poll = self.poll.min(now + self.jittered(store, POLL));
            }
        }
    }

    /// Polls when the last wake-up tells of something that has not been taken. Asked between exchanges: the
    /// one under way may bring it.
    fn heed_news(&mut self, store: &Store, now: i64) -> Result<()> {
        if let Some(news) = self.news.take()
            && news.concerns(cursor::get(store.read())?)
        {
            self.poll = now;
        }
        Ok(())
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
            let (frame, pushed) = store.write(|c| exchange::build(c, session, now, &line, texts))?;
            let request = post("/v1/sync", wire::encode(&frame), 1024 * 1024);
            return Ok(self.send(&identity, now, request, Kind::Sync(pushed)));
        }
        if let Some((request, put)) = blob::build(store.read(), &self.certain, &self.line, now)? {
            return Ok(self.send(&identity, now, request, Kind::Put(put)));
        }
        if let Some((request, hash)) = blob::fetch(store.read(), &self.asked)? {
            self.asked.push(hash);
            return Ok(self.send(&identity, now, request, Kind::Fetch(hash)));
        }
        if let Some((request, id)) = receipt::fetch(store.read(), &self.receipts)? {
            self.receipts.push(id);
            return Ok(self.send(&identity, now, request, Kind::Receipt(id)));
        }
        let later = outbox::next_later(store.read(), now)?.unwrap_or(i64::MAX);
        Ok(Effect::Wait(self.poll.min(later)))
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
            Kind::Put(put) => {
                self.line.slice_cut();
                self.certain.cut(put.hash());
            }
            Kind::Fetch(hash) => self.asked.retain(|h| *h != hash),
            Kind::Receipt(id) => self.receipts.retain(|r| *r != id),
        }
        self.fail(store, now);
    }

    /// Exponential, with jitter.
    fn fail(&mut self, store: &Store, now: i64) {
        self.online = false;
        self.summary.cut = true;
        let wait = (FIRST_WAIT << self.failures.min(16)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + self.jittered(store, wait);
    }

    fn replied(&mut self, store: &mut Store, now: i64, flight: Flight, reply: &HttpReply, fresh: [u8; 8]) {
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
                (self.online, self.contact) = (true, now);
                (self.failures, self.not_before, self.hold) = (0, 0, 0);
            }
            Err(error) => {
                store.mend(&error);
                self.fail(store, now);
            }
        }
    }

    /// Answers that are about the tablet, the version or the server, not about what was sent.
    fn refused_as_a_whole(&mut self, store: &mut Store, now: i64, flight: &Flight, reply: &HttpReply) -> Result<bool> {
        let code = serde_json::from_slice::<Envelope>(&reply.body).ok().map(|e| e.code);
        if code.is_none() && is_a_strangers(&flight.kind, reply) {
            // Something between has answered: nothing that was sent was judged.
            if let (413, Kind::Sync(pushed)) = (reply.status, &flight.kind) {
                self.line.frame_refused(pushed.len());
            }
            if let Kind::Put(put) = &flight.kind {
                self.certain.cut(put.hash());
            }
            self.fail(store, now);
            return Ok(true);
        }
        if code == Some(WireCode::Revoked) && !matches!(flight.kind, Kind::Sync(_)) {
            // The proof comes with the next poll; until then nothing is believed.
            (self.snapshot, self.reconcile, self.poll) = (None, None, now);
            return Ok(true);
        }
        let closed = match (reply.status, code) {
            // Only a signed revocation may close a tablet: whatever this says, everything is kept.
            (401 | 403, Some(WireCode::UnknownDevice | WireCode::Revoked)) | (401, _) => Some(Closed::Unknown),
            (426, Some(WireCode::AppTooNew)) | (_, Some(WireCode::AppTooNew)) => Some(Closed::ServerTooOld),
            (426, _) | (_, Some(WireCode::AppTooOld)) => Some(Closed::AppTooOld),
            _ => None,
        };
        if let Some(closed) = closed {
            store.write(|c| settings::set_number(c, settings::CLOSED, closed as i64))?;
            self.fail(store, now);
            self.not_before = 0;
            self.hold = now + CLOSED_WAIT;
            return Ok(true);
        }
        match reply.status {
            200..=299 => {
                if settings::number(store.read(), settings::CLOSED)? != 0 {
                    store.write(|c| settings::set_number(c, settings::CLOSED, 0))?;
                }
                Ok(false)
            }
            429 | 503 => {
                self.fail(store, now);
                let seconds = reply.header("retry-after").and_then(|v| v.trim().parse::<i64>().ok()).unwrap_or(0);
                self.hold = now + seconds.clamp(0, LONGEST_HOLD / 1_000) * 1_000;
                Ok(true)
            }
            // About this one photo or this very frame.
            400..=499 => match &flight.kind {
                Kind::Sync(pushed) => {
                    self.frame_refused(store, now, pushed, reply.status, code)?;
                    Ok(true)
                }
                Kind::Put(_) | Kind::Fetch(_) | Kind::Receipt(_) => Ok(false),
                // A server from before this exchange: everything comes whole.
                Kind::Reconcile if reply.status == 404 => {
                    self.reconcile = None;
                    self.snapshot = Some(Snapshot::default());
                    Ok(true)
                }
                Kind::Snapshot | Kind::Reconcile => {
                    self.fail(store, now);
                    Ok(true)
                }
            },
            _ => {
                match &flight.kind {
                    Kind::Sync(pushed) if !pushed.is_empty() => self.line.frame_refused(pushed.len()),
                    Kind::Put(put) => {
                        // Another photo may fare better.
                        let key = put.key();
                        store.write(|c| outbox::put_off(c, outbox::What::Photo, &key, now + LONGEST_WAIT))?;
                    }
                    _ => {}
                }
                self.fail(store, now);
                Ok(true)
            }
        }
    }

    /// A frame refused whole: fewer items, until the one to blame stands alone; that one goes to quarantine.
    fn frame_refused(
        &mut self,
        store: &mut Store,
        now: i64,
        pushed: &[Pushed],
        status: u16,
        code: Option<WireCode>,
    ) -> Result<()> {
        match pushed {
            [] => self.fail(store, now),
            [one] => {
                let reason = code.map_or_else(|| format!("http_{status}"), super::intake::name);
                store.write(|c| refuse_own(c, one.what, &one.key, &reason, now))?;
            }
            more => self.line.frame_refused(more.len()),
        }
        Ok(())
    }

    fn take(&mut self, store: &mut Store, now: i64, flight: Flight, reply: &HttpReply, fresh: [u8; 8]) -> Result<()> {
        match flight.kind {
            Kind::Sync(pushed) => self.take_sync(store, now, &pushed, reply, fresh),
            Kind::Snapshot => {
                let page: SnapshotPage =
                    wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
                let mut snapshot = self.snapshot.unwrap_or_default();
                let (rows, last) = store.write(|c| snapshot.take(c, &page, now))?;
                self.summary.pulled += rows;
                self.snapshot = if last { None } else { Some(snapshot) };
                self.line.page_passed();
                if last {
                    self.poll = now;
                }
                Ok(())
            }
            Kind::Reconcile => {
                let page: ReconcileReply =
                    wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
                let mut reconcile = self.reconcile.unwrap_or_default();
                let taken = store.write(|c| {
                    let taken = reconcile.take(c, &page, now)?;
                    if taken.last {
                        settings::set_number(c, settings::RECONCILED, now)?;
                    }
                    Ok(taken)
                })?;
                self.summary.pulled += taken.rows;
                self.reconcile = if taken.last { None } else { Some(reconcile) };
                self.line.page_passed();
                if taken.last {
                    self.poll = now;
                }
                Ok(())
            }
            Kind::Put(put) => {
                let epoch = cursor::get(store.read())?.epoch;
                let certain = &mut self.certain;
                if store.write(|c| blob::take(c, &put, reply, certain, epoch, now))? {
                    self.summary.photos += 1;
                }
                self.line.slice_passed();
                Ok(())
            }
            Kind::Fetch(hash) => store.write(|c| blob::take_fetched(c, hash, reply)),
            Kind::Receipt(id) => match settings::identity(store.read())? {
                Some(identity) => store.write(|c| receipt::take(c, &identity, id, reply)),
                None => Ok(()),
            },
        }
    }

    fn take_sync(
        &mut self,
        store: &mut Store,
        now: i64,
        pushed: &[Pushed],
        reply: &HttpReply,
        fresh: [u8; 8],
    ) -> Result<()> {
        let reply: SyncReply = wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
        if reply.session != self.session && !sabotaged("session-not-checked") {
            // To an earlier process start: its results are not ours.
            return Err(fail(Code::Protocol, "a reply to another session"));
        }
        if reply.results.len() != pushed.len() {
            return Err(fail(Code::Protocol, "results and items differ in number"));
        }
        let known = cursor::get(store.read())?;
        let snapshot = reply.snapshot || (known.epoch != 0 && reply.cursor.epoch != known.epoch);
        let reply = SyncReply { snapshot, ..reply };
        let identity = settings::identity(store.read())?.ok_or_else(|| fail(Code::NotEnrolled, ""))?;
        if let Some(revocation) = &reply.revocation {
            return self.revoked(store, now, pushed, revocation, &identity);
        }
        let twin = i64::from(reply.twin == Some(true));
        let told = reply.made.is_some() || twin != settings::number(store.read(), settings::TWIN)?;
        let nothing = pushed.is_empty() && reply.rows.is_empty() && reply.cursor == known && !snapshot && !told;
        if !nothing || (now - self.noted).abs() > NOTE {
            self.noted = now;
            let taken = store.write(|c| {
                let taken = exchange::take(c, pushed, &reply, identity.device, fresh, now)?;
                settings::set_number(c, settings::LAST_CONTACT, now)?;
                settings::set_number(c, settings::TWIN, twin)?;
                // Put back from a copy: counts that were given are not given again.
                let made = settings::number(c, settings::MADE)?.max(reply.made.map_or(0, i64::from));
                settings::set_number(c, settings::MADE, made)?;
                settings::set_number(c, settings::CLOCK_OFF, now - reply.now)?;
                Ok(taken)
            })?;
            self.summary.pushed += taken.pushed;
            self.summary.pulled += taken.pulled;
            self.forked |= taken.forked;
        }
        self.line.page_passed();
        self.more = reply.more && !snapshot;
        self.poll = now + self.pause();
        self.compare(store, now, nothing, reply.differs == Some(true))?;
        if snapshot {
            // A server that asks for it again and again is not followed at once.
            self.snapshots += 1;
            if requests::accepted_after(store.read(), None, 1)?.is_empty() {
                self.snapshot = Some(Snapshot::default());
            } else {
                self.reconcile = Some(Reconcile::default());
            }
            if self.snapshots > 2 {
                return Err(fail(Code::Protocol, "a snapshot is wanted again and again"));
            }
        } else {
            self.snapshots = 0;
        }
        Ok(())
    }
}

impl Round {
    /// The server says that this tablet is revoked. Believed only with its signature: then what was pushed lies in
    /// the server's quarantine, and when all words are handed over the tablet closes. Otherwise everything stays.
    fn revoked(
        &mut self,
        store: &mut Store,
        now: i64,
        pushed: &[Pushed],
        revocation: &SignedRevocation,
        identity: &Identity,
    ) -> Result<()> {
        let proven = revocation.proven(&identity.server_keys, identity.device).is_some();
        store.write(|c| {
            if !proven {
                return settings::set_number(c, settings::CLOSED, Closed::Unknown as i64);
            }
            for item in pushed {
                refuse_own(c, item.what, &item.key, quarantine::REVOKED, now)?;
            }
            outbox::hurry(c)?;
            if outbox::texts(c, now, 1)?.is_empty() {
                // Photos cannot be handed over: they stay here, to be read and exported.
                for item in outbox::all(c)? {
                    refuse_own(c, item.what, &item.key, quarantine::REVOKED, now)?;
                }
                settings::set_number(c, settings::CLOSED, Closed::Revoked as i64)?;
            }
            Ok(())
        })?;
        (self.more, self.poll) = (false, now);
        if proven {
            return Ok(());
        }
        self.hold = now + CLOSED_WAIT;
        Err(fail(Code::Protocol, "a revocation without our server's signature"))
    }

    /// Compares tablet and server whole where a poll gives reason to: their digests differed twice, or a week
    /// went by.
    fn compare(&mut self, store: &mut Store, now: i64, nothing: bool, differs: bool) -> Result<()> {
        self.differed = if differs { self.differed.saturating_add(1) } else { 0 };
        if !nothing || self.more {
            return Ok(());
        }
        let last = settings::number(store.read(), settings::RECONCILED)?;
        if last == 0 {
            return store.write(|c| settings::set_number(c, settings::RECONCILED, now));
        }
        if (now - last).abs() > WEEK {
            self.reconcile = Some(Reconcile::default());
        }
        if self.differed == 0 || (now - settings::number(store.read(), settings::COMPARED)?).abs() <= COMPARED {
            return Ok(());
        }
        if self.differed == 1 {
            // Once more, at once: so a tablet that is opened for a minute finds out too.
            self.poll = now;
            return Ok(());
        }
        self.differed = 0;
        self.reconcile = Some(Reconcile::default());
        store.write(|c| settings::set_number(c, settings::COMPARED, now))
    }
}

fn post(path: &str, body: Vec<u8>, cap: usize) -> HttpRequest {
    HttpRequest {
        ticket: 0,
        method: Method::Post,
        path: path.into(),
        query: Vec::new(),
        headers: vec![("content-type", MEDIA_TYPE.into())],
        body,
        cap,
    }
}

fn snapshot_request(snapshot: &Snapshot, line: &Line) -> HttpRequest {
    let mut query = vec![("page", line.page.to_string())];
    query.extend(snapshot.after.map(|after| ("after", after.to_string())));
    HttpRequest {
        ticket: 0,
        method: Method::Get,
        path: "/v1/snapshot".into(),
        query,
        headers: Vec::new(),
        body: Vec::new(),
        // Whole requests: the last one of a page may reach past it.
        cap: 8 * 1024 * 1024,
    }
}

/// Whether an answer without our envelope comes from a portal, a proxy or a firewall on the way.
fn is_a_strangers(kind: &Kind, reply: &HttpReply) -> bool {
    // A photo's resume point comes with other statuses than 200 too.
    let resume_point = || matches!(kind, Kind::Put(_)) && wire::decode::<BlobStatus>(&reply.body).is_ok();
    match reply.status {
        200..=299 => matches!(kind, Kind::Put(_)) && !resume_point(),
        // Its wish to be left alone is honoured whoever says so.
        429 | 500.. => false,
        _ => !resume_point(),
    }
}
