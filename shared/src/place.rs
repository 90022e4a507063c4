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

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(lat: f64, lon: f64, accuracy: f64) -> Fix {
        Fix { lat, lon, accuracy, source: FixSource::Gps }
    }

    #[test]
    fn metres_are_counted_east_and_north() {
        let moda = fix(41.0, 29.0, 0.0);
        assert!((moda.metres_to(&fix(41.001, 29.0, 0.0)) - 111.13).abs() < 0.01);
        assert!((moda.metres_to(&fix(41.0, 29.001, 0.0)) - 84.01).abs() < 0.01);
        assert!((moda.metres_to(&fix(40.999, 28.999, 0.0)) - 139.31).abs() < 0.02);
        assert!(moda.metres_to(&moda) < 0.01);
    }

    #[test]
    fn a_place_lies_on_earth_and_not_on_the_null_island() {
        for good in [
            fix(41.0, 29.0, 0.0),
            fix(90.0, 180.0, 12.0),
            fix(-90.0, -180.0, 1e9),
            fix(0.0, 29.0, 5.0),
            fix(41.0, 0.0, 5.0),
            fix(0.01, 0.0, 5.0),
            fix(0.0, -0.01, 5.0),
        ] {
            assert!(good.is_plausible(), "{good:?}");
        }
        for bad in [
            fix(90.1, 29.0, 5.0),
            fix(41.0, -180.1, 5.0),
            fix(0.009, -0.009, 5.0),
            fix(f64::NAN, 29.0, 5.0),
            fix(41.0, f64::INFINITY, 5.0),
            fix(41.0, 29.0, f64::NAN),
            fix(41.0, 29.0, -1.0),
        ] {
            assert!(!bad.is_plausible(), "{bad:?}");
        }
    }
}
