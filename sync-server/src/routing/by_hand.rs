//! Where people routed requests that came to triage: read once from the events of each, and again when it went on.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mbs_shared::routing::{What, Who};

use crate::database::requests::Head;
use crate::database::{DbResult, Session, events};

/// Requests that are remembered at most: more than anybody asks about at once.
const MOST: usize = 4_000;

/// What was read.
#[derive(Debug, Default)]
pub struct ByHand(Mutex<HashMap<i64, Read>>);

#[derive(Debug, Clone)]
struct Read {
    /// The request's last event then.
    n: u32,
    unit: Option<String>,
}

impl ByHand {
    /// The unit to which a person of triage first sent a request; `None`: nobody did yet.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn unit(&self, session: &mut dyn Session, head: &Head) -> DbResult<Option<String>> {
        {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // The first time does not change; that there was none may.
            if let Some(read) = known.get(&head.rid).filter(|read| read.unit.is_some() || read.n == head.n) {
                return Ok(read.unit.clone());
            }
        }
        let unit = events::of_request(session, head.rid)?.into_iter().find_map(|stored| match stored.event.what {
            What::Routed { unit, .. } | What::SentOut { unit, .. } if stored.event.by == Who::Triage => Some(unit),
            _ => None,
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(head.rid, Read { n: head.n, unit: unit.clone() });
        Ok(unit)
    }
}
