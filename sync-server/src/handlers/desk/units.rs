//! The units one may see, with what lies there: `GET units`; and whether their answers want an approver: `POST units/{code}`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use mbs_shared::directory::UnitKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::rights::{Right, sees_everything};
use crate::database::{lists, tasks};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::service::Service;

use super::Seat;
use super::view::UnitRef;

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
/// [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Vec<UnitLoad>>, Fault> {
    seat.needs(Right::Read)?;
    loads(&service, &seat).map(Json)
}

/// A unit's answers go to an approver first from now on, or go out at once.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::BadInput`] for a unit that is not there.
pub async fn switch(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(code): Path<String>,
    Json(UnitSwitch { approval }): Json<UnitSwitch>,
) -> Result<Json<Vec<UnitLoad>>, Fault> {
    seat.needs(Right::Manage)?;
    service.set_approval(&code, approval).await?;
    tracing::info!(by = seat.0.id, unit = code, approval, "a unit's approval was switched");
    loads(&service, &seat).map(Json)
}

fn loads(service: &Service, seat: &Seat) -> Result<Vec<UnitLoad>, Fault> {
    let directory = service.directory();
    let everything = sees_everything(seat.0.role);
    let now = service.clock.now();
    let (open, late, owed) = service.db.ask(|s| {
        let owed: HashMap<u32, u32> = tasks::of_units(s)?.into_iter().collect();
        Ok((lists::open_at_units(s)?, lists::count_late(s, now, 100)?, owed))
    })?;
    let load = |unit: &mbs_shared::directory::Unit| {
        let number = service.scopes.number(&unit.code);
        let of = |counts: &HashMap<u32, u32>| counts.get(&number).copied().unwrap_or(0);
        UnitLoad {
            unit: UnitRef { code: unit.code.clone(), name: unit.name.clone() },
            kind: unit.kind,
            parent: unit.parent.clone(),
            open: of(&open),
            late: of(&late),
            tasks: of(&owed),
            approval: service.needs_approval(&unit.code),
            retired: unit.retired,
        }
    };
    let mine = |unit: &&mbs_shared::directory::Unit| everything || directory.is_within(&unit.code, &seat.0.unit);
    Ok(directory.units.iter().filter(mine).map(load).collect())
}
