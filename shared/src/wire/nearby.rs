//! `GET /v1/nearby?known=TAG`: what was reported lately across the border, so that a tablet can say "your neighbour
//! reported this" without a network. No words, photos or persons, and no sensitive categories.

use minicbor::{Decode, Encode};

use crate::id::RequestId;
use crate::routing::State;

/// Reports are told so long after they came, in days.
pub const DAYS: i64 = 60;
/// Reports of one neighbourhood at most: its newest.
pub const MAX_OF_ONE: u32 = 64;
/// Bytes of a reply at most.
pub const MAX_REPLY: usize = 64 * 1024;

/// Steps of a rounded place in a degree: 111 m to the north, 84 m to the east in Istanbul.
pub const STEPS: f64 = 1_000.0;

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NearbyReply {
    /// Names this answer; the same means that nothing has changed.
    #[n(0)]
    pub tag: u64,
    /// The bordering neighbourhoods something was reported in; `None`: the tablet has this already.
    #[n(1)]
    pub around: Option<Vec<Around>>,
}

/// One bordering neighbourhood.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Around {
    /// Its code.
    #[n(0)]
    pub neighbourhood: String,
    /// Its reports.
    #[n(1)]
    pub reports: Vec<OfCategory>,
}

/// Reports of one category.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OfCategory {
    /// Code of the category.
    #[n(0)]
    pub category: String,
    /// Where and when, the newest first.
    #[n(1)]
    pub spots: Vec<Spot>,
}

/// One report, without what would tell whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Spot {
    /// Latitude, rounded, in [`STEPS`].
    #[n(0)]
    pub lat: i32,
    /// Longitude likewise.
    #[n(1)]
    pub lon: i32,
    /// Where its case stands.
    #[n(2)]
    pub state: State,
    /// Day it came, counted from 1 January 1970 in Istanbul.
    #[n(3)]
    pub day: u32,
    /// Its identifier, so that another request may name it as related; it opens nothing. `None`: a server before this.
    #[n(4)]
    pub request: Option<RequestId>,
}

/// A coordinate in degrees, rounded to [`STEPS`].
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "degrees are small; what is none becomes 0 or an end")]
pub fn rounded(degrees: f64) -> i32 {
    (degrees * STEPS).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_rounded_to_the_nearest_step() {
        for (degrees, steps) in [(41.015_4, 41_015), (41.015_6, 41_016), (-28.999_6, -29_000), (0.0, 0), (f64::NAN, 0)]
        {
            assert_eq!(rounded(degrees), steps, "{degrees}");
        }
    }
}
