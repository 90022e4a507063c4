//! Who is calling: tablets, staff, programs; and what they may.

pub mod device;
pub mod keys;
#[cfg(feature = "oidc")]
mod oidc;
pub mod password;
pub mod provider;
pub mod rights;
pub mod second_factor;
pub mod sight;
pub mod staff;
