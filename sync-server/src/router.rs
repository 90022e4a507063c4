//! Every route. HTTP is thin: read input, call a plain function, answer.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http_body_util::BodyExt as _;
use mbs_shared::blob::{MAX_BYTES, MAX_THUMB_BYTES};
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::wire::blob::{BlobStatus, MAX_SLICE};
use mbs_shared::wire::courier::{CourierReply, MAX_PART};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{MAX_FRAME, MAX_PAGE};
use mbs_shared::wire::units::Units;
use mbs_shared::wire::version::Abilities;
use mbs_shared::wire::{MEDIA_TYPE, encode};
use serde::Deserialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::auth::device::{Caller, token_of};
use crate::blob_store::Key;
use crate::error::Fault;
use crate::handlers::input::{Path, Query};
use crate::handlers::{
    announcements, api, blob, courier, desk, enrol, events, health, nearby, open_data, receipt, reconcile, snapshot,
    sync,
};
use crate::service::Service;

/// Longest a call may take, the wake-up streams excepted.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// A body of which nothing came for so long comes no more.
const SILENCE: Duration = Duration::from_secs(20);
/// A line of a wake-up stream goes out at least this often, so that nothing between closes it.
pub const KEEP_ALIVE: Duration = Duration::from_millis(mbs_shared::wire::events::ALIVE);

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Address of the connection.
    pub address: SocketAddr,
    /// Whether it is our own proxy, whose `x-forwarded-for` counts.
    pub proxied: bool,
}

/// Every route over `service`.
pub fn router(service: Arc<Service>) -> Router {
    let timed = Router::new()
        .route("/v1/enrol", post(enrol_))
        .route("/v1/sync", post(sync_))
        .route("/v1/snapshot", get(snapshot_))
        .route("/v1/reconcile", post(reconcile_))
        .route("/v1/receipts/{request}", get(receipt_))
        .route("/v1/nearby", get(nearby_))
        .route("/v1/units", get(units_))
        .route("/v1/map", get(map_))
        .route("/v1/announcements", get(announcements_))
        .route("/v1/announcements/seen", post(seen_))
        .route("/v1/courier", post(courier_))
        .route("/v1/blobs/{hash}", put(put_blob).get(get_blob))
        .route("/v1/blobs/{hash}/thumb", put(put_thumb).get(get_thumb))
        .route("/health", get(health_))
        .merge(
            desk::routes()
                .merge(api::routes())
                .merge(open_data::routes())
                .layer(squeezing())
                .layer(middleware::from_fn(only_reads)),
        )
        .layer(middleware::from_fn(timed));
    Router::new()
        .route("/v1/events", get(events_))
        .merge(desk::streams())
        .merge(timed)
        .fallback(|| async { Fault::new(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Fault::new(Code::NotFound) })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(counted))
        .with_state(service)
}

/// A frame as an answer, without headers a tablet does not read.
fn frame(bytes: Vec<u8>) -> Response {
    Response::new(Body::from(bytes))
}

fn status(code: StatusCode, status: BlobStatus) -> Response {
    let mut response = frame(encode(&status));
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// Reads a body of at most `cap` bytes; what came before a cut is given back beside the refusal.
async fn collect(mut body: Body, cap: usize, out: &mut Vec<u8>) -> Result<(), Code> {
    while let Some(next) = tokio::time::timeout(SILENCE, body.frame()).await.map_err(|_| Code::TimedOut)? {
        let data = next.map_err(|_| Code::Malformed)?.into_data();
        let Ok(data) = data else { continue };
        if out.len() + data.len() > cap {
            return Err(Code::TooLarge);
        }
        out.extend_from_slice(&data);
    }
    Ok(())
}

/// Reads a body of at most `cap` bytes.
///
/// # Errors
/// [`Code::TooLarge`] before more than that is held; [`Code::Malformed`] when the line was cut.
pub async fn read_body(headers: &HeaderMap, body: Body, cap: usize) -> Result<Vec<u8>, Fault> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if said.is_some_and(|n: usize| n > cap) {
        return Err(Code::TooLarge.into());
    }
    let mut out = Vec::with_capacity(said.unwrap_or(0));
    collect(body, cap, &mut out).await?;
    Ok(out)
}

/// The tablet that calls, revoked or not.
fn any_caller(service: &Service, headers: &HeaderMap) -> Result<Arc<Caller>, Fault> {
    let header = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    service.devices.find(&token_of(header)?, &*service.db)
}

/// The tablet that calls.
fn caller(service: &Service, headers: &HeaderMap) -> Result<Arc<Caller>, Fault> {
    let caller = any_caller(service, headers)?;
    if caller.device.revoked == 0 { Ok(caller) } else { Err(Code::Revoked.into()) }
}

async fn health_(State(service): State<Arc<Service>>) -> Result<&'static str, Fault> {
    health::health(&service)
}

/// Address of the caller, as far as it can be trusted.
#[must_use]
pub fn address(request: &axum::http::Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = request.get::<Peer>()?;
    if !peer.proxied {
        return Some(peer.address.ip());
    }
    // The last hop is the one our own proxy saw.
    let last = headers.get("x-forwarded-for").and_then(|v| v.to_str().ok()).and_then(|v| v.rsplit(',').next());
    last.and_then(|ip| ip.trim().parse().ok()).or(Some(peer.address.ip()))
}

async fn enrol_(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let from = address(&parts.extensions, &parts.headers);
    let body = read_body(&parts.headers, body, enrol::MAX_FRAME).await?;
    Ok(frame(enrol::enrol(&service, from, &body).await?))
}

/// Longest frame that carries no items, in bytes.
const MAX_POLL: usize = 512;

async fn sync_(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Result<Response, Fault> {
    let caller = any_caller(&service, &headers)?;
    let body = read_body(&headers, body, MAX_FRAME).await?;
    // A poll never waits for those that push.
    let _turn = if body.len() > MAX_POLL { service.turns.acquire().await.ok() } else { None };
    Ok(frame(sync::sync(&service, &caller, &body).await?))
}

#[derive(Deserialize)]
struct SnapshotQuery {
    after: Option<RequestId>,
    page: Option<u32>,
    /// Left out by every tablet that knows dictionary 1.
    abilities: Option<u32>,
}

async fn snapshot_(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    query: Result<Query<SnapshotQuery>, Fault>,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let Query(query) = query?;
    let abilities = query.abilities.map_or(Abilities::DICTIONARY_1, Abilities);
    let page = snapshot::snapshot(&service, &caller, query.after, query.page.unwrap_or(MAX_PAGE), abilities)?;
    Ok(frame(encode(&page)))
}

async fn reconcile_(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let body = read_body(&headers, body, mbs_shared::wire::reconcile::MAX_FRAME).await?;
    Ok(frame(encode(&reconcile::reconcile(&service, &caller, &body)?)))
}

async fn courier_(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Result<Response, Fault> {
    caller(&service, &headers)?;
    let body = read_body(&headers, body, MAX_PART).await?;
    let taken = courier::take(&service, &body).await?;
    Ok(frame(encode(&CourierReply::from(taken))))
}

async fn receipt_(
    State(service): State<Arc<Service>>,
    Path(request): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let request = request.parse().map_err(|_| Fault::new(Code::Malformed))?;
    Ok(frame(encode(&receipt::receipt(&service, &caller, request)?)))
}

#[derive(Deserialize)]
struct NearbyQuery {
    known: Option<u64>,
}

async fn nearby_(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    query: Result<Query<NearbyQuery>, Fault>,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let Query(query) = query?;
    Ok(frame(encode(&nearby::nearby(&service, &caller, query.known)?)))
}

#[derive(Deserialize)]
struct AfterQuery {
    #[serde(default)]
    after: u64,
}

async fn announcements_(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    query: Result<Query<AfterQuery>, Fault>,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let Query(query) = query?;
    Ok(frame(encode(&announcements::after(&service, &caller, query.after)?)))
}

async fn units_(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Response, Fault> {
    caller(&service, &headers)?;
    Ok(frame(encode(&Units::of(service.directory()))))
}

async fn map_(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Response, Fault> {
    caller(&service, &headers)?;
    Ok(frame(encode(&service.map().pack)))
}

async fn seen_(State(service): State<Arc<Service>>, headers: HeaderMap, body: Body) -> Result<StatusCode, Fault> {
    let caller = caller(&service, &headers)?;
    let body = read_body(&headers, body, announcements::MAX_FRAME).await?;
    announcements::seen(&service, &caller, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn name(hash: &str) -> Result<BlobHash, Fault> {
    hash.parse().map_err(|_| Fault::new(Code::Malformed))
}

/// What an upload says of itself in its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct SliceQuery {
    /// The request that names the bytes.
    pub request: RequestId,
    /// Where the bytes begin.
    #[serde(default)]
    pub offset: u32,
    /// Bytes of the whole.
    pub size: u32,
}

async fn put_blob(
    State(service): State<Arc<Service>>,
    Path(hash): Path<String>,
    query: Result<Query<SliceQuery>, Fault>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let hash = name(&hash)?;
    let Query(SliceQuery { request, offset, size }) = query?;
    if size > MAX_BYTES {
        return Err(Code::TooLarge.into());
    }
    let slice = blob::Slice { hash, request, offset, size };
    // A task of its own: when the line is cut, what has come is still kept.
    let task = tokio::spawn(async move {
        let upload = service.uploads.begin((caller.device.no, hash)).await;
        let mut bytes = Vec::new();
        let coming = collect(body, MAX_SLICE.max(size) as usize, &mut bytes);
        let came = tokio::select! {
            // A line that only drips is a cut line.
            came = tokio::time::timeout(TIMEOUT, coming) => came.unwrap_or(Err(Code::TimedOut)),
            () = upload.overtaken() => Err(Code::TimedOut),
        };
        let put = match came {
            Err(Code::TooLarge) => Err(Code::TooLarge.into()),
            _ => blob::put(&service, &caller, slice, bytes).await,
        };
        service.uploads.end(upload);
        came?;
        put
    });
    match task.await {
        Ok(Ok(blob::Put::Taken(s))) => Ok(status(StatusCode::OK, s)),
        Ok(Ok(blob::Put::Elsewhere(s))) => Ok(status(StatusCode::CONFLICT, s)),
        Ok(Err(fault)) => Err(fault),
        Err(panicked) => Err(Fault::internal(panicked)),
    }
}

#[derive(Deserialize)]
struct ThumbQuery {
    request: RequestId,
}

async fn put_thumb(
    State(service): State<Arc<Service>>,
    Path(hash): Path<String>,
    query: Result<Query<ThumbQuery>, Fault>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let hash = name(&hash)?;
    let Query(ThumbQuery { request }) = query?;
    let body = read_body(&headers, body, MAX_THUMB_BYTES as usize).await?;
    Ok(status(StatusCode::OK, blob::put_thumb(&service, &caller, hash, request, body).await?))
}

#[derive(Deserialize)]
struct PartQuery {
    #[serde(default)]
    offset: u32,
    /// At most so many bytes; absent: to its end.
    len: Option<u32>,
}

async fn get_blob(
    State(service): State<Arc<Service>>,
    Path(hash): Path<String>,
    query: Result<Query<PartQuery>, Fault>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let Query(PartQuery { offset, len }) = query?;
    let mut bytes = blob::get(&service, &caller, Key::Full(name(&hash)?), offset).await?;
    bytes.truncate(len.map_or(usize::MAX, |len| len as usize));
    bytes_of(bytes)
}

async fn get_thumb(
    State(service): State<Arc<Service>>,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    bytes_of(blob::get(&service, &caller, Key::Thumb(name(&hash)?), 0).await?)
}

fn bytes_of(bytes: Vec<u8>) -> Result<Response, Fault> {
    let mut response = frame(bytes);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

async fn events_(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Response, Fault> {
    let caller = caller(&service, &headers)?;
    let stream = events::wake_ups(&service, &caller)?;
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// Shortest answer that is worth squeezing, in bytes.
const WORTH_IT: u64 = 1024;

/// Lists and exports, gzipped on the way for who can read that: they are a tenth then, for a millisecond.
fn squeezing() -> CompressionLayer<impl Predicate> {
    let text = |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        ["application/json", "application/geo+json", "text/csv"].iter().any(|text| kind.starts_with(text))
    };
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(WORTH_IT).and(text))
}

/// What stands beside a secret tells of it by its squeezed length. Secrets (a code, a key, a password for now) are in
/// answers to writes and in the offer of a second factor: those stay as they are.
async fn only_reads(mut request: Request, next: Next) -> Response {
    if request.method() != Method::GET || request.uri().path() == "/desk/api/second-factor" {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

async fn timed(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::new(Code::TimedOut).into_response(),
    }
}

async fn counted(request: Request, next: Next) -> Response {
    // By the route's pattern, not by the path: as many series as there are routes.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    metrics::histogram!("mbs_http_seconds", "route" => route).record(begun.elapsed());
    let class = match response.status().as_u16() / 100 {
        2 | 3 => "ok",
        4 => "refused",
        _ => "failed",
    };
    metrics::counter!("mbs_http_requests_total", "result" => class).increment(1);
    response
}

fn panicked(what: Box<dyn Any + Send>) -> Response {
    let text = what
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| what.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Fault::internal(anyhow::anyhow!("a handler panicked: {text}")).into_response()
}
