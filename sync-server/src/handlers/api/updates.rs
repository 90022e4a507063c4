//! `GET /api/v1/updates?after=CURSOR&limit=N&unit=CODE&status=STATE`.
//!
//! Each update comes exactly once to a program that keeps the cursor together with what it was given.
//! The server remembers nothing about the program.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::routing::{Case, Channel, State as CaseState, What};
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire::error::Code;
use serde::Deserialize;

use crate::auth::keys;
use crate::blob_store::Key;
use crate::database::feed::{self, kind};
use crate::database::{DbError, DbResult, Go, Session, blobs, requests, tasks};
use crate::error::Fault;
use crate::handlers::blob::{off_thread, store_fault};
use crate::handlers::desk::build::{self, Stored};
use crate::handlers::input::{Json, Path, Query};
use crate::service::Service;

use super::view::{Content, Update, UpdateEvent, UpdateKind, UpdateTask, Updates};

/// Updates of one answer, when nothing is said.
const LIMIT: u32 = 100;
/// Updates of one answer at most.
const MAX_LIMIT: u32 = 500;

/// The query.
#[derive(Debug, Deserialize)]
pub struct Ask {
    /// `next` of the answer before; empty begins at the beginning.
    #[serde(default)]
    after: String,
    #[serde(default)]
    limit: Option<u32>,
    /// A unit below the key's own.
    #[serde(default)]
    unit: Option<String>,
    /// Only decisions that led to this state.
    #[serde(default)]
    status: Option<CaseState>,
}

/// A row of a unit's feed, before it is told.
struct Row {
    seq: i64,
    scope: u32,
    request: RequestId,
    kind: u32,
    n: u32,
    at: i64,
}

/// What happened since the cursor.
///
/// # Errors
/// [`Code::SignIn`], [`Code::Forbidden`] for a unit outside the key's, [`Code::BadInput`] for a
/// cursor of another server life: begin again without one.
pub async fn updates(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Query(ask): Query<Ask>,
) -> Result<Json<Updates>, Fault> {
    let now = service.clock.now();
    let key = in_fault(service.db.ask(|s| Ok(keys::who(s, &headers, now))))?;
    let directory = service.directory();
    let unit = ask.unit.as_deref().unwrap_or(&key.unit);
    if !directory.is_within(unit, &key.unit) {
        return Err(Fault::because(Code::Forbidden, "Bu birim anahtarın kapsamında değil."));
    }
    let after = cursor(&ask.after, service.epoch)?;
    let limit = ask.limit.unwrap_or(LIMIT).clamp(1, MAX_LIMIT);
    let scopes: Vec<u32> = directory
        .units
        .iter()
        .filter(|u| directory.is_within(&u.code, unit))
        .map(|u| service.scopes.number(&u.code))
        .collect();
    let (updates, last, more) = service.db.ask(|s| {
        let (rows, more) = rows_of(s, &scopes, after, limit)?;
        let last = rows.last().map_or(after, |r| r.seq);
        let mut updates = Vec::with_capacity(rows.len());
        let mut stored: Option<Stored> = None;
        for row in rows {
            if row.kind == kind::ERASED {
                if ask.status.is_none() {
                    updates.push(gone(&service, &row));
                }
                continue;
            }
            if stored.as_ref().is_none_or(|st| st.head.id != row.request) {
                stored = build::find(s, row.request)?;
            }
            let Some(found) = &stored else { continue };
            let update = tell(&service, &row, found)?;
            if ask.status.is_none_or(|w| update.event.as_ref().is_some_and(|e| e.status == w)) {
                updates.push(update);
            }
        }
        Ok((updates, last, more))
    })?;
    let last = if sabotaged("program-told-twice") { last - 1 } else { last };
    Ok(Json(Updates { updates, next: format!("{}.{last}", service.epoch), more }))
}

/// The whole photo of a request that lies at one of the key's units, or of which one owes a part.
///
/// # Errors
/// [`Code::NotFound`] also for what the key may not see.
pub async fn photo(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Path(hash): Path<String>,
) -> Result<Response, Fault> {
    let now = service.clock.now();
    let key = in_fault(service.db.ask(|s| Ok(keys::who(s, &headers, now))))?;
    let hash: BlobHash = hash.parse().map_err(|_| Code::NotFound)?;
    let directory = service.directory();
    let visible = service.db.ask(|s| {
        let Some(found) = blobs::by_hash(s, hash)? else { return Ok(false) };
        for id in blobs::requests(s, found.id)? {
            let Some(head) = requests::by_id(s, id)? else { continue };
            let owed = tasks::of_request(s, head.rid)?.into_iter().map(|(_, unit)| unit);
            if owed.chain([head.unit]).any(|unit| directory.is_within(service.scopes.code(unit), &key.unit)) {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    if !visible {
        return Err(Code::NotFound.into());
    }
    let store = service.store.clone();
    let bytes = off_thread(move || store.get(Key::Full(hash))).await.map_err(store_fault)?.ok_or(Code::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], bytes).into_response())
}

pub(super) fn in_fault<T>(asked: DbResult<Result<T, Fault>>) -> Result<T, Fault> {
    asked.map_err(Fault::from)?
}

/// `EPOCH.SEQ`, opaque to programs.
fn cursor(text: &str, epoch: u64) -> Result<i64, Fault> {
    if text.is_empty() {
        return Ok(0);
    }
    let parsed = text.split_once('.').and_then(|(e, s)| Some((e.parse::<u64>().ok()?, s.parse::<i64>().ok()?)));
    match parsed {
        Some((e, seq)) if e == epoch && seq >= 0 => Ok(seq),
        Some(_) => Err(Fault::because(
            Code::BadInput,
            "after: bu işaret sunucunun önceki hâline ait; after vermeden baştan okuyun ve seq ile ayıklayın.",
        )),
        None => Err(Fault::bad_input("after: bir önceki cevaptaki next değeri beklenir.")),
    }
}

/// Rows of all scopes after a place, in feed order; whether more waits.
fn rows_of(s: &mut dyn Session, scopes: &[u32], after: i64, limit: u32) -> DbResult<(Vec<Row>, bool)> {
    let mut rows = Vec::new();
    for scope in scopes {
        feed::page(s, *scope, after, limit + 1, &mut |r| {
            rows.push(Row { seq: r.seq, scope: *scope, request: RequestId(r.request), kind: r.kind, n: r.n, at: r.at });
            Ok(Go::On)
        })?;
    }
    rows.sort_unstable_by_key(|r| r.seq);
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    Ok((rows, more))
}

/// Nothing of it is left to tell.
fn gone(service: &Service, row: &Row) -> Update {
    Update {
        seq: row.seq,
        kind: UpdateKind::Erased,
        unit: service.scopes.code(row.scope).to_owned(),
        at: row.at,
        request: row.request,
        number: String::new(),
        event: None,
        content: None,
    }
}

fn tell(service: &Service, row: &Row, stored: &Stored) -> DbResult<Update> {
    let kind = match row.kind {
        kind::ENTERED => UpdateKind::Entered,
        kind::LEFT => UpdateKind::Left,
        kind::STEP => UpdateKind::Event,
        kind::CONTENT => UpdateKind::Content,
        other => return Err(DbError::Unexpected(format!("kind {other} in a unit's feed"))),
    };
    let with_event = matches!(kind, UpdateKind::Entered | UpdateKind::Event);
    Ok(Update {
        seq: row.seq,
        kind,
        unit: service.scopes.code(row.scope).to_owned(),
        at: row.at,
        request: row.request,
        number: stored.head.no.to_string(),
        event: with_event.then(|| event_of(stored, row.n)).flatten(),
        content: matches!(kind, UpdateKind::Entered | UpdateKind::Content).then(|| content_of(service, stored)),
    })
}

/// Event `n` with the case as it stood after it.
fn event_of(stored: &Stored, n: u32) -> Option<UpdateEvent> {
    let case = Case::fold(stored.events.iter().map(|e| &e.event).filter(|e| e.n <= n));
    let event = stored.events.iter().map(|e| &e.event).find(|e| e.n == n)?;
    let planned = match &event.what {
        What::Planned { date } => Some(date.clone()),
        _ => case.planned.clone(),
    };
    Some(UpdateEvent {
        n,
        what: event.what.code().to_owned(),
        status: case.state,
        outcome: case.outcome,
        note: event.note.clone(),
        due: case.due,
        planned,
        other: build::other_of(&event.what).map(|no| no.to_string()),
        task: build::task_of(event, &case).map(|task| UpdateTask {
            n: task.n,
            unit: task.unit.clone(),
            until: task.until.clone(),
        }),
    })
}

fn content_of(service: &Service, stored: &Stored) -> Content {
    let Stored { head, content, .. } = stored;
    let place = if head.place == 0 { head.scope } else { head.place };
    let neighbourhood = service.scopes.code(place);
    Content {
        title: content.title.clone(),
        description: content.desc.clone(),
        category: head.category.clone(),
        neighbourhood: neighbourhood.to_owned(),
        lat: content.gps.map(|g| g.lat),
        lon: content.gps.map(|g| g.lon),
        address: content.addr.clone(),
        photos: content.blobs.iter().map(|b| b.hash.to_string()).collect(),
        case_number: head.case_no.to_string(),
        channel: head.channel.map_or("tablet", Channel::code),
        received: head.received,
    }
}
