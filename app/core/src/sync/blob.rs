//! `PUT /v1/blobs/…`: photos and previews up, resumable; previews of others' photos down.

use std::collections::BTreeSet;

use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::error::{Code as WireCode, Envelope};
use mbs_shared::wire::{self};
use rusqlite::Connection;

use super::intake::{self, refuse_own};
use super::plan::{self, Line, Next, Photo};
use super::round::get;
use crate::error::{Code, Result, fail};
use crate::ports::{HttpReply, HttpRequest, Method};
use crate::store::blobs::{self, Upload};
use crate::store::outbox::{self, What};
use crate::store::quarantine::PHOTO_LOST;
use crate::store::{announcements, proofs, settings};

/// How often a photo is refused before it is put aside.
const TRIES: u32 = 6;
/// How long a photo waits that the server does not expect yet, in ms, doubled each time.
const LATER: i64 = 30_000;

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Put {
    pub(crate) next: Next,
    request: RequestId,
    size: u32,
    /// Bytes of it that somebody pays for.
    pub(crate) paid: usize,
}

impl Put {
    /// Its row in the outbox.
    pub(crate) fn key(&self) -> Vec<u8> {
        outbox::photo_key(self.hash(), self.request)
    }

    pub(crate) fn hash(&self) -> BlobHash {
        match self.next {
            Next::Thumb(hash) | Next::Ask(hash) | Next::Slice { hash, .. } => hash,
        }
    }
}

/// Which resume points are known in this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Certain {
    sure: BTreeSet<BlobHash>,
    cut: BTreeSet<BlobHash>,
    recalled: bool,
}

impl Certain {
    fn unsure(&self, hash: BlobHash, sent: u32) -> bool {
        self.cut.contains(&hash) || (sent > 0 && !self.sure.contains(&hash))
    }

    fn told(&mut self, hash: BlobHash) {
        self.cut.remove(&hash);
        self.sure.insert(hash);
    }

    /// A cut may have left more there than was confirmed.
    pub(crate) fn cut(&mut self, hash: BlobHash) {
        self.sure.remove(&hash);
        self.cut.insert(hash);
    }

    /// The same, remembered for the next process: one that ends at every cut would begin at the same place for ever.
    pub(crate) fn remember_cut(&mut self, conn: &Connection, hash: BlobHash) {
        self.cut(hash);
        let known = settings::get(conn, settings::CUT).is_ok_and(|cut| cut.is_some_and(|cut| cut == hash.as_bytes()));
        if !known {
            // Should it not be written, bytes are sent twice.
            let _ = settings::set(conn, settings::CUT, hash.as_bytes());
        }
    }

    /// What an earlier process remembered.
    pub(crate) fn recall(&mut self, conn: &Connection) -> Result<()> {
        if !self.recalled {
            self.cut.extend(settings::get(conn, settings::CUT)?.and_then(|cut| BlobHash::from_slice(&cut).ok()));
            self.recalled = true;
        }
        Ok(())
    }
}

/// The next request for photos, if any waits. `left`: bytes of full sizes that may still go.
pub(crate) fn build(
    conn: &Connection,
    certain: &Certain,
    line: &Line,
    left: u32,
    now: i64,
) -> Result<Option<(HttpRequest, Put)>> {
    let waiting = outbox::photos(conn, now)?;
    let mut photos = Vec::with_capacity(waiting.len());
    for wait in &waiting {
        let Some(hash) = outbox::photo_of(&wait.key) else { continue };
        let upload = blobs::upload(conn, hash)?;
        let thumb = if upload.thumb { 0 } else { blobs::thumb_size(conn, hash)? };
        photos.push(Photo {
            hash,
            size: wait.bytes,
            sent: upload.sent,
            thumb: (thumb > 0).then_some(thumb),
            unsure: certain.unsure(hash, upload.sent),
        });
    }
    let Some(next) = plan::photo(&photos, line, left) else { return Ok(None) };
    let (hash, body, offset) = match next {
        Next::Thumb(hash) => (hash, blobs::thumb(conn, hash)?.unwrap_or_default(), None),
        Next::Ask(hash) => (hash, Vec::new(), Some(blobs::upload(conn, hash)?.sent)),
        Next::Slice { hash, offset, len } => match blobs::slice(conn, hash, offset, len) {
            Ok(bytes) => (hash, bytes, Some(offset)),
            Err(error) if error.code == Code::NotFound => {
                // Lost with a damaged database: said, and in nobody's way.
                for wait in waiting.iter().filter(|w| outbox::photo_of(&w.key) == Some(hash)) {
                    refuse_own(conn, What::Photo, &wait.key, PHOTO_LOST, now)?;
                }
                return build(conn, certain, line, left, now);
            }
            Err(error) => return Err(error),
        },
    };
    let Some(wait) = waiting.iter().find(|w| outbox::photo_of(&w.key) == Some(hash)) else { return Ok(None) };
    let mut query = vec![("request", wait.request.to_string())];
    let mut path = format!("/v1/blobs/{hash}");
    match offset {
        Some(offset) => query.extend([("offset", offset.to_string()), ("size", wait.bytes.to_string())]),
        None => path.push_str("/thumb"),
    }
    let headers = Vec::new();
    let request = HttpRequest { ticket: 0, method: Method::Put, path, query, headers, body, cap: 64 * 1024 };
    Ok(Some((request, Put { next, request: wait.request, size: wait.bytes, paid: 0 })))
}

/// Takes an answer in; whether a photo is whole on the server by it.
pub(crate) fn take(
    conn: &Connection,
    put: &Put,
    reply: &HttpReply,
    certain: &mut Certain,
    epoch: u64,
    now: i64,
) -> Result<bool> {
    let hash = put.hash();
    let had = blobs::upload(conn, hash)?;
    let status = wire::decode::<BlobStatus>(&reply.body).ok();
    if status.is_some_and(|status| status.of.is_some_and(|of| of != hash)) {
        // To an earlier process start, or to another tablet: nothing was said of this one.
        certain.cut(hash);
        return Err(fail(Code::Protocol, "an answer about another photo"));
    }
    if let Next::Thumb(_) = put.next {
        let transient = reply.status == 404 || reply.status == 408;
        if transient {
            return put_off(conn, put, "unknown_blob", now).map(|()| false);
        }
        // A preview that is refused for good is no reason to hold the photo back.
        blobs::set_upload(conn, hash, Upload { thumb: true, ..had }, epoch)?;
        return Ok(false);
    }
    // Every answer that carries the resume point is good, whatever its status.
    if let Some(BlobStatus { have, done, .. }) = status {
        certain.told(hash);
        let have = have.min(put.size);
        // "All of it, but not proven" makes no sense: from the beginning, a limited number of times.
        let stuck = !done && have >= put.size;
        let sent = if stuck { 0 } else { have };
        blobs::set_upload(conn, hash, Upload { sent, done, ..had }, epoch)?;
        if done {
            outbox::done(conn, What::Photo, &put.key())?;
        } else if stuck {
            put_off(conn, put, "hash_mismatch", now)?;
        }
        return Ok(done);
    }
    let code = serde_json::from_slice::<Envelope>(&reply.body).map(|e| e.code);
    match code {
        Ok(WireCode::BadOffset) => {
            certain.cut(hash);
            put_off(conn, put, "bad_offset", now)?;
        }
        Ok(WireCode::HashMismatch) => {
            blobs::set_upload(conn, hash, Upload { sent: 0, ..had }, epoch)?;
            put_off(conn, put, "hash_mismatch", now)?;
        }
        Ok(code @ (WireCode::TooLarge | WireCode::BadValue | WireCode::ForeignRequest | WireCode::TooMany)) => {
            refuse_own(conn, What::Photo, &put.key(), &intake::name(code), now)?;
        }
        Ok(code) => put_off(conn, put, &intake::name(code), now)?,
        Err(_) => put_off(conn, put, "malformed", now)?,
    }
    Ok(false)
}

/// One try more, later; after the last one into quarantine, where it is in nobody's way.
fn put_off(conn: &Connection, put: &Put, reason: &str, now: i64) -> Result<()> {
    let key = put.key();
    let tries = outbox::find(conn, What::Photo, &key)?.map_or(0, |w| w.tries);
    if tries + 1 >= TRIES {
        return refuse_own(conn, What::Photo, &key, reason, now);
    }
    outbox::put_off(conn, What::Photo, &key, now + (LATER << tries))
}

/// The next preview to fetch: of photos other devices, answers or announcements added. None is asked for twice in one process.
pub(crate) fn fetch(conn: &Connection, asked: &[BlobHash]) -> Result<Option<(HttpRequest, BlobHash)>> {
    let Some(hash) = blobs::missing_thumb(conn, asked)? else { return Ok(None) };
    let cap = mbs_shared::blob::MAX_THUMB_BYTES as usize;
    Ok(Some((get(format!("/v1/blobs/{hash}/thumb"), Vec::new(), cap), hash)))
}

/// Keeps a fetched preview, if it is a picture.
pub(crate) fn take_fetched(conn: &Connection, hash: BlobHash, reply: &HttpReply) -> Result<()> {
    let jpeg = crate::capture::header::format(&reply.body) == crate::capture::header::Format::Jpeg;
    match reply.status {
        200 if jpeg => blobs::keep_thumb(conn, hash, &reply.body),
        404 => {
            proofs::set_bare(conn, hash)?;
            announcements::set_bare(conn, hash)
        }
        _ => Ok(()),
    }
}
