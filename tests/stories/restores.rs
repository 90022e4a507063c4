//! Story 9: disks are lost. A server comes back from yesterday's backup, a tablet from an old copy of itself;
//! nothing that was acknowledged is missing afterwards, no number is given twice, and what was erased stays so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mbs_shared::blob::name_of;
use mbs_shared::routing::State;
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::Fields;
use mbs_tests::people::{CAFERAGA, RASIMPASA, RASIMPASA_PLACE, new_photo, words_about};
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::json;

fn pothole(n: usize) -> New {
    New::of(words_about("yol.cukur", n)).at(RASIMPASA_PLACE).with_photos([new_photo(900 + n as u64, 30)])
}

#[test]
fn a_server_from_yesterdays_backup_gets_back_what_the_tablets_hold() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let roads = world.unit(ROADS_ANATOLIA);
    let old = tablet.file(&pothole(0)).unwrap().row.id;
    tablet.settle();
    roads.act(old, "accept", json!({})).unwrap();
    let yesterday = world.back_up("yesterday.age");

    // Today: an answer, the muhtar's word on it, a new request that went a long way, words from the desk.
    roads.act(old, "answer", json!({ "outcome": "done", "note": "Çukur kapatıldı." })).unwrap();
    tablet.settle();
    tablet.say(old, EntryKind::Confirm, "").unwrap();
    let new = tablet.file(&pothole(1)).unwrap().row.id;
    tablet.settle();
    tablet.edit(new, Fields { addr: Some("Rıhtım Caddesi".into()), ..Fields::default() }).unwrap();
    tablet.say(new, EntryKind::Message, "Bugün bir araç daha düştü.").unwrap();
    tablet.settle();
    roads.act(new, "accept", json!({})).unwrap();
    roads.act(new, "ask", json!({ "note": "Hangi numaranın önü?" })).unwrap();
    roads.post(&format!("requests/{new}/say"), &json!({ "text": "Ekip yarın orada." })).unwrap();
    tablet.settle();
    tablet.say(new, EntryKind::Answer, "12 numaranın önü.").unwrap();
    tablet.settle();
    let before = [old, new].map(|id| (world.server.record(id), world.server.proofs(id), tablet.request(id)));
    assert_eq!(before[0].2.row.state, Some(State::Closed));

    // The disk is lost. Someone else is quicker than the tablet that knows.
    world.restore_server(&yesterday, false);
    let base = world.server.url();
    assert_eq!(world.server.records().len(), 1);
    let other = world.tablet(CAFERAGA);
    let stranger = other.file(&New::of(words_about("yol.cukur", 2))).unwrap().row.id;
    other.settle();

    tablet.settle();
    for (record, proofs_before, shown) in &before {
        let id = record.id;
        assert_eq!(world.server.record(id), *record);
        assert_eq!(world.server.proofs(id), *proofs_before);
        let now = tablet.request(id);
        assert_eq!(now.row.official_no, shown.row.official_no);
        assert_eq!(now.row.state, shown.row.state);
        assert_eq!(now.timeline.len(), shown.timeline.len());
        assert!(is_delivered(&now.row), "{:?}", now.row);
        assert_eq!(name_of(&world.server.photo(now.photos[0].hash)), now.photos[0].hash);
    }
    let numbers: BTreeSet<String> = world.server.records().into_iter().map(|r| r.no).collect();
    assert_eq!(numbers.len(), 3);
    assert!(world.server.record(stranger).no > before[1].0.no);
    assert_eq!(world.server.number("select count(*) from quarantine"), 0);
    assert_eq!(world.server.doubled(), Vec::<String>::new());
    drop(world.server.run(&["verify"]));

    // The desk goes on where it stood, and so does the tablet.
    let roads = roads.at(&base);
    roads.act(new, "answer", json!({ "outcome": "done", "note": "Yapıldı." })).unwrap();
    tablet.settle();
    assert_eq!(tablet.request(new).row.state, Some(State::Concluded));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_tablet_from_an_old_copy_of_itself_finds_its_way_back() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let first = tablet.file(&pothole(3)).unwrap().row.id;
    // One more is written but not sent when the copy is made.
    world.network.cut();
    let waiting = tablet.file(&pothole(4)).unwrap().row.id;
    let dir = tablet.dir.clone();
    drop(tablet);
    copy(&dir, &world.folder("copy"));
    world.network.restore();
    let tablet = Device::open(&dir);
    tablet.settle();
    tablet.edit(first, Fields { addr: Some("Rıhtım Caddesi".into()), ..Fields::default() }).unwrap();
    tablet.say(waiting, EntryKind::Message, "Unutuldu mu?").unwrap();
    let later = tablet.file(&pothole(5)).unwrap().row.id;
    tablet.settle();
    let shown = [first, waiting, later].map(|id| tablet.request(id));
    drop(tablet);

    // The tablet breaks; the copy is all there is. It edits at once, before it hears of anything.
    fs::remove_dir_all(&dir).unwrap();
    copy(&world.folder("copy"), &dir);
    let tablet = Device::open(&dir);
    tablet.edit(first, Fields { title: Some("Okul önünde çukur".into()), ..Fields::default() }).unwrap();
    let fresh = tablet.file(&pothole(6)).unwrap().row.id;
    tablet.settle();
    tablet.settle();
    for before in &shown {
        let now = tablet.request(before.row.id);
        assert_eq!(now.row.case_no, before.row.case_no);
        assert_eq!(now.row.official_no, before.row.official_no);
        assert_eq!(now.desc, before.desc);
    }
    let edited = tablet.request(first);
    assert_eq!((edited.title.as_str(), edited.row.addr.as_str()), ("Okul önünde çukur", "Rıhtım Caddesi"));
    assert!(tablet.request(waiting).thread.iter().any(|e| e.text == "Unutuldu mu?"));
    let cases: BTreeSet<String> = tablet.requests().into_iter().map(|r| r.case_no).collect();
    assert_eq!((cases.len(), world.server.records().len()), (4, 4));
    assert!(is_delivered(&tablet.request(fresh).row));
    assert_eq!(tablet.status().quarantined, 0);
    assert_eq!(world.server.doubled(), Vec::<String>::new());
}

#[test]
fn what_was_erased_stays_erased_whatever_comes_back() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let away = world.tablet(RASIMPASA);
    let (erased, kept) = (tablet.file(&pothole(7)).unwrap().row.id, tablet.file(&pothole(8)).unwrap().row.id);
    tablet.settle();
    away.settle();
    let photo = tablet.request(erased).photos[0].hash;
    let yesterday = world.back_up("yesterday.age");
    let reason = ["erase", &erased.to_string(), "--reason", "Dilekçe, 25.11.2026"].map(str::to_owned);
    drop(world.server.run(&reason.each_ref().map(String::as_str)));
    tablet.settle();
    assert!(tablet.requests().iter().all(|r| r.id != erased));
    assert!(
        tablet.tablet.photo(photo, false).unwrap().is_none() && tablet.tablet.photo(photo, true).unwrap().is_none()
    );
    assert!(!world.server.files().contains_key(&photo.to_string()));

    // The one that was away holds it still, and writes on it; the server comes back from before the erasure.
    world.network.cut();
    away.edit(erased, Fields { addr: Some("Rıhtım Caddesi".into()), ..Fields::default() }).unwrap();
    world.restore_server(&yesterday, true);
    world.network.restore();
    for device in [&tablet, &away] {
        device.settle();
        let left: Vec<_> = device.requests().into_iter().map(|r| r.id).collect();
        assert_eq!(left, [kept]);
        assert_eq!(device.status().quarantined, 0);
    }
    assert!(away.tablet.photo(photo, false).unwrap().is_none());
    assert_eq!(world.server.records().len(), 1);
    assert!(!world.server.files().contains_key(&photo.to_string()));
    drop(world.server.run(&["verify"]));
}

#[test]
fn a_new_tablet_in_place_of_a_lost_one_has_everything() {
    let mut world = World::begin();
    let lost = world.tablet(RASIMPASA);
    let roads = world.unit(ROADS_ANATOLIA);
    let ids: Vec<_> = (9..13).map(|n| lost.file(&pothole(n)).unwrap().row.id).collect();
    lost.settle();
    roads.act(ids[0], "accept", json!({})).unwrap();
    roads.post(&format!("requests/{}/say", ids[0]), &json!({ "text": "Ekip yarın orada." })).unwrap();
    lost.settle();
    let shown: Vec<_> = ids.iter().map(|id| lost.request(*id)).collect();
    drop(lost);

    let new = world.tablet(RASIMPASA);
    new.settle();
    for before in shown {
        let now = new.request(before.row.id);
        assert_eq!(now.desc, before.desc);
        assert_eq!(now.row.official_no, before.row.official_no);
        assert_eq!(now.row.state, before.row.state);
        assert_eq!(now.thread.len(), before.thread.len());
        assert_eq!(now.photos.len(), before.photos.len());
        assert!(is_delivered(&now.row));
    }
}
