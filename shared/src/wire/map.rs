//! `GET /v1/map`: which map tablets show instead of the one their app brings; its parts come as blobs
//! (`GET /v1/blobs/{sha256}`), each proven by its name.

use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

use crate::id::BlobHash;

/// Bytes of a part; the last one may have fewer. A part is what a tablet that is killed asks for again.
pub const PART: usize = 64 * 1024;
/// Parts at most: 8 MiB, squeezed.
pub const MAX_PARTS: usize = 128;
/// Bytes of a reply at most.
pub const MAX_REPLY: usize = 16 * 1024;
/// What this release reads inside a pack: gzipped JSON, as `ui/scripts/map.mjs` writes it.
pub const FORMAT: u32 = 1;

/// A map pack, without its bytes; without parts there is none, and tablets show their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct MapPack {
    /// As people call it, e.g. `2026-12`.
    #[n(0)]
    pub version: String,
    /// What is inside: [`FORMAT`], or something of a later release.
    #[n(1)]
    pub format: u32,
    /// Bytes of all parts.
    #[n(2)]
    pub size: u32,
    /// Names of the parts, in their order.
    #[n(3)]
    pub parts: Vec<BlobHash>,
}

impl MapPack {
    /// Whether there is one, and it is of a size that is kept.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let most = self.parts.len() * PART;
        (1..=MAX_PARTS).contains(&self.parts.len()) && (1..=most).contains(&(self.size as usize))
    }

    /// Whether this release can show it.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.format == FORMAT && self.is_sound()
    }

    /// What tells one pack from another: the server says it, and a tablet with another one asks. By content, as with
    /// [`super::units::Units::mark`]; 0: there is none.
    #[must_use]
    pub fn mark(&self) -> u32 {
        if self.parts.is_empty() {
            return 0;
        }
        let hash: [u8; 32] = Sha256::digest(super::encode(self)).into();
        let [a, b, c, d, ..] = hash;
        u32::from_be_bytes([a, b, c, d]).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};

    #[test]
    fn a_pack_travels_whole_and_each_change_has_another_mark() {
        let parts = vec![BlobHash([7; 32]); MAX_PARTS];
        let pack = MapPack { version: "2026-12".into(), format: FORMAT, size: 8 << 20, parts };
        assert_eq!(decode::<MapPack>(&encode(&pack)), Ok(pack.clone()));
        assert!(encode(&pack).len() <= MAX_REPLY && pack.is_readable());
        let renamed = MapPack { version: "2027-01".into(), ..pack.clone() };
        let shorter = MapPack { parts: pack.parts[1..].to_vec(), ..pack.clone() };
        let marks = [&pack, &renamed, &shorter, &MapPack::default()].map(MapPack::mark);
        let distinct: std::collections::BTreeSet<u32> = marks.into_iter().collect();
        assert_eq!((distinct.len(), marks[3]), (marks.len(), 0));
    }

    #[test]
    fn none_a_larger_one_and_a_later_one_are_told_apart() {
        let pack =
            |format, size, parts| MapPack { format, size, parts: vec![BlobHash([7; 32]); parts], ..MapPack::default() };
        assert!(pack(FORMAT, 10, 1).is_readable());
        assert!(pack(FORMAT + 1, 10, 1).is_sound() && !pack(FORMAT + 1, 10, 1).is_readable());
        for bad in [MapPack::default(), pack(FORMAT, 10, MAX_PARTS + 1), pack(FORMAT, 0, 1), pack(FORMAT, 1 << 20, 1)] {
            assert!(!bad.is_sound(), "{bad:?}");
        }
    }
}
