//! Story 11: two muhtars write about one matter. One request is worked on, the other follows it; and what a muhtar would
//! rather not have done any more is his holder's decision once work has begun.

use mbs_shared::routing::{Outcome, State};
use mbs_shared::wire::entry::EntryKind;
use mbs_tests::people::{CAFERAGA, RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::json;

const ANSWER: &str = "Kaldırım 40 metre boyunca yenilendi.";
const INTERIM: &str = "Taş siparişi verildi; iki hafta içinde döşenecek.";
const GOES_ON: &str = "Ekip yola çıktı; iş bugün bitiyor.";

fn without_category(n: usize) -> New {
    let mut new = New::of(words_about("yol.kaldirim-bozuk", n)).at(RASIMPASA_PLACE);
    new.category = None;
    new
}

fn whats(tablet: &Device, id: mbs_shared::id::RequestId) -> Vec<String> {
    tablet.request(id).timeline.into_iter().map(|step| step.what).collect()
}

#[test]
fn the_second_muhtar_hears_what_became_of_the_first_ones_request() {
    let mut world = World::begin();
    let (first, second) = (world.tablet(RASIMPASA), world.tablet(CAFERAGA));
    let (triage, roads) = (world.triage(), world.unit(ROADS_ANATOLIA));
    let parent = first.file(&without_category(0)).unwrap().row.id;
    let child = second.file(&without_category(1)).unwrap().row.id;
    first.settle();
    second.settle();
    let no = first.request(parent).row.official_no.unwrap();

    triage.act(parent, "route", json!({ "unit": ROADS_ANATOLIA })).unwrap();
    let unknown = triage.act(child, "conclude", json!({ "outcome": "duplicate", "other": "1999-000001" })).unwrap_err();
    assert_eq!(unknown.status, 422, "{unknown}");
    let joined = triage.act(child, "conclude", json!({ "outcome": "duplicate", "other": no })).unwrap();
    assert_eq!((&joined["relatives"][0]["how"], &joined["relatives"][0]["no"]), (&json!("parent"), &json!(no)));
    roads.act(parent, "accept", json!({})).unwrap();
    let shown = roads.act(parent, "interim", json!({ "note": INTERIM })).unwrap();
    assert_eq!(shown["relatives"][0]["how"], "duplicate");
    assert_eq!(shown["relatives"][0]["row"], json!(null), "it never lay with this unit");
    first.settle();
    second.settle();
    assert_eq!(first.request(parent).interim.unwrap().text, INTERIM);
    let told = second.request(child);
    assert_eq!((told.row.state, told.row.outcome), (Some(State::Concluded), Some(Outcome::Duplicate)));
    assert!(told.answer.unwrap().text.starts_with(&no), "he is told which one is worked on");
    assert!(told.followed.is_none());

    // The other one is told the end by itself, also when server and tablet were away meanwhile.
    world.kill_server();
    let roads = roads.at(&world.url());
    roads.act(parent, "answer", json!({ "outcome": "done", "note": ANSWER })).unwrap();
    let (first, second) = (first.reopened(), second.reopened());
    first.settle();
    second.settle();
    let followed = second.request(child).followed.unwrap();
    assert_eq!((followed.no, followed.outcome, followed.text.as_str()), (no, Outcome::Done, ANSWER));
    assert!(whats(&first, parent).contains(&"joined".to_owned()));
    drop(world.server.run(&["verify"]));
}

#[test]
fn a_wish_to_withdraw_is_declined_and_then_granted() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let roads = world.unit(ROADS_ANATOLIA);
    let pothole = New::of(words_about("yol.cukur", 0)).at(RASIMPASA_PLACE);
    let id = tablet.file(&pothole).unwrap().row.id;
    tablet.settle();
    roads.act(id, "accept", json!({})).unwrap();
    tablet.settle();

    // Without signal it waits on the tablet like everything else.
    world.network.cut();
    tablet.say(id, EntryKind::Withdraw, "Komşular yaptırmış.").unwrap();
    assert!(!tablet.request(id).can.contains(&EntryKind::Withdraw));
    world.network.restore();
    tablet.settle();
    let waits = tablet.request(id);
    assert_eq!((waits.row.state, waits.wish), (Some(State::InProgress), true));
    assert!(!waits.can.contains(&EntryKind::Withdraw), "one wish is enough");

    assert_eq!(roads.open(id).unwrap()["wish"], "Komşular yaptırmış.");
    assert_eq!(roads.act(id, "decline", json!({})).unwrap_err().status, 422, "the muhtar is told why");
    roads.act(id, "decline", json!({ "note": GOES_ON })).unwrap();
    tablet.settle();
    let declined = tablet.request(id);
    assert_eq!((declined.row.state, declined.wish), (Some(State::InProgress), false));
    let said = declined.thread.iter().find(|entry| entry.kind == EntryKind::Withdraw).unwrap();
    assert_eq!(said.refused.as_deref(), Some(GOES_ON));
    assert!(declined.can.contains(&EntryKind::Withdraw));

    tablet.say(id, EntryKind::Withdraw, "").unwrap();
    tablet.settle();
    roads.act(id, "release", json!({})).unwrap();
    tablet.settle();
    assert_eq!(tablet.request(id).row.state, Some(State::Cancelled));
}
