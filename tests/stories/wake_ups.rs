//! Story 8: the server wakes an open tablet. The tablets' clocks stand still here, so that no poll is ever
//! due: what arrives was told by a wake-up.

use mbs_shared::routing::State;
use mbs_tablet::ports::Ports;
use mbs_tablet::sync::Nudge;
use mbs_tablet::sync::driver::Driver;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::process::wait_until;
use mbs_tests::simulated::VirtualClock;
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::json;

/// A tablet whose clock stands still, enrolled, its driver running.
fn open(world: &World, name: &str) -> (Device, Driver) {
    let dir = world.folder(name);
    let clock = VirtualClock::at(mbs_tablet::ports::Clock::now(&mbs_tablet::ports::system::SystemClock));
    let device = Device::open_with(&dir, Ports { clock, ..Ports::system(&dir) });
    device.enrol(&world.network.url(), &world.server.enrol_code(RASIMPASA));
    let driver = Driver::start(&device.tablet, || {});
    (device, driver)
}

#[test]
fn a_decision_is_on_the_open_tablet_without_a_poll_and_again_after_the_line_broke() {
    let world = World::begin();
    let (office, _office_driver) = open(&world, "office");
    let (street, street_driver) = open(&world, "street");
    let request = office.file(&New::of(words_about("yol.cukur", 1)).at(RASIMPASA_PLACE)).unwrap();
    let id = request.row.id;
    // Filed on one tablet of the mandate, it comes to the other.
    let there = |device: &Device| device.requests().iter().any(|r| r.id == id && r.official_no.is_some());
    wait_until("the request is on the other tablet", || there(&office) && there(&street));

    let unit = world.unit(ROADS_ANATOLIA);
    unit.act(id, "accept", json!({})).unwrap();
    let stands = |device: &Device, state| device.request(id).row.state == Some(state);
    wait_until("the decision is on both tablets", || {
        stands(&office, State::InProgress) && stands(&street, State::InProgress)
    });

    // The line breaks for a while; one of the two is told by its platform that it is back.
    world.network.cut();
    unit.act(id, "answer", json!({ "outcome": "done", "note": "Çukur kapatıldı." })).unwrap();
    world.network.restore();
    street_driver.nudge(Nudge::Connectivity);
    wait_until("both hear again", || stands(&office, State::Concluded) && stands(&street, State::Concluded));
}
