//! What must be true of a play: checked from the events, by other code than the product's.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, offset};
use mbs_server::database::{events, requests};
use mbs_server::operate::verify::verify;
use mbs_shared::istanbul;
use mbs_shared::routing::{Case, Event, State, What};
use serde::Deserialize;

use crate::recount::{self, Told};
use crate::script::{Filed, Played};
use crate::town::{CITY, Town};

const HOLIDAYS: &str = include_str!("../../../shared/data/org/holidays.json");
const DAY: i64 = 86_400_000;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Requests.
    pub requests: usize,
    /// Events that obeyed the machine.
    pub events: usize,
    /// Due dates that were counted again.
    pub dates: usize,
    /// Requests whose answer was given, of those that were not withdrawn.
    pub resolved: (usize, usize),
    /// Requests by state.
    pub states: BTreeMap<&'static str, usize>,
    /// Requests by outcome.
    pub outcomes: BTreeMap<&'static str, usize>,
}

/// Checks everything.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn check(town: &Town, played: &Played) -> Result<Found> {
    let calendar = Plain::read()?;
    let mut found = Found { requests: played.filed.len(), ..Found::default() };
    let mut cases = Vec::new();
    for filed in &played.filed {
        let told = town.service.db.ask(|s| {
            let head = requests::by_id(s, filed.id)?;
            head.map(|head| Ok((events::of_request(s, head.rid)?, head))).transpose()
        })?;
        let Some((stored, head)) = told else { bail!("{} is lost", filed.id) };
        let (received, words) = (head.received, &filed.words);
        let case = machine(filed, stored.iter().map(|s| &s.event), received, &calendar, &mut found)?;
        *found.states.entry(case.state.code()).or_default() += 1;
        if let Some(outcome) = case.outcome {
            *found.outcomes.entry(outcome.code()).or_default() += 1;
        }
        if case.state != State::Cancelled {
            found.resolved.0 += usize::from(case.answer.is_some());
            found.resolved.1 += 1;
        }
        let place = town.service.scopes.code(if head.place == 0 { head.scope } else { head.place }).to_owned();
        let category = case.category.clone().unwrap_or_else(|| words.category.clone());
        cases.push(Told { received, category, place, case });
    }
    verify(&town.service)?;
    families(&cases)?;
    feeds(town)?;
    recount::reports(town, &cases, played).await?;
    Ok(found)
}

/// Every event is one the machine allows there, and every due date is what a plain count says.
fn machine<'a>(
    Filed { id, words, .. }: &Filed,
    events: impl Iterator<Item = &'a Event>,
    received: i64,
    calendar: &Plain,
    found: &mut Found,
) -> Result<Case> {
    let mut case = Case::default();
    // As it was filed; triage may correct it.
    let (mut from, mut paused, mut category) = (received, 0, words.category.clone());
    let mut last = i64::MIN;
    for event in events {
        ensure!(case.allows(event), "{id}: {event:?} does not follow {:?}", case.state);
        ensure!(event.at >= last, "{id}: {event:?} is before its own beginning");
        last = event.at;
        match &event.what {
            What::Objected | What::Reopened => from = event.at,
            What::Asked => paused = event.at,
            What::Recategorised { category: corrected } => category.clone_from(corrected),
            What::Routed { due, .. } | What::SentOut { due, .. } => {
                let days = istanbul::directory().category(&category).map_or(10, |c| c.target_days);
                let counted = calendar.due(from, days).min(from + 30 * DAY);
                ensure!(counted == *due, "{id}: {category} is due {due}, counted {counted} ({days} days from {from})");
                found.dates += 1;
            }
            What::Resumed { due } => {
                if let Some(before) = case.due {
                    let counted = calendar.moved(before, paused, event.at);
                    ensure!(counted == *due, "{id}: resumed to {due}, counted {counted}");
                    found.dates += 1;
                }
            }
            _ => {}
        }
        case.apply(event);
        found.events += 1;
    }
    Ok(case)
}

/// Duplicates and their parents know each other, and nobody was left waiting for an answer that was given.
fn families(cases: &[Told]) -> Result<()> {
    let by_no: BTreeMap<_, _> =
        cases.iter().filter_map(|Told { case, .. }| Some((case.no?.to_string(), case))).collect();
    for Told { case, .. } in cases {
        let (Some(no), Some(parent)) = (case.no, case.parent()) else { continue };
        let Some(of) = by_no.get(&parent.to_string()) else { bail!("{no} is a duplicate of {parent}, which is lost") };
        ensure!(of.duplicates.contains(&no), "{parent} does not know its duplicate {no}");
        if of.answer.is_some() {
            ensure!(case.followed.is_some(), "{no} was never told how {parent} ended");
        }
    }
    Ok(())
}

/// Every tablet and the program were told every row exactly once, in order.
fn feeds(town: &Town) -> Result<()> {
    for tablet in &town.tablets {
        let scope = town.service.scopes.number(&tablet.neighbourhood);
        // Its own rows it was not told: it has them.
        let own = tablet.first_of_session;
        let rows = town.service.db.ask(|s| {
            let of = [scope.into(), own.into()];
            s.first("select count(*) from feed where scope = $1 and session not in ($2, -1)", &of, |r| r.int(0))
        })?;
        ensure!(tablet.twice == 0, "{} was told {} rows twice", tablet.neighbourhood, tablet.twice);
        let told = i64::try_from(tablet.told.len())?;
        ensure!(Some(told) == rows, "{} was told {told} rows of {rows:?}", tablet.neighbourhood);
    }
    let (_, told) = &town.program;
    ensure!(told.is_sorted_by(|a, b| a < b), "the program was told something twice, or out of order");
    let directory = istanbul::directory();
    let mut rows = 0;
    for unit in directory.units.iter().filter(|unit| directory.is_within(&unit.code, CITY)) {
        let scope = town.service.scopes.number(&unit.code);
        let here = town.service.db.ask(|s| {
            Ok(s.first("select count(*) from feed where scope = $1", &[scope.into()], |r| r.int(0))?.unwrap_or(0))
        })?;
        rows += here;
    }
    ensure!(i64::try_from(told.len())? == rows, "the program was told {} updates of {rows}", told.len());
    Ok(())
}

/// The day of a moment (Unix ms) in Istanbul.
pub(crate) fn date_of(at: i64) -> Date {
    TimeZone::fixed(offset(3)).to_datetime(Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)).date()
}

fn midnight(date: Date) -> i64 {
    let at = date.to_datetime(jiff::civil::Time::midnight());
    TimeZone::fixed(offset(3)).to_timestamp(at).map_or(0, Timestamp::as_millisecond)
}

/// Working days counted one by one, by the letter of `shared/README.md`: open from 08:00 to 18:00, to 13:00 on a half day.
struct Plain {
    half: BTreeMap<String, bool>,
}

impl Plain {
    fn read() -> Result<Self> {
        #[derive(Deserialize)]
        struct File {
            days: Vec<Holiday>,
        }
        #[derive(Deserialize)]
        struct Holiday {
            date: String,
            half_day: bool,
        }
        let file: File = serde_json::from_str(HOLIDAYS)?;
        let mut half: BTreeMap<String, bool> = BTreeMap::new();
        for day in file.days {
            let known = half.entry(day.date).or_insert(day.half_day);
            *known = *known && day.half_day;
        }
        Ok(Self { half })
    }

    /// Opening and closing of a day, Unix ms.
    fn hours(&self, date: Date) -> Option<(i64, i64)> {
        if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            return None;
        }
        let close = match self.half.get(&date.to_string()) {
            Some(false) => return None,
            Some(true) => 13,
            None => 18,
        };
        Some((midnight(date) + 8 * 3_600_000, midnight(date) + close * 3_600_000))
    }

    fn due(&self, from: i64, days: u16) -> i64 {
        let mut date = date_of(from);
        if days == 0 {
            loop {
                match self.hours(date) {
                    Some((_, close)) if close >= from => return close,
                    _ => date = date.saturating_add(jiff::Span::new().days(1)),
                }
            }
        }
        let mut halves = u32::from(days) * 2;
        loop {
            date = date.saturating_add(jiff::Span::new().days(1));
            if let Some((open, close)) = self.hours(date) {
                halves = halves.saturating_sub(if close - open == 5 * 3_600_000 { 1 } else { 2 });
                if halves == 0 {
                    return close;
                }
            }
        }
    }

    /// A date moved by the working time between two moments, minute by minute and what is left of one.
    fn moved(&self, due: i64, paused: i64, resumed: i64) -> i64 {
        let mut left = 0;
        let mut date = date_of(paused);
        while midnight(date) <= resumed {
            if let Some((open, close)) = self.hours(date) {
                left += (resumed.min(close) - paused.max(open)).max(0);
            }
            date = date.saturating_add(jiff::Span::new().days(1));
        }
        let (mut at, mut date) = (due, date_of(due));
        while left > 0 {
            if let Some((open, close)) = self.hours(date) {
                let begin = at.max(open);
                let here = (close - begin).max(0);
                if left <= here {
                    return begin + left;
                }
                left -= here;
            }
            date = date.saturating_add(jiff::Span::new().days(1));
            at = at.max(midnight(date));
        }
        due
    }
}
