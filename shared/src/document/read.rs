//! From a document to plain values and conflicts.

use automerge::{Automerge, ObjId, ROOT, ReadDoc, Value as Found};

use crate::id::{Actor, BlobHash, RequestId};
use crate::request::{Edit, Kind, Request};

use super::schema::{self, Fields, Value};

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
    /// Its place among what they made; with [`Self::actor`] it names this version for ever.
    pub op: u64,
    /// When its change was made, by its author's clock, Unix ms.
    pub at: i64,
}

impl Version {
    /// What names it on every device, wherever it stands among the others.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.op, self.actor)
    }
}

/// Reads all known keys; `None` when a required field is missing.
pub(super) fn reading(doc: &Automerge) -> Option<Reading> {
    let mut winners = Vec::new();
    let mut conflicts = Vec::new();
    for key in doc.keys(ROOT) {
        let all = doc.get_all(ROOT, key.as_str()).unwrap_or_default();
        // The winner comes last.
        if let Some((Found::Scalar(value), ObjId::Id(counter, actor, _))) = all.last() {
            winners.push((*counter, actor.clone(), key.clone(), value.clone().into_owned()));
        }
        if all.len() > 1 {
            conflicts.extend(conflict(doc, key, &all));
        }
    }
    winners.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let mut fields = Fields::default();
    for (_, _, key, value) in &winners {
        fields.put(key, Value::of(value));
    }
    Some(Reading { request: fields.finish()?, conflicts })
}

/// The versions of `key`; `None` when all say the same, or when it is no field that is edited.
fn conflict(doc: &Automerge, key: String, all: &[(Found<'_>, ObjId)]) -> Option<Conflict> {
    let scalar = |value: &Found<'_>| match value {
        Found::Scalar(s) => Some(s.clone().into_owned()),
        Found::Object(_) => None,
    };
    // A removed photo's value is empty: which one it was is known from the version beside it.
    let photo = all.iter().find_map(|(value, _)| match Value::of(&scalar(value)?) {
        Value::Bytes(b) => schema::blob_ref(b).map(|b| b.hash),
        _ => None,
    });
    let mut seen = Vec::with_capacity(all.len());
    let mut versions = Vec::with_capacity(all.len());
    for (value, id) in all.iter().rev() {
        let value = scalar(value)?;
        if seen.contains(&value) {
            continue;
        }
        let (edit, text) = as_edit(&key, Value::of(&value), photo)?;
        let (op, actor) = match id {
            ObjId::Id(op, actor, _) => (*op, Actor::from_slice(actor.to_bytes()).ok()?),
            ObjId::Root => return None,
        };
        let change = doc.hash_for_opid(id).and_then(|hash| doc.get_change_meta_by_hash(&hash))?;
        versions.push(Version { edit, text, actor, op, at: change.timestamp });
        seen.push(value);
    }
    (versions.len() > 1).then_some(Conflict { key, versions })
}

/// A value as the edit that would set it again, and as text to show.
fn as_edit(key: &str, value: Value<'_>, photo: Option<BlobHash>) -> Option<(Edit, String)> {
    Some(match (key, value) {
        ("title", Value::Str(s)) => (Edit::Title(s.to_owned()), s.to_owned()),
        ("desc", Value::Str(s)) => (Edit::Desc(s.to_owned()), s.to_owned()),
        ("cat", Value::Str(s)) => (Edit::Category(s.to_owned()), s.to_owned()),
        ("addr", Value::Str(s)) => (Edit::Addr(s.to_owned()), s.to_owned()),
        ("kind", Value::Str(s)) => (Edit::Kind(Kind::from_code(s)?), s.to_owned()),
        ("gps", Value::Bytes(b)) => {
            let fix = schema::fix(b);
            let text = fix.map(|f| format!("{:.6}, {:.6} (±{} m)", f.lat, f.lon, f.accuracy));
            (Edit::Gps(fix), text.unwrap_or_default())
        }
        ("discreet", Value::Bool(yes)) => (Edit::Discreet(yes), yes.to_string()),
        ("rel", Value::Bytes(b)) => {
            let rel = RequestId::from_slice(b).ok();
            (Edit::Rel(rel), rel.map(|id| id.to_string()).unwrap_or_default())
        }
        (key, Value::Bytes(b)) if schema::blob_prefix(key).is_some() => match schema::blob_ref(b) {
            Some(b) => (Edit::AddBlob(b), b.hash.to_string()),
            None => (Edit::RemoveBlob(photo?), String::new()),
        },
        _ => return None,
    })
}
