//! `GET /v1/announcements` and `POST /v1/announcements/seen`: what a muhtar is told, and that he has read it.

use std::sync::Arc;

use mbs_shared::directory::Directory;
use mbs_shared::id::BlobHash;
use mbs_shared::routing::deadline::calendar_days;
use mbs_shared::wire::announcement::{Announcement, Announcements, MAX_OF_ONE, MAX_SEEN, Seen};
use mbs_shared::wire::decode;
use mbs_shared::wire::error::Code;

use crate::announcements::Audience;
use crate::auth::device::Caller;
use crate::database::announcements::{self, Stored};
use crate::database::{DbResult, Session, people};
use crate::error::Fault;
use crate::service::Service;

/// Largest frame of [`seen`], in bytes.
pub const MAX_FRAME: usize = 4 * 1024;
/// A tablet that asks for the first time gets what was said in so many days.
const DAYS: i64 = 180;
/// Speaks where no unit does.
const OFFICE: &str = "md-muhtarliklar";

/// What was announced to the caller behind place `after`.
///
/// # Errors
/// When the database does not answer.
pub fn after(service: &Service, caller: &Caller, after: u64) -> Result<Announcements, Fault> {
    let home = service.scopes.code(caller.device.scope);
    let oldest = if after == 0 { calendar_days(service.clock.now(), -DAYS) } else { 0 };
    let (since, found) = service.db.ask(|s| {
        let since = people::mandate(s, caller.device.mandate)?.map_or(i64::MAX, |mandate| mandate.since);
        Ok((since, announcements::after(s, after.cast_signed(), MAX_OF_ONE)?))
    })?;
    let next = found.last().map_or(after, |last| last.seq.cast_unsigned());
    let more = found.len() == MAX_OF_ONE as usize;
    let told = found.into_iter().filter(|stored| stored.at >= oldest);
    let list = told.filter_map(|stored| told_to(service, home, since, stored)).collect();
    Ok(Announcements { list, next, more })
}

/// An announcement as the muhtar of `home`, in office since `since`, is told it; `None` where it is for others.
fn told_to(service: &Service, home: &str, since: i64, stored: Stored) -> Option<Announcement> {
    let directory = service.directory();
    let audience = Audience::read(&stored.audience, directory)?;
    // What was said to one muhtar was not said to his successor.
    let to_another = matches!(audience, Audience::Muhtarlik(_)) && stored.at < since;
    if !audience.includes(home, directory) || to_another {
        return None;
    }
    let withdrawn = stored.withdrawn != 0;
    let said = |text: String| if withdrawn { String::new() } else { text };
    Some(Announcement {
        id: stored.id.cast_unsigned(),
        at: stored.at,
        reach: audience.reach(),
        urgent: stored.urgent,
        from: office(directory, &stored.unit),
        title: said(stored.title),
        text: said(stored.body),
        withdrawn,
        photos: if withdrawn { Vec::new() } else { stored.photos },
    })
}

/// Whether a photo goes with something that is announced to the caller.
///
/// # Errors
/// When the database does not answer.
pub fn shows(service: &Service, s: &mut dyn Session, caller: &Caller, hash: BlobHash) -> DbResult<bool> {
    let home = service.scopes.code(caller.device.scope);
    let stands = announcements::with_photo(s, hash)?;
    if stands.is_empty() {
        return Ok(false);
    }
    let since = people::mandate(s, caller.device.mandate)?.map_or(i64::MAX, |mandate| mandate.since);
    Ok(stands.into_iter().any(|stored| told_to(service, home, since, stored).is_some()))
}

/// The office that speaks: a unit, or Muhtarlıklar Müdürlüğü.
#[must_use]
pub fn office(directory: &Directory, unit: &str) -> String {
    let unit = directory.unit(unit).or_else(|| directory.unit(OFFICE));
    unit.map_or_else(String::new, |unit| unit.name.clone())
}

/// Notes what the caller's muhtar has read. Of what is not for him nothing is noted.
///
/// # Errors
/// [`Code::Malformed`], [`Code::TooMany`], [`Code::Busy`].
pub async fn seen(service: &Arc<Service>, caller: &Caller, body: &[u8]) -> Result<(), Fault> {
    let Seen { ids } = decode(body)?;
    if ids.len() > MAX_SEEN {
        return Err(Code::TooMany.into());
    }
    let (scope, now, inner) = (caller.device.scope, service.clock.now(), service.clone());
    service
        .write(move |tx| {
            let home = inner.scopes.code(scope);
            for id in ids {
                let stored = announcements::by_id(tx.session(), id.cast_signed())?;
                let audience = stored.and_then(|s| Audience::read(&s.audience, inner.directory()));
                if audience.is_some_and(|audience| audience.includes(home, inner.directory())) {
                    announcements::see(tx.session(), id.cast_signed(), scope, now)?;
                }
            }
            Ok(())
        })
        .await
}
