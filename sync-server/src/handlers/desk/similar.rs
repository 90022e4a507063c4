//! `GET requests/{id}/similar`: requests that may be about the same matter.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::routing::deadline::calendar_days;
use mbs_shared::wire::nearby::MAX_OF_ONE;

use crate::database::requests::Head;
use crate::database::{DbResult, Session, changes, lists};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::routing::likeness::{LONG_AGO, Matter, WORTH_A_LOOK};
use crate::service::Service;

use super::view::Alike;
use super::{Seat, build, request, with_names};

/// Shown at most.
const MOST: usize = 5;
/// Requests whose words are read at most, however densely a neighbourhood reports.
const READ: usize = 48;

/// What was reported lately in the same neighbourhood and around it, the likest first.
///
/// # Errors
/// [`Code::NotFound`](mbs_shared::wire::error::Code::NotFound) also for what the person may not see.
pub async fn similar(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Json<Vec<Alike>>, Fault> {
    let stored = request::find(&service, &seat, request::parse(&id)?)?;
    let home = if stored.head.place == 0 { stored.head.scope } else { stored.head.place };
    let bordering = service.knowledge.borders.bordering(service.scopes.code(home));
    let mut scopes: Vec<u32> = bordering.iter().map(|code| service.scopes.number(code)).collect();
    scopes.extend([home, stored.head.scope]);
    scopes.sort_unstable();
    scopes.dedup();
    let own = &stored.content;
    let text = format!("{} {}", own.title, own.desc);
    let matter = Matter::new(&stored.head.category, own.gps, stored.head.received, &text);
    let window = (calendar_days(matter.at, -LONG_AGO), calendar_days(matter.at, LONG_AGO));
    let mut alike = service.db.ask(|s| {
        let mut heads = Vec::new();
        for scope in scopes {
            heads.extend(lists::filed_between(s, scope, window, MAX_OF_ONE)?);
        }
        // What the index rows say of likeness decides which are read.
        heads.sort_by_key(|head| (head.category != matter.category, head.received.abs_diff(matter.at)));
        let mut alike = Vec::new();
        let mut read = 0;
        for head in heads {
            if head.rid != stored.head.rid && build::sees_now(s, &service, &seat.0, &head)? {
                alike.extend(compare(s, &matter, head)?);
                read += 1;
                if read == READ {
                    break;
                }
            }
        }
        Ok(alike)
    })?;
    alike.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    alike.truncate(MOST);
    Ok(Json(with_names(&service, |names| {
        alike
            .into_iter()
            .map(|(_, head, other)| Alike {
                metres: matter.metres_to(&other).map(whole),
                days: u32::try_from(matter.days_to(&other)).unwrap_or(0),
                same_category: matter.same_category(&other),
                row: names.row(&head),
            })
            .collect()
    })))
}

/// A request that is worth a look beside `matter`, and how much.
fn compare(s: &mut dyn Session, matter: &Matter, head: Head) -> DbResult<Option<(f64, Head, Matter)>> {
    let content = changes::read(&changes::of_request(s, head.rid)?)?.request;
    let text = format!("{} {}", content.title, content.desc);
    let other = Matter::new(&head.category, content.gps, head.received, &text);
    let likeness = matter.likeness(&other);
    Ok((likeness >= WORTH_A_LOOK).then_some((likeness, head, other)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "metres on Earth")]
pub(super) fn whole(metres: f64) -> u32 {
    metres.round() as u32
}
