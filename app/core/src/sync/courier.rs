//! `POST /v1/courier`: parts of other tablets' bundles, one at a time, behind this tablet's own words.

use mbs_shared::wire;
use mbs_shared::wire::error::{Code as WireCode, Envelope};
use rusqlite::Connection;

use super::round::post;
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest};
use crate::store::carried;

/// How long a part waits after a try in vain, in ms.
pub(crate) const LATER: i64 = 5 * 60_000;

/// The next part to bring.
pub(crate) fn build(conn: &Connection, now: i64) -> Result<Option<(HttpRequest, i64)>> {
    let next = carried::next(conn, now)?;
    Ok(next.map(|(n, part)| (post("/v1/courier", part, 4 * 1024), n)))
}

/// Takes the answer in; whether the part was brought. One that was damaged on the way goes too: its tablet has
/// everything still.
pub(crate) fn take(conn: &Connection, n: i64, reply: &HttpReply, now: i64) -> Result<bool> {
    let brought = wire::decode::<wire::courier::CourierReply>(&reply.body).is_ok() && reply.status == 200;
    let code = serde_json::from_slice::<Envelope>(&reply.body).map(|e| e.code);
    if brought || matches!(code, Ok(WireCode::BadValue | WireCode::TooLarge)) {
        carried::done(conn, n)?;
    } else {
        // A server from before couriers, or somebody between.
        carried::put_off(conn, n, now + LATER)?;
    }
    Ok(brought)
}
