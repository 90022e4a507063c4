//! What the municipality announces.

use mbs_shared::wire::announcement::Reach;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
    /// When it was read here, Unix ms.
    #[ts(type = "number | null")]
    pub seen: Option<i64>,
}

impl From<Kept> for Announcement {
    fn from(kept: Kept) -> Self {
        Self {
            id: kept.id,
            at: kept.at,
            reach: kept.reach,
            urgent: kept.urgent,
            from: kept.sender,
            title: kept.title,
            text: kept.text,
            seen: Some(kept.seen).filter(|at| *at != 0),
        }
    }
}

impl Inner {
    pub(crate) fn announcements(&self) -> Result<Vec<Announcement>> {
        Ok(announcements::all(self.store.read())?.into_iter().map(Announcement::from).collect())
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
