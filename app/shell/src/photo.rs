//! `photo://localhost/<hash>`: the bytes of a photo or voice note, `?thumb` for a photo's preview.
//!
//! `offset` and `length` take a slice. They stand in the query, not in a `Range` header, because Android's
//! WebView cuts the body of a range once more by itself.

use std::str::FromStr;

use mbs_shared::blob::kind_of;
use mbs_shared::id::BlobHash;
use mbs_tablet::Tablet;
use tauri::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder};

use crate::open::Slot;

pub(crate) const SCHEME: &str = "photo";

/// Answers beside the window's thread: bytes come out of the encrypted database.
pub(crate) fn serve<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn_blocking(move || {
        let tablet = app.state::<Slot>().tablet();
        responder.respond(answer(tablet.as_deref(), &request));
    });
}

/// Which photo, and which part of it.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    hash: BlobHash,
    thumb: bool,
    offset: usize,
    length: Option<usize>,
}

impl Wanted {
    fn read(path: &str, query: &str) -> Result<Self, StatusCode> {
        let name = path.strip_prefix('/').unwrap_or(path);
        let hash = BlobHash::from_str(name).map_err(|_| StatusCode::NOT_FOUND)?;
        let mut wanted = Self { hash, thumb: false, offset: 0, length: None };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let number = || value.parse::<usize>().map_err(|_| StatusCode::BAD_REQUEST);
            match key {
                "thumb" => wanted.thumb = true,
                "offset" => wanted.offset = number()?,
                "length" => wanted.length = Some(number()?),
                _ => return Err(StatusCode::BAD_REQUEST),
            }
        }
        Ok(wanted)
    }

    fn part(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, StatusCode> {
        if self.offset > bytes.len() {
            return Err(StatusCode::RANGE_NOT_SATISFIABLE);
        }
        let mut part = bytes.split_off(self.offset);
        part.truncate(self.length.unwrap_or(usize::MAX));
        Ok(part)
    }
}

pub(crate) fn answer(tablet: Option<&Tablet>, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let bytes = if request.method() == Method::GET {
        Wanted::read(request.uri().path(), request.uri().query().unwrap_or_default()).and_then(|wanted| {
            let tablet = tablet.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
            let bytes = tablet.photo(wanted.hash, wanted.thumb).map_err(|error| {
                tracing::warn!(code = ?error.code, "a photo cannot be read");
                StatusCode::INTERNAL_SERVER_ERROR
            })?;
            let bytes = bytes.ok_or(StatusCode::NOT_FOUND)?;
            Ok((kind_of(&bytes).media_type(), wanted.part(bytes)?))
        })
    } else {
        Err(StatusCode::METHOD_NOT_ALLOWED)
    };
    let (status, kind, body) = match bytes {
        Ok((kind, bytes)) => (StatusCode::OK, kind, bytes),
        Err(status) => (status, "text/plain", Vec::new()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The database is encrypted; the WebView's cache on the disk is not.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn wanted(query: &str) -> Result<Wanted, StatusCode> {
        Wanted::read(&format!("/{HASH}"), query)
    }

    #[test]
    fn reads_what_is_wanted() {
        let hash = HASH.parse().unwrap();
        assert_eq!(wanted(""), Ok(Wanted { hash, thumb: false, offset: 0, length: None }));
        assert_eq!(wanted("thumb"), Ok(Wanted { hash, thumb: true, offset: 0, length: None }));
        assert_eq!(wanted("offset=3&length=4"), Ok(Wanted { hash, thumb: false, offset: 3, length: Some(4) }));
    }

    #[test]
    fn refuses_what_is_none() {
        for path in
            ["", "/", "/x", "/../etc/passwd", "/00", &format!("/{HASH}/"), &format!("//{HASH}"), &format!("/{HASH}0")]
        {
            assert_eq!(Wanted::read(path, ""), Err(StatusCode::NOT_FOUND), "{path}");
        }
        for query in ["offset=-1", "offset=", "length=1e3", "length=99999999999999999999999", "x=1"] {
            assert_eq!(wanted(query), Err(StatusCode::BAD_REQUEST), "{query}");
        }
    }

    #[test]
    fn cuts_a_part() {
        let part = |query: &str| wanted(query).unwrap().part(b"0123456789".to_vec());
        assert_eq!(part(""), Ok(b"0123456789".to_vec()));
        assert_eq!(part("offset=3&length=4"), Ok(b"3456".to_vec()));
        assert_eq!(part("offset=8&length=9999"), Ok(b"89".to_vec()));
        assert_eq!(part("offset=10"), Ok(Vec::new()));
        assert_eq!(part("offset=11"), Err(StatusCode::RANGE_NOT_SATISFIABLE));
    }

    #[test]
    fn only_reads() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::HEAD] {
            let request =
                Request::builder().method(method).uri(format!("photo://localhost/{HASH}")).body(Vec::new()).unwrap();
            assert_eq!(answer(None, &request).status(), StatusCode::METHOD_NOT_ALLOWED);
        }
    }
}
