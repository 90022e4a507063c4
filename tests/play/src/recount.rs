//! Reports counted again from the cases: totals, half and nine of ten, units, categories, districts, neighbourhoods and weeks.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use mbs_shared::istanbul;
use mbs_shared::routing::{Case, Outcome, State};
use serde_json::Value;

use crate::check::date_of;
use crate::script::Played;
use crate::town::Town;

const DAY: f64 = 86_400_000.0;

/// A request as a recount sees it.
#[derive(Debug)]
pub struct Told {
    /// When it came, Unix ms.
    pub received: i64,
    /// Its category, as filed or corrected.
    pub category: String,
    /// Code of the neighbourhood its place lies in, or of its muhtarlık's.
    pub place: String,
    /// Its events, folded.
    pub case: Case,
}

impl Told {
    /// When the answer that stands was given.
    fn answered(&self) -> Option<i64> {
        self.case.answer.as_ref().map(|answer| answer.at)
    }
}

/// Each year's report as the desk shows it, and one that begins and ends in the middle of a week.
///
/// # Errors
/// The first figure that differs.
pub async fn reports(town: &Town, cases: &[Told], played: &Played) -> Result<()> {
    let (first, last) = (date_of(played.begin), date_of(played.end));
    for year in first.year()..=last.year() {
        period(town, cases, played.end, (Date::new(year, 1, 1)?, Date::new(year, 12, 31)?)).await?;
    }
    let middle = date_of(played.begin.midpoint(played.end));
    let days = |n: i64| jiff::Span::new().days(n);
    period(town, cases, played.end, (middle.saturating_sub(days(45)), middle.saturating_add(days(44)))).await
}

async fn period(town: &Town, cases: &[Told], end: i64, (from, until): (Date, Date)) -> Result<()> {
    let report = town.json(&town.of_triage()?, &format!("report?from={from}&until={until}")).await?;
    let within = |at: i64| (from..=until).contains(&date_of(at));
    let of: Vec<&Told> = cases.iter().filter(|told| within(told.received)).collect();
    let named = |what: &str| format!("{from} to {until}, {what}");
    line(&named("totals"), &report["totals"], &of, end)?;
    let district = |told: &Told| {
        istanbul::directory().neighbourhood(&told.place).map_or(String::new(), |n| n.district_code.clone())
    };
    lines(&named("units"), &report["units"], &of, end, |told| told.case.unit.clone().unwrap_or_default())?;
    lines(&named("categories"), &report["categories"], &of, end, |told| told.category.clone())?;
    lines(&named("districts"), &report["districts"], &of, end, district)?;
    lines(&named("neighbourhoods"), &report["neighbourhoods"], &of, end, |told| told.place.clone())?;
    weeks(&named("weeks"), &report["weeks"], cases, (from, until))
}

/// One line of figures against those of the requests it is about.
fn line(what: &str, shown: &Value, of: &[&Told], end: i64) -> Result<()> {
    let many = |test: &dyn Fn(&Told) -> bool| of.iter().filter(|told| test(told)).count() as u64;
    let late = |Told { case, .. }: &Told| {
        case.state.is_open() && case.paused.is_none() && case.due.is_some_and(|due| due < end)
    };
    for (name, ours) in [
        ("received", many(&|_| true)),
        ("open", many(&|t| t.case.state.is_open())),
        ("overdue", many(&late)),
        ("cancelled", many(&|t| t.case.state == State::Cancelled)),
        ("concluded", many(&|t| t.answered().is_some())),
        ("ripe", many(&|t| t.answered().is_some() || late(t))),
        ("answered", many(&|t| t.answered().is_some() || t.case.objections > 0)),
        ("confirmed", many(&|t| t.case.confirmed)),
        ("objected", many(&|t| t.case.objections > 0)),
        ("returned", many(&|t| t.case.returns > 0)),
    ] {
        ensure!(shown[name] == ours, "{what}: {name} is {} in the report and {ours} in the events", shown[name]);
    }
    for (i, outcome) in Outcome::ALL.into_iter().enumerate() {
        let ours = many(&|t| t.case.outcome == Some(outcome));
        ensure!(shown["outcomes"][i] == ours, "{what}: {} {} and {ours}", outcome.code(), shown["outcomes"][i]);
    }
    let mut took: Vec<i64> = of.iter().filter_map(|told| Some(told.answered()? - told.received)).collect();
    took.sort_unstable();
    for (name, percent) in [("median", 50), ("p90", 90)] {
        // The smallest that so many do not exceed, looked for and not calculated.
        let enough = |at: &&i64| took.iter().filter(|other| *other <= *at).count() * 100 >= took.len() * percent;
        #[expect(clippy::cast_precision_loss, reason = "some years")]
        let ours = took.iter().find(enough).map(|ms| *ms as f64 / DAY);
        let right = match (shown[name].as_f64(), ours) {
            (None, None) => true,
            (Some(shown), Some(ours)) => (shown - ours).abs() <= 0.050_001,
            _ => false,
        };
        ensure!(right, "{what}: {name} is {} in the report and {ours:?} days in the events", shown[name]);
    }
    Ok(())
}

/// Each line of a table.
fn lines(what: &str, shown: &Value, of: &[&Told], end: i64, key: impl Fn(&Told) -> String) -> Result<()> {
    let mut by: BTreeMap<String, Vec<&Told>> = BTreeMap::new();
    for told in of {
        by.entry(key(told)).or_default().push(told);
    }
    let shown = shown.as_array().with_context(|| format!("{what}: no lines"))?;
    ensure!(shown.len() == by.len(), "{what}: {} lines, and {} in the events", shown.len(), by.len());
    for one in shown {
        let code = one["code"].as_str().unwrap_or_default();
        let ours = by.get(code).with_context(|| format!("{what}: {code} has none in the events"))?;
        line(&format!("{what}, {code}"), &one["counts"], ours, end)?;
    }
    Ok(())
}

/// Day by day from the first, a new week on each Monday.
fn weeks(what: &str, shown: &Value, cases: &[Told], (from, until): (Date, Date)) -> Result<()> {
    let mut ours: Vec<(Date, u64, u64)> = Vec::new();
    let mut of: BTreeMap<Date, (u64, u64)> = BTreeMap::new();
    for told in cases {
        of.entry(date_of(told.received)).or_default().0 += 1;
        if let Some(at) = told.answered() {
            of.entry(date_of(at)).or_default().1 += 1;
        }
    }
    let mut date = from;
    while date <= until {
        if ours.is_empty() || date.weekday() == jiff::civil::Weekday::Monday {
            ours.push((date, 0, 0));
        }
        if let (Some(week), Some((received, concluded))) = (ours.last_mut(), of.get(&date)) {
            week.1 += received;
            week.2 += concluded;
        }
        date = date.tomorrow()?;
    }
    let shown = shown.as_array().with_context(|| format!("{what}: none"))?;
    ensure!(shown.len() == ours.len(), "{what}: {} shown, {} counted", shown.len(), ours.len());
    for (shown, (date, received, concluded)) in shown.iter().zip(&ours) {
        let right =
            shown["from"] == date.to_string() && shown["received"] == *received && shown["concluded"] == *concluded;
        ensure!(right, "{what}: {shown}, and {received} received, {concluded} answered from {date}");
    }
    Ok(())
}
