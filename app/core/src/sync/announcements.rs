//! `GET /v1/announcements` and `POST /v1/announcements/seen`: what the municipality says, right behind words, before any
//! photo; and that it was read.

use mbs_shared::wire;
use mbs_shared::wire::announcement::{Announcements, MAX_REPLY, MAX_SEEN, Seen};
use rusqlite::Connection;

use super::round::post;
use crate::error::{Code, Result, fail};
use crate::ports::{HttpReply, HttpRequest, Method};
use crate::store::settings::ANNOUNCEMENTS;
use crate::store::{announcements, settings};

/// The request for what is announced up to `reach` and not here; `None`: everything is.
pub(crate) fn ask(conn: &Connection, reach: u64) -> Result<Option<HttpRequest>> {
    let have = settings::number(conn, ANNOUNCEMENTS)?;
    Ok((have.cast_unsigned() < reach).then(|| HttpRequest {
        ticket: 0,
        method: Method::Get,
        path: "/v1/announcements".into(),
        query: vec![("after", have.to_string())],
        headers: Vec::new(),
        body: Vec::new(),
        cap: MAX_REPLY,
    }))
}

/// Keeps what came; whether more waits.
pub(crate) fn take(conn: &Connection, reply: &HttpReply) -> Result<bool> {
    let told: Announcements = wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
    told.list.iter().try_for_each(|announcement| announcements::take(conn, announcement))?;
    settings::set_number(conn, ANNOUNCEMENTS, told.next.cast_signed())?;
    Ok(told.more)
}

/// What was read and is to be told.
pub(crate) fn tell(conn: &Connection) -> Result<Option<(HttpRequest, Vec<i64>)>> {
    let ids = announcements::untold(conn, MAX_SEEN)?;
    if ids.is_empty() {
        return Ok(None);
    }
    let frame = wire::encode(&Seen { ids: ids.iter().map(|id| id.cast_unsigned()).collect() });
    Ok(Some((post("/v1/announcements/seen", frame, 4 * 1024), ids)))
}
