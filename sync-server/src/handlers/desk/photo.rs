//! `POST photos`, `GET photos/{hash}` and `…/thumb`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mbs_shared::id::BlobHash;
use mbs_shared::wire::error::Code;
use mbs_shared::{blob, jpeg};

use crate::auth::rights::{Right, sees_everything};
use crate::blob_store::Key;
use crate::database::{blobs, requests};
use crate::error::Fault;
use crate::handlers::blob::{off_thread, store_fault};
use crate::handlers::input::{Bytes, Json, Path};
use crate::service::Service;

use super::view::Uploaded;
use super::{Seat, build};

/// Takes in a photo from the spot. The page has shrunk it; browsers add a colour profile and cameras their position,
/// so it is kept, and named, without whatever is not the picture.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::BadInput`] when it is no JPEG, [`Code::Busy`] when the store is full.
pub async fn upload(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Bytes(body): Bytes,
) -> Result<Json<Uploaded>, Fault> {
    seat.needs(Right::Work)?;
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
    service.write(move |tx| Ok(blobs::add(tx.session(), hash, size, staff, now)?)).await?;
    Ok(Json(Uploaded { hash }))
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
    seat.needs(Right::Read)?;
    let hash: BlobHash = hash.parse().map_err(|_| Code::NotFound)?;
    let visible = service.db.ask(|s| {
        let Some(found) = blobs::by_hash(s, hash)? else { return Ok(false) };
        if sees_everything(seat.0.role) || found.staff == seat.0.id {
            return Ok(true);
        }
        for id in blobs::requests(s, found.id)? {
            if let Some(head) = requests::by_id(s, id)?
                && build::sees(service.knowledge.directory, &seat.0, service.scopes.code(head.unit), &[])
            {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    // A preview may be here before the photo is.
    let key = if thumb { Key::Thumb(hash) } else { Key::Full(hash) };
    if !(visible || thumb && sees_everything(seat.0.role)) {
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
