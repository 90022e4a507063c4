//! Story 10: a tablet is revoked, a mandate ends. What was not sent is handed over and waits for a person; the
//! casebook passes to the successor, private notes do not.

use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::view::{Files, Link, Request};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture_bytes, words_about};
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::World;

fn pothole(n: usize) -> New {
    New::of(words_about("yol.cukur", n)).at(RASIMPASA_PLACE)
}

/// Number of each line of `quarantine list` that has these words.
fn listed(world: &World, words: &str) -> Vec<String> {
    let list = world.server.run(&["quarantine", "list"]);
    let lines = list.lines().filter(|l| l.contains(words));
    lines.filter_map(|l| l.split_whitespace().next().map(str::to_owned)).collect()
}

fn prefix(device: &Device) -> String {
    device.status().identity.unwrap().prefix
}

#[test]
fn a_revoked_tablet_hands_over_and_a_person_decides() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let other = world.tablet(RASIMPASA);
    let sent = tablet.file(&pothole(0)).unwrap().row.id;
    tablet.settle();
    world.network.cut();
    let photo = fixture_bytes("generated/g-ist-01.jpg");
    let waiting = tablet.file(&pothole(1).with_photos([photo])).unwrap().row.id;
    let draft = tablet.call::<Request>(Call::NewDraft).unwrap().row.id;
    let set = Fields { desc: Some("Yarım kalan".into()), ..Fields::default() };
    tablet.call::<Request>(Call::SetDraft { id: draft, set }).unwrap();
    tablet.say(sent, EntryKind::Message, "Bunu da ekleyin.").unwrap();
    drop(world.server.run(&["revoke", "--tablet", &prefix(&tablet)]));
    world.restart_server();
    world.network.restore();

    tablet.settle();
    let status = tablet.status();
    assert_eq!((status.link, status.waiting, status.quarantined), (Link::Revoked, 0, 3));
    let became = status.revoked.unwrap();
    assert_eq!((became.handed, became.photos, became.refused, became.drafts), (2, 1, 0, 1));
    // Nothing is shown any more, and what only this tablet has can be taken out.
    let shut = |call| tablet.call::<serde_json::Value>(call).unwrap_err().code;
    assert_eq!(shut(Call::Request { id: waiting }), Code::Revoked);
    assert_eq!(shut(Call::Requests { query: String::new() }), Code::Revoked);
    let files: Files = tablet.call(Call::WriteUnsent { only: None }).unwrap();
    let written = std::fs::read_to_string(std::path::Path::new(&files.dir).join("unsent.json")).unwrap();
    assert!(written.contains(&words_about("yol.cukur", 1).text) && written.contains("Yarım kalan"));
    assert_eq!(files.photos, 1);
    assert_eq!(tablet.sync().exchanges, 0, "closed");
    assert_eq!(world.server.records().len(), 1);
    assert_eq!(world.server.number("select count(*) from quarantine"), 2);

    // A person looks, and takes in what is right.
    let request = listed(&world, "request");
    let message = listed(&world, "Bunu da ekleyin.");
    assert_eq!((request.len(), message.len()), (1, 1));
    drop(world.server.run(&["quarantine", "accept", &request[0]]));
    drop(world.server.run(&["quarantine", "dismiss", &message[0]]));
    assert!(world.server.run_with(&["quarantine", "accept", &message[0]], "").is_err());
    assert_eq!(world.server.records().len(), 2);
    assert_eq!(world.server.number("select count(*) from quarantine"), 0);
    other.settle();
    assert!(other.request(waiting).row.official_no.is_some());
    drop(world.server.run(&["verify"]));

    // Enrolled anew, the tablet is as good as ever, and nothing is there twice.
    tablet.enrol(&world.network.url(), &world.server.enrol_code(RASIMPASA));
    tablet.settle();
    tablet.settle();
    assert_eq!((tablet.status().link, tablet.status().revoked), (Link::Online, None));
    let again = tablet.request(waiting);
    assert!(again.row.official_no.is_some() && again.photos[0].delivered, "the photo went after all");
    assert_eq!(world.server.photo(again.photos[0].hash), tablet.photo(again.photos[0].hash));
    assert_eq!(tablet.request(draft).desc, "Yarım kalan", "and the draft is open again");
    assert_eq!(world.server.records().len(), 2);
    assert_eq!(world.server.doubled(), Vec::<String>::new());
}

#[test]
fn a_successor_has_the_casebook_and_not_the_notes() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let id = tablet.file(&pothole(2)).unwrap().row.id;
    tablet.settle();
    tablet.say(id, EntryKind::Note, "Komşusuyla konuşulacak.").unwrap();
    tablet.say(id, EntryKind::Message, "Ekip bekleniyor.").unwrap();
    tablet.settle();
    world.network.cut();
    let unsent = tablet.file(&pothole(3)).unwrap().row.id;
    let code = ["enrol-code", "--quiet", "--neighbourhood", RASIMPASA.neighbourhood, "--person", "Yeni Muhtar"];
    let code = world.server.run(&[code.as_slice(), &["--successor"]].concat()).trim().to_owned();
    world.restart_server();
    world.network.restore();
    assert_eq!(world.server.number("select count(*) from feed where kind = 1 and n = 1"), 0);

    // The same tablet: it hands over, closes, and is enrolled for the successor.
    tablet.settle();
    assert_eq!(tablet.status().link, Link::Revoked);
    assert_eq!(listed(&world, "request").len(), 1);
    tablet.enrol(&world.network.url(), &code);
    tablet.settle();
    let status = tablet.status();
    assert_eq!((status.link, status.identity.unwrap().person.as_str()), (Link::Online, "Yeni Muhtar"));
    let words = |device: &Device| {
        let thread = device.request(id).thread;
        thread.into_iter().map(|e| e.text).collect::<Vec<_>>()
    };
    assert_eq!(words(&tablet), ["Ekip bekleniyor."]);
    assert_eq!(tablet.request(unsent).desc, words_about("yol.cukur", 3).text);
    assert_eq!(world.server.records().len(), 1, "nothing goes in the successor's name");
    let successor = mbs_tests::people::Muhtarlik { person: "Yeni Muhtar", ..RASIMPASA };
    let new = world.tablet(successor);
    new.settle();
    assert_eq!(words(&new), ["Ekip bekleniyor."]);
    drop(world.server.run(&["verify"]));
}
