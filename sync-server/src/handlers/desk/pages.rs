//! The desk's own files: built from `ui`, carried inside the binary.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
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
        .route("/desk/", get(|headers: HeaderMap| async move { file("index.html", &headers) }))
        .route(
            "/desk/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move { file(&path, &headers) }),
        )
}

/// How the build squeezed its text files: the ending, and what the coding is called. The smaller one first.
const CODINGS: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

/// Whether `accept-encoding` names a coding and does not rule it out.
fn takes(headers: &HeaderMap, coding: &str) -> bool {
    let said = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    said.flat_map(|v| v.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let ruled_out = |q: &str| q.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0_f32));
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding)) && !parts.any(ruled_out)
    })
}

fn file(path: &str, headers: &HeaderMap) -> Response {
    let Some(plain) = Files::get(path) else {
        return match path {
            "index.html" => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response(),
            _ => Fault::new(Code::NotFound).into_response(),
        };
    };
    let squeezed = CODINGS
        .iter()
        .filter(|(_, coding)| takes(headers, coding))
        .find_map(|(ending, coding)| Some((Files::get(&format!("{path}{ending}"))?, *coding)));
    let (file, coding) = squeezed.map_or((plain, None), |(file, coding)| (file, Some(coding)));
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let cache = if path.starts_with("assets/") { FOR_EVER } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains(&tag));
    let about = [
        (header::CONTENT_TYPE, kind.as_ref()),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "accept-encoding"),
        (header::ETAG, &tag),
    ];
    let mut response = match known {
        true => (StatusCode::NOT_MODIFIED, about).into_response(),
        false => (about, file.data.into_owned()).into_response(),
    };
    if let Some(coding) = coding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_sent_only_to_who_reads_it() {
        for (said, br, gzip) in [
            (None, false, false),
            (Some("gzip, deflate, br, zstd"), true, true),
            (Some("GZIP;q=0.5"), false, true),
            (Some("br;q=0, gzip"), false, true),
            (Some("br; q=0.000"), false, false),
            (Some("identity"), false, false),
            (Some("brotli, gzipped"), false, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(said) = said {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(said));
            }
            assert_eq!((takes(&headers, "br"), takes(&headers, "gzip")), (br, gzip), "{said:?}");
        }
    }

    #[test]
    fn a_file_comes_squeezed_and_not_twice() {
        let Some(plain) = Files::get("index.html") else { return };
        let mut headers = HeaderMap::new();
        let first = file("index.html", &headers);
        assert_eq!(first.headers().get(header::CONTENT_ENCODING), None);
        let tag = first.headers()[header::ETAG].clone();
        assert_eq!(tag.to_str().unwrap(), format!("\"{}\"", hex::encode(plain.metadata.sha256_hash())));
        headers.insert(header::IF_NONE_MATCH, tag.clone());
        assert_eq!(file("index.html", &headers).status(), StatusCode::NOT_MODIFIED);
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
        let squeezed = file("index.html", &headers);
        if Files::get("index.html.br").is_some() {
            assert_eq!(squeezed.status(), StatusCode::OK, "other bytes, another mark");
            assert_eq!(squeezed.headers()[header::CONTENT_ENCODING], "br");
            assert_eq!(squeezed.headers()[header::CONTENT_TYPE], "text/html");
            assert_ne!(squeezed.headers()[header::ETAG], tag);
        }
    }
}
