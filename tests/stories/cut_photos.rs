//! Photos over a line that is cut again and again: on from where they were, with hardly a byte twice.

use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, new_photo, words_about};
use mbs_tests::tablet::{Door, New, is_delivered};
use mbs_tests::world::World;

/// Bytes of photos that may travel twice for each cut.
const REPEATED: u64 = 16 * 1024;
/// Heads of the requests and answers around them, generously.
const AROUND: u64 = 2 * 1024;

#[test]
fn a_cut_costs_less_than_16_kib_of_a_photo() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let photos = (0..3).map(|n| new_photo(n, 300));
    let new = New::of(words_about("yol.cukur", 0)).at(RASIMPASA_PLACE).with_photos(photos);
    let filed = tablet.file(&new).unwrap();
    let full: u64 = filed.photos.iter().map(|p| u64::from(p.size)).sum();
    let previews = filed.photos.iter().map(|p| tablet.tablet.photo(p.hash, true).unwrap().unwrap().len() as u64);
    let once = full + previews.sum::<u64>();

    let before = world.network.traffic();
    world.network.cut_each_bytes(Some(60_000));
    tablet.settle();
    let after = world.network.traffic();

    let (up, cuts) = (after.up - before.up, after.cuts - before.cuts);
    assert!(cuts > 5, "{cuts} cuts in {up} bytes");
    assert!(is_delivered(&tablet.request(filed.row.id).row));
    for photo in tablet.request(filed.row.id).photos {
        assert_eq!(world.server.photo(photo.hash), tablet.photo(photo.hash));
    }
    println!("{once} bytes of photos, {up} bytes up over {cuts} cuts");
    assert!(up <= once + cuts * (REPEATED + AROUND) + 16 * AROUND, "{once} bytes of photos took {up} over {cuts} cuts");
}
