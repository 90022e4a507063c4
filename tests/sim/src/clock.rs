//! Virtual time, and each machine's idea of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tuesday, 24 November 2026, 10:00 in Istanbul.
pub const MORNING: i64 = 1_795_503_600_000;

/// The clock of one machine: the world's time, and how far off it is.
#[derive(Debug)]
pub struct SimClock {
    world: Arc<AtomicI64>,
    off: AtomicI64,
}

impl SimClock {
    /// A clock that is right.
    #[must_use]
    pub fn of(world: &Arc<AtomicI64>) -> Arc<Self> {
        Arc::new(Self { world: Arc::clone(world), off: AtomicI64::new(0) })
    }

    /// Sets it off by so many milliseconds.
    pub fn set_off(&self, by: i64) {
        self.off.store(by, Ordering::Relaxed);
    }

    /// How far off it is, in ms.
    #[must_use]
    pub fn off(&self) -> i64 {
        self.off.load(Ordering::Relaxed)
    }

    /// What it shows.
    #[must_use]
    pub fn read(&self) -> i64 {
        self.world.load(Ordering::Relaxed) + self.off()
    }
}

impl mbs_tablet::ports::Clock for SimClock {
    fn now(&self) -> i64 {
        self.read()
    }
}

impl mbs_server::ports::Clock for SimClock {
    fn now(&self) -> i64 {
        self.read()
    }
}
