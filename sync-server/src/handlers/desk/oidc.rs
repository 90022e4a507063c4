//! Signing in by the identity provider: `POST oidc` says where to go, `GET oidc` is where one comes back, and
//! `POST oidc/code` takes the second factor where one is owed all the same.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Redirect, Response};
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use ts_rs::TS;

use super::session::{Try, begin as begin_session, me_of, put_cookie, secure};
use crate::auth::provider::{self, Attempt, Identity, Provider, Trouble};
use crate::auth::staff as auth;
use crate::database::staff::{self, Person};
use crate::error::Fault;
use crate::handlers::input::{Json, Query};
use crate::router::address;
use crate::service::Service;

/// Where one signs in.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Elsewhere {
    /// The identity provider's page.
    pub address: String,
}

/// The second factor of somebody whom the provider knows.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct SecondCode {
    /// Six digits.
    pub code: String,
}

/// What comes back from the provider.
#[derive(Debug, Deserialize)]
pub struct CameBack {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// How it ended, as the sign-in page reads it from its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Signed in.
    In,
    /// A second factor is owed.
    Code,
    /// The provider does not answer.
    Away,
    /// The provider knows them, and the desk does not.
    Unknown,
    /// The provider, or whoever sat before its page, said no.
    Refused,
    /// It took too long, was begun elsewhere, or was forged.
    Failed,
    /// Too many tries.
    Slow,
}

impl End {
    /// Back to the desk, with that word in its address.
    fn answer(self) -> Response {
        let word = match self {
            Self::In => "in",
            Self::Code => "code",
            Self::Away => "away",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Slow => "slow",
        };
        Redirect::to(&format!("/desk/?sign-in={word}")).into_response()
    }
}

fn provider_of(service: &Service) -> Result<&Arc<dyn Provider>, Fault> {
    service.provider.as_ref().ok_or_else(|| Code::NotFound.into())
}

/// Where somebody signs in at the identity provider.
///
/// # Errors
/// [`Code::Busy`] with its sentence while the provider does not answer; [`Code::NotFound`] where there is none.
pub async fn begin(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Response, Fault> {
    auth::same_site(&Method::POST, &headers)?;
    let provider = provider_of(&service)?;
    let now = service.clock.now();
    let attempt = Attempt::new(now, [(); 2].map(|()| service.random.number().cast_signed()));
    let proofs = attempt.proofs(&service.secrets).map_err(Fault::internal)?;
    let address = provider.begin(proofs, now).await.map_err(|trouble| {
        let (Trouble::Away(cause) | Trouble::Refused(cause)) = trouble;
        Fault::because(Code::Busy, "Kimlik sunucusu şu anda yanıt vermiyor. Kullanıcı adı ve parolayla girebilirsiniz.")
            .caused_by(cause)
    })?;
    let mut response = Json(Elsewhere { address }).into_response();
    put_cookie(&mut response, attempt.cookie(secure(&service)));
    Ok(response)
}

/// Somebody comes back from the provider, by a link of its page: begins a session, and goes on to the desk, which says how
/// it ended.
///
/// # Errors
/// [`Code::NotFound`] where there is no provider; [`Code::Busy`].
pub async fn back(
    State(service): State<Arc<Service>>,
    extensions: Extensions,
    query: Result<Query<CameBack>, Fault>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let provider = provider_of(&service)?.clone();
    let from = address(&extensions, &headers);
    let now = service.clock.now();
    let came = match query {
        _ if !service.tries.allowed(from, now) => Came::end(End::Slow),
        Ok(Query(query)) => came_back(&service, &*provider, query, &headers).await?,
        Err(_) => Came::end(End::Failed),
    };
    // Whom the provider knows is no guesser, even where the desk does not know him.
    if matches!(came.end, End::Refused | End::Failed) {
        service.tries.wrong(from, now);
    }
    let mut response = came.end.answer();
    // Once is enough, however it ended.
    put_cookie(&mut response, Attempt::clear(secure(&service)));
    put_cookie(&mut response, came.cookie);
    Ok(response)
}

/// How it ended, and what the browser is given.
struct Came {
    end: End,
    cookie: Option<HeaderValue>,
}

impl Came {
    const fn end(end: End) -> Self {
        Self { end, cookie: None }
    }
}

async fn came_back(
    service: &Arc<Service>,
    provider: &dyn Provider,
    query: CameBack,
    headers: &HeaderMap,
) -> Result<Came, Fault> {
    let now = service.clock.now();
    let Some(attempt) = Attempt::of(headers, now) else { return Ok(Came::end(End::Failed)) };
    let proofs = attempt.proofs(&service.secrets).map_err(Fault::internal)?;
    let state = query.state.unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(proofs.state.as_bytes())) {
        return Ok(Came::end(End::Failed));
    }
    let Some(code) = query.code else {
        tracing::info!(said = ?query.error, "the identity provider let somebody go");
        return Ok(Came::end(End::Refused));
    };
    let Identity { identity, external } = match provider.finish(proofs, code, query.iss, now).await {
        Ok(identity) => identity,
        Err(Trouble::Away(cause)) => {
            tracing::warn!(cause = format!("{cause:#}"), "the identity provider is away");
            return Ok(Came::end(End::Away));
        }
        Err(Trouble::Refused(cause)) => {
            tracing::warn!(cause = format!("{cause:#}"), "the identity provider's answer was refused");
            return Ok(Came::end(End::Refused));
        }
    };
    let person = service.write(move |tx| Ok(staff::by_identity(tx.session(), &identity, &external)?)).await?;
    let Some(person) = person.map(|person| Person { by_provider: true, ..person }) else {
        tracing::info!("the identity provider let somebody in whom the desk does not");
        return Ok(Came::end(End::Unknown));
    };
    if person.second != 0 && !service.provider_proves_twice() {
        let cookie = provider::owing(&service.secrets, person.id, now, secure(service)).map_err(Fault::internal)?;
        return Ok(Came { end: End::Code, cookie });
    }
    tracing::info!(staff = person.id, "signed in by the identity provider");
    Ok(Came { end: End::In, cookie: begin_session(service, &person).await? })
}

/// The second factor of somebody whom the provider let in a moment ago: begins the session.
///
/// # Errors
/// [`Code::SignIn`] when that was too long ago; [`Code::SecondFactor`] when the code is missing or wrong; [`Code::SlowDown`]
/// after too many.
pub async fn code(
    State(service): State<Arc<Service>>,
    extensions: Extensions,
    headers: HeaderMap,
    Json(given): Json<SecondCode>,
) -> Result<Response, Fault> {
    let attempt = Try::begin(&service, &extensions, &headers)?;
    let id = provider::who_owes(&service.secrets, &headers, service.clock.now()).map_err(Fault::internal)?;
    let person = match id {
        Some(id) => service.db.ask(|s| staff::by_id(s, id))?,
        None => None,
    };
    let person = person.filter(|person| person.second != 0);
    let Some(person) = person.map(|person| Person { by_provider: true, ..person }) else {
        return Err(Fault::because(Code::SignIn, "Çok uzun sürdü; yeniden girin."));
    };
    attempt.code(&person, &given.code).await?;
    let begun = begin_session(&service, &person).await?;
    tracing::info!(staff = person.id, "signed in by the identity provider and a code");
    let mut response = Json(me_of(&service, &person)).into_response();
    put_cookie(&mut response, begun);
    put_cookie(&mut response, provider::owes_nothing(secure(&service)));
    Ok(response)
}
