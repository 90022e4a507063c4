//! `GET templates`, `POST templates`, `POST templates/{id}/drop`: words a unit uses again and again.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::request::MAX_ENTRY;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Seat;
use crate::database::templates;
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::service::Service;

/// Longest name, in bytes.
const MAX_NAME: usize = 100;
/// Templates of a unit at most.
const MOST: usize = 200;

/// Words to begin from.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct DeskTemplate {
    /// Its number.
    #[ts(type = "number")]
    pub id: i64,
    /// Name.
    pub name: String,
    /// Words, with placeholders: `{no}`, `{yer}`, `{konu}`, `{birim}`, `{tarih}`.
    pub body: String,
    /// Whether it is this person's unit's own, who may drop it; else that of a unit above.
    pub own: bool,
}

/// Words to be kept.
#[derive(Debug, Deserialize, TS)]
#[ts(export)]
pub struct NewTemplate {
    /// Name.
    pub name: String,
    /// Words.
    pub body: String,
}

/// Those of the person's unit and of the units above it.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Vec<DeskTemplate>>, Fault> {
    all(&service, &seat).map(Json)
}

fn all(service: &Service, seat: &Seat) -> Result<Vec<DeskTemplate>, Fault> {
    let own = seat.0.unit.as_str();
    let directory = service.directory();
    let above = std::iter::successors(directory.unit(own), |unit| directory.unit(unit.parent.as_deref()?));
    let units: Vec<&str> = std::iter::once(own).chain(above.skip(1).map(|unit| unit.code.as_str())).collect();
    Ok(service.db.ask(|s| {
        let mut out = Vec::new();
        for unit in units {
            out.extend(templates::of_unit(s, unit)?.into_iter().map(|template| DeskTemplate {
                id: template.id,
                name: template.name,
                body: template.body,
                own: template.unit == own,
            }));
        }
        Ok(out)
    })?)
}

/// Keeps words for the person's unit; the list with them.
///
/// # Errors
/// [`Code::BadInput`] with a sentence that names the field, [`Code::Forbidden`].
pub async fn add(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(new): Json<NewTemplate>,
) -> Result<Json<Vec<DeskTemplate>>, Fault> {
    let (name, body) = (new.name.trim().to_owned(), new.body.trim().to_owned());
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Fault::bad_input("name: Şablonun adı boş ya da çok uzun (en çok 100 bayt)."));
    }
    if body.is_empty() || body.len() > MAX_ENTRY {
        return Err(Fault::bad_input("body: Şablonun metni boş ya da çok uzun (en çok 4.000 bayt)."));
    }
    let (unit, author, at) = (seat.0.unit.clone(), seat.0.id, service.clock.now());
    service
        .write(move |tx| {
            let there = templates::of_unit(tx.session(), &unit)?;
            if there.iter().any(|template| template.name == name && template.body == body) {
                return Ok(());
            }
            if there.len() >= MOST {
                return Err(Fault::bad_input("name: Bir birimin en çok 200 şablonu olabilir; eskileri silin."));
            }
            Ok(templates::add(tx.session(), &unit, &name, &body, author, at)?)
        })
        .await?;
    all(&service, &seat).map(Json)
}

/// Drops one of the person's unit; the list without it.
///
/// # Errors
/// [`Code::NotFound`] also for another unit's, [`Code::Forbidden`].
pub async fn remove(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<i64>,
) -> Result<Json<Vec<DeskTemplate>>, Fault> {
    let unit = seat.0.unit.clone();
    service
        .write(move |tx| {
            templates::by_id(tx.session(), id)?.filter(|template| template.unit == unit).ok_or(Code::NotFound)?;
            Ok(templates::drop_one(tx.session(), id)?)
        })
        .await?;
    all(&service, &seat).map(Json)
}
