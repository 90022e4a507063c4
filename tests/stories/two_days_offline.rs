//! Story 2: two days without signal, 40 requests with photos; then a 64 kbit/s line that is cut every
//! five seconds. All arrive, once. Two days and the bad line under a virtual clock in one process; and
//! three requests over real processes and a line that is really that slow.

use std::time::Duration;

use mbs_shared::blob::name_of;
use mbs_shared::wire::blob::FIRST_SLICE;
use mbs_tests::network::GPRS;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, new_photo, words};
use mbs_tests::server::Server;
use mbs_tests::simulated::{Quality, SimulatedLine, SimulatedServer, VirtualClock};
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::World;

const REQUESTS: usize = 40;
const HOUR: i64 = 3_600_000;
const BAD: Quality = Quality { bytes_per_second: GPRS, latency: 300, cut_each: 5_000 };
const GOOD: Quality = Quality { bytes_per_second: 1_000_000, latency: 20, cut_each: 0 };

#[test]
fn forty_requests_arrive_over_a_line_cut_every_five_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let server_dir = dir.path().join("server");
    let mut process = Server::start(&server_dir);
    let code = process.enrol_code(RASIMPASA);
    process.stop();

    let clock = VirtualClock::at(jiff::Timestamp::now().as_millisecond());
    let server = SimulatedServer::open(&server_dir, &clock);
    let line = SimulatedLine::to(&server, &clock, Some(GOOD));
    let tablet_dir = dir.path().join("tablet");
    let tablet = Device::open_with(&tablet_dir, line.ports(&tablet_dir));
    tablet.enrol("https://mbs.example", &code);

    // Two days without signal; the tablet tries in vain by itself meanwhile.
    line.becomes(None);
    let mut filed = Vec::new();
    for (i, words) in words().iter().skip(100).take(REQUESTS).enumerate() {
        let photos = (0..2).map(|n| new_photo((i * 2 + n) as u64, 30 + 30 * n as u32));
        filed.push(tablet.file(&New::of(words).at(RASIMPASA_PLACE).with_photos(photos)).unwrap());
        let next = clock.read() + 48 * HOUR / REQUESTS as i64;
        line.drive(&tablet.tablet, next, || false);
        clock.go_to(next);
    }
    assert_eq!(tablet.status().waiting as usize, REQUESTS * 3, "every request and every photo waits");

    // The bad line.
    line.becomes(Some(BAD));
    let (begun, before) = (clock.read(), line.carried());
    let mut words_after = None;
    let done = line.drive(&tablet.tablet, begun + 24 * HOUR, || {
        let status = tablet.status();
        if words_after.is_none() && status.waiting as usize <= REQUESTS * 2 {
            words_after = Some(clock.read() - begun);
        }
        status.waiting == 0
    });
    let (took, after) = ((clock.read() - begun) / 1_000, line.carried());
    assert!(done, "after a day of it {} things still wait: {after:?}", tablet.status().waiting);
    let photos = filed.iter().flat_map(|r| &r.photos);
    let content: u64 =
        photos.map(|p| u64::from(p.size) + tablet.tablet.photo(p.hash, true).unwrap().unwrap().len() as u64).sum();
    let (up, cuts) = (after.up - before.up, after.tried - before.tried - (after.answered - before.answered));
    println!(
        "{REQUESTS} requests, {content} B of photos and previews: {took} s of line time, {up} B up, {cuts} requests cut"
    );
    // A cut costs at most a slice of the smallest size; what has arrived is not sent again and again.
    let around = 1_000 * (after.tried - before.tried);
    assert!(up < content + cuts * u64::from(FIRST_SLICE) + around, "{up} B were sent for {content} B over {cuts} cuts");

    let tablet = Device::open_with(&tablet_dir, {
        drop(tablet);
        line.ports(&tablet_dir)
    });
    check(&tablet, &process, &filed.iter().map(|f| f.row.id).collect::<Vec<_>>(), 2);
}

#[test]
fn three_requests_arrive_over_a_really_slow_line() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    world.network.cut();
    let filed: Vec<_> = words()
        .iter()
        .skip(200)
        .take(3)
        .enumerate()
        .map(|(i, w)| {
            tablet.file(&New::of(w).at(RASIMPASA_PLACE).with_photos([new_photo(i as u64 + 5_000, 60)])).unwrap().row.id
        })
        .collect();
    world.network.slow(Some(GPRS));
    world.network.cut_each(Some(Duration::from_secs(5)));
    world.network.restore();
    tablet.settle();
    assert!(world.network.traffic().cuts > 0, "the line was cut while bytes were on it");
    let tablet = tablet.reopened();
    check(&tablet, &world.server, &filed, 1);
}

/// Everything is on the server once, whole, and the tablet knows it.
fn check(tablet: &Device, server: &Server, filed: &[mbs_shared::id::RequestId], photos: u32) {
    assert_eq!(server.records().len(), filed.len());
    for id in filed {
        let (record, request) = (server.record(*id), tablet.request(*id));
        assert_eq!((record.changes, record.photos, record.here), (1, photos, photos), "{record:?}");
        assert!(is_delivered(&request.row), "{:?}", request.row);
        for photo in &request.photos {
            let there = server.photo(photo.hash);
            assert_eq!(name_of(&there), photo.hash);
            assert_eq!(there, tablet.photo(photo.hash));
        }
    }
    assert_eq!(server.doubled(), Vec::<String>::new());
    assert_eq!(server.number("select count(*) from quarantine"), 0);
}
