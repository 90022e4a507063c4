//! Story 12: the same pothole lies on the border. The second muhtar, without signal, is told that the neighbour has
//! reported it; the third street is told nothing.

use mbs_shared::place::{Fix, FixSource};
use mbs_tablet::door::view::Similar;
use mbs_tablet::door::{Call, Fields};
use mbs_tests::people::{BINBIRDIREK, OSMANAGA, RASIMPASA, words_about};
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::World;

/// Where the two neighbourhoods meet.
const BORDER: Fix = Fix { lat: 40.9924, lon: 29.0262, accuracy: 6.0, source: FixSource::Gps };

fn told(tablet: &Device, at: Fix) -> Vec<Similar> {
    let words = words_about("yol.cukur", 1);
    let draft = tablet.draft(&New::of(words)).unwrap().row.id;
    let set = Fields { category: Some("yol.cukur".into()), fix: Some(at), ..Fields::default() };
    tablet.call::<mbs_tablet::door::view::Request>(Call::SetDraft { id: draft, set }).unwrap();
    tablet.call(Call::Similar { id: draft }).unwrap()
}

#[test]
fn who_stands_on_the_border_is_told_what_the_neighbour_reported() {
    let mut world = World::begin();
    let first = world.tablet(OSMANAGA);
    let filed = first.file(&New::of(words_about("yol.cukur", 0)).at(BORDER)).unwrap().row.id;
    first.settle();
    let second = world.tablet(RASIMPASA);
    let third = world.tablet(BINBIRDIREK);
    second.settle();
    third.settle();
    world.network.cut();
    let second = second.reopened();
    let [only] = &told(&second, Fix { lat: BORDER.lat + 0.0004, ..BORDER })[..] else { panic!("one is told") };
    assert_eq!((only.own, only.who.as_str(), only.days), (None, "Osmanağa", 0));
    assert!(only.state.is_some() && only.metres <= 220, "{only:?}");
    assert_eq!(told(&third, BORDER), []);
    // Who filed it is led to it.
    assert_eq!(told(&first, BORDER).iter().map(|one| one.own).collect::<Vec<_>>(), [Some(filed)]);
}
