//! How much is late, for the number beside the watch list. Every open request is looked at for it, so it is not counted
//! anew for each page that shows it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::database::{DbResult, Session, lists, meta};

/// A count is as good as new for so long, in milliseconds.
const FRESH: i64 = 10_000;

/// The last count.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Option<Counted>>);

#[derive(Debug)]
struct Counted {
    /// When, Unix ms.
    at: i64,
    /// How far the feed reached.
    seq: i64,
    by_unit: HashMap<u32, u32>,
}

impl Counted {
    fn at(&self, units: Option<&[u32]>) -> u32 {
        match units {
            None => self.by_unit.values().sum(),
            Some(units) => units.iter().filter_map(|unit| self.by_unit.get(unit)).sum(),
        }
    }
}

impl Watch {
    /// How many are late at `units`, or at all where that is `None`; up to ten seconds old.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn lately(&self, session: &mut dyn Session, units: Option<&[u32]>, now: i64) -> DbResult<u32> {
        match self.kept(units, now, |_| true) {
            Some(count) => Ok(count),
            None => self.count(session, units, now),
        }
    }

    /// The same with everything that was decided since; what became late by itself may be missed for ten seconds.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn count(&self, session: &mut dyn Session, units: Option<&[u32]>, now: i64) -> DbResult<u32> {
        let seq = meta::get(session, "seq")?;
        if let Some(count) = self.kept(units, now, |last| last.seq == seq) {
            return Ok(count);
        }
        let counted = Counted { at: now, seq, by_unit: lists::count_late(session, now, 100)? };
        let count = counted.at(units);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(count)
    }

    fn kept(&self, units: Option<&[u32]>, now: i64, good: impl FnOnce(&Counted) -> bool) -> Option<u32> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = last.as_ref().filter(|last| (0..FRESH).contains(&(now - last.at)) && good(last));
        fresh.map(|last| last.at(units))
    }
}
