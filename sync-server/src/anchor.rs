//! Anchors: once a day the decisions of every request that moved are chained, and what that comes to is signed and written
//! into the log, where it can be published. From then on nobody changes a decision unseen, not even with the database
//! and its keys at hand. An erasure takes the words and the salt; the chain's end stays and proves itself.
//!
//! Filing and deciding cost nothing for it. What is younger than the last anchor is covered by its proof alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mbs_shared::id::{RequestId, SignatureBytes};
use mbs_shared::pack::unpack;
use mbs_shared::routing::deadline::istanbul_day;
use mbs_shared::signature::{Purpose, Signature, verify as is_signed};
use thiserror::Error;

use crate::database::anchors::{self, Anchor, Line};
use crate::database::feed::{self, kind};
use crate::database::{DbError, DbResult, Go, Session, erased, events, meta, requests};
use crate::error::Fault;
use crate::secrets::sha256;
use crate::service::Service;
use crate::writer::Tx;

/// The first thing about an anchor that does not hold.
#[derive(Debug, Error)]
pub enum Unproven {
    /// What, about which anchor or request.
    #[error("{0}")]
    At(String),
    /// It could not be looked at.
    #[error("the database: {0}")]
    Database(#[from] DbError),
}

/// Ends of the chain after each row of a request's decisions, from the first.
///
/// # Errors
/// [`DbError`]: also where a row does not unpack.
pub fn chain(session: &mut dyn Session, rid: i64, salt: &[u8; 16]) -> DbResult<Vec<[u8; 32]>> {
    let (mut ends, mut head) = (Vec::new(), [0; 32]);
    feed::of_request(session, rid, &mut |item| {
        if item.kind == kind::EVENT {
            let raw = unpack(item.packed, events::MAX_RAW)
                .map_err(|e| DbError::Unexpected(format!("a decision does not unpack: {e:?}")))?;
            let commitment = sha256(&[salt.as_slice(), &raw].concat());
            head = sha256(&[head, commitment].concat());
            ends.push(head);
        }
        Ok(Go::On)
    })?;
    Ok(ends)
}

/// What an anchor comes to.
fn root(before: &[u8; 32], at: i64, seq: i64, lines: &[Line]) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(48 + lines.len() * 52);
    bytes.extend_from_slice(before);
    bytes.extend_from_slice(&at.to_be_bytes());
    bytes.extend_from_slice(&seq.to_be_bytes());
    for Line { request, n, head } in lines {
        bytes.extend_from_slice(request.as_bytes());
        bytes.extend_from_slice(&n.to_be_bytes());
        bytes.extend_from_slice(head);
    }
    sha256(&bytes)
}

/// Anchors what was decided since the last time, once a day in Istanbul.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::Busy`].
pub async fn daily(service: &Arc<Service>, now: i64) -> Result<(), Fault> {
    let today = istanbul_day(now);
    // Asked once a day, and once after each start.
    if service.anchored.load(Ordering::Relaxed) == today {
        return Ok(());
    }
    if is_due(service.db.ask(anchors::last)?.as_ref(), now) {
        let inner = service.clone();
        service.write(move |tx| anchor(tx, &inner, now)).await?;
    }
    service.anchored.store(today, Ordering::Relaxed);
    Ok(())
}

fn is_due(last: Option<&Anchor>, now: i64) -> bool {
    last.is_none_or(|last| istanbul_day(now) != istanbul_day(last.at))
}

fn anchor(tx: &mut Tx<'_>, service: &Service, now: i64) -> Result<(), Fault> {
    let s = tx.session();
    let last = anchors::last(s)?;
    // Another instance may have been faster.
    if !is_due(last.as_ref(), now) {
        return Ok(());
    }
    let (id, from, before) = last.map_or((1, 0, [0; 32]), |last| (last.id + 1, last.seq, last.root));
    // What this very job's group writes before it is not counted yet: it comes with the next anchor.
    let seq = meta::get(s, "seq")?;
    let mut lines = Vec::new();
    for rid in anchors::moved(s, from, seq)? {
        let Some(head) = s.first(requests::OF_RID, &[rid.into()], requests::head)? else { continue };
        let salt = match anchors::salt(s, head.id)? {
            Some(salt) => salt,
            None => {
                let salt = service.random.bytes();
                anchors::add_salt(s, head.id, &salt)?;
                salt
            }
        };
        let ends = chain(s, rid, &salt)?;
        let n = u32::try_from(ends.len()).map_err(Fault::internal)?;
        lines.extend(ends.last().map(|end| Line { request: head.id, n, head: *end }));
    }
    if lines.is_empty() && id > 1 {
        return Ok(());
    }
    lines.sort_by_key(|line| line.request.0);
    let root = root(&before, now, seq, &lines);
    let signed = service.secrets.sign(Purpose::Anchor, &root).map_err(Fault::internal)?;
    let new = Anchor { id, seq, at: now, root, key: signed.key, signature: signed.bytes.0.to_vec() };
    anchors::add(s, &new, &lines)?;
    tracing::info!(anchor = id, requests = lines.len(), root = hex::encode(root), "decisions were anchored");
    Ok(())
}

/// Proves every anchor: each follows from the one before it and is signed, and names no request that is neither here nor
/// erased. How many there are.
///
/// # Errors
/// The first that does not hold.
pub fn prove(service: &Service) -> Result<u64, Unproven> {
    let (mut before, mut at, mut count) = ([0; 32], 0, 0);
    loop {
        let some = service.db.ask(|s| anchors::after(s, at))?;
        if some.is_empty() {
            return Ok(count);
        }
        for anchor in some {
            let what = |text: &str| Unproven::At(format!("anchor {}: {text}", anchor.id));
            if anchor.id != at + 1 {
                return Err(what(&format!("it follows on {at}")));
            }
            let lines = service.db.ask(|s| anchors::lines(s, anchor.id))?;
            if root(&before, anchor.at, anchor.seq, &lines) != anchor.root {
                return Err(what("its root is not what its lines come to"));
            }
            let bytes = anchor.signature.as_slice().try_into().map_err(|_| what("its signature is none"))?;
            let signature = Signature { key: anchor.key, bytes: SignatureBytes(bytes) };
            if !is_signed(&service.secrets.server_keys(), Purpose::Anchor, &anchor.root, &signature) {
                return Err(what("this server did not sign it"));
            }
            for line in &lines {
                let there = service
                    .db
                    .ask(|s| Ok(requests::by_id(s, line.request)?.is_some() || erased::is_erased(s, line.request)?))?;
                if !there {
                    return Err(what(&format!("request {} is gone without having been erased", line.request)));
                }
            }
            (before, at, count) = (anchor.root, anchor.id, count + 1);
        }
    }
}

/// Proves that the decisions of a request are those that were anchored.
///
/// # Errors
/// The first that is not.
pub fn prove_request(session: &mut dyn Session, rid: i64, request: RequestId) -> Result<(), Unproven> {
    let lines = anchors::of_request(session, request)?;
    if lines.is_empty() {
        return Ok(());
    }
    let Some(salt) = anchors::salt(session, request)? else {
        return Err(Unproven::At("it was anchored, and its salt is gone".into()));
    };
    let ends = chain(session, rid, &salt)?;
    for line in lines {
        let end = usize::try_from(line.n).ok().and_then(|n| ends.get(n.checked_sub(1)?));
        if end != Some(&line.head) {
            return Err(Unproven::At(format!("its first {} decisions are not those that were anchored", line.n)));
        }
    }
    Ok(())
}
