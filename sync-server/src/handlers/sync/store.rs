//! Writes a checked push, inside one write job. Each item is answered on its own.

use std::collections::HashSet;
use std::sync::Arc;

use mbs_shared::document::Unfit;
use mbs_shared::id::{Mac, OfficialNo, RequestId};
use mbs_shared::pack::unpack;
use mbs_shared::routing::{Case, State};
use mbs_shared::wire::decode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{Decided, Item, ItemKind, ItemResult, SyncRequest};

use super::past;
use super::plan::{Batch, Content, First, Next, Plan, Planned, fit};
use crate::auth::device::Caller;
use crate::database::feed::{self, NewRow, kind};
use crate::database::quarantine::{self, Refused};
use crate::database::requests::{self, Head};
use crate::database::{DbError, DbResult, changes, entries, erased, events, gaps, staff};
use crate::error::Fault;
use crate::routing::thread::{self, Kept};
use crate::routing::{apply, family, first};
use crate::service::Service;
use crate::writer::Tx;

/// What the items of a push have in common.
#[derive(Debug, Clone, Copy)]
struct Push {
    scope: u32,
    author: i64,
    session: i64,
    now: i64,
}

/// Writes a push; one result an item, in their order.
///
/// # Errors
/// When the database fails: then nothing of the push is kept, and repeating it is harmless. [`Code::Revoked`] when
/// the tablet was revoked after its caller was looked up.
pub fn store(tx: &mut Tx<'_>, service: &Service, caller: &Caller, batch: Batch) -> Result<Vec<ItemResult>, Fault> {
    let device = &caller.device;
    let push = Push { scope: device.scope, author: -device.id, session: batch.session, now: batch.now };
    let mut unknown = unknown(tx, &batch)?;
    let mut results = Vec::with_capacity(batch.items.len());
    let (mut came, mut fresh) = (Vec::new(), Vec::new());
    for item in &batch.items {
        let (result, new) = match &item.plan {
            Plan::Settled(result) => (result.clone(), false),
            Plan::First(plan) => {
                let look = !unknown.remove(&item.request);
                begin(tx, service, push, item, plan, look)?
            }
            Plan::Next(plan) => go_on(tx, service, push, item, plan)?,
            Plan::Entry(checked, offered) => entry(tx, service, push, item.request, checked, offered.as_ref())?,
        };
        match result {
            ItemResult::Rejected(code) => drop(refuse(tx, caller, item, code, batch.now)?),
            ItemResult::Fork => {
                caller.set_twin();
                gaps::twin(tx.session(), device.id, batch.now)?;
            }
            _ => {}
        }
        // What was refused came too: it lies here, for a person.
        if item.count > 0 && matches!(result, ItemResult::Ok { .. } | ItemResult::Erased | ItemResult::Rejected(_)) {
            came.push(item.count);
            if new {
                fresh.push(item);
            }
        }
        results.push(result);
    }
    let (now, created) = caller.take_news().unwrap_or_else(|| (batch.now, caller.news().1));
    let heard = gaps::heard(tx.session(), &gaps::News { device: device.id, now, created, came: &came })?;
    // Asked here again, where nothing can come between: the map of tablets may be a second old. What a person takes
    // in for a tablet that is known to be revoked is another matter.
    if heard.is_none() && device.revoked == 0 {
        return Err(Code::Revoked.into());
    }
    let again = heard.unwrap_or_default();
    if !again.is_empty() {
        look_for_twin(tx, caller, &fresh, &again, batch.now)?;
    }
    Ok(results)
}

/// Something new has a count with which something came before: another tablet counts as this one does,
/// unless it is what was refused then.
fn look_for_twin(tx: &mut Tx<'_>, caller: &Caller, fresh: &[&Planned], again: &[u32], now: i64) -> Result<(), Fault> {
    let device = &caller.device;
    for item in fresh.iter().filter(|item| again.contains(&item.count)) {
        if !quarantine::known(tx.session(), device.id, &item.packed)? {
            tracing::warn!(device = %device.no, count = item.count, "a count came twice: two tablets with one identity");
            caller.set_twin();
            gaps::twin(tx.session(), device.id, now)?;
            break;
        }
    }
    Ok(())
}

/// Keeps a refused item for a person, and says so in the log, without what it holds. What was erased by law is not
/// kept in this way either.
///
/// Whether it lies there now, or is not wanted any more.
fn refuse(tx: &mut Tx<'_>, caller: &Caller, item: &Planned, code: Code, at: i64) -> Result<bool, Fault> {
    if erased::is_erased(tx.session(), item.request)? {
        return Ok(true);
    }
    tracing::warn!(device = %caller.device.no, request = %item.request, ?code, "an item was refused");
    metrics::counter!("mbs_items_refused_total").increment(1);
    let kind = match item.kind {
        ItemKind::Change => kind::CHANGE,
        ItemKind::Entry => kind::ENTRY,
    };
    let refused = Refused { device: caller.device.id, request: item.request, kind, code, at, bytes: &item.packed };
    Ok(quarantine::add(tx.session(), &refused)?)
}

type Outcome = Result<(ItemResult, bool), Fault>;

const fn rejected(code: Code) -> Outcome {
    Ok((ItemResult::Rejected(code), false))
}

/// The proof of a change that was accepted before.
fn known(tx: &mut Tx<'_>, service: &Service, head: &Head, hash: &[u8; 32]) -> DbResult<Option<Mac>> {
    for twin in feed::twins(tx.session(), feed::key_of(hash))? {
        let same = twin.kind == kind::CHANGE && twin.rid == head.rid;
        if same && service.secrets.proves(&twin.mac, head.id, hash) {
            // The stored one: what both sides keep must be the same bytes, whichever key made them.
            let mac = Mac::from_slice(&twin.mac).map_err(|e| DbError::Unexpected(e.to_string()))?;
            return Ok(Some(mac));
        }
    }
    Ok(None)
}

/// Fewer new requests than this are asked for one by one.
const FEW: usize = 4;

/// New requests of a push of which it is certain that they are not here. Each is taken out when it is stored.
fn unknown(tx: &mut Tx<'_>, batch: &Batch) -> DbResult<HashSet<RequestId>> {
    let firsts = batch.items.iter().filter(|item| matches!(item.plan, Plan::First(_)));
    let ids: Vec<RequestId> = firsts.map(|item| item.request).collect();
    if ids.len() < FEW { Ok(HashSet::new()) } else { requests::unknown(tx.session(), &ids) }
}

/// `look`: whether it may be here already, or have been erased.
fn begin(tx: &mut Tx<'_>, service: &Service, push: Push, item: &Planned, plan: &First, look: bool) -> Outcome {
    if look && let Some(head) = requests::by_id(tx.session(), item.request)? {
        if head.scope != push.scope {
            return rejected(Code::ForeignRequest);
        }
        let mac = known(tx, service, &head, &plan.hash)?;
        // Told once more: the answer that told it may have been lost, and the feed does not tell its own session.
        let decided = events::beginning(tx.session(), head.rid)?;
        // What was decided on another beginning of it before a restore was decided on this request all the same.
        if !plan.past.is_empty() {
            past::put_back(tx, service, head, -push.author, &plan.past, push.now)?;
        }
        // A second beginning: its tablet takes the first one over, and puts its own words onto it or files them anew.
        return Ok((mac.map_or(ItemResult::Begun, |mac| ItemResult::Ok { mac, decided }), false));
    }
    if look && erased::is_erased(tx.session(), item.request)? {
        return Ok((ItemResult::Erased, false));
    }
    if let Some((no, received)) = past::number(tx, &plan.past)? {
        // A server had it and lost it: back as it was, under its own number.
        let mut head = new_head(item.request, Push { now: received, ..push }, plan, no);
        head.rid = tx.next_rid();
        requests::add(tx.session(), &head)?;
        let mac = append(tx, service, push, &head, &plan.hash, &item.packed)?;
        past::put_back(tx, service, head, -push.author, &plan.past, push.now)?;
        return Ok((ItemResult::Ok { mac, decided: None }, true));
    }
    let (_, mac, decided) = receive(tx, service, push, item.request, &item.packed, plan)?;
    Ok((ItemResult::Ok { mac, decided: Some(decided) }, true))
}

/// Writes a new request with its number and its first route.
fn receive(
    tx: &mut Tx<'_>,
    service: &Service,
    push: Push,
    id: RequestId,
    packed: &[u8],
    plan: &First,
) -> DbResult<(Head, Mac, Decided)> {
    let mut case = Case::default();
    let linked = plan.rel.map_or(Ok(None), |rel| family::to_link(tx.session(), rel))?;
    let new = first::New { category: &plan.category, target: &plan.target, channel: plan.channel, linked };
    let (no, made) = first::events(tx, service, &mut case, &new, push.now)?;
    let mut head = new_head(id, push, plan, no);
    head.rid = tx.next_rid();
    apply::take_case(service, &mut head, &case, push.now);
    requests::add(tx.session(), &head)?;
    let mac = append(tx, service, push, &head, &plan.hash, packed)?;
    let decided = apply::store_first(tx, service, &head, &made, push.author.max(0))?;
    if let Some(other) = linked {
        family::link_back(tx, service, other, no, push.now)?;
    }
    metrics::counter!("mbs_requests_total").increment(1);
    Ok((head, mac, decided))
}

/// Who enters a request at the desk, and for which muhtarlık.
#[derive(Debug, Clone, Copy)]
pub struct Intake {
    /// The request.
    pub id: RequestId,
    /// The muhtarlık.
    pub scope: u32,
    /// Staff id.
    pub staff: i64,
    /// Server time, Unix ms.
    pub at: i64,
}

/// Writes a request that was entered at the desk; `packed` is its first change, by the server's own actor.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn enter(tx: &mut Tx<'_>, service: &Service, intake: &Intake, packed: &[u8], plan: &First) -> DbResult<Head> {
    let push = Push { scope: intake.scope, author: intake.staff, session: 0, now: intake.at };
    receive(tx, service, push, intake.id, packed, plan).map(|(head, ..)| head)
}

fn new_head(id: RequestId, push: Push, plan: &First, no: OfficialNo) -> Head {
    let Content { title, kind, flags, blobs, .. } = plan.content.clone();
    Head {
        rid: 0,
        id,
        scope: push.scope,
        place: plan.place,
        unit: 0,
        no,
        case_no: plan.case_no,
        state: State::Received,
        outcome: None,
        kind,
        category: plan.category.clone(),
        title,
        flags,
        at: plan.at,
        received: push.now,
        since: push.now,
        due: 0,
        paused: 0,
        hops: 0,
        returns: 0,
        n: 0,
        changes: 1,
        blobs,
        here: 0,
        concluded: 0,
        confirmed: false,
        objections: 0,
        channel: None,
        urgency: 0,
    }
}

fn append(
    tx: &mut Tx<'_>,
    service: &Service,
    push: Push,
    head: &Head,
    hash: &[u8; 32],
    packed: &[u8],
) -> DbResult<Mac> {
    let mac = service.secrets.mac(head.id, hash);
    let seq = tx.next_seq();
    let row = NewRow {
        scope: head.scope,
        rid: head.rid,
        kind: kind::CHANGE,
        n: head.changes,
        key: feed::key_of(hash),
        session: push.session,
        author: push.author,
        at: push.now,
        mac: mac.as_bytes(),
        packed,
    };
    feed::add(tx.session(), seq, &row)?;
    tx.wake(head.scope);
    Ok(mac)
}

/// The answer to what belongs to a request that is not here.
fn absent(tx: &mut Tx<'_>, request: RequestId) -> Outcome {
    let erased = erased::is_erased(tx.session(), request)?;
    Ok((if erased { ItemResult::Erased } else { ItemResult::MissingDeps }, false))
}

fn go_on(tx: &mut Tx<'_>, service: &Service, push: Push, item: &Planned, plan: &Next) -> Outcome {
    let Some(mut head) = requests::by_id(tx.session(), item.request)? else {
        return absent(tx, item.request);
    };
    if head.scope != push.scope {
        return rejected(Code::ForeignRequest);
    }
    if let Some(mac) = known(tx, service, &head, &plan.hash)? {
        return Ok((ItemResult::Ok { mac, decided: None }, false));
    }
    let content = match &plan.content {
        Some(content) if plan.before == head.changes => content.clone(),
        // The document went on since it was joined: once more, with what is there now.
        _ => match fit(service, &changes::of_request(tx.session(), head.rid)?, &plan.raw) {
            Ok(content) => content,
            Err(Unfit::MissingDeps) => return Ok((ItemResult::MissingDeps, false)),
            Err(Unfit::Fork) => return Ok((ItemResult::Fork, false)),
            Err(Unfit::Rejected(Code::Internal)) => return Ok((unreadable(item.request), false)),
            Err(Unfit::Rejected(code)) => return rejected(code),
        },
    };
    head.changes += 1;
    head.title = content.title;
    head.kind = content.kind;
    head.blobs = content.blobs;
    head.flags = content.flags;
    if content.category != head.category {
        // A wish, shown to triage; it never re-routes by itself.
        head.flags |= requests::WISH;
    }
    requests::set_content(tx.session(), &head)?;
    let mac = append(tx, service, push, &head, &plan.hash, &item.packed)?;
    apply::content_changed(tx, &head, push.author, push.now)?;
    Ok((ItemResult::Ok { mac, decided: None }, true))
}

/// The answer to a change of a document that cannot be read any more: it waits on its tablet, and what came beside it goes on.
pub(super) fn unreadable(request: RequestId) -> ItemResult {
    tracing::error!(%request, "a stored document cannot be read: `mbs-server verify` says what is damaged");
    metrics::counter!("mbs_documents_unreadable_total").increment(1);
    ItemResult::Later
}

fn entry(
    tx: &mut Tx<'_>,
    service: &Service,
    push: Push,
    request: RequestId,
    checked: &thread::Checked,
    offered: Option<&thread::Offered>,
) -> Outcome {
    let Some(head) = requests::by_id(tx.session(), request)? else {
        return absent(tx, request);
    };
    if head.scope != push.scope {
        return rejected(Code::ForeignRequest);
    }
    let mut writer = thread::Writer { author: push.author, session: push.session, at: push.now };
    if let Some(stamp) = offered.and_then(|o| o.stamp.as_ref()) {
        let author = staff::named(tx.session(), &stamp.author, push.now)?;
        writer = thread::Writer { author, at: stamp.at, ..writer };
    }
    Ok(match thread::keep_offered(tx, service, &head, checked, writer, offered)? {
        Kept::There { mac, new } => (ItemResult::Ok { mac, decided: None }, new),
        Kept::Clash => return rejected(Code::BadHistory),
    })
}

/// A revoked tablet may still hand over what it holds: into quarantine, for a person's decision. Its muhtar's
/// private notes are nobody else's to decide on: they stay on the tablet alone.
///
/// # Errors
/// [`Code::Busy`].
pub async fn quarantine_all(
    service: &Arc<Service>,
    caller: &Arc<Caller>,
    frame: SyncRequest,
    at: i64,
) -> Result<(), Fault> {
    if frame.items.is_empty() {
        return Ok(());
    }
    let caller = caller.clone();
    service
        .write(move |tx| {
            for item in frame.items.into_iter().filter(|item| !is_note(item)) {
                let planned = Planned {
                    kind: item.kind,
                    request: item.request,
                    packed: item.packed.into(),
                    count: 0,
                    plan: Plan::Settled(ItemResult::Rejected(Code::Revoked)),
                };
                if !refuse(tx, &caller, &planned, Code::Revoked, at)? {
                    // Handed over is only what lies here: it keeps the rest, and comes again.
                    let full = anyhow::anyhow!("the quarantine of a revoked tablet is full: decide on what lies there");
                    return Err(Fault::new(Code::Busy).caused_by(full));
                }
            }
            Ok(())
        })
        .await
}

fn is_note(item: &Item) -> bool {
    let entry = || decode::<Entry>(&unpack(&item.packed, entries::MAX_RAW).ok()?).ok();
    item.kind == ItemKind::Entry && entry().is_some_and(|entry| entry.kind == EntryKind::Note)
}
