//! One round with nobody at the screen, as a platform starts it now and then: what waits goes, what there is comes, and
//! whether somebody should be told.

use crate::error::Result;
use crate::store::settings::{self, TOLD_UNREAD, TOLD_WAITING};
use crate::sync::{Effect, Event, Nudge};
use crate::{Summary, Tablet};

/// What the platform says as it starts a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Whether the line's bytes are paid for: then photos keep to what the muhtar chose.
    pub metered: bool,
    /// Whether somebody looks at the screens, and needs nobody else to tell him.
    pub looking: bool,
    /// No request is begun after this time, Unix ms.
    pub until: i64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// What was exchanged, together with whoever steps this tablet beside it.
    pub summary: Summary,
    /// More needs the muhtar, or more was announced, than when he was last told or looked.
    pub tell: bool,
}

/// Sends and fetches until there is nothing more to do, the line is cut or the time is up. A window that has this tablet open
/// may go on beside it. Waits for the network: never on a screen's thread.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn round(tablet: &Tablet, around: Around) -> Result<Came> {
    tablet.lock().round.begin_apart(around.metered);
    let mut line = match tablet.server() {
        Some(server) => Some(tablet.connect(&server)?),
        None => None,
    };
    let mut event = Event::Nudge(Nudge::Connectivity);
    while let Effect::Http(request) = tablet.engine().step(tablet.now(), event) {
        let ticket = request.ticket;
        let late = tablet.now() > around.until;
        event = match line.as_mut().filter(|_| !late).map(|line| line.send(request)) {
            Some(Ok(reply)) => Event::Reply(ticket, reply),
            _ => Event::Cut(ticket),
        };
    }
    let came = tablet.came(around.looking)?;
    // Whoever has it open looks again.
    tablet.wake(Nudge::Connectivity);
    Ok(came)
}

impl Tablet {
    fn came(&self, looking: bool) -> Result<Came> {
        let mut inner = self.lock();
        let status = inner.status()?;
        let now = [(TOLD_WAITING, i64::from(status.needs_me)), (TOLD_UNREAD, i64::from(status.unread))];
        let (mut more, mut other) = (false, false);
        for (key, count) in now {
            let told = settings::number(inner.store.read(), key)?;
            (more, other) = (more || count > told, other || count != told);
        }
        if other {
            inner.store.write(|c| now.iter().try_for_each(|(key, count)| settings::set_number(c, key, *count)))?;
        }
        Ok(Came { summary: inner.round.summary, tell: more && !looking })
    }
}
