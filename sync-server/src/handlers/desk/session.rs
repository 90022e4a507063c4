//! `GET sign-in`, `POST sign-in`, `POST sign-out`, `GET me`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::{password, staff as auth};
use crate::database::staff::{self, Person};
use crate::error::Fault;
use crate::handlers::input::Json;
use crate::router::address;
use crate::secrets::sha256;
use crate::service::Service;

use super::directory::DeskDistrict;
use super::view::{Role, UnitRef};
use super::{Seat, second_factor, with_names};

/// How one can sign in, beside name and password.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Ways {
    /// What people call the identity provider, where there is one.
    pub provider: Option<String>,
}

/// Who signs in.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct SignIn {
    /// Sign-in name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Six digits of the second factor, once they are asked for.
    #[serde(default)]
    pub code: Option<String>,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Me {
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Unit the person works in, when in one.
    pub unit: Option<UnitRef>,
    /// Districts whose muhtarlıks they are limited to; none: all.
    pub districts: Vec<DeskDistrict>,
    /// Whether they sign in with a second factor.
    pub second_factor: bool,
    /// Whether one is to be set up before anything else can be done.
    pub second_factor_owed: bool,
}

/// What the screen is told of a person.
pub(super) fn me_of(service: &Service, person: &Person) -> Me {
    with_names(service, |names| Me {
        name: person.name.clone(),
        role: person.role,
        unit: names.unit(&person.unit),
        districts: names.districts(&person.districts),
        second_factor: person.second != 0,
        second_factor_owed: service.owes_second_factor(person),
    })
}

/// How one can sign in.
pub async fn ways(State(service): State<Arc<Service>>) -> Json<Ways> {
    Json(Ways { provider: service.provider.as_ref().map(|provider| provider.name().to_owned()) })
}

/// Checks name and password and begins a session.
///
/// # Errors
/// [`Code::SignIn`] with one sentence for every wrong pair; [`Code::SecondFactor`] where the pair is right and the code is
/// missing or wrong; [`Code::SlowDown`] after too many.
pub async fn sign_in(
    State(service): State<Arc<Service>>,
    extensions: Extensions,
    headers: HeaderMap,
    Json(given): Json<SignIn>,
) -> Result<Response, Fault> {
    let attempt = Try::begin(&service, &extensions, &headers)?;
    let login = given.login.trim().to_lowercase();
    let found = service.db.ask(|s| staff::by_login(s, &login))?;
    let kept = found.as_ref().map(|(_, hash)| hash.clone());
    // Hashing takes a core for a while: not on the threads that serve tablets.
    let good = tokio::task::spawn_blocking(move || password::verify(&given.password, kept.as_deref()))
        .await
        .map_err(Fault::internal)?;
    let Some((person, _)) = found.filter(|_| good) else {
        return Err(attempt.wrong(Code::SignIn, "Kullanıcı adı ya da parola yanlış."));
    };
    if person.second != 0 {
        let code = given.code.unwrap_or_default();
        if code.trim().is_empty() {
            return Err(Code::SecondFactor.into());
        }
        attempt.code(&person, &code).await?;
    }
    let begun = begin(&service, &person).await?;
    let mut response = Json(me_of(&service, &person)).into_response();
    put_cookie(&mut response, begun);
    Ok(response)
}

/// A try to sign in, counted where it is wrong.
pub(super) struct Try<'a> {
    service: &'a Arc<Service>,
    from: Option<IpAddr>,
    now: i64,
}

impl<'a> Try<'a> {
    /// From this page, and not after too many wrong ones.
    ///
    /// # Errors
    /// [`Code::CrossSite`]; [`Code::SlowDown`].
    pub(super) fn begin(
        service: &'a Arc<Service>,
        extensions: &Extensions,
        headers: &HeaderMap,
    ) -> Result<Self, Fault> {
        auth::same_site(&Method::POST, headers)?;
        let (from, now) = (address(extensions, headers), service.clock.now());
        if !service.tries.allowed(from, now) {
            return Err(Code::SlowDown.into());
        }
        Ok(Self { service, from, now })
    }

    /// Counts it as wrong; the answer.
    fn wrong(&self, code: Code, sentence: &'static str) -> Fault {
        self.service.tries.wrong(self.from, self.now);
        Fault::because(code, sentence)
    }

    /// Uses up the person's code of the second factor.
    ///
    /// # Errors
    /// [`Code::SecondFactor`] where it is wrong; [`Code::Busy`].
    pub(super) async fn code(&self, person: &Person, code: &str) -> Result<(), Fault> {
        if second_factor::used(self.service, person, code).await? {
            return Ok(());
        }
        Err(self.wrong(Code::SecondFactor, "Kod yanlış ya da kullanılmış; yenisini bekleyip yazın."))
    }
}

/// Begins a session of somebody who has proven who he is; the cookie that goes to the browser.
///
/// # Errors
/// [`Code::Busy`].
pub(super) async fn begin(service: &Arc<Service>, person: &Person) -> Result<Option<HeaderValue>, Fault> {
    let token = service.random.bytes::<32>();
    let (hash, id, by_provider, now) = (sha256(&token), person.id, person.by_provider, service.clock.now());
    let until = now + auth::LIFETIME;
    service.write(move |tx| Ok(staff::begin_by(tx.session(), &hash, id, now, until, by_provider)?)).await?;
    Ok(auth::set_cookie(&token, secure(service)))
}

/// Ends the session.
///
/// # Errors
/// [`Code::Busy`].
pub async fn sign_out(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Response, Fault> {
    auth::same_site(&Method::POST, &headers)?;
    if let Some(hash) = auth::session_hash(&headers) {
        service.write(move |tx| Ok(staff::end(tx.session(), &hash)?)).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    put_cookie(&mut response, auth::clear_cookie(secure(&service)));
    Ok(response)
}

/// Who is signed in.
///
/// # Errors
/// [`Code::SignIn`].
pub async fn me(State(service): State<Arc<Service>>, Seat(person): Seat) -> Json<Me> {
    Json(me_of(&service, &person))
}

/// Whether people come by TLS.
pub(super) fn secure(service: &Service) -> bool {
    service.url.starts_with("https://")
}

/// Gives the browser a cookie, or takes it away.
pub(super) fn put_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
