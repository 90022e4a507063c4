//! Reads TopoJSON: borders as arcs that neighbours share, quantised and delta-coded.

use geo_types::{Coord, LineString, MultiPolygon, Polygon};
use serde::Deserialize;

use super::BadBorders;

#[derive(Deserialize)]
struct File {
    transform: Transform,
    arcs: Vec<Vec<[i32; 2]>>,
    objects: Objects,
}

/// From whole steps of the grid to degrees.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

impl Transform {
    /// Degrees east and north of a grid point.
    pub(super) fn degrees(&self, at: Coord<i32>) -> Coord<f64> {
        let ([sx, sy], [tx, ty]) = (self.scale, self.translate);
        Coord { x: tx + f64::from(at.x) * sx, y: ty + f64::from(at.y) * sy }
    }

    /// Degrees east and north as steps of the grid, fractions kept.
    pub(super) fn steps(&self, degrees: Coord<f64>) -> Coord<f64> {
        let ([sx, sy], [tx, ty]) = (self.scale, self.translate);
        Coord { x: (degrees.x - tx) / sx, y: (degrees.y - ty) / sy }
    }

    /// Metres a step is long, east and north, at a latitude: exact enough to compare distances.
    pub(super) fn metres(&self, lat: f64) -> Coord<f64> {
        let [sx, sy] = self.scale;
        Coord { x: sx * 111_320.0 * lat.to_radians().cos(), y: sy * 111_130.0 }
    }

    fn is_sound(&self) -> bool {
        self.scale.iter().all(|s| s.is_finite() && *s > 0.0) && self.translate.iter().all(|t| t.is_finite())
    }
}

#[derive(Deserialize)]
struct Objects {
    neighbourhoods: Layer,
    districts: Layer,
}

#[derive(Deserialize)]
struct Layer {
    geometries: Vec<Geometry>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    Polygon { arcs: Vec<Vec<i32>>, properties: Properties },
    MultiPolygon { arcs: Vec<Vec<Vec<i32>>>, properties: Properties },
}

#[derive(Deserialize)]
struct Properties {
    code: String,
    district_code: Option<String>,
}

/// One area of a layer, in steps of the grid.
pub(super) struct Shape {
    pub(super) code: String,
    /// District it belongs to, where the layer says so.
    pub(super) district: Option<String>,
    pub(super) area: MultiPolygon<i32>,
}

/// The layers that are looked into.
pub(super) struct Topology {
    pub(super) transform: Transform,
    pub(super) neighbourhoods: Vec<Shape>,
    pub(super) districts: Vec<Shape>,
}

/// Reads the file and puts each area's rings together.
pub(super) fn read(text: &str) -> Result<Topology, BadBorders> {
    let file: File = serde_json::from_str(text).map_err(|e| BadBorders(e.to_string()))?;
    if !file.transform.is_sound() {
        return Err(BadBorders("the transform has no scale".into()));
    }
    let arcs = file.arcs.into_iter().map(points).collect::<Result<Vec<_>, _>>()?;
    Ok(Topology {
        transform: file.transform,
        neighbourhoods: shapes(file.objects.neighbourhoods, &arcs)?,
        districts: shapes(file.objects.districts, &arcs)?,
    })
}

/// An arc's points: each is written as its step from the one before.
fn points(deltas: Vec<[i32; 2]>) -> Result<Vec<Coord<i32>>, BadBorders> {
    let mut at = Coord { x: 0_i32, y: 0_i32 };
    deltas
        .into_iter()
        .map(|[dx, dy]| {
            let (Some(x), Some(y)) = (at.x.checked_add(dx), at.y.checked_add(dy)) else {
                return Err(BadBorders("an arc leaves the grid".into()));
            };
            at = Coord { x, y };
            Ok(at)
        })
        .collect()
}

fn shapes(layer: Layer, arcs: &[Vec<Coord<i32>>]) -> Result<Vec<Shape>, BadBorders> {
    layer
        .geometries
        .into_iter()
        .map(|geometry| {
            let (polygons, properties) = match geometry {
                Geometry::Polygon { arcs, properties } => (vec![arcs], properties),
                Geometry::MultiPolygon { arcs, properties } => (arcs, properties),
            };
            let area = polygons
                .iter()
                .map(|rings| polygon(rings, arcs))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| BadBorders(format!("{}: a ring is not whole", properties.code)))?;
            Ok(Shape { code: properties.code, district: properties.district_code, area: MultiPolygon(area) })
        })
        .collect()
}

fn polygon(rings: &[Vec<i32>], arcs: &[Vec<Coord<i32>>]) -> Option<Polygon<i32>> {
    let mut rings = rings.iter().map(|ring| self::ring(ring, arcs));
    let outer = rings.next()??;
    Some(Polygon::new(outer, rings.collect::<Option<Vec<_>>>()?))
}

/// A closed ring out of arcs; a negative number `!n` is arc `n` backwards.
fn ring(numbers: &[i32], arcs: &[Vec<Coord<i32>>]) -> Option<LineString<i32>> {
    let mut ring: Vec<Coord<i32>> = Vec::new();
    for number in numbers {
        let backwards = *number < 0;
        let arc = arcs.get(usize::try_from(if backwards { !number } else { *number }).ok()?)?;
        let (first, last) = if backwards { (arc.last()?, arc.first()?) } else { (arc.first()?, arc.last()?) };
        // An arc begins where the one before ended.
        if ring.pop().is_some_and(|end| end != *first) {
            return None;
        }
        ring.reserve_exact(arc.len());
        if backwards {
            ring.extend(arc.iter().rev());
        } else {
            ring.extend(arc);
        }
        debug_assert_eq!(ring.last(), Some(last));
    }
    (ring.len() >= 4 && ring.first() == ring.last()).then_some(LineString(ring))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_as_long_as_its_latitude_makes_it() {
        let transform = Transform { scale: [0.001, 0.002], translate: [28.0, 41.0] };
        let Coord { x, y } = transform.metres(60.0);
        assert!((x - 55.66).abs() < 1e-6 && (y - 222.26).abs() < 1e-6, "{x} {y}");
    }

    #[test]
    fn a_transform_without_a_scale_or_a_place_is_not_sound() {
        let sound = Transform { scale: [0.001, 0.002], translate: [28.0, 0.0] };
        assert!(sound.is_sound());
        for scale in [[0.0, 1.0], [1.0, -1.0], [f64::INFINITY, 1.0], [1.0, f64::NAN]] {
            assert!(!Transform { scale, ..sound }.is_sound(), "{scale:?}");
        }
        for translate in [[f64::NAN, 0.0], [0.0, f64::NEG_INFINITY]] {
            assert!(!Transform { translate, ..sound }.is_sound(), "{translate:?}");
        }
    }
}
