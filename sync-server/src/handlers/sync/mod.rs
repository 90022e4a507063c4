//! `POST /v1/sync`: items up, feed down.
//!
//! [`plan`] checks every item on the caller's own time, without the writer; [`store`] writes what passed,
//! as one job; [`page`] reads what the tablet lacks, after COMMIT. The three are plain functions, so a
//! simulated server can run them one by one.

pub mod page;
mod past;
pub mod plan;
pub mod store;

use std::sync::Arc;

use mbs_shared::digest::Digest;
use mbs_shared::id::SessionId;
use mbs_shared::wire::error::Code;
use mbs_shared::wire::revocation::Revocation;
use mbs_shared::wire::sync::{Cursor, ItemResult, MAX_APP, MAX_FRAME, MAX_ITEMS, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, OLDEST, PROTOCOL};
use mbs_shared::wire::{decode, encode};

use crate::auth::device::Caller;
use crate::database::{devices, feed};
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
        return Ok(encode(&revoked(service, caller, frame, now).await?));
    }
    caller.saw(now, frame.created);
    let SyncRequest { abilities, session, cursor, page, items, created, digest, about, .. } = frame;
    let session_key = feed::key_of(session.as_bytes());
    let results = if items.is_empty() {
        Vec::new()
    } else {
        let batch = plan::plan(service, caller, items, session_key, now)?;
        let (inner, who) = (service.clone(), caller.clone());
        match service.write(move |tx| store::store(tx, &inner, &who, batch)).await {
            Err(Fault { code: Code::Revoked, .. }) => {
                // Said again it meets the revocation, and is handed over as everything of a revoked tablet.
                service.refresh_devices()?;
                return Err(Code::Busy.into());
            }
            results => results?,
        }
    };
    let begins = about.is_some();
    if let Some(about) = about.filter(|about| about.app.len() <= MAX_APP) {
        let id = caller.device.id;
        let told = service.write(move |tx| Ok(devices::set_about(tx.session(), id, &about)?));
        // It says so again at its next start; nothing else of the exchange waits for it.
        if let Err(fault) = told.await {
            tracing::debug!(code = ?fault.code, "what a tablet said of itself was not kept");
        }
    }
    let asked = Asked { session, cursor, page, digest, begins };
    let mut reply = reply(service, caller, &asked, now, results)?;
    page::for_abilities(&mut reply.rows, abilities);
    // A tablet that was put back from a copy must not give a count twice.
    reply.made = Some(caller.news().1).filter(|known| *known > created);
    reply.twin = caller.is_twin().then_some(true);
    Ok(encode(&reply))
}

/// A revoked tablet hands over what it holds, and is told nothing but that, signed.
async fn revoked(
    service: &Arc<Service>,
    caller: &Arc<Caller>,
    frame: SyncRequest,
    now: i64,
) -> Result<SyncReply, Fault> {
    let (session, cursor) = (frame.session, frame.cursor);
    let results = vec![ItemResult::Rejected(Code::Revoked); frame.items.len()];
    store::quarantine_all(service, caller, frame, now).await?;
    let revocation = Revocation { device: caller.device.no, at: caller.device.revoked };
    Ok(SyncReply {
        version: PROTOCOL,
        abilities: Abilities::OURS,
        session,
        now,
        results,
        rows: Vec::new(),
        cursor,
        more: false,
        snapshot: false,
        differs: None,
        revocation: Some(service.secrets.revocation(revocation)),
        made: None,
        twin: None,
        announced: None,
        units: None,
        map: None,
    })
}

/// What a tablet asks beside what it pushes.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Its process start.
    pub session: SessionId,
    /// Everything up to here it has.
    pub cursor: Cursor,
    /// Bytes of rows.
    pub page: u32,
    /// Everything accepted that it has.
    pub digest: Option<Digest>,
    /// Whether it says something of itself, as at each start.
    pub begins: bool,
}

/// The reply: results, the page of the feed after the cursor, and where nothing is new whether the digests
/// differ all the same.
///
/// # Errors
/// When the database does not answer.
pub fn reply(
    service: &Service,
    caller: &Caller,
    asked: &Asked,
    now: i64,
    results: Vec<ItemResult>,
) -> Result<SyncReply, Fault> {
    let own = feed::key_of(asked.session.as_bytes());
    let scope = caller.device.scope;
    let (page, differs) = service.db.ask(|s| {
        let page = page::page(s, service.epoch, scope, asked.cursor, asked.page, own)?;
        let quiet = results.is_empty() && page.rows.is_empty() && !page.more && !page.snapshot;
        let differs = match asked.digest.filter(|_| quiet) {
            Some(theirs) => theirs != service.digests.of(s, scope, page.cursor.seq.cast_signed())?,
            None => false,
        };
        Ok((page, differs))
    })?;
    if differs {
        metrics::counter!("mbs_digests_differ_total").increment(1);
    }
    let names_units = !page.rows.is_empty() || page.snapshot;
    let announced = service.announced.to(service.scopes.code(scope), service.directory());
    Ok(SyncReply {
        version: PROTOCOL,
        abilities: Abilities::OURS,
        session: asked.session,
        now,
        results,
        rows: page.rows,
        cursor: page.cursor,
        more: page.more,
        snapshot: page.snapshot,
        // Left out where they agree: a poll stays small.
        differs: differs.then_some(true),
        revocation: None,
        made: None,
        twin: None,
        announced: Some(announced).filter(|reach| *reach > 0),
        // Only rows name units.
        units: names_units.then(|| service.knowledge.units()),
        // A tablet that is quiet for weeks hears of it at its next start.
        map: (names_units || asked.begins).then(|| service.map().mark()),
    })
}
