//! `POST /v1/courier`: a part of a courier bundle, brought by another tablet; `import-courier` brings whole files.
//!
//! Whoever brings it proves nothing by that: the part is sealed for this server and signed by its tablet, and goes
//! the way of that tablet's own pushes and photos, with the same checks and the same answers to repetition.

use std::sync::Arc;

use mbs_shared::id::{DeviceNo, Prefix, SessionId};
use mbs_shared::wire::courier::{CourierReply, Enclosed, Letter, MAX_PART};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{Cursor, ItemResult, SyncRequest};
use mbs_shared::wire::version::Abilities;

use super::blob::{self, Slice};
use super::sync::{plan, store};
use crate::auth::device::Caller;
use crate::database::devices;
use crate::error::Fault;
use crate::service::Service;

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Begins the case numbers of the tablet it is from.
    pub tablet: Prefix,
    /// Words that are here now, by it or from before.
    pub words: u32,
    /// Photos and previews likewise.
    pub photos: u32,
    /// What was refused; words of it lie in quarantine.
    pub refused: u32,
}

impl From<Taken> for CourierReply {
    fn from(taken: Taken) -> Self {
        Self { taken: taken.words + taken.photos, refused: taken.refused }
    }
}

/// Takes a part in.
///
/// # Errors
/// [`Code::TooLarge`]; [`Code::BadValue`] when it is damaged, was sealed for another server or not signed by a tablet
/// of this one (what exactly is the cause: the code is about the part, never about who brings it); [`Code::Busy`]:
/// then it is to be brought again, which is harmless.
pub async fn take(service: &Arc<Service>, sealed: &[u8]) -> Result<Taken, Fault> {
    if sealed.len() > MAX_PART {
        return Err(Code::TooLarge.into());
    }
    let bad = |cause: anyhow::Error| Fault::new(Code::BadValue).caused_by(cause);
    let signed = service.secrets.unseal(sealed, MAX_PART).map_err(bad)?;
    let key_of = |no: DeviceNo| service.db.ask(|s| devices::key_of(s, no)).map_err(Fault::from);
    let letter = Letter::open(&signed, key_of).map_err(|fault: Fault| match fault.code {
        Code::Busy | Code::Internal => fault,
        code => bad(anyhow::anyhow!("{code:?}")),
    })?;
    let caller = service.devices.by_no(letter.device, &*service.db)?.ok_or(Code::BadValue)?;
    let mut taken = Taken { tablet: Prefix::new(caller.device.prefix), words: 0, photos: 0, refused: 0 };
    let Letter { created, items, photos, .. } = letter;
    let now = service.clock.now();
    if caller.device.revoked != 0 {
        // As it would have handed them over itself: words for a person to decide about, photos not at all.
        taken.refused = u32::try_from(items.len() + photos.len()).unwrap_or(u32::MAX);
        let frame = SyncRequest {
            version: 0,
            abilities: Abilities::OURS,
            session: SessionId([0; 16]),
            cursor: Cursor::default(),
            now,
            page: 0,
            created,
            items,
            digest: None,
            about: None,
        };
        store::quarantine_all(service, &caller, frame, now).await?;
        return Ok(taken);
    }
    caller.saw(now, created);
    if !items.is_empty() {
        let batch = plan::plan(service, &caller, items, 0, now)?;
        let (inner, who) = (service.clone(), caller.clone());
        let results = match service.write(move |tx| store::store(tx, &inner, &who, batch)).await {
            Err(Fault { code: Code::Revoked, .. }) => {
                // Brought again it is taken as a revoked tablet's.
                service.refresh_devices()?;
                return Err(Code::Busy.into());
            }
            results => results?,
        };
        let is_here = |r: &&ItemResult| matches!(r, ItemResult::Ok { .. } | ItemResult::Erased);
        let here = results.iter().filter(is_here).count();
        taken.words = u32::try_from(here).unwrap_or(u32::MAX);
        taken.refused = u32::try_from(results.len() - here).unwrap_or(u32::MAX);
    }
    for photo in photos {
        if take_photo(service, &caller, photo).await? {
            taken.photos += 1;
        } else {
            taken.refused += 1;
        }
    }
    tracing::info!(device = %caller.device.no, taken.words, taken.photos, taken.refused, "a courier brought a part");
    Ok(taken)
}

/// Whether the photo is here now; what is wrong with one is no reason to hold up the others.
async fn take_photo(service: &Arc<Service>, caller: &Caller, photo: Enclosed) -> Result<bool, Fault> {
    let Enclosed { hash, request, thumb, bytes } = photo;
    let bytes = Vec::from(bytes);
    let put = if thumb {
        blob::put_thumb(service, caller, hash, request, bytes).await.map(drop)
    } else {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        blob::put(service, caller, Slice { hash, request, offset: 0, size }, bytes).await.map(drop)
    };
    match put {
        Ok(()) => Ok(true),
        Err(fault) if matches!(fault.code, Code::Busy | Code::Internal) => Err(fault),
        Err(fault) => {
            tracing::warn!(device = %caller.device.no, %request, %hash, code = ?fault.code, "a courier's photo was refused");
            Ok(false)
        }
    }
}
