//! A server that is a plain function, with faults by script, and lines to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use mbs_shared::digest::{Digest, photo_mark};
use mbs_shared::document::verify::{Unfit, join, verify};
use mbs_shared::id::{BlobHash, ChangeHash, DeviceNo, Mac, PublicKey, RequestId, SessionId};
use mbs_shared::pack::{pack, unpack};
use mbs_shared::routing::{Event, What, Who};
use mbs_shared::signature::ServerKey;
use mbs_shared::wire;
use mbs_shared::wire::announcement::{Announcement, Announcements, Seen};
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::enrol::EnrolReply;
use mbs_shared::wire::entry::{Entry, Stamp};
use mbs_shared::wire::error::{Code, Envelope};
use mbs_shared::wire::map::MapPack;
use mbs_shared::wire::nearby::NearbyReply;
use mbs_shared::wire::reconcile::{Lost, ReconcileReply, ReconcileRequest};
use mbs_shared::wire::revocation::{Revocation, SignedRevocation};
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{
    About, Cursor, Decided, Item, ItemKind, ItemResult, Row, RowBody, SyncReply, SyncRequest,
};
use mbs_shared::wire::units::Units;
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use mbs_tablet::ports::{HttpReply, HttpRequest};

use super::line::Fault;
use super::{MORNING, MUHTAR};

#[derive(Clone)]
pub struct Stored {
    pub hash: ChangeHash,
    pub raw: Vec<u8>,
    pub packed: Vec<u8>,
}

/// The server, as far as a tablet sees it.
pub struct Server {
    pub epoch: u64,
    pub seq: u64,
    pub now: i64,
    pub devices: u64,
    pub mandate: u64,
    pub feed: Vec<(u64, SessionId, Row)>,
    pub changes: BTreeMap<RequestId, Vec<Stored>>,
    pub entries: BTreeMap<RequestId, Vec<Entry>>,
    pub events: BTreeMap<RequestId, u32>,
    pub blobs: BTreeMap<BlobHash, Vec<u8>>,
    pub whole: Vec<BlobHash>,
    pub thumbs: Vec<BlobHash>,
    /// Photos from the spot, and the previews of those that have one.
    pub proofs: BTreeMap<BlobHash, Vec<u8>>,
    pub previews: BTreeMap<BlobHash, Vec<u8>>,
    pub log: Vec<String>,
    pub counts: Vec<u32>,
    /// Decides before anything else: `Some` is the answer to that item.
    pub verdict: Option<fn(&Item) -> Option<ItemResult>>,
    /// Session to answer with instead of the asker's.
    pub session: Option<SessionId>,
    /// What a revoked tablet is told.
    pub revocation: Option<SignedRevocation>,
    /// Whether an unknown cursor is told to take a snapshot.
    pub snapshots: bool,
    pub faults: VecDeque<Fault>,
    /// It falls over whatever holds something of this request, so many times so far.
    pub stumbles: Option<RequestId>,
    pub stumbled: usize,
    /// What its photo store says instead of keeping any.
    pub photos: Option<(u16, Vec<(&'static str, &'static str)>)>,
    /// Bytes of bodies that arrived for blobs.
    pub blob_bytes: usize,
    /// What replies say of how many things the tablet has made.
    pub made: Option<u32>,
    /// Whether replies say that two tablets have one identity.
    pub twin: Option<bool>,
    /// What neighbours reported; asked for beside everything that is counted and scripted here.
    pub nearby: NearbyReply,
    /// What is announced, by its numbers; two to a page.
    pub announcements: Vec<Announcement>,
    /// Its photo store was emptied behind its back.
    pub lost_photos: bool,
    /// What the tablet said of itself.
    pub about: Vec<About>,
    pub units: Option<Units>,
    /// The map pack, and its parts by their names.
    pub map: Option<MapPack>,
    pub map_parts: BTreeMap<BlobHash, Vec<u8>>,
    /// What was read, as tablets said.
    pub seen: Vec<u64>,
}

fn mac_of(bytes: &[u8]) -> Mac {
    Mac::from_slice(&mbs_shared::blob::name_of(bytes).0[..16]).unwrap()
}

pub(super) fn cbor<T: minicbor::Encode<()>>(status: u16, frame: &T) -> HttpReply {
    HttpReply { status, headers: Vec::new(), body: wire::encode(frame) }
}

pub fn envelope(status: u16, code: Code) -> HttpReply {
    let body = serde_json::to_vec(&Envelope { code, message: "…".into(), request_id: "1".into() }).unwrap();
    HttpReply { status, headers: Vec::new(), body }
}

/// What this server signs with.
pub fn signing_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[5; 32])
}

impl Server {
    /// The public half of [`signing_key`].
    pub fn server_key(&self) -> ServerKey {
        ServerKey { id: 2, public: PublicKey(signing_key().verifying_key().to_bytes()) }
    }

    /// From now on the tablet of that number is told that it is revoked, signed with the key of that seed.
    pub fn revoke(&mut self, device: u64, seed: u8) {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let revocation = Revocation { device: DeviceNo(device), at: self.now };
        self.revocation = Some(SignedRevocation::new(revocation, [(2, &key)].into_iter()));
        self.verdict = Some(|_| Some(ItemResult::Rejected(Code::Revoked)));
    }

    /// It is set back to before it knew anything, under a new epoch.
    pub fn set_back(&mut self) {
        self.epoch += 1;
        self.seq = 0;
        self.feed.clear();
        self.changes.clear();
        self.entries.clear();
        self.events.clear();
        self.blobs.clear();
        self.whole.clear();
        self.counts.clear();
    }

    pub fn new() -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            epoch: 7,
            seq: 0,
            now: MORNING,
            devices: 0,
            mandate: 1,
            feed: Vec::new(),
            changes: BTreeMap::new(),
            entries: BTreeMap::new(),
            events: BTreeMap::new(),
            blobs: BTreeMap::new(),
            whole: Vec::new(),
            thumbs: Vec::new(),
            proofs: BTreeMap::new(),
            previews: BTreeMap::new(),
            log: Vec::new(),
            counts: Vec::new(),
            verdict: None,
            session: None,
            revocation: None,
            snapshots: false,
            faults: VecDeque::new(),
            stumbles: None,
            stumbled: 0,
            photos: None,
            blob_bytes: 0,
            made: None,
            twin: None,
            nearby: NearbyReply { tag: 1, around: Some(Vec::new()) },
            announcements: Vec::new(),
            lost_photos: false,
            about: Vec::new(),
            units: None,
            map: None,
            map_parts: BTreeMap::new(),
            seen: Vec::new(),
        }))
    }

    fn announced(&self, request: &HttpRequest) -> HttpReply {
        let after: u64 = request.query.iter().find(|(name, _)| *name == "after").unwrap().1.parse().unwrap();
        let behind: Vec<_> = self.announcements.iter().filter(|one| one.id > after).cloned().collect();
        let list: Vec<_> = behind.iter().take(2).cloned().collect();
        let next = list.last().map_or(after, |last| last.id);
        cbor(200, &Announcements { more: behind.len() > list.len(), list, next })
    }

    fn add(&mut self, session: SessionId, request: RequestId, body: RowBody) -> u64 {
        self.seq += 1;
        self.feed.push((self.seq, session, Row { request, body }));
        self.seq
    }

    /// Something the server itself puts into the feed.
    pub fn publish(&mut self, request: RequestId, body: RowBody) {
        self.add(SessionId([0; 16]), request, body);
    }

    /// The server decides.
    pub fn decide(&mut self, request: RequestId, by: Who, what: What, note: &str) {
        let n = self.events.entry(request).or_default();
        *n += 1;
        let event = Event { n: *n, at: self.now, by, what, note: note.into(), entry: None };
        let raw = wire::encode(&event);
        let mac = mac_of(&raw);
        self.publish(request, RowBody::Event(Decided { packed: pack(&raw).into(), mac }));
    }

    fn item(&mut self, session: SessionId, item: &Item) -> ItemResult {
        if let Some(answer) = self.verdict.and_then(|v| v(item)) {
            return answer;
        }
        self.counts.push(item.count);
        match item.kind {
            ItemKind::Change => {
                let raw = match unpack(&item.packed, 32 * 1024) {
                    Ok(raw) => raw,
                    Err(code) => return ItemResult::Rejected(code),
                };
                let checked = match verify(&raw) {
                    Ok(checked) => checked,
                    Err(code) => return ItemResult::Rejected(code),
                };
                let mac = mac_of(&raw);
                let known = self.changes.entry(item.request).or_default();
                if known.iter().any(|k| k.hash == checked.hash) {
                    return ItemResult::Ok { mac, decided: None };
                }
                if known.is_empty() && !checked.is_first() {
                    return ItemResult::MissingDeps;
                }
                if !known.is_empty() && checked.is_first() {
                    return ItemResult::Begun;
                }
                if !known.is_empty() {
                    let before: Vec<&[u8]> = known.iter().map(|k| k.raw.as_slice()).collect();
                    match join(&before, &raw) {
                        Ok(_) => {}
                        Err(Unfit::MissingDeps) => return ItemResult::MissingDeps,
                        Err(Unfit::Fork) => return ItemResult::Fork,
                        Err(Unfit::Rejected(code)) => return ItemResult::Rejected(code),
                    }
                }
                known.push(Stored { hash: checked.hash, raw, packed: item.packed.to_vec() });
                self.add(session, item.request, RowBody::Change { packed: item.packed.clone(), mac });
                ItemResult::Ok { mac, decided: None }
            }
            ItemKind::Entry => {
                let raw = unpack(&item.packed, 8 * 1024).unwrap();
                let entry: Entry = wire::decode(&raw).unwrap();
                if !self.changes.contains_key(&item.request) {
                    return ItemResult::MissingDeps;
                }
                let mac = mac_of(&raw);
                let known = self.entries.entry(item.request).or_default();
                if !known.iter().any(|k| k.id == entry.id) {
                    known.push(entry);
                    let stamp = Stamp { at: self.now, author: String::new() };
                    self.add(session, item.request, RowBody::Entry { packed: item.packed.clone(), stamp, mac });
                }
                ItemResult::Ok { mac, decided: None }
            }
        }
    }

    /// Another tablet, or a newer app, pushes it.
    pub fn push(&mut self, session: SessionId, item: &Item) -> ItemResult {
        self.item(session, item)
    }

    fn sync(&mut self, body: &[u8]) -> HttpReply {
        let asked: SyncRequest = match wire::decode(body) {
            Ok(asked) => asked,
            Err(code) => return envelope(400, code),
        };
        self.about.extend(asked.about.clone());
        let results: Vec<ItemResult> = asked.items.iter().map(|i| self.item(asked.session, i)).collect();
        let strange = asked.cursor.epoch != self.epoch;
        let snapshot = strange && (asked.cursor.epoch != 0 || self.snapshots);
        let after = if strange { 0 } else { asked.cursor.seq };
        let (mut rows, mut bytes, mut seq, mut more) = (Vec::new(), 0, after, false);
        for (n, session, row) in self.feed.iter().filter(|(n, ..)| *n > after) {
            bytes += wire::encode(&row.body).len();
            if bytes > asked.page as usize && !rows.is_empty() {
                more = true;
                break;
            }
            seq = *n;
            if *session != asked.session {
                rows.push(row.clone());
            }
        }
        if snapshot {
            rows.clear();
        }
        let names_units = !rows.is_empty() || snapshot;
        cbor(
            200,
            &SyncReply {
                version: PROTOCOL,
                abilities: Abilities::OURS,
                session: self.session.unwrap_or(asked.session),
                now: self.now,
                results,
                rows,
                cursor: Cursor { epoch: self.epoch, seq },
                more,
                snapshot,
                differs: None,
                revocation: self.revocation.clone(),
                made: self.made,
                twin: self.twin,
                announced: self.announcements.last().map(|last| last.id),
                units: names_units.then(|| self.units.as_ref().map(Units::mark)).flatten(),
                map: (names_units || asked.about.is_some()).then(|| self.map.as_ref().map(MapPack::mark)).flatten(),
            },
        )
    }

    fn blob(&mut self, path: &str, request: &HttpRequest) -> HttpReply {
        let (hash, thumb) = match path.split_once('/') {
            Some((hash, _)) => (hash, true),
            None => (path, false),
        };
        let hash: BlobHash = hash.parse().unwrap();
        let query = |name: &str| request.query.iter().find(|(k, _)| *k == name).map(|(_, v)| v.clone());
        let owner: RequestId = query("request").unwrap().parse().unwrap();
        if !self.changes.contains_key(&owner) {
            return envelope(404, Code::UnknownBlob);
        }
        self.blob_bytes += request.body.len();
        if thumb {
            self.thumbs.push(hash);
            return cbor(200, &BlobStatus::of(hash, 0, false));
        }
        let (offset, size): (usize, usize) =
            (query("offset").unwrap().parse().unwrap(), query("size").unwrap().parse().unwrap());
        let have = self.blobs.entry(hash).or_default();
        if self.whole.contains(&hash) {
            return cbor(200, &BlobStatus::of(hash, u32::try_from(size).unwrap(), true));
        }
        if offset != have.len() {
            return cbor(409, &BlobStatus::of(hash, u32::try_from(have.len()).unwrap(), false));
        }
        have.extend_from_slice(&request.body);
        let done = have.len() == size && mbs_shared::blob::name_of(have) == hash;
        let have = u32::try_from(have.len()).unwrap();
        if done {
            self.whole.push(hash);
            let row = RowBody::Blob { hash };
            self.publish(owner, row);
        }
        cbor(200, &BlobStatus::of(hash, have, done))
    }

    /// What differs, in one page.
    fn reconcile(&self, body: &[u8]) -> HttpReply {
        let asked: ReconcileRequest = wire::decode(body).unwrap();
        let mut here: BTreeMap<RequestId, Vec<Row>> = BTreeMap::new();
        for (_, _, row) in &self.feed {
            here.entry(row.request).or_default().push(row.clone());
        }
        let proof = |row: &Row| match &row.body {
            RowBody::Change { mac, .. } | RowBody::Entry { mac, .. } | RowBody::Event(Decided { mac, .. }) => {
                Some(*mac)
            }
            RowBody::Blob { .. } | RowBody::Erased => None,
        };
        let digest = |rows: &[Row]| rows.iter().filter_map(proof).collect::<Vec<_>>().iter().collect::<Digest>();
        let theirs: BTreeMap<_, _> = asked.requests.iter().map(|known| (known.request, known.digest)).collect();
        let all = here.keys().chain(theirs.keys()).copied().collect::<BTreeSet<_>>();
        let of = |id: &RequestId| here.get(id).cloned().unwrap_or_default();
        let differs: Vec<_> = all.into_iter().filter(|id| theirs.get(id) != Some(&digest(&of(id)))).collect();
        let rows = differs.iter().flat_map(of).collect();
        let gone = |photo: &u64| !self.whole.iter().any(|hash| photo_mark(hash) == *photo);
        let lost = asked
            .requests
            .iter()
            .flat_map(|known| known.photos.iter().map(|photo| Lost { request: known.request, photo: *photo }))
            .filter(|lost| gone(&lost.photo))
            .collect();
        let cursor = Cursor { epoch: self.epoch, seq: self.seq };
        cbor(200, &ReconcileReply { cursor, through: None, differs, rows, lost })
    }

    /// A photo from the spot, and its preview where there is one.
    fn gives(&self, path: &str, request: &HttpRequest) -> HttpReply {
        let (hash, from) = match path.split_once('/') {
            Some((hash, _)) => (hash, &self.previews),
            None if self.map_parts.contains_key(&path.parse().unwrap()) => (path, &self.map_parts),
            None => (path, &self.proofs),
        };
        if self.lost_photos {
            // What the server ought to have and has not is its own failure.
            return envelope(500, Code::Internal);
        }
        let Some(bytes) = from.get(&hash.parse().unwrap()) else { return envelope(404, Code::NotFound) };
        let query = |name: &str| request.query.iter().find(|(k, _)| *k == name).and_then(|(_, v)| v.parse().ok());
        let offset: usize = query("offset").unwrap_or(0);
        let body = bytes[offset..].iter().copied().take(query("len").unwrap_or(usize::MAX)).collect();
        HttpReply { status: 200, headers: Vec::new(), body }
    }

    fn snapshot(&self) -> HttpReply {
        let rows = self.feed.iter().map(|(.., row)| row.clone()).collect();
        cbor(200, &SnapshotPage { rows, next: None, cursor: Cursor { epoch: self.epoch, seq: self.seq } })
    }

    fn stumbles_over(&self, frame: &[u8]) -> bool {
        let items = wire::decode::<SyncRequest>(frame).map(|f| f.items).unwrap_or_default();
        self.stumbles.is_some_and(|bad| items.iter().any(|item| item.request == bad))
    }

    pub fn handle(&mut self, request: &HttpRequest) -> HttpReply {
        self.log.push(format!("{} {}", request.path, request.body.len()));
        match request.path.as_str() {
            "/v1/enrol" => {
                self.devices += 1;
                cbor(
                    200,
                    &EnrolReply {
                        device: DeviceNo(0x1000 + self.devices),
                        prefix: format!("4KR{}", self.devices),
                        token: [9; 32],
                        mandate: self.mandate,
                        neighbourhood: MUHTAR.into(),
                        person: "Muhtar".into(),
                        now: self.now,
                        epoch: self.epoch,
                        server_keys: Some(vec![self.server_key()]),
                        courier: None,
                    },
                )
            }
            "/v1/sync" if self.stumbles_over(&request.body) => {
                self.stumbled += 1;
                envelope(500, Code::Internal)
            }
            "/v1/sync" => self.sync(&request.body),
            "/v1/snapshot" => self.snapshot(),
            "/v1/reconcile" => self.reconcile(&request.body),
            "/v1/announcements" => self.announced(request),
            "/v1/announcements/seen" => {
                self.seen.extend(wire::decode::<Seen>(&request.body).unwrap().ids);
                HttpReply { status: 204, headers: Vec::new(), body: Vec::new() }
            }
            "/v1/units" => match &self.units {
                Some(units) => cbor(200, units),
                None => envelope(404, Code::NotFound),
            },
            "/v1/map" => match &self.map {
                Some(pack) => cbor(200, pack),
                None => envelope(404, Code::NotFound),
            },
            path => match path.strip_prefix("/v1/blobs/") {
                Some(_) if request.method == mbs_tablet::ports::Method::Put && self.photos.is_some() => {
                    let (status, headers) = self.photos.clone().unwrap_or_default();
                    let mut reply = envelope(status, if status == 503 { Code::Busy } else { Code::Internal });
                    reply.headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
                    reply
                }
                Some(path) if request.method == mbs_tablet::ports::Method::Put => self.blob(path, request),
                Some(path) => self.gives(path, request),
                _ => envelope(404, Code::NotFound),
            },
        }
    }
}
