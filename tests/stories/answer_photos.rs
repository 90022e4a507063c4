//! Photos from the spot that a unit puts into its answer stand on every tablet of the muhtarlık, as the server keeps them.

use mbs_shared::id::BlobHash;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{Photo, Request, Status};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture_bytes, words_about};
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::json;

fn of_answer(request: Request) -> Vec<Photo> {
    request.answer.map(|answer| answer.photos).unwrap_or_default()
}

fn pays(tablet: &Device, metered: bool) {
    tablet.call::<Status>(Call::Line { online: true, metered: Some(metered) }).unwrap();
}

#[test]
fn they_stand_on_the_tablet_bit_for_bit() {
    let mut world = World::begin();
    let (office, street) = (world.tablet(RASIMPASA), world.tablet(RASIMPASA));
    let roads = world.unit(ROADS_ANATOLIA);
    let id = office.file(&New::of(words_about("yol.cukur", 3)).at(RASIMPASA_PLACE)).unwrap().row.id;
    office.settle();
    roads.act(id, "accept", json!({})).unwrap();
    let photos: Vec<String> = ["generated/g-ist-04.jpg", "generated/g-ist-05.jpg"]
        .map(|name| roads.add_photo(fixture_bytes(name)).unwrap())
        .into();
    // One has a preview, as pages give it; the other has none, as photos from before previews.
    let small = mbs_tablet::capture::photo::preview(&fixture_bytes("generated/g-ist-04.jpg")).unwrap();
    roads.add_preview(&photos[0], small.clone()).unwrap();
    let answered =
        roads.act(id, "answer", json!({ "outcome": "done", "note": "Çukur kapatıldı.", "photos": photos })).unwrap();
    if answered["row"]["state"] == "answer_pending" {
        office.settle();
        assert_eq!(of_answer(office.request(id)).len(), 0, "what waits for approval is not the answer");
        roads.act(id, "approve", json!({})).unwrap();
    }
    let hashes: Vec<BlobHash> = photos.iter().map(|hash| hash.parse().unwrap()).collect();

    // In the street every byte is paid for: the preview comes at once, the rest when somebody looks.
    pays(&street, true);
    street.settle();
    let shown = of_answer(street.request(id));
    assert_eq!(shown.iter().map(|p| p.hash).collect::<Vec<_>>(), hashes);
    assert_eq!(shown.iter().map(|p| (p.here, p.thumb)).collect::<Vec<_>>(), [(false, true), (false, false)]);
    assert_eq!(street.tablet.photo(hashes[0], true).unwrap().unwrap(), small);
    street.call::<()>(Call::FetchPhoto { id, hash: hashes[0] }).unwrap();
    street.settle();
    assert_eq!(street.photo(hashes[0]), world.server.photo(hashes[0]));
    assert!(!of_answer(street.request(id))[1].here);

    // In the office nobody pays.
    office.settle();
    let office = office.reopened();
    assert!(of_answer(office.request(id)).iter().all(|photo| photo.here && photo.thumb));
    for hash in &hashes {
        assert_eq!(office.photo(*hash), world.server.photo(*hash), "bit-equal");
    }
    drop(world.server.run(&["verify"]));
}
