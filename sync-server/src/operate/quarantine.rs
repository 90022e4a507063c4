//! What was refused waits for a person: taken in after all, or put away.

use mbs_shared::document::project_first;
use mbs_shared::pack::unpack;
use mbs_shared::routing::Event;
use mbs_shared::wire::decode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{Item, ItemKind, ItemResult};
use serde::Serialize;
use thiserror::Error;
use ts_rs::TS;

use crate::auth::device::Caller;
use crate::database::feed::kind;
use crate::database::quarantine::{self, Held};
use crate::database::{DbResult, devices, entries, events};
use crate::error::Fault;
use crate::handlers::sync::plan::{self, Batch};
use crate::handlers::sync::store;
use crate::service::Service;
use crate::writer::Tx;

/// What lies in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HeldKind {
    /// The beginning of a request.
    Request,
    /// A later change of one.
    Edit,
    /// A message, an answer, a withdrawal …
    Entry,
    /// A decision from before a restore.
    Decision,
    /// Nothing that can be read.
    Item,
}

/// Why an item is not taken in; it stays.
#[derive(Debug, Error)]
pub enum NotTaken {
    /// Nobody knows it, or somebody has decided.
    #[error("there is no item {0} in quarantine")]
    Unknown(i64),
    /// Decisions are the desk's.
    #[error("item {0} is a decision from before a restore: decide anew at the desk, then dismiss it")]
    Decision(i64),
    /// Its tablet was never enrolled here.
    #[error("its tablet is not known")]
    NoTablet,
    /// Something else comes first.
    #[error("item {0} builds on something that is not here: accept that first")]
    Builds(i64),
    /// The request is here with another beginning.
    #[error("item {0}: this request is here already, otherwise begun")]
    Begun(i64),
    /// A check refuses it, whoever pushes it.
    #[error("item {0} does not pass: {1:?}")]
    Fails(i64, Option<Code>),
    /// The server itself.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Everything that waits, oldest first.
///
/// # Errors
/// When the database does not answer.
pub fn list(service: &Service) -> DbResult<Vec<Held>> {
    service.db.ask(|s| quarantine::list(s, u32::MAX))
}

/// What kind of thing it is and how it begins, in at most `shown` characters. Private notes say nothing.
#[must_use]
pub fn describe(held: &Held, shown: usize) -> (HeldKind, String) {
    let raw = |cap| unpack(&held.bytes, cap).ok();
    let (what, words) = match held.kind {
        kind::CHANGE => {
            let first = raw(mbs_shared::document::schema::MAX_CHANGE).and_then(|raw| project_first(&raw).ok());
            match first {
                Some(request) => (HeldKind::Request, format!("{} {}", request.title, request.desc)),
                None => (HeldKind::Edit, String::new()),
            }
        }
        kind::ENTRY => {
            let entry = raw(entries::MAX_RAW).and_then(|raw| decode::<Entry>(&raw).ok());
            let told = entry.filter(|entry| entry.kind != EntryKind::Note);
            (HeldKind::Entry, told.map_or(String::new(), |entry| entry.text))
        }
        kind::EVENT => {
            let decided = raw(events::MAX_RAW).and_then(|raw| Event::decode_together(&raw).ok()).unwrap_or_default();
            let said: Vec<String> = decided.iter().map(|e| format!("{}: {}", e.what.code(), e.note)).collect();
            (HeldKind::Decision, said.join("; "))
        }
        _ => (HeldKind::Item, String::new()),
    };
    (what, words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(shown).collect())
}

/// An item, checked as if its tablet pushed it now, with every check but the one that the tablet may push.
#[derive(Debug)]
pub struct Ready {
    id: i64,
    caller: Caller,
    batch: Batch,
}

/// Checks one.
///
/// # Errors
/// [`NotTaken`].
pub fn ready(service: &Service, id: i64) -> Result<Ready, NotTaken> {
    let held = service.db.ask(|s| quarantine::one(s, id)).map_err(Fault::from)?.ok_or(NotTaken::Unknown(id))?;
    let kind = match held.kind {
        kind::CHANGE => ItemKind::Change,
        kind::ENTRY => ItemKind::Entry,
        _ => return Err(NotTaken::Decision(id)),
    };
    let device = service.db.ask(|s| devices::by_prefix(s, held.prefix)).map_err(Fault::from)?;
    let caller = Caller::of(device.ok_or(NotTaken::NoTablet)?);
    let now = service.clock.now();
    let item = Item { kind, request: held.request, packed: held.bytes.into(), count: 0, mac: None, past: None };
    let batch = plan::plan(service, &caller, vec![item], 0, now)?;
    Ok(Ready { id, caller, batch })
}

/// Takes it in, within a job of the writer; `Some`: it does not pass, and stays.
///
/// # Errors
/// When the database fails.
pub fn take(tx: &mut Tx<'_>, service: &Service, ready: Ready) -> Result<Option<NotTaken>, Fault> {
    let Ready { id, caller, batch } = ready;
    let result = store::store(tx, service, &caller, batch)?.into_iter().next();
    match result {
        Some(ItemResult::Ok { .. } | ItemResult::Erased) => {
            put_away(tx, id)?;
            Ok(None)
        }
        Some(ItemResult::MissingDeps) => Ok(Some(NotTaken::Builds(id))),
        Some(ItemResult::Begun | ItemResult::Rejected(Code::BadHistory)) => Ok(Some(NotTaken::Begun(id))),
        Some(ItemResult::Rejected(code)) => Ok(Some(NotTaken::Fails(id, Some(code)))),
        _ => Ok(Some(NotTaken::Fails(id, None))),
    }
}

/// Puts one away for good; whether it was there.
///
/// # Errors
/// When the database fails.
pub fn put_away(tx: &mut Tx<'_>, id: i64) -> Result<bool, Fault> {
    Ok(tx.session().execute(quarantine::DROP, &[id.into()])? > 0)
}
