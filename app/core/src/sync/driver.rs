//! A thread that steps the engine with real time and a real line. Thin: everything that is decided is
//! decided in [`super::round`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::{Effect, Event, Nudge};
use crate::Tablet;
use crate::ports::{Account, Cut, HttpReply, HttpRequest, Listening, Transport};

/// Longest sleep: a suspended tablet must notice soon that time has passed.
const LONGEST: Duration = Duration::from_secs(60);
/// How soon it is heard during a request that the network is another one, or that a person is waiting.
const GLANCE: Duration = Duration::from_millis(100);
/// A request that took so long is given up for a person who does not want to wait.
const SLOW: Duration = Duration::from_secs(5);

/// The running driver; dropping it stops the thread.
#[derive(Debug)]
pub struct Driver {
    wake: Sender<Nudge>,
    stop: Arc<AtomicBool>,
}

impl Driver {
    /// Starts driving `tablet`. `changed` is called from the driver's thread after each exchange,
    /// when screens should look again. Calls that queue something wake it from here on.
    #[must_use]
    pub fn start(tablet: &Arc<Tablet>, changed: impl Fn() + Send + 'static) -> Self {
        let (wake, asleep) = channel();
        tablet.wake_with(wake.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let mut drive = Drive {
            tablet: Arc::downgrade(tablet),
            line: None,
            listener: None,
            own: wake.clone(),
            asleep,
            heard: VecDeque::new(),
            stop: stop.clone(),
        };
        // Without a thread the tablet works on, and hosts can still step the engine themselves.
        let _ = std::thread::Builder::new().name("sync".into()).spawn(move || drive.run(&changed));
        Self { wake, stop }
    }

    /// Wakes it up.
    pub fn nudge(&self, nudge: Nudge) {
        let _ = self.wake.send(nudge);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.wake.send(Nudge::Work);
    }
}

struct Drive {
    /// Weak, and never held while waiting: the tablet closes when its host lets it go.
    tablet: Weak<Tablet>,
    line: Option<(String, Line)>,
    /// Hears the server's wake-ups for that account.
    listener: Option<(Account, Option<Box<dyn Listening>>)>,
    own: Sender<Nudge>,
    asleep: Receiver<Nudge>,
    /// What came while a request was under way.
    heard: VecDeque<Nudge>,
    stop: Arc<AtomicBool>,
}

/// A line in a thread of its own, so that a request on a dead one keeps nobody waiting: what is let go ends by itself.
struct Line {
    requests: Sender<HttpRequest>,
    replies: Receiver<Result<HttpReply, Cut>>,
}

impl Line {
    fn over(mut transport: Box<dyn Transport>) -> Self {
        let ((requests, asked), (answer, replies)) = (channel(), channel());
        let carry = move || {
            while let Ok(request) = asked.recv() {
                if answer.send(transport.send(request)).is_err() {
                    return;
                }
            }
        };
        // Without a thread every request is cut, and tried again later.
        let _ = std::thread::Builder::new().name("line".into()).spawn(carry);
        Self { requests, replies }
    }
}

impl Drive {
    fn run(&mut self, changed: &impl Fn()) {
        let mut event = Event::Tick;
        loop {
            let Some(tablet) = self.tablet.upgrade() else { return };
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            self.listen(&tablet);
            let now = tablet.now();
            let effect = tablet.engine().step(now, event);
            let wait = match effect {
                Effect::Http(request) => {
                    self.connect(&tablet);
                    drop(tablet);
                    event = self.send(request);
                    changed();
                    continue;
                }
                Effect::Wait(until) => {
                    Duration::from_millis(u64::try_from(until.saturating_sub(now)).unwrap_or(0)).min(LONGEST)
                }
                Effect::Idle => LONGEST,
            };
            drop(tablet);
            if let Some(nudge) = self.heard.pop_front() {
                event = Event::Nudge(nudge);
                continue;
            }
            event = match self.asleep.recv_timeout(wait) {
                Ok(nudge) => {
                    self.pass_on(nudge);
                    Event::Nudge(nudge)
                }
                Err(RecvTimeoutError::Timeout) => Event::Tick,
                Err(RecvTimeoutError::Disconnected) => return,
            };
        }
    }

    /// Listens for the account this tablet has now, if it has one.
    fn listen(&mut self, tablet: &Tablet) {
        let account = tablet.account();
        if self.listener.as_ref().map(|(a, _)| a) != account.as_ref() {
            // The old one ends before the new one begins.
            self.listener = None;
            self.listener = account.map(|account| {
                let listener = tablet.listen(&account, self.own.clone());
                (account, listener)
            });
        }
    }

    /// A person or the platform says that the network may be back: the listener should look, too.
    fn pass_on(&self, nudge: Nudge) {
        if let (Nudge::Now | Nudge::Connectivity, Some((_, Some(listener)))) = (nudge, &self.listener) {
            listener.hurry();
        }
    }

    /// A line to the tablet's server, kept from one request to the next.
    fn connect(&mut self, tablet: &Tablet) {
        let server = tablet.server().unwrap_or_default();
        if self.line.as_ref().is_none_or(|(to, _)| *to != server) {
            self.line = tablet.connect(&server).ok().map(|line| (server, Line::over(line)));
        }
    }

    /// Sends a request and waits for its answer, unless it is given up: the network is another one, a person says that it
    /// shall go now and it has been slow, or the tablet is closed.
    fn send(&mut self, request: HttpRequest) -> Event {
        let ticket = request.ticket;
        let answer = self.line.as_ref().and_then(|(_, line)| line.requests.send(request).ok().map(|()| &line.replies));
        let Some(replies) = answer else { return self.give_up(ticket) };
        let began = Instant::now();
        loop {
            match replies.recv_timeout(GLANCE) {
                Ok(Ok(reply)) => return Event::Reply(ticket, reply),
                Ok(Err(_)) => return Event::Cut(ticket),
                Err(RecvTimeoutError::Disconnected) => return self.give_up(ticket),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let mut over = self.stop.load(Ordering::SeqCst);
            while let Ok(nudge) = self.asleep.try_recv() {
                self.pass_on(nudge);
                self.heard.push_back(nudge);
                over |= match nudge {
                    Nudge::Connectivity => true,
                    Nudge::Now => began.elapsed() >= SLOW,
                    _ => false,
                };
            }
            if over {
                return self.give_up(ticket);
            }
        }
    }

    /// Lets the line go with what is under way on it; the next request opens another one.
    fn give_up(&mut self, ticket: u64) -> Event {
        self.line = None;
        Event::Cut(ticket)
    }
}
