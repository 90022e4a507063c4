//! What every released version left behind is taken over: a server's folder, and the folder of a tablet with a full
//! outbox that never saw a network since. Before a release its folders are kept: `MBS_KEEP_RELEASE=0.1 cargo test -p
//! mbs-tests --test stories releases`, and committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mbs_shared::routing::State;
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::view::Transport;
use mbs_tablet::door::{Call, Fields};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, new_photo, root, words_about};
use mbs_tests::server::PASSWORD;
use mbs_tests::staff::{Staff, all_updates};
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::{ROADS_ANATOLIA, World, copy_folder};
use serde::{Deserialize, Serialize};
use serde_json::json;

const ANSWER: &str = "Çukur sıcak asfaltla kapatıldı.";
const MESSAGE: &str = "Yanındaki kapak da oynuyor.";
const CORRECTED: &str = "Köşedeki eczanenin önü";

/// A request as the tablet of that release showed it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Shown {
    transport: Transport,
    case_no: String,
    official_no: Option<String>,
    state: Option<State>,
    desc: String,
    addr: String,
    thread: Vec<String>,
    photos: Vec<String>,
    answer: Option<String>,
}

/// What was true when the folders were kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    requests: BTreeMap<String, Shown>,
    waiting: u32,
    api_key: String,
}

fn shown(tablet: &Device) -> BTreeMap<String, Shown> {
    let all = tablet.requests().into_iter().map(|row| {
        let request = tablet.request(row.id);
        let shown = Shown {
            transport: row.transport,
            case_no: row.case_no.clone(),
            official_no: row.official_no.clone(),
            state: row.state,
            desc: request.desc.clone(),
            addr: row.addr.clone(),
            thread: request.thread.iter().map(|entry| entry.text.clone()).collect(),
            photos: request.photos.iter().map(|photo| photo.hash.to_string()).collect(),
            answer: request.answer.map(|answer| answer.text),
        };
        (row.id.to_string(), shown)
    });
    all.collect()
}

fn releases() -> PathBuf {
    root().join("tests/fixtures/releases")
}

/// Leaves the folders of this version as a fixture.
fn keep(folder: &Path) {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let roads = world.unit(ROADS_ANATOLIA);
    let api_key = world.server.add_key(ROADS_ANATOLIA);
    let new = |n: usize, photos: u64| {
        let photos = (0..photos).map(|seed| new_photo(seed * 10 + n as u64, 24));
        New::of(words_about("yol.cukur", n)).at(RASIMPASA_PLACE).with_photos(photos)
    };
    let answered = tablet.file(&new(0, 1)).unwrap().row.id;
    let open = tablet.file(&new(1, 1)).unwrap().row.id;
    tablet.settle();
    roads.act(answered, "accept", json!({})).unwrap();
    let done = roads.act(answered, "answer", json!({ "outcome": "done", "note": ANSWER })).unwrap();
    if done["row"]["state"] == "answer_pending" {
        roads.act(answered, "approve", json!({})).unwrap();
    }
    tablet.settle();
    // Everything a tablet can hold while there is no network.
    world.network.cut();
    tablet.file(&new(2, 2)).unwrap();
    tablet.file(&new(3, 0)).unwrap();
    tablet.edit(open, Fields { addr: Some(CORRECTED.into()), ..Fields::default() }).unwrap();
    tablet.say(open, EntryKind::Message, MESSAGE).unwrap();
    tablet.say(answered, EntryKind::Object, "Yine çöktü.").unwrap();
    tablet.draft(&new(4, 1)).unwrap();
    let kept = Kept { requests: shown(&tablet), waiting: tablet.status().waiting, api_key };
    let dir = tablet.dir.clone();
    drop(tablet);
    world.server.stop();
    fs::remove_dir_all(folder).ok();
    copy_folder(&dir, &folder.join("tablet")).unwrap();
    copy_folder(&world.server.dir, &folder.join("server")).unwrap();
    // Room set aside for bad days: eight megabytes that hold nothing, made anew where they are missing.
    fs::remove_file(folder.join("tablet/mbs.reserve")).ok();
    fs::write(folder.join("kept.json"), serde_json::to_vec_pretty(&kept).unwrap()).unwrap();
}

#[test]
fn folders_of_every_release_are_taken_over_with_a_full_outbox() {
    if let Ok(version) = std::env::var("MBS_KEEP_RELEASE") {
        keep(&releases().join(version));
    }
    let mut played = 0;
    for release in fs::read_dir(releases()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        take_over(&release);
        played += 1;
    }
    assert!(played > 0, "no release was kept");
}

fn take_over(release: &Path) {
    let name = release.display();
    let kept: Kept = serde_json::from_slice(&fs::read(release.join("kept.json")).unwrap()).unwrap();
    let world = World::taken_over(&release.join("server"));
    let folder = world.folder("tablet");
    copy_folder(&release.join("tablet"), &folder).unwrap();

    // Without a network everything stands there as it did.
    let tablet = Device::open(&folder);
    assert_eq!(shown(&tablet), kept.requests, "{name}");
    assert_eq!((tablet.status().waiting, tablet.status().notices.len()), (kept.waiting, 0), "{name}");
    assert!(kept.waiting > 5);

    // With one, all of it goes to the server of today, once.
    let line = || tablet.tablet.connect(&world.network.url()).unwrap();
    tablet.settle_over(line().as_mut());
    let status = tablet.status();
    assert_eq!((status.waiting, status.quarantined), (0, 0), "{name}");
    let (drafts, sent): (Vec<_>, Vec<_>) =
        tablet.requests().into_iter().partition(|row| row.transport == Transport::Draft);
    assert_eq!(drafts.len(), 1, "{name}: a draft stays one");
    assert!(sent.iter().all(is_delivered), "{name}: {sent:?}");
    assert_eq!(world.server.records().len(), sent.len(), "{name}");
    for row in &sent {
        let (record, request, before) =
            (world.server.record(row.id), tablet.request(row.id), &kept.requests[&row.id.to_string()]);
        assert_eq!(row.official_no.as_deref(), Some(record.no.as_str()));
        assert!(before.official_no.is_none() || before.official_no == row.official_no, "{name}: a number is for ever");
        assert_eq!((&row.case_no, &request.desc), (&before.case_no, &before.desc));
        assert_eq!(record.photos, record.here);
        assert!(request.photos.iter().all(|p| world.server.photo(p.hash) == tablet.photo(p.hash)), "{name}");
    }
    let answered = sent.iter().find(|row| kept.requests[&row.id.to_string()].answer.is_some()).unwrap();
    assert_ne!(answered.state, Some(State::Concluded), "{name}: the objection that waited has counted");
    assert!(tablet.request(answered.id).row.official_no.is_some());

    // People and programs of that time come in as they did.
    let roads = Staff::sign_in(&world.url(), ROADS_ANATOLIA, PASSWORD).unwrap();
    for row in &sent {
        assert_eq!(roads.open(row.id).unwrap()["desc"], tablet.request(row.id).desc.as_str());
    }
    let mut program = mbs_tests::staff::Directorate::new(&world.url(), &kept.api_key);
    assert!(all_updates(&mut program).iter().any(|update| update["event"]["note"] == ANSWER), "{name}");
    assert_eq!(world.server.doubled(), Vec::<String>::new());
    drop(world.server.run(&["verify"]));
    // And the draft goes as well.
    tablet.call::<mbs_tablet::door::view::Request>(Call::Send { id: drafts[0].id }).unwrap();
    tablet.settle_over(line().as_mut());
    assert_eq!(world.server.records().len(), sent.len() + 1, "{name}");
}
