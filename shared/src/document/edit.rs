//! Making changes: the first one, and typed edits.
//!
//! One call makes one change with an empty message; its time is in Unix milliseconds. Values are put and never
//! deleted, with one exception: to put the value that already wins makes Automerge delete the losers, and that
//! is how [`Edit::Keep`] looks. So two tablets that keep the same version agree without a new conflict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, Change, ROOT, ReadDoc, ScalarValue, Value as Found};
use thiserror::Error;

use crate::blob::MAX_PER_REQUEST;
use crate::id::{Actor, BlobHash, ChangeHash};
use crate::request::{Edit, Request, SCHEMA};

use super::read::{self, Reading};
use super::schema::{self, Value};

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

impl DocumentError {
    fn load(cause: impl ToString) -> Self {
        Self::Load(cause.to_string())
    }
}

/// A request's document, loaded. Short-lived: ~30 KB of memory whatever its content.
#[derive(Debug, Clone)]
pub struct Document {
    doc: Automerge,
}

impl Document {
    /// A new document holding `request`, as one change by `actor` at [`Request::at`].
    ///
    /// The place is rounded as the schema keeps it; [`Request::schema`] becomes this build's.
    ///
    /// # Errors
    /// [`DocumentError::Limit`] when a field breaks the schema.
    pub fn create(actor: Actor, request: &Request) -> Result<(Self, NewChange), DocumentError> {
        let mut document = Self { doc: Automerge::new() };
        let change = document.commit(actor, request.at, &first_puts(request)?)?;
        change.map(|change| (document, change)).ok_or_else(|| DocumentError::load("nothing was written"))
    }

    /// Loads the document made of `changes` (raw), in the order they were accepted.
    ///
    /// # Errors
    /// [`DocumentError::Load`].
    pub fn load(changes: &[&[u8]]) -> Result<Self, DocumentError> {
        guarded(|| {
            let mut doc = Automerge::new();
            let changes = changes.iter().map(|raw| sound(raw)).collect::<Result<Vec<_>, _>>()?;
            doc.apply_changes(changes).map_err(DocumentError::load)?;
            if doc.get_missing_deps(&[]).is_empty() {
                Ok(Self { doc })
            } else {
                Err(DocumentError::load("a change it builds on is missing"))
            }
        })
    }

    /// Applies `edits` as one change by `actor` at `at` (Unix ms). `None` when nothing would change.
    ///
    /// Of two edits of one field the later counts.
    ///
    /// # Errors
    /// [`DocumentError::Limit`] when a field breaks the schema; the document is then as it was.
    pub fn edit(&mut self, actor: Actor, at: i64, edits: &[Edit]) -> Result<Option<NewChange>, DocumentError> {
        let mut puts: Puts = Vec::with_capacity(edits.len());
        for edit in edits {
            if let Some((key, value)) = self.put_for(edit, &puts)? {
                puts.retain(|(k, _)| *k != key);
                puts.push((key, value));
            }
        }
        if edits.iter().any(|e| matches!(e, Edit::AddBlob(_))) && self.blobs_after(&puts) > MAX_PER_REQUEST {
            return Err(DocumentError::Limit("photos"));
        }
        puts.retain(|(key, value)| self.would_change(key, value));
        self.commit(actor, at, &puts)
    }

    /// The request as it stands, and the fields with two versions.
    ///
    /// # Errors
    /// [`DocumentError::Load`] when a required field is missing.
    pub fn read(&self) -> Result<Reading, DocumentError> {
        guarded(|| read::reading(&self.doc).ok_or_else(|| DocumentError::load("a required field is missing")))
    }

    /// Hashes nothing builds on yet.
    pub fn heads(&mut self) -> Vec<ChangeHash> {
        self.doc.get_heads().into_iter().map(|h| ChangeHash(h.0)).collect()
    }

    /// The document as Automerge saves it, loaded again from that: what a lasting copy would hold.
    pub(super) fn reloaded(&self) -> Result<Self, DocumentError> {
        guarded(|| Ok(Self { doc: Automerge::load(&self.doc.save()).map_err(DocumentError::load)? }))
    }

    /// Writes `puts` as one change; `None` when there are none.
    fn commit(&mut self, actor: Actor, at: i64, puts: &Puts) -> Result<Option<NewChange>, DocumentError> {
        if !(schema::MIN_TIME..=schema::MAX_TIME).contains(&at) {
            return Err(DocumentError::Limit("at"));
        }
        if puts.is_empty() {
            return Ok(None);
        }
        self.doc.set_actor(ActorId::from(actor.0));
        let mut tx = self.doc.transaction();
        for (key, value) in puts {
            tx.put(ROOT, key.as_str(), value.clone()).map_err(DocumentError::load)?;
        }
        tx.commit_with(CommitOptions::default().with_time(at));
        let change = self.doc.get_last_local_change().ok_or_else(|| DocumentError::load("nothing was written"))?;
        Ok(Some(NewChange { hash: ChangeHash(change.hash().0), raw: change.raw_bytes().to_vec() }))
    }

    /// What wins under `key`.
    fn winner(&self, key: &str) -> Option<ScalarValue> {
        match self.doc.get(ROOT, key) {
            Ok(Some((Found::Scalar(value), _))) => Some(value.into_owned()),
            _ => None,
        }
    }

    fn would_change(&self, key: &str, value: &ScalarValue) -> bool {
        match self.doc.get_all(ROOT, key).unwrap_or_default().as_slice() {
            [] => !Value::of(value).is_empty(),
            [(Found::Scalar(now), _)] => now.as_ref() != value,
            _ => true,
        }
    }

    /// The keys of photos and their winning values, with `puts` on top.
    fn blob_values(&self, puts: &Puts) -> Vec<(String, ScalarValue)> {
        let new = puts.iter().filter(|(key, _)| schema::blob_prefix(key).is_some());
        let old = self.doc.keys(ROOT).filter(|key| schema::blob_prefix(key).is_some());
        let old = old.filter(|key| !puts.iter().any(|(k, _)| k == key));
        old.filter_map(|key| self.winner(&key).map(|value| (key, value))).chain(new.cloned()).collect()
    }

    fn blobs_after(&self, puts: &Puts) -> usize {
        self.blob_values(puts).iter().filter(|(_, value)| !Value::of(value).is_empty()).count()
    }

    /// The put that makes `edit`; `None` when there is nothing to do.
    fn put_for(&self, edit: &Edit, before: &Puts) -> Result<Option<(String, ScalarValue)>, DocumentError> {
        let hash_of = |value: &ScalarValue| match Value::of(value) {
            Value::Bytes(b) => schema::blob_ref(b).map(|b| b.hash),
            _ => None,
        };
        let put = match edit {
            Edit::Title(s) => text("title", s)?,
            Edit::Desc(s) => text("desc", s)?,
            Edit::Category(s) => text("cat", s)?,
            Edit::Kind(kind) => text("kind", kind.code())?,
            Edit::Gps(fix) => ("gps".to_owned(), gps(fix.as_ref())?),
            Edit::Addr(s) => text("addr", s)?,
            Edit::Discreet(yes) => ("discreet".to_owned(), ScalarValue::Boolean(*yes)),
            Edit::Rel(rel) => {
                ("rel".to_owned(), ScalarValue::Bytes(rel.map(|id| id.as_bytes().to_vec()).unwrap_or_default()))
            }
            Edit::AddBlob(b) => {
                let there = self.blob_values(before);
                let other = |key: &str| {
                    there.iter().any(|(k, value)| k == key && hash_of(value).is_some_and(|hash| hash != b.hash))
                };
                (schema::blob_key(&b.hash, other), blob(b)?)
            }
            Edit::RemoveBlob(hash) => {
                let there = self.blob_values(before);
                let Some((key, _)) = there.into_iter().find(|(_, value)| hash_of(value) == Some(*hash)) else {
                    return Ok(self.removed_loser(hash));
                };
                (key, ScalarValue::Bytes(Vec::new()))
            }
            Edit::Keep(key) => {
                let conflict = self.doc.get_all(ROOT, key.as_str()).is_ok_and(|all| all.len() > 1);
                return Ok(if conflict { self.winner(key).map(|value| (key.clone(), value)) } else { None });
            }
        };
        Ok(Some(put))
    }

    /// Removes a photo whose removal already wins over another tablet's version of it.
    fn removed_loser(&self, hash: &BlobHash) -> Option<(String, ScalarValue)> {
        let holds = |value: &Found<'_>| match value {
            Found::Scalar(s) => {
                matches!(Value::of(s), Value::Bytes(b) if schema::blob_ref(b).is_some_and(|b| b.hash == *hash))
            }
            Found::Object(_) => false,
        };
        let mut keys = self.doc.keys(ROOT).filter(|key| schema::blob_prefix(key).is_some());
        let key =
            keys.find(|key| self.doc.get_all(ROOT, key).unwrap_or_default().iter().any(|(value, _)| holds(value)))?;
        Some((key, ScalarValue::Bytes(Vec::new())))
    }
}

/// Keys and their new values, each key once.
type Puts = Vec<(String, ScalarValue)>;

/// Runs `f`; a panic inside Automerge is a load error, never the end of the process.
pub(super) fn guarded<T>(f: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| Err(DocumentError::load("panic inside Automerge")))
}

/// A change from its bytes. Automerge does not hold a single change against its checksum, so this does.
fn sound(raw: &[u8]) -> Result<Change, DocumentError> {
    let change = Change::try_from(raw).map_err(DocumentError::load)?;
    match raw.get(4..8) {
        Some(checksum) if change.hash().0.starts_with(checksum) => Ok(change),
        _ => Err(DocumentError::load("a change was damaged")),
    }
}

/// Words under `key`, within its limit.
fn text(key: &'static str, s: &str) -> Result<(String, ScalarValue), DocumentError> {
    schema::check(key, Value::Str(s), true).map_err(|_| DocumentError::Limit(key))?;
    Ok((key.to_owned(), ScalarValue::Str(s.into())))
}

fn gps(fix: Option<&crate::place::Fix>) -> Result<ScalarValue, DocumentError> {
    fix.map_or(Some(Vec::new()), schema::fix_bytes).map(ScalarValue::Bytes).ok_or(DocumentError::Limit("gps"))
}

fn blob(b: &crate::blob::BlobRef) -> Result<ScalarValue, DocumentError> {
    schema::blob_bytes(b).map(ScalarValue::Bytes).ok_or(DocumentError::Limit("photos"))
}

/// The puts of a first change: short fields first, words last, nothing that is empty.
fn first_puts(request: &Request) -> Result<Puts, DocumentError> {
    let mut puts: Puts = vec![
        ("v".to_owned(), ScalarValue::Uint(u64::from(SCHEMA))),
        ("at".to_owned(), ScalarValue::Timestamp(request.at)),
        text("no", &request.no.to_string())?,
        text("kind", request.kind.code())?,
    ];
    if let Some(rel) = &request.rel {
        puts.push(("rel".to_owned(), ScalarValue::Bytes(rel.as_bytes().to_vec())));
    }
    if request.discreet {
        puts.push(("discreet".to_owned(), ScalarValue::Boolean(true)));
    }
    if request.gps.is_some() {
        puts.push(("gps".to_owned(), gps(request.gps.as_ref())?));
    }
    let mut seen: Vec<BlobHash> = Vec::with_capacity(request.blobs.len());
    for b in &request.blobs {
        if seen.contains(&b.hash) {
            continue;
        }
        seen.push(b.hash);
        let key = schema::blob_key(&b.hash, |key| puts.iter().any(|(k, _)| k == key));
        puts.push((key, blob(b)?));
    }
    if seen.len() > MAX_PER_REQUEST {
        return Err(DocumentError::Limit("photos"));
    }
    for (key, words) in
        [("cat", &request.category), ("title", &request.title), ("desc", &request.desc), ("addr", &request.addr)]
    {
        let put = text(key, words)?;
        if !words.is_empty() {
            puts.push(put);
        }
    }
    Ok(puts)
}
