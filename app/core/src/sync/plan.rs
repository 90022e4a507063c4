//! What to send next: a pure choice, so that it can be tested as a table.
//!
//! Words before photos, previews before full sizes, the smallest first, one at a time; sizes double
//! while the line holds and halve when it is cut, down to one item.

use mbs_shared::blob::MAX_BYTES;
use mbs_shared::id::BlobHash;
use mbs_shared::wire::blob::{FIRST_SLICE, MAX_SLICE};
use mbs_shared::wire::sync::{FIRST_PAGE, MAX_FRAME, MAX_ITEMS, MAX_PAGE, MAX_UNPACKED};

/// Smallest slice of a photo, in bytes.
pub const MIN_SLICE: u32 = 2 * 1024;
/// Smallest page of the feed and smallest push aimed at, in bytes.
pub const MIN_PAGE: u32 = 512;
/// Bytes of a frame around its items, generously.
const FRAME: usize = 4 * 1024;

/// What is known about the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Bytes of words up, and of feed down, in one exchange.
    pub page: u32,
    /// Items in one exchange.
    pub items: usize,
    /// Bytes of one slice of a photo.
    pub slice: u32,
}

impl Default for Line {
    fn default() -> Self {
        Self { page: FIRST_PAGE, items: MAX_ITEMS, slice: FIRST_SLICE }
    }
}

impl Line {
    /// An exchange of words went through.
    pub fn page_passed(&mut self) {
        self.page = self.page.saturating_mul(2).min(MAX_PAGE);
        self.items = self.items.saturating_mul(2).min(MAX_ITEMS);
    }

    /// An exchange of words was cut.
    pub fn page_cut(&mut self) {
        self.page = (self.page / 2).max(MIN_PAGE);
    }

    /// A frame was refused as a whole: fewer items, until the one to blame stands alone.
    pub fn frame_refused(&mut self, sent: usize) {
        self.items = (sent / 2).max(1);
    }

    /// A slice went through.
    pub fn slice_passed(&mut self) {
        self.slice = self.slice.saturating_mul(2).min(MAX_SLICE);
    }

    /// A slice was cut.
    pub fn slice_cut(&mut self) {
        self.slice = (self.slice / 2).max(MIN_SLICE);
    }
}

/// Sizes of something to push, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// As it travels.
    pub packed: usize,
    /// Unpacked.
    pub raw: usize,
}

/// How many of the waiting words, in their order, go with the next exchange: at least one, if there is any.
#[must_use]
pub fn batch(waiting: &[Size], line: &Line) -> usize {
    let (mut packed, mut raw) = (0, 0);
    let aim = (line.page as usize).min(MAX_FRAME - FRAME);
    for (n, size) in waiting.iter().enumerate() {
        packed += size.packed;
        raw += size.raw;
        let full = n >= line.items.clamp(1, MAX_ITEMS) || packed > aim || raw > MAX_UNPACKED;
        if full && n > 0 {
            return n;
        }
    }
    waiting.len()
}

/// A photo that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Photo {
    /// Which.
    pub hash: BlobHash,
    /// Its bytes.
    pub size: u32,
    /// Bytes the server has confirmed.
    pub sent: u32,
    /// Bytes of its preview, if that is still to be sent.
    pub thumb: Option<u32>,
    /// Whether the resume point is uncertain: a cut may have left more there than was confirmed.
    pub unsure: bool,
}

/// What of the photos comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The preview, whole.
    Thumb(BlobHash),
    /// Ask for the resume point, with no bytes.
    Ask(BlobHash),
    /// Bytes.
    Slice {
        /// Of which.
        hash: BlobHash,
        /// From here.
        offset: u32,
        /// So many.
        len: u32,
    },
}

/// Chooses; `None` when nothing waits or nothing more may go. `left`: bytes of full sizes that may still go.
#[must_use]
pub fn photo(waiting: &[Photo], line: &Line, left: u32) -> Option<Next> {
    let thumb = waiting.iter().filter_map(|p| p.thumb.map(|size| (size, p.hash))).min();
    if let Some((_, hash)) = thumb {
        return Some(Next::Thumb(hash));
    }
    if left < MIN_SLICE {
        return None;
    }
    let next = waiting.iter().min_by_key(|p| (p.size.saturating_sub(p.sent), p.hash))?;
    if next.unsure {
        return Some(Next::Ask(next.hash));
    }
    let offset = next.sent.min(next.size);
    let len = (next.size - offset).min(line.slice.clamp(MIN_SLICE, MAX_SLICE)).min(MAX_BYTES).min(left);
    Some(Next::Slice { hash: next.hash, offset, len })
}
