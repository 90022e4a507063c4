//! The request as an Automerge document: a flat root map of scalars.
//!
//! Flat, because two offline rewrites of one sentence merged letter by letter once produced a fluent
//! sentence nobody wrote; a scalar keeps both for a person to choose. And because verification then
//! needs no document, and nesting bombs are impossible.

pub mod edit;
#[cfg(feature = "forge")]
pub mod forge;
pub mod read;
pub mod schema;
pub mod verify;

pub use edit::{Document, DocumentError, NewChange};
pub use read::{Conflict, Reading, Version};
pub use verify::{Checked, Unfit, join, project_first, verify, verify_first};
