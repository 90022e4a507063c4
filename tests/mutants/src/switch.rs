//! Woven into the copy of `shared` that is tested: which change is on. (Part of `mbs-mutants`, and of nothing that is released.)

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// As many changes as one build can hold.
const MOST: usize = 16_384;

struct Chosen {
    /// The change that is on; 0 is none.
    mutant: u32,
    /// Where it is written which changes were passed, when that is asked for.
    reached: Option<std::path::PathBuf>,
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();
static SEEN: [AtomicU64; MOST / 64] = [const { AtomicU64::new(0) }; MOST / 64];

/// Whether the change numbered `mutant` is to be made: by `MBS_MUTANT`. With `MBS_MUTANTS_REACHED` each number that is asked for
/// is appended to that file once, as four bytes, least significant first.
#[must_use]
#[inline]
pub fn on(mutant: u32) -> bool {
    let chosen = CHOSEN.get_or_init(|| Chosen {
        mutant: std::env::var("MBS_MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(0),
        reached: std::env::var_os("MBS_MUTANTS_REACHED").map(Into::into),
    });
    if let Some(file) = &chosen.reached {
        note(mutant, file);
    }
    chosen.mutant == mutant
}

fn note(mutant: u32, file: &std::path::Path) {
    let Some(word) = SEEN.get(mutant as usize / 64) else { return };
    let bit = 1 << (mutant % 64);
    if word.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(file);
        let _ = file.and_then(|mut f| f.write_all(&mutant.to_le_bytes()));
    }
}
