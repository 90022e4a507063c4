//! The verification steps before Automerge sees foreign bytes (design §4, steps 2 to 5), and its admission to a
//! document (steps 3, 4 and 6).
//!
//! Automerge's own parser, given a mutated change with a right checksum, may panic, and abort on deep nesting. So a
//! parser of our own takes a change apart first, with every count held against a cap before memory is spent; then
//! the operations are held against the schema; then the change is written again in the one way Automerge writes it,
//! and every byte must be the same. What a document saved by Automerge gives back has then the same hash.

mod chunk;
mod history;
mod reader;
mod writer;

#[cfg(feature = "forge")]
pub(super) mod parts {
    //! What the builder of malicious changes needs.
    pub(in super::super) use super::chunk::*;
    pub(in super::super) use super::writer::*;
}

use crate::blob::MAX_PER_REQUEST;
use crate::id::{Actor, ChangeHash};
use crate::request::{Request, SCHEMA};
use crate::wire::error::Code;

use self::chunk::{Change, DELETE, PUT};
use super::edit::Document;
use super::schema::{self, Fields, Value};

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
    /// What our schema has against a later change. Only [`join`] can tell whether that counts: its document may be
    /// of a newer schema without the change saying so. Always `None` for a first change.
    pub unsuited: Option<Code>,
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
/// The code of the first step that fails. A later change with a key or value our schema lacks passes with
/// [`Checked::unsuited`], and is refused by [`join`].
pub fn verify(raw: &[u8]) -> Result<Checked, Code> {
    verified(raw).map(|(_, checked)| checked)
}

/// [`verify`] and [`project_first`] in one pass: the server's way for new requests.
///
/// The request is `None` for a later change, and for a first one of a newer schema that lacks a field of ours.
///
/// # Errors
/// As [`verify`].
pub fn verify_first(raw: &[u8]) -> Result<(Checked, Option<Request>), Code> {
    let (change, checked) = verified(raw)?;
    let request = if checked.is_first() { projected(&change) } else { None };
    Ok((checked, request))
}

/// Reads a first change's fields straight from it, without building a document.
///
/// Safe for any bytes, but it checks only what it needs: [`verify`] comes first.
///
/// # Errors
/// [`Code::BadHistory`] when it is no first change, [`Code::BadValue`] when a required field is missing.
pub fn project_first(raw: &[u8]) -> Result<Request, Code> {
    let change = chunk::parse(raw, false)?;
    if !change.deps.is_empty() {
        return Err(Code::BadHistory);
    }
    projected(&change).ok_or(Code::BadValue)
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
/// `before` must have been accepted the same way. Joining what is already there gives the document as it is.
///
/// # Errors
/// [`Unfit`]; [`Code::Internal`] in it when `before` cannot be read, so that the store is damaged.
pub fn join(before: &[&[u8]], raw: &[u8]) -> Result<Document, Unfit> {
    let (change, checked) = verified(raw).map_err(Unfit::Rejected)?;
    let known = before
        .iter()
        .map(|raw| chunk::parse(raw, true))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Unfit::Rejected(Code::Internal))?;
    if known.iter().any(|k| k.hash == change.hash) {
        return Document::load(before).map_err(|_| Unfit::Rejected(Code::Internal));
    }
    history::fits(&known, &change, checked.unsuited)?;

    let mut all = before.to_vec();
    all.push(raw);
    let (mut document, mut again) = both(&all)
        .map_err(|_| Unfit::Rejected(if both(before).is_ok() { Code::BadHistory } else { Code::Internal }))?;
    let same = document.heads() == again.heads() && document.read().ok() == again.read().ok();
    if same { Ok(document) } else { Err(Unfit::Rejected(Code::BadHash)) }
}

/// The document made of `changes`, and what Automerge makes of it when it is saved and loaded.
fn both(changes: &[&[u8]]) -> Result<(Document, Document), super::edit::DocumentError> {
    let document = Document::load(changes)?;
    let again = document.reloaded()?;
    Ok((document, again))
}

/// All stateless steps.
fn verified(raw: &[u8]) -> Result<(Change<'_>, Checked), Code> {
    let change = chunk::parse(raw, true)?;
    let first = change.deps.is_empty();
    let begins = change.seq == 1 && change.start_op == 1 && change.preds.is_empty();
    // A later change comes after at least one operation.
    if if first { !begins } else { change.start_op == 1 } {
        return Err(Code::BadHistory);
    }
    for op in &change.ops {
        // The one use of delete: to drop the versions that lost.
        if op.action == DELETE && (op.meta != 0 || op.preds.is_empty()) {
            return Err(Code::BadOperation);
        }
    }
    let schema = declared(&change)?;
    let newer = schema.is_some_and(|v| v > SCHEMA);
    let mut unsuited = if newer { None } else { suits(&change, first).err() };
    if first && let Some(code) = unsuited.take() {
        return Err(code);
    }
    if writer::body(&change, raw.len()) != change.body {
        return Err(Code::BadHash);
    }
    let checked = Checked {
        hash: change.hash,
        actor: change.actor,
        seq: change.seq,
        start_op: change.start_op,
        ops: change.ops.len() as u64,
        at: change.time,
        deps: change.deps.clone(),
        schema,
        newer,
        unsuited,
    };
    Ok((change, checked))
}

/// The schema version a change sets; a first change must.
fn declared(change: &Change<'_>) -> Result<Option<u16>, Code> {
    match change.ops.iter().find(|op| op.key == "v" && op.action == PUT).map(|op| op.value) {
        Some(Value::Uint(0)) | None if change.deps.is_empty() => Err(Code::BadValue),
        Some(Value::Uint(v)) => u16::try_from(v).map(Some).map_err(|_| Code::BadValue),
        Some(_) => Err(Code::BadValue),
        None => Ok(None),
    }
}

/// Holds every operation against our schema.
fn suits(change: &Change<'_>, first: bool) -> Result<(), Code> {
    let mut blobs = 0;
    for op in &change.ops {
        if op.action == DELETE {
            // Of a key we have: its versions were checked when they came.
            if let Err(Code::UnknownKey) = schema::check(op.key, Value::Other, true) {
                return Err(Code::UnknownKey);
            }
            continue;
        }
        schema::check(op.key, op.value, first)?;
        if schema::blob_prefix(op.key).is_some() && !op.value.is_empty() {
            blobs += 1;
        }
    }
    if blobs > MAX_PER_REQUEST {
        return Err(Code::TooMany);
    }
    let complete = ["v", "kind", "at", "no"].iter().all(|key| change.ops.iter().any(|op| op.key == *key));
    if first && !complete { Err(Code::BadValue) } else { Ok(()) }
}

fn projected(change: &Change<'_>) -> Option<Request> {
    let mut fields = Fields::default();
    for op in &change.ops {
        fields.put(op.key, op.value);
    }
    fields.finish()
}
