//! What drives the tablets' engines and the server, in place of threads and sockets.

use mbs_shared::wire::decode;
use mbs_shared::wire::sync::{ItemResult, SyncReply};
use mbs_tablet::ports::{HttpReply, HttpRequest};
use mbs_tablet::sync::{Effect, Event};

use crate::server::{self, SERVER, Work};
use crate::tally::Fault;
use crate::vfs;
use crate::world::{Happening, UnderWay, World};

/// A push longer than this, in bytes, carries something.
const CARRIES: usize = 120;
/// Exchanges within which a tablet joins.
const JOINING: u32 = 4;
/// Longest sleep of a tablet's driver, in ms.
const SLEEP: i64 = 60_000;

impl World {
    pub(crate) fn is_current(&self, tablet: usize, life: u32, ticket: u64) -> bool {
        self.tablets.get(tablet).is_some_and(|t| t.life == life && t.app.is_some() && t.flight == Some(ticket))
    }

    pub(crate) fn landed(&mut self, tablet: usize) {
        if let Some(t) = self.tablets.get_mut(tablet) {
            t.flight = None;
        }
    }

    pub(crate) fn step_later(&mut self, tablet: usize, by: i64) {
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
            t.syncs = request.path == "/v1/sync";
            t.carries = t.syncs && request.body.len() > CARRIES;
        }
        let len = request.body.len();
        let exchange = request.path.split('/').nth(2).unwrap_or_default();
        self.tally.reached("exchange", exchange);
        // One that pushed before it had everything joins in that way; any other was healed.
        if exchange == "reconcile" && self.tablets.get(tablet).is_some_and(|t| t.heard.0 > JOINING) {
            self.tally.reached("tablet", "compared whole");
        }
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

    pub(crate) fn arrive(&mut self, tablet: usize, life: u32, request: HttpRequest, bytes: usize) {
        let ticket = request.ticket;
        self.let_follow(tablet, true);
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
    pub(crate) fn go_on(&mut self) {
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
        if reply.status == 500 && server::disks_are_sound() {
            let said = String::from_utf8_lossy(&reply.body).into_owned();
            self.violated(format!("the server failed with a sound disk: {said}"));
        }
        self.go_down(tablet, life, ticket, reply);
    }

    pub(crate) fn replied(&mut self, tablet: usize, life: u32, ticket: u64, reply: HttpReply) {
        self.let_follow(tablet, false);
        let Some(t) = self.tablets.get(tablet) else { return };
        if t.app.is_none() || (t.flight.is_some() && t.flight != Some(ticket)) {
            // A driver reads one answer at a time; what comes meanwhile is gone with its connection.
            return;
        }
        // An answer to an earlier life under the same number reaches the engine: it must see through it.
        let _ = life;
        let current = t.flight == Some(ticket);
        self.note(format_args!("tablet {tablet} #{ticket} answered {}", reply.status));
        let now = self.now();
        if current {
            self.landed(tablet);
            if let Some(t) = self.tablets.get_mut(tablet).filter(|_| reply.status == 200) {
                t.heard = (t.heard.0 + u32::from(t.syncs), now);
            }
            self.look_for_forks(tablet, &reply);
            if let Some(t) = self.tablets.get_mut(tablet).filter(|t| t.carries && reply.status == 200) {
                let [now, _] = &mut t.answers;
                *now = Some(reply.clone());
            }
        }
        self.step(tablet, Event::Reply(ticket, reply));
    }

    /// Every start of a tablet has an actor of its own, copies' too: nothing forks, although a fork would be healed.
    fn look_for_forks(&mut self, tablet: usize, reply: &HttpReply) {
        let carries = self.tablets.get(tablet).is_some_and(|t| t.carries);
        if carries
            && reply.status == 200
            && decode::<SyncReply>(&reply.body).is_ok_and(|said| said.results.contains(&ItemResult::Fork))
        {
            self.violated(format!("tablet {tablet} made two changes with one number"));
        }
    }

    pub(crate) fn tick(&mut self) {
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
}
