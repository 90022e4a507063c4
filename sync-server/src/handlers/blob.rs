//! `PUT` and `GET /v1/blobs/{sha256}`, and their previews.
//!
//! A blob that comes whole goes straight to the store; one that is cut leaves durable slices in the
//! database, from which any instance goes on. The name exists only once the hash is proven. Knowing a hash
//! grants nothing: a request of the caller's, an announcement to him or the map must refer to it, and a muhtarlık that cannot read the
//! bytes already must send them all.

use std::sync::Arc;

use mbs_shared::blob::{BlobKind, BlobRef, MAX_BYTES, MAX_THUMB_BYTES, name_of};
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire::blob::{BlobStatus, MAX_SLICE};
use mbs_shared::wire::error::Code;
use mbs_shared::{jpeg, ogg};

use crate::auth::device::Caller;
use crate::blob_store::Key;
use crate::database::feed::{self, NewRow, kind};
use crate::database::requests::{self, Head};
use crate::database::{DbResult, Session, blobs, changes, entries};
use crate::error::Fault;
use crate::handlers::announcements;
use crate::routing::apply::content_changed;
use crate::service::Service;
use crate::writer::Tx;

/// Bytes a muhtarlık may have in slices of cut uploads.
pub const MAX_SLICES: i64 = 64 * 1024 * 1024;

/// What became of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Taken; this much is there now.
    Taken(BlobStatus),
    /// Not where it ends: this much is there.
    Elsewhere(BlobStatus),
}

const fn whole_is_here(hash: BlobHash, size: u32) -> Put {
    Put::Taken(BlobStatus::of(hash, size, true))
}

/// Where a slice belongs.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// Name of the whole.
    pub hash: BlobHash,
    /// Request that refers to it.
    pub request: RequestId,
    /// Where it begins.
    pub offset: u32,
    /// Size of the whole.
    pub size: u32,
}

/// Takes a slice.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::UnknownBlob`], [`Code::HashMismatch`], [`Code::BadValue`] for other bytes than the
/// request says (another size, no plain JPEG, another width or height), [`Code::Busy`].
pub async fn put(service: &Arc<Service>, caller: &Caller, slice: Slice, body: Vec<u8>) -> Result<Put, Fault> {
    let Slice { hash, request, offset, size } = slice;
    let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let whole = offset == 0 && len == size;
    if size == 0 || size > MAX_BYTES || (len > MAX_SLICE && !whole) {
        return Err(Code::TooLarge.into());
    }
    if offset.checked_add(len).is_none_or(|end| end > size) {
        return Err(Fault::bad_input("offset: dilim bütünün dışına taşıyor"));
    }
    let scope = caller.device.scope;
    let (head, known, have) = service.db.ask(|s| {
        let Some(head) = owned(s, request, scope)? else { return Ok((None, Known::No, 0)) };
        let known = known(s, &head, hash, scope)?;
        Ok((Some(head), known, blobs::have(s, hash, scope)?))
    })?;
    let head = head.ok_or(Code::UnknownBlob)?;
    match known {
        Known::No => return Err(Code::UnknownBlob.into()),
        Known::Attached(size) => return Ok(whole_is_here(hash, size)),
        Known::Readable(size) => {
            complete(service, caller, &head, hash, size).await?;
            return Ok(whole_is_here(hash, size));
        }
        Known::Referred(Some(said)) if said.size != size => return Err(Code::BadValue.into()),
        Known::Referred(_) => {}
    }
    let Known::Referred(said) = known else { return Err(Code::UnknownBlob.into()) };
    if whole {
        return finish(service, caller, &head, slice, said, body).await;
    }
    let status = BlobStatus::of(hash, have, false);
    if offset != have {
        return Ok(Put::Elsewhere(status));
    }
    if body.is_empty() {
        return Ok(Put::Taken(status));
    }
    if offset + len == size {
        let mut bytes = Vec::with_capacity(size as usize);
        service.db.ask(|s| blobs::chunks(s, hash, scope, &mut bytes))?;
        bytes.extend_from_slice(&body);
        return finish(service, caller, &head, slice, said, bytes).await;
    }
    let now = service.clock.now();
    service.write(move |tx| keep_slice(tx, scope, slice, &body, now)).await
}

fn keep_slice(tx: &mut Tx<'_>, scope: u32, slice: Slice, body: &[u8], now: i64) -> Result<Put, Fault> {
    let s = tx.session();
    let have = blobs::have(s, slice.hash, scope)?;
    if have != slice.offset {
        return Ok(Put::Elsewhere(BlobStatus::of(slice.hash, have, false)));
    }
    if s.first(blobs::CHUNK_BYTES, &[scope.into()], |r| r.int(0))?.unwrap_or(0) > MAX_SLICES {
        return Err(Code::Busy.into());
    }
    let args = [slice.hash.as_bytes().into(), scope.into(), slice.offset.into(), now.into(), body.into()];
    s.send(blobs::ADD_CHUNK, &args)?;
    let have = slice.offset + u32::try_from(body.len()).unwrap_or(0);
    Ok(Put::Taken(BlobStatus::of(slice.hash, have, false)))
}

/// The request, when it is the muhtarlık's.
fn owned(s: &mut dyn Session, request: RequestId, scope: u32) -> DbResult<Option<Head>> {
    Ok(requests::by_id(s, request)?.filter(|h| h.scope == scope))
}

/// What is known of a blob from where the caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The request does not refer to it.
    No,
    /// Whole, and the request's already.
    Attached(u32),
    /// Whole, referred to, and the muhtarlık reads it through another request.
    Readable(u32),
    /// Referred to; what the request says of it, where it says something.
    Referred(Option<BlobRef>),
}

fn known(s: &mut dyn Session, head: &Head, hash: BlobHash, scope: u32) -> DbResult<Known> {
    let blob = blobs::by_hash(s, hash)?;
    if let Some(blob) = blob
        && blobs::attached(s, blob.id, head.rid)?
    {
        return Ok(Known::Attached(blob.size));
    }
    let Some(said) = reference(s, head, hash)? else { return Ok(Known::No) };
    match blob {
        Some(blob) if blobs::visible(s, blob.id, scope)? => Ok(Known::Readable(blob.size)),
        _ => Ok(Known::Referred(said)),
    }
}

/// Whether the request's document or thread refers to the blob; with what the document says of it.
fn reference(s: &mut dyn Session, head: &Head, hash: BlobHash) -> DbResult<Option<Option<BlobRef>>> {
    let request = changes::read(&changes::of_request(s, head.rid)?)?.request;
    if let Some(blob) = request.blobs.iter().find(|b| b.hash == hash) {
        return Ok(Some(Some(*blob)));
    }
    let entries = entries::of_request(s, head.rid)?;
    Ok(entries.iter().any(|e| e.entry.photos.contains(&hash)).then_some(None))
}

/// Whether the bytes are what the request says: a photo is a plain JPEG of its width and height, a voice note a plain
/// recording of its seconds. Threads refer to photos, and say no more of them.
fn is_as_said(bytes: &[u8], said: Option<BlobRef>) -> bool {
    match said {
        Some(BlobRef { kind: BlobKind::Voice, width, .. }) => ogg::plain_seconds(bytes) == Some(width),
        Some(said) => jpeg::plain_size(bytes) == Some((said.width, said.height)),
        None => jpeg::plain_size(bytes).is_some(),
    }
}

/// All bytes are here: prove the name, store, and say so.
async fn finish(
    service: &Arc<Service>,
    caller: &Caller,
    head: &Head,
    slice: Slice,
    said: Option<BlobRef>,
    bytes: Vec<u8>,
) -> Result<Put, Fault> {
    let Slice { hash, size, .. } = slice;
    let store = service.store.clone();
    let refused = off_thread(move || {
        if name_of(&bytes) != hash && !sabotaged("photo-hash-not-proven") {
            return Ok(Some(Code::HashMismatch));
        }
        if !is_as_said(&bytes, said) {
            return Ok(Some(Code::BadValue));
        }
        store.put(Key::Full(hash), &bytes).map(|()| None)
    })
    .await
    .map_err(store_fault)?;
    if let Some(code) = refused {
        tracing::warn!(device = %caller.device.no, request = %head.id, %hash, ?code, "a photo was refused");
        let scope = caller.device.scope;
        service
            .write(move |tx| Ok(tx.session().execute(blobs::DROP_CHUNKS, &[hash.as_bytes().into(), scope.into()])?))
            .await?;
        return Err(code.into());
    }
    if let Err(fault) = complete(service, caller, head, hash, size).await {
        if fault.code == Code::UnknownBlob {
            // The request was erased meanwhile: its photo goes too, unless another one has it.
            let (service, had) = (service.clone(), service.db.ask(|s| blobs::by_hash(s, hash))?);
            let drop_both = move || {
                service.store.remove(Key::Thumb(hash))?;
                service.store.remove(Key::Full(hash))
            };
            if had.is_none() {
                off_thread(drop_both).await.map_err(store_fault)?;
            }
        }
        return Err(fault);
    }
    Ok(whole_is_here(hash, size))
}

/// Notes that a request's photo is whole, and tells who reads the request.
async fn complete(
    service: &Arc<Service>,
    caller: &Caller,
    head: &Head,
    hash: BlobHash,
    size: u32,
) -> Result<(), Fault> {
    let now = service.clock.now();
    let author = -caller.device.id;
    let request = head.id;
    let store = service.store.clone();
    let has_thumb = off_thread(move || store.has(Key::Thumb(hash))).await.map_err(store_fault)?;
    service
        .write(move |tx| {
            let head = requests::by_id(tx.session(), request)?.ok_or(Code::UnknownBlob)?;
            let blob = blobs::add(tx.session(), hash, size, 0, now)?;
            if has_thumb {
                tx.session().send(blobs::HAS_THUMB, &[blob.id.into()])?;
            }
            tx.session().send(blobs::DROP_CHUNKS, &[hash.as_bytes().into(), head.scope.into()])?;
            if blobs::attach(tx.session(), blob.id, head.rid)? {
                whole(tx, &head, hash, author, now)?;
            }
            Ok(())
        })
        .await
}

/// The rows that say that a photo of a request is whole here.
///
/// # Errors
/// [`crate::database::DbError`].
pub(crate) fn whole(tx: &mut Tx<'_>, head: &Head, hash: BlobHash, author: i64, at: i64) -> DbResult<()> {
    tx.session().send(requests::ONE_MORE_HERE, &[head.rid.into()])?;
    let row = NewRow {
        scope: head.scope,
        rid: head.rid,
        kind: kind::BLOB,
        n: 0,
        key: 0,
        session: 0,
        author,
        at,
        mac: &[],
        packed: hash.as_bytes(),
    };
    let seq = tx.next_seq();
    feed::add(tx.session(), seq, &row)?;
    tx.wake(head.scope);
    content_changed(tx, head, author, at)
}

/// Takes a photo's preview, whole.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::BadValue`] when it is no plain JPEG, [`Code::UnknownBlob`].
pub async fn put_thumb(
    service: &Arc<Service>,
    caller: &Caller,
    hash: BlobHash,
    request: RequestId,
    body: Vec<u8>,
) -> Result<BlobStatus, Fault> {
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
    if size > MAX_THUMB_BYTES {
        return Err(Code::TooLarge.into());
    }
    if jpeg::plain_size(&body).is_none() {
        return Err(Code::BadValue.into());
    }
    let scope = caller.device.scope;
    let may = service.db.ask(|s| {
        Ok(match owned(s, request, scope)? {
            Some(head) => known(s, &head, hash, scope)? != Known::No,
            None => false,
        })
    })?;
    if !may {
        return Err(Code::UnknownBlob.into());
    }
    let store = service.store.clone();
    off_thread(move || store.put(Key::Thumb(hash), &body)).await.map_err(store_fault)?;
    // The photo may be here already; if not, its completion finds the preview.
    if let Some(blob) = service.db.ask(|s| blobs::by_hash(s, hash))?
        && !blob.thumb
    {
        service.write(move |tx| Ok(tx.session().execute(blobs::HAS_THUMB, &[blob.id.into()])?)).await?;
    }
    Ok(BlobStatus::of(hash, size, true))
}

/// The bytes, from `offset`.
///
/// # Errors
/// [`Code::NotFound`] when it is not there or not for the caller's eyes; [`Code::BadOffset`].
pub async fn get(service: &Arc<Service>, caller: &Caller, key: Key, offset: u32) -> Result<Vec<u8>, Fault> {
    let (Key::Full(hash) | Key::Thumb(hash)) = key;
    let scope = caller.device.scope;
    let visible = service.db.ask(|s| match blobs::by_hash(s, hash)? {
        // The map is everybody's.
        Some(_) if service.map().pack.parts.contains(&hash) => Ok(true),
        Some(blob) => Ok(blobs::visible(s, blob.id, scope)? || announcements::shows(service, s, caller, hash)?),
        None => Ok(false),
    })?;
    if !visible {
        return Err(Code::NotFound.into());
    }
    let store = service.store.clone();
    let bytes = off_thread(move || store.get(key)).await.map_err(store_fault)?;
    match (bytes, key) {
        (Some(mut bytes), _) => {
            if offset as usize > bytes.len() {
                return Err(Code::BadOffset.into());
            }
            bytes.drain(..offset as usize);
            Ok(bytes)
        }
        (None, Key::Thumb(_)) => Err(Code::NotFound.into()),
        (None, Key::Full(_)) => Err(Fault::internal(anyhow::anyhow!("photo {hash} is missing from the store"))),
    }
}

/// A store that is full has room again later; anything else is ours.
pub(super) fn store_fault(e: std::io::Error) -> Fault {
    let full = matches!(e.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
    Fault::new(if full { Code::Busy } else { Code::Internal }).caused_by(e)
}

/// Runs file work on the blocking pool; inline where there is no runtime (simulation).
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.unwrap_or_else(|e| Err(std::io::Error::other(e))),
        Err(_) => work(),
    }
}
