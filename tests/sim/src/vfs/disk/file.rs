//! One file: which of its bytes are certain, and what a power cut leaves of them.

use crate::chance::Chance;

/// Bytes that become certain together.
const SECTOR: usize = 512;

/// A file: its bytes as they are, and as they are for certain.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) now: Vec<u8>,
    /// What survives for certain; `dirty` names the sectors in which it differs from `now`.
    pub(super) certain: Vec<u8>,
    pub(super) dirty: Vec<u64>,
    /// Bytes that only take room (the tablet's reserve).
    pub(super) padding: u64,
    pub(super) resized: bool,
    /// The shortest it was cut to since it was synced.
    pub(super) cut: Option<usize>,
}

impl File {
    pub(super) fn touch(&mut self, from: usize, to: usize) {
        for sector in (from / SECTOR)..to.div_ceil(SECTOR) {
            let (word, bit) = (sector / 64, sector % 64);
            if self.dirty.len() <= word {
                self.dirty.resize(word + 1, 0);
            }
            if let Some(word) = self.dirty.get_mut(word) {
                *word |= 1 << bit;
            }
        }
    }

    fn dirty_sectors(&self) -> Vec<usize> {
        let mut all = Vec::new();
        for (at, word) in self.dirty.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                all.push(at * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
        all
    }

    pub(super) fn sync(&mut self) {
        if self.resized {
            self.certain.resize(self.now.len(), 0);
            self.resized = false;
            self.cut = None;
        }
        for sector in self.dirty_sectors() {
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(self.now.len());
            if let (Some(to), Some(from)) = (self.certain.get_mut(from..to), self.now.get(from..to)) {
                to.copy_from_slice(from);
            }
        }
        self.dirty.clear();
    }

    /// What is left after a power cut; how many sectors were lost or torn.
    pub(super) fn lose(&mut self, chance: &mut Chance) -> (u64, u64) {
        let sectors = self.dirty_sectors();
        let (mut dropped, mut torn) = (0, 0);
        if sectors.is_empty() && !self.resized {
            return (0, 0);
        }
        // The length is a fact of its own. A cut took place or did not, whole, as on a journalling file system;
        // growth ends at the old length, the new one, or any sector between them.
        let mut left = std::mem::take(&mut self.certain);
        let cut = self.cut.take().map(|to| (to, chance.happens(500)));
        if let Some((to, true)) = cut {
            left.truncate(to);
        }
        let (old, new) = (left.len(), self.now.len());
        let len = match (cut, chance.below(3)) {
            (Some((_, false)), _) | (_, 0) => old,
            (_, 1) => new.max(old),
            _ => {
                old + usize::try_from(chance.below((new.saturating_sub(old) / SECTOR) as u64 + 1)).unwrap_or(0) * SECTOR
            }
        };
        left.resize(len, 0);
        // All of it, nothing of it, or each sector on its own: the first two are what devices mostly do.
        let manner = chance.below(4);
        for sector in sectors {
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(len).min(self.now.len());
            let (Some(slot), Some(fresh)) = (left.get_mut(from..to), self.now.get(from..to)) else {
                dropped += 1;
                continue;
            };
            match (manner, chance.below(3)) {
                (0, _) | (2.., 0) => dropped += 1,
                (1, _) | (2.., 1) => slot.copy_from_slice(fresh),
                _ => {
                    let cut = usize::try_from(chance.below(slot.len() as u64)).unwrap_or(0);
                    for (to, from) in slot.iter_mut().zip(fresh).take(cut) {
                        *to = *from;
                    }
                    torn += 1;
                }
            }
        }
        self.certain.clone_from(&left);
        self.now = left;
        self.dirty.clear();
        self.resized = false;
        (dropped, torn)
    }
}
