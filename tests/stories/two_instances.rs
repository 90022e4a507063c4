//! Two servers side by side on one PostgreSQL database and one S3 store; tablets, the desk and programs come to
//! either by chance. Whatever is killed, nothing acknowledged is lost or doubled.
//!
//! 8 kills; 200 with `MBS_LONG=1`, more by `cargo kills`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mbs_shared::blob::name_of;
use mbs_shared::id::RequestId;
use mbs_shared::routing::{Outcome, State};
use mbs_shared::wire::blob::FIRST_SLICE;
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::view::{Link, Transport};
use mbs_tests::instances::{Hopper, Instances};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, new_photo, words, words_about};
use mbs_tests::process::{self, wait_until};
use mbs_tests::staff::all_updates;
use mbs_tests::tablet::{Door, New, is_delivered};
use mbs_tests::unruly::{Prank, Unruly};
use mbs_tests::world::{ROADS_ANATOLIA, SERVERS, TRAFFIC};
use serde_json::{Value, json};

const ANSWER: &str = "Çukur sıcak asfaltla kapatıldı.";
const REASON: &str = "Duba değil, kaldırım onarımı isteniyor; yol bakımın işidir.";

/// This very program again on two servers, one PostgreSQL and one S3 store: every story but those that are about the data
/// folder (its backups, its releases, its files), those with kills of their own above, and those of browser and virtual clock, which
/// play on one server in one process. One alone: `MBS_SERVERS=two cargo test -p mbs-tests --all-features --test stories NAME`.
#[test]
fn the_same_stories_pass_on_two_servers_between_which_everyone_hops() {
    const ONE_FOLDER: [&str; 13] = [
        "two_instances::",
        "kills::",
        "restores::a_server_from",
        "restores::what_was_erased",
        "releases::",
        "played::",
        "command_line::a_request",
        "command_line::practice",
        "command_line::the_browser",
        "command_line::the_desk",
        "desk_browser::",
        "fortnight::",
        "two_days_offline::forty",
    ];
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(ONE_FOLDER.iter().flat_map(|name| ["--skip", name])).env(SERVERS, "two");
    let again = again.output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success(), "{said}{}", String::from_utf8_lossy(&again.stderr));
    println!("{said}");
}

/// Sends and fetches until nothing waits, at a server of its own choosing each time.
fn settle(city: &mut Instances, tablet: &Hopper) {
    wait_until("the outbox is empty", || {
        city.hop(tablet);
        let summary = tablet.device.sync();
        !summary.cut && summary.waiting == 0
    });
}

/// Everything is there once, whole, and the tablet knows it.
fn everything_once(city: &Instances, tablet: &Hopper, filed: &[RequestId]) {
    let server = &city.servers[0];
    let records = server.records();
    assert_eq!(records.len(), filed.len());
    let numbers: BTreeSet<_> = records.iter().map(|r| r.no.clone()).collect();
    assert_eq!(numbers.len(), filed.len(), "official numbers are never given twice");
    for id in filed {
        let (record, request) = (server.record(*id), tablet.device.request(*id));
        assert!(is_delivered(&request.row), "{:?}", request.row);
        assert_eq!((record.photos, record.here), (request.photos.len() as u32, record.photos), "{record:?}");
        assert_eq!(request.row.official_no, Some(record.no));
        for photo in &request.photos {
            assert_eq!(name_of(&server.photo(photo.hash)), photo.hash);
        }
    }
    assert_eq!(server.doubled(), Vec::<String>::new());
    assert_eq!(server.number("select count(*) from quarantine"), 0);
    let gaps = "select max(seq) - count(*) - min(seq) + 1 from feed";
    assert_eq!(server.number(gaps), 0, "the feed has no gap");
    assert_eq!(
        server.number("select count(distinct n) - count(*) from (select no as n from request) x"),
        0,
        "one series of numbers over both"
    );
}

#[test]
fn the_main_job_with_photos_resumed_at_the_other_instance() {
    let mut city = Instances::begin(1);
    let tablet = city.tablet(RASIMPASA);
    let roads = city.staff(ROADS_ANATOLIA, "Birim Sorumlusu", "approver", ROADS_ANATOLIA);
    let mut program = city.directorate(ROADS_ANATOLIA);
    let photos = [new_photo(71, 120), new_photo(72, 160)];
    let filed =
        tablet.device.file(&New::of(words_about("yol.cukur", 3)).at(RASIMPASA_PLACE).with_photos(photos)).unwrap();
    let id = filed.row.id;

    // The line dies each 50 KB and leads to a server by chance; photos go on there where they ended.
    let content: u64 = filed.photos.iter().map(|p| u64::from(p.size)).sum();
    tablet.network.cut_each_bytes(Some(50_000));
    settle(&mut city, &tablet);
    tablet.network.cut_each_bytes(None);
    let traffic = tablet.network.traffic();
    assert!(traffic.cuts > 3, "{traffic:?}");
    // A hop is a cut too, and may come while nothing is on its way.
    let spare = traffic.cuts * u64::from(FIRST_SLICE) + 1_500 * traffic.connections + 60_000;
    assert!(traffic.up < content + spare, "{traffic:?} for {content} B");

    // The desk at one, the muhtar and the program at the other.
    let [here, there] = [city.servers[0].url(), city.servers[1].url()];
    let roads = roads.at(&here);
    roads.act(id, "accept", json!({})).unwrap();
    let answered = roads.at(&there).act(id, "answer", json!({ "outcome": "done", "note": ANSWER })).unwrap();
    if answered["row"]["state"] == "answer_pending" {
        roads.act(id, "approve", json!({})).unwrap();
    }
    settle(&mut city, &tablet);
    let request = tablet.device.request(id);
    assert_eq!(request.row.state, Some(State::Concluded));
    assert_eq!(request.answer.unwrap().outcome, Outcome::Done);
    let updates = all_updates(&mut program);
    assert!(updates.iter().any(|u| u["event"]["note"] == ANSWER), "{updates:?}");
    everything_once(&city, &tablet, &[id]);
}

#[test]
fn lost_and_doubled_pushes_that_hop_arrive_once() {
    let mut city = Instances::begin(2);
    let tablet = city.tablet(RASIMPASA);
    let mut filed: Vec<RequestId> = Vec::new();
    for n in 0..6_u64 {
        let new = New::of(&words()[50 + n as usize]).at(RASIMPASA_PLACE).with_photos([new_photo(9_000 + n, 12)]);
        filed.push(tablet.device.file(&new).unwrap().row.id);
        // One server takes it and its answer is lost; the other one is asked next.
        let path = if n % 2 == 0 { "/v1/sync" } else { "/v1/blobs" };
        let before = tablet.network.traffic().lost_answers;
        tablet.network.lose_answers(path, 1);
        wait_until("the answer was lost", || {
            city.hop(&tablet);
            tablet.device.sync();
            tablet.network.traffic().lost_answers > before
        });
    }
    // The same bytes twice, one of them at either server.
    for prank in [Prank::Twice, Prank::HoldBack, Prank::LoseAnswer, Prank::Twice] {
        city.hop(&tablet);
        tablet.device.say(filed[0], EntryKind::Add, "Bir de fotoğrafını ekledim.").unwrap();
        tablet.device.sync_over(&mut Unruly::new(tablet.device.line(), "/v1/sync", [prank, prank]));
    }
    settle(&mut city, &tablet);
    everything_once(&city, &tablet, &filed);
    let entries = "select count(*) from feed where kind = 1";
    assert_eq!(city.servers[1].number(entries), 4, "each entry once");
}

#[test]
fn every_update_comes_once_to_a_program_that_hops() {
    let mut city = Instances::begin(3);
    let tablet = city.tablet(RASIMPASA);
    let triage = city.staff("muhtarliklar", "Muhtarlıklar Müdürlüğü", "triage", "");
    let traffic = city.staff(TRAFFIC, "Birim Sorumlusu", "approver", TRAFFIC);
    let roads = city.staff(ROADS_ANATOLIA, "Birim Sorumlusu", "approver", ROADS_ANATOLIA);
    let mut programs = [city.directorate(TRAFFIC), city.directorate(ROADS_ANATOLIA)].map(|p| (p, Vec::<Value>::new()));
    let mut new = New::of(words_about("yol.kaldirim-bozuk", 2)).at(RASIMPASA_PLACE);
    new.category = None;
    let ids: Vec<_> = (0..3).map(|_| tablet.device.file(&new).unwrap().row.id).collect();
    settle(&mut city, &tablet);

    for id in &ids {
        let steps = [
            (&triage, "route", json!({ "unit": TRAFFIC })),
            (&traffic, "return", json!({ "note": REASON })),
            (&triage, "route", json!({ "unit": ROADS_ANATOLIA })),
            (&roads, "accept", json!({})),
            (&roads, "answer", json!({ "outcome": "done", "note": ANSWER })),
        ];
        for (who, action, more) in steps {
            let at = city.any().url();
            who.at(&at).act(*id, action, more).unwrap();
            for (program, got) in &mut programs {
                *program = program.restarted(&city.any().url());
                got.extend(all_updates(program));
            }
        }
    }
    for (program, got) in &programs {
        let seqs: Vec<_> = got.iter().map(|u| u["seq"].as_i64().unwrap()).collect();
        assert!(seqs.is_sorted() && seqs.iter().collect::<BTreeSet<_>>().len() == seqs.len(), "{seqs:?}");
        let mut fresh = program.restarted(&city.any().url());
        fresh.after = String::new();
        let all: Vec<_> = all_updates(&mut fresh).iter().map(|u| u["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, all);
    }
    let left = programs[0].1.iter().filter(|u| u["kind"] == "left").count();
    assert_eq!(left, ids.len(), "the unit that lost them was told");
    settle(&mut city, &tablet);
    for id in &ids {
        let request = tablet.device.request(*id);
        let whats: Vec<_> = request.timeline.iter().map(|s| s.what.as_str()).collect();
        let order = ["reviewed", "routed", "returned", "routed", "accepted"];
        let mut rest = whats.iter();
        assert!(order.iter().all(|want| rest.any(|what| what == want)), "{whats:?}");
    }
    everything_once(&city, &tablet, &ids);
}

#[test]
fn a_tablet_revoked_beside_one_server_is_refused_at_both() {
    let mut city = Instances::begin(4);
    for which in 0..2 {
        let tablet = city.tablet(RASIMPASA);
        tablet.network.lead_to(city.servers[which].addr());
        assert!(!tablet.device.sync().cut);
        assert_eq!(tablet.device.status().link, Link::Online);
        let prefix = tablet.device.status().identity.unwrap().prefix;
        let _ = city.servers[0].run(&["revoke", "--tablet", &prefix]);
        wait_until("the server refuses it", || {
            tablet.device.sync();
            tablet.device.status().link == Link::Revoked
        });
    }
}

fn kills() -> u64 {
    process::kills(8)
}

#[test]
fn killed_servers_and_a_killed_postgresql_lose_nothing_acknowledged() {
    let mut city = Instances::begin(process::seed(5));
    let tablet = city.tablet(RASIMPASA);
    let mut filed = Vec::new();
    let mut killed = [0_u32; 3];
    for life in 0..kills() {
        for n in 0..3 {
            let words = &words()[city.dice.below(words().len() as u64) as usize];
            let photo = new_photo(1 << 41 | life << 8 | n, 10 + city.dice.below(20) as u32);
            filed.push(tablet.device.file(&New::of(words).at(RASIMPASA_PLACE).with_photos([photo])).unwrap().row.id);
        }
        city.hop(&tablet);
        let what = (life + city.dice.below(2)) as usize % 3;
        killed[what] += 1;
        // The tablet sends in its own thread, over and over; after so many bytes something is killed.
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    tablet.device.sync();
                }
            });
            let _ = tablet.network.wait_for_bytes(1 + city.dice.below(90_000), Duration::from_secs(5));
            thread::sleep(Duration::from_micros(city.dice.below(3_000)));
            match what {
                2 => city.cluster.kill(),
                server => city.servers[server].kill(),
            }
            stop.store(true, Ordering::SeqCst);
            sending.join().unwrap();
        });
        match what {
            2 => city.cluster.start_again(),
            server => city.servers[server].restart(),
        }
        city.hop(&tablet);
        // At this moment, before anything is sent again: what the tablet was told is there.
        let there: BTreeMap<_, _> = city.servers[0].records().into_iter().map(|r| (r.id, r)).collect();
        for row in tablet.device.requests().iter().filter(|r| r.transport == Transport::Delivered) {
            let record = &there[&row.id];
            assert!(record.here >= u32::from(row.photos_delivered), "{row:?} {record:?}");
            assert!(row.official_no.as_ref().is_none_or(|no| *no == record.no));
        }
    }
    settle(&mut city, &tablet);
    println!(
        "kills: server 1 {}, server 2 {}, PostgreSQL {}; {} requests",
        killed[0],
        killed[1],
        killed[2],
        filed.len()
    );
    assert!(killed.iter().all(|n| *n > 0));
    everything_once(&city, &tablet, &filed);
}
