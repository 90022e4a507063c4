//! How much is late, for the number beside the watch list. Every open request is looked at for it, so it is not counted
//! anew for each page that shows it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::auth::sight::Sight;
use crate::database::lists::By;
use crate::database::{DbResult, Session, lists, meta};

/// A count is as good as new for so long, in milliseconds.
const FRESH: i64 = 10_000;

/// The last counts: by unit, and by muhtarlık for who is limited to some districts.
#[derive(Debug, Default)]
pub struct Watch {
    units: Mutex<Option<Counted>>,
    muhtarliks: Mutex<Option<Counted>>,
}

#[derive(Debug)]
struct Counted {
    /// When, Unix ms.
    at: i64,
    /// How far the feed reached.
    seq: i64,
    counts: HashMap<u32, u32>,
}

impl Watch {
    /// How many in sight are late; up to ten seconds old.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn lately(&self, session: &mut dyn Session, sight: &Sight, now: i64) -> DbResult<u32> {
        match self.kept(sight, now, |_| true) {
            Some(count) => Ok(count),
            None => self.count(session, sight, now),
        }
    }

    /// The same with everything that was decided since; what became late by itself may be missed for ten seconds.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn count(&self, session: &mut dyn Session, sight: &Sight, now: i64) -> DbResult<u32> {
        let seq = meta::get(session, "seq")?;
        if let Some(count) = self.kept(sight, now, |last| last.seq == seq) {
            return Ok(count);
        }
        let counts = lists::count_late(session, lists::by(sight), now, 100)?;
        let count = lists::in_sight(&counts, sight);
        *self.last(sight).lock().unwrap_or_else(PoisonError::into_inner) = Some(Counted { at: now, seq, counts });
        Ok(count)
    }

    const fn last(&self, sight: &Sight) -> &Mutex<Option<Counted>> {
        match lists::by(sight) {
            By::Unit => &self.units,
            By::Muhtarlik => &self.muhtarliks,
        }
    }

    fn kept(&self, sight: &Sight, now: i64, good: impl FnOnce(&Counted) -> bool) -> Option<u32> {
        let last = self.last(sight).lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = last.as_ref().filter(|last| (0..FRESH).contains(&(now - last.at)) && good(last));
        fresh.map(|last| lists::in_sight(&last.counts, sight))
    }
}
