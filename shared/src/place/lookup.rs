//! From a point to the neighbourhood it lies in, offline.
//!
//! Borders stay on the whole-number grid they were published on, so that two neighbours share
//! exactly the same line: a point on it belongs to one of them, never to both and never to none.

use std::collections::{HashMap, HashSet};

use geo_types::{Coord, Line, MultiPolygon, Rect};
use thiserror::Error;

use super::topology::{self, Shape, Transform};

/// The border file is not what it should be.
#[derive(Debug, Error)]
#[error("borders cannot be read: {0}")]
pub struct BadBorders(pub String);

/// What lies under a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    /// In a neighbourhood.
    Neighbourhood {
        /// Neighbourhood code.
        neighbourhood: &'a str,
        /// District code.
        district: &'a str,
    },
    /// In a district, but in no neighbourhood (forest, military, industrial, water).
    Special {
        /// District code.
        district: &'a str,
        /// Code of the nearest neighbourhood of that district.
        nearest: &'a str,
    },
    /// At sea or outside the province.
    Outside,
}

/// A neighbourhood's border.
#[derive(Debug)]
struct Area {
    code: String,
    /// Index of its district.
    district: usize,
    bounds: Rect<i32>,
    shape: MultiPolygon<i32>,
}

/// A district's border.
#[derive(Debug)]
struct District {
    code: String,
    bounds: Rect<i32>,
    shape: MultiPolygon<i32>,
    /// Indices of its neighbourhoods.
    areas: Vec<usize>,
}

/// Borders, indexed.
#[derive(Debug)]
pub struct Neighbourhoods {
    transform: Transform,
    areas: Vec<Area>,
    districts: Vec<District>,
    by_code: HashMap<String, usize>,
    cells: Cells,
}

impl Neighbourhoods {
    /// Reads the TopoJSON with its layers `neighbourhoods` and `districts`. What a district has
    /// beyond its neighbourhoods is a special area; a layer of those is not needed.
    ///
    /// # Errors
    /// [`BadBorders`] when it is something else.
    pub fn from_topojson(text: &str) -> Result<Self, BadBorders> {
        let topology = topology::read(text)?;
        let mut districts = Vec::with_capacity(topology.districts.len());
        let mut district_at = HashMap::new();
        for Shape { code, area, .. } in topology.districts {
            district_at.insert(code.clone(), districts.len());
            let bounds = bounds(&area).ok_or_else(|| BadBorders(format!("{code} is empty")))?;
            districts.push(District { code, bounds, shape: area, areas: Vec::new() });
        }
        let mut areas = Vec::with_capacity(topology.neighbourhoods.len());
        let mut by_code = HashMap::with_capacity(topology.neighbourhoods.len());
        for Shape { code, district, area } in topology.neighbourhoods {
            let district = district
                .and_then(|d| district_at.get(&d).copied())
                .ok_or_else(|| BadBorders(format!("{code} is in no known district")))?;
            let bounds = bounds(&area).ok_or_else(|| BadBorders(format!("{code} is empty")))?;
            if let Some(d) = districts.get_mut(district) {
                d.areas.push(areas.len());
            }
            by_code.insert(code.clone(), areas.len());
            areas.push(Area { code, district, bounds, shape: area });
        }
        let cells = Cells::new(&areas).ok_or_else(|| BadBorders("there is no neighbourhood".into()))?;
        Ok(Self { transform: topology.transform, areas, districts, by_code, cells })
    }

    /// What lies under a point (degrees, WGS 84).
    #[must_use]
    pub fn locate(&self, lat: f64, lon: f64) -> Found<'_> {
        let at = self.transform.steps(Coord { x: lon, y: lat });
        let inside = self.cells.under(at).filter_map(|i| self.areas.get(i)).find(|a| holds(&a.shape, a.bounds, at));
        if let Some(area) = inside {
            let district = self.districts.get(area.district).map_or("", |d| d.code.as_str());
            return Found::Neighbourhood { neighbourhood: &area.code, district };
        }
        let Some(district) = self.districts.iter().find(|d| holds(&d.shape, d.bounds, at)) else {
            return Found::Outside;
        };
        // Of the same district: that one is certain, and routes may depend on it.
        let metres = self.transform.metres(lat);
        let nearest = nearest(district.areas.iter().filter_map(|i| self.areas.get(*i)), at, metres)
            .or_else(|| nearest(self.areas.iter(), at, metres));
        nearest.map_or(Found::Outside, |area| Found::Special { district: &district.code, nearest: &area.code })
    }

    /// Codes of the neighbourhoods that share a point of their border with this one, in the order of the border file.
    /// Empty when its border is not known.
    #[must_use]
    pub fn bordering(&self, code: &str) -> Vec<&str> {
        let Some(area) = self.by_code.get(code).and_then(|i| self.areas.get(*i)) else { return Vec::new() };
        let own: HashSet<Coord<i32>> = edges(&area.shape).map(|edge| edge.start).collect();
        let touches = |other: &&Area| {
            other.code != code
                && meet(area.bounds, other.bounds)
                && edges(&other.shape).any(|edge| own.contains(&edge.start))
        };
        self.areas.iter().filter(touches).map(|other| other.code.as_str()).collect()
    }

    /// The border of a neighbourhood in degrees (x east, y north), for a map. `None` when its border is not known.
    #[must_use]
    pub fn outline(&self, code: &str) -> Option<MultiPolygon<f64>> {
        let area = self.areas.get(*self.by_code.get(code)?)?;
        let ring = |line: &geo_types::LineString<i32>| line.coords().map(|c| self.transform.degrees(*c)).collect();
        let polygons = area
            .shape
            .iter()
            .map(|p| geo_types::Polygon::new(ring(p.exterior()), p.interiors().iter().map(ring).collect()));
        Some(polygons.collect())
    }
}

fn bounds(shape: &MultiPolygon<i32>) -> Option<Rect<i32>> {
    let mut points = shape.iter().flat_map(|p| p.exterior().coords());
    let first = *points.next()?;
    let (min, max) = points.fold((first, first), |(min, max), c| {
        (Coord { x: min.x.min(c.x), y: min.y.min(c.y) }, Coord { x: max.x.max(c.x), y: max.y.max(c.y) })
    });
    Some(Rect::new(min, max))
}

/// Whether two boxes have a point in common.
fn meet(a: Rect<i32>, b: Rect<i32>) -> bool {
    a.min().x <= b.max().x && b.min().x <= a.max().x && a.min().y <= b.max().y && b.min().y <= a.max().y
}

fn edges(shape: &MultiPolygon<i32>) -> impl Iterator<Item = Line<i32>> {
    shape.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).flat_map(|ring| ring.lines())
}

fn float(c: Coord<i32>) -> Coord<f64> {
    Coord { x: f64::from(c.x), y: f64::from(c.y) }
}

/// Whether a point lies in a shape: a ray to the east crosses its rings an odd number of times.
/// Edges are taken from south to north whichever way their ring runs, so that the two sides of a
/// shared border always compute the same.
fn holds(shape: &MultiPolygon<i32>, bounds: Rect<i32>, at: Coord<f64>) -> bool {
    let (min, max) = (float(bounds.min()), float(bounds.max()));
    // Written so that NaN is nowhere.
    if !(at.x >= min.x && at.x <= max.x && at.y >= min.y && at.y <= max.y) {
        return false;
    }
    let mut inside = false;
    for edge in edges(shape) {
        let (south, north) = if edge.start.y <= edge.end.y { (edge.start, edge.end) } else { (edge.end, edge.start) };
        let (south, north) = (float(south), float(north));
        if south.y <= at.y && at.y < north.y {
            let cross = (north.x - south.x) * (at.y - south.y) - (at.x - south.x) * (north.y - south.y);
            inside ^= cross > 0.0;
        }
    }
    inside
}

/// The area whose border comes closest to a point outside all of them.
fn nearest<'a>(areas: impl Iterator<Item = &'a Area>, at: Coord<f64>, metres: Coord<f64>) -> Option<&'a Area> {
    let mut best = f64::INFINITY;
    let mut found = None;
    for area in areas {
        if square_to_bounds(area.bounds, at, metres) >= best {
            continue;
        }
        for edge in edges(&area.shape) {
            let square = square_to_edge(edge, at, metres);
            if square < best {
                best = square;
                found = Some(area);
            }
        }
    }
    found
}

/// Square metres between a point and a box.
fn square_to_bounds(bounds: Rect<i32>, at: Coord<f64>, metres: Coord<f64>) -> f64 {
    let (min, max) = (float(bounds.min()), float(bounds.max()));
    let dx = (min.x - at.x).max(at.x - max.x).max(0.0) * metres.x;
    let dy = (min.y - at.y).max(at.y - max.y).max(0.0) * metres.y;
    dx * dx + dy * dy
}

/// Square metres between a point and the nearest point of an edge.
fn square_to_edge(edge: Line<i32>, at: Coord<f64>, metres: Coord<f64>) -> f64 {
    let (a, b) = (float(edge.start), float(edge.end));
    let (ax, ay) = ((a.x - at.x) * metres.x, (a.y - at.y) * metres.y);
    let (dx, dy) = ((b.x - a.x) * metres.x, (b.y - a.y) * metres.y);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (ax + along * dx, ay + along * dy);
    x * x + y * y
}

/// Cells a side.
const SIDE: u16 = 96;

/// Which neighbourhoods may lie under a point: a coarse grid over all of them.
#[derive(Debug)]
struct Cells {
    min: Coord<f64>,
    /// Steps of the border grid a cell is wide and high.
    size: Coord<f64>,
    /// Areas by cell, row after row.
    cells: Vec<Vec<u16>>,
}

impl Cells {
    fn new(areas: &[Area]) -> Option<Self> {
        let all = areas.iter().map(|a| (a.bounds.min(), a.bounds.max()));
        let (min, max) = all.reduce(|(min, max), (lo, hi)| {
            (Coord { x: min.x.min(lo.x), y: min.y.min(lo.y) }, Coord { x: max.x.max(hi.x), y: max.y.max(hi.y) })
        })?;
        let (min, max) = (float(min), float(max));
        let side = f64::from(SIDE);
        let size = Coord { x: ((max.x - min.x) / side).max(1.0), y: ((max.y - min.y) / side).max(1.0) };
        let mut grid = Self { min, size, cells: vec![Vec::new(); usize::from(SIDE) * usize::from(SIDE)] };
        for (i, area) in areas.iter().enumerate() {
            let i = u16::try_from(i).ok()?;
            let (low, high) = (float(area.bounds.min()), float(area.bounds.max()));
            for row in grid.row(low.y)..=grid.row(high.y) {
                for column in grid.column(low.x)..=grid.column(high.x) {
                    if let Some(cell) = grid.cells.get_mut(row * usize::from(SIDE) + column) {
                        cell.push(i);
                    }
                }
            }
        }
        Some(grid)
    }

    fn column(&self, x: f64) -> usize {
        cell((x - self.min.x) / self.size.x)
    }

    fn row(&self, y: f64) -> usize {
        cell((y - self.min.y) / self.size.y)
    }

    fn under(&self, at: Coord<f64>) -> impl Iterator<Item = usize> {
        let cell = self.cells.get(self.row(at.y) * usize::from(SIDE) + self.column(at.x));
        cell.into_iter().flatten().map(|i| usize::from(*i))
    }
}

/// The cell's number; whatever lies beyond the edge, or is no number, is put into the outermost ones.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the grid first")]
fn cell(at: f64) -> usize {
    at.clamp(0.0, f64::from(SIDE - 1)) as usize
}

#[cfg(test)]
mod tests {
    use geo_types::{LineString, Polygon, coord};

    use super::*;

    /// Borders that lie `side` steps apart, as squares.
    fn square(name: &str, x: i32, y: i32, side: i32) -> Area {
        let ring = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)];
        let shape = MultiPolygon(vec![Polygon::new(LineString::from(ring.to_vec()), vec![])]);
        Area { code: name.into(), district: 0, bounds: bounds(&shape).unwrap(), shape }
    }

    fn exactly(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-9, "{found}, not {wanted}");
    }

    /// A step is 2 m wide and 3 m high.
    const METRES: Coord<f64> = coord! { x: 2.0, y: 3.0 };

    #[test]
    fn metres_to_a_box_are_those_to_its_nearest_side() {
        let bounds = Rect::new(coord! { x: 10, y: 20 }, coord! { x: 30, y: 50 });
        for ((x, y), wanted) in [
            ((15.0, 30.0), 0.0),
            ((4.0, 30.0), 144.0),
            ((33.0, 30.0), 36.0),
            ((15.0, 13.0), 441.0),
            ((15.0, 52.0), 36.0),
            ((4.0, 13.0), 585.0),
        ] {
            exactly(square_to_bounds(bounds, coord! { x: x, y: y }, METRES), wanted);
        }
    }

    #[test]
    fn metres_to_an_edge_are_those_to_its_nearest_point() {
        let flat = Line::new(coord! { x: 10, y: 20 }, coord! { x: 30, y: 20 });
        let steep = Line::new(coord! { x: 10, y: 20 }, coord! { x: 20, y: 40 });
        let point = Line::new(coord! { x: 5, y: 5 }, coord! { x: 5, y: 5 });
        for (edge, (x, y), wanted) in [
            (flat, (20.0, 26.0), 324.0),
            (flat, (4.0, 20.0), 144.0),
            (flat, (35.0, 20.0), 100.0),
            (flat, (35.0, 24.0), 244.0),
            // The foot lies inside, of an edge that runs (20, 60) m: (10, 30) m from its beginning, (30, −10) m away.
            (steep, (30.0, 80.0 / 3.0), 1_000.0),
            (point, (8.0, 9.0), 180.0),
        ] {
            exactly(square_to_edge(edge, coord! { x: x, y: y }, METRES), wanted);
        }
    }

    #[test]
    fn boxes_meet_that_touch_and_no_others() {
        let at = |x: i32, y: i32| Rect::new(coord! { x: x, y: y }, coord! { x: x + 10, y: y + 10 });
        for ((x, y), wanted) in [
            ((5, 5), true),
            ((10, 10), true),
            ((-10, 0), true),
            ((0, -10), true),
            ((11, 0), false),
            ((-11, 0), false),
            ((0, 11), false),
            ((0, -11), false),
        ] {
            assert_eq!(meet(at(0, 0), at(x, y)), wanted, "{x} {y}");
        }
    }

    #[test]
    fn of_two_borders_as_near_the_first_is_taken() {
        let areas = [square("left", 0, 0, 10), square("right", 20, 0, 10), square("far", 0, 90, 10)];
        let near = |x: f64| nearest(areas.iter(), coord! { x: x, y: 5.0 }, METRES).map(|area| area.code.as_str());
        assert_eq!((near(15.0), near(15.1), near(14.9)), (Some("left"), Some("right"), Some("left")));
        assert!(nearest([].iter(), coord! { x: 0.0, y: 0.0 }, METRES).is_none());
    }

    /// Forty by forty squares of ten steps, far from the grid's beginning.
    #[test]
    fn a_cell_names_what_may_lie_under_a_point_and_little_else() {
        let areas: Vec<Area> = (0..1_600).map(|i| square("a", 1_000 + i % 40 * 10, 2_000 + i / 40 * 10, 10)).collect();
        let cells = Cells::new(&areas).unwrap();
        for (i, area) in areas.iter().enumerate() {
            let (x, y) = (f64::from(area.bounds.min().x), f64::from(area.bounds.min().y));
            for (dx, dy) in [(0.1, 0.1), (5.0, 5.0), (9.9, 9.9), (0.1, 9.9)] {
                let under: Vec<usize> = cells.under(coord! { x: x + dx, y: y + dy }).collect();
                assert!(under.contains(&i) && under.len() <= 4, "{i}: {under:?}");
                for other in under.iter().filter_map(|other| areas.get(*other)) {
                    let away =
                        square_to_bounds(other.bounds, coord! { x: x + dx, y: y + dy }, coord! { x: 1.0, y: 1.0 });
                    // A cell is 400/96 steps wide.
                    assert!(away < 40.0, "{i} and something {away} away");
                }
            }
        }
    }
}
