//! A muhtar puts his photos in order, and objects with a photo alone: both are seen everywhere.

use mbs_shared::id::BlobHash;
use mbs_shared::routing::State;
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::Request;
use mbs_tablet::error::Code;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture_bytes, words_about};
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::json;

/// A request with three photos, not sent yet; without a category triage looks at it first.
fn three_photos() -> New {
    let photos = ["generated/g-ist-01.jpg", "generated/g-ist-02.jpg", "generated/g-ist-03.jpg"].map(fixture_bytes);
    let new = New::of(words_about("yol.cukur", 1)).at(RASIMPASA_PLACE).with_photos(photos);
    New { category: None, ..new }
}

fn hashes(request: &Request) -> Vec<BlobHash> {
    request.photos.iter().map(|photo| photo.hash).collect()
}

#[test]
fn a_draft_s_photos_are_put_in_order() {
    let mut world = World::begin();
    let office = world.tablet(RASIMPASA);
    let draft = office.draft(&three_photos()).unwrap();
    let id = draft.row.id;
    let [first, second, third] = hashes(&draft)[..] else { panic!("three photos") };
    let put = |hash, before| office.call::<Request>(Call::MovePhoto { id, hash, before });
    assert_eq!(hashes(&put(third, Some(first)).unwrap()), [third, first, second]);
    assert_eq!(hashes(&put(first, None).unwrap()), [third, second, first]);
    assert_eq!(put(BlobHash([7; 32]), None).unwrap_err().code, Code::NotFound);
    assert_eq!(office.reopened().request(id).row.cover, Some(third), "the first one is shown in the list");
}

#[test]
fn an_objection_may_be_a_photo_alone() {
    let mut world = World::begin();
    let (office, street) = (world.tablet(RASIMPASA), world.tablet(RASIMPASA));
    let (triage, roads) = (world.triage(), world.unit(ROADS_ANATOLIA));
    let draft = office.draft(&three_photos()).unwrap();
    let id = draft.row.id;
    let mut wanted = hashes(&draft);
    wanted.reverse();
    for hash in wanted.iter().skip(1) {
        office.call::<Request>(Call::MovePhoto { id, hash: *hash, before: None }).unwrap();
    }
    office.call::<Request>(Call::Send { id }).unwrap();
    office.settle();
    street.settle();
    // On both tablets and at the desk they stand in the order in which they were put before sending.
    assert_eq!((hashes(&office.request(id)), hashes(&street.request(id))), (wanted.clone(), wanted.clone()));
    let at_the_desk = |seen: &serde_json::Value| -> Vec<String> {
        seen["photos"].as_array().unwrap().iter().map(|p| p["hash"].as_str().unwrap().to_owned()).collect()
    };
    let names = |all: &[BlobHash]| all.iter().map(BlobHash::to_string).collect::<Vec<_>>();
    assert_eq!(at_the_desk(&triage.open(id).unwrap()), names(&wanted));

    triage.act(id, "route", json!({ "unit": ROADS_ANATOLIA })).unwrap();
    roads.act(id, "accept", json!({})).unwrap();
    let answered = roads.act(id, "answer", json!({ "outcome": "done", "note": "Çukur kapatıldı." })).unwrap();
    if answered["row"]["state"] == "answer_pending" {
        roads.act(id, "approve", json!({})).unwrap();
    }
    office.settle();
    let object =
        |photos| office.call::<Request>(Call::Say { id, kind: EntryKind::Object, text: String::new(), photos });
    assert_eq!(object(Vec::new()).unwrap_err().code, Code::Empty, "neither a reason nor a photo");
    assert_eq!(object(vec![BlobHash([7; 32])]).unwrap_err().code, Code::NotFound, "a photo of nobody's");
    let added = office.add_photo(id, 9, &fixture_bytes("generated/g-ist-04.jpg")).unwrap();
    let proof = *hashes(&added).last().unwrap();
    object(vec![proof]).unwrap();
    office.settle();
    street.settle();
    for tablet in [&office, &street] {
        let request = tablet.request(id);
        assert_eq!(request.row.state, Some(State::InReview));
        let said: Vec<_> = request.thread.iter().map(|e| (e.kind, e.photos.clone(), e.refused.clone())).collect();
        assert_eq!(said, [(EntryKind::Object, vec![proof], None)]);
        assert_eq!(hashes(&request).last(), Some(&proof), "a later one stands behind those that were sent");
    }
    let seen = triage.open(id).unwrap();
    assert_eq!(seen["thread"][0]["photos"], json!([proof.to_string()]));
    assert_eq!(at_the_desk(&seen).last(), Some(&proof.to_string()));
    assert_eq!(world.server.photo(proof), office.photo(proof));
    drop(world.server.run(&["verify"]));
}
