//! Who has a request in hand: whoever accepted it for the unit that holds it. Told by the author of that event, which is read
//! once of each request, and again when it went on; so taking one needs no decision of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mbs_shared::routing::What;

use crate::database::requests::Head;
use crate::database::{DbResult, Session, events};

/// Requests that are remembered at most: more than lie open in the whole city on a bad day.
const MOST: usize = 50_000;

/// What was read: by row number, the last event then and who had it.
#[derive(Debug, Default)]
pub struct Hands(Mutex<HashMap<i64, (u32, i64)>>);

impl Hands {
    /// Staff id of whoever has a request in hand; 0: nobody, or a program.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn of(&self, session: &mut dyn Session, head: &Head) -> DbResult<i64> {
        {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, who)) = known.get(&head.rid).filter(|(n, _)| *n == head.n) {
                return Ok(*who);
            }
        }
        let mut who = 0;
        for stored in events::of_request(session, head.rid)? {
            match stored.event.what {
                What::Accepted => who = stored.author.max(0),
                // It lies with others, or with nobody, until somebody there accepts it.
                What::Reviewed
                | What::Routed { .. }
                | What::SentOut { .. }
                | What::Forwarded { .. }
                | What::Returned
                | What::Moved { task: None, .. }
                | What::TakenBack
                | What::Objected
                | What::Reopened => who = 0,
                _ => {}
            }
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(head.rid, (head.n, who));
        Ok(who)
    }
}
