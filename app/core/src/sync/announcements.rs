//! `GET /v1/announcements` and `POST /v1/announcements/seen`: what the municipality says, right behind words, before any
//! photo; and that it was read.

use mbs_shared::wire;
use mbs_shared::wire::announcement::{Announcements, MAX_REPLY, MAX_SEEN, Seen};
use rusqlite::Connection;

use super::round::{get, post};
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest};
use crate::store::settings::ANNOUNCEMENTS;
use crate::store::{announcements, settings};

/// The request for what is announced up to `reach` and not here; `None`: everything is.
pub(crate) fn ask(conn: &Connection, reach: u64) -> Result<Option<HttpRequest>> {
    let have = settings::number(conn, ANNOUNCEMENTS)?;
    let after = vec![("after", have.to_string())];
    Ok((have.cast_unsigned() < reach).then(|| get("/v1/announcements", after, MAX_REPLY)))
}

/// Keeps what came; whether more waits. What cannot be read is asked for again with the next exchange.
pub(crate) fn take(conn: &Connection, reply: &HttpReply) -> Result<bool> {
    if reply.status != 200 {
        return Ok(false);
    }
    let Ok(told) = wire::decode::<Announcements>(&reply.body) else { return Ok(false) };
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
