//! `GET /v1/units`: the names of units, for a tablet whose release does not know the organisation as it is now.

use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

use crate::directory::Directory;

/// Bytes of a reply at most.
pub const MAX_REPLY: usize = 512 * 1024;

/// Every unit, closed ones too: their codes stand in histories.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Units {
    /// Units.
    #[n(0)]
    pub list: Vec<UnitName>,
}

/// A unit's name.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct UnitName {
    /// Code.
    #[n(0)]
    pub code: String,
    /// Turkish name.
    #[n(1)]
    pub name: String,
}

impl Units {
    /// Those of a directory.
    #[must_use]
    pub fn of(directory: &Directory) -> Self {
        let name = |unit: &crate::directory::Unit| UnitName { code: unit.code.clone(), name: unit.name.clone() };
        Self { list: directory.units.iter().map(name).collect() }
    }

    /// What tells one list from another: the server says it beside rows of the feed, and a tablet with another one asks for
    /// the list. By content, so that a restored server, a newer release and an older one all need no count.
    #[must_use]
    pub fn mark(&self) -> u32 {
        let mut hash = Sha256::new();
        for UnitName { code, name } in &self.list {
            for text in [code, name] {
                hash.update(text.as_bytes());
                hash.update([0]);
            }
        }
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, ..] = hash;
        u32::from_be_bytes([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};

    #[test]
    fn a_list_travels_whole_and_each_change_has_another_mark() {
        let units = Units::of(crate::istanbul::directory());
        assert_eq!(decode::<Units>(&encode(&units)), Ok(units.clone()));
        let mut renamed = units.clone();
        renamed.list[3].name.push('!');
        let shorter = Units { list: units.list[1..].to_vec() };
        // Letters that move from a code into its name make another list.
        let split = |code: &str, name: &str| Units { list: vec![UnitName { code: code.into(), name: name.into() }] };
        let marks = [&units, &renamed, &shorter, &split("ab", "c"), &split("a", "bc")].map(Units::mark);
        let distinct: std::collections::BTreeSet<u32> = marks.into_iter().collect();
        assert_eq!(distinct.len(), marks.len());
    }
}
