//! The line: what becomes of each message. TLS stands around it, so a damaged message ends where the
//! damage is, and nothing of it is believed from there on.

use mbs_tablet::ports::{HttpReply, HttpRequest, Method};

use crate::tally::Fault;
use crate::world::{Happening, World};

/// Answers of what may stand between: a portal, a proxy, a firewall.
const STRANGERS: [(u16, &str); 6] = [
    (200, "<html>Ücretsiz internet için giriş yapın</html>"),
    (403, "<html>Forbidden</html>"),
    (404, "<html>Not Found</html>"),
    (413, "<html>Request Entity Too Large</html>"),
    (502, "<html>Bad Gateway</html>"),
    (503, "<html>Service Unavailable</html>"),
];

impl World {
    fn latency(&mut self) -> i64 {
        if !self.calm && self.line.happens(30) {
            self.tally.count(Fault::Slow);
            return self.line.between(5_000, 60_000);
        }
        self.line.between(5, 400)
    }

    /// A request leaves a tablet.
    pub(crate) fn go_up(&mut self, tablet: usize, life: u32, mut request: HttpRequest) {
        let whole_photo = request.method == Method::Put && !request.path.ends_with("/thumb");
        if !self.calm && whole_photo && self.line.happens(60) {
            let at = self.line.below(request.body.len() as u64);
            if let Some(byte) = request.body.get_mut(usize::try_from(at).unwrap_or(0)) {
                *byte ^= 1;
                self.tally.count(Fault::PhotoDamaged);
            }
        }
        let (ticket, len) = (request.ticket, request.body.len());
        let by = self.latency();
        let earlier = self.tablets.get_mut(tablet).filter(|t| t.carries).and_then(|t| t.answers.last_mut()?.take());
        if let Some(reply) = earlier.filter(|_| !self.calm && self.line.happens(700)) {
            self.tally.count(Fault::EarlierAnswer);
            self.plan(by, Happening::Reply(tablet, life, ticket, reply));
            return;
        }
        if self.calm || !self.line.happens(self.bad_line) {
            self.plan(by, Happening::Arrive(tablet, life, Box::new(request), len));
            return;
        }
        let part = usize::try_from(self.line.below(len as u64 + 1)).unwrap_or(0);
        match self.line.below(8) {
            0 | 1 => {
                self.tally.count(Fault::CutUp);
                // Of a photo what came is kept; of anything else the server hears nothing it could use.
                if request.method == Method::Put && self.line.happens(700) {
                    self.plan(by, Happening::Arrive(tablet, life, Box::new(request), part.min(len.saturating_sub(1))));
                }
                self.plan(by + 50, Happening::Cut(tablet, life, ticket));
            }
            2 => {
                self.tally.count(Fault::Corrupted);
                self.plan(by, Happening::Arrive(tablet, life, Box::new(request), part.min(len.saturating_sub(1))));
                self.plan(by + 50, Happening::Cut(tablet, life, ticket));
            }
            3 => {
                self.tally.count(Fault::Late);
                let late = self.line.between(1_000, 180_000);
                self.plan(by, Happening::Cut(tablet, life, ticket));
                self.plan(by + late, Happening::Arrive(tablet, life, Box::new(request), len));
            }
            4 => {
                self.tally.count(Fault::Stranger);
                let (status, body) = self.line.one(&STRANGERS).copied().unwrap_or((502, ""));
                let reply = HttpReply { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
                self.plan(by, Happening::Reply(tablet, life, ticket, reply));
            }
            5 => {
                self.plan(by, Happening::Cut(tablet, life, ticket));
                self.overtaken.push((tablet, Happening::Arrive(tablet, life, Box::new(request), len)));
            }
            _ => {
                self.tally.count(Fault::DoubledUp);
                let later = self.line.between(0, 30_000);
                self.plan(by, Happening::Arrive(tablet, life, Box::new(request.clone()), len));
                self.plan(by + later, Happening::Arrive(tablet, life, Box::new(request), len));
            }
        }
    }

    /// An answer leaves the server.
    pub(crate) fn go_down(&mut self, tablet: usize, life: u32, ticket: u64, reply: HttpReply) {
        let by = self.latency();
        if self.calm || !self.line.happens(self.bad_line) {
            self.plan(by, Happening::Reply(tablet, life, ticket, reply));
            return;
        }
        match self.line.below(6) {
            0 | 1 => {
                self.tally.count(Fault::CutDown);
                self.plan(by, Happening::Cut(tablet, life, ticket));
            }
            2 => {
                self.tally.count(Fault::Corrupted);
                self.plan(by, Happening::Cut(tablet, life, ticket));
            }
            3 => {
                self.tally.count(Fault::Late);
                let late = self.line.between(1_000, 120_000);
                self.plan(by, Happening::Cut(tablet, life, ticket));
                self.plan(by + late, Happening::Reply(tablet, life, ticket, reply));
            }
            4 => {
                self.plan(by, Happening::Cut(tablet, life, ticket));
                self.overtaken.push((tablet, Happening::Reply(tablet, life, ticket, reply)));
            }
            _ => {
                self.tally.count(Fault::DoubledDown);
                self.plan(by, Happening::Reply(tablet, life, ticket, reply.clone()));
                self.plan(by + 100, Happening::Reply(tablet, life, ticket, reply));
            }
        }
    }

    /// A message of this tablet arrived: those it overtook come behind it.
    pub(crate) fn let_follow(&mut self, tablet: usize, up: bool) {
        let is_due = |(of, held): &(usize, Happening)| *of == tablet && matches!(held, Happening::Arrive(..)) == up;
        let due: Vec<_> = self.overtaken.extract_if(.., |held| is_due(held)).collect();
        for (_, held) in due {
            self.tally.count(Fault::Overtaken);
            self.plan(1, held);
        }
    }
}
