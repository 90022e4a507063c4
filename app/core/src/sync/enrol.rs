//! `POST /v1/enrol`: a one-time code for an identity.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mbs_shared::wire;
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::error::{Code as WireCode, Envelope};
use mbs_shared::wire::version::PROTOCOL;

use super::round::post;
use crate::error::{Code, Result, fail};
use crate::ports::{HttpReply, HttpRequest};
use crate::store::settings::Identity;

/// The request; `seed` is the new Ed25519 key, whose public half goes along.
pub(crate) fn ask(code: &str, seed: &[u8; 32]) -> HttpRequest {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let public_key = ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes();
    let frame = EnrolRequest { version: PROTOCOL, code, public_key, app: env!("CARGO_PKG_VERSION").into() };
    post("/v1/enrol", wire::encode(&frame), 64 * 1024)
}

/// The identity, or why there is none.
pub(crate) fn take(server: &str, seed: &[u8; 32], reply: &HttpReply) -> Result<(Identity, EnrolReply)> {
    if reply.status != 200 {
        let envelope = serde_json::from_slice::<Envelope>(&reply.body).ok();
        let code = match envelope.as_ref().map(|e| e.code) {
            Some(WireCode::BadEnrolmentCode) => Code::EnrolmentCode,
            Some(WireCode::AppTooOld) => Code::AppTooOld,
            Some(WireCode::AppTooNew) => Code::ServerTooOld,
            Some(WireCode::SlowDown | WireCode::Busy | WireCode::TimedOut) => Code::Offline,
            _ => Code::Protocol,
        };
        let detail = envelope.map_or_else(|| reply.status.to_string(), |e| format!("{} ({})", e.message, e.request_id));
        return Err(fail(code, detail));
    }
    let got: EnrolReply = wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
    let prefix = got.prefix.parse().map_err(|_| fail(Code::Protocol, "prefix"))?;
    let identity = Identity {
        server: server.trim().trim_end_matches('/').to_owned(),
        device: got.device,
        prefix,
        token: URL_SAFE_NO_PAD.encode(got.token),
        seed: hex::encode(seed),
        mandate: got.mandate,
        neighbourhood: got.neighbourhood.clone(),
        person: got.person.clone(),
        practice: false,
        server_keys: got.server_keys.clone().unwrap_or_default(),
        courier: got.courier.clone(),
    };
    Ok((identity, got))
}
