//! A city in one process: the real tablet core and the real server logic under virtual time, on disks
//! that forget, over lines that fail; and what must hold whatever happens.

pub mod chance;
pub mod clock;
mod driver;
mod faults;
pub mod heap;
mod invariants;
pub mod look;
mod machines;
mod network;
mod operators;
mod people;
pub mod report;
mod restores;
pub mod server;
pub mod tablet;
pub mod tally;
pub mod template;
mod upgrades;
pub mod vfs;
pub mod world;

pub use mbs_shared::sabotage::{SABOTAGES, plant};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

use tally::Tally;
use template::Template;
use world::World;

/// Whether bits rot too, beside everything that always may go wrong.
pub static LET_ROT: AtomicBool = AtomicBool::new(false);

/// How large a run was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Steps.
    pub steps: u64,
    /// Requests filed.
    pub requests: u64,
    /// Tablets at its end.
    pub tablets: u64,
    /// Faults injected.
    pub faults: u64,
    /// The most that server and tablets held after a step, in bytes, without their disks.
    pub held: usize,
    /// The most that one step took for a moment, in bytes.
    pub moment: usize,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// Hash of everything that happened: the same for the same seed.
    pub trace: u64,
    /// How large it was.
    pub size: Size,
    /// What went wrong on purpose, and what was reached.
    pub tally: Tally,
    /// What must not be.
    pub violations: Vec<String>,
}

/// Plays the run of `seed`; `tell` prints everything that happens.
#[must_use]
pub fn run(template: &Template, seed: u64, tell: bool) -> Outcome {
    let mut world = World::new(seed, tell, template);
    let played = catch_unwind(AssertUnwindSafe(|| {
        world.play();
        if world.violations.is_empty() {
            world.check();
        }
    }));
    if let Err(panic) = played {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default();
        world.violated(format!("a panic: {said}"));
    }
    world.close();
    Outcome {
        seed,
        trace: world.trace(),
        size: world.size(),
        tally: std::mem::take(&mut world.tally),
        violations: std::mem::take(&mut world.violations),
    }
}
