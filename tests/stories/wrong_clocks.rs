//! Clocks that are years off: the request goes the whole way, is due from when the server received it, and
//! the tablet's own time stays what it is: a claim.

use std::sync::Arc;

use mbs_shared::routing::State;
use mbs_tablet::door::view::Notice;
use mbs_tablet::ports::{Clock, Ports};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture_bytes, words_about};
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::json;

const YEAR: i64 = 365 * 86_400_000;

/// The system's clock, set wrong by so many milliseconds.
struct Wrong(i64);

impl Clock for Wrong {
    fn now(&self) -> i64 {
        mbs_tablet::ports::system::SystemClock.now() + self.0
    }
}

#[test]
fn a_clock_ten_years_slow() {
    the_main_job_with_a_clock_off_by(-10 * YEAR);
}

#[test]
fn a_clock_fourteen_years_fast() {
    the_main_job_with_a_clock_off_by(14 * YEAR);
}

fn the_main_job_with_a_clock_off_by(off: i64) {
    let world = World::begin();
    let dir = world.folder("wrong-clock");
    let tablet = Device::open_with(&dir, Ports { clock: Arc::new(Wrong(off)), ..Ports::system(&dir) });
    tablet.enrol(&world.network.url(), &world.server.enrol_code(RASIMPASA));
    let roads = world.unit(ROADS_ANATOLIA);
    let new =
        New::of(words_about("yol.cukur", 1)).at(RASIMPASA_PLACE).with_photos([fixture_bytes("generated/g-ist-04.jpg")]);
    let before = mbs_tablet::ports::system::SystemClock.now();
    let id = tablet.file(&new).unwrap().row.id;
    tablet.settle();
    assert!(is_delivered(&tablet.request(id).row), "words and photo");
    assert!(tablet.status().notices.iter().any(|n| matches!(n, Notice::ClockWrong { .. })), "the person is told");

    // The server's own time counts; the tablet's stands beside it.
    let due = world.server.number("select due from request");
    assert!(world.server.number("select received from request") >= before);
    assert!(due > before && due < before + 40 * 86_400_000);
    let claim = world.server.number("select at from request");
    assert!((claim - before - off).abs() < 86_400_000, "the claim is kept as it was made");

    roads.act(id, "accept", json!({})).unwrap();
    roads.act(id, "answer", json!({ "outcome": "done", "note": "Kapatıldı." })).ok();
    tablet.settle();
    let state = tablet.request(id).row.state;
    assert!(matches!(state, Some(State::Concluded | State::AnswerPending)), "{state:?}");
}
