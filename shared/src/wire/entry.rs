//! Thread entries: messages, notes and the muhtar's intents. Immutable rows of one author.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::id::{BlobHash, EntryId};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum EntryKind {
    /// A message to the other side.
    #[n(0)]
    Message,
    /// A note of the muhtar's own (class *private*).
    #[n(1)]
    Note,
    /// The muhtar wants to withdraw the request.
    #[n(2)]
    Withdraw,
    /// The muhtar answers a question.
    #[n(3)]
    Answer,
    /// The muhtar confirms that it is done.
    #[n(4)]
    Confirm,
    /// The muhtar objects, with a reason.
    #[n(5)]
    Object,
    /// The muhtar adds something to a request that was sent.
    #[n(6)]
    Add,
}

/// An entry as its author wrote it. The server stamps author, time and order beside it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// Made by the author.
    #[n(0)]
    pub id: EntryId,
    /// What it is.
    #[n(1)]
    pub kind: EntryKind,
    /// The words, at most [`crate::request::MAX_ENTRY`] bytes.
    #[n(2)]
    pub text: String,
    /// When, by the author's clock, Unix ms.
    #[n(3)]
    pub at: i64,
    /// Photos that go with it.
    #[n(4)]
    pub photos: Vec<BlobHash>,
}

/// What the server stamps beside an entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stamp {
    /// Server time, Unix ms.
    #[n(0)]
    pub at: i64,
    /// Name to show; empty for the muhtar of the request.
    #[n(1)]
    pub author: String,
}
