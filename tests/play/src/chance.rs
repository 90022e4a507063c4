//! Chance that is the same in every run of a seed (SplitMix64).

use std::sync::atomic::{AtomicU64, Ordering};

use mbs_server::ports::Random;

/// A series of numbers.
#[derive(Debug)]
pub struct Chance(AtomicU64);

impl Chance {
    /// The series of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub fn number(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 and below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.number() % end.max(1)
    }

    /// Whether something with that many in a thousand happens.
    pub fn happens(&self, in_a_thousand: u64) -> bool {
        self.below(1_000) < in_a_thousand
    }

    /// A moment between so many hours, in ms.
    pub fn hours(&self, from: u64, to: u64) -> i64 {
        let hour = 3_600_000;
        i64::try_from(from * hour + self.below((to - from) * hour)).unwrap_or(0)
    }
}

impl Random for Chance {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.number().to_le_bytes()) {
                *byte = random;
            }
        }
    }
}
