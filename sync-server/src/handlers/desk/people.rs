//! `GET people`: who in the unit has what in hand.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use ts_rs::TS;

use crate::auth::sight::Sight;
use crate::database::lists::{self, Place};
use crate::database::{requests, staff};
use crate::error::Fault;
use crate::handlers::input::Json;
use crate::service::Service;

use super::lists::INBOX;
use super::{Seat, aside, build};

/// What somebody of the unit has in hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct PersonLoad {
    /// To be given to the list as `hand`; 0: what nobody has accepted, or a program has.
    #[ts(type = "number")]
    pub id: i64,
    /// Name to show; empty for nobody.
    pub name: String,
    /// Open requests.
    pub open: u32,
    /// How many of them are late, or were returned twice.
    pub late: u32,
    /// Whether it is the person who looks.
    pub own: bool,
}

/// What lies at the person's units, by who has it in hand: nobody first, then whoever has most. People of the units who have
/// nothing stand there too.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Vec<PersonLoad>>, Fault> {
    aside(move || loads(&service, &seat)).await.map(Json)
}

fn loads(service: &Service, seat: &Seat) -> Result<Vec<PersonLoad>, Fault> {
    let (sight, now) = (Sight::of(service, &seat.0), service.clock.now());
    let directory = service.directory();
    let mut loads = service.db.ask(|s| {
        let mut counts: HashMap<i64, (u32, u32)> = HashMap::from([(0, (0, 0))]);
        for head in lists::urgent(s, INBOX, &sight, Place::BEGIN, u32::MAX)? {
            let late = requests::is_late(head.received, head.due, head.paused, head.returns, now, 100);
            let count = counts.entry(service.hands.of(s, &head)?).or_default();
            *count = (count.0 + 1, count.1 + u32::from(late));
        }
        for account in staff::all(s)? {
            if account.disabled == 0 && build::works_in(directory, &seat.0, &account.person.unit) {
                counts.entry(account.person.id).or_default();
            }
        }
        let mut out = Vec::with_capacity(counts.len());
        for (id, (open, late)) in counts {
            let name = if id == 0 { String::new() } else { staff::name(s, id)? };
            out.push(PersonLoad { id, name, open, late, own: id == seat.0.id });
        }
        Ok(out)
    })?;
    loads.sort_by(|a, b| (a.id != 0, b.open, &a.name, a.id).cmp(&(b.id != 0, a.open, &b.name, b.id)));
    Ok(loads)
}
