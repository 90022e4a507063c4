//! Reasons to act before the planned time.

use super::{POLL, Round};
use crate::error::Result;
use crate::store::{Store, carried, cursor, outbox};
use crate::sync::Nudge;

impl Round {
    /// A reason to act before the planned time.
    pub(crate) fn nudged(&mut self, store: &mut Store, now: i64, nudge: Nudge) {
        match nudge {
            Nudge::Now => {
                self.all_fetched = false;
                (self.failures, self.not_before, self.hold) = (0, 0, 0);
                let _ = store.write(|c| outbox::hurry(c).and_then(|()| carried::hurry(c)));
                self.poll = now;
                self.all_the_same = true;
            }
            Nudge::Connectivity => {
                (self.failures, self.not_before) = (0, 0);
                self.poll = now;
            }
            Nudge::Work => {
                self.all_fetched = false;
                self.poll = now;
            }
            // Its first event tells whether there is something to fetch; what waits here may go.
            Nudge::Listening => {
                (self.failures, self.not_before) = (0, 0);
                self.listening = true;
            }
            Nudge::News(news) => self.news = Some(news),
            Nudge::Announced(reach) => self.announced = reach,
            // All tablets of a server that restarts become deaf at once: they do not poll at once.
            Nudge::Deaf => {
                self.listening = false;
                self.poll = self.poll.min(now + self.jittered(store, POLL));
            }
        }
    }

    /// Polls when the last wake-up tells of something that has not been taken. Asked between exchanges: the
    /// one under way may bring it.
    pub(super) fn heed_news(&mut self, store: &Store, now: i64) -> Result<()> {
        if let Some(news) = self.news.take()
            && news.concerns(cursor::get(store.read())?)
        {
            self.poll = now;
        }
        Ok(())
    }
}
