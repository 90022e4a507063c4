//! Map packs: what an operator gives is proven to be a map of the city, squeezed, cut into parts, and served until there is
//! another one. Parts lie among the photos; so backups, `verify` and `doctor` know them.

use std::io::{Read, Write};

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use mbs_shared::blob::name_of;
use mbs_shared::directory::Directory;
use mbs_shared::id::BlobHash;
use mbs_shared::wire::map::{FORMAT, MAX_PARTS, MapPack, PART};
use serde::{Deserialize, Serialize};

use crate::blob_store::Key;
use crate::database::versions::{Version, Versioned};
use crate::database::{DbResult, News, Session, blobs};
use crate::service::Service;

/// Bytes of a pack as JSON at most: tablets read it whole.
pub const MAX_JSON: u64 = 32 * 1024 * 1024;
/// Longest name of a version, in bytes.
pub const MAX_VERSION: usize = 40;
/// Around the province: west, south, east, north. What lies outside has its numbers in the wrong order.
const AROUND: [f64; 4] = [27.0, 40.0, 31.0, 42.0];
/// Earlier versions whose parts may still be here.
const EARLIER: u32 = 8;

/// The pack that counts.
#[derive(Debug, Default)]
pub struct Current {
    /// Number of its version; 0: there was never one.
    pub id: i64,
    /// What tablets are told of it.
    pub pack: MapPack,
    mark: u32,
}

impl Current {
    /// As the database has it.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn load(session: &mut dyn Session) -> DbResult<Self> {
        let id = Versioned::Map.newest(session)?;
        let Some(version) = Versioned::Map.by_id(session, id)? else { return Ok(Self::default()) };
        let pack = pack_of(&version)?;
        Ok(Self { id, mark: pack.mark(), pack })
    }

    /// What tells it from another one.
    #[must_use]
    pub const fn mark(&self) -> u32 {
        self.mark
    }
}

/// As it is kept beside its version's name.
#[derive(Serialize, Deserialize)]
struct Body {
    format: u32,
    size: u32,
    parts: Vec<BlobHash>,
}

/// What a version says.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn pack_of(version: &Version) -> DbResult<MapPack> {
    let Body { format, size, parts } = version.read()?;
    Ok(MapPack { version: version.note.clone(), format, size, parts })
}

/// Takes a pack over: from now on tablets are told of it. Done again with the same file it changes nothing but the name.
///
/// # Errors
/// When the file is no map of this city, or too large, in words for the operator; when something cannot be written.
pub fn add(service: &Service, file: &[u8], version: &str) -> Result<MapPack> {
    let version = version.trim();
    ensure!(!version.is_empty() && version.len() <= MAX_VERSION, "--version must be a short name, e.g. 2026-12");
    let squeezed = squeeze(&check(file, service.directory())?)?;
    let parts: Vec<(BlobHash, &[u8])> = squeezed.chunks(PART).map(|part| (name_of(part), part)).collect();
    ensure!(
        parts.len() <= MAX_PARTS,
        "the map has {} KiB when squeezed; tablets take {} KiB: leave the smallest streets out",
        squeezed.len() / 1024,
        MAX_PARTS * PART / 1024
    );
    for (hash, part) in &parts {
        service.store.put(Key::Full(*hash), part).context("writing a part of the map")?;
    }
    let pack = MapPack {
        version: version.to_owned(),
        format: FORMAT,
        size: u32::try_from(squeezed.len())?,
        parts: parts.iter().map(|(hash, _)| *hash).collect(),
    };
    let sizes = parts.iter().map(|(_, part)| u32::try_from(part.len())).collect::<Result<Vec<_>, _>>()?;
    keep(service, &pack, &sizes)?;
    Ok(pack)
}

/// Takes the pack back: tablets show the map of their app again. Whether there was one.
///
/// # Errors
/// When something cannot be written.
pub fn drop_current(service: &Service) -> Result<bool> {
    if service.db.ask(Current::load)?.pack.parts.is_empty() {
        return Ok(false);
    }
    keep(service, &MapPack::default(), &[])?;
    Ok(true)
}

/// Makes it the one that counts; parts of earlier ones go.
fn keep(service: &Service, pack: &MapPack, sizes: &[u32]) -> Result<()> {
    let now = service.clock.now();
    let MapPack { version, format, size, parts } = pack.clone();
    let body = serde_json::to_string(&Body { format, size, parts })?;
    let gone = service.db.change(|tx| {
        let earlier = Versioned::Map.last(tx, EARLIER)?;
        let mut gone = Vec::new();
        for version in &earlier {
            gone.extend(pack_of(version)?.parts.into_iter().filter(|part| !pack.parts.contains(part)));
        }
        for part in &gone {
            tx.send(blobs::DROP, &[part.as_bytes().into()])?;
        }
        for (part, size) in pack.parts.iter().zip(sizes) {
            blobs::add(tx, *part, *size, 0, now)?;
        }
        Versioned::Map.add(tx, now, 0, &version, &body)?;
        tx.announce(News::Settings);
        Ok(gone)
    })?;
    // The database no longer knows them: what is left over here when the machine stops does no harm.
    for part in gone {
        service.store.remove(Key::Full(part)).context("removing a part of the map before")?;
    }
    Ok(())
}

fn squeeze(json: &[u8]) -> Result<Vec<u8>> {
    let mut squeezed = GzEncoder::new(Vec::new(), Compression::best());
    squeezed.write_all(json)?;
    Ok(squeezed.finish()?)
}

/// A pack as `ui/scripts/map.mjs` writes it.
#[derive(Deserialize)]
struct Contents {
    format: u32,
    borders: Topology,
    land: Areas,
    water: Areas,
    #[serde(default)]
    lines: Vec<Lines>,
}

#[derive(Deserialize)]
struct Topology {
    arcs: Vec<Vec<[f64; 2]>>,
    objects: Objects,
}

#[derive(Deserialize)]
struct Objects {
    neighbourhoods: Collection,
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<Geometry>,
}

#[derive(Deserialize)]
struct Geometry {
    arcs: serde_json::Value,
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    code: String,
    label: [f64; 2],
}

#[derive(Deserialize)]
struct Areas {
    coordinates: Vec<Vec<Vec<[f64; 2]>>>,
}

#[derive(Deserialize)]
struct Lines {
    kind: String,
    from: f64,
    shape: Paths,
}

#[derive(Deserialize)]
struct Paths {
    coordinates: Vec<Vec<[f64; 2]>>,
}

/// Kinds of lines that tablets draw.
const KINDS: [&str; 3] = ["main", "street", "rail"];

/// The JSON of a pack, gzipped or not, proven to be a map of the city that a tablet can draw.
///
/// # Errors
/// In words for the operator.
pub fn check(file: &[u8], directory: &Directory) -> Result<Vec<u8>> {
    let json = if file.starts_with(&[0x1f, 0x8b]) {
        let mut json = Vec::new();
        GzDecoder::new(file).take(MAX_JSON + 1).read_to_end(&mut json).context("unpacking the map")?;
        json
    } else {
        file.to_vec()
    };
    ensure!(json.len() as u64 <= MAX_JSON, "the map has more than {} MiB", MAX_JSON >> 20);
    let map: Contents = serde_json::from_slice(&json).context("this is no map as `ui/scripts/map.mjs` writes it")?;
    ensure!(map.format == FORMAT, "the map is of format {}; this release knows {FORMAT}", map.format);
    let geometries = &map.borders.objects.neighbourhoods.geometries;
    ensure!(!geometries.is_empty(), "the map has no neighbourhood");
    for Geometry { arcs, properties: Properties { code, label } } in geometries {
        if directory.neighbourhood(code).is_none() {
            bail!("the map has a neighbourhood {code:?} that the directory does not know");
        }
        ensure!(inside(label), "the label of {code} lies outside Istanbul: longitude comes first");
        ensure!(lie_within(arcs, map.borders.arcs.len()), "the border of {code} is damaged");
    }
    for Lines { kind, from, .. } in &map.lines {
        ensure!(KINDS.contains(&kind.as_str()), "lines are of kind {}, not {kind:?}", KINDS.join(", "));
        ensure!((0.0..=18.0).contains(from), "lines show from a zoom between 0 and 18");
    }
    let areas = [&map.land, &map.water].into_iter().flat_map(|areas| areas.coordinates.iter().flatten());
    let paths = map.lines.iter().flat_map(|lines| &lines.shape.coordinates);
    if let Some([lon, lat]) = areas.chain(paths).flatten().find(|point| !inside(point)) {
        bail!("{lon}, {lat} lies outside Istanbul: longitude comes first");
    }
    Ok(json)
}

fn inside(&[lon, lat]: &[f64; 2]) -> bool {
    let [west, south, east, north] = AROUND;
    (west..=east).contains(&lon) && (south..=north).contains(&lat)
}

/// Whether every number in there names one of `count` arcs; `-1` is the first one backwards.
fn lie_within(arcs: &serde_json::Value, count: usize) -> bool {
    match arcs {
        serde_json::Value::Array(all) => !all.is_empty() && all.iter().all(|one| lie_within(one, count)),
        one => one.as_i64().is_some_and(|n| usize::try_from(if n < 0 { !n } else { n }).is_ok_and(|n| n < count)),
    }
}

#[cfg(test)]
mod tests {
    use mbs_shared::istanbul;
    use serde_json::json;

    use super::*;

    fn small() -> serde_json::Value {
        json!({
            "format": 1, "borders": { "type": "Topology", "arcs": [[[29.0, 41.0], [29.1, 41.0], [29.0, 41.1], [29.0, 41.0]]], "objects": {
                "neighbourhoods": { "type": "GeometryCollection", "geometries": [
                    { "type": "Polygon", "arcs": [[-1]], "properties": { "code": "kadikoy-rasimpasa", "name": "Rasimpaşa", "district": "kadikoy", "label": [29.02, 41.0] } }
                ] } } },
            "land": { "type": "MultiPolygon", "coordinates": [[[[29.0, 41.0], [29.1, 41.0], [29.0, 41.1], [29.0, 41.0]]]] },
            "water": { "type": "MultiPolygon", "coordinates": [] },
            "lines": [{ "kind": "main", "from": 11, "shape": { "type": "MultiLineString", "coordinates": [[[29.0, 41.0], [29.1, 41.0]]] } }]
        })
    }

    fn refused(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut map = small();
        change(&mut map);
        format!("{:#}", check(map.to_string().as_bytes(), istanbul::directory()).unwrap_err())
    }

    #[test]
    fn a_map_is_taken_plain_and_squeezed_and_says_the_same() {
        let plain = small().to_string().into_bytes();
        assert_eq!(check(&plain, istanbul::directory()).unwrap(), plain);
        let squeezed = squeeze(&plain).unwrap();
        assert_eq!(check(&squeezed, istanbul::directory()).unwrap(), plain);
        assert_eq!(squeeze(&plain).unwrap(), squeezed, "the same map has the same names");
    }

    #[test]
    fn what_a_tablet_could_not_draw_is_refused_in_words() {
        assert!(refused(|map| map["format"] = 2.into()).contains("format 2"));
        assert!(refused(|map| drop(map.as_object_mut().unwrap().remove("land"))).contains("map.mjs"));
        assert!(
            refused(|map| map["borders"]["objects"]["neighbourhoods"]["geometries"] = json!([]))
                .contains("no neighbourhood")
        );
        let first = |map: &mut serde_json::Value, key: &str, to| {
            map["borders"]["objects"]["neighbourhoods"]["geometries"][0][key] = to
        };
        assert!(refused(|map| first(map, "arcs", json!([[1]]))).contains("damaged"));
        assert!(refused(|map| first(map, "arcs", json!([[-2]]))).contains("damaged"));
        assert!(refused(|map| first(map, "arcs", json!([[]]))).contains("damaged"));
        assert!(
            refused(|map| first(map, "properties", json!({ "code": "ankara", "label": [29.0, 41.0] })))
                .contains("ankara")
        );
        assert!(
            refused(|map| first(map, "properties", json!({ "code": "kadikoy-rasimpasa", "label": [41.0, 29.0] })))
                .contains("longitude")
        );
        assert!(refused(|map| map["land"]["coordinates"] = json!([[[[41.0, 29.0]]]])).contains("longitude"));
        assert!(refused(|map| map["lines"][0]["shape"]["coordinates"] = json!([[[41.0, 29.0]]])).contains("longitude"));
        assert!(refused(|map| map["lines"][0]["kind"] = "river".into()).contains("river"));
        assert!(format!("{:#}", check(b"\x1f\x8bno", istanbul::directory()).unwrap_err()).contains("unpacking"));
    }
}
