//! The second thin host: the tablet's core behind a small web server on this machine, for a browser.
//!
//! | route | what |
//! |---|---|
//! | `POST /call` | a [`Call`] as JSON → its answer as JSON; a failed call is 4xx with the [`CallError`] |
//! | `GET /photo/{hash}` | JPEG, or a voice note's Ogg; with `?thumb` a photo's preview |
//! | `GET /changes` | server-sent events: something changed, look again |
//! | `GET /…` | the built screens |
//!
//! It is no part of the tablet's own build. Only this machine's own pages may call it: a request must
//! name a loopback host and, where a browser says where it comes from, the same origin.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::Stream;
use mbs_shared::blob::kind_of;
use mbs_shared::id::BlobHash;
use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, CallError};
use mbs_tablet::error::{Code, fail};
use mbs_tablet::ports::Ports;
use mbs_tablet::sync::driver::Driver;
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, error::RecvError};

/// A slice of 512 KiB in base64 and the call around it.
const LARGEST_CALL: usize = 1024 * 1024;
/// Everything a screen may load: its own files and photos, nothing from elsewhere.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; \
                      connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'";

#[derive(Clone)]
struct Host {
    tablet: Arc<Tablet>,
    changed: broadcast::Sender<()>,
    ui: Arc<PathBuf>,
}

/// Serves the tablet in `data` until Ctrl-C or a termination signal; prints `listening on http://…`
/// when it can be used.
///
/// # Errors
/// When the tablet cannot be opened or the address cannot be had.
pub fn serve(data: &Path, listen: SocketAddr, ui: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let tablet = Arc::new(Tablet::open(data, Ports::system(data))?);
    let (changed, _) = broadcast::channel(16);
    let telling = changed.clone();
    // Nobody may be listening: then nobody has to look again.
    let driver = Driver::start(&tablet, move || drop(telling.send(())));
    let host = Host { tablet, changed, ui: Arc::new(ui.to_path_buf()) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        println!("listening on http://{}", listener.local_addr()?);
        // Open event streams never end by themselves: the server is dropped instead of drained. Every
        // call that was answered is durable already.
        tokio::select! {
            done = async { axum::serve(listener, router(host)).await } => done,
            () = ended() => Ok(()),
        }
    });
    drop(driver);
    runtime.shutdown_background();
    Ok(served?)
}

async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

fn router(host: Host) -> Router {
    Router::new()
        .route("/call", post(call))
        .route("/photo/{hash}", get(photo))
        .route("/changes", get(changes))
        .fallback(get(file))
        .layer(DefaultBodyLimit::max(LARGEST_CALL))
        .layer(from_fn(own_pages_only))
        .with_state(host)
}

/// Refuses what other sites' pages, or names that only lead here, might ask.
async fn own_pages_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let here = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let loopback = matches!(here, "127.0.0.1" | "localhost" | "[::1]");
    let own = text(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    let same_site =
        text(header::HeaderName::from_static("sec-fetch-site")).is_none_or(|s| matches!(s, "same-origin" | "none"));
    if !(loopback && own && same_site) {
        return (StatusCode::FORBIDDEN, "Only pages of this tablet may ask this.").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

async fn call(State(host): State<Host>, headers: HeaderMap, body: Bytes) -> Response {
    // A form of another page cannot send this type without being asked first.
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"application/json"));
    if !json {
        return refused(&fail(Code::BadCall, "the content type must be application/json"));
    }
    let call: Call = match serde_json::from_slice(&body) {
        Ok(call) => call,
        Err(e) => return refused(&fail(Code::BadCall, e.to_string())),
    };
    let (changes, tablet) = (call.quiet().is_none(), Arc::clone(&host.tablet));
    match tokio::task::spawn_blocking(move || tablet.call(call)).await {
        Ok(Ok(answer)) => {
            if changes {
                drop(host.changed.send(()));
            }
            axum::Json(answer).into_response()
        }
        Ok(Err(error)) => refused(&error),
        Err(e) => refused(&fail(Code::Storage, e.to_string())),
    }
}

fn refused(error: &CallError) -> Response {
    let status = match error.code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::BadCall => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, axum::Json(error)).into_response()
}

async fn photo(State(host): State<Host>, UrlPath(hash): UrlPath<String>, RawQuery(query): RawQuery) -> Response {
    let Ok(hash) = hash.parse::<BlobHash>() else { return StatusCode::NOT_FOUND.into_response() };
    let thumb = query.is_some_and(|q| q.split('&').any(|p| p == "thumb" || p.starts_with("thumb=")));
    let tablet = Arc::clone(&host.tablet);
    match tokio::task::spawn_blocking(move || tablet.photo(hash, thumb)).await {
        Ok(Ok(Some(bytes))) => {
            // The name is the hash of the bytes: they never change.
            let kind = kind_of(&bytes).media_type();
            let headers =
                [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=31536000, immutable")];
            (headers, bytes).into_response()
        }
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn changes(State(host): State<Host>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changed = host.changed.subscribe();
    let stream = futures_util::stream::unfold(changed, |mut changed| async move {
        match changed.recv().await {
            // Missed ones are as good as one.
            Ok(()) | Err(RecvError::Lagged(_)) => Some((Ok(Event::default().data("changed")), changed)),
            Err(RecvError::Closed) => None,
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn file(State(host): State<Host>, request: Request) -> Response {
    let Some(path) = inside(&host.ui, request.uri().path()) else { return StatusCode::NOT_FOUND.into_response() };
    match tokio::fs::read(&path).await {
        Ok(bytes) => {
            let kind = mime_guess::from_path(&path).first_or_octet_stream();
            let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache".to_owned())], bytes).into_response()
        }
        Err(_) => (StatusCode::NOT_FOUND, "The screens are not built, or there is no such file.").into_response(),
    }
}

/// The file an address means, never outside `ui`.
fn inside(ui: &Path, address: &str) -> Option<PathBuf> {
    let name = address.trim_start_matches('/');
    let name = Path::new(if name.is_empty() { "index.html" } else { name });
    name.components().all(|c| matches!(c, Component::Normal(_))).then(|| ui.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_leads_out_of_the_screens() {
        let ui = Path::new("/ui");
        assert_eq!(inside(ui, "/"), Some("/ui/index.html".into()));
        assert_eq!(inside(ui, "/assets/a.js"), Some("/ui/assets/a.js".into()));
        for bad in ["/../key", "/a/../../key", "/./key"] {
            let found = inside(ui, bad);
            assert!(
                found.as_ref().is_none_or(|p| p.starts_with("/ui") && !p.to_string_lossy().contains("..")),
                "{bad}: {found:?}"
            );
        }
    }
}
