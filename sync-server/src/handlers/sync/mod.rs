//! `POST /v1/sync`: items up, feed down.
//!
//! [`plan`] checks every item on the caller's own time, without the writer; [`store`] writes what passed,
//! as one job; [`page`] reads what the tablet lacks, after COMMIT. The three are plain functions, so a
//! simulated server can run them one by one.

pub mod page;
pub mod plan;
pub mod store;

use std::sync::Arc;

use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{ItemResult, MAX_FRAME, MAX_ITEMS, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, OLDEST, PROTOCOL};
use mbs_shared::wire::{decode, encode};

use crate::auth::device::Caller;
use crate::database::feed;
use crate::error::Fault;
use crate::service::Service;

/// Reads a frame: version first, because a newer one may look different from there on.
///
/// # Errors
/// [`Code::AppTooOld`], [`Code::AppTooNew`], [`Code::Malformed`], [`Code::TooLarge`], [`Code::TooMany`].
pub fn read(body: &[u8]) -> Result<SyncRequest, Code> {
    if body.len() > MAX_FRAME {
        return Err(Code::TooLarge);
    }
    let mut head = minicbor::Decoder::new(body);
    let version = head.array().and_then(|_| head.u16()).map_err(|_| Code::Malformed)?;
    check_version(version)?;
    let frame: SyncRequest = decode(body)?;
    if frame.items.len() > MAX_ITEMS {
        return Err(Code::TooMany);
    }
    Ok(frame)
}

/// Whether we can speak with that version.
///
/// # Errors
/// [`Code::AppTooOld`], [`Code::AppTooNew`].
pub const fn check_version(version: u16) -> Result<(), Code> {
    if version < OLDEST {
        Err(Code::AppTooOld)
    } else if version > PROTOCOL {
        Err(Code::AppTooNew)
    } else {
        Ok(())
    }
}

/// The whole exchange.
///
/// # Errors
/// The frame's own refusal, or [`Code::Busy`]. Items are refused one by one, inside the reply.
pub async fn sync(service: &Arc<Service>, caller: &Arc<Caller>, body: &[u8]) -> Result<Vec<u8>, Fault> {
    let frame = read(body)?;
    let now = service.clock.now();
    if caller.device.revoked != 0 {
        store::quarantine_all(service, caller, frame, now).await?;
        return Err(Code::Revoked.into());
    }
    caller.saw(now, frame.created);
    let SyncRequest { session, cursor, page, items, .. } = frame;
    let session_key = feed::key_of(session.as_bytes());
    let results = if items.is_empty() {
        Vec::new()
    } else {
        let batch = plan::plan(service, caller, items, session_key, now)?;
        let (inner, who) = (service.clone(), caller.clone());
        service.write(move |tx| store::store(tx, &inner, &who, batch)).await?
    };
    let reply = reply(service, caller, session, now, results, cursor, page)?;
    Ok(encode(&reply))
}

/// The reply: results, and the page of the feed after `cursor`.
///
/// # Errors
/// When the database does not answer.
pub fn reply(
    service: &Service,
    caller: &Caller,
    session: mbs_shared::id::SessionId,
    now: i64,
    results: Vec<ItemResult>,
    cursor: mbs_shared::wire::sync::Cursor,
    page: u32,
) -> Result<SyncReply, Fault> {
    let own = feed::key_of(session.as_bytes());
    let page = service.db.ask(|s| page::page(s, service.epoch, caller.device.scope, cursor, page, own))?;
    Ok(SyncReply {
        version: PROTOCOL,
        abilities: Abilities::OURS,
        session,
        now,
        results,
        rows: page.rows,
        cursor: page.cursor,
        more: page.more,
        snapshot: page.snapshot,
    })
}
