//! `PUT /v1/blobs/{sha256}?request=ID&offset=N&size=TOTAL`: bytes, with a resume point.
//!
//! Every answer, also a refusal of the offset, tells how much is there: that is the resume point.
//! `PUT /v1/blobs/{sha256}/thumb?request=ID` carries the preview whole.
//! `GET /v1/blobs/{sha256}` and `…/thumb` give them back (`offset` and, at most so many bytes, `len` in the query).

use minicbor::{Decode, Encode};

use crate::id::BlobHash;

/// Bytes of one slice at most: a good line carries a photo whole, which spares the server assembling it.
pub const MAX_SLICE: u32 = crate::blob::MAX_BYTES;
/// Slice a tablet starts with on a line it knows nothing about; also what may be repeated after a cut.
pub const FIRST_SLICE: u32 = 16 * 1024;

/// How much of a blob the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct BlobStatus {
    /// Durable bytes from the start.
    #[n(0)]
    pub have: u32,
    /// Whether it is whole and its hash is proven.
    #[n(1)]
    pub done: bool,
    /// Of which blob: an answer that went astray says nothing of another one. A server of before 28 November 2026 does
    /// not tell.
    #[n(2)]
    pub of: Option<BlobHash>,
}

impl BlobStatus {
    /// So much of that blob.
    #[must_use]
    pub const fn of(hash: BlobHash, have: u32, done: bool) -> Self {
        Self { have, done, of: Some(hash) }
    }
}
