//! Keys of the document, their types and limits, by schema version.

/// Largest raw change, in bytes.
pub const MAX_CHANGE: usize = 32 * 1024;
/// Most operations in one change.
pub const MAX_OPS: usize = 512;
/// Most dependencies of one change.
pub const MAX_DEPS: usize = 8;
