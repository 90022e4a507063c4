//! Photos and voice notes: immutable bytes, named by their SHA-256.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;

use crate::id::BlobHash;

/// Largest photo or voice note that travels, in bytes.
pub const MAX_BYTES: u32 = 400 * 1024;
/// Largest preview of a photo, in bytes.
pub const MAX_THUMB_BYTES: u32 = 24 * 1024;
/// Longest edge of a photo that travels, in pixels.
pub const MAX_EDGE: u32 = 2_048;
/// Longest edge of a preview, in pixels.
pub const THUMB_EDGE: u32 = 320;
/// Photos and voice notes a request may refer to.
pub const MAX_PER_REQUEST: usize = 6;
/// Longest voice note, in seconds.
pub const MAX_SECONDS: u32 = 60;

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum BlobKind {
    /// A JPEG, upright, without metadata.
    #[n(0)]
    Photo,
    /// Opus in Ogg.
    #[n(1)]
    Voice,
}

impl BlobKind {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Photo => "image/jpeg",
            Self::Voice => "audio/ogg",
        }
    }

    /// How names of files with it end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Photo => "jpg",
            Self::Voice => "ogg",
        }
    }
}

/// A request's reference to a photo or voice note; the bytes travel on their own, later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
pub struct BlobRef {
    /// SHA-256 of the bytes.
    #[n(0)]
    pub hash: BlobHash,
    /// What they are.
    #[n(1)]
    pub kind: BlobKind,
    /// How many bytes, at most [`MAX_BYTES`].
    #[n(2)]
    pub size: u32,
    /// Width in pixels; for a voice note its length in seconds.
    #[n(3)]
    pub width: u16,
    /// Height in pixels; 0 for a voice note.
    #[n(4)]
    pub height: u16,
}

/// What accepted bytes are: a voice note begins as Ogg does, anything else is a photo.
#[must_use]
pub fn kind_of(bytes: &[u8]) -> BlobKind {
    if bytes.starts_with(b"OggS") { BlobKind::Voice } else { BlobKind::Photo }
}

/// The name of `bytes`.
#[must_use]
pub fn name_of(bytes: &[u8]) -> BlobHash {
    BlobHash(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_that_every_released_side_keeps_to() {
        assert_eq!((MAX_BYTES, MAX_THUMB_BYTES), (409_600, 24_576));
    }

    #[test]
    fn each_kind_is_told_by_its_bytes_and_named_as_others_know_it() {
        for (bytes, kind, media, extension) in [
            (&b"OggS\0\x02"[..], BlobKind::Voice, "audio/ogg", "ogg"),
            (&[0xff, 0xd8, 0xff][..], BlobKind::Photo, "image/jpeg", "jpg"),
        ] {
            assert_eq!((kind_of(bytes), kind.media_type(), kind.extension()), (kind, media, extension));
        }
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(name_of(b"").to_string(), known, "SHA-256 of nothing");
    }
}
