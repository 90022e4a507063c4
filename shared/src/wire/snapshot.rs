//! `GET /v1/snapshot?after=REQUEST&page=BYTES`: everything of a scope, for a new tablet or an expired cursor.

use minicbor::{Decode, Encode};

use super::sync::{Cursor, Row};
use crate::id::RequestId;

/// One page: whole requests, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct SnapshotPage {
    /// Rows of the requests on this page.
    #[cbor(n(0), with = "super::sync::rows")]
    pub rows: Vec<Row>,
    /// Ask for the next page after this request; `None` on the last page.
    #[n(1)]
    pub next: Option<RequestId>,
    /// The feed goes on from here once the last page is taken. The first page's counts:
    /// what happened meanwhile comes by the feed, once more where it overlaps.
    #[n(2)]
    pub cursor: Cursor,
}
