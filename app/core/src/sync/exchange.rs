//! `POST /v1/sync`: what waits goes up, what happened comes down, in one round trip.

use mbs_shared::id::{Actor, ChangeHash, DeviceNo, EntryId, RequestId, SessionId};
use mbs_shared::pack;
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire::sync::{Cursor, Decided, Item, ItemKind, ItemResult, MAX_PAST, Past, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use rusqlite::Connection;

use super::intake::{self, MAX_ENTRY_FRAME, refuse_own};
use super::plan::{self, Line, Size};
use super::replay::replay;
use crate::error::Result;
use crate::store::outbox::{self, Waiting, What};
use crate::store::{changes, cursor, digest, entries, events, quarantine, requests, settings};

/// How often something is pushed in vain before it is put aside.
const TRIES: u32 = 3;
/// How often a beginning is pushed that the server has otherwise, and how long it waits each time, in ms.
const BEGUN_TRIES: u32 = 12;
const BEGUN_LATER: i64 = 5_000;
/// How long something waits that the server does not understand yet, in ms.
const LATER: i64 = 15 * 60 * 1_000;

/// One thing that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pushed {
    pub(crate) what: What,
    pub(crate) key: Vec<u8>,
    pub(crate) request: RequestId,
    /// How often it was tried in vain.
    pub(crate) tries: u32,
    /// Number of the last routing event that goes along; 0: none does.
    events: u32,
}

/// A push, and what it holds: results come in the order of the items, acknowledgements count by hash and id.
pub(crate) fn build(
    conn: &Connection,
    session: SessionId,
    now: i64,
    line: &Line,
    waiting: Vec<Waiting>,
) -> Result<(SyncRequest, Vec<Pushed>)> {
    let mut items = Vec::new();
    let mut sizes = Vec::new();
    for wait in waiting {
        let Some((item, events, raw)) = item(conn, &wait)? else {
            // What it was about is gone (erased): nothing waits any more.
            outbox::done(conn, wait.what, &wait.key)?;
            continue;
        };
        let along: usize = item.past.iter().flat_map(|p| &p.events).map(|e| e.packed.len() + 24).sum();
        sizes.push(Size { packed: item.packed.len() + 64 + along, raw: raw + along });
        let Waiting { what, key, request, tries, .. } = wait;
        items.push((item, Pushed { what, key, request, tries, events }));
    }
    // What was tried in vain goes alone: should it be the one to blame, nothing else is refused with it.
    let tried = items.iter().position(|(_, pushed)| pushed.tries > 0);
    items.truncate(tried.map_or(usize::MAX, |at| at.max(1)).min(plan::batch(&sizes, line)));
    let (items, pushed): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    let created = u32::try_from(settings::number(conn, settings::MADE)?).unwrap_or(u32::MAX);
    let request = SyncRequest {
        version: PROTOCOL,
        abilities: Abilities::OURS,
        session,
        cursor: cursor::get(conn)?,
        now,
        page: line.page,
        created,
        digest: if items.is_empty() { Some(digest::get(conn)?) } else { None },
        items,
        about: None,
    };
    Ok((request, pushed))
}

/// The item, the last routing event that goes along (0: none), and its unpacked size.
pub(crate) fn item(conn: &Connection, wait: &Waiting) -> Result<Option<(Item, u32, usize)>> {
    let (mut along, mut stamp) = (Vec::new(), None);
    let (kind, packed, mac, raw) = match wait.what {
        What::Change => {
            let Ok(hash) = ChangeHash::from_slice(&wait.key) else { return Ok(None) };
            let Some((_, kept)) = changes::find(conn, hash)? else { return Ok(None) };
            let raw = changes::unpack(&kept.packed)?.len();
            if wait.count == 0 && kept.mac.is_some() {
                along = lacking_events(conn, wait.request, hash)?;
            }
            (ItemKind::Change, kept.packed, kept.mac, raw)
        }
        What::Entry => {
            let Ok(id) = EntryId::from_slice(&wait.key) else { return Ok(None) };
            let Some(kept) = entries::packed(conn, id)? else { return Ok(None) };
            let entries::Packed { packed, mac, .. } = kept;
            stamp = kept.stamp;
            let raw = pack::unpack(&packed, MAX_ENTRY_FRAME).map_or(MAX_ENTRY_FRAME, |r| r.len());
            (ItemKind::Entry, packed, mac, raw)
        }
        What::Photo => return Ok(None),
    };
    let last = along.last().map_or(0, |(n, _)| *n);
    let past = Past { events: along.into_iter().map(|(_, event)| event).collect(), stamp };
    let past = Some(past).filter(|p| *p != Past::default());
    Ok(Some((Item { kind, request: wait.request, packed: packed.into(), count: wait.count, mac, past }, last, raw)))
}

/// Bytes of routing events that go along with one change at most.
const MAX_ALONG: usize = 96 * 1024;

/// With the first change of a request that is offered again go the events the server was not seen to have.
fn lacking_events(conn: &Connection, request: RequestId, hash: ChangeHash) -> Result<Vec<(u32, Decided)>> {
    if changes::of_request(conn, request)?.first().map(|first| first.hash) != Some(hash) {
        return Ok(Vec::new());
    }
    let epoch = cursor::get(conn)?.epoch;
    let mut bytes = 0;
    let mut along = Vec::new();
    for events::Kept { n, packed, mac } in events::unknown_to(conn, request, epoch, MAX_PAST)? {
        bytes += packed.len();
        if bytes > MAX_ALONG && !along.is_empty() {
            break;
        }
        along.push((n, Decided { packed: packed.into(), mac }));
    }
    Ok(along)
}

/// What a reply came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Taken {
    /// Items the server now has.
    pub(crate) pushed: u32,
    /// Feed rows.
    pub(crate) pulled: u32,
    /// Whether an actor of this tablet is used elsewhere too: the next changes need another.
    pub(crate) forked: bool,
}

/// Takes a reply in, within one transaction of the caller: results, rows, and only with them the cursor.
pub(crate) fn take(
    conn: &Connection,
    pushed: &[Pushed],
    reply: &SyncReply,
    device: DeviceNo,
    fresh: [u8; 8],
    now: i64,
) -> Result<Taken> {
    let mut taken = Taken::default();
    for (item, result) in pushed.iter().zip(&reply.results) {
        let (what, key) = (item.what, item.key.as_slice());
        match result {
            ItemResult::Ok { mac, decided } => {
                taken.pushed += 1;
                accepted(conn, item, mac, reply.cursor.epoch, now)?;
                if let Some(decided) = decided {
                    intake::decided(conn, item.request, decided, reply.cursor.epoch, now)?;
                }
            }
            ItemResult::MissingDeps if item.tries + 1 >= TRIES => {
                refuse_own(conn, what, key, quarantine::MISSING_DEPS, now)?;
            }
            ItemResult::MissingDeps => {
                offer_again(conn, item, now)?;
                outbox::to_the_end(conn, what, key)?;
            }
            ItemResult::Fork if what == What::Change && item.tries < TRIES => {
                taken.forked = true;
                replay(conn, item.request, Actor::new(device, fresh), now)?;
            }
            ItemResult::Fork => refuse_own(conn, what, key, quarantine::FORK, now)?,
            ItemResult::Rejected(code) => refuse_own(conn, what, key, &intake::name(*code), now)?,
            ItemResult::Erased => requests::erase(conn, item.request)?,
            // The other beginning comes by the feed, and settles it.
            ItemResult::Begun if item.tries < BEGUN_TRIES => outbox::put_off(conn, what, key, now + BEGUN_LATER)?,
            ItemResult::Begun => refuse_own(conn, what, key, quarantine::BEGUN, now)?,
            ItemResult::Later => outbox::put_off(conn, what, key, now + LATER)?,
        }
    }
    if !reply.snapshot {
        for row in &reply.rows {
            intake::take(conn, row, reply.cursor.epoch, now)?;
            taken.pulled += 1;
        }
        if reply.cursor != Cursor::default() {
            cursor::set(conn, reply.cursor)?;
        }
    }
    Ok(taken)
}

fn accepted(conn: &Connection, item: &Pushed, mac: &mbs_shared::id::Mac, epoch: u64, now: i64) -> Result<()> {
    match item.what {
        What::Change => {
            if let Ok(hash) = ChangeHash::from_slice(&item.key)
                && !sabotaged("mac-ignored")
            {
                changes::accepted(conn, hash, mac, epoch)?;
            }
        }
        What::Entry => {
            if let Ok(id) = EntryId::from_slice(&item.key) {
                entries::accepted(conn, id, mac, epoch)?;
            }
        }
        What::Photo => {}
    }
    outbox::done(conn, item.what, &item.key)?;
    if item.events > 0 {
        events::known_to(conn, item.request, item.events, epoch)?;
        // A long series goes in several turns.
        if !events::unknown_to(conn, item.request, epoch, 1)?.is_empty() {
            offer(conn, item.what, &item.key, item.request, 0, now)?;
        }
    }
    quarantine::take_out(conn, item.what, &item.key)
}

/// Queues everything the request is built on once more: the server does not have it (any more).
fn offer_again(conn: &Connection, item: &Pushed, now: i64) -> Result<()> {
    for kept in changes::of_request(conn, item.request)? {
        if item.what == What::Change && kept.hash.as_bytes().as_slice() == item.key {
            break;
        }
        if quarantine::reason(conn, What::Change, kept.hash.as_bytes())?.is_none() {
            offer(conn, What::Change, kept.hash.as_bytes(), item.request, kept.packed.len(), now)?;
        }
    }
    Ok(())
}

/// Queues something once more; its proof goes with it.
pub(crate) fn offer(
    conn: &Connection,
    what: What,
    key: &[u8],
    request: RequestId,
    bytes: usize,
    now: i64,
) -> Result<()> {
    outbox::add(
        conn,
        &Waiting {
            n: 0,
            what,
            key: key.to_vec(),
            request,
            count: 0,
            since: now,
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            needs: Vec::new(),
            tries: 0,
            later: 0,
        },
    )
}
