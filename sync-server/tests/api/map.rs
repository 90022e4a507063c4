//! Map packs: what an operator gives is what every tablet fetches, from any instance, until there is another.

use axum::body::to_bytes;
use axum::http::StatusCode;
use flate2::read::GzDecoder;
use mbs_server::blob_store::Key;
use mbs_server::map::{add, drop_current};
use mbs_server::operate::verify::verify;
use mbs_shared::blob::name_of;
use mbs_shared::wire::decode;
use mbs_shared::wire::map::{MapPack, PART};
use mbs_shared::wire::sync::About;
use serde_json::json;
use std::io::Read;

use crate::common::*;
use crate::http::{call, request};

/// A map with a road of so many bends, so that it has several parts.
fn drawn(bends: u32) -> Vec<u8> {
    let area = json!([[[[29.0, 41.0], [29.1, 41.0], [29.0, 41.1], [29.0, 41.0]]]]);
    // Digits that repeat nowhere: they squeeze badly.
    let at = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) % 100_000) / 100_000.0;
    let road: Vec<[f64; 2]> = (0..bends).map(|n| [28.5 + at(n), 40.8 + at(n ^ 0x5555) / 2.0]).collect();
    json!({
        "format": 1,
        "borders": { "type": "Topology", "arcs": [area[0][0]], "objects": { "neighbourhoods": { "type": "GeometryCollection", "geometries": [
            { "type": "Polygon", "arcs": [[0]], "properties": { "code": "kadikoy-rasimpasa", "name": "Rasimpaşa", "district": "kadikoy", "label": [29.02, 41.0] } }
        ] } } },
        "land": { "type": "MultiPolygon", "coordinates": area },
        "water": { "type": "MultiPolygon", "coordinates": [] },
        "lines": [{ "kind": "main", "from": 10, "shape": { "type": "MultiLineString", "coordinates": [road] } }],
    })
    .to_string()
    .into_bytes()
}

async fn get(town: &Town, tablet: &Tablet, path: &str) -> (StatusCode, Vec<u8>) {
    let response = call(town, request("GET", path, Some(tablet), Vec::new())).await;
    (response.status(), to_bytes(response.into_body(), 1 << 24).await.unwrap().to_vec())
}

async fn told(town: &Town, tablet: &Tablet) -> MapPack {
    decode(&get(town, tablet, "/v1/map").await.1).unwrap()
}

/// What a tablet hears that starts anew.
async fn mark(tablet: &Tablet) -> Option<u32> {
    let about = Some(About { app: "0.1.0".into(), free: 0, battery: None });
    tablet.send(&mbs_shared::wire::sync::SyncRequest { about, ..tablet.frame(vec![]) }).await.unwrap().map
}

#[tokio::test]
async fn every_tablet_hears_of_it_and_fetches_it_part_by_part() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let next_door = town.tablet("besiktas-bebek").await;
    assert_eq!((mark(&tablet).await, told(&town, &tablet).await), (Some(0), MapPack::default()));
    let map = drawn(40_000);
    let pack = add(&town.service, &map, " 2026-12 ").unwrap();
    assert!(pack.parts.len() > 2 && pack.version == "2026-12", "{pack:?}");
    town.service.refresh_settings().unwrap();
    // Beside rows, and at a start; a quiet poll stays small.
    assert_eq!(tablet.sync(vec![]).await.map, None);
    let filed = tablet.file("yol.cukur");
    tablet.sync(vec![filed]).await;
    assert_eq!(mark(&tablet).await, Some(pack.mark()));
    assert_eq!(told(&town, &next_door).await, pack);
    let mut squeezed = Vec::new();
    for part in &pack.parts {
        let (status, bytes) = get(&town, &next_door, &format!("/v1/blobs/{part}?offset=0&len={PART}")).await;
        assert_eq!((status, name_of(&bytes)), (StatusCode::OK, *part));
        let (_, half) = get(&town, &next_door, &format!("/v1/blobs/{part}?offset=10&len=20")).await;
        assert_eq!(half, bytes[10..30]);
        squeezed.extend(bytes);
    }
    let mut json = Vec::new();
    GzDecoder::new(&squeezed[..]).read_to_end(&mut json).unwrap();
    assert_eq!((json, squeezed.len()), (map, pack.size as usize));
    // As safe as photos. The PostgreSQL of tests, which syncs nothing, is told so first.
    if town.is_one_folder() {
        assert_eq!(verify(&town.service).unwrap().photos, pack.parts.len() as u64);
    }
}

#[tokio::test]
async fn another_one_takes_its_place_at_every_instance_and_its_parts_go() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let old = add(&town.service, &drawn(9_000), "2026-12").unwrap();
    let other = town.other_process();
    assert_eq!(other.map().pack, old);
    let new = add(&town.service, &drawn(9_001), "2027-01").unwrap();
    // Taken over by what runs every second.
    other.refresh_settings().unwrap();
    town.service.refresh_settings().unwrap();
    assert_eq!((other.map().pack.clone(), told(&town, &tablet).await), (new.clone(), new.clone()));
    for part in old.parts.iter().filter(|part| !new.parts.contains(part)) {
        assert_eq!(get(&town, &tablet, &format!("/v1/blobs/{part}")).await.0, StatusCode::NOT_FOUND);
        assert!(!town.service.store.has(Key::Full(*part)).unwrap());
    }
    // The same file under another name is another pack of the same parts.
    let renamed = add(&town.service, &drawn(9_001), "2027-02").unwrap();
    assert_eq!((renamed.parts == new.parts, renamed.mark() == new.mark()), (true, false));
    // A file that is no map changes nothing.
    assert!(add(&town.service, b"{}", "2027-03").is_err());
    assert!(add(&town.service, &drawn(9_001), " ").is_err());
    let large = add(&town.service, &vec![b' '; 33 << 20], "2027-03").unwrap_err().to_string();
    assert!(large.contains("32 MiB"), "{large}");
    town.service.refresh_settings().unwrap();
    assert_eq!(told(&town, &tablet).await, renamed);
    // Taken back: tablets show their own, and nothing of it is left.
    assert!(drop_current(&town.service).unwrap() && !drop_current(&town.service).unwrap());
    town.service.refresh_settings().unwrap();
    assert_eq!((mark(&tablet).await, told(&town, &tablet).await), (Some(0), MapPack::default()));
    assert_eq!(town.count("select count(*) from blob"), 0);
}
