//! `POST photos/facts`, `POST photos`, `GET photos/{hash}`, `GET` and `PUT photos/{hash}/thumb`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use mbs_shared::id::BlobHash;
use mbs_shared::photo::facts::facts;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::routing::deadline::from_wall_clock;
use mbs_shared::wire::error::Code;
use mbs_shared::{blob, jpeg};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::rights::{self, Right};
use crate::auth::sight::Sight;
use crate::blob_store::Key;
use crate::database::{announcements, blobs, requests};
use crate::error::Fault;
use crate::handlers::blob::{off_thread, store_fault};
use crate::handlers::input::{Bytes, Json, Path, Query};
use crate::service::Service;

use super::view::Uploaded;
use super::{Seat, build};

/// Bytes of an original that are looked at for what its camera wrote.
pub const MOST_LOOKED_AT: usize = 256 * 1024;

/// What a camera wrote beside a photo: a claim, which the page sends along with the picture it makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PhotoFacts {
    /// When it was taken, Unix ms.
    #[ts(type = "number | null")]
    pub taken: Option<i64>,
    /// Latitude, degrees.
    pub lat: Option<f64>,
    /// Longitude, degrees.
    pub lon: Option<f64>,
}

impl PhotoFacts {
    /// As far as it is possible.
    fn proof(self, now: i64) -> blobs::Proof {
        let fix = self.lat.zip(self.lon).map(|(lat, lon)| Fix { lat, lon, accuracy: 0.0, source: FixSource::Photo });
        blobs::Proof {
            // A camera's clock may be wrong by a day, not by years.
            taken: self.taken.filter(|taken| (1..=now + 86_400_000).contains(taken)),
            fix: fix.filter(Fix::is_plausible),
        }
    }
}

/// What a camera wrote into the beginning of an original. Nothing of it is kept.
///
/// # Errors
/// [`Code::TooLarge`].
pub async fn read_facts(_: Seat, Bytes(body): Bytes) -> Result<Json<PhotoFacts>, Fault> {
    if body.len() > MOST_LOOKED_AT {
        return Err(Code::TooLarge.into());
    }
    let facts = off_thread(move || Ok(facts(&body))).await.map_err(Fault::internal)?;
    Ok(Json(PhotoFacts {
        taken: facts.taken.as_deref().and_then(from_wall_clock),
        lat: facts.fix.map(|fix| fix.lat),
        lon: facts.fix.map(|fix| fix.lon),
    }))
}

/// Takes in a photo from the spot. The page has shrunk it; browsers add a colour profile and cameras their position,
/// so it is kept, and named, without whatever is not the picture.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::BadInput`] when it is no JPEG, [`Code::Busy`] when the store is full.
pub async fn upload(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(facts): Query<PhotoFacts>,
    Bytes(body): Bytes,
) -> Result<Json<Uploaded>, Fault> {
    if body.len() > blob::MAX_BYTES as usize {
        return Err(Fault::because(Code::TooLarge, "Fotoğraf 400 KB’tan büyük; küçültüp yeniden ekleyin."));
    }
    let Some(body) = jpeg::plain(&body) else {
        return Err(Fault::bad_input("Bu dosya JPEG fotoğraf değil ya da yarım kalmış."));
    };
    let size = u32::try_from(body.len()).map_err(Fault::internal)?;
    let hash = blob::name_of(&body);
    let store = service.store.clone();
    off_thread(move || store.put(Key::Full(hash), &body)).await.map_err(store_fault)?;
    let (now, staff) = (service.clock.now(), seat.0.id);
    let proof = facts.proof(now);
    service
        .write(move |tx| {
            blobs::add(tx.session(), hash, size, staff, now)?;
            Ok(if proof == blobs::Proof::default() { Ok(()) } else { blobs::set_proof(tx.session(), hash, &proof) }?)
        })
        .await?;
    Ok(Json(Uploaded { hash }))
}

/// Takes in the preview of a photo that the same person has uploaded; the page makes it. Tablets are shown it before the
/// photo itself.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::BadInput`] when it is no JPEG, [`Code::NotFound`] for another one's photo, [`Code::Busy`] when
/// the store is full.
pub async fn put_thumb(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(hash): Path<String>,
    Bytes(body): Bytes,
) -> Result<StatusCode, Fault> {
    let hash: BlobHash = hash.parse().map_err(|_| Code::NotFound)?;
    let found = service.db.ask(|s| blobs::by_hash(s, hash))?;
    let found = found.filter(|blob| blob.staff == seat.0.id).ok_or(Code::NotFound)?;
    let body =
        jpeg::plain(&body).ok_or_else(|| Fault::bad_input("Bu dosya JPEG fotoğraf değil ya da yarım kalmış."))?;
    if body.len() > blob::MAX_THUMB_BYTES as usize {
        return Err(Fault::because(Code::TooLarge, "Fotoğrafın küçük hali 24 KB’tan büyük."));
    }
    let store = service.store.clone();
    off_thread(move || store.put(Key::Thumb(hash), &body)).await.map_err(store_fault)?;
    service.write(move |tx| Ok(tx.session().execute(blobs::HAS_THUMB, &[found.id.into()])?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The whole photo.
///
/// # Errors
/// [`Code::NotFound`] also for what the person may not see.
pub async fn full(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(hash): Path<String>,
) -> Result<Response, Fault> {
    give(&service, &seat, &hash, false).await
}

/// Its preview; the whole photo where there is none.
///
/// # Errors
/// As [`full`].
pub async fn thumb(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(hash): Path<String>,
) -> Result<Response, Fault> {
    give(&service, &seat, &hash, true).await
}

async fn give(service: &Arc<Service>, seat: &Seat, hash: &str, thumb: bool) -> Result<Response, Fault> {
    let hash: BlobHash = hash.parse().map_err(|_| Code::NotFound)?;
    let everything = Sight::of(service, &seat.0) == Sight::All;
    let visible = service.db.ask(|s| {
        let Some(found) = blobs::by_hash(s, hash)? else { return Ok(false) };
        if everything || found.staff == seat.0.id {
            return Ok(true);
        }
        for id in blobs::requests(s, found.id)? {
            if let Some(head) = requests::by_id(s, id)?
                && build::sees_now(s, service, &seat.0, &head)?
            {
                return Ok(true);
            }
        }
        if !rights::has(seat.0.role, Right::Announcements) {
            return Ok(false);
        }
        let announced = announcements::with_photo(s, hash)?;
        Ok(announced.iter().any(|stored| super::announcements::touches(service, seat, stored)))
    })?;
    // A preview may be here before the photo is.
    let key = if thumb { Key::Thumb(hash) } else { Key::Full(hash) };
    if !(visible || thumb && everything) {
        return Err(Code::NotFound.into());
    }
    let store = service.store.clone();
    let read = move || match store.get(key)? {
        None if thumb => store.get(Key::Full(hash)),
        found => Ok(found),
    };
    let bytes = off_thread(read).await.map_err(store_fault)?.ok_or(Code::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, blob::kind_of(&bytes).media_type()),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}
