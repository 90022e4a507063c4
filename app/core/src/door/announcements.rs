//! What the municipality announces.

use mbs_shared::id::BlobHash;
use mbs_shared::wire::announcement::Reach;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::view::Photo;
use crate::error::{Code, Result, fail};
use crate::store::announcements::{self, Kept};
use crate::tablet::Inner;

/// An announcement, for reading.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Announcement {
    /// Its number.
    #[ts(type = "number")]
    pub id: i64,
    /// When it was made, Unix ms by the server's clock.
    #[ts(type = "number")]
    pub at: i64,
    /// How far it reaches.
    pub reach: Reach,
    /// Shown before anything else until it is confirmed.
    pub urgent: bool,
    /// Who says it.
    pub from: String,
    /// First line.
    pub title: String,
    /// Text.
    pub text: String,
    /// Photos that go with it.
    pub photos: Vec<Photo>,
    /// When it was read here, Unix ms.
    #[ts(type = "number | null")]
    pub seen: Option<i64>,
}

impl Announcement {
    /// As it is kept, with the photos as far as they are here.
    pub(crate) fn of(conn: &Connection, kept: Kept) -> Result<Self> {
        let photos = announcements::photos(conn, kept.id)?;
        Ok(Self {
            id: kept.id,
            at: kept.at,
            reach: kept.reach,
            urgent: kept.urgent,
            from: kept.sender,
            title: kept.title,
            text: kept.text,
            photos: photos.into_iter().map(|hash| Photo::from_server(conn, hash)).collect::<Result<_>>()?,
            seen: Some(kept.seen).filter(|at| *at != 0),
        })
    }
}

impl Inner {
    pub(crate) fn announcements(&self) -> Result<Vec<Announcement>> {
        let c = self.store.read();
        announcements::all(c)?.into_iter().map(|kept| Announcement::of(c, kept)).collect()
    }

    /// Whether the full size of a photo that goes with one has still to come.
    pub(crate) fn fetch_announced_photo(&mut self, id: i64, hash: BlobHash) -> Result<bool> {
        if !announcements::photos(self.store.read(), id)?.contains(&hash) {
            return Err(fail(Code::NotFound, hash.to_string()));
        }
        self.wish(hash)
    }

    /// The muhtar has read it.
    pub(crate) fn read_announcement(&mut self, id: i64) -> Result<()> {
        let now = self.now();
        // Also on a full disk: an urgent one stands before everything until this is kept.
        if !self.store.write_words(|c| announcements::see(c, id, now))? {
            return Err(fail(Code::NotFound, id.to_string()));
        }
        Ok(())
    }
}
