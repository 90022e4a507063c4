//! `POST /v1/sync`: items up, feed down, in one round trip.
//!
//! The server remembers nothing about a call: any instance answers, and repeating is harmless.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::entry::Stamp;
use super::error::Code;
use super::revocation::SignedRevocation;
use super::version::Abilities;
use crate::digest::Digest;
use crate::id::{BlobHash, Mac, RequestId, SessionId};

/// Items in one push.
pub const MAX_ITEMS: usize = 64;
/// Bytes of one frame up, as sent.
pub const MAX_FRAME: usize = 256 * 1024;
/// Bytes of all items of one push, unpacked.
pub const MAX_UNPACKED: usize = 1024 * 1024;
/// Bytes of the feed page in one reply, as packed.
pub const MAX_PAGE: u32 = 256 * 1024;
/// Feed bytes a tablet asks for on a line it knows nothing about.
pub const FIRST_PAGE: u32 = 8 * 1024;

/// A place in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Encode, Decode)]
pub struct Cursor {
    /// The server's epoch; a restore begins a new one. 0: never synced.
    #[n(0)]
    pub epoch: u64,
    /// Everything up to and including this place has been taken.
    #[n(1)]
    pub seq: u64,
}

/// What the tablet sends.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct SyncRequest {
    /// Protocol version.
    #[n(0)]
    pub version: u16,
    /// What more the tablet can do.
    #[n(1)]
    pub abilities: Abilities,
    /// This process start. Rows that came from it are not sent back.
    #[n(2)]
    pub session: SessionId,
    /// Everything up to here has been taken.
    #[n(3)]
    pub cursor: Cursor,
    /// The tablet's clock, Unix ms.
    #[n(4)]
    pub now: i64,
    /// Feed bytes the line carries well, at most [`MAX_PAGE`].
    #[n(5)]
    pub page: u32,
    /// How many things this tablet has ever made (loss detector).
    #[n(6)]
    pub created: u32,
    /// What is pushed, at most [`MAX_ITEMS`].
    #[n(7)]
    pub items: Vec<Item>,
    /// Everything accepted that the tablet has; given where nothing is pushed.
    #[n(8)]
    pub digest: Option<Digest>,
    /// What it says of itself, where the server may not know it.
    #[n(9)]
    pub about: Option<About>,
}

/// What a tablet says of itself: with its first exchange after a start, and when its room or its battery has
/// changed much.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct About {
    /// Version of its app, at most [`MAX_APP`] bytes.
    #[n(0)]
    pub app: String,
    /// Room left on its disk, MiB; 0: it does not know.
    #[n(1)]
    pub free: u32,
    /// How full its battery is, percent; `None`: the platform does not say.
    #[n(2)]
    pub battery: Option<u8>,
}

/// Longest version of an app, in bytes.
pub const MAX_APP: usize = 32;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ItemKind {
    /// An Automerge change of the request's document.
    #[n(0)]
    Change,
    /// A thread entry ([`super::entry::Entry`]).
    #[n(1)]
    Entry,
}

/// One thing that is pushed. It is accepted or refused on its own.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Item {
    /// What it is.
    #[n(0)]
    pub kind: ItemKind,
    /// The request it belongs to.
    #[n(1)]
    pub request: RequestId,
    /// The raw change or entry, packed alone ([`crate::pack`]).
    #[n(2)]
    pub packed: ByteVec,
    /// This tablet's count of what it made, from 1; 0 for what another device made.
    #[n(3)]
    pub count: u32,
    /// Proof that a server accepted it once, for what a restored server no longer has.
    #[n(4)]
    pub mac: Option<Mac>,
    /// What else a server that lost it needs, to have it back as it was.
    #[n(5)]
    pub past: Option<Past>,
}

/// Events that go with one item at most.
pub const MAX_PAST: usize = 64;

/// What a server once said about an item that is offered to it again.
#[derive(Debug, Clone, PartialEq, Default, Encode, Decode)]
pub struct Past {
    /// With the first change of a request: routing events the server lacks, in their order, at most [`MAX_PAST`].
    #[n(0)]
    pub events: Vec<Decided>,
    /// With an entry from the desk: who wrote it and when, as the server stamped it.
    #[n(1)]
    pub stamp: Option<Stamp>,
}

/// Routing events that were decided at once, under one proof.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Decided {
    /// Packed [`crate::routing::Event`]s, one behind the other.
    #[n(0)]
    pub packed: ByteVec,
    /// Proof of acceptance.
    #[n(1)]
    pub mac: Mac,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ItemResult {
    /// Durable. Pushed again, it has the same proof.
    #[n(0)]
    Ok {
        /// Proof of acceptance.
        #[n(0)]
        mac: Mac,
        /// Of a new request: its number and where it went by itself. The feed does not tell it once more.
        #[n(1)]
        decided: Option<Decided>,
    },
    /// It builds on changes the server does not have: push those first.
    #[n(1)]
    MissingDeps,
    /// The actor already used that sequence number for another change: two tablets with one identity.
    #[n(2)]
    Fork,
    /// Refused for good; it lies in quarantine on both sides.
    #[n(3)]
    Rejected(#[n(0)] Code),
    /// Erased by law: a final success.
    #[n(4)]
    Erased,
    /// Not understood yet (written by a newer app): keep it and push it again later.
    #[n(5)]
    Later,
    /// The request was begun otherwise, and that beginning comes by the feed: a copy of this tablet sent the same draft,
    /// or this one did under an earlier number.
    #[n(6)]
    Begun,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct SyncReply {
    /// Protocol version.
    #[n(0)]
    pub version: u16,
    /// What more the server can do.
    #[n(1)]
    pub abilities: Abilities,
    /// The session it answers; a reply to an earlier process start is dropped.
    #[n(2)]
    pub session: SessionId,
    /// The server's clock, Unix ms.
    #[n(3)]
    pub now: i64,
    /// One result an item, in their order.
    #[n(4)]
    pub results: Vec<ItemResult>,
    /// A page of the feed.
    #[cbor(n(5), with = "self::rows")]
    pub rows: Vec<Row>,
    /// Everything up to here has been given.
    #[n(6)]
    pub cursor: Cursor,
    /// Whether more waits.
    #[n(7)]
    pub more: bool,
    /// Whether the cursor is of another epoch or expired: take a snapshot, then push everything the server lacks.
    #[n(8)]
    pub snapshot: bool,
    /// Whether the server has something else than the digest says, although nothing is new: reconcile.
    #[n(9)]
    pub differs: Option<bool>,
    /// Set when this tablet is revoked: what it pushed lies in the server's quarantine, and it receives nothing.
    #[n(10)]
    pub revocation: Option<SignedRevocation>,
    /// How many things this tablet has made as far as the server has heard, where the tablet said fewer: it
    /// was put back from a copy and goes on counting from here.
    #[n(11)]
    pub made: Option<u32>,
    /// `true`: two tablets have this identity, and one of them must be enrolled anew.
    #[n(12)]
    pub twin: Option<bool>,
    /// How far the announcements for this tablet reach; `None`: there is none.
    #[n(13)]
    pub announced: Option<u64>,
    /// The mark of the units' names ([`super::units::Units::mark`]), beside rows.
    #[n(14)]
    pub units: Option<u32>,
    /// The mark of the map pack ([`super::map::MapPack::mark`]), beside rows and where a tablet says something of itself.
    #[n(15)]
    pub map: Option<u32>,
}

/// One row of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The request it belongs to.
    pub request: RequestId,
    /// What it carries.
    pub body: RowBody,
}

/// Rows as they travel: the request is left out where it is that of the row before.
pub(super) mod rows {
    use minicbor::decode::{Decode, Decoder, Error as NotRead};
    use minicbor::encode::{Encode, Encoder, Error as NotWritten, Write};

    use super::Row;
    use crate::id::RequestId;

    pub(in crate::wire) fn encode<C, W: Write>(
        rows: &[Row],
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), NotWritten<W::Error>> {
        e.array(rows.len() as u64)?;
        let mut last = None;
        for row in rows {
            let request = Some(row.request).filter(|request| last != Some(*request));
            last = Some(row.request);
            e.array(2)?;
            request.encode(e, ctx)?;
            row.body.encode(e, ctx)?;
        }
        Ok(())
    }

    pub(in crate::wire) fn decode<'b, C>(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Vec<Row>, NotRead> {
        let len = d.array()?.ok_or_else(|| NotRead::message("rows of no length"))?;
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..len {
            if d.array()? != Some(2) {
                return Err(NotRead::message("a row of no two parts"));
            }
            let said = Option::<RequestId>::decode(d, ctx)?;
            let request = said.or_else(|| rows.last().map(|row| row.request));
            let request = request.ok_or_else(|| NotRead::message("a first row without its request"))?;
            rows.push(Row { request, body: Decode::decode(d, ctx)? });
        }
        Ok(rows)
    }
}

/// What a feed row carries.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(flat)]
pub enum RowBody {
    /// A change of the document, as its tablet packed it.
    #[n(0)]
    Change {
        /// Packed raw change.
        #[n(0)]
        packed: ByteVec,
        /// Proof of acceptance.
        #[n(1)]
        mac: Mac,
    },
    /// A thread entry, as its author packed it.
    #[n(1)]
    Entry {
        /// Packed [`super::entry::Entry`].
        #[n(0)]
        packed: ByteVec,
        /// Author and time by the server.
        #[n(1)]
        stamp: Stamp,
        /// Proof of acceptance.
        #[n(2)]
        mac: Mac,
    },
    /// Routing events that were decided at once.
    #[n(2)]
    Event(#[n(0)] Decided),
    /// A photo or voice note is whole on the server.
    #[n(3)]
    Blob {
        /// Which.
        #[n(0)]
        hash: BlobHash,
    },
    /// Erased by law: the tablet drops its copy.
    #[n(4)]
    Erased,
}
