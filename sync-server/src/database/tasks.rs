//! Parts of requests' work that other units owe (alt iş): an index told from the events.

use std::collections::HashMap;

use mbs_shared::id::RequestId;

use super::requests::{self, Head};
use super::{DbResult, Go, Session, request_rows, statements};
use crate::auth::sight::Sight;

statements! {
    /// One is owed.
    ADD = "insert into task (request, n, unit) values ($1, $2, $3)";
    /// Forgets those of a request.
    CLEAR = "delete from task where request = $1";
    /// Those of a request.
    OF_REQUEST = "select n, unit from task where request = $1 order by n";
    /// Requests of which a unit owes a part.
    OWED_BY = request_rows!("where rid in (select request from task where unit = $1) limit $2");
    /// What a unit owes: the request and the event that gave the part.
    OF_UNIT = "select r.id, t.n from task t join request r on r.rid = t.request where t.unit = $1 limit $2";
    /// How many each unit owes of what lies at a unit and was filed by a muhtarlık.
    OF_UNITS = "select t.unit, r.unit, r.scope, count(*) from task t join request r on r.rid = t.request \
                group by t.unit, r.unit, r.scope";
    /// Who holds the requests of which a unit owes a part.
    HOLDERS = "select r.unit from task t join request r on r.rid = t.request where t.unit = $1";
}

/// What is owed of a request: the event that gave each part, and the unit's number.
///
/// # Errors
/// [`super::DbError`].
pub fn of_request(session: &mut dyn Session, rid: i64) -> DbResult<Vec<(u32, u32)>> {
    session.all(OF_REQUEST, &[rid.into()], |r| Ok((r.count(0)?, r.count(1)?)))
}

/// Writes what is owed of a request now.
///
/// # Errors
/// [`super::DbError`].
pub fn set(session: &mut dyn Session, rid: i64, owed: &[(u32, u32)]) -> DbResult<()> {
    session.send(CLEAR, &[rid.into()])?;
    for (n, unit) in owed {
        session.send(ADD, &[rid.into(), (*n).into(), (*unit).into()])?;
    }
    Ok(())
}

/// Requests that lie elsewhere, of which one of `units` owes a part; up to `limit` a unit.
///
/// # Errors
/// [`super::DbError`].
pub fn elsewhere(session: &mut dyn Session, units: &[u32], limit: u32) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    for unit in units {
        out.extend(session.all(OWED_BY, &[(*unit).into(), limit.into()], requests::head)?);
    }
    out.retain(|head| !units.contains(&head.unit));
    Ok(out)
}

/// What a unit owes: the request, and the event that gave the part.
///
/// # Errors
/// [`super::DbError`].
pub fn of_unit(session: &mut dyn Session, unit: u32, limit: u32) -> DbResult<Vec<(RequestId, u32)>> {
    session.all(OF_UNIT, &[unit.into(), limit.into()], |r| Ok((RequestId(r.bytes16(0)?), r.count(1)?)))
}

/// How many parts each unit owes; of who is limited to districts only those of requests from there.
///
/// # Errors
/// [`super::DbError`].
pub fn of_units(session: &mut dyn Session, sight: &Sight) -> DbResult<HashMap<u32, u32>> {
    let limited = matches!(sight, Sight::Muhtarliks(_));
    let mut counts = HashMap::new();
    session.query(OF_UNITS, &[], &mut |r| {
        if !limited || sight.has(r.count(1)?, r.count(2)?) {
            *counts.entry(r.count(0)?).or_default() += r.count(3)?;
        }
        Ok(Go::On)
    })?;
    Ok(counts)
}

/// How many parts `units` owe of requests that lie elsewhere.
///
/// # Errors
/// [`super::DbError`].
pub fn count(session: &mut dyn Session, units: &[u32]) -> DbResult<u32> {
    let mut sum = 0;
    for unit in units {
        let holders = session.all(HOLDERS, &[(*unit).into()], |r| r.count(0))?;
        sum += holders.iter().filter(|holder| !units.contains(holder)).count();
    }
    Ok(u32::try_from(sum).unwrap_or(u32::MAX))
}
