//! `GET requests/{id}`, `POST …/act`, `POST …/say`.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::id::{EntryId, OfficialNo, RequestId};
use mbs_shared::pack::pack;
use mbs_shared::request::MAX_ENTRY;
use mbs_shared::wire::encode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;

use crate::auth::rights::Right;
use crate::database::{lists, requests};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::routing::decide::Command;
use crate::routing::{apply, thread};
use crate::secrets::sha256;
use crate::service::Service;

use super::build::{self, Stored};
use super::view::{Act, DeskRequest, Look, Say};
use super::{Seat, with_names};

/// The page of one request.
///
/// # Errors
/// [`Code::NotFound`] also for what the person may not see.
pub async fn show(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Json<DeskRequest>, Fault> {
    seat.needs(Right::Read)?;
    page(&service, &seat, parse(&id)?).map(Json)
}

/// Something is done to it.
///
/// # Errors
/// [`Code::Stale`] when someone else acted first, [`Code::NotNow`] when the table has no such step,
/// [`Code::Forbidden`], [`Code::BadInput`] with a sentence that names the field.
pub async fn act(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
    Json(act): Json<Act>,
) -> Result<Json<DeskRequest>, Fault> {
    seat.needs(Right::Work)?;
    let id = parse(&id)?;
    let stored = find(&service, &seat, id)?;
    if stored.case.n != act.n {
        return Err(Code::Stale.into());
    }
    let unit = stored.case.unit.as_deref().unwrap_or_default();
    let capacities = build::capacities(service.knowledge.directory, &seat.0, unit);
    let who = capacities
        .iter()
        .copied()
        .find(|who| stored.case.next(*who, act.action).is_some())
        .ok_or(if capacities.is_empty() { Code::Forbidden } else { Code::NotNow })?;
    let other = act.other.map(|text| number(&service, &text)).transpose()?;
    let command = Command {
        other,
        unit: act.unit,
        outcome: act.outcome,
        date: act.date,
        note: act.note.unwrap_or_default().trim().to_owned(),
        photos: act.photos.unwrap_or_default(),
        category: act.category,
        ..Command::new(who, act.action)
    };
    service.act(apply::Act { request: id, author: seat.0.id, seen: Some(act.n), command }).await?;
    page(&service, &seat, id).map(Json)
}

/// A message to the muhtar.
///
/// # Errors
/// [`Code::BadInput`], [`Code::Forbidden`] for who does not hold it.
pub async fn say(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
    Json(say): Json<Say>,
) -> Result<Json<DeskRequest>, Fault> {
    seat.needs(Right::Work)?;
    let id = parse(&id)?;
    let stored = find(&service, &seat, id)?;
    let unit = stored.case.unit.as_deref().unwrap_or_default();
    if build::capacities(service.knowledge.directory, &seat.0, unit).is_empty() {
        return Err(Code::Forbidden.into());
    }
    let text = say.text.trim().to_owned();
    if text.is_empty() || text.len() > MAX_ENTRY {
        return Err(Fault::bad_input("Mesaj boş ya da çok uzun (en çok 4.000 harf)."));
    }
    let (at, author, inner) = (service.clock.now(), seat.0.id, service.clone());
    let entry = Entry { id: EntryId(service.random.bytes()), kind: EntryKind::Message, text, at, photos: Vec::new() };
    let raw = encode(&entry);
    let checked = thread::Checked { entry, hash: sha256(&raw), packed: pack(&raw) };
    service
        .write(move |tx| {
            let head = requests::by_id(tx.session(), id)?.ok_or(Code::NotFound)?;
            thread::keep(tx, &inner, &head, &checked, thread::Writer { author, session: 0, at })
        })
        .await?;
    page(&service, &seat, id).map(Json)
}

/// An open page says that its person looks at the request, every few seconds, or looks no more: who else does.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Forbidden`].
pub async fn look(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
    Json(look): Json<Look>,
) -> Result<Json<Vec<String>>, Fault> {
    seat.needs(Right::Read)?;
    let id = parse(&id)?;
    find(&service, &seat, id)?;
    Ok(Json(service.presence.note(id, seat.0.id, &seat.0.name, look.here, service.clock.now())))
}

/// The official number of the request that an official or offline number names.
fn number(service: &Service, text: &str) -> Result<OfficialNo, Fault> {
    let found = service.db.ask(|s| lists::by_number(s, text.trim()))?;
    let no = found.first().map(|head| head.no);
    no.ok_or_else(|| Fault::bad_input("other: Bu numarayla bir başvuru yok; numarayı kontrol edin."))
}

pub(super) fn parse(id: &str) -> Result<RequestId, Fault> {
    id.parse().map_err(|_| Code::NotFound.into())
}

pub(super) fn find(service: &Service, seat: &Seat, id: RequestId) -> Result<Stored, Fault> {
    let stored = service.db.ask(|s| build::find(s, id))?.ok_or(Code::NotFound)?;
    let held = build::holders(&stored);
    let unit = stored.case.unit.as_deref().unwrap_or_default();
    if build::sees(service.knowledge.directory, &seat.0, unit, &held) { Ok(stored) } else { Err(Code::NotFound.into()) }
}

fn page(service: &Service, seat: &Seat, id: RequestId) -> Result<DeskRequest, Fault> {
    let stored = find(service, seat, id)?;
    let approval = stored.case.unit.as_deref().is_some_and(|unit| service.needs_approval(unit));
    Ok(service.db.ask(|s| with_names(service, |names| build::request(s, names, &seat.0, &stored, approval)))?)
}
