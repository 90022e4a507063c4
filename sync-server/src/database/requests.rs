//! The narrow index row of a request.

use std::collections::HashSet;

use mbs_shared::directory::Priority;
use mbs_shared::id::{CaseNo, OfficialNo, Prefix, RequestId};
use mbs_shared::request::Kind;
use mbs_shared::routing::{Case, Channel, Outcome, State};

use super::{DbError, DbResult, Go, Row, Session, TOGETHER, Value, request_rows, statements, together};

/// Fields with two versions.
pub const CONFLICT: u32 = 1;
/// To be handled discreetly.
pub const DISCREET: u32 = 2;
/// The muhtar would like another category than it was routed by.
pub const WISH: u32 = 4;

statements! {
    /// A new request.
    ADD = "insert into request (rid, id, scope, place, unit, no, case_no, state, kind, category, title, flags, \
           at, received, since, due, hops, n, changes, blobs, channel, urgency) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
    /// One by id.
    BY_ID = request_rows!("where id = $1");
    /// One by row number.
    OF_RID = request_rows!("where rid = $1");
    /// Which of [`TOGETHER`] ids are here, or were erased by law.
    KNOWN = "select id from request where id in \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) union all \
             select request from erased where request in \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    /// One by official number.
    BY_NO = request_rows!("where no = $1");
    /// Pages of all, for `verify`.
    BY_RID = request_rows!("where rid > $1 order by rid limit $2");
    /// The last row number.
    LAST_RID = "select coalesce(max(rid), 0) from request";
    /// The last number of each year.
    LAST_NUMBERS = "select no / 1000000000, max(no) % 1000000000 from request group by no / 1000000000";
    /// Forgets one, after an erasure.
    DROP = "delete from request where rid = $1";
    /// Where the case stands now.
    SET_CASE = "update request set unit = $1, state = $2, outcome = $3, category = $4, since = $5, due = $6, \
                paused = $7, hops = $8, returns = $9, n = $10, concluded = $11, confirmed = $12, objections = $13, \
                channel = $14, urgency = $15 where rid = $16";
    /// What the document says now.
    SET_CONTENT = "update request set title = $1, kind = $2, flags = $3, changes = $4, blobs = $5 where rid = $6";
    /// One more photo is whole.
    ONE_MORE_HERE = "update request set here = here + 1 where rid = $1";
    /// Requests of a muhtarlık after an id, in the order of their ids.
    SNAPSHOT = "select rid, id from request where scope = $1 and id > $2 order by id limit $3";
    /// Requests that have been in a state for long.
    WAITING = "select rid, id from request where state = $1 and since <= $2 order by since limit $3";
    /// How many there are in a state.
    IN_STATE = "select count(*) from request where state = $1";
}

/// Whether `percent` of the time of work that is owed is gone (Unix ms; `due` 0: it has none, `paused` 0: its clock runs), or
/// it was returned twice.
#[must_use]
pub fn is_late(received: i64, due: i64, paused: i64, returns: u32, now: i64, percent: u8) -> bool {
    let spent = now.saturating_sub(received).saturating_mul(100);
    let runs = due != 0 && paused == 0;
    returns > 1 || runs && spent >= due.saturating_sub(received).saturating_mul(i64::from(percent))
}

/// The index row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Row number.
    pub rid: i64,
    /// The request.
    pub id: RequestId,
    /// Muhtarlık that filed it.
    pub scope: u32,
    /// Neighbourhood its place lies in; 0 unknown.
    pub place: u32,
    /// Who holds it; 0 nobody.
    pub unit: u32,
    /// Official number.
    pub no: OfficialNo,
    /// Offline case number.
    pub case_no: CaseNo,
    /// State.
    pub state: State,
    /// Outcome, once concluded.
    pub outcome: Option<Outcome>,
    /// Kind of petition.
    pub kind: Kind,
    /// Category as routed or corrected.
    pub category: String,
    /// First line.
    pub title: String,
    /// [`CONFLICT`], [`DISCREET`], [`WISH`].
    pub flags: u32,
    /// Filed, by the tablet's clock.
    pub at: i64,
    /// Received by the server.
    pub received: i64,
    /// In this state since.
    pub since: i64,
    /// Due; 0 none.
    pub due: i64,
    /// Clock stands still since; 0: it runs.
    pub paused: i64,
    /// Changes of hands.
    pub hops: u32,
    /// Times it was returned.
    pub returns: u32,
    /// Number of the last event.
    pub n: u32,
    /// Accepted changes of its document.
    pub changes: u32,
    /// Photos and notes it refers to.
    pub blobs: u32,
    /// Photos and notes that are whole here.
    pub here: u32,
    /// When the answer was given, Unix ms; 0 none.
    pub concluded: i64,
    /// Whether the muhtar confirmed it himself.
    pub confirmed: bool,
    /// Times he objected.
    pub objections: u32,
    /// How it came; `None`: from a tablet.
    pub channel: Option<Channel>,
    /// Its place among open work, the most urgent being the least: see [`urgency`].
    pub urgency: i64,
}

/// Until when a request that has no date yet should have been looked at: three days after its receipt, in milliseconds.
const LOOKED_AT_WITHIN: i64 = 3 * 86_400_000;

/// The place among open work: the category's priority first, then the date. Milliseconds of a date need 41 bits.
#[must_use]
pub fn urgency(h: &Head, priority: Priority) -> i64 {
    let when = if h.due == 0 { h.received.saturating_add(LOOKED_AT_WITHIN) } else { h.due };
    urgency_of(priority) | (when & (urgency_of(Priority::High) - 1))
}

/// What the urgency of a priority begins with.
#[must_use]
pub const fn urgency_of(priority: Priority) -> i64 {
    (priority as i64) << 44
}

/// The official number as one integer.
#[must_use]
pub fn pack_no(no: OfficialNo) -> i64 {
    i64::from(no.year) * 1_000_000_000 + i64::from(no.n)
}

/// The official number from its integer.
///
/// # Errors
/// [`DbError::Unexpected`].
pub fn unpack_no(v: i64) -> DbResult<OfficialNo> {
    let bad = |_| DbError::Unexpected("an official number out of range".into());
    Ok(OfficialNo {
        year: u16::try_from(v / 1_000_000_000).map_err(bad)?,
        n: u32::try_from(v % 1_000_000_000).map_err(bad)?,
    })
}

/// The case number as one integer.
#[must_use]
pub fn pack_case_no(no: CaseNo) -> i64 {
    // 20 bits of prefix, 30 of counter, 10 of chance.
    i64::from(no.prefix().index()) << 40 | i64::from(no.counter()) << 10 | i64::from(no.random())
}

/// The case number from its integer.
#[must_use]
pub fn unpack_case_no(v: i64) -> CaseNo {
    let part = |shift: u32, bits: u32| u32::try_from(v >> shift & ((1 << bits) - 1)).unwrap_or(0);
    CaseNo::new(Prefix::new(part(40, 20)), part(10, 30), u16::try_from(part(0, 10)).unwrap_or(0))
}

/// A list's place as an integer, and back.
fn at<T: Copy>(list: &[T], i: i64, what: &str) -> DbResult<T> {
    usize::try_from(i).ok().and_then(|i| list.get(i).copied()).ok_or_else(|| DbError::Unexpected(format!("{what} {i}")))
}

/// The integer of a state in the database.
#[must_use]
pub const fn state_no(state: State) -> u32 {
    state as u32
}

/// The integer of a kind in the database.
#[must_use]
pub const fn kind_no(kind: Kind) -> u32 {
    kind as u32
}

/// The integer of an outcome in the database.
#[must_use]
pub fn outcome_no(outcome: Option<Outcome>) -> u32 {
    outcome.map_or(0, |o| o as u32 + 1)
}

/// The integer of a channel in the database.
#[must_use]
pub fn channel_no(channel: Option<Channel>) -> u32 {
    channel.map_or(0, |c| c as u32 + 1)
}

/// The channel behind its integer.
///
/// # Errors
/// [`DbError::Unexpected`].
pub fn channel_of(i: i64) -> DbResult<Option<Channel>> {
    if i == 0 { Ok(None) } else { at(&Channel::ALL, i - 1, "channel").map(Some) }
}

/// The state behind its integer.
///
/// # Errors
/// [`DbError::Unexpected`].
pub fn state_of(i: i64) -> DbResult<State> {
    at(&State::ALL, i, "state")
}

/// The outcome behind its integer.
///
/// # Errors
/// [`DbError::Unexpected`].
pub fn outcome_of(i: i64) -> DbResult<Option<Outcome>> {
    if i == 0 { Ok(None) } else { at(&Outcome::ALL, i - 1, "outcome").map(Some) }
}

/// Reads the columns that every list of heads selects, in the order of [`BY_ID`].
///
/// # Errors
/// [`DbError`].
pub fn head(r: &dyn Row) -> DbResult<Head> {
    Ok(Head {
        rid: r.int(0)?,
        id: RequestId(r.bytes16(1)?),
        scope: r.count(2)?,
        place: r.count(3)?,
        unit: r.count(4)?,
        no: unpack_no(r.int(5)?)?,
        case_no: unpack_case_no(r.int(6)?),
        state: state_of(r.int(7)?)?,
        outcome: outcome_of(r.int(8)?)?,
        kind: at(&Kind::ALL, r.int(9)?, "kind")?,
        category: r.text(10)?.to_owned(),
        title: r.text(11)?.to_owned(),
        flags: r.count(12)?,
        at: r.int(13)?,
        received: r.int(14)?,
        since: r.int(15)?,
        due: r.int(16)?,
        paused: r.int(17)?,
        hops: r.count(18)?,
        returns: r.count(19)?,
        n: r.count(20)?,
        changes: r.count(21)?,
        blobs: r.count(22)?,
        here: r.count(23)?,
        concluded: r.int(24)?,
        confirmed: r.int(25)? != 0,
        objections: r.count(26)?,
        channel: channel_of(r.int(27)?)?,
        urgency: r.int(28)?,
    })
}

/// The request with that id.
///
/// # Errors
/// [`DbError`].
pub fn by_id(session: &mut dyn Session, id: RequestId) -> DbResult<Option<Head>> {
    session.first(BY_ID, &[id.as_bytes().into()], head)
}

/// Those of `ids` that are neither here nor erased by law. For a push of many new requests: a question or two instead of
/// two each.
///
/// # Errors
/// [`DbError`].
pub fn unknown(session: &mut dyn Session, ids: &[RequestId]) -> DbResult<HashSet<RequestId>> {
    let mut unknown: HashSet<RequestId> = ids.iter().copied().collect();
    for ids in ids.chunks(TOGETHER) {
        let Some(args) = together(ids, |id| id.as_bytes().into()) else { continue };
        session.query(KNOWN, &args, &mut |row| {
            unknown.remove(&RequestId(row.bytes16(0)?));
            Ok(Go::On)
        })?;
    }
    Ok(unknown)
}

/// The request with that official number.
///
/// # Errors
/// [`DbError`].
pub fn by_no(session: &mut dyn Session, no: OfficialNo) -> DbResult<Option<Head>> {
    session.first(BY_NO, &[pack_no(no).into()], head)
}

/// Writes a new request, of which the caller knows that it is not there.
///
/// # Errors
/// [`DbError`], also when the id is taken; it may show later, see [`Session::insert`].
pub fn add(session: &mut dyn Session, h: &Head) -> DbResult<()> {
    session.insert(
        ADD,
        &[
            Value::Int(h.rid),
            h.id.as_bytes().into(),
            h.scope.into(),
            h.place.into(),
            h.unit.into(),
            pack_no(h.no).into(),
            pack_case_no(h.case_no).into(),
            state_no(h.state).into(),
            kind_no(h.kind).into(),
            h.category.as_str().into(),
            h.title.as_str().into(),
            h.flags.into(),
            h.at.into(),
            h.received.into(),
            h.since.into(),
            h.due.into(),
            h.hops.into(),
            h.n.into(),
            h.changes.into(),
            h.blobs.into(),
            channel_no(h.channel).into(),
            h.urgency.into(),
        ],
    )
}

/// Takes over where a case stands, but its urgency; `since` moves only when the state does.
pub fn take_case(h: &mut Head, case: &Case, unit: u32, at: i64) {
    if h.state != case.state {
        h.since = at;
    }
    h.state = case.state;
    h.unit = unit;
    h.outcome = case.outcome;
    if let Some(category) = &case.category {
        h.category.clone_from(category);
    }
    h.due = case.due.unwrap_or(0);
    h.paused = case.paused.unwrap_or(0);
    h.hops = u32::from(case.hops);
    h.returns = u32::from(case.returns);
    h.n = case.n;
    h.concluded = case.answer.as_ref().map_or(0, |answer| answer.at);
    h.confirmed = case.confirmed;
    h.objections = u32::from(case.objections);
    h.channel = case.channel;
}

/// Writes where the case stands.
///
/// # Errors
/// [`DbError`].
pub fn set_case(session: &mut dyn Session, h: &Head) -> DbResult<()> {
    session.send(
        SET_CASE,
        &[
            h.unit.into(),
            state_no(h.state).into(),
            outcome_no(h.outcome).into(),
            h.category.as_str().into(),
            h.since.into(),
            h.due.into(),
            h.paused.into(),
            h.hops.into(),
            h.returns.into(),
            h.n.into(),
            h.concluded.into(),
            i64::from(h.confirmed).into(),
            h.objections.into(),
            channel_no(h.channel).into(),
            h.urgency.into(),
            h.rid.into(),
        ],
    )
}

/// Writes what the document says.
///
/// # Errors
/// [`DbError`].
pub fn set_content(session: &mut dyn Session, h: &Head) -> DbResult<()> {
    session.send(
        SET_CONTENT,
        &[
            h.title.as_str().into(),
            kind_no(h.kind).into(),
            h.flags.into(),
            h.changes.into(),
            h.blobs.into(),
            h.rid.into(),
        ],
    )
}

/// Requests that have been in `state` since before `until`, the oldest first.
///
/// # Errors
/// [`DbError`].
pub fn waiting(session: &mut dyn Session, state: State, until: i64, limit: u32) -> DbResult<Vec<RequestId>> {
    session.all(WAITING, &[state_no(state).into(), until.into(), limit.into()], |r| Ok(RequestId(r.bytes16(1)?)))
}

/// Requests of a muhtarlık after `after`, in the order of their ids.
///
/// # Errors
/// [`DbError`].
pub fn after(session: &mut dyn Session, scope: u32, after: &[u8], limit: u32) -> DbResult<Vec<(i64, RequestId)>> {
    session.all(SNAPSHOT, &[scope.into(), after.into(), limit.into()], |r| Ok((r.int(0)?, RequestId(r.bytes16(1)?))))
}

/// Requests after a row number.
///
/// # Errors
/// [`DbError`].
pub fn by_rid(session: &mut dyn Session, after: i64, limit: u32) -> DbResult<Vec<Head>> {
    session.all(BY_RID, &[after.into(), limit.into()], head)
}
