//! The app is closed, and the system starts a round now and then: each in a process of its own, over whatever line there is.

use mbs_shared::routing::State;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::Status;
use mbs_tablet::sync::background::{Around, Came, round};
use mbs_tablet::sync::driver::Driver;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture_bytes, words_about};
use mbs_tests::process::wait_until;
use mbs_tests::staff::Staff;
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::json;

/// The system starts the app in the background; nobody looks.
fn started(tablet: Device) -> (Device, Came) {
    let tablet = tablet.reopened();
    let around = Around { metered: false, looking: false, until: tablet.tablet.now() + 60_000 };
    let came = round(&tablet.tablet, around).unwrap();
    (tablet, came)
}

fn answer(roads: &Staff, id: mbs_shared::id::RequestId) {
    roads.act(id, "accept", json!({})).unwrap();
    let answered = roads.act(id, "answer", json!({ "outcome": "done", "note": "Çukur kapatıldı." })).unwrap();
    if answered["row"]["state"] == "answer_pending" {
        roads.act(id, "approve", json!({})).unwrap();
    }
}

#[test]
fn what_waits_goes_and_an_answer_is_told_once_over_cuts_and_a_killed_server() {
    let mut world = World::begin();
    let (tablet, roads) = (world.tablet(RASIMPASA), world.unit(ROADS_ANATOLIA));
    let file = |n: usize| {
        let new = New::of(words_about("yol.cukur", n)).at(RASIMPASA_PLACE);
        tablet.file(&new.with_photos([fixture_bytes("generated/g-ist-01.jpg")])).unwrap().row.id
    };
    let ids = [file(0), file(1)];
    let (mut tablet, mut came) = started(tablet);
    assert!(!came.tell && ids.iter().all(|id| is_delivered(&tablet.request(*id).row)));

    answer(&roads, ids[0]);
    world.network.cut();
    (tablet, came) = started(tablet);
    assert_eq!((came.tell, came.summary.cut), (false, true));
    world.network.restore();
    world.kill_server();
    // The line dies each 3 KB; every round ends with it.
    world.network.cut_each_bytes(Some(3_000));
    let mut now = Some(tablet);
    wait_until("somebody is told", || {
        let (tablet, came) = started(now.take().unwrap());
        now = Some(tablet);
        came.tell
    });
    world.network.cut_each_bytes(None);
    (tablet, came) = started(now.unwrap());
    assert_eq!((came.tell, tablet.request(ids[0]).row.state), (false, Some(State::Concluded)));

    // Beside the window: one tablet, driven by both, and nothing is said or sent twice.
    let window = Driver::start(&tablet.tablet, || {});
    answer(&roads.at(&world.url()), ids[1]);
    let around = |looking| Around { metered: false, looking, until: tablet.tablet.now() + 60_000 };
    wait_until("it is here, whoever fetched it", || {
        assert!(!round(&tablet.tablet, around(true)).unwrap().tell, "he looks");
        tablet.call::<Status>(Call::Status).unwrap().needs_me == 2
    });
    // What the window fetched behind the last round's back has been looked at as well.
    assert!(!round(&tablet.tablet, around(true)).unwrap().tell);
    assert!(!round(&tablet.tablet, around(false)).unwrap().tell);
    drop(window);
    assert_eq!(world.server.doubled(), Vec::<String>::new());
}
