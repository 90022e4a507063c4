//! `GET second-factor`, `POST second-factor`, `POST second-factor/off`: each person sets up their own.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::session::me_of;
use super::view::Me;
use super::{Seat, qr_svg};
use crate::auth::password;
use crate::auth::second_factor::SecondFactor;
use crate::auth::staff as staff_auth;
use crate::database::staff::{self, Person};
use crate::error::Fault;
use crate::handlers::input::Json;
use crate::service::Service;

/// A second factor that can be set up: nothing is kept until a code of it comes back.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct Offered {
    /// Send it back with the first code.
    pub nonce: String,
    /// To be typed where no camera is.
    pub secret: String,
    /// For an app's camera, SVG.
    pub qr: String,
}

/// What proves that it is really this person, and that the app has the secret.
#[derive(Debug, Deserialize, TS)]
#[ts(export)]
pub struct Proof {
    /// The password once more.
    pub password: String,
    /// [`Offered::nonce`]; empty to switch it off.
    pub nonce: String,
    /// Six digits.
    pub code: String,
}

/// Offers a new secret.
///
/// # Errors
/// [`Code::SignIn`].
pub async fn offer(State(service): State<Arc<Service>>, Seat(person): Seat) -> Result<Json<Offered>, Fault> {
    let nonce = (service.random.number() >> 1).cast_signed().max(1);
    let factor = SecondFactor::of(&service.secrets, person.id, nonce).map_err(Fault::internal)?;
    let login = service.db.ask(|s| staff::login(s, person.id))?;
    let qr = qr_svg(&factor.uri(&login))?;
    Ok(Json(Offered { nonce: nonce.to_string(), secret: factor.secret(), qr }))
}

/// Switches it on, or changes to a new secret, with a first code of it. Whoever sits elsewhere with the password alone is
/// signed out.
///
/// # Errors
/// [`Code::BadInput`] for a wrong password or code, [`Code::SlowDown`].
pub async fn on(
    State(service): State<Arc<Service>>,
    Seat(person): Seat,
    headers: HeaderMap,
    Json(proof): Json<Proof>,
) -> Result<Json<Me>, Fault> {
    let wrong = || Fault::bad_input("code: Kod yanlış; uygulamadaki son altı rakamı yazın.");
    let nonce: i64 = proof.nonce.parse().ok().filter(|nonce| *nonce > 0).ok_or_else(wrong)?;
    is_really(&service, &person, &proof.password).await?;
    let factor = SecondFactor::of(&service.secrets, person.id, nonce).map_err(Fault::internal)?;
    let Some(step) = factor.step(&proof.code, service.clock.now(), 0) else {
        service.tries.wrong(None, service.clock.now());
        return Err(wrong());
    };
    let here = staff_auth::session_hash(&headers).ok_or(Code::SignIn)?;
    service
        .write(move |tx| {
            staff::set_second(tx.session(), person.id, nonce, step)?;
            Ok(staff::end_others(tx.session(), person.id, &here)?)
        })
        .await?;
    Ok(Json(me_of(&service, &Person { second: nonce, ..person })))
}

/// Switches it off, with a code of it.
///
/// # Errors
/// As [`on`]; [`Code::Forbidden`] where the server asks everyone for one.
pub async fn off(
    State(service): State<Arc<Service>>,
    Seat(person): Seat,
    Json(proof): Json<Proof>,
) -> Result<Json<Me>, Fault> {
    if service.second_factor {
        return Err(Fault::because(Code::Forbidden, "Bu sunucuda iki adımlı giriş zorunludur; kapatılamaz."));
    }
    is_really(&service, &person, &proof.password).await?;
    if person.second != 0 && !used(&service, &person, &proof.code).await? {
        service.tries.wrong(None, service.clock.now());
        return Err(Fault::bad_input("code: Kod yanlış; uygulamadaki son altı rakamı yazın."));
    }
    service.write(move |tx| Ok(staff::set_second(tx.session(), person.id, 0, 0)?)).await?;
    Ok(Json(me_of(&service, &Person { second: 0, ..person })))
}

/// Whether `code` is the person's now; it is used up then. A wrong one is the caller's to count.
///
/// # Errors
/// [`Code::Busy`].
pub(super) async fn used(service: &Arc<Service>, person: &Person, code: &str) -> Result<bool, Fault> {
    let factor = SecondFactor::of(&service.secrets, person.id, person.second).map_err(Fault::internal)?;
    let (now, id, code) = (service.clock.now(), person.id, code.to_owned());
    service
        .write(move |tx| {
            // Read in the job: of two who send one code at once, one comes in.
            let last = staff::last_step(tx.session(), id)?;
            let Some(step) = factor.step(&code, now, last) else { return Ok(false) };
            staff::use_step(tx.session(), id, step)?;
            Ok(true)
        })
        .await
}

/// Whoever sits at an open screen is not always who signed in: the password once more.
///
/// # Errors
/// [`Code::BadInput`], [`Code::SlowDown`] after too many wrong ones.
pub(super) async fn is_really(service: &Arc<Service>, person: &Person, given: &str) -> Result<(), Fault> {
    let now = service.clock.now();
    if !service.tries.allowed(None, now) {
        return Err(Code::SlowDown.into());
    }
    let kept = service.db.ask(|s| staff::password(s, person.id))?;
    let given = given.to_owned();
    let good = tokio::task::spawn_blocking(move || password::verify(&given, kept.as_deref()));
    if good.await.map_err(Fault::internal)? {
        return Ok(());
    }
    service.tries.wrong(None, now);
    Err(Fault::bad_input("password: Parola yanlış."))
}
