//! `GET /v1/nearby`: what was reported lately in the bordering neighbourhoods, for a tablet without a network.
//!
//! Worked out from the index rows and the documents of a muhtarlık when one of its neighbours asks, and told on for
//! [`FRESH`]: nothing of it is stored, and filing costs nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use mbs_shared::routing::State;
use mbs_shared::routing::deadline::{calendar_days, istanbul_day};
use mbs_shared::wire::encode;
use mbs_shared::wire::nearby::{Around, DAYS, MAX_OF_ONE, NearbyReply, OfCategory, Spot, rounded};

use crate::auth::device::Caller;
use crate::database::requests::{DISCREET, Head};
use crate::database::{changes, lists};
use crate::error::Fault;
use crate::secrets::sha256;
use crate::service::Service;

/// How long what was worked out is told on, in ms.
const FRESH: i64 = 10 * 60_000;

/// Reports of one muhtarlık, and when they were worked out.
type Known = (i64, Arc<Vec<OfCategory>>);

/// Reports of the muhtarlıks whose neighbours asked.
#[derive(Debug, Default)]
pub struct Reports(Mutex<HashMap<u32, Known>>);

impl Reports {
    fn of(&self, service: &Service, scope: u32) -> Result<Arc<Vec<OfCategory>>, Fault> {
        let now = service.clock.now();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&scope).cloned();
        if let Some((_, reports)) = known.filter(|(at, _)| (now - at).abs() < FRESH) {
            return Ok(reports);
        }
        // Read without the lock: at worst two work out the same.
        let reports = Arc::new(read(service, scope, now)?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(scope, (now, reports.clone()));
        Ok(reports)
    }
}

/// What was reported around the caller's neighbourhood; without it when `known` names the same.
///
/// # Errors
/// [`Fault`] of the database.
pub fn nearby(service: &Service, caller: &Caller, known: Option<u64>) -> Result<NearbyReply, Fault> {
    let mut around = Vec::new();
    for neighbourhood in service.knowledge.borders.bordering(service.scopes.code(caller.device.scope)) {
        let reports = service.reports.of(service, service.scopes.number(neighbourhood))?;
        if !reports.is_empty() {
            around.push(Around { neighbourhood: neighbourhood.to_owned(), reports: reports.to_vec() });
        }
    }
    let [a, b, c, d, e, f, g, h, ..] = sha256(&encode(&around));
    let tag = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    Ok(NearbyReply { tag, around: Some(around).filter(|_| known != Some(tag)) })
}

fn read(service: &Service, scope: u32, now: i64) -> Result<Vec<OfCategory>, Fault> {
    let heads = service.db.ask(|s| {
        let mut heads = lists::filed_between(s, scope, (calendar_days(now, -DAYS), i64::MAX), MAX_OF_ONE)?;
        heads.retain(|head| may_be_told(service, head));
        heads.into_iter().map(|head| Ok((changes::of_request(s, head.rid)?, head))).collect::<Result<Vec<_>, _>>()
    })?;
    let mut reports: BTreeMap<String, Vec<Spot>> = BTreeMap::new();
    for (raws, head) in heads {
        let Some(fix) = changes::read(&raws)?.request.gps else { continue };
        let day = u32::try_from(istanbul_day(head.received)).unwrap_or(0);
        let (lat, lon) = (rounded(fix.lat), rounded(fix.lon));
        let spot = Spot { lat, lon, state: head.state, day, request: Some(head.id) };
        reports.entry(head.category).or_default().push(spot);
    }
    Ok(reports.into_iter().map(|(category, spots)| OfCategory { category, spots }).collect())
}

/// Nothing that is anybody's own business, and nothing that was taken back.
#[must_use]
pub fn may_be_told(service: &Service, head: &Head) -> bool {
    let category = service.directory().category(&head.category);
    head.flags & DISCREET == 0 && head.state != State::Cancelled && category.is_some_and(|c| !c.sensitive)
}
