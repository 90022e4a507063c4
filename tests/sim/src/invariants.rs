//! What must hold, whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mbs_server::announcements::Audience;
use mbs_server::blob_store::Key;
use mbs_server::database::{DbResult, Go, announcements, blobs, changes, feed, people, requests};
use mbs_server::operate::verify::verify;
use mbs_server::service::Service;
use mbs_shared::blob::name_of;
use mbs_shared::document::{Document, Reading};
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::istanbul;
use mbs_shared::pack::unpack;
use mbs_shared::routing::{Case, Event};
use mbs_shared::wire::decode;
use mbs_shared::wire::entry::Entry;
use mbs_shared::wire::error::Code;
use mbs_tablet::Tablet;
use mbs_tablet::door::Call;
use mbs_tablet::store::quarantine::{OTHER_SERIES, PHOTO_LOST};
use serde_json::Value;

use crate::look::{self, Item, Requests, marks};
use crate::server::{JOURNAL, SERVER};
use crate::tally::Fault;
use crate::template::program_unit;
use crate::vfs;
use crate::world::{Saved, What, World, waiting};

/// Every place of the feed, and whose it is.
const PLACES: &str = "select seq, scope, packed from feed order by seq";
/// Every row of the feed that belongs to a request, in its order.
const FEED: &str = "select f.seq, f.scope, r.id, f.kind, f.n, f.mac, f.packed from feed f \
                    join request r on r.rid = f.request order by f.seq";
const NUMBERS: &str = "select count(*), count(distinct no) from request";
const QUARANTINE: &str = "select d.revoked, q.code, q.kind, q.bytes from quarantine q join device d on d.id = q.device";

/// What the server has.
#[derive(Default)]
struct Kept {
    requests: Requests,
    /// All rows: place, scope.
    places: Vec<(i64, u32)>,
    /// Marks in rows of requests, erased ones too, and in what was refused.
    feed_marks: BTreeSet<String>,
    refused_marks: BTreeSet<String>,
    blobs: BTreeSet<(RequestId, String)>,
    /// What must not be.
    wrong: Vec<String>,
}

impl World {
    /// After a tablet was started: what it called saved is there.
    pub(crate) fn look_at(&mut self, tablet: usize) {
        // A revoked tablet closes at its next contact; what it holds then is looked at in the end.
        let Some(t) = self.tablets.get(tablet).filter(|t| !t.revoked) else { return };
        let machine = t.machine;
        let troubles = || vfs::tell(machine, |disk| disk.troubles());
        let before = troubles();
        let missing = self.missing(tablet);
        // A disk that refuses to be read says nothing about what lies on it.
        if vfs::tell(machine, |disk| disk.is_sound()) && troubles() == before {
            for at in missing {
                if let Some(Saved { mark, what, .. }) = self.saved.get(at) {
                    self.violated(format!("tablet {tablet} called {mark} {what:?} saved and does not have it"));
                }
            }
        }
    }

    /// What a tablet called saved and does not have, as places in the list of what was.
    pub(crate) fn missing(&self, tablet: usize) -> Vec<usize> {
        let Some(t) = self.tablets.get(tablet) else { return Vec::new() };
        let (Some(app), rotten) = (&t.app, t.rotten.is_some()) else { return Vec::new() };
        let is_here = |name: &str| name.parse().is_ok_and(|hash| matches!(app.photo(hash, false), Ok(Some(_))));
        let due = |f: &Saved| f.tablet == tablet && !f.excused && !f.away && !self.erased.contains(&f.request);
        let mut shown: BTreeMap<RequestId, Option<Value>> = BTreeMap::new();
        // Of two copies of a draft the one that is not sent first goes on under another identifier, as a draft; and where
        // both were sent, as a request.
        let copied = self.copied();
        let mut elsewhere: Option<String> = None;
        let mut is_elsewhere = |mark: &str| elsewhere.get_or_insert_with(|| all_of(app, !copied)).contains(mark);
        let mut lost = Vec::new();
        for (at, fact) in self.saved.iter().enumerate().filter(|(_, f)| due(f)) {
            let view = shown.entry(fact.request).or_insert_with(|| app.call(Call::Request { id: fact.request }).ok());
            let there = match (fact.what, view.as_ref()) {
                (What::Photo, _) if rotten && !is_here(&fact.mark) => false,
                (What::Photo, view) => {
                    view.is_some_and(|v| v.to_string().contains(&fact.mark)) || is_elsewhere(&fact.mark)
                }
                (What::Words, view) => view.is_some(),
                (_, view) => view.and_then(|v| v.get("thread")).is_some_and(|t| t.to_string().contains(&fact.mark)),
            };
            if !there {
                lost.push(at);
            }
        }
        lost
    }

    /// At the end, with everything well and quiet.
    pub fn check(&mut self) {
        self.poll_updates();
        let Some(service) = self.server.clone() else {
            return self.violated("the server did not come back".into());
        };
        for tablet in 0..self.tablets.len() {
            if self.tablets.get(tablet).is_some_and(|t| t.revoked) {
                continue;
            }
            let stuck = self.tablets.get(tablet).and_then(|t| t.app.as_ref()).map_or(u64::MAX, waiting);
            if stuck > 0 {
                self.violated(format!("tablet {tablet} is stuck with {stuck} things"));
            }
            if self.tablets.get(tablet).is_some_and(|t| t.app.is_some()) {
                self.take_stock(tablet);
                self.look_at(tablet);
            }
        }
        let kept = match read_server(&service, self.restored) {
            Ok(kept) => kept,
            Err(why) => return self.violated(format!("the server's database cannot be read: {why}")),
        };
        kept.wrong.iter().for_each(|d| self.violated(d.clone()));
        self.count_states(&kept.requests);
        self.check_journal();
        self.check_feed(&service, &kept);
        self.check_proofs(&service, &kept.requests, "the server");
        self.check_saved(&service, &kept);
        let mut readings = BTreeMap::new();
        for tablet in 0..self.tablets.len() {
            self.check_tablet(&service, &kept, tablet, &mut readings);
        }
        self.count_disks();
        let kinds = [
            Fault::TabletRestored,
            Fault::TabletCloned,
            Fault::TabletRots,
            Fault::TabletClockJumps,
            Fault::ServerRestored,
            Fault::MandateEnded,
        ];
        let restored = kinds.iter().any(|f| self.tally.faults.contains_key(f));
        if !restored && self.tally.states.contains_key("tablet: compared whole") {
            self.violated("replicas had to be healed, and nothing was ever restored".into());
        }
    }

    /// Counts the states each case was in, as its events say, whoever made them.
    fn count_states(&mut self, all: &Requests) {
        for items in all.values() {
            let mut events: Vec<Event> = items.iter().filter(|i| i.kind == 2).flat_map(|i| decided(&i.raw)).collect();
            events.sort_by_key(|event| event.n);
            let mut last = None;
            for upto in 1..=events.len() {
                let state = Case::fold(events.get(..upto).unwrap_or_default()).state;
                if last.replace(state) != Some(state) {
                    self.tally.reached("case", state.code());
                }
            }
        }
    }

    fn check_feed(&mut self, service: &Arc<Service>, kept: &Kept) {
        // The product's own proof: the feed without holes but a restore's, every item, decision and photo.
        if let Err(broken) = verify(service) {
            self.violated(format!("verify: {broken}"));
        }
        let unit = program_unit();
        let scope = |n: u32| istanbul::directory().is_within(service.scopes.code(n), &unit);
        let expected: Vec<i64> = kept.places.iter().filter(|(_, s)| scope(*s)).map(|(seq, _)| *seq).collect();
        if expected != self.updates {
            let (got, want) = (self.updates.len(), expected.len());
            self.violated(format!("the program was told {got} updates, in order, of {want}, or others"));
        }
        let numbers = service.db.ask(|s| s.first(NUMBERS, &[], |r| Ok((r.int(0)?, r.int(1)?))));
        if let Ok(Some((all, distinct))) = numbers
            && all != distinct
        {
            self.violated(format!("{all} requests have {distinct} official numbers"));
        }
        for (request, n) in self.acts.clone() {
            let has = |item: &Item| item.kind == 2 && decided(&item.raw).any(|event| event.n == n);
            let there = kept.requests.get(&request).is_some_and(|r| r.iter().any(has));
            if !there {
                self.violated(format!("the desk was told of event {n} of {request}, which is not there"));
            }
        }
    }

    fn check_proofs(&mut self, service: &Service, all: &Requests, whose: &str) {
        for (request, items) in all {
            for item in items.iter().filter(|i| !i.mac.is_empty()) {
                let hash = match item.kind {
                    0 => <[u8; 32]>::try_from(item.key.as_slice()).unwrap_or([0; 32]),
                    _ => mbs_server::secrets::sha256(&item.raw),
                };
                if !service.secrets.proves(&item.mac, *request, &hash) {
                    self.violated(format!("{whose}: a proof of {request} does not hold (kind {})", item.kind));
                }
            }
        }
    }

    fn check_saved(&mut self, service: &Service, kept: &Kept) {
        let mut found: BTreeMap<String, Vec<(RequestId, u8)>> = BTreeMap::new();
        for (request, items) in &kept.requests {
            for item in items {
                for mark in marks(&item.raw).collect::<BTreeSet<_>>() {
                    found.entry(mark).or_default().push((*request, item.kind));
                }
            }
        }
        let mut on_revoked = BTreeMap::new();
        // A draft that was on two copies of a tablet is two requests.
        let copied = self.copied();
        for fact in self.saved.clone() {
            let places = found.get(&fact.mark).cloned().unwrap_or_default();
            let kind = if matches!(fact.what, What::Entry | What::Note) { 1 } else { 0 };
            if self.erased.contains(&fact.request) || fact.private {
                self.check_gone(service, kept, &fact);
                continue;
            }
            let revoked = self.tablets.get(fact.tablet).filter(|t| t.revoked).map(|t| t.machine);
            if let Some(machine) = revoked.filter(|_| !fact.excused) {
                // What came too late lies in quarantine, for a person's decision, or still on the tablet.
                let there = on_revoked.entry(machine).or_insert_with(|| look::everything(machine));
                let here = there.as_ref().is_none_or(|marks| marks.contains(&fact.mark));
                if here || kept.refused_marks.contains(&fact.mark) {
                    continue;
                }
            }
            match fact.what {
                What::Photo if fact.excused => {}
                What::Photo => self.check_photo(service, kept, fact.request, &fact.mark),
                _ if places.is_empty() && !fact.excused => {
                    self.violated(format!("{} of tablet {} is not at the server", fact.mark, fact.tablet));
                }
                _ if !copied && places.iter().any(|(request, _)| *request != fact.request) => {
                    self.violated(format!("{} is in several requests", fact.mark));
                }
                _ if kind == 1 && places.iter().filter(|(_, k)| *k == 1).count() > 1 => {
                    self.violated(format!("{} is there more than once", fact.mark));
                }
                _ => {}
            }
        }
    }

    /// Whether any tablet was copied, or put back from a copy.
    fn copied(&self) -> bool {
        [Fault::TabletCloned, Fault::TabletRestored].iter().any(|f| self.tally.faults.contains_key(f))
    }

    /// Words that were erased or taken out are nowhere at the server, and photos have no bytes any more.
    fn check_gone(&mut self, service: &Service, kept: &Kept, fact: &Saved) {
        if fact.what == What::Photo {
            let hash = fact.mark.parse::<BlobHash>().ok();
            if hash.is_some_and(|hash| !matches!(service.store.get(Key::Full(hash)), Ok(None))) {
                self.violated(format!("photo {} was erased and is there", fact.mark));
            }
        } else if kept.feed_marks.contains(&fact.mark) || !fact.private && kept.refused_marks.contains(&fact.mark) {
            self.violated(format!("{} {:?} was taken out and is there", fact.mark, fact.what));
        }
    }

    fn check_photo(&mut self, service: &Service, kept: &Kept, request: RequestId, name: &str) {
        // Added to a draft that was never sent: then it stays where it is.
        let Some(items) = kept.requests.get(&request) else { return };
        let Ok(hash) = name.parse::<BlobHash>() else { return };
        let named = items.iter().any(|i| i.kind == 0 && i.raw.windows(32).any(|w| w == hash.as_bytes()));
        if !named {
            return;
        }
        if !kept.blobs.contains(&(request, name.to_owned())) {
            return self.violated(format!("photo {} of {request} is not at the server", &name.get(..8).unwrap_or("")));
        }
        match service.store.get(Key::Full(hash)) {
            Ok(Some(bytes)) if name_of(&bytes) == hash => {}
            Ok(Some(_)) => self.violated(format!("photo {name} has other bytes than its name")),
            Ok(None) => self.violated(format!("photo {name} is called whole and is not in the store")),
            Err(why) => self.violated(format!("photo {name} cannot be read: {why}")),
        }
    }

    fn check_tablet(
        &mut self,
        service: &Service,
        kept: &Kept,
        tablet: usize,
        readings: &mut BTreeMap<RequestId, Option<Reading>>,
    ) {
        let Some(t) = self.tablets.get_mut(tablet).filter(|t| !t.revoked) else { return };
        let (machine, mandate, rotten) = (t.machine, t.mandate, t.rotten.is_some());
        let list = t.app.as_ref().and_then(|a| a.call(Call::Requests { query: String::new() }).ok());
        t.end();
        let found = match look::tablet(machine) {
            Ok(mut found) => {
                if rotten && self.restored {
                    // Its words were on the damaged page, and the server was set back: what was decided on it remains alone.
                    found.requests.retain(|_, items| items.iter().any(|item| item.kind == 0));
                }
                found
            }
            // Nobody has read the page that rotted: the tablet lives without it, until it does.
            Err(_) if rotten => return self.tally.reached("tablet", "damage not met yet"),
            Err(why) => return self.violated(format!("tablet {tablet} cannot be read: {why}")),
        };
        if let Some(left) = found.outbox.first() {
            self.violated(format!("tablet {tablet} still has {} things to send: {left:?}", found.outbox.len()));
        }
        // Decisions of a server that was set back and went on otherwise are kept apart, and readable.
        let series = |reason: &str, own: bool| self.restored && !own && reason == OTHER_SERIES;
        // Of a photo whose bytes, or whose place in the document, lay on the damaged page.
        let lost = |reason: &str| rotten && matches!(reason, PHOTO_LOST | "unknown_blob");
        let allowed = |reason: &str, own: bool| series(reason, own) || lost(reason);
        let refused: Vec<_> = found.quarantine.iter().filter(|(_, reason, own)| !allowed(reason, *own)).collect();
        for (kind, reason, own) in refused {
            self.violated(format!("tablet {tablet} has something (kind {kind}, own {own}) in quarantine: {reason}"));
        }
        self.check_proofs(service, &found.requests, &format!("tablet {tablet}"));
        let place = self.scope_of(service, mandate);
        let theirs = scope_requests(service, place);
        let mine: BTreeSet<RequestId> = found.requests.keys().copied().collect();
        if mine != theirs {
            self.violated(format!("tablet {tablet} has {} requests, the server {}", mine.len(), theirs.len()));
        }
        for (request, items) in &found.requests {
            let there = kept.requests.get(request).cloned().unwrap_or_default();
            let differs = items.symmetric_difference(&there).next();
            if let Some(Item { kind, key, .. }) = differs {
                self.violated(format!(
                    "tablet {tablet} and server differ in {request}: kind {kind} {}",
                    hex::encode(key)
                ));
            }
        }
        match announced(service, place) {
            // What a server announced before it was set back stays where it came.
            Ok(told) if self.restored && found.announcements.is_superset(&told) => {}
            Ok(told) if found.announcements == told => {}
            Ok(told) => {
                self.violated(format!("tablet {tablet} has announcements {:?} of {told:?}", found.announcements));
            }
            Err(why) => self.violated(format!("announcements cannot be read: {why}")),
        }
        for row in list.as_ref().and_then(Value::as_array).into_iter().flatten() {
            let id = row.get("id").and_then(Value::as_str).and_then(|t| t.parse::<RequestId>().ok());
            let Some(id) = id.filter(|id| found.requests.contains_key(id)) else { continue };
            let reading = readings.entry(id).or_insert_with(|| read_document(&there_changes(kept, id)));
            let Some(reading) = reading else { continue };
            let shown = row.get("addr").and_then(Value::as_str).unwrap_or_default();
            if shown != reading.request.addr {
                self.violated(format!("tablet {tablet} shows another address of {id} than the document has"));
            }
            let state = service.db.ask(|s| requests::by_id(s, id)).ok().flatten().map(|h| h.state.code());
            if row.get("state").and_then(Value::as_str) != state {
                self.violated(format!(
                    "tablet {tablet} shows {id} as {:?}, the server has {state:?}",
                    row.get("state")
                ));
            }
        }
    }

    pub(crate) fn scope_of(&self, service: &Service, mandate: usize) -> u32 {
        service.scopes.number(if mandate == 0 { "kadikoy-rasimpasa" } else { "fatih-binbirdirek" })
    }

    fn count_disks(&mut self) {
        for machine in (0..=u32::try_from(self.tablets.len()).unwrap_or(0)).chain([JOURNAL]) {
            let i = vfs::tell(machine, |disk| disk.injected());
            let (write, sync, read, full) = match machine {
                SERVER => {
                    (Fault::ServerWriteFails, Fault::ServerSyncFails, Fault::ServerReadFails, Fault::ServerDiskFull)
                }
                // It has no limit.
                JOURNAL => {
                    (Fault::JournalWriteFails, Fault::JournalSyncFails, Fault::JournalReadFails, Fault::ServerDiskFull)
                }
                _ => (Fault::TabletWriteFails, Fault::TabletSyncFails, Fault::TabletReadFails, Fault::TabletDiskFull),
            };
            for (fault, n) in [(write, i.writes), (sync, i.syncs), (read, i.reads), (full, i.full)] {
                self.tally.add(fault, n);
            }
            self.tally.add(Fault::SectorsDropped, i.dropped);
            self.tally.add(Fault::SectorsTorn, i.torn);
            self.tally.add(Fault::NamesLost, i.names);
        }
    }
}

fn there_changes(kept: &Kept, request: RequestId) -> Vec<Vec<u8>> {
    kept.requests.get(&request).into_iter().flatten().filter(|i| i.kind == 0).map(|i| i.raw.clone()).collect()
}

fn read_document(changes: &[Vec<u8>]) -> Option<Reading> {
    let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
    Document::load(&changes).ok()?.read().ok()
}

/// What stands announced for the muhtar of a place in office.
fn announced(service: &Service, scope: u32) -> DbResult<BTreeSet<i64>> {
    service.db.ask(|s| {
        let since = people::current(s, scope)?.map_or(i64::MAX, |mandate| mandate.since);
        let mut told = BTreeSet::new();
        for one in announcements::after(s, 0, 1_000)? {
            let to_one = Audience::read(&one.audience, service.directory());
            let includes = to_one.is_some_and(|to| to.includes(service.scopes.code(scope), service.directory()));
            if includes && one.withdrawn == 0 && (one.audience.is_empty() || one.at >= since) {
                told.insert(one.id);
            }
        }
        Ok(told)
    })
}

fn scope_requests(service: &Service, scope: u32) -> BTreeSet<RequestId> {
    let all = service.db.ask(|s| requests::after(s, scope, &[], 100_000));
    all.unwrap_or_default().into_iter().map(|(_, id)| id).collect()
}

fn read_server(service: &Service, restored: bool) -> Result<Kept, String> {
    let mut kept = Kept::default();
    let read = service.db.ask(|s| {
        s.query(PLACES, &[], &mut |r| {
            kept.places.push((r.int(0)?, r.count(1)?));
            kept.feed_marks.extend(unpack(r.blob(2)?, 256 * 1024).iter().flat_map(|raw| marks(raw)));
            Ok(Go::On)
        })?;
        s.query(QUARANTINE, &[], &mut |r| {
            let (revoked, code, kind) = (r.int(0)? != 0, r.count(1)?, r.count(2)?);
            // What came too late from a revoked tablet, and decisions a restored server decided otherwise.
            let late = revoked && code == Code::Revoked as u32;
            let otherwise = restored && code == Code::Stale as u32 && kind == feed::kind::EVENT;
            if !late && !otherwise {
                kept.wrong.push(format!("something (kind {kind}, code {code}) is refused, and nobody forged any"));
            }
            kept.refused_marks.extend(unpack(r.blob(3)?, 256 * 1024).iter().flat_map(|raw| marks(raw)));
            Ok(Go::On)
        })?;
        s.query(FEED, &[], &mut |r| {
            let kind = r.count(3)?;
            if kind >= feed::kind::ENTERED {
                return Ok(Go::On);
            }
            let (request, packed) = (RequestId(r.bytes16(2)?), r.blob(6)?);
            if kind > feed::kind::EVENT {
                return Ok(Go::On);
            }
            let raw = unpack(packed, 256 * 1024).unwrap_or_default();
            let key = match kind {
                feed::kind::CHANGE => {
                    mbs_shared::document::verify(&raw).map_or_else(|_| Vec::new(), |c| c.hash.0.to_vec())
                }
                feed::kind::ENTRY => decode::<Entry>(&raw).map_or_else(|_| Vec::new(), |e| e.id.0.to_vec()),
                _ => r.int(4)?.to_string().into_bytes(),
            };
            let kind = u8::try_from(kind).unwrap_or(9);
            let item = Item { kind, key, raw, mac: r.blob(5)?.to_vec() };
            let all = kept.requests.entry(request).or_default();
            if all.iter().any(|i| i.kind == item.kind && i.key == item.key) {
                kept.wrong.push(format!("the server has something of {request} twice (kind {kind})"));
            }
            all.insert(item);
            Ok(Go::On)
        })?;
        let ids: Vec<RequestId> = kept.requests.keys().copied().collect();
        for id in ids {
            if let Some(head) = requests::by_id(s, id)? {
                let found = changes::of_request(s, head.rid)?.len();
                if found != head.changes as usize {
                    kept.wrong.push(format!("{id} has {found} changes and says {}", head.changes));
                }
                for (hash, _, _) in blobs::of_request(s, head.rid)? {
                    kept.blobs.insert((id, hash.to_string()));
                }
            }
        }
        Ok(())
    });
    read.map(|()| kept).map_err(|e| e.to_string())
}

/// All requests of a tablet, or only its drafts, as it shows them.
fn all_of(app: &Tablet, drafts: bool) -> String {
    let rows = app.call(Call::Requests { query: String::new() }).unwrap_or_default();
    let is_draft = |row: &&Value| row.get("transport").is_some_and(|t| t == "draft");
    let wanted = rows.as_array().into_iter().flatten().filter(|row| !drafts || is_draft(row));
    let ids = wanted.filter_map(|row| row.get("id")?.as_str()?.parse().ok());
    ids.filter_map(|id| app.call(Call::Request { id }).ok()).map(|view| view.to_string()).collect()
}

/// The events of one row.
fn decided(raw: &[u8]) -> impl Iterator<Item = Event> {
    Event::decode_together(raw).unwrap_or_default().into_iter()
}
