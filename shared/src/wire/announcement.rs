//! `GET /v1/announcements?after=N` and `POST /v1/announcements/seen`: what the municipality says to one muhtar, to a
//! district or to all of them. It has no part in the feed: a request is nobody's but its muhtarlık's, an announcement is
//! everybody's.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::id::BlobHash;

/// Longest title, in bytes of UTF-8.
pub const MAX_TITLE: usize = 200;
/// Longest text, in bytes of UTF-8.
pub const MAX_TEXT: usize = 4_000;
/// Photos of one announcement at most.
pub const MAX_PHOTOS: usize = 3;
/// Announcements of a reply at most, the oldest first.
pub const MAX_OF_ONE: u32 = 50;
/// Bytes of a reply at most.
pub const MAX_REPLY: usize = 512 * 1024;
/// Ids in one [`Seen`] at most.
pub const MAX_SEEN: usize = 100;

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Announcements {
    /// Those behind `after`, in the order in which they were made or withdrawn.
    #[n(0)]
    pub list: Vec<Announcement>,
    /// The next `after`.
    #[n(1)]
    pub next: u64,
    /// Whether more waits.
    #[n(2)]
    pub more: bool,
}

/// One announcement.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Announcement {
    /// The server's number for it.
    #[n(0)]
    pub id: u64,
    /// Server time, Unix ms.
    #[n(1)]
    pub at: i64,
    /// Whom it is for.
    #[n(2)]
    pub reach: Reach,
    /// To be seen before anything else, and confirmed.
    #[n(3)]
    pub urgent: bool,
    /// Who says it, in Turkish.
    #[n(4)]
    pub from: String,
    /// First line.
    #[n(5)]
    pub title: String,
    /// Text.
    #[n(6)]
    pub text: String,
    /// Taken back: the tablet drops it.
    #[n(7)]
    pub withdrawn: bool,
    /// Photos that go with it, at most [`MAX_PHOTOS`].
    #[n(8)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub photos: Vec<BlobHash>,
}

/// How far an announcement reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum Reach {
    /// Every muhtar.
    #[n(0)]
    All,
    /// The muhtars of a district.
    #[n(1)]
    District,
    /// This muhtar alone: it ends with his mandate.
    #[n(2)]
    Muhtarlik,
}

/// Which announcements this tablet's muhtar has read.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Seen {
    /// Their ids, at most [`MAX_SEEN`].
    #[n(0)]
    pub ids: Vec<u64>,
}
