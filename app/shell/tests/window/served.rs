//! With a real server, and people who answer at its desk.

use std::fs;
use std::path::PathBuf;

use mbs_shared::id::RequestId;
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::capture::code;
use mbs_tablet::door::view::Request;
use mbs_tablet::door::{Call, Fields};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::staff::Staff;
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use rstest::rstest;
use serde_json::json;

use crate::support::{Home, Window, Wire, Words, photo, until};

const ANSWER: &str = "Sayın Muhtarımız, çukur sıcak asfaltla kapatıldı.";

/// A city, and the tablet of a muhtar in it who has filed one request, with its folder in a home.
struct Filed {
    world: World,
    home: Home,
    triage: Staff,
    roads: Staff,
    id: RequestId,
    words: Words,
}

impl Filed {
    /// What the muhtar did before his window opens; a request without a category lies at triage.
    fn begin(wire: Wire) -> Self {
        let (world, home) = (World::begin(), Home::new(wire));
        let (triage, roads) = (world.triage(), world.unit(ROADS_ANATOLIA));
        let tablet = Device::open(&home.data());
        tablet.enrol(&world.network.url(), &world.server.enrol_code(RASIMPASA));
        let new = New { category: None, ..New::of(words_about("yol.cukur", 4)).at(RASIMPASA_PLACE) };
        let id = tablet.file(&new).unwrap().row.id;
        tablet.settle();
        Self { world, home, triage, roads, id, words: Words::read() }
    }

    /// The window on it, with the request open. The notice was read before.
    fn open(&self) -> Window {
        let window = self.home.window();
        window.goes_home();
        window.value(&format!("(location.hash = '#/request/{}', true)", self.id));
        window.sees("#h-content");
        window
    }

    fn answered(&self) {
        self.triage.act(self.id, "route", json!({ "unit": ROADS_ANATOLIA })).unwrap();
        self.roads.act(self.id, "accept", json!({})).unwrap();
        let seen = self.roads.act(self.id, "answer", json!({ "outcome": "done", "note": ANSWER })).unwrap();
        if seen["row"]["state"] == "answer_pending" {
            self.roads.act(self.id, "approve", json!({})).unwrap();
        }
    }

    /// Waits until the desk sees the request in that state.
    fn comes_to(&self, state: &str) {
        until(state, || (self.triage.open(self.id).unwrap()["row"]["state"] == state).then_some(()));
    }
}

#[rstest]
fn a_new_tablet_files_and_what_was_answered_is_confirmed(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let (world, home, words) = (World::begin(), Home::new(wire), Words::read());
    let (triage, roads) = (world.triage(), world.unit(ROADS_ANATOLIA));
    let window = home.window();
    window.types("form input[inputmode=url]", &world.network.url());
    window.types("form input.code", &world.server.enrol_code(RASIMPASA));
    window.press(words.of("start_go"));
    window.reads(RASIMPASA.person);
    window.picture("confirm.png");
    window.press(words.of("start_yes"));
    window.press(words.of("guide_next"));
    window.press(words.of("guide_next"));
    window.press(words.of("guide_begin"));
    window.tap("button.nav-new");
    window.types("textarea", "Okul önündeki yolda derin bir çukur var.");
    window.press(words.of("send"));
    let id = until("the request is at the server", || Some(world.server.records().first()?.id));
    if triage.open(id).unwrap()["row"]["state"] == "in_review" {
        triage.act(id, "route", json!({ "unit": ROADS_ANATOLIA })).unwrap();
    }
    roads.act(id, "accept", json!({})).unwrap();
    let seen = roads.act(id, "answer", json!({ "outcome": "done", "note": ANSWER })).unwrap();
    if seen["row"]["state"] == "answer_pending" {
        roads.act(id, "approve", json!({})).unwrap();
    }
    // It comes by itself while the page is open.
    window.reads(ANSWER);
    window.picture("answered.png");
    window.press(words.of("confirm_yes"));
    window.reads(words.of("confirmed"));
    window.was_clean(wire);
    // Whoever leaves the page has had his second thoughts.
    window.tap("a.top-back");
    until("closed", || (triage.open(id).unwrap()["row"]["state"] == "closed").then_some(()));
    drop(world.server.run(&["verify"]));
}

#[rstest]
fn a_photo_objects(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let filed = Filed::begin(wire);
    filed.answered();
    let window = filed.open();
    window.press(filed.words.of("object_start"));
    window.chooses(".answer input[type=file][multiple]", &photo("g-ist-04.jpg"));
    window.becomes("document.querySelectorAll('.answer .photo-open img').length === 1");
    window.picture("objecting.png");
    window.press(filed.words.of("object_send"));
    filed.comes_to("in_review");
    window.sees(".msg-photos img");
    window.was_clean(wire);
    let seen = filed.triage.open(filed.id).unwrap();
    assert_eq!(seen["thread"][0]["photos"].as_array().unwrap().len(), 1);
    let hash = seen["thread"][0]["photos"][0].as_str().unwrap();
    until("the photo is there whole", || filed.world.server.files().contains_key(hash).then_some(()));
}

#[rstest]
fn a_question_is_answered(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let filed = Filed::begin(wire);
    let window = filed.open();
    let notified = filed.home.notifications();
    // Somebody who looks elsewhere is told that something came in, and not what.
    window.value("(document.hasFocus = () => false, true)");
    filed.triage.act(filed.id, "ask", json!({ "note": "Hangi numaranın önü?" })).unwrap();
    window.reads("Hangi numaranın önü?");
    until("a notification", || notified.contains(filed.words.of("tell_needs_me")).then_some(()));
    assert!(!notified.contains("Hangi numaranın"));
    window.picture("asked.png");
    window.types(".answer textarea", "On iki numaranın önü.");
    window.press(filed.words.of("send_answer"));
    filed.comes_to("in_review");
    window.was_clean(wire);
    assert_eq!(filed.triage.open(filed.id).unwrap()["thread"][0]["text"], "On iki numaranın önü.");
}

#[rstest]
fn a_withdrawal_can_be_taken_back_until_the_page_is_left(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let filed = Filed::begin(wire);
    let window = filed.open();
    window.press(filed.words.of("withdraw"));
    window.press(filed.words.of("undo"));
    window.becomes("document.querySelector('.undo') === null");
    assert_eq!(filed.triage.open(filed.id).unwrap()["row"]["state"], "in_review");
    window.press(filed.words.of("withdraw"));
    window.sees(".undo");
    window.was_clean(wire);
    window.tap("a.top-back");
    filed.comes_to("cancelled");
}

#[rstest]
fn a_receipt_is_kept_as_a_picture_that_can_be_checked(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let filed = Filed::begin(wire);
    let window = filed.open();
    window.press(filed.words.of("receipt"));
    window.sees("img.receipt-qr");
    window.press(filed.words.of("receipt_keep"));
    window.sees("dialog .path");
    window.picture("receipt.png");
    window.was_clean(wire);
    let path = PathBuf::from(window.value("document.querySelector('dialog .path').textContent").as_str().unwrap());
    let picture = fs::read(&path).unwrap();
    fs::copy(&path, std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("window/kept-receipt.png")).unwrap();
    window.battery_pulled();
    // What the picture's code says is checked by the server's own command.
    let text = code::read(&picture).expect("a code that can be read");
    let said = filed.world.server.run(&["verify-receipt", &text]);
    assert!(said.contains("valid") && said.contains(&filed.world.server.record(filed.id).no), "{said}");
}

#[rstest]
fn an_urgent_announcement_stands_over_everything(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let filed = Filed::begin(wire);
    let window = filed.open();
    let new = json!({ "audience": "", "urgent": true, "title": "Fırtına uyarısı", "text": "Bu gece dışarı çıkmayın." });
    filed.triage.post("announcements", &new).unwrap();
    window.sees("dialog.urgent[open]");
    window.reads("Fırtına uyarısı");
    window.picture("urgent.png");
    window.press(filed.words.of("announcement_confirm"));
    window.becomes("document.querySelector('dialog.urgent[open]') === null");
    window.was_clean(wire);
    let seen = || filed.triage.get("announcements").unwrap()[0]["seen"] == 1;
    until("the desk knows that it was read", || seen().then_some(()));
}

#[rstest]
fn of_two_versions_one_is_kept(#[values(Wire::Scheme, Wire::Messages)] wire: Wire) {
    let mut filed = Filed::begin(wire);
    let street = filed.world.tablet(RASIMPASA);
    street.settle();
    let set = |text: &str| Fields { desc: Some(text.into()), ..Fields::default() };
    let office = Device::open(&filed.home.data());
    office.edit(filed.id, set("Çukur okul kapısının tam önünde.")).unwrap();
    street.edit(filed.id, set("Çukur durağın yanında, otobüs giremiyor.")).unwrap();
    street.say(filed.id, EntryKind::Message, "Fotoğraf yarın.").unwrap();
    office.settle();
    street.settle();
    office.settle();
    let shown: Request = office.call(Call::Request { id: filed.id }).unwrap();
    assert_eq!(shown.conflicts.len(), 1);
    let other = shown.conflicts[0].versions[1].text.clone();
    drop(office);

    let window = filed.open();
    window.tap(&format!("a.btn[href='#/request/{}/versions']", filed.id));
    window.becomes("document.querySelectorAll('article.version').length === 2");
    window.picture("versions.png");
    window.tap("article.version:nth-of-type(2) button");
    window.becomes("document.querySelectorAll('article.version').length === 0");
    window.was_clean(wire);
    until("the desk sees the one that was kept", || {
        (filed.triage.open(filed.id).unwrap()["desc"] == other.as_str()).then_some(())
    });
    assert_eq!(filed.triage.open(filed.id).unwrap()["conflicts"], json!([]));
}
