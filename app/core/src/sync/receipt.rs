//! `GET /v1/receipts/{request}`: the signed receipt, once the request has its official number; after words
//! and photos. A receipt that does not hold is not kept, and asked for once in a process.

use mbs_shared::id::RequestId;
use mbs_shared::receipt::SignedReceipt;
use mbs_shared::wire;
use rusqlite::Connection;

use super::round::get;
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest};
use crate::store::settings::Identity;
use crate::store::{changes, receipts};

/// The next receipt to fetch, of those not asked for in this process.
pub(crate) fn fetch(conn: &Connection, asked: &[RequestId]) -> Result<Option<(HttpRequest, RequestId)>> {
    let missing = receipts::missing(conn, asked.len() + 1)?;
    let Some(id) = missing.into_iter().find(|id| !asked.contains(id)) else { return Ok(None) };
    Ok(Some((get(format!("/v1/receipts/{id}"), Vec::new(), 16 * 1024), id)))
}

/// Keeps a receipt that this tablet's server signed and that is about what was sent.
pub(crate) fn take(conn: &Connection, identity: &Identity, request: RequestId, reply: &HttpReply) -> Result<()> {
    let Ok(signed) = wire::decode::<SignedReceipt>(&reply.body) else { return Ok(()) };
    let Ok(receipt) = signed.verify(&identity.server_keys) else { return Ok(()) };
    let first = changes::of_request(conn, request)?.first().map(|kept| kept.hash);
    if reply.status == 200 && first == Some(receipt.content) {
        receipts::keep(conn, request, &signed.text())?;
    }
    Ok(())
}
