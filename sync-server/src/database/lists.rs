//! The desk's lists over the index rows.

use std::collections::HashMap;

use mbs_shared::id::{CaseNo, OfficialNo, RequestId};
use mbs_shared::routing::State;

use super::requests::{self, Head};
use super::{DbResult, Go, Session, request_rows, statements};
use crate::auth::sight::Sight;

/// Rows that are read at once where only some of them are shown.
const AT_ONCE: u32 = 500;

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
    /// How many each muhtarlık filed that are in an open state.
    COUNT_BY_MUHTARLIK = "select scope, count(*) from request where state = $1 and state < 8 group by scope";
    /// How many a muhtarlık filed that are in a state.
    COUNT_OF_MUHTARLIK = "select count(*) from request where scope = $1 and state = $2";
    /// How many a muhtarlık filed.
    TOTAL_OF_MUHTARLIK = "select count(*) from request where scope = $1";
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
    /// Which muhtarlık filed each of them.
    WHOSE_IS_LATE = "select scope from request where state = $1 and state < 8 and (returns > 1 or \
                     (due <> 0 and paused = 0 and ($2 - received) * 100 >= (due - received) * $3))";
    /// In an open state at a unit: which.
    IDS_AT_UNIT = "select id from request where state = $1 and unit = $2 order by rid limit $3";
    /// How much of an open state lies at each unit.
    AT_UNITS = "select unit, count(*) from request where state = $1 group by unit";
    /// Where each of an open state lies, whose it is, and what makes it late.
    WHERE_ALL_LIE = "select unit, scope, received, due, paused, returns from request where state = $1 and state < 8";
    /// Everything, newest first.
    NEWEST = request_rows!("where rid < $1 order by rid desc limit $2");
    /// In a state at a unit, newest first.
    NEWEST_AT_UNIT = request_rows!("where state = $1 and unit = $2 and rid < $3 order by rid desc limit $4");
    /// In a state, newest first.
    NEWEST_IN_STATE = request_rows!("where state = $1 and rid < $2 order by rid desc limit $3");
    /// Of a muhtarlık between two moments, newest first.
    FILED_BETWEEN = request_rows!("where scope = $1 and received > $2 and received <= $3 \
                                  order by received desc, rid desc limit $4");
    /// Of a muhtarlık: which, newest first.
    OF_MUHTARLIK = "select rid from request where scope = $1 order by rid desc";
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

/// Row numbers of all that a muhtarlık filed, newest first.
///
/// # Errors
/// [`super::DbError`].
pub fn of_muhtarlik(session: &mut dyn Session, scope: u32) -> DbResult<Vec<i64>> {
    session.all(OF_MUHTARLIK, &[scope.into()], |r| r.int(0))
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

/// Reads on behind the last row until `limit` of them are good.
fn sieved(
    limit: u32,
    good: impl Fn(&Head) -> bool,
    mut read: impl FnMut(Option<&Head>) -> DbResult<Vec<Head>>,
) -> DbResult<Vec<Head>> {
    let (mut out, mut last): (Vec<Head>, Option<Head>) = (Vec::new(), None);
    loop {
        let heads = read(last.as_ref())?;
        let ended = heads.len() < AT_ONCE as usize;
        last = heads.last().cloned();
        out.extend(heads.into_iter().filter(&good));
        if ended || out.len() >= limit as usize {
            out.truncate(limit as usize);
            return Ok(out);
        }
    }
}

/// In these states, after a place, the most urgent first, as far as they are in sight.
///
/// # Errors
/// [`super::DbError`].
pub fn urgent(
    session: &mut dyn Session,
    states: &[State],
    sight: &Sight,
    after: Place,
    limit: u32,
) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    let Place { urgency, rid } = after;
    for state in states {
        let state = requests::state_no(*state);
        let mut all = |Place { urgency, rid }: Place, limit: u32| {
            let args = [state.into(), urgency.into(), rid.into(), limit.into()];
            session.all(URGENT_IN_STATE, &args, requests::head)
        };
        match sight {
            Sight::All => out.extend(all(after, limit)?),
            Sight::Muhtarliks(_) => {
                let read = |last: Option<&Head>| all(last.map_or(after, Place::of), AT_ONCE);
                out.extend(sieved(limit, |head| sight.has_head(head), read)?);
            }
            Sight::Units(units) => {
                for unit in units {
                    let args = [state.into(), (*unit).into(), urgency.into(), rid.into(), limit.into()];
                    out.extend(session.all(URGENT_AT_UNIT, &args, requests::head)?);
                }
            }
        }
    }
    Ok(page(out, limit))
}

/// How many are in these states, as far as they are in sight.
///
/// # Errors
/// [`super::DbError`].
pub fn count(session: &mut dyn Session, states: &[State], sight: &Sight) -> DbResult<u32> {
    let mut sum = 0;
    for state in states {
        let number = requests::state_no(*state);
        match sight {
            Sight::All => sum += session.first(COUNT_IN_STATE, &[number.into()], |r| r.count(0))?.unwrap_or(0),
            Sight::Units(units) => {
                for unit in units {
                    sum += session.first(COUNT_AT_UNIT, &[number.into(), (*unit).into()], |r| r.count(0))?.unwrap_or(0);
                }
            }
            // Open work is little, and looked at whole; of what is finished only the own.
            Sight::Muhtarliks(own) if state.is_open() => {
                let all = session.all(COUNT_BY_MUHTARLIK, &[number.into()], |r| Ok((r.count(0)?, r.count(1)?)))?;
                sum += all.iter().filter(|(muhtarlik, _)| own.contains(muhtarlik)).map(|(_, count)| count).sum::<u32>();
            }
            Sight::Muhtarliks(own) => {
                for muhtarlik in own {
                    let args = [(*muhtarlik).into(), number.into()];
                    sum += session.first(COUNT_OF_MUHTARLIK, &args, |r| r.count(0))?.unwrap_or(0);
                }
            }
        }
    }
    Ok(sum)
}

/// What wants a supervisor's look: `percent` of its time is gone, or it was returned twice; as far as it is in sight.
///
/// # Errors
/// [`super::DbError`].
pub fn late(
    session: &mut dyn Session,
    sight: &Sight,
    now: i64,
    percent: u32,
    after: Place,
    limit: u32,
) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for state in open() {
        let behind = |place: Place| {
            [requests::state_no(state).into(), now.into(), percent.into(), place.urgency.into(), place.rid.into()]
        };
        match sight {
            Sight::All => {
                out.extend(session.all(LATE, &[&behind(after)[..], &[limit.into()]].concat(), requests::head)?);
            }
            Sight::Muhtarliks(_) => {
                let read = |last: Option<&Head>| {
                    let args = [&behind(last.map_or(after, Place::of))[..], &[AT_ONCE.into()]].concat();
                    session.all(LATE, &args, requests::head)
                };
                out.extend(sieved(limit, |head| sight.has_head(head), read)?);
            }
            Sight::Units(units) => {
                for unit in units {
                    let args = [&behind(after)[..], &[(*unit).into(), limit.into()]].concat();
                    out.extend(session.all(LATE_AT_UNIT, &args, requests::head)?);
                }
            }
        }
    }
    Ok(page(out, limit))
}

/// By whom work that is late is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The unit that holds it; 0 is nobody.
    Unit,
    /// The muhtarlık that filed it.
    Muhtarlik,
}

/// How many those are.
///
/// # Errors
/// [`super::DbError`].
pub fn count_late(session: &mut dyn Session, by: By, now: i64, percent: u32) -> DbResult<HashMap<u32, u32>> {
    let statement = if by == By::Unit { WHO_IS_LATE } else { WHOSE_IS_LATE };
    let mut counts = HashMap::new();
    for state in open() {
        session.query(statement, &[requests::state_no(state).into(), now.into(), percent.into()], &mut |r| {
            *counts.entry(r.count(0)?).or_default() += 1;
            Ok(Go::On)
        })?;
    }
    Ok(counts)
}

/// What those counts come to, as far as it is in sight: by the unit, or by the muhtarlık where that is what is limited.
#[must_use]
pub fn in_sight(counts: &HashMap<u32, u32>, sight: &Sight) -> u32 {
    match sight {
        Sight::All => counts.values().sum(),
        Sight::Units(units) => units.iter().filter_map(|unit| counts.get(unit)).sum(),
        Sight::Muhtarliks(own) => own.iter().filter_map(|muhtarlik| counts.get(muhtarlik)).sum(),
    }
}

/// By whom is counted what is in sight.
#[must_use]
pub const fn by(sight: &Sight) -> By {
    match sight {
        Sight::All | Sight::Units(_) => By::Unit,
        Sight::Muhtarliks(_) => By::Muhtarlik,
    }
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

/// How much open work in sight lies at each unit, and how much of it is late; 0 is nobody.
///
/// # Errors
/// [`super::DbError`].
pub fn loads(session: &mut dyn Session, sight: &Sight, now: i64) -> DbResult<HashMap<u32, (u32, u32)>> {
    let mut counts: HashMap<u32, (u32, u32)> = HashMap::new();
    if by(sight) == By::Unit {
        for (unit, open) in open_at_units(session)? {
            counts.entry(unit).or_default().0 = open;
        }
        for (unit, late) in count_late(session, By::Unit, now, 100)? {
            counts.entry(unit).or_default().1 = late;
        }
        return Ok(counts);
    }
    for state in open() {
        session.query(WHERE_ALL_LIE, &[requests::state_no(state).into()], &mut |r| {
            let unit = r.count(0)?;
            if sight.has(unit, r.count(1)?) {
                let late = requests::is_late(r.int(2)?, r.int(3)?, r.int(4)?, r.count(5)?, now, 100);
                let count = counts.entry(unit).or_default();
                *count = (count.0 + 1, count.1 + u32::from(late));
            }
            Ok(Go::On)
        })?;
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

/// Everything in sight before row `before`, newest first: in that state, or in any.
///
/// # Errors
/// [`super::DbError`].
pub fn newest(
    session: &mut dyn Session,
    state: Option<State>,
    sight: &Sight,
    before: i64,
    limit: u32,
) -> DbResult<Vec<Head>> {
    if let Sight::Units(units) = sight {
        return newest_at(session, state, units, before, limit);
    }
    let mut all = |before: i64, limit: u32| match state {
        None => session.all(NEWEST, &[before.into(), limit.into()], requests::head),
        Some(state) => {
            let args = [requests::state_no(state).into(), before.into(), limit.into()];
            session.all(NEWEST_IN_STATE, &args, requests::head)
        }
    };
    match sight {
        Sight::Muhtarliks(_) => {
            sieved(limit, |head| sight.has_head(head), |last| all(last.map_or(before, |head| head.rid), AT_ONCE))
        }
        _ => all(before, limit),
    }
}

/// At `units` before row `before`, newest first: in that state, or in any.
fn newest_at(
    session: &mut dyn Session,
    state: Option<State>,
    units: &[u32],
    before: i64,
    limit: u32,
) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for one in State::ALL.into_iter().filter(|one| state.is_none_or(|state| state == *one)) {
        for unit in units {
            let args = [requests::state_no(one).into(), (*unit).into(), before.into(), limit.into()];
            out.extend(session.all(NEWEST_AT_UNIT, &args, requests::head)?);
        }
    }
    out.sort_by_key(|head| std::cmp::Reverse(head.rid));
    out.truncate(limit as usize);
    Ok(out)
}

/// How many requests there are in sight: in that state, or in any.
///
/// # Errors
/// [`super::DbError`].
pub fn total(session: &mut dyn Session, state: Option<State>, sight: &Sight) -> DbResult<u32> {
    match (state, sight) {
        (Some(state), sight) => count(session, &[state], sight),
        (None, Sight::All) => Ok(session.first(COUNT, &[], |r| r.count(0))?.unwrap_or(0)),
        (None, Sight::Units(_)) => count(session, &State::ALL, sight),
        (None, Sight::Muhtarliks(own)) => {
            let mut sum = 0;
            for muhtarlik in own {
                let found = session.first(TOTAL_OF_MUHTARLIK, &[(*muhtarlik).into()], |r| r.count(0))?;
                sum += found.unwrap_or(0);
            }
            Ok(sum)
        }
    }
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
