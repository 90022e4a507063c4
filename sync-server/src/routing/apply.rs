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
use crate::database::{DbResult, Session, blobs, events, tasks};
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

/// An event that follows, and at whom the case lay before and after it.
#[derive(Debug, Clone)]
pub struct Made {
    /// The event.
    pub event: Event,
    before: At,
    after: At,
}

/// Units that work on a case, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct At {
    /// Who holds it; 0 nobody.
    holder: u32,
    /// Who owes a part of it. Nearly always none, which costs nothing.
    helpers: Vec<u32>,
}

impl At {
    fn of(service: &Service, case: &Case) -> Self {
        Self { holder: number(service, case), helpers: owed(service, case).map(|(_, unit)| unit).collect() }
    }

    /// Each unit once.
    fn units(&self) -> impl Iterator<Item = u32> {
        let helpers = self.helpers.iter().copied().filter(|unit| *unit != self.holder);
        std::iter::once(self.holder).filter(|unit| *unit != 0).chain(helpers)
    }

    fn has(&self, unit: u32) -> bool {
        self.holder == unit || self.helpers.contains(&unit)
    }
}

/// The number of the unit that holds a case; 0 for nobody.
#[must_use]
pub fn number(service: &Service, case: &Case) -> u32 {
    case.unit.as_deref().map_or(0, |unit| service.scopes.number(unit))
}

/// What is owed of a case by other units: the event that gave each part, and the unit's number.
pub fn owed(service: &Service, case: &Case) -> impl Iterator<Item = (u32, u32)> {
    case.owed().map(|task| (task.n, service.scopes.number(&task.unit)))
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
    steps
        .into_iter()
        .map(|Step { what, note }| {
            let before = At::of(service, case);
            // Where nobody approves an answer, the server does; whose it is, the row's author tells.
            let by = match (&what, origin.by) {
                (What::Concluded { .. }, Who::Unit | Who::External) => Who::System,
                (_, by) => by,
            };
            let event = Event { n: case.n + 1, at: origin.at, by, what, note, entry: origin.entry };
            case.apply(&event);
            Made { event, before, after: At::of(service, case) }
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
        for unit in before.units().filter(|unit| !after.has(*unit)) {
            point(tx, unit, &pointer(kind::LEFT))?;
        }
        for unit in after.units() {
            point(tx, unit, &pointer(if before.has(unit) { kind::STEP } else { kind::ENTERED }))?;
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
    let mut made = Vec::with_capacity(past.events.len());
    for event in &past.events {
        let before = At::of(service, case);
        case.apply(event);
        made.push(Made { event: event.clone(), before, after: At::of(service, case) });
    }
    append(tx, head, &made, Row { author: 0, session: 0 }, &past.decided)?;
    let at = past.events.last().map_or(head.since, |event| event.at);
    take_case(service, head, case, at);
    Ok(())
}

/// Takes over where a case stands into its index row; `at`: when it came there.
pub fn take_case(service: &Service, head: &mut Head, case: &Case, at: i64) {
    requests::take_case(head, case, number(service, case), at);
    head.urgency = requests::urgency(head, service.rules().priority(&head.category));
}

/// Writes where a case stands, and what is owed of it.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn write_case(session: &mut dyn Session, service: &Service, loaded: &Loaded) -> DbResult<()> {
    requests::set_case(session, &loaded.head)?;
    if loaded.case.tasks.is_empty() {
        return Ok(());
    }
    let owed: Vec<_> = owed(service, &loaded.case).collect();
    tasks::set(session, loaded.head.rid, &owed)
}

/// A row for a unit.
fn point(tx: &mut Tx<'_>, unit: u32, row: &NewRow<'_>) -> DbResult<()> {
    let seq = tx.next_seq();
    feed::add(tx.session(), seq, &NewRow { scope: unit, ..*row })?;
    tx.wake(unit);
    Ok(())
}

/// Tells the feeds of those who work on it that words, thread or photos changed.
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
    if head.unit != 0 {
        point(tx, head.unit, &row)?;
    }
    for (_, unit) in tasks::of_request(tx.session(), head.rid)? {
        if unit != head.unit {
            point(tx, unit, &row)?;
        }
    }
    Ok(())
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

/// What would follow from a command at `now`. Nothing is written.
///
/// # Errors
/// [`crate::database::DbError`]; a refusal inside.
pub fn foresee(
    session: &mut dyn Session,
    service: &Service,
    loaded: &Loaded,
    command: &Command,
    now: i64,
) -> DbResult<Result<Vec<Step>, Refusal>> {
    let Loaded { head, case } = loaded;
    let other = match command.other {
        Some(no) if command.action == Action::Link => requests::by_no(session, no)?.map(|head| head.no),
        Some(no) => family::root(session, no)?,
        None => None,
    };
    let ground = Ground {
        case,
        now,
        category: &head.category,
        rules: &service.rules(),
        directory: service.directory(),
        calendar: &service.calendar(),
        approval: case.unit.as_deref().is_some_and(|unit| service.needs_approval(unit)),
        other,
    };
    Ok(decide(command, &ground))
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
    let steps = match foresee(tx.session(), service, loaded, command, origin.at)? {
        Ok(steps) => steps,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Loaded { head, case } = loaded;
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
    let Loaded { head, case } = &mut *loaded;
    let made = make(service, case, steps, origin);
    store(tx, service, head, &made, origin.author)?;
    take_case(service, head, case, origin.at);
    write_case(tx.session(), service, loaded)?;
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
