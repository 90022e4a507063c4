//! The desk's own pages in a real browser against a real server: what a unit's person types and attaches there is what the
//! muhtar reads and sees, and what an office decides there is what the server has.

use std::process::{Command, Stdio};

use mbs_shared::id::RequestId;
use mbs_shared::routing::{Outcome, State};
use mbs_shared::wire::entry::EntryKind;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture, root, words_about};
use mbs_tests::server::{PASSWORD, User};
use mbs_tests::staff::Staff;
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, TRAFFIC, World};
use serde_json::{Value, json};

const WORDS: &str = "Sayın Muhtarımız, çukur İğneci Sokak'ta sıcak asfaltla kapatıldı.";

/// Plays one of `tests/screens`; what it said.
pub(crate) fn in_browser(script: &str, args: &[&str]) -> String {
    let out = Command::new("node")
        .arg(format!("tests/screens/{script}"))
        .args(args)
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .expect("node is installed, and the screens are built by `cargo verify` or `cargo demo`");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Bytes of script over the line until the first list stands there; the map's not counted.
const MOST_SCRIPT: u64 = 200 * 1024;
/// Bytes of the map's borders over the line.
const MOST_MAP: u64 = 400 * 1024;
/// What nobody notices, as browsers count what jumped.
const LEAST_SHIFT: f64 = 0.01;

#[test]
fn a_page_comes_light_and_nothing_on_it_jumps() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    for _ in 0..4 {
        let unsorted = New { category: None, ..New::of(words_about("yol.cukur", 2)) };
        tablet.file(&unsorted.at(RASIMPASA_PLACE)).unwrap();
    }
    let id = tablet.file(&New::of(words_about("yol.cukur", 2)).at(RASIMPASA_PLACE)).unwrap().row.id;
    tablet.settle();
    world.server.add_user(User { login: "gorev", name: "Görev", role: "triage", unit: "", password: PASSWORD });
    let said = in_browser("light.mjs", &[&world.url(), "gorev", PASSWORD, &id.to_string()]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["plain"], serde_json::json!([]), "came as they are: `cargo demo` builds the screens anew");
    let scripts = said["scripts"].as_u64().unwrap();
    assert!(scripts > 0 && scripts <= MOST_SCRIPT, "{scripts} bytes of script");
    let map = said["map"].as_u64().unwrap();
    assert!(map > 0 && map <= MOST_MAP, "{map} bytes of map");
    let shifts = said["shifts"].as_object().unwrap();
    let jumped: Vec<_> = shifts.iter().filter(|(_, one)| one["shift"].as_f64().unwrap() > LEAST_SHIFT).collect();
    assert!(shifts.len() > 5 && jumped.is_empty(), "{jumped:?}");
}

#[test]
fn an_office_lets_people_in_decides_about_many_and_changes_its_rules() {
    let world = World::begin();
    let server = &world.server;
    for (login, role) in [("isletim", "operator"), ("on-inceleme", "triage")] {
        server.add_user(User { login, name: login, role, unit: "", password: PASSWORD });
    }
    let _ = in_browser("office.mjs", &[&server.url(), "isletim", "on-inceleme", PASSWORD, "anadolu yakası yol"]);
    for (what, count, sql) in [
        ("entered by telephone", 3, "select count(*) from request where channel <> 0"),
        ("accepted at once", 2, "select count(*) from request where state = 4 and unit <> 0"),
        ("part of the work owed", 1, "select count(*) from task"),
        ("version of the rules", 1, "select count(*) from rules"),
        ("day off", 1, "select count(*) from calendar_day"),
        ("unit with approval", 1, "select count(*) from unit_setting where approval = 1"),
        ("person who was let in", 1, "select count(*) from staff where login = 'yeni.masa'"),
    ] {
        assert_eq!(server.number(sql), count, "{what}");
    }
}

#[test]
fn an_answer_typed_at_the_desk_stands_on_the_tablet() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let id = tablet.file(&New::of(words_about("yol.cukur", 2)).at(RASIMPASA_PLACE)).unwrap().row.id;
    tablet.settle();
    let number = tablet.request(id).row.official_no.expect("it was numbered");
    let _ = world.unit(ROADS_ANATOLIA);

    let photo = fixture("generated/g-ist-04.jpg");
    let photo = photo.to_str().unwrap();
    let _ = in_browser("journey.mjs", &[&world.url(), ROADS_ANATOLIA, PASSWORD, &number, photo, WORDS]);

    tablet.settle();
    let request = tablet.request(id);
    assert_eq!(request.row.state, Some(State::Concluded));
    let answer = request.answer.expect("the answer stands there");
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Done, WORDS));
    let [shown] = &answer.photos[..] else { panic!("one photo from the spot: {:?}", answer.photos) };
    assert!(shown.here && shown.thumb);
    assert_eq!(tablet.photo(shown.hash), world.server.photo(shown.hash), "it stands on the tablet, bit-equal");
    assert_eq!(world.server.number("select count(*) from blob where staff <> 0 and thumb = 1"), 1, "and has a preview");
    let proof = world.server.number("select count(*) from blob where staff <> 0 and taken <> 0 and lat <> 0");
    assert_eq!(proof, 1, "the photo from the spot is on the server, with where and when it was taken");
}

/// Looks like HTML in every way a field can.
const HTML: &str = "<b data-evil>evil</b><img src=x onerror=\"evil=1\"><script>evil=1</script>";

#[test]
fn what_is_typed_is_words_and_outlives_a_session_that_ended_meanwhile() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let new =
        New { text: format!("{HTML} Yol çöktü."), title: Some(HTML.into()), ..New::of(words_about("yol.cukur", 2)) };
    let id = tablet.file(&new.at(RASIMPASA_PLACE)).unwrap().row.id;
    tablet.settle();
    tablet.say(id, EntryKind::Message, HTML).unwrap();
    tablet.settle();
    let number = tablet.request(id).row.official_no.expect("it was numbered");
    let _ = world.unit(ROADS_ANATOLIA);
    let answer = format!("Sayın Muhtarımız, {HTML} çukur kapatıldı.");
    let _ = in_browser("hostile.mjs", &[&world.url(), ROADS_ANATOLIA, PASSWORD, &number, &answer]);

    tablet.settle();
    let answered = tablet.request(id).answer.expect("the answer stands there");
    assert_eq!(answered.text, answer, "every letter, once");
    let photos = world.server.number("select count(*) from blob where staff <> 0");
    assert_eq!(photos, 1, "the photo with the wicked name is here, by its own");
}

#[test]
fn what_is_typed_at_the_desk_is_words_on_every_page() {
    let world = World::begin();
    let server = &world.server;
    for (login, role) in [("isletim", "operator"), ("on-inceleme", "triage")] {
        server.add_user(User { login, name: HTML, role, unit: "", password: PASSWORD });
    }
    let office = Staff::sign_in(&world.url(), "isletim", PASSWORD).unwrap();
    let triage = Staff::sign_in(&world.url(), "on-inceleme", PASSWORD).unwrap();
    let post =
        |staff: &Staff, path: &str, body: Value| staff.post(path, &body).unwrap_or_else(|e| panic!("{path}: {e:?}"));

    post(&office, "keys", json!({ "name": HTML, "unit": ROADS_ANATOLIA, "days": 30 }));
    post(&office, "announcements", json!({ "audience": "", "urgent": true, "title": HTML, "text": HTML }));
    post(&office, "calendar", json!({ "date": "2027-03-02", "kind": "off", "name": HTML }));
    let rule = json!({
        "route": { "rule": "fixed", "code": ROADS_ANATOLIA }, "alternatives": [], "triage_first": false,
        "target_days": 9, "priority": "normal"
    });
    post(&office, "rules", json!({ "base": 0, "changes": { "yol.cukur": rule }, "note": HTML }));
    let mut unit = office.get("directory/versions").unwrap()["units"].as_array().unwrap().clone();
    unit.retain(|unit| unit["code"] == ROADS_ANATOLIA);
    for name in ["name", "name_en"] {
        unit[0][name] = HTML.into();
    }
    post(&office, "directory", json!({ "base": 0, "units": unit, "note": HTML }));

    post(&triage, "templates", json!({ "name": HTML, "body": HTML }));
    let id = "0e".repeat(16);
    post(
        &triage,
        "requests",
        json!({
            "id": id, "channel": "phone", "muhtarlik": RASIMPASA.neighbourhood, "category": "yol.cukur", "kind": "wish",
            "title": HTML, "desc": HTML, "addr": HTML, "place": null, "discreet": false, "photos": []
        }),
    );
    let id: RequestId = id.parse().unwrap();
    post(&triage, &format!("requests/{id}/say"), json!({ "text": HTML }));
    triage.act(id, "task", json!({ "unit": TRAFFIC, "note": HTML })).unwrap();
    let task = triage.open(id).unwrap()["tasks"][0]["n"].clone();
    triage.act(id, "call_off", json!({ "task": task, "note": HTML })).unwrap();
    let roads = world.unit(ROADS_ANATOLIA);
    roads.act(id, "accept", json!({})).unwrap();
    roads.act(id, "answer", json!({ "outcome": "refused", "note": HTML })).unwrap();
    let _ = in_browser("typed.mjs", &[&world.url(), "isletim", "on-inceleme", PASSWORD, &id.to_string()]);
}

#[test]
fn the_desk_is_worked_at_without_a_pointer_and_routes_in_four_keys() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let unsorted = New { category: None, ..New::of(words_about("yol.cukur", 3)) };
    let routed = tablet.file(&unsorted.at(RASIMPASA_PLACE)).unwrap().row.id;
    let answered = tablet.file(&New::of(words_about("yol.cukur", 2)).at(RASIMPASA_PLACE)).unwrap().row.id;
    tablet.settle();
    let number = tablet.request(answered).row.official_no.expect("it was numbered");
    let _ = world.unit(ROADS_ANATOLIA);
    let server = &world.server;
    server.add_user(User { login: "on-inceleme", name: "Ön inceleme", role: "triage", unit: "", password: PASSWORD });
    assert_eq!(server.record(routed).unit, "", "nobody has it yet");
    let args = [&server.url(), "on-inceleme", ROADS_ANATOLIA, PASSWORD, &number, WORDS];
    let said: serde_json::Value = serde_json::from_str(&in_browser("keys.mjs", &args)).unwrap();
    let keys = |what: &str| said[what].as_u64().unwrap();
    assert!(keys("route") <= 4 && keys("accept") == 1, "{said}");
    let unit = server.record(routed).unit;
    assert!(unit.contains("zabita"), "the unit that was typed has it: {unit}");
    tablet.settle();
    assert_eq!(tablet.request(answered).answer.map(|answer| answer.text), Some(WORDS.to_owned()));
}
