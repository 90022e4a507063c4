//! Working days, holidays, half days, and what is due when.

use thiserror::Error;

/// The holiday file is not what it should be.
#[derive(Debug, Error)]
#[error("holidays cannot be read: {0}")]
pub struct BadCalendar(pub String);

/// Turkey's working calendar.
#[derive(Debug, Clone)]
pub struct Calendar {}

impl Calendar {
    /// Reads `holidays.json`.
    ///
    /// # Errors
    /// [`BadCalendar`] when it is something else.
    pub fn from_json(text: &str) -> Result<Self, BadCalendar> {
        let _ = text;
        todo!()
    }

    /// When `days` working days after `from` (Unix ms) have passed: the end of that working day
    /// (18:00 in Istanbul), Unix ms. A half day counts 0.5; weekends and holidays count nothing.
    #[must_use]
    pub fn due(&self, from: i64, days: u16) -> i64 {
        let _ = (from, days);
        todo!()
    }

    /// A due date moved by the working time between `paused` and `resumed` (all Unix ms).
    #[must_use]
    pub fn resume(&self, due: i64, paused: i64, resumed: i64) -> i64 {
        let _ = (due, paused, resumed);
        todo!()
    }
}

/// Calendar days of the ceiling for an answer by circular 2015/8.
pub const ANSWER_CEILING_DAYS: i64 = 15;
/// Calendar days of the ceiling by law 3071.
pub const LEGAL_CEILING_DAYS: i64 = 30;

/// `days` calendar days after `from`, Unix ms.
#[must_use]
pub const fn calendar_days(from: i64, days: i64) -> i64 {
    from + days * 86_400_000
}

/// Calendar year in Istanbul at `at` (Unix ms): the year of the official number.
#[must_use]
pub fn istanbul_year(at: i64) -> u16 {
    let _ = at;
    todo!()
}
