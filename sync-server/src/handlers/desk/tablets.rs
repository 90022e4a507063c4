//! `GET tablets` and `POST enrolments`.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::id::Prefix;

use crate::auth::rights::Right;
use crate::database::{devices, gaps};
use crate::error::Fault;
use crate::handlers::enrol;
use crate::handlers::input::Json;
use crate::service::Service;

use super::view::{Enrolment, NewEnrolment, Tablet};
use super::{Seat, qr_svg, with_names};

/// Longest name of a muhtar, in bytes.
const MAX_NAME: usize = 120;

/// The fleet.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Vec<Tablet>>, Fault> {
    seat.needs(Right::Fleet)?;
    let (fleet, gaps) = service.db.ask(|s| Ok((devices::fleet(s)?, gaps::all(s)?)))?;
    let gap = |id: i64| gaps.iter().find(|(device, ..)| *device == id);
    Ok(Json(with_names(&service, |names| {
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
                twin: d.twin != 0,
                revoked: d.revoked != 0,
            })
            .collect()
    })))
}

/// A code that enrols a tablet once.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::BadInput`], [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn enrol(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(wanted): Json<NewEnrolment>,
) -> Result<Json<Enrolment>, Fault> {
    seat.needs(Right::Enrol)?;
    let person = wanted.person.trim();
    if person.is_empty() || person.len() > MAX_NAME {
        return Err(Fault::bad_input("Muhtarın adını yazın (en çok 120 harf)."));
    }
    let code = enrol::new_code(&service, &wanted.neighbourhood, person).await?;
    let qr = qr_svg(&enrol::qr_text(&service.url, &code.text))?;
    Ok(Json(Enrolment { code: code.text, expires: code.expires, qr }))
}
