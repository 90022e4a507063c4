//! Places: is a fix possible, which of two is better, and whose neighbourhood is it in.

use mbs_shared::directory::Directory;
use mbs_shared::place::{Fix, Found, Neighbourhoods};

use crate::door::view::Place;
use crate::error::{Code, Result, fail};

/// A fix that can be one.
///
/// # Errors
/// [`Code::BadPlace`].
pub fn check(fix: Fix) -> Result<Fix> {
    if fix.is_plausible() { Ok(fix) } else { Err(fail(Code::BadPlace, "no such place")) }
}

/// Whether a position from a photo may become the place of a request that already has `have`:
/// a photo never moves what a person or the receiver said.
#[must_use]
pub const fn photo_may_set(have: Option<&Fix>) -> bool {
    have.is_none()
}

/// What lies under `fix`, for a muhtar of `own` (neighbourhood code).
#[must_use]
pub fn locate(borders: &Neighbourhoods, directory: &Directory, fix: &Fix, own: &str) -> Place {
    let name = |code: &str| directory.neighbourhood(code).map(|n| n.name.clone());
    let district = |code: &str| directory.district(code).map(|d| d.name.clone());
    match borders.locate(fix.lat, fix.lon) {
        Found::Neighbourhood { neighbourhood, district: d } => Place {
            neighbourhood: Some(neighbourhood.to_owned()),
            neighbourhood_name: name(neighbourhood),
            district_name: district(d),
            own: neighbourhood == own,
            nearest_name: None,
        },
        Found::Special { district: d, nearest } => Place {
            neighbourhood: None,
            neighbourhood_name: None,
            district_name: district(d),
            own: false,
            nearest_name: name(nearest),
        },
        Found::Outside => {
            // At sea within sight of a neighbourhood one may be meant; far away none is offered.
            let near = nearest(directory, fix).filter(|(_, km)| *km < 5.0).and_then(|(code, _)| name(code));
            Place { neighbourhood: None, neighbourhood_name: None, district_name: None, own: false, nearest_name: near }
        }
    }
}

/// The neighbourhood whose label is nearest, and how far in km.
fn nearest<'a>(directory: &'a Directory, fix: &Fix) -> Option<(&'a str, f64)> {
    let east = fix.lat.to_radians().cos();
    directory
        .neighbourhoods
        .iter()
        .map(|n| {
            let (dy, dx) = (n.lat - fix.lat, (n.lon - fix.lon) * east);
            (n.code.as_str(), dy.hypot(dx) * 111.2)
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
}
