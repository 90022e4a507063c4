//! Istanbul's own data, compiled in: the seed of a new server, and what a tablet starts with.
//!
//! Sources and licences: `shared/data/README.md`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::directory::{Category, Directory, District, Group, Neighbourhood, Unit};
use crate::place::Neighbourhoods;
use crate::routing::deadline::Calendar;

const CATEGORIES: &str = include_str!("../data/org/categories.json");
const ORGANISATION: &str = include_str!("../data/org/organisation.json");
const HOLIDAYS: &str = include_str!("../data/org/holidays.json");
const DISTRICTS: &str = include_str!("../data/geo/districts.json");
const NEIGHBOURHOODS: &str = include_str!("../data/geo/neighbourhoods.json");
const BORDERS: &str = include_str!("../data/geo/istanbul.topo.json");

#[derive(Deserialize)]
struct CategoryFile {
    groups: Vec<Group>,
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct UnitFile {
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct DistrictFile {
    districts: Vec<District>,
}

#[derive(Deserialize)]
struct NeighbourhoodFile {
    neighbourhoods: Vec<Neighbourhood>,
}

/// Units, categories, districts and neighbourhoods.
///
/// # Panics
/// When the compiled-in files do not parse, which a test rules out.
#[must_use]
#[expect(clippy::expect_used, reason = "compiled-in data, parsed by a test")]
pub fn directory() -> &'static Directory {
    static DIRECTORY: OnceLock<Directory> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let c: CategoryFile = serde_json::from_str(CATEGORIES).expect("categories.json");
        let u: UnitFile = serde_json::from_str(ORGANISATION).expect("organisation.json");
        let d: DistrictFile = serde_json::from_str(DISTRICTS).expect("districts.json");
        let n: NeighbourhoodFile = serde_json::from_str(NEIGHBOURHOODS).expect("neighbourhoods.json");
        Directory::new(c.groups, c.categories, u.units, d.districts, n.neighbourhoods)
    })
}

/// Turkey's public holidays and half days, 2016 to 2031.
///
/// # Panics
/// When the compiled-in file does not parse, which a test rules out.
#[must_use]
#[expect(clippy::expect_used, reason = "compiled-in data, parsed by a test")]
pub fn calendar() -> &'static Calendar {
    static CALENDAR: OnceLock<Calendar> = OnceLock::new();
    CALENDAR.get_or_init(|| Calendar::from_json(HOLIDAYS).expect("holidays.json"))
}

/// Borders of districts and neighbourhoods, for point-in-polygon.
///
/// # Panics
/// When the compiled-in file does not parse, which a test rules out.
#[must_use]
#[expect(clippy::expect_used, reason = "compiled-in data, parsed by a test")]
pub fn borders() -> &'static Neighbourhoods {
    static BORDERS_: OnceLock<Neighbourhoods> = OnceLock::new();
    BORDERS_.get_or_init(|| Neighbourhoods::from_topojson(BORDERS).expect("istanbul.topo.json"))
}
