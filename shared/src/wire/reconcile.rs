//! `POST /v1/reconcile`: what each side has of each request, by digests, page by page.
//!
//! Used after a server was restored (its epoch is another), when the digests of a poll differ, and once a
//! week. The tablet tells the digest of every request it has accepted items of; the server gives everything
//! it has of those that differ. From that the tablet takes what it lacks, and knows what the server lacks:
//! that it offers again, with the proofs. Where nothing differs, a page is a few bytes a request.

use minicbor::{Decode, Encode};

use super::sync::{Cursor, Row};
use crate::digest::Digest;
use crate::id::RequestId;

/// Requests of one page at most.
pub const MAX_REQUESTS: usize = 256;
/// Photos told of one request at most.
pub const MAX_PHOTOS: usize = 64;
/// Bytes of one frame up, as sent.
pub const MAX_FRAME: usize = 192 * 1024;

/// A request as the tablet has it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Known {
    /// Which.
    #[n(0)]
    pub request: RequestId,
    /// All its accepted changes, entries and events.
    #[n(1)]
    pub digest: Digest,
    /// Photos and voice notes the tablet holds whole and believes delivered ([`crate::digest::photo_mark`]).
    #[n(2)]
    pub photos: Vec<u64>,
}

/// What the tablet asks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ReconcileRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u16,
    /// Bytes of rows the line carries well, at most [`super::sync::MAX_PAGE`].
    #[n(1)]
    pub page: u32,
    /// Everything up to this request was compared; `None` on the first page.
    #[n(2)]
    pub after: Option<RequestId>,
    /// The next requests the tablet has, in the order of their ids, at most [`MAX_REQUESTS`].
    #[n(3)]
    pub requests: Vec<Known>,
    /// Whether these are its last ones.
    #[n(4)]
    pub last: bool,
}

/// A photo the server does not have whole for that request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Lost {
    /// The request.
    #[n(0)]
    pub request: RequestId,
    /// The photo ([`crate::digest::photo_mark`]).
    #[n(1)]
    pub photo: u64,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct ReconcileReply {
    /// Requests that differ, in the order of their ids.
    #[n(0)]
    pub differs: Vec<RequestId>,
    /// Everything the server has of those; of one erased by law [`super::sync::RowBody::Erased`].
    #[cbor(n(1), with = "super::sync::rows")]
    pub rows: Vec<Row>,
    /// Photos the tablet should bring again.
    #[n(2)]
    pub lost: Vec<Lost>,
    /// Compared up to and including this request; `None`: to the end.
    #[n(3)]
    pub through: Option<RequestId>,
    /// Where the feed stands. The first page's counts: what happened meanwhile comes by the feed.
    #[n(4)]
    pub cursor: Cursor,
}
