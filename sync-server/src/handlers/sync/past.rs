//! Routing events a tablet holds for a request this server lost: put back as they were.
//!
//! Only what carries our own proof comes here. It goes on where the series ends; an event that was decided
//! otherwise meanwhile is not ours to choose between, and lies in quarantine for a person.

use mbs_shared::id::OfficialNo;
use mbs_shared::routing::What;
use mbs_shared::wire::error::Code;

use super::plan::Past;
use crate::database::feed::{self, kind};
use crate::database::quarantine::{self, Refused};
use crate::database::requests::{self, Head};
use crate::database::{DbResult, Go};
use crate::error::Fault;
use crate::routing::apply;
use crate::service::Service;
use crate::writer::Tx;

/// Number and receipt of a lost request, when its series is there from the beginning and the number is free.
pub(super) fn number(tx: &mut Tx<'_>, past: &[Past]) -> DbResult<Option<(OfficialNo, i64)>> {
    let Some(event) = past.first().and_then(|p| p.events.first()) else { return Ok(None) };
    let What::Received { no, .. } = event.what else { return Ok(None) };
    if event.n != 1 || requests::by_no(tx.session(), no)?.is_some() {
        return Ok(None);
    }
    Ok(Some((no, event.at)))
}

/// Appends the events that follow the ones that are there.
pub(super) fn put_back(
    tx: &mut Tx<'_>,
    service: &Service,
    head: Head,
    device: i64,
    past: &[Past],
    now: i64,
) -> Result<(), Fault> {
    let mut there = Vec::new();
    feed::of_request(tx.session(), head.rid, &mut |item| {
        if item.kind == kind::EVENT {
            there.push((item.n, item.mac.to_owned()));
        }
        Ok(Go::On)
    })?;
    let mut loaded = apply::load(tx.session(), head)?;
    for past in past {
        let Some(n) = past.events.first().map(|event| event.n) else { continue };
        let is_there = || there.iter().any(|(at, mac)| *at == n && mac.as_slice() == past.decided.mac.as_bytes());
        if n == loaded.case.n + 1 {
            apply::put_back(tx, service, &mut loaded, past)?;
        } else if n <= loaded.case.n && !is_there() {
            tracing::warn!(request = %loaded.head.id, n, "a decision from before the restore differs from ours");
            let request = loaded.head.id;
            let code = Code::Stale;
            let bytes = &past.decided.packed;
            let refused = Refused { device, request, kind: kind::EVENT, code, at: now, bytes };
            quarantine::add(tx.session(), &refused)?;
        }
    }
    apply::write_case(tx.session(), service, &loaded)?;
    metrics::counter!("mbs_events_put_back_total").increment(past.len() as u64);
    Ok(())
}
