//! Who sits at the desk: a session cookie, kept hashed, and only ever from our own pages.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mbs_shared::wire::error::Code;

use crate::database::staff::{self, Person};
use crate::database::{DbResult, Session};
use crate::error::Fault;
use crate::secrets::sha256;

/// Name of the cookie.
const COOKIE: &str = "mbs_session";
/// How long a session is good for, in milliseconds: a working day with room to spare.
pub const LIFETIME: i64 = 12 * 60 * 60 * 1_000;

/// Longest sign-in name, in characters.
const MAX_LOGIN: usize = 64;

/// A sign-in name as it is kept: small letters without Turkish ones, digits, `.`, `_`, `-`. `None`: it is none.
#[must_use]
pub fn login(text: &str) -> Option<String> {
    let login = text.trim().to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    ((3..=MAX_LOGIN).contains(&login.len()) && login.chars().all(plain)).then_some(login)
}

/// The cookie's secret, as its hash is kept.
#[must_use]
pub fn session_hash(headers: &HeaderMap) -> Option<[u8; 32]> {
    let bytes = URL_SAFE_NO_PAD.decode(cookie_of(headers, COOKIE)?).ok()?;
    (bytes.len() == 32).then(|| sha256(&bytes))
}

/// The header that gives a browser its session. `secure` where people come by TLS.
#[must_use]
pub fn set_cookie(token: &[u8; 32], secure: bool) -> Option<HeaderValue> {
    cookie(&URL_SAFE_NO_PAD.encode(token), LIFETIME / 1_000, secure)
}

/// The header that takes it away.
#[must_use]
pub fn clear_cookie(secure: bool) -> Option<HeaderValue> {
    cookie("", 0, secure)
}

fn cookie(value: &str, seconds: i64, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path=/desk; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    ))
    .ok()
}

/// The value of a cookie.
pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    cookies.filter_map(|pair| pair.trim().split_once('=')).find_map(|(key, value)| (key == name).then_some(value))
}

/// Refuses what another site's page sends. A browser names its origin with every write; a program
/// that names none has no cookie that a page could ride on.
///
/// # Errors
/// [`Code::CrossSite`].
pub fn same_site(method: &Method, headers: &HeaderMap) -> Result<(), Fault> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let text = |name: &header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok())
        && site != "same-origin"
    {
        return Err(Code::CrossSite.into());
    }
    let Some(origin) = text(&header::ORIGIN) else { return Ok(()) };
    let host = text(&header::HOST).unwrap_or_default();
    let from = origin.split_once("://").map_or("", |(_, rest)| rest);
    if from == host && !host.is_empty() { Ok(()) } else { Err(Code::CrossSite.into()) }
}

/// The person behind the cookie.
///
/// # Errors
/// The database's.
pub fn who(session: &mut dyn Session, hash: &[u8; 32], now: i64) -> DbResult<Option<Person>> {
    staff::by_session(session, hash, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (header::HeaderName::from_static(k), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn a_cookie_is_read_back() {
        let token = [7; 32];
        let set = set_cookie(&token, true).unwrap();
        let value = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut map = HeaderMap::new();
        map.insert(header::COOKIE, HeaderValue::from_str(&format!("other=1; {value}")).unwrap());
        assert_eq!(session_hash(&map), Some(sha256(&token)));
        assert!(set.to_str().unwrap().contains("SameSite=Strict"));
    }

    #[test]
    fn a_sign_in_name_is_found_again_however_it_is_typed() {
        assert_eq!(login(" Yol.Bakim-2 ").as_deref(), Some("yol.bakim-2"));
        for wrong in ["", "ab", "şube", "a b c", "kul'lan", &"x".repeat(65)] {
            assert_eq!(login(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn only_our_own_pages_write() {
        for (pairs, ok) in [
            (headers(&[("host", "desk.example"), ("origin", "https://desk.example")]), true),
            (headers(&[("host", "desk.example")]), true),
            (headers(&[("host", "desk.example"), ("origin", "https://evil.example")]), false),
            (headers(&[("host", "desk.example"), ("origin", "null")]), false),
            (headers(&[("host", "desk.example"), ("sec-fetch-site", "cross-site")]), false),
            (headers(&[("host", "desk.example"), ("sec-fetch-site", "same-site")]), false),
        ] {
            assert_eq!(same_site(&Method::POST, &pairs).is_ok(), ok, "{pairs:?}");
        }
        assert!(same_site(&Method::GET, &headers(&[("origin", "https://evil.example")])).is_ok());
    }
}
