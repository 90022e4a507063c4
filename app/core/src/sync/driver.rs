//! A thread that steps the engine with real time and a real line. Thin: everything that is decided is
//! decided in [`super::round`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Effect, Event, Nudge};
use crate::Tablet;
use crate::ports::{Account, HttpRequest, Listening, Transport};

/// Longest sleep: a suspended tablet must notice soon that time has passed.
const LONGEST: Duration = Duration::from_secs(60);

/// The running driver; dropping it stops the thread, at the latest after the request under way.
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
    line: Option<(String, Box<dyn Transport>)>,
    /// Hears the server's wake-ups for that account.
    listener: Option<(Account, Option<Box<dyn Listening>>)>,
    own: Sender<Nudge>,
    asleep: Receiver<Nudge>,
    stop: Arc<AtomicBool>,
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
            self.line = tablet.connect(&server).ok().map(|line| (server, line));
        }
    }

    fn send(&mut self, request: HttpRequest) -> Event {
        let ticket = request.ticket;
        match self.line.as_mut().map(|(_, line)| line.send(request)) {
            Some(Ok(reply)) => Event::Reply(ticket, reply),
            _ => Event::Cut(ticket),
        }
    }
}
