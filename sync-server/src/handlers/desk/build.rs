//! Builds what the desk's screens are shown from rows, documents and events.

use mbs_shared::directory::{Directory, Neighbourhood, Unit};
use mbs_shared::document::Document;
use mbs_shared::id::{BlobHash, OfficialNo};
use mbs_shared::request::Request;
use mbs_shared::routing::case::Task;
use mbs_shared::routing::{Action, Case, Event, State, What, Who};
use mbs_shared::wire::entry::{Entry, EntryKind};

use crate::auth::rights;
use crate::auth::sight::in_districts;
use crate::database::requests::{self, Head};
use crate::database::staff::{self, Person};
use crate::database::{DbError, DbResult, Session, blobs, changes, entries, events, tasks};
use crate::routing::rules::Rules;
use crate::service::Service;

use super::directory::DeskDistrict;
use super::similar::whole;
use super::view::{
    DeskAnswer, DeskConflict, DeskEntry, DeskEvent, DeskPhoto, DeskRequest, DeskTask, DeskTaskEnd, Kinship, ProofPhoto,
    QueueRow, Relative, Role, UnitRef, UnitSuggestion,
};

/// What every view is built with: names for codes and codes for numbers.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// Units, categories, neighbourhoods.
    pub directory: &'a Directory,
    /// How categories are routed.
    pub rules: &'a Rules,
    /// Code of a scope number; empty when unknown.
    pub code: &'a dyn Fn(u32) -> String,
    /// Now, Unix ms.
    pub now: i64,
}

impl Names<'_> {
    /// A unit by its code; its code stands for the name of one that is not in the directory.
    #[must_use]
    pub fn unit(&self, code: &str) -> Option<UnitRef> {
        if code.is_empty() {
            return None;
        }
        let name = self.directory.unit(code).map_or(code, |u| u.name.as_str());
        Some(UnitRef { code: code.to_owned(), name: name.to_owned() })
    }

    /// Districts by their codes.
    #[must_use]
    pub fn districts(&self, codes: &[String]) -> Vec<DeskDistrict> {
        let name = |code: &String| self.directory.district(code).map_or(code, |d| &d.name).clone();
        codes.iter().map(|code| DeskDistrict { code: code.clone(), name: name(code) }).collect()
    }

    /// `Rasimpaşa, Kadıköy`.
    #[must_use]
    pub fn place(&self, neighbourhood: &str) -> String {
        self.directory.neighbourhood(neighbourhood).map_or_else(String::new, Neighbourhood::with_district)
    }

    /// A line of a list.
    #[must_use]
    pub fn row(&self, h: &Head) -> QueueRow {
        let place = if h.place == 0 { h.scope } else { h.place };
        QueueRow {
            id: h.id,
            no: h.no.to_string(),
            case_no: h.case_no.to_string(),
            title: h.title.clone(),
            place: self.place(&(self.code)(place)),
            category: h.category.clone(),
            priority: self.rules.priority(&h.category),
            state: h.state,
            outcome: h.outcome,
            unit: if h.unit == 0 { None } else { self.unit(&(self.code)(h.unit)) },
            received: h.received,
            due: (h.due != 0).then_some(h.due),
            spent: spent(h, self.now),
            paused: h.paused != 0,
            photos: u8::try_from(h.blobs).unwrap_or(u8::MAX),
            hops: u16::try_from(h.hops).unwrap_or(u16::MAX),
            returns: u16::try_from(h.returns).unwrap_or(u16::MAX),
            task: false,
            channel: h.channel,
            hand: None,
        }
    }
}

/// Share of the time that has passed between receipt and due date; the pause does not count on.
fn spent(h: &Head, now: i64) -> f64 {
    if h.due <= h.received {
        return 0.0;
    }
    let until = if h.paused == 0 { now } else { h.paused };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a few years")]
    let share = (until - h.received) as f64 / (h.due - h.received) as f64;
    (share.max(0.0) * 1000.0).round() / 1000.0
}

/// In which capacities a person faces a case.
#[must_use]
pub fn capacities(directory: &Directory, person: &Person, case: &Case) -> Vec<Who> {
    let holds = case.unit.as_deref().is_some_and(|unit| works_in(directory, person, unit));
    let outside = case.unit.as_deref().and_then(|unit| directory.unit(unit)).is_some_and(Unit::is_external);
    let helps = case.owed().any(|task| works_in(directory, person, &task.unit));
    let mut who = match person.role {
        // Institutions write letters: triage records what they answered, and approves it where that is asked for.
        Role::Triage if outside => return vec![Who::Triage, Who::External, Who::Approver],
        Role::Triage => return vec![Who::Triage],
        Role::Auditor | Role::Operator => return Vec::new(),
        Role::Unit if holds && outside => vec![Who::External],
        Role::Approver | Role::Head if holds && outside => vec![Who::External, Who::Approver],
        Role::Unit if holds => vec![Who::Unit],
        Role::Approver | Role::Head if holds => vec![Who::Unit, Who::Approver],
        Role::Unit | Role::Approver | Role::Head => Vec::new(),
    };
    if helps {
        who.push(Who::Helper);
    }
    who
}

/// Whether `unit` is the one a person works in, or one below it.
#[must_use]
pub fn works_in(directory: &Directory, person: &Person, unit: &str) -> bool {
    !person.unit.is_empty() && !unit.is_empty() && directory.is_within(unit, &person.unit)
}

/// Whether a person sees a request that `muhtarlik` filed and that lies at `unit`, or once did (`held`: units in its history).
#[must_use]
pub fn sees(directory: &Directory, person: &Person, muhtarlik: &str, unit: &str, held: &[String]) -> bool {
    if rights::sees_everything(person.role) {
        return in_districts(directory, person, muhtarlik);
    }
    std::iter::once(unit).chain(held.iter().map(String::as_str)).any(|u| works_in(directory, person, u))
}

/// [`sees`] for what stands in the index: who holds it, and who owes a part of it.
///
/// # Errors
/// [`DbError`].
pub fn sees_now(session: &mut dyn Session, service: &Service, person: &Person, head: &Head) -> DbResult<bool> {
    let directory = service.directory();
    if sees(directory, person, service.scopes.code(head.scope), service.scopes.code(head.unit), &[]) {
        return Ok(true);
    }
    let owed = tasks::of_request(session, head.rid)?;
    Ok(owed.iter().any(|(_, unit)| works_in(directory, person, service.scopes.code(*unit))))
}

/// A request, its case and its history, as stored.
pub struct Stored {
    /// Index row.
    pub head: Head,
    /// What the muhtar wrote.
    pub content: Request,
    /// Fields with several versions.
    pub conflicts: Vec<DeskConflict>,
    /// The category as the muhtar first chose it stands in the document.
    pub events: Vec<events::Stored>,
    /// Where the case stands.
    pub case: Case,
}

/// Reads a request whole.
///
/// # Errors
/// [`DbError`].
pub fn load(session: &mut dyn Session, head: Head) -> DbResult<Stored> {
    let raw = changes::of_request(session, head.rid)?;
    let slices: Vec<&[u8]> = raw.iter().map(Vec::as_slice).collect();
    let damaged = |e: mbs_shared::document::edit::DocumentError| DbError::Unexpected(e.to_string());
    let reading = Document::load(&slices).and_then(|d| d.read()).map_err(damaged)?;
    let events = events::of_request(session, head.rid)?;
    let case = Case::fold(events.iter().map(|e| &e.event));
    let conflicts = reading
        .conflicts
        .into_iter()
        .map(|c| DeskConflict { field: c.key, versions: c.versions.into_iter().map(|v| v.text).collect() })
        .collect();
    Ok(Stored { head, content: reading.request, conflicts, events, case })
}

/// Units that have held it or a part of it, by code.
#[must_use]
pub fn holders(stored: &Stored) -> Vec<String> {
    stored.events.iter().filter_map(|e| unit_of(&e.event.what).map(str::to_owned)).collect()
}

fn unit_of(what: &What) -> Option<&str> {
    match what {
        What::Routed { unit, .. }
        | What::SentOut { unit, .. }
        | What::Forwarded { unit }
        | What::Tasked { unit, .. }
        | What::Moved { unit, .. } => Some(unit),
        _ => None,
    }
}

/// The part of the work an event is about, in the case after it.
#[must_use]
pub fn task_of<'a>(event: &Event, case: &'a Case) -> Option<&'a Task> {
    let n = match event.what {
        What::Tasked { .. } => event.n,
        What::TaskDone { task, .. } | What::TaskDropped { task } | What::Moved { task: Some(task), .. } => task,
        _ => return None,
    };
    case.tasks.iter().find(|task| task.n == n)
}

/// The page of one request for `person`.
///
/// # Errors
/// [`DbError`].
pub fn request(
    session: &mut dyn Session,
    names: Names<'_>,
    person: &Person,
    stored: &Stored,
    approval: bool,
) -> DbResult<DeskRequest> {
    let Stored { head, content, case, .. } = stored;
    let mut can: Vec<Action> = Vec::new();
    for who in capacities(names.directory, person, case) {
        can.extend(case.may(who));
    }
    let whole = blobs::of_request(session, head.rid)?;
    let photos = content
        .blobs
        .iter()
        .map(|b| {
            let there = whole.iter().find(|(hash, ..)| *hash == b.hash);
            DeskPhoto {
                hash: b.hash,
                kind: b.kind,
                width: b.width,
                height: b.height,
                here: there.is_some(),
                thumb: there.is_some_and(|(_, _, thumb)| *thumb),
            }
        })
        .collect();
    let thread = entries::of_request(session, head.rid)?
        .into_iter()
        // A note is the muhtar's own: class private.
        .filter(|e| e.entry.kind != EntryKind::Note)
        .map(|e| {
            let by_muhtar = e.author < 0;
            let author = if by_muhtar { String::new() } else { staff::name(session, e.author)? };
            let Entry { kind, text, photos, .. } = e.entry;
            Ok(DeskEntry { kind, text, by_muhtar, author, at: e.at, photos })
        })
        .collect::<DbResult<_>>()?;
    let place = (names.code)(head.place);
    let muhtarlik = (names.code)(head.scope);
    Ok(DeskRequest {
        row: names.row(head),
        n: case.n,
        desc: content.desc.clone(),
        kind: content.kind,
        category_by_muhtar: content.category.clone(),
        fix: content.gps,
        addr: content.addr.clone(),
        muhtarlik_name: names.place(&muhtarlik),
        neighbourhood: (!place.is_empty()).then(|| place.clone()),
        discreet: content.discreet,
        filed: content.at,
        photos,
        events: history(session, names, stored)?,
        thread,
        conflicts: stored.conflicts.clone(),
        question: case.question.clone(),
        answer: answer(session, content, case)?,
        planned: case.planned.clone(),
        wish: case.wish.as_ref().map(|wish| wish.text.clone()),
        ceiling: case.ceiling(),
        interim: case.interim.as_ref().map(|interim| interim.at),
        relatives: relatives(session, names, person, case)?,
        tasks: parts(session, names, person, stored)?,
        can,
        approval,
        suggestions: if matches!(case.state, State::Received | State::InReview) {
            suggestions(names, &head.category, if head.place == 0 { &muhtarlik } else { &place })
        } else {
            Vec::new()
        },
        muhtarlik,
    })
}

/// The requests a case has to do with, as far as `person` may see them.
fn relatives(session: &mut dyn Session, names: Names<'_>, person: &Person, case: &Case) -> DbResult<Vec<Relative>> {
    let parent = case.parent().map(|no| (Kinship::Parent, no));
    let duplicates = case.duplicates.iter().map(|no| (Kinship::Duplicate, *no));
    let links = case.links.iter().map(|no| (Kinship::Link, *no));
    parent
        .into_iter()
        .chain(duplicates)
        .chain(links)
        .map(|(how, no)| {
            let head = requests::by_no(session, no)?;
            let sees = |h: &Head| sees(names.directory, person, &(names.code)(h.scope), &(names.code)(h.unit), &[]);
            let seen = head.filter(sees);
            Ok(Relative { how, no: no.to_string(), row: seen.map(|h| names.row(&h)) })
        })
        .collect()
}

/// The parts of the work, in the order they were given.
fn parts(
    session: &mut dyn Session,
    names: Names<'_>,
    person: &Person,
    Stored { content, case, .. }: &Stored,
) -> DbResult<Vec<DeskTask>> {
    let owed: Vec<u32> = case.owed().map(|task| task.n).collect();
    let mut parts = Vec::with_capacity(case.tasks.len());
    for task in &case.tasks {
        let is_owed = owed.contains(&task.n);
        let Some(unit) = names.unit(&task.unit) else { continue };
        let end = match &task.end {
            None => None,
            Some(end) => Some(DeskTaskEnd {
                done: end.done,
                text: end.text.clone(),
                photos: proofs(session, content, &end.photos)?,
                at: end.at,
            }),
        };
        parts.push(DeskTask {
            n: task.n,
            unit,
            text: task.text.clone(),
            until: task.until.clone(),
            at: task.at,
            owed: is_owed,
            own: is_owed && works_in(names.directory, person, &task.unit),
            end,
        });
    }
    Ok(parts)
}

/// Photos from the spot, with what their cameras wrote.
fn proofs(session: &mut dyn Session, content: &Request, photos: &[BlobHash]) -> DbResult<Vec<ProofPhoto>> {
    let mut proofs = Vec::with_capacity(photos.len());
    for hash in photos {
        let proof = blobs::proof(session, *hash)?;
        let metres = proof.fix.zip(content.gps).map(|(taken_at, place)| place.metres_to(&taken_at));
        proofs.push(ProofPhoto { hash: *hash, taken: proof.taken, metres: metres.map(whole) });
    }
    Ok(proofs)
}

/// The other request an event names.
#[must_use]
pub const fn other_of(what: &What) -> Option<OfficialNo> {
    match what {
        What::Answered { parent, .. } | What::Concluded { parent, .. } => *parent,
        What::Linked { no } | What::Followed { no, .. } | What::Joined { no } | What::Parted { no } => Some(*no),
        _ => None,
    }
}

fn history(session: &mut dyn Session, names: Names<'_>, stored: &Stored) -> DbResult<Vec<DeskEvent>> {
    let events = stored.events.iter();
    events
        .map(|e| {
            let author = if e.author > 0 { staff::name(session, e.author)? } else { String::new() };
            let (outcome, date) = match &e.event.what {
                What::Answered { outcome, .. } | What::Concluded { outcome, .. } | What::Followed { outcome, .. } => {
                    (Some(*outcome), None)
                }
                What::Planned { date } => (None, Some(date.clone())),
                What::Tasked { until, .. } => (None, until.clone()),
                _ => (None, None),
            };
            Ok(DeskEvent {
                n: e.event.n,
                at: e.event.at,
                what: e.event.what.code().to_owned(),
                by: e.event.by,
                author,
                note: e.event.note.clone(),
                unit: task_of(&e.event, &stored.case)
                    .map(|task| task.unit.as_str())
                    .or_else(|| unit_of(&e.event.what))
                    .and_then(|u| names.unit(u)),
                outcome,
                date,
                other: other_of(&e.event.what).map(|no| no.to_string()),
            })
        })
        .collect()
}

fn answer(session: &mut dyn Session, content: &Request, case: &Case) -> DbResult<Option<DeskAnswer>> {
    let (answer, official) = match (&case.answer, &case.draft) {
        (Some(a), _) => (a, true),
        (None, Some(a)) => (a, false),
        (None, None) => return Ok(None),
    };
    let photos = proofs(session, content, &answer.photos)?;
    let (text, outcome, at) = (answer.text.clone(), answer.outcome, answer.at);
    Ok(Some(DeskAnswer { text, outcome, photos, at, official }))
}

/// Where the category's rules would send it.
fn suggestions(names: Names<'_>, category: &str, neighbourhood: &str) -> Vec<UnitSuggestion> {
    let Some(rule) = names.rules.of(category) else { return Vec::new() };
    let mut out: Vec<UnitSuggestion> = Vec::new();
    for (route, why) in
        std::iter::once((&rule.route, "rule")).chain(rule.alternatives.iter().map(|r| (r, "alternative")))
    {
        if let Some(unit) = names.directory.resolve(route, neighbourhood)
            && !out.iter().any(|s| s.unit.code == unit.code)
        {
            out.push(UnitSuggestion {
                unit: UnitRef { code: unit.code.clone(), name: unit.name.clone() },
                external: unit.is_external(),
                why: why.to_owned(),
            });
        }
    }
    out
}

/// The request with that id, when there is one.
///
/// # Errors
/// [`DbError`].
pub fn find(session: &mut dyn Session, id: mbs_shared::id::RequestId) -> DbResult<Option<Stored>> {
    match requests::by_id(session, id)? {
        Some(head) => load(session, head).map(Some),
        None => Ok(None),
    }
}
