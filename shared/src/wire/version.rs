//! Which protocol each side speaks and what more it can do.

use minicbor::{Decode, Encode};

/// Protocol version this build speaks.
pub const PROTOCOL: u16 = 1;
/// Oldest protocol version this build still serves.
pub const OLDEST: u16 = 1;

/// Abilities beyond the version, as bits; unknown bits are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Abilities(#[n(0)] pub u32);

impl Abilities {
    /// Items may be packed with dictionary 1.
    pub const DICTIONARY_1: Self = Self(1);
    /// Everything this build can do.
    pub const OURS: Self = Self::DICTIONARY_1;

    /// Whether all of `other` is among them.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
