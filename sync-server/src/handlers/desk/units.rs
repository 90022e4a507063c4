//! The units one may see, with what lies there: `GET units`; and whether their answers want an approver: `POST units/{code}`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use mbs_shared::directory::UnitKind;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::rights::{self, sees_everything};
use crate::auth::sight::Sight;
use crate::database::{lists, tasks};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::service::Service;

use super::view::UnitRef;
use super::{Seat, build};

/// A unit and its work.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct UnitLoad {
    /// Unit.
    pub unit: UnitRef,
    /// Kind.
    pub kind: UnitKind,
    /// Unit above.
    pub parent: Option<String>,
    /// Requests that lie there.
    pub open: u32,
    /// How many of them are late or were returned twice.
    pub late: u32,
    /// Parts of other units' requests that it owes.
    pub tasks: u32,
    /// Whether its answers go to an approver first.
    pub approval: bool,
    /// Whether it was closed.
    pub retired: bool,
}

/// A unit's switch.
#[derive(Debug, Clone, Copy, Deserialize, TS)]
#[ts(export)]
pub struct UnitSwitch {
    /// Whether its answers go to an approver first.
    pub approval: bool,
}

/// Units: all, or those of the person's subtree.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Vec<UnitLoad>>, Fault> {
    loads(&service, &seat).map(Json)
}

/// A unit's answers go to an approver first from now on, or go out at once.
///
/// # Errors
/// [`Code::BadInput`] for a unit that is not there, [`Code::Forbidden`] for one that is not the person's.
pub async fn switch(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(code): Path<String>,
    Json(UnitSwitch { approval }): Json<UnitSwitch>,
) -> Result<Json<Vec<UnitLoad>>, Fault> {
    // A unit's head says it for the unit and what is below it.
    if rights::works_in_unit(seat.0.role) && !build::works_in(service.directory(), &seat.0, &code) {
        return Err(Code::Forbidden.into());
    }
    service.set_approval(&code, approval).await?;
    tracing::info!(by = seat.0.id, unit = code, approval, "a unit's approval was switched");
    loads(&service, &seat).map(Json)
}

fn loads(service: &Service, seat: &Seat) -> Result<Vec<UnitLoad>, Fault> {
    let directory = service.directory();
    let everything = sees_everything(seat.0.role);
    let now = service.clock.now();
    let sight = Sight::of(service, &seat.0);
    let (loads, owed) = service.db.ask(|s| {
        let owed: HashMap<u32, u32> = tasks::of_units(s, &sight)?;
        Ok((lists::loads(s, &sight, now)?, owed))
    })?;
    let load = |unit: &mbs_shared::directory::Unit| {
        let number = service.scopes.number(&unit.code);
        let (open, late) = loads.get(&number).copied().unwrap_or_default();
        UnitLoad {
            unit: UnitRef { code: unit.code.clone(), name: unit.name.clone() },
            kind: unit.kind,
            parent: unit.parent.clone(),
            open,
            late,
            tasks: owed.get(&number).copied().unwrap_or(0),
            approval: service.needs_approval(&unit.code),
            retired: unit.retired,
        }
    };
    let mine = |unit: &&mbs_shared::directory::Unit| everything || directory.is_within(&unit.code, &seat.0.unit);
    Ok(directory.units.iter().filter(mine).map(load).collect())
}
