//! `POST /api/v1/requests/{id}/act`: what a unit or an institution decides in its own program.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use mbs_shared::id::RequestId;
use mbs_shared::routing::Case;
use mbs_shared::wire::error::Code;

use crate::auth::keys;
use crate::database::api_keys::Key;
use crate::database::staff::Person;
use crate::error::Fault;
use crate::handlers::desk::build::{self, Stored};
use crate::handlers::desk::request::command;
use crate::handlers::desk::view::{Act, Role};
use crate::handlers::input::{Json, Path};
use crate::routing::apply;
use crate::service::Service;

use super::updates::in_fault;
use super::view::Acted;

/// Decides as the unit's staff could at the desk. Saying the same again after the same event is answered as it was the
/// first time and appends nothing, so a program that heard no answer just repeats.
///
/// # Errors
/// [`Code::Forbidden`] for a key that only reads, [`Code::NotFound`] also for what the key may not see, [`Code::Stale`]
/// when the request went on since `n`, [`Code::NotNow`] when the table has no such step, [`Code::BadInput`].
pub async fn act(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(act): Json<Act>,
) -> Result<Json<Acted>, Fault> {
    let now = service.clock.now();
    let key = in_fault(service.db.ask(|s| Ok(keys::who(s, &headers, now))))?;
    if !key.writes {
        return Err(Fault::because(Code::Forbidden, "Bu anahtar yalnız okur; karar yazabilen bir anahtar isteyin."));
    }
    let id: RequestId = id.parse().map_err(|_| Code::NotFound)?;
    let person = in_name_of(&key);
    let before = find(&service, &person, id)?;
    if before.case.n != act.n {
        return again(&service, &person, &before, &act).map(Json);
    }
    let command = command(&service, &person, &before.case, act.clone())?;
    let done = service.act(apply::Act { request: id, author: 0, seen: Some(act.n), command }).await;
    match done {
        Ok(done) => {
            // The history names the unit; which of its programs it was stands here.
            tracing::info!(key = key.id, request = %id, n = done.n, "a program decided");
            let number = before.head.no.to_string();
            Ok(Json(Acted { request: id, number, n: done.n, status: done.state, repeated: false }))
        }
        // It may have been this program's own first try that was faster.
        Err(Fault { code: Code::Stale, .. }) => again(&service, &person, &find(&service, &person, id)?, &act).map(Json),
        Err(fault) => Err(fault),
    }
}

/// A program decides what staff of its unit may, and stands in the history as the unit.
fn in_name_of(key: &Key) -> Person {
    Person {
        id: 0,
        name: String::new(),
        role: Role::Unit,
        unit: key.unit.clone(),
        second: 0,
        districts: Vec::new(),
        by_provider: false,
    }
}

fn find(service: &Service, person: &Person, id: RequestId) -> Result<Stored, Fault> {
    let stored = service.db.ask(|s| build::find(s, id))?.ok_or(Code::NotFound)?;
    let (muhtarlik, unit) = (service.scopes.code(stored.head.scope), stored.case.unit.as_deref().unwrap_or_default());
    let seen = build::sees(service.directory(), person, muhtarlik, unit, &build::holders(&stored));
    if seen { Ok(stored) } else { Err(Code::NotFound.into()) }
}

/// Where a request stands, if what followed the event the program saw last is what it says now.
fn again(service: &Service, person: &Person, stored: &Stored, act: &Act) -> Result<Acted, Fault> {
    let stale = || Fault::new(Code::Stale);
    let Stored { head, case, events, .. } = stored;
    let next = events.iter().find(|e| Some(e.event.n) == act.n.checked_add(1) && e.author == 0).ok_or_else(stale)?;
    let then = Case::fold(events.iter().map(|e| &e.event).filter(|e| e.n <= act.n));
    let command = command(service, person, &then, act.clone()).map_err(|_| stale())?;
    let loaded = apply::Loaded { head: head.clone(), case: then };
    let steps = service.db.ask(|s| apply::foresee(s, service, &loaded, &command, next.event.at))?;
    let said = steps.ok().and_then(|steps| steps.into_iter().next()).ok_or_else(stale)?;
    if next.event.by != command.who || next.event.what != said.what || next.event.note != said.note {
        return Err(stale());
    }
    Ok(Acted { request: head.id, number: head.no.to_string(), n: case.n, status: case.state, repeated: true })
}
