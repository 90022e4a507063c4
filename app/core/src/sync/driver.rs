//! A thread that steps the engine with real time and a real line. Thin: everything that is decided is
//! decided in [`super::round`].

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Effect, Event, Nudge};
use crate::Tablet;
use crate::ports::Transport;

/// Longest sleep: a suspended tablet must notice soon that time has passed.
const LONGEST: Duration = Duration::from_secs(60);

/// The running driver; dropping it stops the thread after the request under way.
#[derive(Debug)]
pub struct Driver {
    wake: Option<Sender<Nudge>>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    /// Starts driving `tablet`. `changed` is called from the driver's thread after each exchange,
    /// when screens should look again. Also nudges coming from [`Tablet::call`] reach it from here on.
    #[must_use]
    pub fn start(tablet: &Arc<Tablet>, changed: impl Fn() + Send + 'static) -> Self {
        let (wake, asleep) = channel();
        tablet.wake_with(wake.clone());
        let weak = Arc::downgrade(tablet);
        let thread = std::thread::Builder::new()
            .name("sync".into())
            .spawn(move || {
                let mut line: Option<(String, Box<dyn Transport>)> = None;
                let mut event = Event::Tick;
                while let Some(effect) = step(&weak, event) {
                    event = match effect {
                        Effect::Http(request) => {
                            let next = send(&weak, &mut line, request);
                            changed();
                            next
                        }
                        Effect::Wait(until) => {
                            let Some(now) = weak.upgrade().map(|t| t.now()) else { return };
                            let left = u64::try_from(until.saturating_sub(now)).unwrap_or(0);
                            match asleep.recv_timeout(Duration::from_millis(left).min(LONGEST)) {
                                Ok(nudge) => Event::Nudge(nudge),
                                Err(RecvTimeoutError::Timeout) => Event::Tick,
                                Err(RecvTimeoutError::Disconnected) => return,
                            }
                        }
                        Effect::Idle => match asleep.recv_timeout(LONGEST) {
                            Ok(nudge) => Event::Nudge(nudge),
                            Err(RecvTimeoutError::Timeout) => Event::Tick,
                            Err(RecvTimeoutError::Disconnected) => return,
                        },
                    };
                }
            })
            .ok();
        Self { wake: Some(wake), thread }
    }

    /// Wakes it up.
    pub fn nudge(&self, nudge: Nudge) {
        if let Some(wake) = &self.wake {
            let _ = wake.send(nudge);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.wake = None;
        drop(self.thread.take());
    }
}

fn step(tablet: &Weak<Tablet>, event: Event) -> Option<Effect> {
    let tablet = tablet.upgrade()?;
    Some(tablet.engine().step(tablet.now(), event))
}

fn send(
    tablet: &Weak<Tablet>,
    line: &mut Option<(String, Box<dyn Transport>)>,
    request: crate::ports::HttpRequest,
) -> Event {
    let ticket = request.ticket;
    let Some(tablet) = tablet.upgrade() else { return Event::Cut(ticket) };
    let server = tablet.server().unwrap_or_default();
    if line.as_ref().is_none_or(|(to, _)| *to != server) {
        *line = tablet.connect(&server).ok().map(|l| (server, l));
    }
    match line.as_mut().map(|(_, l)| l.send(request)) {
        Some(Ok(reply)) => Event::Reply(ticket, reply),
        _ => Event::Cut(ticket),
    }
}
