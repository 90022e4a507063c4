//! `GET requests/{id}`, `POST …/act`, `POST …/say`, `POST requests/preview`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mbs_shared::id::{EntryId, OfficialNo, RequestId};
use mbs_shared::pack::pack;
use mbs_shared::request::MAX_ENTRY;
use mbs_shared::routing::{Case, Who};
use mbs_shared::wire::encode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;

use crate::auth::sight::in_districts;
use crate::database::requests::Head;
use crate::database::staff::Person;
use crate::database::{entries, lists, requests};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::routing::decide::Command;
use crate::routing::{apply, thread};
use crate::secrets::sha256;
use crate::service::Service;

use super::build::{self, Stored};
use super::view::{Act, DeskRequest, Foreseen, Look, Say, Together};
use super::{Seat, TWICE, qr_svg, with_names};

/// Requests that one decision is for, at most.
pub const MOST_TOGETHER: usize = 100;

/// The page of one request.
///
/// # Errors
/// [`Code::NotFound`] also for what the person may not see.
pub async fn show(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Json<DeskRequest>, Fault> {
    page(&service, &seat, parse(&id)?).map(Json)
}

/// Its address at the desk as a QR code, for a paper that is taken along.
///
/// # Errors
/// [`Code::NotFound`] also for what the person may not see.
pub async fn qr(State(service): State<Arc<Service>>, seat: Seat, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = parse(&id)?;
    find(&service, &seat, id)?;
    let svg = qr_svg(&format!("{}/desk/#/request/{id}", service.url))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], svg).into_response())
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
    let id = parse(&id)?;
    let stored = find(&service, &seat, id)?;
    if stored.case.n != act.n {
        return Err(Code::Stale.into());
    }
    let (seen, command) = (Some(act.n), command(&service, &seat.0, &stored.case, act)?);
    service.act(apply::Act { request: id, author: seat.0.id, seen, command }).await?;
    page(&service, &seat, id).map(Json)
}

/// What the same decision would do to each of several requests. Nothing is written: each is sent by itself afterwards.
///
/// # Errors
/// [`Code::BadInput`] for more than [`MOST_TOGETHER`].
pub async fn preview(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(Together { ids, act }): Json<Together>,
) -> Result<Json<Vec<Foreseen>>, Fault> {
    if ids.len() > MOST_TOGETHER {
        return Err(Fault::bad_input("Bir kerede en çok 100 başvuru seçilebilir."));
    }
    let one = |id| {
        let Stored { head, case, .. } = find(&service, &seat, id)?;
        let (no, title, n) = (head.no.to_string(), head.title.clone(), case.n);
        let why = match command(&service, &seat.0, &case, act.clone()) {
            Ok(command) => {
                let loaded = apply::Loaded { head, case };
                let now = service.clock.now();
                let foreseen = service.db.ask(|s| apply::foresee(s, &service, &loaded, &command, now))?;
                foreseen.err().map(|refusal| Fault::from(refusal).message.into_owned())
            }
            Err(fault) => Some(fault.message.into_owned()),
        };
        Ok(Foreseen { id, no, title, n, why })
    };
    let foreseen = ids.into_iter().map(one).filter(|one| !matches!(one, Err(Fault { code: Code::NotFound, .. })));
    foreseen.collect::<Result<Vec<_>, Fault>>().map(Json)
}

/// What a person decides, in the first of his capacities that may.
pub(in crate::handlers) fn command(
    service: &Service,
    person: &Person,
    case: &Case,
    act: Act,
) -> Result<Command, Fault> {
    let directory = service.directory();
    let capacities = build::capacities(directory, person, case);
    let who = capacities
        .iter()
        .copied()
        .find(|who| case.next(*who, act.action).is_some())
        .ok_or(if capacities.is_empty() { Code::Forbidden } else { Code::NotNow })?;
    if who == Who::Helper {
        let meant = case.owed().find(|task| act.task == Some(task.n));
        if meant.is_some_and(|task| !build::works_in(directory, person, &task.unit)) {
            return Err(Code::Forbidden.into());
        }
    }
    Ok(Command {
        other: act.other.map(|text| number(service, person, &text)).transpose()?,
        unit: act.unit,
        outcome: act.outcome,
        date: act.date,
        note: act.note.unwrap_or_default().trim().to_owned(),
        photos: act.photos.unwrap_or_default(),
        category: act.category,
        task: act.task,
        reference: act.reference,
        ..Command::new(who, act.action)
    })
}

/// A message to the muhtar. Sent twice it is one.
///
/// # Errors
/// [`Code::BadInput`], [`Code::Forbidden`] for who does not hold it.
pub async fn say(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
    Json(say): Json<Say>,
) -> Result<Json<DeskRequest>, Fault> {
    let id = parse(&id)?;
    let stored = find(&service, &seat, id)?;
    if build::capacities(service.directory(), &seat.0, &stored.case).is_empty() {
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
            let same = |said: &entries::Stored| {
                let kind = said.entry.kind == EntryKind::Message;
                kind && said.author == author && said.entry.text == checked.entry.text && at - said.at < TWICE
            };
            if entries::of_request(tx.session(), head.rid)?.iter().any(same) {
                return Ok(());
            }
            thread::keep(tx, &inner, &head, &checked, thread::Writer { author, session: 0, at }).map(drop)
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
    let id = parse(&id)?;
    find(&service, &seat, id)?;
    Ok(Json(service.presence.note(id, seat.0.id, &seat.0.name, look.here, service.clock.now())))
}

/// The official number of the request that an official or offline number names. A unit may name another one's; who is limited
/// to districts decides about nothing outside them.
fn number(service: &Service, person: &Person, text: &str) -> Result<OfficialNo, Fault> {
    let found = service.db.ask(|s| lists::by_number(s, text.trim()))?;
    let own = |head: &&Head| in_districts(service.directory(), person, service.scopes.code(head.scope));
    let no = found.iter().find(own).map(|head| head.no);
    no.ok_or_else(|| Fault::bad_input("other: Bu numarayla bir başvuru yok; numarayı kontrol edin."))
}

pub(super) fn parse(id: &str) -> Result<RequestId, Fault> {
    id.parse().map_err(|_| Code::NotFound.into())
}

pub(super) fn find(service: &Service, seat: &Seat, id: RequestId) -> Result<Stored, Fault> {
    let stored = service.db.ask(|s| build::find(s, id))?.ok_or(Code::NotFound)?;
    let held = build::holders(&stored);
    let (muhtarlik, unit) = (service.scopes.code(stored.head.scope), stored.case.unit.as_deref().unwrap_or_default());
    if build::sees(service.directory(), &seat.0, muhtarlik, unit, &held) {
        Ok(stored)
    } else {
        Err(Code::NotFound.into())
    }
}

fn page(service: &Service, seat: &Seat, id: RequestId) -> Result<DeskRequest, Fault> {
    let stored = find(service, seat, id)?;
    let approval = stored.case.unit.as_deref().is_some_and(|unit| service.needs_approval(unit));
    Ok(service.db.ask(|s| with_names(service, |names| build::request(s, names, &seat.0, &stored, approval)))?)
}
