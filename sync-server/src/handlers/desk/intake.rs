//! `POST requests`: what came by telephone, as a petition or at a meeting, entered for a muhtarlık. From there on it is a
//! request like any other: the same number series, on the muhtar's tablets, his to correct, confirm or object to.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::blob::{BlobKind, BlobRef, MAX_PER_REQUEST};
use mbs_shared::document::Document;
use mbs_shared::id::{Actor, BlobHash, CaseNo, DeviceNo, Prefix, RequestId};
use mbs_shared::jpeg;
use mbs_shared::pack::pack;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Kind, MAX_ADDR, MAX_DESC, MAX_TITLE, Request, SCHEMA};
use mbs_shared::routing::Channel;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Seat;
use super::request::parse;
use crate::auth::sight::in_districts;
use crate::blob_store::Key;
use crate::database::{blobs, erased, meta, requests};
use crate::error::Fault;
use crate::handlers::blob::{off_thread, store_fault, whole};
use crate::handlers::input::Json;
use crate::handlers::sync::{plan, store};
use crate::service::Service;

/// Under which name the count of requests entered at the desk stands in `meta`.
const COUNTER: &str = "desk";

/// A request as it is entered.
#[derive(Debug, Deserialize, TS)]
#[ts(export)]
pub struct NewRequest {
    /// Its id, made by the page: the same form sent twice is one request.
    pub id: String,
    /// How it came.
    pub channel: Channel,
    /// Neighbourhood code of the muhtarlık it is entered for.
    pub muhtarlik: String,
    /// Category code; empty: triage chooses.
    pub category: String,
    /// Kind of petition.
    pub kind: Kind,
    /// First line; may be empty.
    pub title: String,
    /// The words, as they were said or written.
    pub desc: String,
    /// Address line; may be empty.
    pub addr: String,
    /// Latitude and longitude of a place on the map.
    pub place: Option<[f64; 2]>,
    /// To be handled discreetly.
    pub discreet: bool,
    /// Photos, uploaded before by the same person.
    #[ts(type = "string[]")]
    pub photos: Vec<BlobHash>,
}

/// What it became.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct Entered {
    /// Which.
    #[ts(type = "string")]
    pub id: RequestId,
    /// Official number.
    pub no: String,
}

/// Takes in a request in the name of a muhtarlık.
///
/// # Errors
/// [`Code::BadInput`] with a sentence that names the field, [`Code::Forbidden`].
pub async fn create(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(form): Json<NewRequest>,
) -> Result<Json<Entered>, Fault> {
    let id = parse(&form.id).map_err(|_| Fault::bad_input("id: 32 onaltılık basamak olmalı"))?;
    let home = service.directory().neighbourhood(&form.muhtarlik);
    let scope = service
        .scopes
        .number(&home.ok_or_else(|| Fault::bad_input("muhtarlik: Mahalle dizinde yok; listeden seçin."))?.code);
    if !in_districts(service.directory(), &seat.0, &form.muhtarlik) {
        return Err(Fault::because(
            Code::Forbidden,
            "Yalnız kendi ilçelerinizdeki muhtarlıklar adına başvuru girebilirsiniz.",
        ));
    }
    let words = checked(&service, &form)?;
    let staff = seat.0.id;
    let photos = photos(&service, staff, &form.photos).await?;
    let (now, channel) = (service.clock.now(), form.channel);
    let (actor, random) = (Actor::new(DeviceNo::SERVER, service.random.bytes()), service.random.number());
    let inner = service.clone();
    let entered = service.write(move |tx| {
        if let Some(head) = requests::by_id(tx.session(), id)? {
            // The answer was lost and the form came again. Somebody else's id is nobody's.
            let same = head.scope == scope && head.channel == Some(channel);
            return if same {
                Ok(Entered { id, no: head.no.to_string() })
            } else {
                Err(Fault::bad_input("id: bu numara kullanılmış"))
            };
        }
        if erased::is_erased(tx.session(), id)? {
            return Err(Fault::bad_input("id: Bu başvuru kanun gereği silindi; yeniden kaydedilemez."));
        }
        let count = meta::next(tx.session(), COUNTER)?;
        let no = CaseNo::new(Prefix::DESK, u32::try_from(count).map_err(Fault::internal)?, (random % 1024) as u16);
        let request = Request { at: now, no, blobs: photos.iter().map(|(_, blob)| *blob).collect(), ..words };
        let (_, change) = Document::create(actor, &request).map_err(Fault::internal)?;
        let mut first = plan::first(&inner, scope, request, change.hash.0);
        first.channel = Some(channel);
        let head = store::enter(tx, &inner, &store::Intake { id, scope, staff, at: now }, &pack(&change.raw), &first)?;
        for (blob, BlobRef { hash, .. }) in &photos {
            if blobs::attach(tx.session(), *blob, head.rid)? {
                whole(tx, &head, *hash, staff, now)?;
            }
        }
        Ok(Entered { id, no: head.no.to_string() })
    });
    entered.await.map(Json)
}

/// The words of the form, within their limits; number and photos come later.
fn checked(service: &Service, form: &NewRequest) -> Result<Request, Fault> {
    let trimmed = |text: &str, most: usize, sentence| {
        let text = text.trim();
        if text.len() > most { Err(Fault::bad_input(sentence)) } else { Ok(text.to_owned()) }
    };
    let title = trimmed(&form.title, MAX_TITLE, "title: Başlık çok uzun (en çok 200 bayt).")?;
    let desc = trimmed(&form.desc, MAX_DESC, "desc: Anlatım çok uzun (en çok 8.000 bayt).")?;
    let addr = trimmed(&form.addr, MAX_ADDR, "addr: Adres çok uzun (en çok 300 bayt).")?;
    if desc.is_empty() {
        return Err(Fault::bad_input("desc: Başvuruda ne istendiğini yazın."));
    }
    let category = service.directory().category(&form.category);
    if !form.category.is_empty() && category.is_none() {
        return Err(Fault::bad_input("category: Konu dizinde yok; listeden seçin ya da boş bırakın."));
    }
    let gps = form.place.map(|[lat, lon]| Fix { lat, lon, accuracy: 0.0, source: FixSource::Map });
    if gps.is_some_and(|fix| service.knowledge.neighbourhood_at(&fix).is_none()) {
        return Err(Fault::bad_input("place: Yer İstanbul’un dışında."));
    }
    Ok(Request {
        schema: SCHEMA,
        title,
        desc,
        category: form.category.clone(),
        kind: form.kind,
        gps,
        addr,
        at: 0,
        no: CaseNo::new(Prefix::DESK, 0, 0),
        discreet: form.discreet,
        rel: None,
        blobs: Vec::new(),
    })
}

/// The photos by their row numbers; each must have been uploaded by this person.
async fn photos(service: &Arc<Service>, staff: i64, hashes: &[BlobHash]) -> Result<Vec<(i64, BlobRef)>, Fault> {
    if hashes.len() > MAX_PER_REQUEST {
        return Err(Fault::bad_input("photos: en çok 6 fotoğraf eklenebilir"));
    }
    let mut out: Vec<(i64, BlobRef)> = Vec::with_capacity(hashes.len());
    for hash in hashes.iter().copied() {
        let unknown = || Fault::bad_input("photos: fotoğraf sunucuda yok; yeniden ekleyin");
        let blob = service.db.ask(|s| blobs::by_hash(s, hash))?.filter(|b| b.staff == staff).ok_or_else(unknown)?;
        let store = service.store.clone();
        let bytes = off_thread(move || store.get(Key::Full(hash))).await.map_err(store_fault)?.ok_or_else(unknown)?;
        let (width, height) = jpeg::plain_size(&bytes).ok_or_else(unknown)?;
        let size = u32::try_from(bytes.len()).map_err(Fault::internal)?;
        if out.iter().all(|(id, _)| *id != blob.id) {
            out.push((blob.id, BlobRef { hash, kind: BlobKind::Photo, size, width, height }));
        }
    }
    Ok(out)
}
