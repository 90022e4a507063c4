//! What may be the same thing: own requests and neighbours' reports of the draft's category, close to its place.

use mbs_shared::id::RequestId;
use mbs_shared::istanbul::directory;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::routing::State;
use mbs_shared::routing::deadline::{calendar_days, istanbul_day};
use mbs_shared::wire::nearby::{DAYS, STEPS};

use super::view::{Related, Similar};
use crate::error::{Code, Result, fail};
use crate::store::requests::{self, Record, Stage};
use crate::sync::nearby;
use crate::tablet::Inner;

/// So close may be the same, in metres; neighbours' places are rounded by up to 70.
const CLOSE: f64 = 150.0;
const CLOSE_ROUNDED: f64 = 220.0;
/// Told at most: the closest.
const MOST: usize = 3;

impl Inner {
    /// Nothing where the draft has no category or no place yet.
    pub(crate) fn similar(&self, id: RequestId) -> Result<Vec<Similar>> {
        let c = self.store.read();
        let draft = requests::get(c, id)?.ok_or_else(|| fail(Code::NotFound, id.to_string()))?.request;
        let Some(here) = draft.gps.filter(|_| !draft.category.is_empty()) else { return Ok(Vec::new()) };
        let now = self.now();
        let today = istanbul_day(now);
        let mut all = Vec::new();
        for record in requests::of_category(c, &draft.category, calendar_days(now, -DAYS))? {
            let Some(there) = record.request.gps.filter(|_| record.id != id) else { continue };
            let metres = here.metres_to(&there);
            if metres <= CLOSE && record.state != Some(State::Cancelled) {
                let days = days(today - istanbul_day(record.request.at));
                let (id, who, state) = (Some(record.id), number(&record), record.state);
                all.push((metres, Similar { own: id, request: id, who, days, metres: near(metres), state }));
            }
        }
        for around in nearby::around(c)? {
            let name = name_of(&around.neighbourhood);
            let reports = around.reports.into_iter().filter(|reports| reports.category == draft.category);
            for spot in reports.flat_map(|reports| reports.spots) {
                let (lat, lon) = (f64::from(spot.lat) / STEPS, f64::from(spot.lon) / STEPS);
                let metres = here.metres_to(&Fix { lat, lon, accuracy: 0.0, source: FixSource::Map });
                let days = days(today - i64::from(spot.day));
                if metres <= CLOSE_ROUNDED && i64::from(days) <= DAYS {
                    let (who, metres_told) = (name.clone(), near(metres));
                    let (request, state) = (spot.request, Some(spot.state));
                    all.push((metres, Similar { own: None, request, who, days, metres: metres_told, state }));
                }
            }
        }
        all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        Ok(all.into_iter().map(|(_, similar)| similar).take(MOST).collect())
    }

    /// The request another one was added to, as far as anything is known of it here.
    pub(crate) fn related(&self, id: RequestId) -> Result<Related> {
        let c = self.store.read();
        let sent = |record: &Record| matches!(record.stage, Stage::Sent | Stage::Renewed);
        if let Some(record) = requests::get(c, id)?.filter(sent) {
            return Ok(Related { own: Some(id), who: number(&record) });
        }
        let around = nearby::around(c)?.into_iter().find(|around| {
            around.reports.iter().flat_map(|reports| &reports.spots).any(|spot| spot.request == Some(id))
        });
        Ok(Related { own: None, who: around.map(|a| name_of(&a.neighbourhood)).unwrap_or_default() })
    }
}

fn number(record: &Record) -> String {
    record.official.clone().unwrap_or_else(|| record.request.no.to_string())
}

fn name_of(neighbourhood: &str) -> String {
    directory().neighbourhood(neighbourhood).map_or_else(|| neighbourhood.to_owned(), |n| n.name.clone())
}

fn days(days: i64) -> u32 {
    u32::try_from(days).unwrap_or(0)
}

/// To ten metres: nobody is to believe more.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short distance")]
fn near(metres: f64) -> u32 {
    (metres / 10.0).round() as u32 * 10
}
