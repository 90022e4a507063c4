//! Counting wrong enrolment codes, so that nobody can try them all; and what is done once a minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Wrong codes from one address in [`WINDOW`].
pub const PER_ADDRESS: u32 = 10;
/// Wrong codes from everywhere in [`WINDOW`]; forty bits of code against this are out of reach.
pub const IN_ALL: u32 = 1_000;
/// How long a wrong code counts, in milliseconds.
pub const WINDOW: i64 = 15 * 60 * 1_000;

#[derive(Debug, Default)]
struct Counts {
    since: i64,
    all: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// Wrong codes of the current window, or whatever else is counted by who asks.
#[derive(Debug)]
pub struct Tries {
    per_address: u32,
    in_all: u32,
    counts: Mutex<Counts>,
    minute: AtomicI64,
}

impl Default for Tries {
    fn default() -> Self {
        Self::at_most(PER_ADDRESS, IN_ALL)
    }
}

impl Tries {
    /// So many from one address, and from everywhere, in [`WINDOW`].
    #[must_use]
    pub fn at_most(per_address: u32, in_all: u32) -> Self {
        Self { per_address, in_all, counts: Mutex::default(), minute: AtomicI64::default() }
    }

    fn with<T>(&self, now: i64, look: impl FnOnce(&mut Counts) -> T) -> T {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if (now - counts.since).abs() > WINDOW {
            *counts = Counts { since: now, ..Counts::default() };
        }
        look(&mut counts)
    }

    /// Whether another try is allowed.
    #[must_use]
    pub fn allowed(&self, from: Option<IpAddr>, now: i64) -> bool {
        self.with(now, |c| {
            c.all < self.in_all && from.is_none_or(|ip| c.by_address.get(&ip).copied().unwrap_or(0) < self.per_address)
        })
    }

    /// Counts a wrong code.
    pub fn wrong(&self, from: Option<IpAddr>, now: i64) {
        self.with(now, |c| {
            c.all += 1;
            if let Some(ip) = from {
                *c.by_address.entry(ip).or_default() += 1;
            }
        });
    }

    /// Whether a new minute has begun since the last `true`.
    pub fn every_minute(&self, now: i64) -> bool {
        let minute = now.div_euclid(60_000);
        self.minute.swap(minute, Ordering::AcqRel) != minute
    }
}
