//! Making changes: the first one, and typed edits.

use thiserror::Error;

use crate::id::{Actor, ChangeHash};
use crate::request::{Edit, Request};

use super::read::Reading;

/// A change ready to be kept and pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// Its hash.
    pub hash: ChangeHash,
    /// The raw (uncompressed) change chunk.
    pub raw: Vec<u8>,
}

/// A stored document that cannot be loaded, or an edit that cannot be made.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The stored changes do not load; they were verified when they came, so the store is damaged.
    #[error("document cannot be loaded: {0}")]
    Load(String),
    /// A value breaks a limit of the schema.
    #[error("{0} is longer or other than the schema allows")]
    Limit(&'static str),
}

/// A request's document, loaded. Short-lived: ~30 KB of memory whatever its content.
#[derive(Debug, Clone)]
pub struct Document {}

impl Document {
    /// A new document holding `request`, as one change by `actor` at `at` (Unix ms).
    ///
    /// # Errors
    /// [`DocumentError::Limit`] when a field breaks the schema.
    pub fn create(actor: Actor, request: &Request) -> Result<(Self, NewChange), DocumentError> {
        let _ = (actor, request);
        todo!()
    }

    /// Loads the document made of `changes` (raw), in the order they were accepted.
    ///
    /// # Errors
    /// [`DocumentError::Load`].
    pub fn load(changes: &[&[u8]]) -> Result<Self, DocumentError> {
        let _ = changes;
        todo!()
    }

    /// Applies `edits` as one change by `actor` at `at` (Unix ms). `None` when nothing would change.
    ///
    /// # Errors
    /// [`DocumentError::Limit`] when a field breaks the schema.
    pub fn edit(&mut self, actor: Actor, at: i64, edits: &[Edit]) -> Result<Option<NewChange>, DocumentError> {
        let _ = (actor, at, edits);
        todo!()
    }

    /// The request as it stands, and the fields with two versions.
    ///
    /// # Errors
    /// [`DocumentError::Load`] when a required field is missing.
    pub fn read(&self) -> Result<Reading, DocumentError> {
        todo!()
    }

    /// Hashes nothing builds on yet.
    pub fn heads(&mut self) -> Vec<ChangeHash> {
        todo!()
    }
}
