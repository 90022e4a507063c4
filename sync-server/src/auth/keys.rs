//! Programs: an opaque key, kept hashed, that reads one unit's subtree until it expires.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mbs_shared::wire::error::Code;

use crate::database::Session;
use crate::database::api_keys::{self, Key};
use crate::error::Fault;
use crate::secrets::sha256;

/// How a key begins, so that people and secret scanners know one when they see it.
pub const PREFIX: &str = "mbs_";

/// A new key as it is shown once.
#[must_use]
pub fn text(secret: &[u8; 32]) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret))
}

/// What is kept of it.
#[must_use]
pub fn hash(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}

/// The key that a call presents as `Authorization: Bearer mbs_…`.
///
/// # Errors
/// [`Code::SignIn`] without a good key.
pub fn who(session: &mut dyn Session, headers: &HeaderMap, now: i64) -> Result<Key, Fault> {
    let refused = || Fault::because(Code::SignIn, "Geçerli bir anahtar gerekir: Authorization: Bearer mbs_…");
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .filter(|v| v.starts_with(PREFIX))
        .ok_or_else(refused)?;
    let key = api_keys::by_token(session, &hash(given))?.ok_or_else(refused)?;
    if key.expires <= now {
        return Err(Fault::because(Code::SignIn, "Anahtarın süresi dolmuş; yenisini isteyin."));
    }
    Ok(key)
}
