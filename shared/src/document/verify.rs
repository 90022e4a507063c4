//! The verification steps before Automerge sees foreign bytes (design §4, steps 2 to 5).

use crate::id::{Actor, ChangeHash};
use crate::request::Request;
use crate::wire::error::Code;

use super::edit::Document;

/// A change that passed every stateless step: structure, limits, allowed operations, its own hash.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its hash.
    pub hash: ChangeHash,
    /// Who made it.
    pub actor: Actor,
    /// The actor's count within this document, from 1.
    pub seq: u64,
    /// Counter of its first operation.
    pub start_op: u64,
    /// Number of operations.
    pub ops: u64,
    /// When it was made, by its author's clock, Unix ms.
    pub at: i64,
    /// What it builds on; empty for a first change.
    pub deps: Vec<ChangeHash>,
    /// Schema version it declares, when it sets `v`.
    pub schema: Option<u16>,
    /// Whether it was written by a newer schema than ours, so that only structure and size were checked.
    pub newer: bool,
}

impl Checked {
    /// Whether it begins a document.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.deps.is_empty()
    }
}

/// Steps that need nothing but the bytes. No document is built; nothing is allocated above the caps.
///
/// # Errors
/// The code of the first step that fails.
pub fn verify(raw: &[u8]) -> Result<Checked, Code> {
    let _ = raw;
    todo!()
}

/// Reads a first change's fields straight from it, without building a document.
///
/// # Errors
/// [`Code::BadHistory`] when it is no first change, [`Code::BadValue`] when a required field is missing.
pub fn project_first(raw: &[u8]) -> Result<Request, Code> {
    let _ = raw;
    todo!()
}

/// Why a change cannot join a document now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// A dependency is not here yet.
    MissingDeps,
    /// The actor already used that sequence number for another change.
    Fork,
    /// It does not follow from what was there.
    Rejected(Code),
}

/// Steps 3, 4 (predecessors) and 6: whether `raw` fits onto a document made of `before`, in the order
/// they were accepted. On success the document with it, freshly loaded inside `catch_unwind`.
///
/// # Errors
/// [`Unfit`].
pub fn join(before: &[&[u8]], raw: &[u8]) -> Result<Document, Unfit> {
    let _ = (before, raw);
    todo!()
}
