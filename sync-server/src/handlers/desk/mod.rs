//! The desk: pages and their JSON, for people with a session.
//!
//! A handler here reads input, calls one use case and answers. Who may call it stands in the matrix of
//! [`rights`], which every [`Seat`] is held against; what is allowed on a case is the transition table's
//! matter; what a person may see is [`build::sees`]'s.

pub mod accounts;
pub mod announcements;
pub mod around;
pub mod build;
pub mod calendar;
pub mod directory;
pub mod events;
pub mod health;
pub mod intake;
pub mod lists;
pub mod oidc;
pub mod pages;
pub mod people;
pub mod photo;
pub mod quarantine;
pub mod report;
pub mod request;
pub mod rules;
pub mod second_factor;
pub mod session;
pub mod similar;
pub mod tablets;
pub mod templates;
pub mod units;
pub mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::routing::{get, post};
use mbs_shared::wire::error::Code;

use crate::auth::rights;
use crate::auth::staff as auth;
use crate::database::staff::Person;
use crate::error::Fault;
use crate::handlers::blob::off_thread;
use crate::service::Service;

use build::Names;

/// Largest JSON body of a desk call, in bytes.
const MAX_JSON: usize = 64 * 1024;

/// The same words of the same person to the same people within so long, in milliseconds, are one form that was sent twice:
/// its first answer was lost, or a key pressed again.
const TWICE: i64 = 10 * 60 * 1_000;

/// What can be called before a second factor that is owed was set up.
const SETTING_UP: [&str; 2] = ["/desk/api/me", "/desk/api/second-factor"];

/// Every route of the desk but its event stream, which must not time out.
pub fn routes() -> Router<Arc<Service>> {
    let json = Router::new()
        .route("/desk/api/sign-in", get(session::ways).post(session::sign_in))
        .route("/desk/api/oidc", get(oidc::back).post(oidc::begin))
        .route("/desk/api/oidc/code", post(oidc::code))
        .route("/desk/api/sign-out", post(session::sign_out))
        .route("/desk/api/me", get(session::me))
        .route("/desk/api/second-factor", get(second_factor::offer).post(second_factor::on))
        .route("/desk/api/second-factor/off", post(second_factor::off))
        .route("/desk/api/queue", get(lists::queue))
        .route("/desk/api/people", get(people::list))
        .route("/desk/api/directory", get(directory::show))
        .route("/desk/api/directory/versions", get(directory::change::versions))
        .route("/desk/api/directory.csv", get(directory::change::export))
        .route("/desk/api/requests", post(intake::create))
        .route("/desk/api/requests/preview", post(request::preview))
        .route("/desk/api/requests/{id}", get(request::show))
        .route("/desk/api/requests/{id}/qr.svg", get(request::qr))
        .route("/desk/api/requests/{id}/similar", get(similar::similar))
        .route("/desk/api/requests/{id}/around", get(around::around))
        .route("/desk/api/requests/{id}/act", post(request::act))
        .route("/desk/api/requests/{id}/look", post(request::look))
        .route("/desk/api/requests/{id}/say", post(request::say))
        .route("/desk/api/announcements", get(announcements::list).post(announcements::create))
        .route("/desk/api/announcements/{id}", get(announcements::unseen))
        .route("/desk/api/announcements/{id}/withdraw", post(announcements::withdraw))
        .route("/desk/api/templates", get(templates::list).post(templates::add))
        .route("/desk/api/templates/{id}/drop", post(templates::remove))
        .route("/desk/api/tablets", get(tablets::list))
        .route("/desk/api/tablets/{prefix}/revoke", post(tablets::revoke))
        .route("/desk/api/tablets/{prefix}/replace", post(tablets::replace))
        .route("/desk/api/health", get(health::show))
        .route("/desk/api/accounts", get(accounts::list).post(accounts::add))
        .route("/desk/api/accounts/{login}", post(accounts::change))
        .route("/desk/api/keys", post(accounts::add_key))
        .route("/desk/api/keys/revoke", post(accounts::revoke_key))
        .route("/desk/api/password", post(accounts::own_password))
        .route("/desk/api/enrolments", post(tablets::enrol))
        .route("/desk/api/units", get(units::list))
        .route("/desk/api/units/{code}", post(units::switch))
        .route("/desk/api/calendar", get(calendar::list).post(calendar::set))
        .route("/desk/api/calendar/{date}/drop", post(calendar::remove))
        .route("/desk/api/rules", get(rules::show).post(rules::change))
        .route("/desk/api/rules/preview", post(rules::preview))
        .route("/desk/api/rules/{id}", get(rules::version))
        .route("/desk/api/report", get(report::show))
        .route("/desk/api/report/refusals", get(report::refusals))
        .route("/desk/api/report.xlsx", get(report::workbook))
        .route("/desk/api/requests.csv", get(report::requests_table))
        .route("/desk/api/requests.xlsx", get(report::requests_workbook))
        .route("/desk/api/requests.geojson", get(report::requests_map))
        .route("/desk/api/open-data.csv", get(report::open_data))
        .route("/desk/api/quarantine", get(quarantine::list))
        .route("/desk/api/quarantine/{id}", post(quarantine::decide))
        .layer(DefaultBodyLimit::max(MAX_JSON));
    let tables = Router::new()
        .route("/desk/api/directory", post(directory::change::change))
        .route("/desk/api/directory/preview", post(directory::change::preview))
        .layer(DefaultBodyLimit::max(directory::change::MAX_TABLE));
    let photos = Router::new()
        .route("/desk/api/photos", post(photo::upload))
        .route("/desk/api/photos/facts", post(photo::read_facts))
        .route("/desk/api/photos/{hash}", get(photo::full))
        .route("/desk/api/photos/{hash}/thumb", get(photo::thumb).put(photo::put_thumb))
        // One byte more than allowed, so that the sentence can name the photo.
        .layer(DefaultBodyLimit::max(mbs_shared::blob::MAX_BYTES as usize + 1));
    json.merge(tables).merge(photos).merge(pages::routes())
}

/// The desk's event stream.
pub fn streams() -> Router<Arc<Service>> {
    Router::new().route("/desk/api/events", get(events::stream))
}

/// The person who calls, from the session cookie: one who may call this route by the matrix of rights. A write must come from
/// our own pages.
#[derive(Debug, Clone)]
pub struct Seat(pub Person);

impl FromRequestParts<Arc<Service>> for Seat {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Fault> {
        auth::same_site(&parts.method, &parts.headers)?;
        let hash = auth::session_hash(&parts.headers).ok_or(Code::SignIn)?;
        let now = service.clock.now();
        let person = service.db.ask(|s| auth::who(s, &hash, now))?.ok_or(Code::SignIn)?;
        if service.owes_second_factor(&person) && !SETTING_UP.contains(&parts.uri.path()) {
            return Err(Fault::because(Code::Forbidden, "Önce iki adımlı girişi kurun."));
        }
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        if rights::may(&person, parts.method.as_str(), route) { Ok(Self(person)) } else { Err(Code::Forbidden.into()) }
    }
}

/// Names for views, as of now.
fn with_names<T>(service: &Service, build: impl FnOnce(Names<'_>) -> T) -> T {
    let code = |number: u32| service.scopes.code(number).to_owned();
    let rules = service.rules();
    build(Names { directory: service.directory(), rules: &rules, code: &code, now: service.clock.now() })
}

/// A text as QR code, SVG.
fn qr_svg(text: &str) -> Result<String, Fault> {
    let qr = fast_qr::QRBuilder::new(text).build().map_err(|e| Fault::internal(anyhow::anyhow!("QR code: {e:?}")))?;
    Ok(fast_qr::convert::svg::SvgBuilder::default().to_str(&qr))
}

/// Counting takes longer than a call that other calls may wait behind.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    off_thread(move || Ok(work())).await.map_err(Fault::internal)?
}
