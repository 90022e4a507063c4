//! A place: a fix with its accuracy and source, and the neighbourhood it lies in.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

mod lookup;
mod topology;

pub use lookup::{BadBorders, Found, Neighbourhoods};

/// Where a fix came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum FixSource {
    /// The tablet's satellite receiver.
    #[n(0)]
    Gps,
    /// The position written in a photo.
    #[n(1)]
    Photo,
    /// A finger on the map.
    #[n(2)]
    Map,
}

/// A position on the ground (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Fix {
    /// Latitude in degrees, north positive.
    pub lat: f64,
    /// Longitude in degrees, east positive.
    pub lon: f64,
    /// Radius of the 68 % circle in metres; 0 when unknown.
    pub accuracy: f64,
    /// Where it came from.
    pub source: FixSource,
}

impl Fix {
    /// Metres to another place not far away, as the crow flies.
    #[must_use]
    pub fn metres_to(&self, other: &Self) -> f64 {
        let east = (other.lon - self.lon) * 111_320.0 * self.lat.to_radians().cos();
        let north = (other.lat - self.lat) * 111_130.0;
        east.hypot(north)
    }

    /// Whether it lies on Earth, is a number, and is not the null island that broken receivers report.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.lat.is_finite()
            && self.lon.is_finite()
            && self.lat.abs() <= 90.0
            && self.lon.abs() <= 180.0
            && !(self.lat.abs() < 0.01 && self.lon.abs() < 0.01)
            && self.accuracy.is_finite()
            && self.accuracy >= 0.0
    }
}
