//! `GET /v1/map`: which map pack the server has, where it is another than the one here. Its parts come by
//! [`super::download`], after everything else.

use mbs_shared::wire;
use mbs_shared::wire::map::{MAX_REPLY, MapPack};
use rusqlite::Connection;

use super::round::get;
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest};
use crate::store::map;

/// The question for the pack with that mark; `None`: it is known.
pub(crate) fn ask(conn: &Connection, mark: u32) -> Result<Option<HttpRequest>> {
    Ok((map::told(conn)?.mark() != mark).then(|| get("/v1/map", Vec::new(), MAX_REPLY)))
}

/// Keeps what came; its parts, where it has any that can be shown. What cannot be read is asked for again when the server
/// says its mark again.
pub(crate) fn take(conn: &Connection, reply: &HttpReply) -> Result<()> {
    match wire::decode::<MapPack>(&reply.body) {
        Ok(told) if reply.status == 200 => map::take(conn, &told),
        _ => Ok(()),
    }
}
