//! The desk's lists over the index rows.

use std::collections::HashMap;

use mbs_shared::id::{CaseNo, OfficialNo};
use mbs_shared::routing::State;

use super::requests::{self, Head};
use super::{DbResult, Go, Session, request_rows, statements};

statements! {
    /// In a state, whoever holds it, oldest first.
    IN_STATE = request_rows!("where state = $1 and rid > $2 order by rid limit $3");
    /// In a state at a unit, oldest first.
    AT_UNIT = request_rows!("where state = $1 and unit = $2 and rid > $3 order by rid limit $4");
    /// How many are in a state.
    COUNT_IN_STATE = "select count(*) from request where state = $1";
    /// How many are in a state at a unit.
    COUNT_AT_UNIT = "select count(*) from request where state = $1 and unit = $2";
    /// In a state, and late or returned twice.
    LATE = request_rows!("where state = $1 and (returns > 1 or (due <> 0 and due < $2 and paused = 0)) and rid > $3 \
            order by rid limit $4");
    /// The same at a unit.
    LATE_AT_UNIT = request_rows!("where state = $1 and (returns > 1 or (due <> 0 and due < $2 and paused = 0)) and rid > $3 \
                    and unit = $4 order by rid limit $5");
    /// Which unit holds each of them.
    WHO_IS_LATE = "select unit from request where state = $1 and (returns > 1 or (due <> 0 and due < $2 and paused = 0))";
    /// Everything, newest first.
    NEWEST = request_rows!("where rid < $1 order by rid desc limit $2");
    /// In a state at a unit, newest first.
    NEWEST_AT_UNIT = request_rows!("where state = $1 and unit = $2 and rid < $3 order by rid desc limit $4");
    /// In a state, newest first.
    NEWEST_IN_STATE = request_rows!("where state = $1 and rid < $2 order by rid desc limit $3");
    /// Of a muhtarlık since a moment, newest first.
    LATELY_FILED = request_rows!("where scope = $1 and received > $2 order by rid desc limit $3");
    /// How many there are at all.
    COUNT = "select count(*) from request";
    /// By offline case number.
    BY_CASE_NO = request_rows!("where case_no = $1 order by rid limit 2");
}

/// What a muhtarlık filed, received after `since` (Unix ms), newest first.
///
/// # Errors
/// [`super::DbError`].
pub fn lately_filed(session: &mut dyn Session, scope: u32, since: i64, limit: u32) -> DbResult<Vec<Head>> {
    session.all(LATELY_FILED, &[scope.into(), since.into(), limit.into()], requests::head)
}

/// In these states, after row `after`, oldest first: those of `units`, or of everyone where `units` is `None`.
///
/// # Errors
/// [`super::DbError`].
pub fn oldest(
    session: &mut dyn Session,
    states: &[State],
    units: Option<&[u32]>,
    after: i64,
    limit: u32,
) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for state in states {
        let state = requests::state_no(*state);
        match units {
            None => out.extend(session.all(IN_STATE, &[state.into(), after.into(), limit.into()], requests::head)?),
            Some(units) => {
                for unit in units {
                    let args = [state.into(), (*unit).into(), after.into(), limit.into()];
                    out.extend(session.all(AT_UNIT, &args, requests::head)?);
                }
            }
        }
    }
    out.sort_by_key(|h| h.rid);
    out.truncate(limit as usize);
    Ok(out)
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

/// What wants a supervisor's look: late, or returned twice; at `units`, or at all where that is `None`.
///
/// # Errors
/// [`super::DbError`].
pub fn late(session: &mut dyn Session, units: Option<&[u32]>, now: i64, after: i64, limit: u32) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for state in open() {
        let state = requests::state_no(state).into();
        let Some(units) = units else {
            out.extend(session.all(LATE, &[state, now.into(), after.into(), limit.into()], requests::head)?);
            continue;
        };
        for unit in units {
            let args = [state, now.into(), after.into(), (*unit).into(), limit.into()];
            out.extend(session.all(LATE_AT_UNIT, &args, requests::head)?);
        }
    }
    out.sort_by_key(|head| head.rid);
    out.truncate(limit as usize);
    Ok(out)
}

/// How many those are, by the unit that holds them; 0 is nobody.
///
/// # Errors
/// [`super::DbError`].
pub fn count_late(session: &mut dyn Session, now: i64) -> DbResult<HashMap<u32, u32>> {
    let mut counts = HashMap::new();
    for state in open() {
        session.query(WHO_IS_LATE, &[requests::state_no(state).into(), now.into()], &mut |r| {
            *counts.entry(r.count(0)?).or_default() += 1;
            Ok(Go::On)
        })?;
    }
    Ok(counts)
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
