//! What was refused waits for a person: taken in after all, or put away.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use mbs_shared::document::project_first;
use mbs_shared::pack::unpack;
use mbs_shared::routing::Event;
use mbs_shared::wire::decode;
use mbs_shared::wire::entry::Entry;
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{Item, ItemKind, ItemResult};

use crate::auth::device::Caller;
use crate::database::feed::kind;
use crate::database::quarantine::{self, Held};
use crate::database::{devices, entries, events};
use crate::handlers::sync::{plan, store};
use crate::service::Service;
use crate::writer;

/// Words of an item that are shown, in characters.
const SHOWN: usize = 80;

/// Everything that waits, oldest first.
///
/// # Errors
/// When the database does not answer.
pub fn list(service: &Service) -> Result<Vec<Held>> {
    Ok(service.db.ask(quarantine::list)?)
}

/// What kind of thing it is and how it begins, for a person.
#[must_use]
pub fn describe(held: &Held) -> String {
    let raw = |cap| unpack(&held.bytes, cap).ok();
    let (what, words) = match held.kind {
        kind::CHANGE => {
            let first = raw(mbs_shared::document::schema::MAX_CHANGE).and_then(|raw| project_first(&raw).ok());
            match first {
                Some(request) => ("request", format!("{} {}", request.title, request.desc)),
                None => ("edit", String::new()),
            }
        }
        kind::ENTRY => {
            let entry = raw(entries::MAX_RAW).and_then(|raw| decode::<Entry>(&raw).ok());
            ("entry", entry.map_or(String::new(), |e| e.text))
        }
        kind::EVENT => {
            let decided = raw(events::MAX_RAW).and_then(|raw| Event::decode_together(&raw).ok()).unwrap_or_default();
            let said: Vec<String> = decided.iter().map(|e| format!("{}: {}", e.what.code(), e.note)).collect();
            ("decision", said.join("; "))
        }
        _ => ("item", String::new()),
    };
    let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
    format!("{what} {words:?}")
}

fn find(service: &Service, id: i64) -> Result<Held> {
    service.db.ask(|s| quarantine::one(s, id))?.with_context(|| format!("there is no item {id} in quarantine"))
}

/// Takes one in as if its tablet pushed it now, with every check but the one that the tablet may push.
///
/// # Errors
/// When it does not pass those checks either, or what it builds on is not here: then it stays.
pub fn accept(service: &Arc<Service>, id: i64) -> Result<()> {
    let held = find(service, id)?;
    let kind = match held.kind {
        kind::CHANGE => ItemKind::Change,
        kind::ENTRY => ItemKind::Entry,
        _ => bail!("item {id} is a decision from before a restore: decide anew at the desk, then dismiss it"),
    };
    let device = service.db.ask(|s| devices::by_prefix(s, held.prefix))?.context("its tablet is not known")?;
    let caller = Caller::of(device);
    let now = service.clock.now();
    let item = Item { kind, request: held.request, packed: held.bytes.clone().into(), count: 0, mac: None, past: None };
    let batch = plan::plan(service, &caller, vec![item], 0, now).map_err(|e| anyhow::anyhow!("{e}"))?;
    let result = writer::alone(&*service.db, |tx| {
        let results = store::store(tx, service, &caller, batch)?;
        if let Some(ItemResult::Ok { .. } | ItemResult::Erased) = results.first() {
            tx.session().execute(quarantine::DROP, &[id.into()])?;
        }
        Ok(results)
    })
    .map_err(|e| anyhow::anyhow!("{e}"))?;
    match result.first() {
        Some(ItemResult::Ok { .. } | ItemResult::Erased) => Ok(()),
        Some(ItemResult::MissingDeps) => bail!("item {id} builds on something that is not here: accept that first"),
        Some(ItemResult::Begun | ItemResult::Rejected(Code::BadHistory)) => {
            bail!("item {id}: this request is here already, otherwise begun")
        }
        other => bail!("item {id} does not pass: {other:?}"),
    }
}

/// Puts one away for good.
///
/// # Errors
/// When there is no such item.
pub fn dismiss(service: &Arc<Service>, id: i64) -> Result<()> {
    find(service, id)?;
    service.db.change(|tx| tx.execute(quarantine::DROP, &[id.into()]))?;
    Ok(())
}
