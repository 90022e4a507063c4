//! `GET announcements`, `GET announcements/{id}`, `POST announcements`, `POST announcements/{id}/withdraw`.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use mbs_shared::directory::Neighbourhood;
use mbs_shared::id::BlobHash;
use mbs_shared::wire::announcement::{MAX_PHOTOS, MAX_TEXT, MAX_TITLE};
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Seat, TWICE};
use crate::announcements::Audience;
use crate::auth::sight::{Sight, in_districts};
use crate::database::announcements::{self, Stored};
use crate::database::{DbResult, News, Session, blobs, staff};
use crate::error::Fault;
use crate::handlers::announcements::office;
use crate::handlers::input::{Json, Path};
use crate::service::Service;

/// Announcements of the list: the newest.
const MOST: u32 = 200;
/// Newest ones among which one that was sent twice is looked for.
const RECENT: u32 = 50;

/// An announcement as it is made.
#[derive(Debug, Deserialize, TS)]
#[ts(export)]
pub struct NewAnnouncement {
    /// Whom it is for: empty all, `district:CODE`, `muhtarlik:CODE`.
    pub audience: String,
    /// Every tablet shows it before anything else, until it is confirmed.
    pub urgent: bool,
    /// First line.
    pub title: String,
    /// Text.
    pub text: String,
    /// Photos that go with it, uploaded before by the same person.
    #[serde(default)]
    #[ts(type = "string[]")]
    pub photos: Vec<BlobHash>,
}

/// An announcement and how far it has come.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct DeskAnnouncement {
    /// Its number.
    #[ts(type = "number")]
    pub id: i64,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Who wrote it, by name.
    pub author: String,
    /// Who speaks.
    pub from: String,
    /// Whom it is for, as in [`NewAnnouncement`].
    pub audience: String,
    /// Name of the district or neighbourhood; empty for all.
    pub audience_name: String,
    /// To be seen before anything else.
    pub urgent: bool,
    /// First line.
    pub title: String,
    /// Text.
    pub text: String,
    /// Photos that go with it.
    #[ts(type = "string[]")]
    pub photos: Vec<BlobHash>,
    /// When it was taken back, Unix ms.
    #[ts(type = "number | null")]
    pub withdrawn: Option<i64>,
    /// Muhtars who have read it.
    pub seen: u32,
    /// Muhtars with a tablet it is for.
    pub reached: u32,
}

/// Who has not read it yet.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct Unseen {
    /// Names of neighbourhoods with a tablet, in the directory's order.
    pub unseen: Vec<String>,
    /// Names of neighbourhoods without one: nobody there can read it.
    pub without: Vec<String>,
}

/// The newest announcements.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<Vec<DeskAnnouncement>>, Fault> {
    Ok(Json(all(&service, &seat)?))
}

/// As far as they are for somebody in the person's districts, and counted there.
fn all(service: &Service, seat: &Seat) -> Result<Vec<DeskAnnouncement>, Fault> {
    let sight = Sight::of(service, &seat.0);
    Ok(service.db.ask(|s| {
        let mut reached: HashSet<u32> = announcements::reached(s)?.into_iter().collect();
        reached.retain(|muhtarlik| sight.has(0, *muhtarlik));
        let mut stored = announcements::before(s, i64::MAX, MOST)?;
        stored.retain(|stored| touches(service, seat, stored));
        let oldest = stored.last().map_or(i64::MAX, |oldest| oldest.id);
        let counted = match &sight {
            Sight::Muhtarliks(own) => announcements::seen_among(s, oldest, own)?,
            _ => announcements::seen(s, oldest)?,
        };
        let mut out = Vec::with_capacity(stored.len());
        for stored in stored {
            let seen = counted.get(&stored.id).copied().unwrap_or(0);
            out.push(shown(s, service, seen, stored, &reached)?);
        }
        Ok(out)
    })?)
}

/// Whether one is for somebody in the person's districts.
pub(super) fn touches(service: &Service, seat: &Seat, stored: &Stored) -> bool {
    let directory = service.directory();
    Audience::read(&stored.audience, directory).is_none_or(|audience| audience.touches(&seat.0, directory))
}

fn shown(
    s: &mut dyn Session,
    service: &Service,
    seen: u32,
    stored: Stored,
    reached: &HashSet<u32>,
) -> DbResult<DeskAnnouncement> {
    let directory = service.directory();
    let audience = Audience::read(&stored.audience, directory);
    let includes =
        |scope: &&u32| audience.as_ref().is_some_and(|a| a.includes(service.scopes.code(**scope), directory));
    Ok(DeskAnnouncement {
        id: stored.id,
        at: stored.at,
        author: staff::name(s, stored.author)?,
        from: office(directory, &stored.unit),
        audience_name: match &audience {
            Some(Audience::District(code)) => directory.district(code).map_or_else(String::new, |d| d.name.clone()),
            Some(Audience::Muhtarlik(code)) => {
                directory.neighbourhood(code).map_or_else(String::new, Neighbourhood::with_district)
            }
            _ => String::new(),
        },
        reached: u32::try_from(reached.iter().filter(includes).count()).unwrap_or(u32::MAX),
        seen,
        audience: stored.audience,
        urgent: stored.urgent,
        title: stored.title,
        text: stored.body,
        photos: stored.photos,
        withdrawn: Some(stored.withdrawn).filter(|at| *at != 0),
    })
}

/// Who has not read one yet: to be called by telephone when it burns.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Forbidden`].
pub async fn unseen(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<i64>,
) -> Result<Json<Unseen>, Fault> {
    let (stored, seen, reached) = service.db.ask(|s| {
        let stored = announcements::by_id(s, id)?;
        let seen: HashSet<u32> = announcements::seen_by(s, id)?.into_iter().collect();
        let reached: HashSet<u32> = announcements::reached(s)?.into_iter().collect();
        Ok((stored, seen, reached))
    })?;
    let directory = service.directory();
    let stored = stored.filter(|stored| touches(&service, &seat, stored));
    let audience = stored.and_then(|stored| Audience::read(&stored.audience, directory)).ok_or(Code::NotFound)?;
    let mut out = Unseen { unseen: Vec::new(), without: Vec::new() };
    for neighbourhood in directory.neighbourhoods.iter().filter(|n| audience.includes(&n.code, directory)) {
        let scope = service.scopes.number(&neighbourhood.code);
        if seen.contains(&scope) || !in_districts(directory, &seat.0, &neighbourhood.code) {
            continue;
        }
        let list = if reached.contains(&scope) { &mut out.unseen } else { &mut out.without };
        list.push(neighbourhood.with_district());
    }
    Ok(Json(out))
}

/// Says something to muhtars; the list with it. Sent twice it is one.
///
/// # Errors
/// [`Code::BadInput`] with a sentence that names the field, [`Code::Forbidden`].
pub async fn create(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(new): Json<NewAnnouncement>,
) -> Result<Json<Vec<DeskAnnouncement>>, Fault> {
    let (title, body) = (new.title.trim().to_owned(), new.text.trim().to_owned());
    if title.is_empty() || title.len() > MAX_TITLE {
        return Err(Fault::bad_input("title: Başlık boş ya da çok uzun (en çok 200 bayt)."));
    }
    if body.is_empty() || body.len() > MAX_TEXT {
        return Err(Fault::bad_input("text: Metin boş ya da çok uzun (en çok 4.000 bayt)."));
    }
    let audience = Audience::read(&new.audience, service.directory())
        .ok_or_else(|| Fault::bad_input("audience: İlçe ya da mahalle dizinde yok; listeden seçin."))?;
    if !audience.is_within(&seat.0, service.directory()) {
        return Err(Fault::because(Code::Forbidden, "Yalnız kendi ilçelerinizdeki muhtarlara duyuru yapabilirsiniz."));
    }
    let stored = Stored {
        id: 0,
        seq: 0,
        at: service.clock.now(),
        author: seat.0.id,
        unit: seat.0.unit.clone(),
        audience: audience.code(),
        urgent: new.urgent,
        title,
        body,
        withdrawn: 0,
        photos: own_photos(&service, &seat, &new.photos)?,
    };
    service
        .write(move |tx| {
            let same = |said: &Stored| {
                let to =
                    said.author == stored.author && said.audience == stored.audience && said.urgent == stored.urgent;
                let what = said.title == stored.title && said.body == stored.body && said.photos == stored.photos;
                to && what && said.withdrawn == 0 && stored.at - said.at < TWICE
            };
            if announcements::before(tx.session(), i64::MAX, RECENT)?.iter().any(same) {
                return Ok(());
            }
            tx.db.announce(News::Settings);
            announcements::add(tx.session(), &stored)?;
            Ok(())
        })
        .await?;
    service.refresh_devices()?;
    Ok(Json(all(&service, &seat)?))
}

/// The photos, each once; each must have been uploaded by this person.
fn own_photos(service: &Service, seat: &Seat, hashes: &[BlobHash]) -> Result<Vec<BlobHash>, Fault> {
    let mut out: Vec<BlobHash> = Vec::with_capacity(hashes.len().min(MAX_PHOTOS));
    for hash in hashes.iter().copied() {
        if service.db.ask(|s| blobs::by_hash(s, hash))?.is_none_or(|blob| blob.staff != seat.0.id) {
            return Err(Fault::bad_input("photos: Fotoğraf sunucuda yok; yeniden ekleyin."));
        }
        if !out.contains(&hash) {
            out.push(hash);
        }
    }
    if out.len() > MAX_PHOTOS {
        return Err(Fault::bad_input("photos: Bir duyuruya en çok 3 fotoğraf eklenebilir."));
    }
    Ok(out)
}

/// Takes one back: tablets drop it. Repeating it changes nothing.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Forbidden`].
pub async fn withdraw(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Path(id): Path<i64>,
) -> Result<Json<Vec<DeskAnnouncement>>, Fault> {
    let (now, inner, mover) = (service.clock.now(), service.clone(), seat.clone());
    service
        .write(move |tx| {
            let stored = announcements::by_id(tx.session(), id)?;
            let stored = stored.filter(|stored| touches(&inner, &mover, stored)).ok_or(Code::NotFound)?;
            let directory = inner.directory();
            if Audience::read(&stored.audience, directory).is_some_and(|a| !a.is_within(&mover.0, directory)) {
                return Err(Fault::because(
                    Code::Forbidden,
                    "Bu duyuru ilçelerinizin dışına da yapılmış; geri alamazsınız.",
                ));
            }
            if stored.withdrawn == 0 {
                tx.db.announce(News::Settings);
                announcements::withdraw(tx.session(), id, now)?;
            }
            Ok(())
        })
        .await?;
    service.refresh_devices()?;
    Ok(Json(all(&service, &seat)?))
}
