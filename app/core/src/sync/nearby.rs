//! `GET /v1/nearby`: what neighbours reported, a few times a day, after everything else; kept for looking without a
//! network.

use mbs_shared::wire;
use mbs_shared::wire::nearby::{Around, MAX_REPLY, NearbyReply};
use rusqlite::Connection;

use super::round::get;
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest};
use crate::store::settings::{self, NEARBY, NEARBY_ASKED};

/// Asked for this often, in ms.
const AGAIN: i64 = 6 * 60 * 60_000;

/// When it is to be asked for again, Unix ms; a clock that was set back makes it now.
pub(crate) fn next(conn: &Connection, now: i64) -> Result<i64> {
    let asked = settings::number(conn, NEARBY_ASKED)?;
    Ok(if (now - asked).abs() < AGAIN { asked + AGAIN } else { now })
}

/// The request; an answer that is here already is not sent again.
pub(crate) fn ask(conn: &Connection) -> Result<HttpRequest> {
    let query = kept(conn)?.map(|kept| ("known", kept.tag.to_string())).into_iter().collect();
    Ok(get("/v1/nearby", query, MAX_REPLY))
}

/// Keeps what came. A server that does not know of it is asked again some day.
pub(crate) fn take(conn: &Connection, reply: &HttpReply, now: i64) -> Result<()> {
    if reply.status == 200
        && let Ok(NearbyReply { around: Some(_), .. }) = wire::decode(&reply.body)
    {
        settings::set(conn, NEARBY, &reply.body)?;
    }
    settings::set_number(conn, NEARBY_ASKED, now)
}

/// Another neighbourhood has other neighbours.
pub(crate) fn forget(conn: &Connection) -> Result<()> {
    settings::set(conn, NEARBY, &[])?;
    settings::set_number(conn, NEARBY_ASKED, 0)
}

/// What is here.
pub(crate) fn around(conn: &Connection) -> Result<Vec<Around>> {
    Ok(kept(conn)?.and_then(|kept| kept.around).unwrap_or_default())
}

fn kept(conn: &Connection) -> Result<Option<NearbyReply>> {
    Ok(settings::get(conn, NEARBY)?.and_then(|frame| wire::decode(&frame).ok()))
}
