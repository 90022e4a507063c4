//! Story 1: a muhtar without signal files a request with three photos and a place; later the tablet finds
//! the network; the server numbers and routes it; the directorate answers; the answer stands on the
//! tablet; the directorate's own program has pulled it.

use mbs_shared::blob::{MAX_BYTES, MAX_EDGE, name_of};
use mbs_shared::routing::{Outcome, State};
use mbs_tablet::door::view::{Link, Transport};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, twelve_megapixels, words_about};
use mbs_tests::server::PASSWORD;
use mbs_tests::staff::all_updates;
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::{Value, json};

const ANSWER: &str = "Çukur 12 Haziran'da sıcak asfaltla kapatıldı; yeriniz için teşekkür ederiz.";

#[test]
fn a_request_goes_the_whole_way() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let roads = world.unit(ROADS_ANATOLIA);
    let mut program = world.directorate(ROADS_ANATOLIA);

    // Without signal: saved at once, numbered at once, waiting.
    world.network.cut();
    let words = words_about("yol.cukur", 3);
    let photos: Vec<_> = (0..3).map(|n| twelve_megapixels(n).to_vec()).collect();
    let filed = tablet.file(&New::of(words).at(RASIMPASA_PLACE).with_photos(photos)).unwrap();
    let id = filed.row.id;
    assert_eq!(filed.row.transport, Transport::Queued);
    assert_eq!((filed.row.photos, filed.row.photos_delivered), (3, 0));
    assert!(filed.place.as_ref().is_some_and(|p| p.own), "the place lies in the muhtar's own neighbourhood");
    assert!(filed.row.case_no.parse::<mbs_shared::id::CaseNo>().is_ok());
    assert!(tablet.sync().cut);
    assert_eq!(tablet.status().link, Link::Offline);
    assert!(world.server.records().is_empty());

    // The battery is pulled: nothing but the folder is left.
    let tablet = tablet.reopened();
    assert_eq!(tablet.request(id).desc, words.text);
    assert_eq!(tablet.request(id).photos.len(), 3);

    // The network is back.
    world.network.restore();
    tablet.settle();
    let row = tablet.request(id).row;
    assert!(is_delivered(&row), "{row:?}");
    assert!(tablet.outbox().items.is_empty());

    // In the server's database: once, numbered, routed by its category; photos byte for byte.
    let record = world.server.record(id);
    assert_eq!(row.official_no.as_deref(), Some(record.no.as_str()));
    assert_eq!(record.unit, ROADS_ANATOLIA);
    assert_eq!(record.muhtarlik, RASIMPASA.neighbourhood);
    assert_eq!((record.changes, record.photos, record.here), (1, 3, 3));
    for photo in tablet.request(id).photos {
        let there = world.server.photo(photo.hash);
        assert_eq!(name_of(&there), photo.hash);
        assert_eq!(there, tablet.photo(photo.hash));
        assert!(there.len() <= MAX_BYTES as usize && u32::from(photo.width.max(photo.height)) <= MAX_EDGE);
        let shown = image::load_from_memory(&there).unwrap();
        assert_eq!((shown.width(), shown.height()), (u32::from(photo.width), u32::from(photo.height)));
    }

    // The directorate takes it on and answers.
    let seen = roads.open(id).unwrap();
    assert_eq!(seen["desc"], words.text.as_str());
    // And the server knows of its tablet what it says of itself.
    assert_eq!(world.server.number("select count(*) from device where free > 0"), 1);
    assert_eq!(seen["photos"].as_array().unwrap().iter().filter(|p| p["here"] == true).count(), 3);
    roads.act(id, "accept", json!({})).unwrap();
    let answered = roads.act(id, "answer", json!({ "outcome": "done", "note": ANSWER })).unwrap();
    if answered["row"]["state"] == "answer_pending" {
        roads.act(id, "approve", json!({})).unwrap();
    }

    // The answer stands on the tablet, also after it was closed and opened.
    tablet.settle();
    let tablet: Device = tablet.reopened();
    let request = tablet.request(id);
    assert_eq!(request.row.state, Some(State::Concluded));
    let answer = request.answer.clone().unwrap();
    assert_eq!((answer.text.as_str(), answer.outcome), (ANSWER, Outcome::Done));
    assert!(request.row.needs_me, "the muhtar is asked whether it is done");

    // The directorate's own program has pulled the same answer, with the same number.
    let updates = all_updates(&mut program);
    let concluded = updates.iter().find(|u| u["event"]["what"] == "concluded").expect("the answer was pulled");
    assert_eq!(concluded["event"]["note"], ANSWER);
    assert_eq!(concluded["number"], record.no.as_str());
    let entered = updates.iter().find(|u| u["kind"] == "entered").expect("it entered the unit");
    assert_eq!(entered["content"]["description"], words.text.as_str());

    // And the muhtar confirms it.
    tablet.say(id, mbs_shared::wire::entry::EntryKind::Confirm, "").unwrap();
    tablet.settle();
    assert_eq!(tablet.request(id).row.state, Some(State::Closed));
    assert_eq!(world.server.doubled(), Vec::<String>::new());

    // The log tells what happened, line by line, and nothing of anybody's.
    let log = world.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.iter().any(|line| line["message"] == "a tablet was enrolled"), "{log}");
    let start = |text: &str| text.chars().take(15).collect::<String>();
    let place = [RASIMPASA_PLACE.lat, RASIMPASA_PLACE.lon].map(|degrees| degrees.to_string());
    for secret in [&start(&words.text), &start(ANSWER), RASIMPASA.person, &place[0], &place[1], PASSWORD] {
        assert!(!log.contains(secret), "{secret} stands in the log");
    }
}
