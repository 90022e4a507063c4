//! `GET /v1/blobs/…`: full sizes down, for the answer that waits for a word and for whoever opens a photo; and the parts of a
//! map pack. In slices, which adapt to the line as those going up do; what has come waits in memory until it is whole and its
//! name is proven.

use mbs_shared::blob::{MAX_BYTES, name_of};
use mbs_shared::id::BlobHash;
use mbs_shared::wire::map::PART;
use rusqlite::Connection;

use super::plan::Line;
use super::round::get;
use crate::capture::photo::preview;
use crate::error::Result;
use crate::ports::{HttpReply, HttpRequest};
use crate::store::{blobs, map, proofs};

/// What is coming down, and what was wished for.
#[derive(Debug, Default)]
pub(crate) struct Download {
    /// Opened by a person: they come before anything of ours goes up, whatever the line costs.
    wanted: Vec<BlobHash>,
    /// The one under way, as far as it has come.
    coming: Option<(BlobHash, Vec<u8>)>,
    /// Not to be had in this process.
    given_up: Vec<BlobHash>,
}

/// What a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// A photo.
    Photo,
    /// A part of a map pack.
    Map,
}

impl Of {
    /// Bytes of one at most.
    const fn most(self) -> usize {
        match self {
            Self::Photo => MAX_BYTES as usize,
            Self::Map => PART,
        }
    }
}

impl Download {
    /// Somebody has opened it.
    pub(crate) fn want(&mut self, hash: BlobHash) {
        self.given_up.retain(|other| *other != hash);
        if !self.wanted.contains(&hash) {
            self.wanted.push(hash);
        }
    }

    /// The next slice of one that a person waits for.
    pub(crate) fn wanted(&mut self, line: &Line) -> Option<(HttpRequest, Slice)> {
        self.wanted.first().copied().map(|hash| self.slice(Of::Photo, hash, line.slice))
    }

    /// The next slice of an answer's photo.
    pub(crate) fn next(&mut self, conn: &Connection, line: &Line) -> Result<Option<(HttpRequest, Slice)>> {
        Ok(proofs::missing(conn, &self.given_up)?.map(|hash| self.slice(Of::Photo, hash, line.slice)))
    }

    /// The next slice of the map, of at most `left` bytes; `None`: nothing of it is to be had.
    pub(crate) fn map(&mut self, conn: &Connection, line: &Line, left: u32) -> Result<Option<(HttpRequest, Slice)>> {
        let part = map::missing(conn)?.filter(|part| !self.given_up.contains(part));
        Ok(part.map(|part| self.slice(Of::Map, part, line.slice.min(left))))
    }

    fn slice(&mut self, of: Of, hash: BlobHash, most: u32) -> (HttpRequest, Slice) {
        let had = match self.coming.take_if(|(coming, _)| *coming == hash) {
            Some((_, bytes)) => bytes,
            None => Vec::new(),
        };
        let (offset, len) = (had.len(), (most as usize).min(of.most()));
        self.coming = Some((hash, had));
        let query = vec![("offset", offset.to_string()), ("len", len.to_string())];
        // A server from before slices sends all that is left.
        let request = get(format!("/v1/blobs/{hash}"), query, of.most());
        (request, Slice { of, hash, offset, len })
    }

    /// Takes an answer in; whether the photo or the part is whole here by it.
    pub(crate) fn take(&mut self, conn: &Connection, slice: Slice, reply: &HttpReply) -> Result<bool> {
        let Some((hash, mut bytes)) = self.coming.take() else { return Ok(false) };
        if hash != slice.hash || bytes.len() != slice.offset {
            return Ok(false);
        }
        if reply.status == 200 {
            bytes.extend_from_slice(&reply.body);
            if reply.body.len() == slice.len && bytes.len() < slice.of.most() {
                self.coming = Some((hash, bytes));
                return Ok(false);
            }
        }
        let whole = reply.status == 200 && name_of(&bytes) == hash;
        if whole {
            match slice.of {
                Of::Photo => keep(conn, hash, &bytes)?,
                Of::Map => map::keep(conn, hash, &bytes)?,
            }
            self.wanted.retain(|other| *other != hash);
        } else {
            self.give_up(&slice);
        }
        Ok(whole)
    }

    /// It is not asked for any more, until a person wants it again.
    pub(crate) fn give_up(&mut self, slice: &Slice) {
        self.given_up.push(slice.hash);
        self.wanted.retain(|other| *other != slice.hash);
    }
}

fn keep(conn: &Connection, hash: BlobHash, bytes: &[u8]) -> Result<()> {
    let thumb = if blobs::thumb_size(conn, hash)? > 0 { Vec::new() } else { preview(bytes).unwrap_or_default() };
    blobs::keep(conn, hash, bytes, &thumb)
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    of: Of,
    hash: BlobHash,
    offset: usize,
    len: usize,
}

impl Slice {
    /// Whether it is of a map pack.
    pub(crate) const fn is_map(&self) -> bool {
        matches!(self.of, Of::Map)
    }
}
