//! Reports: what came in a period, and what became of it. Figures are counted from the index rows, and those are told from
//! the events: `mbs-server verify` folds every event anew and names the first row that says otherwise.
//!
//! A period goes by the day of receipt, in Istanbul, both ends included. A request counts for whoever holds it, or
//! concluded it; where nobody does, for triage.

pub mod book;
pub mod map;
pub mod open;
pub mod public;
pub mod rows;
pub mod table;

use std::collections::HashMap;

use jiff::civil::{Date, Time, Weekday};
use mbs_shared::directory::Neighbourhood;
use mbs_shared::routing::deadline::{date_of, instant};
use mbs_shared::routing::{Channel, Outcome, State};
use serde::Serialize;
use ts_rs::TS;

use crate::auth::sight::Sight;
use crate::database::reports::{self, Counted};
use crate::database::{DbResult, Session};
use crate::service::Service;

/// Longest period of one report, in days: more is several reports.
pub const MAX_DAYS: i32 = 5 * 366;

/// Days in Istanbul, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

impl Period {
    /// The two days as they stand in an address; `None` for what is no period.
    #[must_use]
    pub fn read(from: &str, until: &str) -> Option<Self> {
        let (from, until): (Date, Date) = (from.parse().ok()?, until.parse().ok()?);
        let days = from.until(until).ok()?.get_days();
        (0..MAX_DAYS).contains(&days).then_some(Self { from, until })
    }

    /// The thirteen weeks that end with the day of `now` (Unix ms).
    #[must_use]
    pub fn lately(now: i64) -> Self {
        let until = date_of(now);
        Self { from: days_before(until, 90), until }
    }

    /// As many days right before it.
    #[must_use]
    pub fn before(self) -> Self {
        Self { from: days_before(self.from, self.days()), until: days_before(self.from, 1) }
    }

    fn days(self) -> i64 {
        i64::from(self.from.until(self.until).map_or(0, |span| span.get_days())) + 1
    }

    /// Beginning and end, Unix ms; the end is not in it any more.
    #[must_use]
    pub fn range(self) -> (i64, i64) {
        let end = self.until.tomorrow().unwrap_or(Date::MAX);
        (instant(self.from, Time::midnight()), instant(end, Time::midnight()))
    }
}

fn days_before(date: Date, days: i64) -> Date {
    date.saturating_sub(jiff::Span::new().days(days))
}

/// What is counted of some requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Counts {
    /// Received.
    pub received: u32,
    /// Work is still owed.
    pub open: u32,
    /// …and late.
    pub overdue: u32,
    /// Withdrawn.
    pub cancelled: u32,
    /// Concluded, or closed after that.
    pub concluded: u32,
    /// Of which an answer could be expected by now: concluded or late.
    pub ripe: u32,
    /// An answer was given at least once.
    pub answered: u32,
    /// The muhtar confirmed the answer himself.
    pub confirmed: u32,
    /// The muhtar objected at least once.
    pub objected: u32,
    /// Returned at least once.
    pub returned: u32,
    /// How they came: from a tablet, then in the order of the channels.
    pub channels: Vec<u32>,
    /// How they were concluded, in the order of the outcomes.
    pub outcomes: Vec<u32>,
    /// Days from receipt to answer: half took no longer.
    pub median: Option<f64>,
    /// Days from receipt to answer: nine of ten took no longer.
    pub p90: Option<f64>,
}

/// Counts, and how long each answer took.
#[derive(Debug, Clone, Default)]
struct Tally {
    counts: Counts,
    /// Milliseconds.
    took: Vec<i64>,
}

impl Tally {
    fn add(&mut self, r: &Counted, now: i64) {
        let counts = &mut self.counts;
        let late = r.state.is_open() && r.due != 0 && r.due < now && !r.paused;
        let concluded = r.concluded != 0;
        counts.received += 1;
        counts.open += u32::from(r.state.is_open());
        counts.overdue += u32::from(late);
        counts.cancelled += u32::from(r.state == State::Cancelled);
        counts.concluded += u32::from(concluded);
        counts.ripe += u32::from(concluded || late);
        counts.answered += u32::from(concluded || r.objections > 0);
        counts.confirmed += u32::from(r.confirmed);
        counts.objected += u32::from(r.objections > 0);
        counts.returned += u32::from(r.returns > 0);
        one_more(&mut counts.channels, r.channel.map_or(0, |channel| channel as usize + 1));
        if let Some(outcome) = r.outcome {
            one_more(&mut counts.outcomes, outcome as usize);
        }
        if concluded {
            self.took.push(r.concluded - r.received);
        }
    }

    fn done(mut self) -> Counts {
        self.counts.channels.resize(Channel::ALL.len() + 1, 0);
        self.counts.outcomes.resize(Outcome::ALL.len(), 0);
        self.took.sort_unstable();
        self.counts.median = nearest(&self.took, 50);
        self.counts.p90 = nearest(&self.took, 90);
        self.counts
    }
}

/// Counts one at that place.
fn one_more(counts: &mut Vec<u32>, at: usize) {
    if counts.len() <= at {
        counts.resize(at + 1, 0);
    }
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

/// The value that `percent` of the sorted milliseconds do not exceed, in days to a tenth.
fn nearest(sorted: &[i64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a few years")]
    let days = *sorted.get(rank - 1)? as f64 / 86_400_000.0;
    Some((days * 10.0).round() / 10.0)
}

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Line {
    /// Code of the unit, category, district or neighbourhood; empty for triage, or no category.
    pub code: String,
    /// Its Turkish name.
    pub name: String,
    /// What is counted.
    pub counts: Counts,
}

/// A week, from Monday; the first and the last may be cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Week {
    /// Its first day, `YYYY-MM-DD`.
    pub from: String,
    /// Received in it.
    pub received: u32,
    /// Answered in it, whenever received.
    pub concluded: u32,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Report {
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, `YYYY-MM-DD`.
    pub until: String,
    /// When it was counted, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Received in as many days right before.
    pub received_before: u32,
    /// Everything.
    pub totals: Counts,
    /// By holder, most received first.
    pub units: Vec<Line>,
    /// By category, most received first.
    pub categories: Vec<Line>,
    /// By district, most received first.
    pub districts: Vec<Line>,
    /// By neighbourhood of the place, most received first.
    pub neighbourhoods: Vec<Line>,
    /// Week by week.
    pub weeks: Vec<Week>,
}

/// Counts what is in sight of a period.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn count(
    session: &mut dyn Session,
    service: &Service,
    period: Period,
    sight: &Sight,
    now: i64,
) -> DbResult<Report> {
    let directory = service.directory();
    let (from, until) = period.range();
    let mut totals = Tally::default();
    let mut by_unit: HashMap<u32, Tally> = HashMap::new();
    let mut by_category: HashMap<String, Tally> = HashMap::new();
    let mut by_place: HashMap<u32, Tally> = HashMap::new();
    let mut by_district: HashMap<&str, Tally> = HashMap::new();
    let mut weeks = weeks_of(period);
    reports::received(session, from, until, &mut |r| {
        if !sight.has(r.unit, r.scope) {
            return;
        }
        let place = if r.place == 0 { r.scope } else { r.place };
        totals.add(&r, now);
        by_unit.entry(r.unit).or_default().add(&r, now);
        by_place.entry(place).or_default().add(&r, now);
        let district = directory.neighbourhood(service.scopes.code(place)).map_or("", |n| n.district_code.as_str());
        by_district.entry(district).or_default().add(&r, now);
        if let Some(week) = week_at(&mut weeks, period, r.received) {
            week.received += 1;
        }
        match by_category.get_mut(&r.category) {
            Some(tally) => tally.add(&r, now),
            None => by_category.entry(r.category.clone()).or_default().add(&r, now),
        }
    })?;
    reports::concluded(session, from, until, &mut |at, unit, muhtarlik| {
        if sight.has(unit, muhtarlik)
            && let Some(week) = week_at(&mut weeks, period, at)
        {
            week.concluded += 1;
        }
    })?;
    let (before, end) = period.before().range();
    let received_before = match sight {
        Sight::All => {
            session.first(reports::COUNT_RECEIVED, &[before.into(), end.into()], |r| r.count(0))?.unwrap_or(0)
        }
        Sight::Units(_) | Sight::Muhtarliks(_) => {
            let mut sum = 0;
            reports::received(session, before, end, &mut |r| sum += u32::from(sight.has(r.unit, r.scope)))?;
            sum
        }
    };
    let unit_name = |code: &str| match code {
        "" => "Muhtarlıklar Müdürlüğü (ön inceleme)".to_owned(),
        code => directory.unit(code).map_or(code, |u| u.name.as_str()).to_owned(),
    };
    let category_name = |code: &str| match code {
        "" => "Konu seçilmemiş".to_owned(),
        code => directory.category(code).map_or(code, |c| c.name.as_str()).to_owned(),
    };
    let place_name =
        |code: &str| directory.neighbourhood(code).map_or_else(|| code.to_owned(), Neighbourhood::with_district);
    let district_name = |code: &str| directory.district(code).map_or(code, |d| d.name.as_str()).to_owned();
    let code = |number: u32| service.scopes.code(number).to_owned();
    Ok(Report {
        from: period.from.to_string(),
        until: period.until.to_string(),
        at: now,
        received_before,
        totals: totals.done(),
        units: lines(by_unit.into_iter().map(|(unit, tally)| (code(unit), tally)), unit_name),
        categories: lines(by_category, category_name),
        districts: lines(by_district.into_iter().map(|(code, tally)| (code.to_owned(), tally)), district_name),
        neighbourhoods: lines(by_place.into_iter().map(|(place, tally)| (code(place), tally)), place_name),
        weeks,
    })
}

/// Most received first, then by name.
fn lines(of: impl IntoIterator<Item = (String, Tally)>, name: impl Fn(&str) -> String) -> Vec<Line> {
    let line = |(code, tally): (String, Tally)| Line { name: name(&code), code, counts: tally.done() };
    let mut lines: Vec<Line> = of.into_iter().map(line).collect();
    lines.sort_by(|a, b| b.counts.received.cmp(&a.counts.received).then_with(|| a.name.cmp(&b.name)));
    lines
}

/// Days since the Monday of a period's first week.
fn monday(period: Period) -> i64 {
    i64::from(period.from.weekday().since(Weekday::Monday))
}

fn weeks_of(period: Period) -> Vec<Week> {
    let first = days_before(period.from, monday(period));
    let count = (period.days() + monday(period)).div_euclid(7) + i64::from((period.days() + monday(period)) % 7 != 0);
    (0..count)
        .map(|n| {
            let from = first.saturating_add(jiff::Span::new().days(n * 7)).max(period.from);
            Week { from: from.to_string(), ..Week::default() }
        })
        .collect()
}

/// The week of a moment (Unix ms) of the period.
fn week_at(weeks: &mut [Week], period: Period, at: i64) -> Option<&mut Week> {
    let (from, _) = period.range();
    // Istanbul keeps its clock the year round: days are 24 hours there.
    let day = (at - from).div_euclid(86_400_000) + monday(period);
    weeks.get_mut(usize::try_from(day / 7).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_two_days_in_order_and_not_endless() {
        for (from, until, good) in [
            ("2026-08-31", "2026-11-28", true),
            ("2026-11-28", "2026-11-28", true),
            ("2026-11-29", "2026-11-28", false),
            ("2026-02-30", "2026-11-28", false),
            ("1900-01-01", "2026-11-28", false),
            ("", "", false),
        ] {
            assert_eq!(Period::read(from, until).is_some(), good, "{from} {until}");
        }
        let period = Period::read("2026-11-02", "2026-11-08").unwrap();
        // Midnight in Istanbul is 21:00 of the day before in UTC.
        assert_eq!(period.range(), (1_793_566_800_000, 1_793_566_800_000 + 7 * 86_400_000));
        let before = period.before();
        assert_eq!((before.from.to_string(), before.until.to_string()), ("2026-10-26".into(), "2026-11-01".into()));
    }

    #[test]
    fn weeks_begin_on_monday_and_are_cut_at_the_ends() {
        // Wednesday to the second Tuesday after.
        let period = Period::read("2026-11-04", "2026-11-17").unwrap();
        let mut weeks = weeks_of(period);
        let begins: Vec<_> = weeks.iter().map(|week| week.from.as_str()).collect();
        assert_eq!(begins, ["2026-11-04", "2026-11-09", "2026-11-16"]);
        let (from, until) = period.range();
        for at in [from, from + 5 * 86_400_000 - 1, from + 5 * 86_400_000, until - 1] {
            week_at(&mut weeks, period, at).unwrap().received += 1;
        }
        assert_eq!(weeks.iter().map(|week| week.received).collect::<Vec<_>>(), [2, 1, 1]);
        let one = Period::read("2026-11-02", "2026-11-08").unwrap();
        assert_eq!(weeks_of(one).len(), 1);
    }

    #[test]
    fn half_and_nine_of_ten_are_values_that_occurred() {
        const DAY: i64 = 86_400_000;
        let days: Vec<i64> = (1..=10).map(|n| n * DAY).collect();
        assert_eq!((nearest(&days, 50), nearest(&days, 90)), (Some(5.0), Some(9.0)));
        assert_eq!(nearest(&[DAY / 4], 90), Some(0.3));
        assert_eq!(nearest(&[], 50), None);
    }
}
