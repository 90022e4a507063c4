//! The map: the pack that is shown in place of the app's own; and requests on it, those of a list that lie in a window, those
//! too close to be told apart as one.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::view::{MapPack, Pin};
use super::{List, MAX_CELLS, Window};
use crate::capture::request::headline;
use crate::error::{Code, Result, fail};
use crate::store::map;
use crate::store::placed::{self, Placed};
use crate::tablet::Inner;

/// A degree of longitude in Istanbul, in degrees of latitude.
const SHORTER: f64 = 0.755;
/// Requests of one pin that are named.
const NAMED: usize = 10;

impl Inner {
    /// The pack that is shown; `None`: the app's own map is.
    pub(crate) fn map(&self) -> Result<Option<MapPack>> {
        let pack = map::here(self.store.read())?;
        let parts = u32::try_from(pack.parts.len()).unwrap_or(0);
        Ok((parts > 0).then(|| MapPack { mark: pack.mark(), version: pack.version, parts }))
    }

    /// A part of it; `None`: another pack is shown by now, or the part is damaged, and comes anew.
    pub(crate) fn map_part(&mut self, mark: u32, part: u32) -> Result<Option<String>> {
        let pack = map::here(self.store.read())?;
        let Some(hash) = pack.parts.get(part as usize).copied().filter(|_| pack.mark() == mark) else {
            return Ok(None);
        };
        if let Some(bytes) = map::part(self.store.read(), hash)? {
            return Ok(Some(STANDARD.encode(bytes)));
        }
        self.store.write(|c| map::damaged(c, hash))?;
        self.round.look_for_map();
        Ok(None)
    }

    pub(crate) fn pins(&self, query: &str, list: List, window: &Window) -> Result<Vec<Pin>> {
        let Window { south, west, north, east, cell } = *window;
        if !(south < north && west < east && cell > 0.0 && east - west <= cell * MAX_CELLS) {
            return Err(fail(Code::BadCall, "no window of the map"));
        }
        // Cells lie where they lie, whatever the window shows of them: a map that is dragged keeps its pins.
        let at = |placed: &Placed| (nth(placed.lat, cell * SHORTER), nth(placed.lon, cell));
        let mut by_cell: BTreeMap<(i64, i64), Vec<Placed>> = BTreeMap::new();
        for placed in placed::between(self.store.read(), query, list, [south, west, north, east])? {
            by_cell.entry(at(&placed)).or_default().push(placed);
        }
        Ok(by_cell.into_values().map(pin).collect())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees by a width that divides no window by more than 128")]
fn nth(degrees: f64, size: f64) -> i64 {
    (degrees / size).floor() as i64
}

fn pin(placed: Vec<Placed>) -> Pin {
    let count = u32::try_from(placed.len()).unwrap_or(u32::MAX);
    let middle = |of: fn(&Placed) -> f64| placed.iter().map(of).sum::<f64>() / f64::from(count.max(1));
    let mut pin = Pin {
        lat: middle(|p| p.lat),
        lon: middle(|p| p.lon),
        count,
        ids: placed.iter().take(NAMED).map(|p| p.id).collect(),
        state: None,
        outcome: None,
        title: String::new(),
    };
    if let [one] = &placed[..] {
        (pin.state, pin.outcome) = (one.state, one.outcome);
        pin.title = if one.discreet { one.no.clone() } else { headline(&one.title, &one.words) };
    }
    pin
}
