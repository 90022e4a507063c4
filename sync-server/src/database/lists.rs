//! The desk's lists over the index rows.

use std::collections::HashMap;

use mbs_shared::id::{CaseNo, OfficialNo, RequestId};
use mbs_shared::routing::State;

use super::requests::{self, Head};
use super::{DbResult, Go, Session, request_rows, statements};

statements! {
    /// In an open state, whoever holds it, most urgent first.
    URGENT_IN_STATE = request_rows!("where state = $1 and state < 8 and urgency >= $2 and (urgency > $2 or rid > $3) \
                                    order by urgency, rid limit $4");
    /// In a state at a unit, most urgent first.
    URGENT_AT_UNIT = request_rows!("where state = $1 and unit = $2 and urgency >= $3 and (urgency > $3 or rid > $4) \
                                   order by urgency, rid limit $5");
    /// How many are in a state.
    COUNT_IN_STATE = "select count(*) from request where state = $1";
    /// How many are in a state at a unit.
    COUNT_AT_UNIT = "select count(*) from request where state = $1 and unit = $2";
    /// In an open state, and so much of its time is gone, in percent, or returned twice.
    LATE = request_rows!("where state = $1 and state < 8 and (returns > 1 or \
            (due <> 0 and paused = 0 and ($2 - received) * 100 >= (due - received) * $3)) \
            and urgency >= $4 and (urgency > $4 or rid > $5) order by urgency, rid limit $6");
    /// The same at a unit.
    LATE_AT_UNIT = request_rows!("where state = $1 and state < 8 and (returns > 1 or \
                    (due <> 0 and paused = 0 and ($2 - received) * 100 >= (due - received) * $3)) \
                    and urgency >= $4 and (urgency > $4 or rid > $5) and unit = $6 order by urgency, rid limit $7");
    /// Which unit holds each of them.
    WHO_IS_LATE = "select unit from request where state = $1 and state < 8 and (returns > 1 or \
                   (due <> 0 and paused = 0 and ($2 - received) * 100 >= (due - received) * $3))";
    /// In an open state at a unit: which.
    IDS_AT_UNIT = "select id from request where state = $1 and unit = $2 order by rid limit $3";
    /// How much of an open state lies at each unit.
    AT_UNITS = "select unit, count(*) from request where state = $1 group by unit";
    /// Everything, newest first.
    NEWEST = request_rows!("where rid < $1 order by rid desc limit $2");
    /// In a state at a unit, newest first.
    NEWEST_AT_UNIT = request_rows!("where state = $1 and unit = $2 and rid < $3 order by rid desc limit $4");
    /// In a state, newest first.
    NEWEST_IN_STATE = request_rows!("where state = $1 and rid < $2 order by rid desc limit $3");
    /// Of a muhtarlık between two moments, newest first.
    FILED_BETWEEN = request_rows!("where scope = $1 and received > $2 and received <= $3 \
                                  order by received desc, rid desc limit $4");
    /// How many there are at all.
    COUNT = "select count(*) from request";
    /// By offline case number.
    BY_CASE_NO = request_rows!("where case_no = $1 order by rid limit 2");
}

/// What a muhtarlık filed, received after `since` and not after `until` (Unix ms), newest first.
///
/// # Errors
/// [`super::DbError`].
pub fn filed_between(
    session: &mut dyn Session,
    scope: u32,
    (since, until): (i64, i64),
    limit: u32,
) -> DbResult<Vec<Head>> {
    session.all(FILED_BETWEEN, &[scope.into(), since.into(), until.into(), limit.into()], requests::head)
}

/// A place in a list of open work: what comes after it is asked for next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// [`Head::urgency`] of the last row.
    pub urgency: i64,
    /// Its row number.
    pub rid: i64,
}

impl Place {
    /// Before everything.
    pub const BEGIN: Self = Self { urgency: i64::MIN, rid: 0 };

    /// Where a row stands.
    #[must_use]
    pub const fn of(head: &Head) -> Self {
        Self { urgency: head.urgency, rid: head.rid }
    }
}

/// Puts what was asked for in pieces in order, each row once, and leaves a page of it.
pub fn page(mut heads: Vec<Head>, limit: u32) -> Vec<Head> {
    heads.sort_by_key(Place::of);
    heads.dedup_by_key(|head| head.rid);
    heads.truncate(limit as usize);
    heads
}

/// In these states, after a place, the most urgent first: those of `units`, or of everyone where `units` is `None`.
///
/// # Errors
/// [`super::DbError`].
pub fn urgent(
    session: &mut dyn Session,
    states: &[State],
    units: Option<&[u32]>,
    after: Place,
    limit: u32,
) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    let Place { urgency, rid } = after;
    for state in states {
        let state = requests::state_no(*state);
        match units {
            None => {
                let args = [state.into(), urgency.into(), rid.into(), limit.into()];
                out.extend(session.all(URGENT_IN_STATE, &args, requests::head)?);
            }
            Some(units) => {
                for unit in units {
                    let args = [state.into(), (*unit).into(), urgency.into(), rid.into(), limit.into()];
                    out.extend(session.all(URGENT_AT_UNIT, &args, requests::head)?);
                }
            }
        }
    }
    Ok(page(out, limit))
}

/// How many are in these states: at `units`, or at all where `units` is `None`.
///
/// # Errors
/// [`super::DbError`].
pub fn count(session: &mut dyn Session, states: &[State], units: Option<&[u32]>) -> DbResult<u32> {
    let mut sum = 0;
    for state in states {
        let state = requests::state_no(*state);
        match units {
            None => sum += session.first(COUNT_IN_STATE, &[state.into()], |r| r.count(0))?.unwrap_or(0),
            Some(units) => {
                for unit in units {
                    sum += session.first(COUNT_AT_UNIT, &[state.into(), (*unit).into()], |r| r.count(0))?.unwrap_or(0);
                }
            }
        }
    }
    Ok(sum)
}

/// What wants a supervisor's look: `percent` of its time is gone, or it was returned twice; at `units`, or at all where that
/// is `None`.
///
/// # Errors
/// [`super::DbError`].
pub fn late(
    session: &mut dyn Session,
    units: Option<&[u32]>,
    now: i64,
    percent: u32,
    after: Place,
    limit: u32,
) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for state in open() {
        let begin =
            [requests::state_no(state).into(), now.into(), percent.into(), after.urgency.into(), after.rid.into()];
        let Some(units) = units else {
            out.extend(session.all(LATE, &[&begin[..], &[limit.into()]].concat(), requests::head)?);
            continue;
        };
        for unit in units {
            let args = [&begin[..], &[(*unit).into(), limit.into()]].concat();
            out.extend(session.all(LATE_AT_UNIT, &args, requests::head)?);
        }
    }
    Ok(page(out, limit))
}

/// How many those are, by the unit that holds them; 0 is nobody.
///
/// # Errors
/// [`super::DbError`].
pub fn count_late(session: &mut dyn Session, now: i64, percent: u32) -> DbResult<HashMap<u32, u32>> {
    let mut counts = HashMap::new();
    for state in open() {
        session.query(WHO_IS_LATE, &[requests::state_no(state).into(), now.into(), percent.into()], &mut |r| {
            *counts.entry(r.count(0)?).or_default() += 1;
            Ok(Go::On)
        })?;
    }
    Ok(counts)
}

/// How much open work lies at each unit; 0 is nobody.
///
/// # Errors
/// [`super::DbError`].
pub fn open_at_units(session: &mut dyn Session) -> DbResult<HashMap<u32, u32>> {
    let mut counts = HashMap::new();
    for state in open() {
        for (unit, count) in
            session.all(AT_UNITS, &[requests::state_no(state).into()], |r| Ok((r.count(0)?, r.count(1)?)))?
        {
            *counts.entry(unit).or_default() += count;
        }
    }
    Ok(counts)
}

/// Open work that lies at a unit, up to `limit` of each state.
///
/// # Errors
/// [`super::DbError`].
pub fn open_at(session: &mut dyn Session, unit: u32, limit: u32) -> DbResult<Vec<RequestId>> {
    let mut all = Vec::new();
    for state in open() {
        let args = [requests::state_no(state).into(), unit.into(), limit.into()];
        all.extend(session.all(IDS_AT_UNIT, &args, |r| Ok(RequestId(r.bytes16(0)?)))?);
    }
    Ok(all)
}

/// States in which work is owed.
fn open() -> impl Iterator<Item = State> {
    State::ALL.into_iter().filter(|state| state.is_open())
}

/// Everything before row `before`, newest first.
///
/// # Errors
/// [`super::DbError`].
pub fn newest(session: &mut dyn Session, before: i64, limit: u32) -> DbResult<Vec<Head>> {
    session.all(NEWEST, &[before.into(), limit.into()], requests::head)
}

/// In these states before row `before`, newest first, whoever holds them.
///
/// # Errors
/// [`super::DbError`].
pub fn newest_in(session: &mut dyn Session, states: &[State], before: i64, limit: u32) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for state in states {
        let args = [requests::state_no(*state).into(), before.into(), limit.into()];
        out.extend(session.all(NEWEST_IN_STATE, &args, requests::head)?);
    }
    out.sort_by_key(|head| std::cmp::Reverse(head.rid));
    out.truncate(limit as usize);
    Ok(out)
}

/// In these states at `units` before row `before`, newest first.
///
/// # Errors
/// [`super::DbError`].
pub fn newest_at(
    session: &mut dyn Session,
    states: &[State],
    units: &[u32],
    before: i64,
    limit: u32,
) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for state in states {
        for unit in units {
            let args = [requests::state_no(*state).into(), (*unit).into(), before.into(), limit.into()];
            out.extend(session.all(NEWEST_AT_UNIT, &args, requests::head)?);
        }
    }
    out.sort_by_key(|head| std::cmp::Reverse(head.rid));
    out.truncate(limit as usize);
    Ok(out)
}

/// How many requests there are.
///
/// # Errors
/// [`super::DbError`].
pub fn total(session: &mut dyn Session) -> DbResult<u32> {
    Ok(session.first(COUNT, &[], |r| r.count(0))?.unwrap_or(0))
}

/// The requests a number that was typed in names: official or offline.
///
/// # Errors
/// [`super::DbError`].
pub fn by_number(session: &mut dyn Session, text: &str) -> DbResult<Vec<Head>> {
    if let Ok(no) = text.parse::<OfficialNo>() {
        return Ok(requests::by_no(session, no)?.into_iter().collect());
    }
    match text.parse::<CaseNo>() {
        Ok(no) => session.all(BY_CASE_NO, &[requests::pack_case_no(no).into()], requests::head),
        Err(_) => Ok(Vec::new()),
    }
}
