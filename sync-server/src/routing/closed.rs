//! Units that were closed: what lies there goes to whoever took their work over, and the history says so.

use std::sync::Arc;

use mbs_shared::id::RequestId;
use mbs_shared::routing::{Action, Who};
use mbs_shared::wire::error::Code;

use super::apply::{Act, act_in};
use super::decide::Command;
use crate::database::{lists, tasks};
use crate::error::Fault;
use crate::service::Service;

/// Requests of a unit and state that go at once; the next tick goes on.
const PER_TICK: u32 = 200;

/// Moves what lies at closed units, and what they owe of other units' work. How much was moved.
///
/// # Errors
/// [`Code::Busy`].
pub async fn move_on(service: &Arc<Service>) -> Result<usize, Fault> {
    let directory = service.directory();
    let mut moved = 0;
    for unit in directory.units.iter().filter(|unit| unit.retired) {
        // Nobody took it over: it stays, where triage sees it late.
        let Some(successor) = directory.working(&unit.code) else { continue };
        let number = service.scopes.number(&unit.code);
        let lies: Vec<(RequestId, Option<u32>)> = service.db.ask(|s| {
            let held = lists::open_at(s, number, PER_TICK)?.into_iter().map(|request| (request, None));
            let owed = tasks::of_unit(s, number, PER_TICK)?.into_iter().map(|(request, n)| (request, Some(n)));
            Ok(held.chain(owed).collect())
        })?;
        if lies.is_empty() {
            continue;
        }
        moved += lies.len();
        let (inner, to) = (service.clone(), successor.code.clone());
        let note = format!("{} kapatıldı.", unit.name);
        service
            .write(move |tx| {
                for (request, task) in lies {
                    let command = Command { task, ..Command::new(Who::System, Action::Move).to(&to).saying(&note) };
                    match act_in(tx, &inner, &Act { request, author: 0, seen: None, command }) {
                        // It went on between the look and the job.
                        Ok(_) | Err(Fault { code: Code::NotNow | Code::BadInput | Code::NotFound, .. }) => {}
                        Err(fault) => return Err(fault),
                    }
                }
                Ok(())
            })
            .await?;
        tracing::info!(from = unit.code, to = successor.code, "a closed unit's open work was moved");
    }
    Ok(moved)
}
