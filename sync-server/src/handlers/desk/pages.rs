//! The desk's own files: built from `ui`, carried inside the binary.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use mbs_shared::wire::error::Code;
use rust_embed::RustEmbed;

use crate::error::Fault;
use crate::handlers::input::Path;
use crate::service::Service;

#[derive(RustEmbed)]
#[folder = "../ui/dist/desk"]
#[allow_missing = true]
struct Files;

/// Scripts and pictures from here only; styles may stand at elements (bars, map pins).
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
/// Names of built files hold their hash: they never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const NOT_BUILT: &str =
    "Masa sayfaları bu programa konmamış. Depoda `cargo demo` sayfaları kurar ve programı yeniden derler.\n";

/// `/`, `/desk` and every file below it.
pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/desk/") }))
        .route("/desk", get(|| async { Redirect::permanent("/desk/") }))
        .route("/desk/", get(|| async { file("index.html") }))
        .route("/desk/{*path}", get(|Path(path): Path<String>| async move { file(&path) }))
}

fn file(path: &str) -> Response {
    let Some(file) = Files::get(path) else {
        return match path {
            "index.html" => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response(),
            _ => Fault::new(Code::NotFound).into_response(),
        };
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let cache = if path.starts_with("assets/") { FOR_EVER } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, kind.as_ref()),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (headers, file.data.into_owned()).into_response()
}
