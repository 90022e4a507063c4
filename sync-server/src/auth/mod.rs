//! Who is calling: tablets, staff, programs; and what they may.

pub mod device;
pub mod keys;
pub mod password;
pub mod rights;
pub mod second_factor;
pub mod sight;
pub mod staff;
