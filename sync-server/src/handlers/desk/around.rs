//! `GET requests/{id}/around`: what was reported nearby, and what became of what this muhtarlık and this place had before.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::place::Fix;
use mbs_shared::routing::{Outcome, State as CaseState};
use mbs_shared::wire::nearby::MAX_OF_ONE;
use serde::Serialize;
use ts_rs::TS;

use crate::database::requests::Head;
use crate::database::{changes, lists};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::service::Service;

use super::build::Stored;
use super::similar::whole;
use super::view::QueueRow;
use super::{Seat, aside, build, request, with_names};

/// Requests of the same muhtarlık that are looked through, the newest; of bordering ones [`MAX_OF_ONE`] each.
const MOST_READ: u32 = 500;
/// Metres within which a request is nearby.
const NEARBY: f64 = 400.0;
/// Metres within which it is the same place.
const SAME_PLACE: f64 = 100.0;
/// Dots of a map at most, the nearest.
const MOST_DOTS: usize = 60;
/// Of what was before, as many are named.
const NAMED: usize = 3;

/// A request nearby.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Dot {
    /// Its line in a list.
    pub row: QueueRow,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Metres from the request.
    pub metres: u32,
}

/// Requests that were there before.
#[derive(Debug, Clone, Default, Serialize, TS)]
#[ts(export)]
pub struct Earlier {
    /// How many.
    pub total: u32,
    /// Of which work is still owed.
    pub open: u32,
    /// How they were concluded, in the order of the outcomes.
    pub outcomes: Vec<u32>,
    /// The newest of them.
    pub rows: Vec<QueueRow>,
}

/// What is around a request, as far as the person may see it.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Around {
    /// Nearby, the nearest first; nothing where the request has no place.
    pub dots: Vec<Dot>,
    /// Before it at the same place, within 100 m; `None` where it has no place.
    pub place: Option<Earlier>,
    /// Before it of the same muhtarlık.
    pub muhtarlik: Earlier,
}

/// What is around a request.
///
/// # Errors
/// [`Code::NotFound`](mbs_shared::wire::error::Code::NotFound) also for what the person may not see.
pub async fn around(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Json<Around>, Fault> {
    let stored = request::find(&service, &seat, request::parse(&id)?)?;
    // Up to a thousand documents are read.
    aside(move || look(&service, &seat, &stored)).await.map(Json)
}

fn look(service: &Service, seat: &Seat, stored: &Stored) -> Result<Around, Fault> {
    let (own, fix) = (&stored.head, stored.content.gps);
    let home = if own.place == 0 { own.scope } else { own.place };
    let mut scopes = vec![(own.scope, MOST_READ)];
    if home != own.scope {
        scopes.push((home, MOST_READ));
    }
    if fix.is_some() {
        let bordering = service.knowledge.borders.bordering(service.scopes.code(home));
        let others = bordering.iter().map(|code| service.scopes.number(code)).filter(|scope| *scope != own.scope);
        scopes.extend(others.map(|scope| (scope, MAX_OF_ONE)));
    }
    let seen = service.db.ask(|s| {
        let mut seen: Vec<(Head, Option<(Fix, f64)>)> = Vec::new();
        for (scope, most) in scopes {
            for head in lists::filed_between(s, scope, (0, i64::MAX), most)? {
                if head.rid == own.rid || !build::sees_now(s, service, &seat.0, &head)? {
                    continue;
                }
                let at = match fix {
                    None => None,
                    Some(fix) => {
                        let other = changes::read(&changes::of_request(s, head.rid)?)?.request.gps;
                        other.map(|other| (other, fix.metres_to(&other))).filter(|(_, metres)| *metres <= NEARBY)
                    }
                };
                if at.is_some() || scope == own.scope {
                    seen.push((head, at));
                }
            }
        }
        Ok(seen)
    })?;
    Ok(with_names(service, |names| {
        let before = |test: &dyn Fn(&Head, Option<f64>) -> bool| {
            let mut heads: Vec<&Head> = seen
                .iter()
                .filter(|(head, at)| head.rid < own.rid && test(head, at.map(|(_, metres)| metres)))
                .map(|(head, _)| head)
                .collect();
            heads.sort_by_key(|head| std::cmp::Reverse(head.rid));
            earlier(&heads, |head| names.row(head))
        };
        let mut near: Vec<(&Head, Fix, f64)> =
            seen.iter().filter_map(|(head, at)| at.map(|(fix, metres)| (head, fix, metres))).collect();
        near.retain(|(head, ..)| head.state != CaseState::Cancelled);
        near.sort_by(|(_, _, a), (_, _, b)| a.total_cmp(b));
        near.truncate(MOST_DOTS);
        let dot = |(head, fix, metres): (&Head, Fix, f64)| Dot {
            row: names.row(head),
            lat: fix.lat,
            lon: fix.lon,
            metres: whole(metres),
        };
        Around {
            dots: near.into_iter().map(dot).collect(),
            place: fix.map(|_| before(&|_, metres| metres.is_some_and(|metres| metres <= SAME_PLACE))),
            muhtarlik: before(&|head, _| head.scope == own.scope),
        }
    }))
}

/// Counts them; the newest come first.
fn earlier(heads: &[&Head], row: impl Fn(&Head) -> QueueRow) -> Earlier {
    let many = |test: &dyn Fn(&Head) -> bool| u32::try_from(heads.iter().filter(|h| test(h)).count()).unwrap_or(0);
    Earlier {
        total: many(&|_| true),
        open: many(&|head| head.state.is_open()),
        outcomes: Outcome::ALL.into_iter().map(|outcome| many(&|head| head.outcome == Some(outcome))).collect(),
        rows: heads.iter().take(NAMED).map(|head| row(head)).collect(),
    }
}
