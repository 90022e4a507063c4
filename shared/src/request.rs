//! The request: what a muhtar files, as plain values.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::blob::BlobRef;
use crate::id::{CaseNo, RequestId};
use crate::place::Fix;

/// Schema version this build writes.
pub const SCHEMA: u16 = 1;
/// Longest title, in bytes of UTF-8.
pub const MAX_TITLE: usize = 200;
/// Longest description, in bytes of UTF-8.
pub const MAX_DESC: usize = 8_000;
/// Longest category code, in bytes.
pub const MAX_CATEGORY: usize = 64;
/// Longest address line, in bytes of UTF-8.
pub const MAX_ADDR: usize = 300;
/// Longest thread entry, in bytes of UTF-8.
pub const MAX_ENTRY: usize = 4_000;

/// What kind of petition it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Kind {
    /// Şikâyet.
    Complaint,
    /// İstek.
    #[default]
    Wish,
    /// İhbar.
    Notice,
    /// Görüş (mahallenin görüşü): needs neither photo nor place.
    Opinion,
    /// Öneri: needs neither photo nor place.
    Suggestion,
}

impl Kind {
    /// All kinds, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::Complaint, Self::Wish, Self::Notice, Self::Opinion, Self::Suggestion];

    /// The name in the document.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Wish => "wish",
            Self::Notice => "notice",
            Self::Opinion => "opinion",
            Self::Suggestion => "suggestion",
        }
    }

    /// The kind with that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == code)
    }
}

/// A request's content as it stands, read from its document.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Schema version it was written with.
    pub schema: u16,
    /// First line, for lists; empty when the muhtar gave none.
    pub title: String,
    /// The muhtar's words.
    pub desc: String,
    /// Category code, e.g. `yol.cukur`; empty when not chosen.
    pub category: String,
    /// Kind of petition.
    pub kind: Kind,
    /// Where.
    pub gps: Option<Fix>,
    /// How to find it, in words.
    pub addr: String,
    /// When it was filed, by the tablet's clock, Unix milliseconds.
    pub at: i64,
    /// Offline case number.
    pub no: CaseNo,
    /// To be handled discreetly (violence, addiction, social aid).
    pub discreet: bool,
    /// A related request.
    pub rel: Option<RequestId>,
    /// Photos and voice notes that are not removed, in the order of their keys.
    pub blobs: Vec<BlobRef>,
}

/// A field of the request that can be edited on its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// New first line.
    Title(String),
    /// New words.
    Desc(String),
    /// New category code.
    Category(String),
    /// New kind.
    Kind(Kind),
    /// New place; `None` empties it.
    Gps(Option<Fix>),
    /// New address line.
    Addr(String),
    /// Discreet or not.
    Discreet(bool),
    /// Related request; `None` empties it.
    Rel(Option<RequestId>),
    /// Adds a photo or voice note (or brings a removed one back).
    AddBlob(BlobRef),
    /// Removes one; its bytes stay until their retention ends.
    RemoveBlob(crate::id::BlobHash),
    /// "Keep this version": puts the winning value of that key again, which drops the others.
    Keep(String),
}
