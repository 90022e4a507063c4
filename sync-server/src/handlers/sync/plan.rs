//! Checks every item of a push, outside the writer: unpack, verify, read, decide where it would go.
//!
//! What only the database can tell for certain (is it there already, did the document go on meanwhile)
//! is asked again inside the write job.

use mbs_shared::document::schema::MAX_CHANGE;
use mbs_shared::document::{Checked, Reading, Unfit, join, verify_first};
use mbs_shared::id::{Actor, CaseNo, RequestId};
use mbs_shared::pack::unpack;
use mbs_shared::request::{Kind, Request};
use mbs_shared::routing::{Channel, Event};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{Decided, Item, ItemKind, ItemResult, MAX_PAST, MAX_UNPACKED};

use crate::auth::device::Caller;
use crate::database::{changes, entries, events, requests};
use crate::error::Fault;
use crate::routing::first::{self, Target};
use crate::routing::thread;
use crate::secrets::sha256;
use crate::service::Service;

/// Longest first line kept in the index row, in bytes.
const MAX_FIRST_LINE: usize = 120;

/// A push, checked.
#[derive(Debug)]
pub struct Batch {
    /// The items, in their order.
    pub items: Vec<Planned>,
    /// First 8 bytes of the session.
    pub session: i64,
    /// Server time of receipt.
    pub now: i64,
}

/// An item, checked.
#[derive(Debug)]
pub struct Planned {
    /// What it is.
    pub kind: ItemKind,
    /// The request it belongs to.
    pub request: RequestId,
    /// As it came.
    pub packed: Vec<u8>,
    /// Its tablet's count of what it made; 0 for what was made elsewhere.
    pub count: u32,
    /// What to do with it.
    pub plan: Plan,
}

/// What to do with an item.
#[derive(Debug)]
pub enum Plan {
    /// Nothing: this is the answer.
    Settled(ItemResult),
    /// A new request.
    First(Box<First>),
    /// A further change.
    Next(Box<Next>),
    /// A thread entry, with the proof that it was accepted once where there is one.
    Entry(Box<thread::Checked>, Option<thread::Offered>),
}

/// A new request.
#[derive(Debug)]
pub struct First {
    /// Hash of its change.
    pub hash: [u8; 32],
    /// What lists show of it.
    pub content: Content,
    /// Category.
    pub category: String,
    /// Offline case number.
    pub case_no: CaseNo,
    /// When it was filed, by the tablet's clock.
    pub at: i64,
    /// Neighbourhood its place lies in; 0 unknown.
    pub place: u32,
    /// Where it goes by itself.
    pub target: Target,
    /// How it came; `None`: from a tablet.
    pub channel: Option<Channel>,
    /// The request its muhtar added it to.
    pub rel: Option<RequestId>,
    /// What a server decided about it before it lost it.
    pub past: Vec<Past>,
}

/// Routing events that a server, this one before a restore or another of the same keys, once decided at once.
#[derive(Debug)]
pub struct Past {
    /// The events: at least one.
    pub events: Vec<Event>,
    /// As they were packed, with their proof.
    pub decided: Decided,
}

/// The events that came with an item, as far as they are proven.
fn past(service: &Service, item: &Item) -> Vec<Past> {
    let events = item.past.iter().flat_map(|p| &p.events).take(MAX_PAST);
    events
        .map_while(|e| {
            let raw = unpack(&e.packed, events::MAX_RAW).ok()?;
            if !service.secrets.proves(e.mac.as_bytes(), item.request, &sha256(&raw)) {
                tracing::warn!(request = %item.request, "an event without a valid proof was offered");
                return None;
            }
            Some(Past { events: Event::decode_together(&raw).ok()?, decided: e.clone() })
        })
        .collect()
}

/// A further change.
#[derive(Debug)]
pub struct Next {
    /// Its hash.
    pub hash: [u8; 32],
    /// Its raw bytes, should the document have gone on meanwhile.
    pub raw: Vec<u8>,
    /// Changes the document had when it was joined.
    pub before: u32,
    /// What lists show with it; `None`: it is there already.
    pub content: Option<Content>,
}

/// What lists show of a request, from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// First line.
    pub title: String,
    /// Kind of petition.
    pub kind: Kind,
    /// Category as the muhtar chose it.
    pub category: String,
    /// [`requests::CONFLICT`], [`requests::DISCREET`].
    pub flags: u32,
    /// Photos and notes it refers to.
    pub blobs: u32,
}

impl Content {
    fn of(service: &Service, request: &Request, conflicts: bool) -> Self {
        let sensitive = service.directory().category(&request.category).is_some_and(|c| c.sensitive);
        let mut flags = 0;
        if conflicts {
            flags |= requests::CONFLICT;
        }
        if request.discreet || sensitive {
            flags |= requests::DISCREET;
        }
        Self {
            title: first_line(request),
            kind: request.kind,
            category: request.category.clone(),
            flags,
            blobs: u32::try_from(request.blobs.len()).unwrap_or(u32::MAX),
        }
    }

    /// What lists show of a document.
    #[must_use]
    pub fn of_reading(service: &Service, reading: &Reading) -> Self {
        Self::of(service, &reading.request, !reading.conflicts.is_empty())
    }
}

/// The title, or the beginning of the words.
pub(crate) fn first_line(request: &Request) -> String {
    let line = if request.title.trim().is_empty() { request.desc.trim() } else { request.title.trim() };
    let line = line.lines().next().unwrap_or_default();
    let mut end = line.len().min(MAX_FIRST_LINE);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or_default().to_owned()
}

/// Whether the caller may push what `actor` made.
fn actor_fits(service: &Service, caller: &Caller, item: &Item, actor: Actor, hash: &[u8; 32]) -> bool {
    actor.device() == caller.device.no
        || item.mac.is_some_and(|mac| service.secrets.proves(mac.as_bytes(), item.request, hash))
}

/// Changes accepted earlier in the same frame.
type Overlay = Vec<(RequestId, Vec<u8>)>;

/// Checks every item.
///
/// # Errors
/// When the database does not answer. Items fail on their own, inside.
pub fn plan(service: &Service, caller: &Caller, items: Vec<Item>, session: i64, now: i64) -> Result<Batch, Fault> {
    let mut overlay = Overlay::new();
    // Raw first changes are only kept where something else in the frame may build on them.
    let several = items.iter().filter(|i| i.kind == ItemKind::Change).count() > 1;
    let mut unpacked = 0;
    let mut planned = Vec::with_capacity(items.len());
    for item in items {
        let plan = if unpacked >= MAX_UNPACKED {
            // Never a reason to refuse: it comes in the next push.
            Plan::Settled(ItemResult::Later)
        } else {
            match one(service, caller, &item, &mut overlay, several, &mut unpacked) {
                Ok(plan) => plan,
                // A newer app's words wait on their tablet until this server is updated.
                Err(Stop::Code(Code::AppTooNew)) => Plan::Settled(ItemResult::Later),
                Err(Stop::Code(code)) => Plan::Settled(ItemResult::Rejected(code)),
                Err(Stop::Fault(fault)) => return Err(*fault),
            }
        };
        planned.push(Planned {
            kind: item.kind,
            request: item.request,
            packed: item.packed.into(),
            count: item.count,
            plan,
        });
    }
    Ok(Batch { items: planned, session, now })
}

enum Stop {
    Code(Code),
    Fault(Box<Fault>),
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl From<crate::database::DbError> for Stop {
    fn from(e: crate::database::DbError) -> Self {
        Self::Fault(Box::new(e.into()))
    }
}

fn one(
    service: &Service,
    caller: &Caller,
    item: &Item,
    overlay: &mut Overlay,
    several: bool,
    unpacked: &mut usize,
) -> Result<Plan, Stop> {
    let cap = match item.kind {
        ItemKind::Change => MAX_CHANGE,
        ItemKind::Entry => entries::MAX_RAW,
    };
    let raw = unpack(&item.packed, cap)?;
    *unpacked += raw.len();
    if item.kind == ItemKind::Entry {
        let entry = thread::check(&raw)?;
        let hash = sha256(&raw);
        let offered = offered(service, item, &hash);
        if offered.is_none() && item.past.as_ref().is_some_and(|p| p.stamp.is_some()) {
            // Said to be the desk's, and not proven: never to be taken as the muhtar's own words.
            return Err(Code::ForeignActor.into());
        }
        let checked = thread::Checked { entry, hash, packed: item.packed.to_vec() };
        return Ok(Plan::Entry(Box::new(checked), offered));
    }
    let (checked, request) = verify_first(&raw)?;
    let hash = checked.hash.0;
    if !actor_fits(service, caller, item, checked.actor, &hash) {
        return Err(Code::ForeignActor.into());
    }
    if checked.newer {
        return Ok(Plan::Settled(ItemResult::Later));
    }
    if checked.is_first() {
        let mut first = first(service, caller.device.scope, request.ok_or(Code::BadValue)?, hash);
        first.past = past(service, item);
        if several {
            overlay.push((item.request, raw));
        }
        return Ok(Plan::First(Box::new(first)));
    }
    next(service, caller, item, &checked, raw, overlay)
}

/// What a new request of a muhtarlık will be.
#[must_use]
pub fn first(service: &Service, scope: u32, request: Request, hash: [u8; 32]) -> First {
    let content = Content::of(service, &request, false);
    let place = request.gps.filter(mbs_shared::place::Fix::is_plausible);
    let place = place.and_then(|fix| service.knowledge.neighbourhood_at(&fix));
    let home = service.scopes.code(scope);
    First {
        hash,
        content,
        case_no: request.no,
        at: request.at,
        place: place.map_or(0, |code| service.scopes.number(code)),
        target: first::target(service, &request.category, place.unwrap_or(home)),
        category: request.category,
        rel: request.rel,
        channel: None,
        past: Vec::new(),
    }
}

/// Whether an entry was accepted once, and as whose.
fn offered(service: &Service, item: &Item, hash: &[u8; 32]) -> Option<thread::Offered> {
    let mac = item.mac?;
    let stamp = item.past.as_ref().and_then(|p| p.stamp.clone());
    let proven = match &stamp {
        Some(stamp) => service.secrets.proves(mac.as_bytes(), item.request, &thread::stamped(hash, stamp)),
        None => service.secrets.proves(mac.as_bytes(), item.request, hash),
    };
    proven.then_some(thread::Offered { mac, stamp })
}

fn next(
    service: &Service,
    caller: &Caller,
    item: &Item,
    checked: &Checked,
    raw: Vec<u8>,
    overlay: &mut Overlay,
) -> Result<Plan, Stop> {
    let stored = service.db.ask(|s| {
        Ok(match requests::by_id(s, item.request)? {
            Some(head) => Some((head.scope, changes::of_request(s, head.rid)?)),
            None => None,
        })
    })?;
    let mut before = match stored {
        Some((scope, _)) if scope != caller.device.scope => return Err(Code::ForeignRequest.into()),
        Some((_, changes)) => changes,
        None => Vec::new(),
    };
    let hash = checked.hash.0;
    let known = before.contains(&raw);
    for (_, earlier) in overlay.iter().filter(|(request, _)| *request == item.request) {
        if !before.contains(earlier) {
            before.push(earlier.clone());
        }
    }
    let count = u32::try_from(before.len()).unwrap_or(u32::MAX);
    let content = match known.then_some(None).map_or_else(|| fit(service, &before, &raw).map(Some), Ok) {
        Ok(content) => content,
        Err(Unfit::MissingDeps) => return Ok(Plan::Settled(ItemResult::MissingDeps)),
        Err(Unfit::Fork) => {
            tracing::warn!(device = %caller.device.no, request = %item.request, "a fork: two tablets with one identity");
            return Ok(Plan::Settled(ItemResult::Fork));
        }
        Err(Unfit::Rejected(Code::Internal)) => {
            return Ok(Plan::Settled(super::store::unreadable(item.request)));
        }
        Err(Unfit::Rejected(code)) => return Err(code.into()),
    };
    overlay.push((item.request, raw.clone()));
    Ok(Plan::Next(Box::new(Next { hash, raw, before: count, content })))
}

/// Joins a change to a document and reads what lists show of it then.
///
/// # Errors
/// [`Unfit`].
pub fn fit(service: &Service, before: &[Vec<u8>], raw: &[u8]) -> Result<Content, Unfit> {
    let before: Vec<&[u8]> = before.iter().map(Vec::as_slice).collect();
    let document = join(&before, raw)?;
    let reading = document.read().map_err(|_| Unfit::Rejected(Code::BadValue))?;
    Ok(Content::of_reading(service, &reading))
}
