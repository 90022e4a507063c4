//! Chance from a seed: every draw of a run comes from here, so that the run replays.

use std::sync::atomic::{AtomicU64, Ordering};

/// One step of SplitMix64: from a state to a well mixed number.
const fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A source of draws. Forks are independent: what one part draws does not shift another.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The source of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6d62_735f_7369_6d00))
    }

    /// An independent source for something with that name.
    #[must_use]
    pub fn fork(&self, name: &str) -> Self {
        Self(name.bytes().fold(mix(self.0 ^ STEP), |at, byte| mix(at.wrapping_add(STEP) ^ u64::from(byte))))
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `n`; 0 for 0.
    pub const fn below(&mut self, n: u64) -> u64 {
        let drawn = self.number();
        if n == 0 { 0 } else { drawn % n }
    }

    /// A number from `from` to `to`, both included.
    pub const fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from + 1).unsigned_abs()).cast_signed()
    }

    /// Whether something with that probability (in thousandths) happens.
    pub const fn happens(&mut self, thousandths: u64) -> bool {
        self.below(1_000) < thousandths
    }

    /// One of them; `None` when there is none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let n = self.below(of.len() as u64);
        of.get(usize::try_from(n).unwrap_or(0))
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bytes = self.number().to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(bytes) {
                *to = from;
            }
        }
    }
}

/// The random port of a simulated machine.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// Bytes from that source.
    #[must_use]
    pub fn new(mut chance: Chance) -> Self {
        Self(AtomicU64::new(chance.number()))
    }

    fn draw(&self, out: &mut [u8]) {
        let mut chance = Chance(self.0.load(Ordering::Relaxed));
        chance.fill(out);
        self.0.store(chance.0, Ordering::Relaxed);
    }
}

impl mbs_tablet::ports::Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) {
        self.draw(out);
    }
}

impl mbs_server::ports::Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) {
        self.draw(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_forks_do_not_shift_each_other() {
        let mut a = Chance::new(7);
        let mut b = Chance::new(7);
        let mut fork = a.fork("disk");
        fork.number();
        assert_eq!(a.number(), b.number());
        assert_ne!(Chance::new(7).fork("disk").number(), Chance::new(7).fork("line").number());
        assert_ne!(Chance::new(7).number(), Chance::new(8).number());
    }
}
