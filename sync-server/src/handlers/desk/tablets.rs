//! `GET tablets`, `POST tablets/{prefix}/revoke`, `POST tablets/{prefix}/replace` and `POST enrolments`.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::id::Prefix;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::sight::in_districts;
use crate::database::{devices, gaps, people};
use crate::error::Fault;
use crate::handlers::enrol::{self, NewCode};
use crate::handlers::input::{Json, Path};
use crate::operate;
use crate::service::Service;

use super::{Seat, aside, qr_svg, with_names};

/// Longest name of a muhtar, in bytes.
const MAX_NAME: usize = 120;

/// A tablet as operators see it.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Tablet {
    /// First part of its case numbers; names it towards people.
    pub prefix: String,
    /// Neighbourhood and district.
    pub place: String,
    /// Version of its app.
    pub app: String,
    /// Last contact, Unix ms.
    #[ts(type = "number | null")]
    pub last_seen: Option<i64>,
    /// Things it says it made.
    pub created: u32,
    /// Things of it that arrived.
    pub arrived: u32,
    /// Things it made that did not arrive.
    pub missing: u32,
    /// Since when the oldest of them is known to be missing, Unix ms.
    #[ts(type = "number | null")]
    pub missing_since: Option<i64>,
    /// Room left on its disk as it said last, MiB; `null`: it did not say.
    pub free: Option<u32>,
    /// How full its battery was as it said last, percent; `null`: it did not say.
    pub battery: Option<u8>,
    /// Whether another tablet has its identity: one of the two must be enrolled anew.
    pub twin: bool,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Asks for a code that enrols a tablet.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewEnrolment {
    /// Neighbourhood code.
    pub neighbourhood: String,
    /// The muhtar's name.
    pub person: String,
}

/// A code that enrols a tablet once.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Enrolment {
    /// The code, grouped for reading: `4KR7-9XQ2`.
    pub code: String,
    /// Until when, Unix ms.
    #[ts(type = "number")]
    pub expires: i64,
    /// QR code of server address and code, as SVG.
    pub qr: String,
    /// Neighbourhood and district.
    pub place: String,
    /// The muhtar's name.
    pub person: String,
}

/// A tablet that was replaced.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Replaced {
    /// The code for the one that takes its place.
    pub enrolment: Enrolment,
    /// The fleet, with the old one revoked.
    pub tablets: Vec<Tablet>,
}

/// The fleet.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Vec<Tablet>>, Fault> {
    fleet(&service, &seat).map(Json)
}

fn fleet(service: &Service, seat: &Seat) -> Result<Vec<Tablet>, Fault> {
    let (mut fleet, gaps) = service.db.ask(|s| Ok((devices::fleet(s)?, gaps::all(s)?)))?;
    fleet.retain(|tablet| in_districts(service.directory(), &seat.0, service.scopes.code(tablet.scope)));
    let gap = |id: i64| gaps.iter().find(|(device, ..)| *device == id);
    Ok(with_names(service, |names| {
        fleet
            .into_iter()
            .map(|d| Tablet {
                prefix: Prefix::new(d.prefix).to_string(),
                place: names.place(service.scopes.code(d.scope)),
                app: d.app,
                last_seen: (d.seen != 0).then_some(d.seen),
                created: d.created,
                arrived: d.arrived,
                missing: gap(d.id).map_or(0, |(_, count, _)| *count),
                missing_since: gap(d.id).map(|(.., since)| *since),
                free: (d.free != 0).then_some(d.free),
                battery: d.battery,
                twin: d.twin != 0,
                revoked: d.revoked != 0,
            })
            .collect()
    }))
}

/// A tablet is let in no more: what it still hands over is a person's to look at. The fleet without it.
///
/// # Errors
/// [`Code::NotFound`] for one that is not there or revoked already.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(prefix): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Json<Vec<Tablet>>, Fault> {
    let prefix: Prefix = prefix.parse().map_err(|_| Code::NotFound)?;
    let inner = service.clone();
    // Written into the journal first, which is a file.
    let revoked = aside(move || operate::revoke(&inner, prefix).map_err(Fault::internal)).await?;
    if !revoked {
        return Err(Code::NotFound.into());
    }
    service.refresh_devices()?;
    tracing::info!(by = seat.0.id, tablet = %prefix, "a tablet was revoked");
    fleet(&service, &seat).map(Json)
}

/// A body with nothing in it: what is meant stands in the address.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// A code that enrols a tablet once.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::BadInput`], [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn enrol(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(wanted): Json<NewEnrolment>,
) -> Result<Json<Enrolment>, Fault> {
    let person = wanted.person.trim();
    if person.is_empty() || person.len() > MAX_NAME {
        return Err(Fault::bad_input("Muhtarın adını yazın (en çok 120 harf)."));
    }
    if !in_districts(service.directory(), &seat.0, &wanted.neighbourhood) {
        return Err(Fault::because(
            Code::Forbidden,
            "Yalnız kendi ilçelerinizdeki muhtarların tabletini kaydedebilirsiniz.",
        ));
    }
    let code = enrol::new_code(&service, &wanted.neighbourhood, person).await?;
    shown(&service, &wanted.neighbourhood, code).map(Json)
}

fn shown(service: &Service, neighbourhood: &str, code: NewCode) -> Result<Enrolment, Fault> {
    let qr = qr_svg(&enrol::qr_text(&service.url, &code.text))?;
    let place = with_names(service, |names| names.place(neighbourhood));
    Ok(Enrolment { code: code.text, expires: code.expires, qr, place, person: code.person })
}

/// A tablet is replaced: the old one is let in no more, and a code enrols another one for the same muhtar. Repeated for one that
/// is revoked already, it makes another code: the first may have run out.
///
/// # Errors
/// [`Code::NotFound`] for one that is not there, [`Code::NotNow`] where its muhtar's mandate has ended.
pub async fn replace(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(prefix): Path<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Json<Replaced>, Fault> {
    let prefix: Prefix = prefix.parse().map_err(|_| Code::NotFound)?;
    let (old, mandate) = service.db.ask(|s| {
        let Some(old) = devices::by_prefix(s, prefix.index())? else { return Ok((None, None)) };
        Ok((Some(old), people::mandate(s, old.mandate)?))
    })?;
    let (old, mandate) = (old.ok_or(Code::NotFound)?, mandate.ok_or(Code::NotFound)?);
    if mandate.until != 0 {
        return Err(Fault::because(
            Code::NotNow,
            "Bu tabletin muhtarı görevden ayrılmış; yeni muhtar için “Tablet kaydet” ile kod oluşturun.",
        ));
    }
    let neighbourhood = service.scopes.code(mandate.scope).to_owned();
    // The code first: whoever is refused one still has the tablet that works.
    let code = enrol::new_code(&service, &neighbourhood, &mandate.person).await?;
    if old.revoked == 0 {
        let inner = service.clone();
        aside(move || operate::revoke(&inner, prefix).map_err(Fault::internal)).await?;
        service.refresh_devices()?;
    }
    tracing::info!(by = seat.0.id, tablet = %prefix, "a tablet was replaced");
    let enrolment = shown(&service, &neighbourhood, code)?;
    Ok(Json(Replaced { enrolment, tablets: fleet(&service, &seat)? }))
}
