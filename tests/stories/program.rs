//! The program that is given to directorates as an example, run as they would run it.

use std::path::Path;
use std::process::Command;

use mbs_shared::routing::{Outcome, State};
use mbs_shared::wire::error::Code;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, fixture_bytes, root, words_about};
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::{Value, json};

fn pull(url: &str, key: &str, folder: &Path) -> Result<String, String> {
    let mut node = Command::new("node");
    node.arg(root().join("sync-server/examples/pull.mjs")).arg(folder).env("MBS_URL", url).env("MBS_KEY", key);
    let out = node.output().map_err(|e| format!("node cannot be started: {e}"))?;
    let said = [out.stdout, out.stderr].map(|s| String::from_utf8_lossy(&s).into_owned()).concat();
    if out.status.success() { Ok(said) } else { Err(said) }
}

/// What it keeps: pages by number, in their order.
fn pages(folder: &Path) -> Vec<(u64, Value)> {
    let numbered = std::fs::read_dir(folder).unwrap().filter_map(|file| {
        let path = file.unwrap().path();
        let n = path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()?;
        Some((n, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()))
    });
    let mut all: Vec<(u64, Value)> = numbered.collect();
    all.sort_unstable_by_key(|(n, _)| *n);
    all
}

fn kinds(folder: &Path) -> Vec<String> {
    let name = |u: &Value| match u["event"]["what"].as_str() {
        Some(what) => what.to_owned(),
        None => u["kind"].as_str().unwrap().to_owned(),
    };
    pages(folder).iter().flat_map(|(_, page)| page["updates"].as_array().unwrap().iter().map(name)).collect()
}

#[test]
fn the_example_program_keeps_each_update_once_with_its_photos_whatever_is_lost() {
    let mut world = World::begin();
    let (key, folder) = (world.server.add_key(ROADS_ANATOLIA), world.folder("program"));
    let roads = world.unit(ROADS_ANATOLIA);
    let tablet = world.tablet(RASIMPASA);
    let words = words_about("yol.cukur", 1);
    let new = New::of(words).at(RASIMPASA_PLACE).with_photos([fixture_bytes("generated/g-ist-01.jpg")]);
    let id = tablet.file(&new).unwrap().row.id;
    tablet.settle();

    pull(&world.url(), &key, &folder).unwrap();
    let first = pages(&folder);
    let entered = &first[0].1["updates"][0];
    assert!(entered["kind"] == "entered" && entered["request"] == id.to_string(), "{entered}");
    assert_eq!(entered["content"]["description"], words.text.as_str());
    let photo = tablet.request(id).photos[0].hash;
    assert_eq!(std::fs::read(folder.join(format!("{photo}.jpg"))).unwrap(), tablet.photo(photo));

    // Nothing new; a page that was cut off by a kill is not believed; the server restarts.
    std::fs::write(folder.join("999999.json.part"), "{\"updates\": [").unwrap();
    world.restart_server();
    let (roads, url) = (roads.at(&world.url()), world.server.url());
    pull(&url, &key, &folder).unwrap();
    assert_eq!(pages(&folder), first);

    // A page that was lost with its cursor comes again, the same.
    roads.act(id, "accept", json!({})).unwrap();
    pull(&url, &key, &folder).unwrap();
    let second = pages(&folder);
    std::fs::remove_file(folder.join(format!("{}.json", second.last().unwrap().0))).unwrap();
    pull(&url, &key, &folder).unwrap();
    assert_eq!(pages(&folder), second);

    let answered = roads.act(id, "answer", json!({ "outcome": "done", "note": "Kapatıldı." })).unwrap();
    if answered["row"]["state"] == State::AnswerPending.code() {
        roads.act(id, "approve", json!({})).unwrap();
    }
    pull(&url, &key, &folder).unwrap();
    let told: Vec<String> =
        kinds(&folder).into_iter().filter(|k| !matches!(k.as_str(), "content" | "answered")).collect();
    assert_eq!(told, ["routed", "accepted", "concluded"]);

    // A key that was taken away is refused in words.
    drop(world.server.run(&["key", "revoke", "--name", ROADS_ANATOLIA]));
    let refused = pull(&url, &key, &folder).unwrap_err();
    assert!(refused.contains("401 sign_in"), "{refused}");
}

#[test]
fn the_guide_names_every_state_outcome_and_refusal() {
    let guide = std::fs::read_to_string(root().join("sync-server/INTEGRATION.md")).unwrap();
    let named = |code: &str| assert!(guide.contains(&format!("`{code}`")), "{code} is not in the guide");
    State::ALL.iter().for_each(|s| named(s.code()));
    Outcome::ALL.iter().for_each(|o| named(o.code()));
    for kind in ["entered", "left", "event", "content", "erased"] {
        named(kind);
    }
    for code in [Code::SignIn, Code::Forbidden, Code::NotFound, Code::SlowDown, Code::Busy, Code::Internal] {
        named(serde_json::to_value(code).unwrap().as_str().unwrap());
    }
}
