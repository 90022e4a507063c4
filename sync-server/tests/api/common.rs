//! A small town for tests: a service on a real database and photo store, a clock that stands still until it is
//! moved, and tablets that are enrolled like real ones.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use mbs_server::auth::device::Caller;
use mbs_server::auth::staff::set_cookie;
use mbs_server::blob_store::BlobStore;
use mbs_server::database::requests::{self, Head};
use mbs_server::database::{Database, devices, events, staff};
use mbs_server::engines::{Opener, Photos, Place};
use mbs_server::handlers::desk::view::Role;
use mbs_server::handlers::{enrol, sync};
use mbs_server::knowledge::{Knowledge, Scopes};
use mbs_server::ports::{Clock, Random};
use mbs_server::secrets::sha256;
use mbs_server::service::{Parts, Service};
use mbs_shared::blob::{BlobKind, BlobRef, name_of};
use mbs_shared::directory::Directory;
use mbs_shared::document::{Document, NewChange};
use mbs_shared::id::{Actor, CaseNo, EntryId, Prefix, RequestId, SessionId};
use mbs_shared::istanbul;
use mbs_shared::pack::pack;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Kind, Request, SCHEMA};
use mbs_shared::routing::{Case, Event};
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::sync::{Cursor, Item, ItemKind, ItemResult, MAX_PAGE, RowBody, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use mbs_shared::wire::{decode, encode};

/// Tuesday, 24 November 2026, 10:00 in Istanbul.
pub(crate) const MORNING: i64 = 1_795_503_600_000;
pub(crate) const DAY: i64 = 86_400_000;

pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct TestRandom(AtomicU64);

impl Random for TestRandom {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            // SplitMix64.
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Which engine and store the suite runs on: `MBS_ENGINE=postgres` means PostgreSQL and S3. Every test runs on both:
/// see `engines`.
pub(crate) const ENGINE: &str = "MBS_ENGINE";

/// A new, empty database and photo store of this run's engine.
fn empty() -> (Place, Photos) {
    match std::env::var(ENGINE).as_deref() {
        Err(_) | Ok("sqlite") => (Place::DataFolder, Photos::DataFolder),
        Ok("postgres") => (
            Place::Postgres(mbs_engines::postgres::Cluster::shared().database()),
            Photos::S3(mbs_engines::s3::S3::shared().photos()),
        ),
        Ok(other) => panic!("{ENGINE}={other}: it is sqlite or postgres"),
    }
}

/// A new, empty database of this run's engine.
pub(crate) fn empty_database() -> (tempfile::TempDir, Arc<dyn Database>) {
    let dir = tempfile::tempdir().unwrap();
    let db = empty().0.open(dir.path(), Opener::Command).unwrap();
    (dir, db)
}

pub(crate) struct Town {
    pub(crate) dir: tempfile::TempDir,
    place: Place,
    photos: Photos,
    pub(crate) service: Arc<Service>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) random: Arc<TestRandom>,
}

impl Town {
    /// A new town, its writer running.
    pub(crate) fn new() -> Self {
        Self::build(tempfile::tempdir().unwrap(), empty(), true, 1)
    }

    /// A new town whose writer only writes when it is stepped.
    pub(crate) fn stepped() -> Self {
        Self::build(tempfile::tempdir().unwrap(), empty(), false, 1)
    }

    /// A new town with that photo store.
    pub(crate) fn with_store(make: impl FnOnce(&Path) -> Arc<dyn BlobStore>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (place, photos) = empty();
        let mut parts = Parts::open(dir.path(), &place, &photos).unwrap();
        parts.store = make(&dir.path().join("blobs"));
        Self::of(dir, (place, photos), parts, true, 1)
    }

    /// A town on that folder, database and store, its writer running.
    pub(crate) fn at(dir: tempfile::TempDir, engines: (Place, Photos)) -> Self {
        Self::build(dir, engines, true, 1)
    }

    fn build(dir: tempfile::TempDir, (place, photos): (Place, Photos), run: bool, seed: u64) -> Self {
        let parts = Parts::open(dir.path(), &place, &photos).unwrap();
        Self::of(dir, (place, photos), parts, run, seed)
    }

    fn of(dir: tempfile::TempDir, (place, photos): (Place, Photos), mut parts: Parts, run: bool, seed: u64) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(MORNING)));
        let random = Arc::new(TestRandom(AtomicU64::new(seed)));
        parts.clock = clock.clone();
        parts.random = random.clone();
        let service = Service::new(parts).unwrap();
        if run {
            service.start_writer().unwrap();
        }
        Self { dir, place, photos, service, clock, random }
    }

    /// A new town whose server has the keys of this one and nothing else: it lost everything.
    pub(crate) fn that_lost_everything(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(self.dir.path().join("keys.json"), dir.path().join("keys.json")).unwrap();
        Self::build(dir, empty(), true, 3)
    }

    /// Another process on the same database, photos and keys.
    pub(crate) fn other_process(&self) -> Arc<Service> {
        Service::new(Parts::open(self.dir.path(), &self.place, &self.photos).unwrap()).unwrap()
    }

    /// A town on a folder that is there, at the time it is here.
    pub(crate) fn on(&self, dir: tempfile::TempDir) -> Self {
        let town = Self::build(dir, (Place::DataFolder, Photos::DataFolder), true, 4);
        town.clock.0.store(self.clock.now(), Ordering::SeqCst);
        town
    }

    /// Whether everything of it lies in its folder.
    pub(crate) fn is_one_folder(&self) -> bool {
        self.place == Place::DataFolder
    }

    /// The same database and photos, opened anew, as after a restart.
    pub(crate) fn restarted(self) -> Self {
        self.with(|_| ())
    }

    /// The same by another release, or with other settings.
    pub(crate) fn with(self, change: impl FnOnce(&mut Parts)) -> Self {
        let Self { dir, place, photos, service, clock, random } = self;
        service.writer.stop();
        // Chance goes on: nothing is drawn twice.
        let (now, chance) = (clock.now(), random.0.load(Ordering::SeqCst));
        drop(service);
        let mut parts = Parts::open(dir.path(), &place, &photos).unwrap();
        change(&mut parts);
        let town = Self::of(dir, (place, photos), parts, true, chance);
        town.clock.0.store(now, Ordering::SeqCst);
        town
    }

    /// The same by a release in which a category is offered no more, and another one may have taken its place.
    pub(crate) fn with_retired(self, category: &str, successor: Option<&str>) -> Self {
        let mut d = istanbul::directory().clone();
        let old = d.categories.iter_mut().find(|one| one.code == category).unwrap();
        old.retired = true;
        old.successor = successor.map(str::to_owned);
        let city = Directory::new(d.groups, d.categories, d.units, d.districts, d.neighbourhoods);
        // As long as the process lives, like the one that is compiled in.
        self.with(|parts| parts.knowledge = Knowledge::of(Box::leak(Box::new(city))))
    }

    /// The same with a second factor asked of everyone at the desk.
    pub(crate) fn with_second_factor_for_all(self) -> Self {
        self.with(|parts| parts.second_factor = true)
    }

    /// The same by settings that let everybody fetch what is anonymous.
    pub(crate) fn that_publishes(self) -> Self {
        self.with(|parts| parts.open_data = true)
    }

    /// What the database has stored of tablets and their codes, in whatever form it stores it.
    pub(crate) fn stored(&self) -> Vec<u8> {
        const TEXT: [&str; 2] = [
            "select coalesce(string_agg(t::text, ' '), '') from device t",
            "select coalesce(string_agg(t::text, ' '), '') from enrol_code t",
        ];
        match &self.place {
            Place::DataFolder => std::fs::read(self.dir.path().join("mbs.db-wal")).unwrap(),
            Place::Postgres(_) => TEXT
                .iter()
                .flat_map(|sql| {
                    let text = self.service.db.ask(|s| s.first(sql, &[], |r| Ok(r.text(0)?.to_owned())));
                    text.unwrap().unwrap().into_bytes()
                })
                .collect(),
        }
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn code(&self, neighbourhood: &str, person: &str) -> String {
        let now = self.clock.now();
        self.service
            .db
            .change(|tx| {
                let scope = Scopes::load(tx)?.number(neighbourhood);
                enrol::make_code(tx, &*self.random, scope, person, false, now)
            })
            .unwrap()
            .unwrap()
            .text
    }

    /// A tablet of the muhtar of `neighbourhood`.
    pub(crate) async fn tablet(&self, neighbourhood: &str) -> Tablet {
        let code = self.code(neighbourhood, "Mahalle Muhtarı");
        let frame = EnrolRequest { version: PROTOCOL, code, public_key: [5; 32], app: "0.1.0".into() };
        let reply = enrol::enrol(&self.service, None, &encode(&frame)).await.unwrap();
        Tablet::new(self, decode(&reply).unwrap())
    }

    pub(crate) fn head(&self, request: RequestId) -> Head {
        self.service.db.ask(|s| requests::by_id(s, request)).unwrap().unwrap()
    }

    pub(crate) fn events(&self, request: RequestId) -> Vec<Event> {
        let rid = self.head(request).rid;
        let stored = self.service.db.ask(|s| events::of_request(s, rid)).unwrap();
        stored.into_iter().map(|e| e.event).collect()
    }

    pub(crate) fn case(&self, request: RequestId) -> Case {
        Case::fold(&self.events(request))
    }

    pub(crate) fn count(&self, sql: &'static str) -> i64 {
        self.service.db.ask(|s| s.first(sql, &[], |r| r.int(0))).unwrap().unwrap()
    }

    /// Kinds and event numbers of a unit's feed, in order.
    pub(crate) fn unit_rows(&self, unit: &str) -> Vec<(u32, u32)> {
        let scope = self.service.scopes.number(unit);
        assert_ne!(scope, 0, "{unit}");
        let mut rows = Vec::new();
        self.service
            .db
            .ask(|s| {
                mbs_server::database::feed::page(s, scope, 0, 1_000, &mut |r| {
                    rows.push((r.kind, r.n));
                    Ok(mbs_server::database::Go::On)
                })
            })
            .unwrap();
        rows
    }
}

/// A tablet as the server sees it.
pub(crate) struct Tablet {
    pub(crate) service: Arc<Service>,
    pub(crate) identity: EnrolReply,
    pub(crate) caller: Arc<Caller>,
    pub(crate) actor: Actor,
    pub(crate) session: SessionId,
    pub(crate) cursor: Cursor,
    counter: u32,
    /// Things it made so far.
    pub(crate) made: u32,
    salt: u8,
}

impl Tablet {
    pub(crate) fn new(town: &Town, identity: EnrolReply) -> Self {
        let caller = town.service.devices.find(&identity.token, &*town.service.db).unwrap();
        let random: &dyn Random = &*town.random;
        Self {
            service: town.service.clone(),
            actor: Actor::new(identity.device, random.bytes()),
            session: SessionId(random.bytes()),
            cursor: Cursor { epoch: identity.epoch, seq: 0 },
            identity,
            caller,
            counter: 0,
            made: 0,
            salt: random.bytes::<1>()[0],
        }
    }

    /// The same identity after a restart of the app, or on the restarted server.
    pub(crate) fn again(&self, town: &Town) -> Self {
        let mut tablet = Self::new(town, self.identity.clone());
        tablet.cursor = self.cursor;
        tablet.counter = self.counter;
        tablet.made = self.made;
        tablet
    }

    pub(crate) fn request_id(&mut self) -> RequestId {
        self.counter += 1;
        let mut id = [self.salt; 16];
        id[..4].copy_from_slice(&self.counter.to_be_bytes());
        id[4..12].copy_from_slice(&self.identity.device.0.to_be_bytes());
        RequestId(id)
    }

    pub(crate) fn words(&mut self, category: &str) -> Request {
        self.counter += 1;
        let prefix: Prefix = self.identity.prefix.parse().unwrap();
        Request {
            schema: SCHEMA,
            title: "Kaldırım taşları sökülmüş".into(),
            desc: "Okulun önündeki kaldırım taşları yerinden çıkmış, çocuklar takılıp düşüyor.".into(),
            category: category.into(),
            kind: Kind::Complaint,
            gps: None,
            addr: "İskele Sokak, okul önü".into(),
            at: MORNING - 3_600_000,
            no: CaseNo::new(prefix, self.counter, 77),
            discreet: false,
            rel: None,
            blobs: Vec::new(),
        }
    }

    pub(crate) fn write(&self, request: &Request) -> NewChange {
        Document::create(self.actor, request).unwrap().1
    }

    /// A new request as an item to push.
    pub(crate) fn file(&mut self, category: &str) -> Item {
        let words = self.words(category);
        self.file_words(&words)
    }

    pub(crate) fn file_words(&mut self, words: &Request) -> Item {
        let id = self.request_id();
        let change = self.write(words);
        self.counted(change_item(id, &change.raw))
    }

    /// The item as the next thing this tablet made.
    pub(crate) fn counted(&mut self, item: Item) -> Item {
        self.made += 1;
        Item { count: self.made, ..item }
    }

    pub(crate) fn frame(&self, items: Vec<Item>) -> SyncRequest {
        SyncRequest {
            version: PROTOCOL,
            abilities: Abilities::OURS,
            session: self.session,
            cursor: self.cursor,
            now: MORNING,
            page: MAX_PAGE,
            created: self.made,
            items,
            digest: None,
            about: None,
        }
    }

    pub(crate) async fn send(&self, frame: &SyncRequest) -> Result<SyncReply, mbs_server::error::Fault> {
        let bytes = sync::sync(&self.service, &self.caller, &encode(frame)).await?;
        Ok(decode(&bytes).unwrap())
    }

    /// Pushes, pulls, and moves the cursor.
    pub(crate) async fn sync(&mut self, items: Vec<Item>) -> SyncReply {
        let reply = self.send(&self.frame(items)).await.unwrap();
        self.cursor = reply.cursor;
        reply
    }

    /// Pushes one item and gives its result.
    pub(crate) async fn push(&mut self, item: Item) -> ItemResult {
        self.sync(vec![item]).await.results.remove(0)
    }

    /// Files one request; its id.
    pub(crate) async fn filed(&mut self, category: &str) -> RequestId {
        let item = self.file(category);
        let id = item.request;
        let result = self.push(item).await;
        assert!(matches!(result, ItemResult::Ok { .. }), "{result:?}");
        id
    }

    pub(crate) fn entry(&mut self, request: RequestId, kind: EntryKind, text: &str) -> Item {
        self.counter += 1;
        let mut id = [self.salt; 16];
        id[..4].copy_from_slice(&self.counter.to_be_bytes());
        let entry = Entry { id: EntryId(id), kind, text: text.into(), at: MORNING, photos: Vec::new() };
        self.counted(entry_item(request, &entry))
    }
}

pub(crate) fn change_item(request: RequestId, raw: &[u8]) -> Item {
    Item { kind: ItemKind::Change, request, packed: pack(raw).into(), count: 0, mac: None, past: None }
}

pub(crate) fn entry_item(request: RequestId, entry: &Entry) -> Item {
    Item { kind: ItemKind::Entry, request, packed: pack(&encode(entry)).into(), count: 0, mac: None, past: None }
}

/// A JPEG of `n` bytes that do not compress, and a reference to it.
pub(crate) fn photo(seed: u8, n: u32) -> (Vec<u8>, BlobRef) {
    let mut x = u32::from(seed) + 1;
    let bytes = mbs_shared::jpeg::of_noise((1_600, 1_200), n as usize, || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    });
    let hash = name_of(&bytes);
    (bytes, BlobRef { hash, kind: BlobKind::Photo, size: n, width: 1_600, height: 1_200 })
}

/// On the ground in Rasimpaşa, Kadıköy.
pub(crate) const RASIMPASA: Fix = Fix { lat: 40.9962, lon: 29.0295, accuracy: 8.0, source: FixSource::Gps };

pub(crate) fn ok(result: &ItemResult) {
    assert!(matches!(result, ItemResult::Ok { .. }), "accepted was expected, not {result:?}");
}

/// What was decided by a reply: beside its acknowledgements, then in its rows.
pub(crate) fn event_codes(reply: &SyncReply) -> Vec<&'static str> {
    let beside = reply.results.iter().filter_map(|result| match result {
        ItemResult::Ok { decided, .. } => decided.as_ref(),
        _ => None,
    });
    let below = reply.rows.iter().filter_map(|row| match &row.body {
        RowBody::Event(decided) => Some(decided),
        _ => None,
    });
    let events = beside.chain(below).flat_map(|decided| {
        let raw = mbs_shared::pack::unpack(&decided.packed, 8_192).unwrap();
        Event::decode_together(&raw).unwrap()
    });
    events.map(|event| event.what.code()).collect()
}

/// The tablet's row in the database.
pub(crate) fn device_row(town: &Town, tablet: &Tablet) -> devices::FleetRow {
    let prefix: Prefix = tablet.identity.prefix.parse().unwrap();
    let fleet = town.service.db.ask(devices::fleet).unwrap();
    fleet.into_iter().find(|d| d.prefix == prefix.index()).unwrap()
}

/// Token of the session that [`signed_in`] begins.
pub(crate) const SESSION: [u8; 32] = [7; 32];

/// Someone at the desk, of no unit; the cookie of their session.
pub(crate) fn signed_in(town: &Town, role: Role) -> String {
    signed_in_at(town, role, "")
}

/// Someone at the desk of a unit; the cookie of their session.
pub(crate) fn signed_in_at(town: &Town, role: Role, unit: &str) -> String {
    let begun = town.service.db.change(|tx| {
        staff::add(tx, "masa", "Masa", role, unit, "-", MORNING)?;
        staff::begin(tx, &sha256(&SESSION), 1, MORNING, MORNING + 100 * DAY)
    });
    begun.unwrap();
    let cookie = set_cookie(&SESSION, false).unwrap();
    cookie.to_str().unwrap().split_once(';').unwrap().0.to_owned()
}

/// Moves the one session to somebody else: of a unit, or of triage.
pub(crate) fn seat(town: &Town, id: i64, role: Role, unit: &str) {
    let begun = town.service.db.change(|s| {
        staff::add(s, &format!("kisi{id}"), &format!("Kişi {id}"), role, unit, "-", MORNING)?;
        staff::end(s, &sha256(&SESSION))?;
        staff::begin(s, &sha256(&SESSION), id, MORNING, MORNING + DAY)
    });
    begun.unwrap();
}
