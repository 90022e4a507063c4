//! The desk speaks first. What came by telephone is on the muhtar's tablet like anything he filed himself; an
//! announcement opens an app that is open, is read without a network, and the desk hears who has read it.

use mbs_shared::routing::{Channel, State};
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::capture::photo::preview;
use mbs_tablet::door::announcements::Announcement;
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::ports::Ports;
use mbs_tablet::sync::driver::Driver;
use mbs_tests::people::{BINBIRDIREK, RASIMPASA, new_photo};
use mbs_tests::process::wait_until;
use mbs_tests::simulated::VirtualClock;
use mbs_tests::staff::Staff;
use mbs_tests::tablet::{Device, Door};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::{Value, json};

const ID: &str = "5c0ffee15c0ffee15c0ffee15c0ffee1";
const WORDS: &str = "Arayan, Ilgın Sokak’ta yolun çöktüğünü söyledi.";

#[test]
fn what_came_by_telephone_goes_the_whole_way() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let triage = world.triage();
    let hash = triage.add_photo(new_photo(7, 40)).unwrap();
    let form = json!({
        "id": ID, "channel": "phone", "muhtarlik": RASIMPASA.neighbourhood, "category": "yol.cukur", "kind": "complaint", "title": "",
        "desc": WORDS, "addr": "Ilgın Sokak 4", "place": [40.9962, 29.0295], "discreet": false, "photos": [hash],
    });
    let entered = triage.post("requests", &form).unwrap();
    // The page was sent twice; the server was killed in between.
    world.kill_server();
    let triage = triage.at(&world.url());
    assert_eq!(triage.post("requests", &form).unwrap(), entered);

    tablet.settle();
    let id = ID.parse().unwrap();
    let request = tablet.request(id);
    assert_eq!((request.desc.as_str(), request.row.official_no.as_deref()), (WORDS, entered["no"].as_str()));
    assert_eq!(request.timeline.iter().find(|s| s.what == "received").unwrap().channel, Some(Channel::Phone));
    assert_eq!(request.photos.len(), 1);

    // It is his: he corrects it, it is worked on, he confirms.
    let set = Fields { addr: Some("Ilgın Sokak 6".into()), ..Fields::default() };
    tablet.edit(id, set).unwrap();
    tablet.settle();
    assert_eq!(triage.open(id).unwrap()["addr"], "Ilgın Sokak 6");
    let unit = world.unit(ROADS_ANATOLIA);
    unit.act(id, "accept", json!({})).unwrap();
    unit.act(id, "answer", json!({ "outcome": "done", "note": "Çökme kapatıldı." })).unwrap();
    tablet.settle();
    tablet.say(id, EntryKind::Confirm, "").unwrap();
    tablet.settle();
    assert_eq!(tablet.request(id).row.state, Some(State::Closed));
    let reopened = tablet.reopened();
    assert_eq!(reopened.requests().len(), 1);
    drop(world.server.run(&["verify"]));
}

fn announce(triage: &Staff, urgent: bool, title: &str) -> i64 {
    let new = json!({ "audience": "district:kadikoy", "urgent": urgent, "title": title, "text": "Ayrıntılar." });
    triage.post("announcements", &new).unwrap()[0]["id"].as_i64().unwrap()
}

fn seen(triage: &Staff) -> Vec<(i64, i64)> {
    let list: Value = triage.get("announcements").unwrap();
    let of = |one: &Value, field: &str| one[field].as_i64().unwrap();
    list.as_array().unwrap().iter().map(|one| (of(one, "id"), of(one, "seen"))).collect()
}

#[test]
fn an_announcement_is_heard_read_without_a_network_and_counted() {
    let world = World::begin();
    let triage = world.triage();
    // A clock that stands still: no poll is ever due, what comes was told by a wake-up.
    let dir = world.folder("open");
    let clock = VirtualClock::at(mbs_tablet::ports::Clock::now(&mbs_tablet::ports::system::SystemClock));
    let device = Device::open_with(&dir, Ports { clock, ..Ports::system(&dir) });
    device.enrol(&world.network.url(), &world.server.enrol_code(RASIMPASA));
    let driver = Driver::start(&device.tablet, || {});
    wait_until("the tablet listens", || device.status().last_contact.is_some());

    let storm = announce(&triage, true, "Fırtına uyarısı");
    wait_until("the urgent one is on the open tablet", || {
        device.status().urgent.is_some_and(|one| one.id == storm && one.title == "Fırtına uyarısı")
    });
    let water = announce(&triage, false, "Su kesintisi");
    wait_until("both are there", || device.status().unread == 2);

    // Read in a cellar; the desk hears of it when the line is back.
    world.network.cut();
    let () = device.call::<Value>(Call::ReadAnnouncement { id: storm }).map(drop).unwrap();
    assert_eq!((device.status().urgent.is_none(), device.status().unread), (true, 1));
    assert_eq!(seen(&triage), [(water, 0), (storm, 0)]);
    drop(driver);
    let device = device.reopened();
    let kept: Vec<Announcement> = device.call(Call::Announcements).unwrap();
    assert_eq!(kept.iter().map(|a| (a.id, a.seen.is_some())).collect::<Vec<_>>(), [(water, false), (storm, true)]);
    world.network.restore();
    device.settle();
    assert_eq!(seen(&triage), [(water, 0), (storm, 1)]);

    // What is taken back goes.
    triage.post(&format!("announcements/{water}/withdraw"), &json!({})).unwrap();
    device.settle();
    assert_eq!(device.call::<Vec<Announcement>>(Call::Announcements).unwrap().len(), 1);
}

#[test]
fn an_announcement_s_photo_comes_when_it_is_opened_and_goes_with_it() {
    let mut world = World::begin();
    let triage = world.triage();
    let (tablet, far) = (world.tablet(RASIMPASA), world.tablet(BINBIRDIREK));
    let bytes = new_photo(7, 40);
    let small = preview(&bytes).unwrap();
    let hash = triage.add_photo(bytes).unwrap();
    triage.add_preview(&hash, small.clone()).unwrap();
    let name = hash.parse().unwrap();
    let new = json!({ "audience": "district:kadikoy", "urgent": false, "title": "Yol kapalı", "text": "Haritadaki gibi.", "photos": [hash] });
    let id = triage.post("announcements", &new).unwrap()[0]["id"].as_i64().unwrap();
    tablet.settle();
    far.settle();
    let shown = || tablet.call::<Vec<Announcement>>(Call::Announcements).unwrap().remove(0).photos;
    assert_eq!(shown().iter().map(|photo| (photo.here, photo.thumb)).collect::<Vec<_>>(), [(false, true)]);
    assert_eq!(tablet.tablet.photo(name, true).unwrap().unwrap(), small);
    tablet.call::<()>(Call::FetchAnnouncedPhoto { id, hash: name }).unwrap();
    tablet.settle();
    assert!(shown()[0].here);
    assert_eq!(tablet.photo(name), world.server.photo(name), "bit-equal");
    assert_eq!(far.call::<Vec<Announcement>>(Call::Announcements).unwrap().len(), 0);

    triage.post(&format!("announcements/{id}/withdraw"), &json!({})).unwrap();
    tablet.settle();
    assert_eq!(tablet.tablet.photo(name, true).unwrap(), None);
    drop(world.server.run(&["verify"]));
}
