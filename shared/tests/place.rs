//! Points and the neighbourhoods they lie in, on Istanbul's own borders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::HashSet;
use std::sync::OnceLock;

use geo_types::Coord;
use mbs_shared::place::{Found, Neighbourhoods};
use serde::Deserialize;

const BORDERS: &str = include_str!("../data/geo/istanbul.topo.json");

fn borders() -> &'static Neighbourhoods {
    static BORDERS_: OnceLock<Neighbourhoods> = OnceLock::new();
    BORDERS_.get_or_init(|| Neighbourhoods::from_topojson(BORDERS).unwrap())
}

#[derive(Deserialize)]
struct Known {
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    name: String,
    lat: f64,
    lon: f64,
    district_code: Option<String>,
    neighbourhood_code: Option<String>,
}

#[test]
fn known_points_are_found() {
    let known: Known = serde_json::from_str(include_str!("../data/geo/known_points.json")).unwrap();
    assert_eq!(known.points.len(), 21);
    for p in &known.points {
        let found = borders().locate(p.lat, p.lon);
        let seen = match &found {
            Found::Neighbourhood { neighbourhood, district } => (Some(*district), Some(*neighbourhood)),
            Found::Special { district, .. } => (Some(*district), None),
            Found::Outside => (None, None),
        };
        assert_eq!(seen, (p.district_code.as_deref(), p.neighbourhood_code.as_deref()), "{}", p.name);
    }
}

#[derive(Deserialize)]
struct Table {
    neighbourhoods: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    code: String,
    district_code: String,
    lat: f64,
    lon: f64,
    has_polygon: bool,
}

fn table() -> Vec<Entry> {
    let table: Table = serde_json::from_str(include_str!("../data/geo/neighbourhoods.json")).unwrap();
    table.neighbourhoods
}

#[test]
fn each_label_lies_in_its_own_neighbourhood() {
    let with_border: Vec<_> = table().into_iter().filter(|n| n.has_polygon).collect();
    assert_eq!(with_border.len(), 961);
    for n in &with_border {
        let found = borders().locate(n.lat, n.lon);
        assert_eq!(found, Found::Neighbourhood { neighbourhood: &n.code, district: &n.district_code });
    }
}

#[rstest::rstest]
#[case::aydos_forest(40.948, 29.24, "kartal")]
#[case::kucukcekmece_lake(41.0181, 28.7505, "kucukcekmece")]
fn a_special_area_names_its_district_and_a_neighbour_in_it(#[case] lat: f64, #[case] lon: f64, #[case] in_: &str) {
    let Found::Special { district, nearest } = borders().locate(lat, lon) else { panic!("{lat} {lon}") };
    assert_eq!(district, in_);
    assert!(nearest.starts_with(&format!("{in_}-")), "{nearest}");
    // Nothing of that district is nearer, by its outline's corners.
    let square = |code: &str| {
        let outline = borders().outline(code).unwrap();
        let corners = outline.iter().flat_map(|p| p.exterior().coords().copied().collect::<Vec<_>>());
        corners.map(|c| ((c.x - lon) * 0.755).powi(2) + (c.y - lat).powi(2)).fold(f64::INFINITY, f64::min)
    };
    let ours = square(nearest).sqrt();
    for n in table().iter().filter(|n| n.has_polygon && n.district_code == in_) {
        // Corners stand up to a few hundred metres apart on a straight border.
        assert!(ours < square(&n.code).sqrt() + 0.004, "{} is nearer than {nearest}", n.code);
    }
}

#[derive(Deserialize)]
struct Topology {
    transform: Transform,
    arcs: Vec<Vec<[f64; 2]>>,
    objects: Layers,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(Deserialize)]
struct Layers {
    special_areas: Layer,
}

#[derive(Deserialize)]
struct Layer {
    geometries: Vec<Special>,
}

#[derive(Deserialize)]
struct Special {
    arcs: Vec<Vec<i64>>,
    properties: Named,
}

#[derive(Deserialize)]
struct Named {
    code: String,
}

/// The 25 special areas, decoded here a second time: a point well inside each is in its district
/// and in no neighbourhood. Their codes begin with the district's.
#[test]
fn every_special_area_is_special() {
    let t: Topology = serde_json::from_str(BORDERS).unwrap();
    let mut seen = 0;
    for area in &t.objects.special_areas.geometries {
        let mut ring: Vec<Coord<f64>> = Vec::new();
        for n in &area.arcs[0] {
            let (mut x, mut y) = (0.0, 0.0);
            let mut arc: Vec<_> = t.arcs[usize::try_from(if *n < 0 { !n } else { *n }).unwrap()]
                .iter()
                .map(|[dx, dy]| {
                    x += dx;
                    y += dy;
                    Coord {
                        x: t.transform.translate[0] + x * t.transform.scale[0],
                        y: t.transform.translate[1] + y * t.transform.scale[1],
                    }
                })
                .collect();
            if *n < 0 {
                arc.reverse();
            }
            ring.extend(arc);
        }
        // Along the middle line from west to east, halfway between the first two crossings.
        let (low, high) = ring.iter().fold((f64::MAX, f64::MIN), |(l, h), c| (l.min(c.y), h.max(c.y)));
        let y = f64::midpoint(low, high);
        let mut crossings: Vec<f64> = ring
            .windows(2)
            .filter(|e| (e[0].y <= y) != (e[1].y <= y))
            .map(|e| e[0].x + (y - e[0].y) / (e[1].y - e[0].y) * (e[1].x - e[0].x))
            .collect();
        crossings.sort_by(f64::total_cmp);
        let x = f64::midpoint(crossings[0], crossings[1]);
        let district = area.properties.code.split("--").next().unwrap();
        match borders().locate(y, x) {
            Found::Special { district: found, nearest } => {
                assert_eq!(found, district, "{}", area.properties.code);
                assert!(nearest.starts_with(district));
                seen += 1;
            }
            other => panic!("{}: {other:?}", area.properties.code),
        }
    }
    assert_eq!(seen, 25);
}

#[test]
fn a_corner_shared_by_neighbours_belongs_to_one_of_them() {
    let mut inside = 0;
    for n in table().iter().filter(|n| n.has_polygon && n.district_code == "kadikoy") {
        for corner in borders().outline(&n.code).unwrap().iter().flat_map(|p| p.exterior().coords()) {
            inside += usize::from(matches!(borders().locate(corner.y, corner.x), Found::Neighbourhood { .. }));
        }
    }
    assert!(inside > 500, "{inside}");
}

#[test]
fn neighbours_share_a_border_and_both_say_so() {
    let here = borders().bordering("kadikoy-rasimpasa");
    assert!(here.contains(&"kadikoy-osmanaga") && here.contains(&"kadikoy-kosuyolu"), "{here:?}");
    assert!(!here.contains(&"kadikoy-rasimpasa") && !here.contains(&"kadikoy-bostanci"), "{here:?}");
    assert!(borders().bordering("atlantis").is_empty());
    let mut alone = 0;
    for n in table().iter().filter(|n| n.has_polygon) {
        let around = borders().bordering(&n.code);
        alone += usize::from(around.is_empty());
        for other in around {
            assert!(borders().bordering(other).contains(&n.code.as_str()), "{} and {other}", n.code);
        }
    }
    // Islands.
    assert!(alone <= 6, "{alone}");
}

#[test]
fn outlines_are_there_for_every_border_and_for_nothing_else() {
    let (mut whole, mut none) = (0, HashSet::new());
    for n in table() {
        match borders().outline(&n.code) {
            Some(outline) => {
                assert!(outline.iter().all(|p| p.exterior().is_closed() && p.exterior().0.len() >= 4));
                whole += 1;
            }
            None => {
                none.insert(n.code);
            }
        }
    }
    assert_eq!(whole, 961);
    assert_eq!(none, HashSet::from(["esenler-15-temmuz".into(), "eyupsultan-5-levent".into()]));
    assert!(borders().outline("atlantis").is_none());
}

#[rstest::rstest]
#[case(f64::NAN, 29.0)]
#[case(41.0, f64::NAN)]
#[case(f64::INFINITY, f64::NEG_INFINITY)]
#[case(29.0, 41.0)]
#[case(-41.0, -29.0)]
#[case(1e308, -1e308)]
fn what_is_no_place_here_is_outside(#[case] lat: f64, #[case] lon: f64) {
    assert_eq!(borders().locate(lat, lon), Found::Outside);
}

#[rstest::rstest]
#[case::empty("")]
#[case::other_json("[]")]
#[case::no_areas(r#"{"transform":{"scale":[1,1],"translate":[0,0]},"arcs":[],"objects":{"neighbourhoods":{"geometries":[]},"districts":{"geometries":[]}}}"#)]
#[case::no_scale(r#"{"transform":{"scale":[0,1],"translate":[0,0]},"arcs":[],"objects":{"neighbourhoods":{"geometries":[]},"districts":{"geometries":[]}}}"#)]
#[case::missing_arc(&one_area("[[[0]]]", "[[1,1]]"))]
#[case::arc_past_the_end(&one_area("[[[7]]]", "[[0,0],[0,9],[9,0],[-9,-9]]"))]
#[case::open_ring(&one_area("[[[0]]]", "[[0,0],[0,9],[9,0],[1,1]]"))]
#[case::too_far(&one_area("[[[0]]]", "[[2147483647,0],[1,9],[9,0],[-9,-9]]"))]
#[case::smallest_number(&one_area("[[[-2147483648]]]", "[[0,0],[0,9],[9,0],[-9,-9]]"))]
fn a_bad_file_is_refused(#[case] text: &str) {
    assert!(Neighbourhoods::from_topojson(text).is_err());
}

#[test]
fn a_small_file_is_read() {
    let square = one_area(
        "[[[0]],[[1],[2]]]",
        "[[0,0],[0,9],[9,0],[0,-9],[-9,0]],[[20,0],[0,9],[9,0],[0,-9],[-9,0]],[[22,2],[5,0],[0,5],[-5,0],[0,-5]]",
    );
    let borders = Neighbourhoods::from_topojson(&square).unwrap();
    let in_a = Found::Neighbourhood { neighbourhood: "a", district: "d" };
    assert_eq!(borders.locate(4.5, 4.5), in_a);
    assert_eq!(borders.locate(1.0, 21.0), in_a);
    assert_eq!(borders.locate(4.5, 24.5), Found::Outside, "in the hole");
    assert_eq!(borders.locate(4.5, 15.0), Found::Outside, "between the parts");
    assert_eq!(borders.locate(0.0, 0.0), in_a, "south and west edges belong to it");
    assert_eq!(borders.locate(9.0, 4.5), Found::Outside, "north and east ones to the next");
}

fn one_area(rings: &str, arcs: &str) -> String {
    format!(
        r#"{{"transform":{{"scale":[1,1],"translate":[0,0]}},"arcs":[{arcs}],"objects":{{
        "neighbourhoods":{{"geometries":[{{"type":"MultiPolygon","arcs":{rings},"properties":{{"code":"a","name":"A","district_code":"d"}}}}]}},
        "districts":{{"geometries":[{{"type":"MultiPolygon","arcs":{rings},"properties":{{"code":"d","name":"D"}}}}]}}}}}}"#
    )
}
