//! `GET /v1/units`: how units are called, where the server's directory is another than the one here.

use mbs_shared::wire;
use mbs_shared::wire::units::{MAX_REPLY, Units};
use rusqlite::Connection;

use super::round::get;
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest};
use crate::store::units;

/// The request for the list with that mark; `None`: it is here.
pub(crate) fn ask(conn: &Connection, mark: u32) -> Result<Option<HttpRequest>> {
    Ok((units::mark(conn)? != mark).then(|| get("/v1/units", Vec::new(), MAX_REPLY)))
}

/// Keeps what came. What cannot be read is asked for again beside the next rows.
pub(crate) fn take(conn: &Connection, reply: &HttpReply) -> Result<()> {
    match wire::decode::<Units>(&reply.body) {
        Ok(told) if reply.status == 200 => units::take(conn, &told),
        _ => Ok(()),
    }
}
