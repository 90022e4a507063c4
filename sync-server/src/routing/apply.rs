//! Stores decisions: events, index row, feed rows, all in one transaction.

use std::sync::Arc;

use mbs_shared::id::{BlobHash, EntryId, RequestId};
use mbs_shared::routing::case::{CONFIRM_DAYS, REPLY_DAYS};
use mbs_shared::routing::deadline::calendar_days;
use mbs_shared::routing::event::MAX_TOGETHER;
use mbs_shared::routing::{Action, Case, Event, State, What, Who};
use mbs_shared::wire::encode;
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::Decided;

use super::decide::{Command, Ground, Refusal, Step, decide};
use super::family;
use crate::database::feed::{self, NewRow, kind};
use crate::database::requests::{self, Head};
use crate::database::{DbResult, Session, blobs, events};
use crate::error::Fault;
use crate::handlers::sync::plan::Past;
use crate::secrets::sha256;
use crate::service::Service;
use crate::writer::Tx;

/// Events up to this size are stored plainly: packing them would cost more than it saves.
const PLAIN_UP_TO: usize = 160;

/// Packs events. A plain item begins with 0.
#[must_use]
pub fn pack_event(raw: &[u8]) -> Vec<u8> {
    if raw.len() > PLAIN_UP_TO {
        return mbs_shared::pack::pack(raw);
    }
    let mut packed = Vec::with_capacity(raw.len() + 1);
    packed.push(0);
    packed.extend_from_slice(raw);
    packed
}

/// An event that follows, and who held the case before and after it.
#[derive(Debug, Clone)]
pub struct Made {
    /// The event.
    pub event: Event,
    before: u32,
    after: u32,
}

/// In whose name events are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// In which capacity.
    pub by: Who,
    /// Device id as a negative number, staff id, or 0 for the server.
    pub author: i64,
    /// The entry that led to it.
    pub entry: Option<EntryId>,
    /// Server time.
    pub at: i64,
}

/// Turns steps into events and folds them into `case`. Nothing is written yet.
#[must_use]
pub fn make(service: &Service, case: &mut Case, steps: Vec<Step>, origin: &Origin) -> Vec<Made> {
    let number = |case: &Case| case.unit.as_deref().map_or(0, |unit| service.scopes.number(unit));
    steps
        .into_iter()
        .map(|Step { what, note }| {
            let before = number(case);
            // Where nobody approves an answer, the server does; whose it is, the row's author tells.
            let by = match (&what, origin.by) {
                (What::Concluded { .. }, Who::Unit | Who::External) => Who::System,
                (_, by) => by,
            };
            let event = Event { n: case.n + 1, at: origin.at, by, what, note, entry: origin.entry };
            case.apply(&event);
            Made { event, before, after: number(case) }
        })
        .collect()
}

/// Appends the events to the feed: for the muhtarlık together, for units as pointers one by one.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn store(tx: &mut Tx<'_>, service: &Service, head: &Head, made: &[Made], author: i64) -> DbResult<()> {
    let mut rest = made;
    while !rest.is_empty() {
        let (mut bytes, mut n) = (0, 0);
        for made in rest.iter().take(MAX_TOGETHER) {
            bytes += encode(&made.event).len();
            if n > 0 && bytes > events::MAX_RAW {
                break;
            }
            n += 1;
        }
        let (together, after) = rest.split_at(n);
        let decided = decide_together(service, head, together);
        append(tx, head, together, Row { author, session: 0 }, &decided)?;
        rest = after;
    }
    Ok(())
}

/// Appends the first events of a request, right behind its first change: the session that pushed it is told them beside
/// its acknowledgement and not by the feed.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn store_first(tx: &mut Tx<'_>, service: &Service, head: &Head, made: &[Made], author: i64) -> DbResult<Decided> {
    let decided = decide_together(service, head, made);
    append(tx, head, made, Row { author, session: feed::AS_BEFORE }, &decided)?;
    Ok(decided)
}

fn decide_together(service: &Service, head: &Head, made: &[Made]) -> Decided {
    let raw = Event::encode_together(made.iter().map(|m| &m.event));
    Decided { mac: service.secrets.mac(head.id, &sha256(&raw)), packed: pack_event(&raw).into() }
}

/// Whose row it is, and which session is not told of it.
#[derive(Debug, Clone, Copy)]
struct Row {
    author: i64,
    session: i64,
}

/// The rows of events that were decided at once.
fn append(tx: &mut Tx<'_>, head: &Head, made: &[Made], of: Row, decided: &Decided) -> DbResult<()> {
    let Some(first) = made.first() else { return Ok(()) };
    let row = NewRow {
        scope: head.scope,
        rid: head.rid,
        kind: kind::EVENT,
        n: first.event.n,
        key: 0,
        session: of.session,
        author: of.author,
        at: first.event.at,
        mac: decided.mac.as_bytes(),
        packed: &decided.packed,
    };
    let seq = tx.next_seq();
    feed::add(tx.session(), seq, &row)?;
    tx.wake(head.scope);
    for Made { event, before, after } in made {
        let pointer = |kind| NewRow { kind, n: event.n, session: 0, mac: &[], packed: &[], ..row };
        if before == after {
            point(tx, *after, &pointer(kind::STEP))?;
        } else {
            point(tx, *before, &pointer(kind::LEFT))?;
            point(tx, *after, &pointer(kind::ENTERED))?;
        }
    }
    Ok(())
}

/// Appends events as they once were, with their own proof; the index row is the caller's to write.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn put_back(tx: &mut Tx<'_>, service: &Service, loaded: &mut Loaded, past: &Past) -> DbResult<()> {
    let Loaded { head, case, .. } = loaded;
    let number = |case: &Case| case.unit.as_deref().map_or(0, |unit| service.scopes.number(unit));
    let mut made = Vec::with_capacity(past.events.len());
    for event in &past.events {
        let before = number(case);
        case.apply(event);
        made.push(Made { event: event.clone(), before, after: number(case) });
    }
    append(tx, head, &made, Row { author: 0, session: 0 }, &past.decided)?;
    let at = past.events.last().map_or(head.since, |event| event.at);
    requests::take_case(head, case, number(case), at);
    Ok(())
}

/// A row for a unit; none for nobody.
fn point(tx: &mut Tx<'_>, unit: u32, row: &NewRow<'_>) -> DbResult<()> {
    if unit == 0 {
        return Ok(());
    }
    let seq = tx.next_seq();
    feed::add(tx.session(), seq, &NewRow { scope: unit, ..*row })?;
    tx.wake(unit);
    Ok(())
}

/// Tells the holder's feed that words, thread or photos changed.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn content_changed(tx: &mut Tx<'_>, head: &Head, author: i64, at: i64) -> DbResult<()> {
    let row = NewRow {
        scope: head.unit,
        rid: head.rid,
        kind: kind::CONTENT,
        n: head.n,
        key: 0,
        session: 0,
        author,
        at,
        mac: &[],
        packed: &[],
    };
    point(tx, head.unit, &row)
}

/// A case as the writer sees it, with what a decision needs.
#[derive(Debug)]
pub struct Loaded {
    /// Its index row.
    pub head: Head,
    /// Its state.
    pub case: Case,
}

/// Folds a request's events.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn load(session: &mut dyn Session, head: Head) -> DbResult<Loaded> {
    let events = events::of_request(session, head.rid)?;
    let case = Case::fold(events.iter().map(|s| &s.event));
    Ok(Loaded { head, case })
}

/// What a decision led to at the request itself.
#[derive(Debug, Clone)]
pub struct Done {
    /// Number of the last event now.
    pub n: u32,
    /// State now.
    pub state: State,
    /// The events that were appended.
    pub events: Vec<Event>,
}

/// Decides and stores. A refusal writes nothing.
///
/// # Errors
/// [`Refusal`] inside `Ok(Err(…))`; database errors and unknown photos outside.
pub fn carry_out(
    tx: &mut Tx<'_>,
    service: &Service,
    loaded: &mut Loaded,
    command: &Command,
    origin: &Origin,
) -> Result<Result<Done, Refusal>, Fault> {
    let Loaded { head, case } = loaded;
    let other = match command.other {
        Some(no) if command.action == Action::Link => requests::by_no(tx.session(), no)?.map(|head| head.no),
        Some(no) => family::root(tx.session(), no)?,
        None => None,
    };
    let category = head.category.clone();
    let ground = Ground {
        case,
        now: origin.at,
        category: &category,
        directory: service.knowledge.directory,
        calendar: service.knowledge.calendar,
        approval: case.unit.as_deref().is_some_and(|unit| service.needs_approval(unit)),
        other,
    };
    let steps = match decide(command, &ground) {
        Ok(steps) => steps,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // A muhtar's photos travel after his words; a desk's are here before them.
    if origin.by != Who::Muhtar {
        attach_photos(tx, head, &command.photos, origin.author)?;
    }
    let mut origin = *origin;
    if command.action == Action::Decline {
        // So that his tablet can show it beside the wish.
        origin.entry = case.wish.as_ref().and_then(|wish| wish.entry);
    }
    let parent = case.parent();
    let events = append_steps(tx, service, loaded, steps, &origin)?;
    family::tell(tx, service, loaded, parent, &events)?;
    Ok(Ok(Done { n: loaded.head.n, state: loaded.head.state, events }))
}

/// Appends what was decided, and writes where the case stands then.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn append_steps(
    tx: &mut Tx<'_>,
    service: &Service,
    loaded: &mut Loaded,
    steps: Vec<Step>,
    origin: &Origin,
) -> DbResult<Vec<Event>> {
    let Loaded { head, case } = loaded;
    let made = make(service, case, steps, origin);
    store(tx, service, head, &made, origin.author)?;
    let unit = case.unit.as_deref().map_or(0, |unit| service.scopes.number(unit));
    requests::take_case(head, case, unit, origin.at);
    requests::set_case(tx.session(), head)?;
    Ok(made.into_iter().map(|m| m.event).collect())
}

/// Lets the request refer to photos from the spot. Knowing a hash is not enough: the photo must be the
/// request's already, or uploaded by the same person.
fn attach_photos(tx: &mut Tx<'_>, head: &Head, photos: &[BlobHash], author: i64) -> Result<(), Fault> {
    for hash in photos {
        let unknown = || Fault::bad_input("photos: fotoğraf sunucuda yok");
        let blob = blobs::by_hash(tx.session(), *hash)?.ok_or_else(unknown)?;
        if !blobs::attached(tx.session(), blob.id, head.rid)? {
            if author <= 0 || blob.staff != author {
                return Err(unknown());
            }
            blobs::attach(tx.session(), blob.id, head.rid)?;
        }
    }
    Ok(())
}

/// What someone does to a case, and what he saw last.
#[derive(Debug, Clone)]
pub struct Act {
    /// Which request.
    pub request: RequestId,
    /// Staff id; 0 for the server or a program.
    pub author: i64,
    /// Number of the last event he saw; `None` where that does not matter.
    pub seen: Option<u32>,
    /// What.
    pub command: Command,
}

impl Service {
    /// Does something to a case: the one way for desk, programs and the server itself.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::Stale`] when the case went on meanwhile; [`Code::NotNow`] when the table
    /// has no such step; [`Code::BadInput`] naming the field; [`Code::Busy`].
    pub async fn act(self: &Arc<Self>, act: Act) -> Result<Done, Fault> {
        let service = self.clone();
        self.write(move |tx| act_in(tx, &service, &act)).await
    }
}

/// [`Service::act`] inside a write job.
///
/// # Errors
/// As there.
pub fn act_in(tx: &mut Tx<'_>, service: &Service, act: &Act) -> Result<Done, Fault> {
    let head = requests::by_id(tx.session(), act.request)?.ok_or(Code::NotFound)?;
    if act.seen.is_some_and(|seen| seen != head.n) {
        return Err(Code::Stale.into());
    }
    let mut loaded = load(tx.session(), head)?;
    let at = service.clock.now();
    let origin = Origin { by: act.command.who, author: act.author, entry: None, at };
    Ok(carry_out(tx, service, &mut loaded, &act.command, &origin)??)
}

/// Cases of one kind handled by one tick; the next tick goes on.
const PER_TICK: u32 = 200;

/// Closes what nobody answered in time: questions after ten days, conclusions after thirty.
///
/// # Errors
/// [`Code::Busy`].
pub async fn lapses(service: &Arc<Service>, now: i64) -> Result<(), Fault> {
    let waits = [
        (State::AwaitingMuhtar, REPLY_DAYS, Action::ReplyLapsed),
        (State::Concluded, CONFIRM_DAYS, Action::ConfirmLapsed),
    ];
    for (state, days, action) in waits {
        let until = calendar_days(now, -days);
        let late = service.db.ask(|s| requests::waiting(s, state, until, PER_TICK))?;
        if late.is_empty() {
            continue;
        }
        let inner = service.clone();
        service
            .write(move |tx| {
                for request in late {
                    let act = Act { request, author: 0, seen: None, command: Command::new(Who::System, action) };
                    match act_in(tx, &inner, &act) {
                        // It went on between the look and the job.
                        Ok(_) | Err(Fault { code: Code::NotNow, .. }) => {}
                        Err(fault) => return Err(fault),
                    }
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}
