//! An operator gives a map: it comes to the tablets by itself, over bad lines, past damage, from either of two servers, and
//! is then what their screens draw, with roads that the app's own map does not have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mbs_shared::wire::map::PART;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{Health, MapPack};
use mbs_tests::instances::Instances;
use mbs_tests::people::{CAFERAGA, RASIMPASA};
use mbs_tests::process::{run, wait_until};
use mbs_tests::server::Server;
use mbs_tests::tablet::{Device, Door};
use mbs_tests::world::World;
use serde_json::{Value, json};

/// A map as an operator makes it: the app's own, and a road.
fn made(dir: &Path, name: &str) -> (PathBuf, Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (roads, file) = (dir.join("roads.geojson"), dir.join(name));
    let road = json!({ "type": "FeatureCollection", "features": [
        { "type": "Feature", "properties": { "highway": "primary", "name": name }, "geometry": { "type": "LineString", "coordinates": [[29.02, 40.99], [29.03, 41.0]] } }
    ] });
    fs::create_dir_all(dir).unwrap();
    fs::write(&roads, road.to_string()).unwrap();
    let mut node = Command::new("node");
    run(node.arg(root.join("ui/scripts/map.mjs")).arg(&file).arg(&roads)).unwrap();
    let mut map: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    map["credit"] = name.into();
    fs::write(&file, map.to_string()).unwrap();
    (file, map)
}

fn give(server: &Server, file: &Path, version: &str) -> String {
    server.run(&["map", "add", file.to_str().unwrap(), "--version", version])
}

/// Starts the tablet's app anew and lets it sync, until it is so. A tablet hears of a map at its start, and a server that runs
/// hears of it within a second.
fn until(tablet: Device, what: &str, done: impl Fn(&Device) -> bool) -> Device {
    let mut now = Some(tablet);
    wait_until(what, || {
        let again = now.take().unwrap().reopened();
        again.sync();
        done(now.insert(again))
    });
    now.unwrap()
}

fn pack(tablet: &Device) -> Option<MapPack> {
    tablet.call(Call::Map).unwrap()
}

/// What the screens are given, as they read it.
fn drawn(tablet: &Device) -> Value {
    let MapPack { mark, parts, .. } = pack(tablet).unwrap();
    let part = |part| tablet.call::<Option<String>>(Call::MapPart { mark, part }).unwrap().unwrap();
    let squeezed: Vec<u8> = (0..parts).flat_map(|n| STANDARD.decode(part(n)).unwrap()).collect();
    serde_json::from_reader(flate2::read::GzDecoder::new(&squeezed[..])).unwrap()
}

#[test]
fn it_comes_over_a_bad_line_and_past_damage_and_the_next_one_takes_its_place() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    tablet.settle();
    assert_eq!(pack(&tablet), None);
    let (file, map) = made(&world.folder("maps"), "2026-12");
    let said = give(&world.server, &file, "2026-12");
    assert!(said.contains("2026-12") && said.contains("KiB"), "{said}");
    assert!(world.server.run(&["map", "list"]).contains("counts"));
    drop(world.server.run(&["verify"]));

    // One of its parts is damaged on the server's disk: it is never taken for the map.
    let mut largest =
        world.server.files().into_iter().filter(|(_, path)| fs::metadata(path).unwrap().len() == PART as u64);
    let (_, broken) = largest.next_back().unwrap();
    let sound = fs::read(&broken).unwrap();
    let mut bytes = sound.clone();
    bytes[1_000] ^= 1;
    fs::write(&broken, &bytes).unwrap();
    // The line dies each 40 KB.
    world.network.cut_each_bytes(Some(40_000));
    let comes = |tablet: &Device| tablet.call::<Health>(Call::Health).unwrap().map_coming.is_some();
    let tablet = until(tablet, "it is told of the map", comes);
    world.network.cut_each_bytes(None);
    tablet.settle();
    assert_eq!(pack(&tablet), None, "the app's own map is shown");
    fs::write(&broken, &sound).unwrap();
    let tablet = tablet.reopened();
    world.network.cut_each_bytes(Some(40_000));
    wait_until("the map is here", || {
        tablet.sync();
        pack(&tablet).is_some()
    });
    world.network.cut_each_bytes(None);
    assert_eq!(drawn(&tablet), map);
    assert_eq!(drawn(&tablet)["lines"][0]["kind"], "main");

    // The next one; a server that is killed in between changes nothing.
    let (next, map) = made(&world.folder("maps"), "2027-01");
    give(&world.server, &next, "2027-01");
    world.kill_server();
    let tablet = tablet.reopened();
    tablet.settle();
    assert_eq!((pack(&tablet).unwrap().version, drawn(&tablet)), ("2027-01".to_owned(), map));
    let roads = world.folder("maps").join("roads.geojson");
    let said = world.server.run_badly(&["map", "add", roads.to_str().unwrap(), "--version", "2027-02"]);
    assert!(said.contains("map.mjs"), "{said}");
    assert!(world.server.run(&["map", "drop"]).contains("of their app"));
    assert!(world.server.run(&["map", "list"]).contains("(of the app)"));
    drop(until(tablet, "its own map is shown again", |tablet| pack(tablet).is_none()));
    drop(world.server.run(&["verify"]));
}

#[test]
fn given_at_one_of_two_servers_it_comes_from_both() {
    let mut city = Instances::begin(7);
    let tablets = [city.tablet(RASIMPASA), city.tablet(CAFERAGA)];
    let (file, map) = made(&city.folder("maps"), "2026-12");
    give(&city.servers[0], &file, "2026-12");
    for (n, tablet) in tablets.into_iter().enumerate() {
        // Whatever it hears where it begins, the rest may come from the other one.
        tablet.network.lead_to(city.servers[n].addr());
        tablet.network.cut_each_bytes(Some(60_000));
        let device = tablet.device.reopened();
        let mut tries = 0;
        wait_until("the map is here", || {
            tries += 1;
            device.sync();
            tablet.network.lead_to(city.servers[(n + tries) % 2].addr());
            pack(&device).is_some()
        });
        assert!(tries > 1, "the line was cut");
        assert_eq!(drawn(&device), map);
    }
}
