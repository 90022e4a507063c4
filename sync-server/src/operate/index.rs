//! The index rows of requests, told anew from their events after an upgrade that tells more of them.

use std::sync::Arc;

use anyhow::Result;

use crate::database::{meta, requests};
use crate::routing::apply;
use crate::service::Service;

/// Counts up with every column that is told from events.
const VERSION: i64 = 2;
/// Under which name the version of the rows stands in `meta`.
const NAME: &str = "index";
/// Requests of one transaction.
const BATCH: u32 = 500;

/// Tells the rows anew where an older version wrote them. Cut off anywhere, it begins again at the next start. How many
/// rows were told.
///
/// # Errors
/// When the database does not answer.
pub fn bring_up_to_date(service: &Arc<Service>) -> Result<usize> {
    if service.db.ask(|s| meta::get(s, NAME))? >= VERSION {
        return Ok(0);
    }
    let (mut after, mut told) = (0, 0);
    loop {
        let last = service.db.change(|s| {
            let heads = requests::by_rid(s, after, BATCH)?;
            told += heads.len();
            let last = heads.last().map(|head| head.rid);
            for head in heads {
                let since = head.since;
                let mut loaded = apply::load(s, head)?;
                apply::take_case(service, &mut loaded.head, &loaded.case, since);
                apply::write_case(s, service, &loaded)?;
            }
            Ok(last)
        })?;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    service.db.change(|s| meta::set(s, NAME, VERSION))?;
    if told > 0 {
        tracing::info!(requests = told, "the index rows were told anew from the events");
    }
    Ok(told)
}
