//! How much is late, for the number beside the watch list. Every open request is looked at for it, so it is not counted
//! anew for each page that shows it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::database::{DbResult, Session, lists};

/// A count is as good as new for so long, in milliseconds.
const FRESH: i64 = 10_000;

/// The last count.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Option<Counted>>);

#[derive(Debug)]
struct Counted {
    /// When, Unix ms.
    at: i64,
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
        {
            let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(last) = last.as_ref().filter(|last| (0..FRESH).contains(&(now - last.at))) {
                return Ok(last.at(units));
            }
        }
        self.count(session, units, now)
    }

    /// The same, counted now.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn count(&self, session: &mut dyn Session, units: Option<&[u32]>, now: i64) -> DbResult<u32> {
        let counted = Counted { at: now, by_unit: lists::count_late(session, now)? };
        let count = counted.at(units);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(count)
    }
}
