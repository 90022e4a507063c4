//! Working days, holidays, half days, and what is due when.
//!
//! **The working day** runs from 08:00 to 18:00 in Istanbul, Monday to Friday, except on public
//! holidays. A half day (the eve of a holiday) ends at 13:00, so that it is exactly 0.5 of a day in
//! hours as well. Beyond the years of the calendar only weekends are known.
//!
//! **Counting days** ([`Calendar::due`]) starts on the day after receipt: the day of receipt never
//! counts, whatever the hour. The deadline is the close of the day on which the sum reaches the
//! target; when a half day leaves 0.5 open, that is the close of the next working day. A target of
//! 0 days is the close of the day of receipt, or of the next working day once that has closed.
//!
//! **A pause** ([`Calendar::resume`]) is counted in working time, to the millisecond: a question
//! asked on Friday at 17:00 and answered on Monday at 09:00 has cost two hours, and moves the
//! deadline by two working hours. So it makes no difference whether a case waits once or in pieces.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{self, TimeZone};
use serde::Deserialize;
use thiserror::Error;

/// When the working day opens.
const OPEN: Time = Time::constant(8, 0, 0, 0);
/// When a working day closes.
const CLOSE: Time = Time::constant(18, 0, 0, 0);
/// When a half day closes.
const HALF_CLOSE: Time = Time::constant(13, 0, 0, 0);

/// The holiday file is not what it should be.
#[derive(Debug, Error)]
#[error("holidays cannot be read: {0}")]
pub struct BadCalendar(pub String);

/// Turkey's working calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Days off.
    holidays: BTreeMap<Date, Off>,
}

/// A day off, or an afternoon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Off {
    /// Whether only the afternoon is.
    pub half: bool,
    /// Its Turkish name.
    pub name: String,
}

#[derive(Deserialize)]
struct File {
    days: Vec<Holiday>,
}

#[derive(Deserialize)]
struct Holiday {
    date: String,
    name: String,
    half_day: bool,
}

impl Calendar {
    /// Reads `holidays.json`.
    ///
    /// # Errors
    /// [`BadCalendar`] when it is something else.
    pub fn from_json(text: &str) -> Result<Self, BadCalendar> {
        let file: File = serde_json::from_str(text).map_err(|e| BadCalendar(e.to_string()))?;
        let mut holidays = BTreeMap::new();
        for Holiday { date, name, half_day } in file.days {
            let date: Date = date.parse().map_err(|_| BadCalendar(format!("{date:?} is no date")))?;
            // A whole day off wins over half a one.
            let off = holidays.entry(date).or_insert_with(|| Off { half: half_day, name });
            off.half &= half_day;
        }
        Ok(Self { holidays })
    }

    /// The same with some days otherwise: off, or (`None`) worked on after all.
    #[must_use]
    pub fn with(&self, days: impl IntoIterator<Item = (Date, Option<Off>)>) -> Self {
        let mut holidays = self.holidays.clone();
        for (date, off) in days {
            match off {
                Some(off) => holidays.insert(date, off),
                None => holidays.remove(&date),
            };
        }
        Self { holidays }
    }

    /// Days off between two days, both included.
    pub fn off(&self, from: Date, until: Date) -> impl Iterator<Item = (Date, &Off)> {
        self.holidays.range(from..=until).map(|(date, off)| (*date, off))
    }

    /// When `days` working days after `from` (Unix ms) have passed: the close of that working day
    /// (18:00 in Istanbul, 13:00 on a half day), Unix ms. A half day counts 0.5; weekends and
    /// holidays count nothing, nor does the day of receipt.
    #[must_use]
    pub fn due(&self, from: i64, days: u16) -> i64 {
        let received = date_of(from);
        if days == 0 {
            return self.close_after(from, received);
        }
        // In halves of a day.
        let mut open = u32::from(days) * 2;
        for date in following(received) {
            open = open.saturating_sub(match self.closing(date) {
                None => 0,
                Some(HALF_CLOSE) => 1,
                Some(_) => 2,
            });
            if open == 0 {
                return self.closing(date).map_or(from, |time| instant(date, time));
            }
        }
        from
    }

    /// A due date moved by the working time between `paused` and `resumed` (all Unix ms).
    /// Where no working time passed, it stays where it is.
    #[must_use]
    pub fn resume(&self, due: i64, paused: i64, resumed: i64) -> i64 {
        let mut left = self.working_time(paused, resumed);
        if left == 0 {
            return due;
        }
        let first = date_of(due);
        for date in std::iter::once(first).chain(following(first)) {
            let Some((open, close)) = self.hours(date) else { continue };
            let begin = due.max(open);
            let here = (close - begin).max(0);
            if left <= here {
                return begin + left;
            }
            left -= here;
        }
        due
    }

    /// Working time between two moments (Unix ms), in milliseconds; 0 when `to` is not after `from`.
    #[must_use]
    pub fn working_time(&self, from: i64, to: i64) -> i64 {
        if to <= from {
            return 0;
        }
        let (first, last) = (date_of(from), date_of(to));
        std::iter::once(first)
            .chain(following(first))
            .take_while(|date| *date <= last)
            .filter_map(|date| self.hours(date))
            .map(|(open, close)| (to.min(close) - from.max(open)).max(0))
            .sum()
    }

    /// When work ends on `date`; `None` on a day off.
    fn closing(&self, date: Date) -> Option<Time> {
        if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            return None;
        }
        match self.holidays.get(&date) {
            None => Some(CLOSE),
            Some(Off { half: true, .. }) => Some(HALF_CLOSE),
            Some(Off { half: false, .. }) => None,
        }
    }

    /// Working hours of `date`, Unix ms.
    fn hours(&self, date: Date) -> Option<(i64, i64)> {
        self.closing(date).map(|close| (instant(date, OPEN), instant(date, close)))
    }

    /// The first close of a working day at or after `from`, which lies on `date`.
    fn close_after(&self, from: i64, date: Date) -> i64 {
        let closes = std::iter::once(date).chain(following(date)).filter_map(|d| self.hours(d)).map(|(_, close)| close);
        closes.into_iter().find(|close| *close >= from).unwrap_or(from)
    }
}

/// The days after `date`, to the end of the calendar.
fn following(date: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(date.tomorrow().ok(), |d| d.tomorrow().ok())
}

/// Istanbul's time zone.
pub fn istanbul() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    // The zone is compiled in; were it not, Istanbul has kept UTC+3 since September 2016.
    ZONE.get_or_init(|| TimeZone::get("Europe/Istanbul").unwrap_or_else(|_| TimeZone::fixed(tz::offset(3))))
}

/// The day in Istanbul at `at` (Unix ms); moments no calendar has are put on its first or last day.
#[must_use]
pub fn date_of(at: i64) -> Date {
    let at = Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
    istanbul().to_datetime(at).date()
}

/// The moment of `time` on `date` in Istanbul, Unix ms.
#[must_use]
pub fn instant(date: Date, time: Time) -> i64 {
    istanbul().to_timestamp(date.to_datetime(time)).map_or(i64::MAX, Timestamp::as_millisecond)
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

/// Unix ms of a time as clocks in Istanbul show it, `YYYY-MM-DD HH:MM:SS`; `None` when it is none.
#[must_use]
pub fn from_wall_clock(text: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Some(instant(time.date(), time.time()))
}

/// Days since 1 January 1970 in Istanbul at `at` (Unix ms), for what is counted by days; by today's offset, which has been
/// the same all year since 2016.
#[must_use]
pub const fn istanbul_day(at: i64) -> i64 {
    at.saturating_add(3 * 3_600_000).div_euclid(86_400_000)
}

/// Calendar year in Istanbul at `at` (Unix ms): the year of the official number.
#[must_use]
pub fn istanbul_year(at: i64) -> u16 {
    u16::try_from(date_of(at).year()).unwrap_or(0)
}
