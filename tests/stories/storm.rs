//! Story 10: the server comes back after a cut, and every tablet of Istanbul is there in the same second:
//! each opens its wake-up stream and sends what it wrote meanwhile. All are served; nobody sees a failure.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mbs_server::database::DbError;
use mbs_server::handlers::enrol::make_code;
use mbs_server::knowledge::{Knowledge, Scopes};
use mbs_server::ports::SystemRandom;
use mbs_shared::document::Document;
use mbs_shared::id::{Actor, CaseNo, Prefix, RequestId, SessionId};
use mbs_shared::pack::pack;
use mbs_shared::request::{Kind, Request};
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::sync::{Cursor, Item, ItemKind, ItemResult, SyncReply, SyncRequest};
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use mbs_shared::wire::{decode, encode};
use mbs_tablet::door::view::Link;
use mbs_tablet::sync::driver::Driver;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words};
use mbs_tests::process::wait_until;
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::World;
use tokio::sync::Barrier;

/// Tablets of Istanbul's muhtars.
const TABLETS: usize = 959;
/// Of them real cores with their own databases and threads; the others are their exchanges alone.
const REAL: usize = 8;
/// How long the server may keep anyone waiting: a tablet gives up after ninety seconds.
const SERVED: Duration = Duration::from_secs(90);

/// One-time codes for as many tablets, each of another muhtarlık.
fn codes(world: &World, count: usize) -> Vec<String> {
    let now = mbs_tablet::ports::Clock::now(&mbs_tablet::ports::system::SystemClock);
    let places = Knowledge::istanbul().directory().neighbourhoods.iter().filter(|p| p.code != RASIMPASA.neighbourhood);
    let codes = world.server.write(|tx| {
        let scopes = Scopes::load(tx)?;
        places
            .take(count)
            .map(|place| make_code(tx, &SystemRandom, scopes.number(&place.code), "Mahalle Muhtarı", false, now))
            .collect::<Result<Vec<_>, DbError>>()
    });
    codes.into_iter().map(|code| code.unwrap().text).collect()
}

/// A tablet that has written one request.
struct Bare {
    token: String,
    frame: Vec<u8>,
}

impl Bare {
    fn of(reply: &EnrolReply, n: usize) -> Self {
        let actor = Actor::new(reply.device, [n as u8; 8]);
        let prefix: Prefix = reply.prefix.parse().unwrap();
        let said = &words()[n % words().len()];
        let request = Request {
            schema: mbs_shared::request::SCHEMA,
            title: said.title(),
            desc: said.text.clone(),
            category: said.category.clone(),
            kind: Kind::Complaint,
            gps: Some(said.fix()),
            addr: String::new(),
            at: reply.now,
            no: CaseNo::new(prefix, 1, 7),
            discreet: false,
            rel: None,
            blobs: Vec::new(),
        };
        let (_, change) = Document::create(actor, &request).unwrap();
        let mut id = [n as u8; 16];
        id[..8].copy_from_slice(&reply.device.0.to_be_bytes());
        let item = Item {
            kind: ItemKind::Change,
            request: RequestId(id),
            packed: pack(&change.raw).into(),
            count: 1,
            mac: None,
            past: None,
        };
        let frame = SyncRequest {
            version: PROTOCOL,
            abilities: Abilities::OURS,
            session: SessionId(id),
            cursor: Cursor { epoch: reply.epoch, seq: 0 },
            now: reply.now,
            page: 8 * 1024,
            created: 1,
            items: vec![item],
            digest: None,
            about: None,
        };
        Self { token: format!("Bearer {}", URL_SAFE_NO_PAD.encode(reply.token)), frame: encode(&frame) }
    }

    /// At the same moment as the others: the stream opens and tells where the feed is, the push is accepted.
    /// Its stream, still open.
    async fn back(self, base: String, client: reqwest::Client, all: Arc<Barrier>) -> reqwest::Response {
        all.wait().await;
        let stream = client.get(format!("{base}/v1/events")).header("authorization", &self.token).send();
        let push = client.post(format!("{base}/v1/sync")).header("authorization", &self.token).body(self.frame).send();
        let (stream, push) = tokio::join!(stream, push);
        let (mut stream, push) = (stream.unwrap(), push.unwrap());
        assert_eq!((stream.status().as_u16(), push.status().as_u16()), (200, 200));
        assert!(stream.chunk().await.unwrap().unwrap().starts_with(b"data: "));
        let reply: SyncReply = decode(&push.bytes().await.unwrap()).unwrap();
        assert!(matches!(reply.results[..], [ItemResult::Ok { .. }]), "{:?}", reply.results);
        stream
    }
}

#[test]
fn all_tablets_of_istanbul_come_back_in_the_same_second_and_are_served() {
    let mut world = World::begin();
    // Real tablets hear wake-ups, then the server is gone, and each writes a request meanwhile.
    let real: Vec<(Device, Driver)> = (0..REAL)
        .map(|_| {
            let device = world.tablet(RASIMPASA);
            let driver = Driver::start(&device.tablet, || {});
            (device, driver)
        })
        .collect();
    wait_until("they are connected", || real.iter().all(|(device, _)| device.status().link == Link::Online));
    let codes = codes(&world, TABLETS - REAL);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = || reqwest::Client::builder().no_proxy().timeout(SERVED).build().unwrap();
    let base = world.url();
    let bare: Vec<Bare> = runtime.block_on(async {
        let client = client();
        let mut bare = Vec::new();
        for (n, code) in codes.into_iter().enumerate() {
            let code = code.replace('-', "");
            let frame = EnrolRequest { version: PROTOCOL, code, public_key: [5; 32], app: "0.1.0".into() };
            let reply = client.post(format!("{base}/v1/enrol")).body(encode(&frame)).send().await.unwrap();
            assert_eq!(reply.status(), 200);
            bare.push(Bare::of(&decode(&reply.bytes().await.unwrap()).unwrap(), n));
        }
        bare
    });
    world.network.cut();
    for (device, _) in &real {
        device.file(&New::of(&words()[0]).at(RASIMPASA_PLACE)).unwrap();
    }
    world.kill_server();

    let (base, begun) = (world.url(), std::time::Instant::now());
    let all = Arc::new(Barrier::new(bare.len() + 1));
    let streams = runtime.block_on(async {
        let client = client();
        let tasks: Vec<_> =
            bare.into_iter().map(|b| tokio::spawn(b.back(base.clone(), client.clone(), all.clone()))).collect();
        all.wait().await;
        world.network.restore();
        let mut streams = Vec::new();
        for task in tasks {
            streams.push(task.await.unwrap());
        }
        streams
    });
    eprintln!("{} tablets served in {:.1} s", streams.len(), begun.elapsed().as_secs_f64());
    // The real ones come by themselves, at a moment each has drawn; while they wait nothing is called failed.
    wait_until("the real tablets have sent what they wrote", || {
        real.iter().all(|(device, _)| device.status().waiting == 0 && device.status().link == Link::Online)
    });
    assert!(real.iter().all(|(device, _)| device.status().quarantined == 0));
    assert_eq!(world.server.records().len(), TABLETS);
    assert_eq!(world.server.doubled(), Vec::<String>::new());
    let log = world.log();
    assert!(!log.contains("\"failed\"") && !log.contains("Busy"), "{log}");
    drop(streams);
}
