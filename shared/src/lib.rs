//! What the tablet and the server must agree on.
//!
//! Everything here is a value or a pure function: no I/O, no clock, no randomness.
//! Time, random bytes and identifiers are arguments. Both ends compile this one truth,
//! and most of the product's rules are tested here without a network or a database.

pub mod blob;
pub mod digest;
pub mod directory;
pub mod document;
pub mod fold;
pub mod id;
#[cfg(feature = "istanbul")]
pub mod istanbul;
pub mod jpeg;
pub mod ogg;
pub mod pack;
#[cfg(feature = "photo")]
pub mod photo;
pub mod place;
pub mod receipt;
pub mod request;
pub mod routing;
pub mod sabotage;
pub mod signature;
pub mod wire;
