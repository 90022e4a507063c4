//! A tablet whose key is gone: its records are opened by its own server's keys, and by no other's.

use std::fs;

use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::server::Server;
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::World;

#[test]
fn the_municipality_opens_a_tablet_whose_key_was_lost() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    world.network.cut();
    let words = words_about("yol.cukur", 3);
    let id = tablet.file(&New::of(words).at(RASIMPASA_PLACE)).unwrap().row.id;
    let dir = tablet.dir.clone();
    drop(tablet);
    let (key, folder) = (dir.join("mbs.key"), dir.to_str().unwrap().to_owned());
    let lost = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let sealed = fs::read(dir.join("mbs.recovery")).unwrap();
    assert!(!sealed.windows(8).any(|part| lost.windows(8).any(|secret| secret == part)), "nobody else reads it");

    let stranger = Server::start(&world.folder("stranger"));
    let said = stranger.run_badly(&["recover-tablet", &folder]);
    assert!(said.contains("sealed for another server") && !key.exists(), "{said}");
    assert!(world.server.run(&["recover-tablet", &folder]).contains("mbs.key"));
    assert_eq!(fs::read(&key).unwrap(), lost);
    assert!(world.server.run_badly(&["recover-tablet", &folder]).contains("is there already"));

    // What was never sent is read, and goes.
    let tablet = Device::open(&dir);
    assert_eq!(tablet.request(id).desc, words.text);
    world.network.restore();
    tablet.settle();
    assert_eq!(world.server.record(id).changes, 1);
}
