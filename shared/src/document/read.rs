//! From a document to plain values and conflicts.

use crate::id::Actor;
use crate::request::Request;

/// A request as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Fields by Automerge's winner.
    pub request: Request,
    /// Fields that two devices changed without knowing of each other.
    pub conflicts: Vec<Conflict>,
}

/// A field with several versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Key in the document, e.g. `desc`.
    pub key: String,
    /// The versions, the winner first.
    pub versions: Vec<Version>,
}

/// One version of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The value as an edit that would set it again.
    pub edit: crate::request::Edit,
    /// The value as text to show.
    pub text: String,
    /// Who made it.
    pub actor: Actor,
    /// When its change was made, by its author's clock, Unix ms.
    pub at: i64,
}
