//! Story 4: lost acknowledgements, doubled pushes, reordered pushes. Everything arrives, once.

use mbs_shared::wire::entry::EntryKind;
use mbs_tests::people::{Dice, RASIMPASA, RASIMPASA_PLACE, new_photo, words};
use mbs_tests::process::wait_until;
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::unruly::{Prank, Unruly};
use mbs_tests::world::World;

/// Files `n` requests, each with a photo, and gives what was filed.
fn file(tablet: &Device, n: usize) -> Vec<mbs_tablet::door::view::Request> {
    let new = |(i, w): (usize, &mbs_tests::people::Words)| {
        New::of(w).at(RASIMPASA_PLACE).with_photos([new_photo(i as u64 + 900, 12)])
    };
    words().iter().skip(40).take(n).enumerate().map(|p| tablet.file(&new(p)).unwrap()).collect()
}

/// Everything filed is on the server once, whole, and the tablet knows it.
fn all_there_once(world: &World, tablet: &Device, filed: &[mbs_tablet::door::view::Request]) {
    let records = world.server.records();
    assert_eq!(records.len(), filed.len());
    let mut numbers: Vec<_> = records.iter().map(|r| r.no.clone()).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), filed.len(), "official numbers are never given twice");
    for request in filed {
        let record = world.server.record(request.row.id);
        assert_eq!((record.changes, record.photos, record.here), (1, 1, 1), "{record:?}");
        let row = tablet.request(request.row.id).row;
        assert!(is_delivered(&row), "{row:?}");
        assert_eq!(row.official_no, Some(record.no));
        for photo in &request.photos {
            assert_eq!(world.server.photo(photo.hash), tablet.photo(photo.hash));
        }
    }
    assert_eq!(world.server.doubled(), Vec::<String>::new());
}

#[test]
fn lost_acknowledgements_do_not_double_anything() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let filed = file(&tablet, 4);
    // The server takes the push and answers; the answer is lost, three times in a row, whatever the tablet does.
    for times in 1..=3 {
        world.network.lose_answers("/v1/sync", 1);
        let before = world.server.records().len();
        wait_until("the answer was lost", || {
            tablet.sync();
            world.network.traffic().lost_answers == times
        });
        assert!(world.server.records().len() >= before.max(1), "the server has what it answered to");
    }
    // And the same for photos.
    world.network.lose_answers("/v1/blobs", 3);
    tablet.settle();
    assert_eq!(world.network.traffic().lost_answers, 6);
    all_there_once(&world, &tablet, &filed);
}

#[test]
fn doubled_and_reordered_pushes_arrive_once() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let mut filed = file(&tablet, 6);
    for path in ["/v1/sync", "/v1/blobs"] {
        use Prank::{HoldBack, LoseAnswer, LoseRequest, Twice};
        let mut line = Unruly::new(tablet.line(), path, [Twice, HoldBack, LoseAnswer, HoldBack, LoseRequest, Twice]);
        wait_until("every prank was played", || {
            tablet.sync_over(&mut line);
            if line.left() > 0 {
                // Something new to send, so that there is always a reason to exchange.
                tablet.say(filed[0].row.id, EntryKind::Add, "Bir de fotoğrafını ekledim.").unwrap();
                let photo = new_photo(2_000 + filed.len() as u64, 12);
                filed.push(
                    tablet.file(&New::of(&words()[filed.len()]).at(RASIMPASA_PLACE).with_photos([photo])).unwrap(),
                );
            }
            line.left() == 0
        });
        assert_eq!(line.played, [1, 1, 2, 2]);
    }
    tablet.settle();
    all_there_once(&world, &tablet, &filed);
    let said = tablet.request(filed[0].row.id).thread.len() as i64;
    assert_eq!(world.server.number("select count(*) from feed where kind = 1"), said, "each entry once");
}

#[test]
fn edits_pushed_in_any_order_are_told_apart() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let filed = file(&tablet, 3);
    let mut dice = Dice::new(4);
    let pranks = [Prank::Twice, Prank::HoldBack, Prank::LoseAnswer, Prank::LoseRequest, Prank::Pass];
    for round in 0..8 {
        for request in &filed {
            let set = mbs_tablet::door::Fields { title: Some(format!("Düzeltme {round}")), ..Default::default() };
            tablet.edit(request.row.id, set).unwrap();
        }
        let prank = pranks[dice.below(pranks.len() as u64) as usize];
        tablet.sync_over(&mut Unruly::new(tablet.line(), "/v1/sync", [prank, prank]));
    }
    tablet.settle();
    for request in &filed {
        let record = world.server.record(request.row.id);
        assert_eq!((record.changes, record.title.as_str()), (9, "Düzeltme 7"));
    }
    assert_eq!(world.server.number("select count(*) from quarantine"), 0);
    assert_eq!(world.server.doubled(), Vec::<String>::new());
}

/// One photo shows two troubles: it is sent once, and stands at both requests.
#[test]
fn one_photo_in_two_requests_reaches_both() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let photo = new_photo(77_000, 40);
    let new = |n: usize| New::of(&words()[n]).at(RASIMPASA_PLACE).with_photos([photo.clone()]);
    let first = tablet.file(&new(1)).unwrap();
    let second = tablet.file(&new(2)).unwrap();
    tablet.settle();
    let before = world.network.traffic().up;
    // And a third one, after the bytes are there.
    let third = tablet.file(&new(3)).unwrap();
    tablet.settle();
    assert!(world.network.traffic().up - before < 20_000, "the bytes are not sent again");
    let hash = first.photos[0].hash;
    for id in [first.row.id, second.row.id, third.row.id] {
        let record = world.server.record(id);
        assert_eq!((record.photos, record.here), (1, 1), "{record:?}");
        assert!(is_delivered(&tablet.request(id).row));
        assert_eq!(tablet.request(id).photos[0].hash, hash);
    }
    assert_eq!(world.server.photo(hash), tablet.photo(hash));
}
