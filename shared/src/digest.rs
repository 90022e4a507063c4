//! A set of accepted items as one small number, so that two replicas find out that they differ.
//!
//! Every accepted change, entry and event has a proof of acceptance ([`Mac`]) that both sides keep, and
//! that nobody but the server can choose. The digest is the sum of their first halves: kept step by step,
//! the same in any order, and an item counted twice shows.

use minicbor::{Decode, Encode};

use crate::id::{BlobHash, Mac};

/// The digest of a set of items. The empty set is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Digest(#[n(0)] pub u64);

/// The first 8 bytes of something random.
fn head(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |n, b| n << 8 | u64::from(*b))
}

impl Digest {
    /// Puts an item in.
    pub fn add(&mut self, mac: &Mac) {
        self.0 = self.0.wrapping_add(head(&mac.0));
    }

    /// Takes an item out.
    pub fn remove(&mut self, mac: &Mac) {
        self.0 = self.0.wrapping_sub(head(&mac.0));
    }
}

impl<'a> FromIterator<&'a Mac> for Digest {
    fn from_iter<I: IntoIterator<Item = &'a Mac>>(macs: I) -> Self {
        let mut digest = Self::default();
        macs.into_iter().for_each(|mac| digest.add(mac));
        digest
    }
}

/// A photo or voice note named within one request: the first 8 bytes of its hash.
#[must_use]
pub fn photo_mark(hash: &BlobHash) -> u64 {
    head(&hash.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn macs() -> impl Strategy<Value = Vec<Mac>> {
        prop::collection::vec(any::<[u8; 16]>().prop_map(Mac), 0..24)
    }

    #[test]
    fn both_sides_count_the_first_eight_bytes_the_highest_first() {
        let mac = Mac([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(Digest::from_iter([&mac]), Digest(0x0102_0304_0506_0708));
        assert_eq!(photo_mark(&BlobHash([0x21; 32])), 0x2121_2121_2121_2121);
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_every_item_does(macs in macs(), more in any::<[u8; 16]>().prop_map(Mac)) {
            let all: Digest = macs.iter().collect();
            prop_assert_eq!(all, macs.iter().rev().collect());
            let mut digest = all;
            digest.add(&more);
            prop_assert_eq!(digest == all, head(&more.0) == 0);
            digest.add(&more);
            digest.remove(&more);
            digest.remove(&more);
            prop_assert_eq!(digest, all);
        }
    }
}
