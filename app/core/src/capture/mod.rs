//! Capture: from what a person writes, photographs and points at to values that can be kept.
//!
//! Nothing here touches the database or the network.

pub mod code;
pub mod photo;
pub mod place;
pub mod request;
pub mod suggest;
pub mod voice;

pub use mbs_shared::photo::{facts, header};
