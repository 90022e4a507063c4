//! From a point to the neighbourhood it lies in, offline.

use thiserror::Error;

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
        /// Code of the nearest neighbourhood.
        nearest: &'a str,
    },
    /// At sea or outside the province.
    Outside,
}

/// Borders, indexed.
#[derive(Debug)]
pub struct Neighbourhoods {}

impl Neighbourhoods {
    /// Reads the TopoJSON with its layers `neighbourhoods`, `districts` and `special_areas`.
    ///
    /// # Errors
    /// [`BadBorders`] when it is something else.
    pub fn from_topojson(text: &str) -> Result<Self, BadBorders> {
        let _ = text;
        todo!()
    }

    /// What lies under a point (degrees, WGS 84).
    #[must_use]
    pub fn locate(&self, lat: f64, lon: f64) -> Found<'_> {
        let _ = (lat, lon);
        todo!()
    }
}
