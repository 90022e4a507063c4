//! Everything that is not on the server, in a folder that can be read without this app.

use std::path::Path;

use mbs_shared::blob::kind_of;
use mbs_shared::id::RequestId;
use serde::Serialize;

use crate::error::{Code, Result, fail};
use crate::store::outbox::{self, What};
use crate::store::requests::{self, Stage};
use crate::store::{Store, begun, blobs, changes, entries, quarantine};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Exported {
    /// Drafts, requests, changes and entries.
    pub items: u32,
    /// Photos.
    pub photos: u32,
}

#[derive(Serialize)]
struct Item {
    kind: &'static str,
    key: String,
    request: String,
    case_no: String,
    title: String,
    words: String,
    category: String,
    address: String,
    position: Option<(f64, f64)>,
    since: i64,
    reason: Option<String>,
    file: Option<String>,
}

const fn kind(what: What) -> &'static str {
    match what {
        What::Change => "change",
        What::Entry => "entry",
        What::Photo => "photo",
    }
}

/// Writes `unsent.json` and, beside it, photos as JPEG, voice notes as Ogg, and changes and entries packed as they
/// travel. `only`: of one request.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn export(store: &Store, dir: &Path, only: Option<RequestId>) -> Result<Exported> {
    let c = store.read();
    let files = &*store.ports.files;
    files.make_dir(dir)?;
    let mut done = Exported::default();
    let mut items = Vec::new();
    let waiting = outbox::all(c)?.into_iter().map(|w| (w.what, w.key, w.request, w.since, None));
    let refused = quarantine::all(c, true)?.into_iter().map(|q| (q.what, q.key, q.request, q.at, Some(q.reason)));
    let wanted = |request: RequestId| only.is_none_or(|only| only == request);
    let all: Vec<_> = waiting.chain(refused).filter(|(_, _, request, ..)| wanted(*request)).collect();
    for (what, key, request, since, reason) in all {
        let (suffix, bytes) = match what {
            What::Photo => {
                let bytes = outbox::photo_of(&key).map_or(Ok(None), |hash| blobs::bytes(c, hash))?;
                (kind_of(bytes.as_deref().unwrap_or_default()).extension(), bytes)
            }
            What::Change => {
                let kept = mbs_shared::id::ChangeHash::from_slice(&key).map_or(Ok(None), |h| changes::find(c, h))?;
                ("change", kept.map(|(_, k)| k.packed))
            }
            What::Entry => {
                let kept = mbs_shared::id::EntryId::from_slice(&key).map_or(Ok(None), |id| entries::packed(c, id))?;
                ("entry", kept.map(|k| k.packed))
            }
        };
        let name = match outbox::photo_of(&key).filter(|_| what == What::Photo) {
            Some(hash) => format!("{hash}.{suffix}"),
            None => format!("{}.{suffix}", hex::encode(&key)),
        };
        if let Some(bytes) = &bytes {
            files.write(&dir.join(&name), bytes)?;
            done.photos += u32::from(what == What::Photo);
        }
        done.items += u32::from(what != What::Photo);
        let mut item = describe(store, request)?;
        if what == What::Entry {
            let id = hex::encode(&key);
            let said = entries::of_request(c, request)?.into_iter().find(|e| e.id.to_string() == id);
            item.words = said.map(|e| e.text).unwrap_or_default();
        }
        items.push(Item { kind: kind(what), key: hex::encode(&key), since, reason, file: bytes.map(|_| name), ..item });
    }
    for line in requests::list(c, "")?.iter().filter(|l| l.record.stage == Stage::Draft && wanted(l.record.id)) {
        done.items += 1;
        items.push(Item { kind: "draft", ..describe(store, line.record.id)? });
        for blob in blobs::of_request(c, line.record.id)? {
            if let Some(bytes) = blobs::bytes(c, blob.hash)? {
                files.write(&dir.join(format!("{}.{}", blob.hash, kind_of(&bytes).extension())), &bytes)?;
                done.photos += 1;
            }
        }
    }
    for (request, words) in begun::all(c)?.into_iter().filter(|(request, _)| wanted(*request)) {
        done.items += 1;
        items.push(Item { kind: "begun", words, ..describe(store, request)? });
    }
    let json = serde_json::to_vec_pretty(&items).map_err(|e| fail(Code::Storage, e.to_string()))?;
    files.write(&dir.join("unsent.json"), &json)?;
    Ok(done)
}

fn describe(store: &Store, request: RequestId) -> Result<Item> {
    let record = requests::get(store.read(), request)?;
    let content = record.map(|r| r.request);
    let text = |f: fn(&mbs_shared::request::Request) -> &String| content.as_ref().map(f).cloned().unwrap_or_default();
    Ok(Item {
        kind: "",
        key: String::new(),
        request: request.to_string(),
        case_no: content.as_ref().map(|r| r.no.to_string()).unwrap_or_default(),
        title: text(|r| &r.title),
        words: text(|r| &r.desc),
        category: text(|r| &r.category),
        address: text(|r| &r.addr),
        position: content.as_ref().and_then(|r| r.gps).map(|g| (g.lat, g.lon)),
        since: content.as_ref().map_or(0, |r| r.at),
        reason: None,
        file: None,
    })
}
