//! Time, chance and files come in from outside, so that a simulated day replays from its seed.

pub mod files;

/// The time.
pub trait Clock: Send + Sync {
    /// Unix milliseconds.
    fn now(&self) -> i64;
}

/// Chance.
pub trait Random: Send + Sync {
    /// Fills `out` with bytes no one can guess.
    fn fill(&self, out: &mut [u8]);
}

impl dyn Random + '_ {
    /// `N` bytes no one can guess.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// A number no one can guess.
    #[must_use]
    pub fn number(&self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }
}

/// The machine's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::panic, reason = "without random numbers every token would be guessable: stop at once")]
    fn fill(&self, out: &mut [u8]) {
        if let Err(e) = getrandom::fill(out) {
            panic!("the machine gives no random numbers: {e}");
        }
    }
}
