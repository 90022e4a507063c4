//! What a city holds in memory: bytes of Rust's heap, counted by an allocator that a program must choose, and SQLite's.
#![allow(unsafe_code, reason = "an allocator is unsafe by its signature; it only counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting.
#[derive(Debug, Clone, Copy)]
pub struct Counting;

fn grew(by: usize) {
    let now = LIVE.fetch_add(by, Ordering::Relaxed).wrapping_add(by);
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: everything is the system's allocator's; only sizes are added up beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grew(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Bytes of Rust's heap in use; 0 where the program chose another allocator.
#[must_use]
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// The most since it was asked last, and begins anew.
#[must_use]
pub fn peak() -> usize {
    PEAK.swap(live(), Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static COUNTING: Counting = Counting;

    #[test]
    fn what_is_held_and_what_was_held_for_a_moment_are_counted() {
        let _ = peak();
        let before = live();
        let held = vec![0_u8; 8 << 20];
        drop(vec![0_u8; 16 << 20]);
        // Other tests run beside this one, and take and give back meanwhile; none of them so much.
        assert!(live() >= before + (7 << 20), "{} {before}", live());
        assert!(peak() >= before + (23 << 20));
        drop(held);
        assert!(live() < before + (7 << 20));
    }
}
