//! What reports count: narrow rows of a period.

use mbs_shared::routing::{Channel, Outcome, State};

use super::requests::{self, Head, channel_of, outcome_of, state_of};
use super::{DbResult, Go, Row, Session, request_rows, statements};

statements! {
    /// Requests received in a period.
    RECEIVED = "select scope, place, unit, state, outcome, category, received, due, paused, concluded, confirmed, \
                objections, returns, channel from request where received >= $1 and received < $2";
    /// How many were received in a period.
    COUNT_RECEIVED = "select count(*) from request where received >= $1 and received < $2";
    /// When the first request was received.
    FIRST_RECEIVED = "select received from request order by received limit 1";
    /// When answers of a period were given.
    CONCLUDED = "select concluded, unit, scope from request where concluded <> 0 and concluded >= $1 and concluded < $2";
    /// Requests received in a period, whole, page by page.
    PAGE = request_rows!("where rid > $1 and received >= $2 and received < $3 order by rid limit $4");
}

/// A request, as far as reports count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Muhtarlık that filed it.
    pub scope: u32,
    /// Neighbourhood its place lies in; 0 unknown.
    pub place: u32,
    /// Who holds it, or concluded it; 0 triage.
    pub unit: u32,
    /// State.
    pub state: State,
    /// Outcome, once concluded.
    pub outcome: Option<Outcome>,
    /// Category as routed or corrected.
    pub category: String,
    /// Received by the server, Unix ms.
    pub received: i64,
    /// Due, Unix ms; 0 none.
    pub due: i64,
    /// Whether its clock stands still.
    pub paused: bool,
    /// When the answer was given, Unix ms; 0 none.
    pub concluded: i64,
    /// Whether the muhtar confirmed it himself.
    pub confirmed: bool,
    /// Times he objected.
    pub objections: u32,
    /// Times it was returned.
    pub returns: u32,
    /// How it came, where no tablet filed it.
    pub channel: Option<Channel>,
}

fn counted(r: &dyn Row) -> DbResult<Counted> {
    Ok(Counted {
        scope: r.count(0)?,
        place: r.count(1)?,
        unit: r.count(2)?,
        state: state_of(r.int(3)?)?,
        outcome: outcome_of(r.int(4)?)?,
        category: r.text(5)?.to_owned(),
        received: r.int(6)?,
        due: r.int(7)?,
        paused: r.int(8)? != 0,
        concluded: r.int(9)?,
        confirmed: r.int(10)? != 0,
        objections: r.count(11)?,
        returns: r.count(12)?,
        channel: channel_of(r.int(13)?)?,
    })
}

/// Whole requests received in a period (Unix ms, the end not in it), behind row `after`, in the order of their rows.
///
/// # Errors
/// [`super::DbError`].
pub fn page(session: &mut dyn Session, after: i64, (from, until): (i64, i64), limit: u32) -> DbResult<Vec<Head>> {
    session.all(PAGE, &[after.into(), from.into(), until.into(), limit.into()], requests::head)
}

/// Shows each request received from `from` and before `until` (Unix ms).
///
/// # Errors
/// [`super::DbError`].
pub fn received(session: &mut dyn Session, from: i64, until: i64, each: &mut dyn FnMut(Counted)) -> DbResult<()> {
    session.query(RECEIVED, &[from.into(), until.into()], &mut |r| {
        each(counted(r)?);
        Ok(Go::On)
    })
}

/// Shows when each answer of a period was given, by which unit, and to which muhtarlık.
///
/// # Errors
/// [`super::DbError`].
pub fn concluded(
    session: &mut dyn Session,
    from: i64,
    until: i64,
    each: &mut dyn FnMut(i64, u32, u32),
) -> DbResult<()> {
    session.query(CONCLUDED, &[from.into(), until.into()], &mut |r| {
        each(r.int(0)?, r.count(1)?, r.count(2)?);
        Ok(Go::On)
    })
}
