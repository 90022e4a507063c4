//! The unit's answer by the desk's own pages, in a real browser against a real server: what a person types
//! and attaches there is what the muhtar reads and sees.

use std::process::{Command, Stdio};

use mbs_shared::routing::{Outcome, State};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture, root, words_about};
use mbs_tests::server::PASSWORD;
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, World};

const WORDS: &str = "Sayın Muhtarımız, çukur İğneci Sokak'ta sıcak asfaltla kapatıldı.";

#[test]
fn an_answer_typed_at_the_desk_stands_on_the_tablet() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let id = tablet.file(&New::of(words_about("yol.cukur", 2)).at(RASIMPASA_PLACE)).unwrap().row.id;
    tablet.settle();
    let number = tablet.request(id).row.official_no.expect("it was numbered");
    let _ = world.unit(ROADS_ANATOLIA);

    let out = Command::new("node")
        .arg("tests/screens/journey.mjs")
        .args([&world.server.url(), ROADS_ANATOLIA, PASSWORD, &number])
        .arg(fixture("generated/g-ist-04.jpg"))
        .arg(WORDS)
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .expect("node is installed, and the screens are built by `cargo verify` or `cargo demo`");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));

    tablet.settle();
    let request = tablet.request(id);
    assert_eq!(request.row.state, Some(State::Concluded));
    let answer = request.answer.expect("the answer stands there");
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Done, WORDS));
    let proof = world.server.number("select count(*) from blob where staff <> 0");
    assert_eq!(proof, 1, "the photo from the spot is on the server");
}
