//! Photos: the original comes in slices, stays in memory, and only the small upright picture is kept.

use mbs_shared::blob::{BlobKind, BlobRef, MAX_PER_REQUEST, name_of};
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::place::Fix;
use mbs_shared::request::Edit;

use super::given;
use super::sent::queue_photo;
use super::view::PhotoStep;
use super::{Area, MAX_AREAS};
use crate::Tablet;
use crate::capture::facts::{Facts, facts};
use crate::capture::photo::{MAX_ORIGINAL, Shrunk, cover, shrink};
use crate::capture::place::photo_may_set;
use crate::error::{Code, Result, fail};
use crate::store::outbox::{self, What};
use crate::store::requests::{self, Record, Stage};
use crate::store::{PHOTO_NEEDS, blobs, proofs, settings};
use crate::tablet::Inner;

/// Largest slice, decoded, in bytes.
const MAX_SLICE: usize = 512 * 1024;

/// The original that is coming in. One at a time: the memory it may take is counted.
pub(crate) struct Upload {
    request: RequestId,
    number: u32,
    bytes: Vec<u8>,
}

impl Tablet {
    pub(crate) fn add_photo(
        &self,
        id: RequestId,
        number: u32,
        offset: u32,
        total: u32,
        data: &str,
    ) -> Result<PhotoStep> {
        let slice = given::bytes(data, MAX_SLICE, Code::BadCall)?;
        let (offset, total) = (offset as usize, total as usize);
        let original = {
            let mut inner = self.lock();
            inner.may_add_blob(id)?;
            if total > MAX_ORIGINAL {
                return Err(fail(Code::PhotoTooLarge, format!("{total} bytes")));
            }
            let same = inner.upload.as_ref().is_some_and(|u| u.request == id && u.number == number);
            if !same || offset == 0 {
                inner.upload = Some(Upload { request: id, number, bytes: Vec::with_capacity(total) });
            }
            let Some(upload) = &mut inner.upload else { return Err(fail(Code::BadCall, "no upload")) };
            if upload.bytes.len() + slice.len() > total.max(upload.bytes.len()) {
                inner.upload = None;
                return Err(fail(Code::BadCall, "a slice is larger than it may be"));
            }
            let have = upload.bytes.len();
            if offset == have {
                upload.bytes.extend_from_slice(&slice);
            }
            if upload.bytes.len() < total || offset != have {
                let offset = u32::try_from(upload.bytes.len()).unwrap_or(u32::MAX);
                return Ok(PhotoStep::More { offset });
            }
            inner.upload.take().map(|u| u.bytes).unwrap_or_default()
        };
        // Without the lock: screens go on while the picture is made.
        let facts = facts(&original);
        let made = shrink(&original, facts.orientation);
        drop(original);
        let mut inner = self.lock();
        inner.may_add_blob(id)?;
        match made {
            Ok(shrunk) => inner.keep_photo(id, &shrunk, facts),
            Err(mut error) => {
                // The place was read all the same.
                if inner.take_place(id, &facts)? {
                    error.detail.push_str("; its position was taken");
                }
                Err(error)
            }
        }
    }
}

impl Tablet {
    pub(crate) fn cover_photo(&self, id: RequestId, hash: BlobHash, areas: &[Area]) -> Result<()> {
        let outside = |area: &Area| {
            let ends = [area.x.checked_add(area.width), area.y.checked_add(area.height)];
            ends.iter().any(|end| end.is_none_or(|end| end > 1_000)) || area.width == 0 || area.height == 0
        };
        if areas.is_empty() || areas.len() > MAX_AREAS || areas.iter().any(outside) {
            return Err(fail(Code::BadCall, format!("{areas:?}")));
        }
        let old = self.lock().may_cover(id, hash)?;
        // Without the lock: screens go on while the picture is made.
        let made = cover(&old, areas)?;
        let mut inner = self.lock();
        inner.may_cover(id, hash)?;
        let photo = Inner::photo(&made);
        inner.store.write(|c| {
            blobs::keep(c, photo.hash, &made.bytes, &made.thumb)?;
            blobs::replace(c, id, hash, &photo)
        })
    }
}

impl Inner {
    /// The bytes of a draft's photo, which may be covered while it has not been sent.
    fn may_cover(&self, id: RequestId, hash: BlobHash) -> Result<Vec<u8>> {
        self.record(id, Stage::Draft)?;
        if self.store.free() < PHOTO_NEEDS {
            return Err(fail(Code::DiskFull, "no room for a photo"));
        }
        let found = blobs::find(self.store.read(), id, hash)?;
        let here = found.filter(|(blob, removed)| blob.kind == BlobKind::Photo && !removed);
        here.ok_or_else(|| fail(Code::NotFound, hash.to_string()))?;
        blobs::bytes(self.store.read(), hash)?.ok_or_else(|| fail(Code::NotFound, hash.to_string()))
    }

    fn photo(made: &Shrunk) -> BlobRef {
        BlobRef {
            hash: name_of(&made.bytes),
            kind: BlobKind::Photo,
            size: u32::try_from(made.bytes.len()).unwrap_or(u32::MAX),
            width: made.width,
            height: made.height,
        }
    }

    /// Whether the full size has still to come.
    pub(crate) fn fetch_photo(&mut self, id: RequestId, hash: BlobHash) -> Result<bool> {
        if !proofs::is_shown(self.store.read(), id, hash)? {
            return Err(fail(Code::NotFound, hash.to_string()));
        }
        self.wish(hash)
    }

    /// Lets the full size of a photo the server has come down; whether it has still to.
    pub(crate) fn wish(&mut self, hash: BlobHash) -> Result<bool> {
        if blobs::is_here(self.store.read(), hash)? {
            return Ok(false);
        }
        if self.store.free() < PHOTO_NEEDS {
            return Err(fail(Code::DiskFull, "no room for a photo"));
        }
        self.round.want(hash);
        Ok(true)
    }

    pub(crate) fn may_add_blob(&self, id: RequestId) -> Result<Record> {
        let record = requests::get(self.store.read(), id)?.ok_or_else(|| fail(Code::NotFound, id.to_string()))?;
        if !matches!(record.stage, Stage::Draft | Stage::Sent) {
            return Err(fail(Code::WrongMoment, "thrown away"));
        }
        if record.request.blobs.len() >= MAX_PER_REQUEST {
            return Err(fail(Code::PhotoLimit, format!("{MAX_PER_REQUEST} photos")));
        }
        if self.store.free() < PHOTO_NEEDS {
            // Said before anything is begun; the reserve is for words.
            return Err(fail(Code::DiskFull, "no room for a photo"));
        }
        Ok(record)
    }

    /// Gives a draft without a place the photo's; whether it did.
    fn take_place(&mut self, id: RequestId, facts: &Facts) -> Result<bool> {
        let Some(mut record) = requests::get(self.store.read(), id)? else { return Ok(false) };
        if record.stage != Stage::Draft || facts.fix.is_none() || !photo_may_set(record.request.gps.as_ref()) {
            return Ok(false);
        }
        record.request.gps = facts.fix;
        self.store.write_words(|c| requests::put(c, id, Stage::Draft, &record.request, 0))?;
        Ok(true)
    }

    pub(super) fn keep_photo(&mut self, id: RequestId, made: &Shrunk, facts: Facts) -> Result<PhotoStep> {
        let photo = Self::photo(made);
        let hash = photo.hash;
        self.keep_blob(id, photo, &made.bytes, &made.thumb, facts.fix)?;
        Ok(PhotoStep::Done { hash, request: Box::new(self.show(id)?), fix: facts.fix, taken: facts.taken })
    }

    /// Keeps a photo or voice note with the request, a draft's or a sent one's, in one transaction. `fix`: where it was
    /// taken.
    pub(crate) fn keep_blob(
        &mut self,
        id: RequestId,
        blob: BlobRef,
        bytes: &[u8],
        thumb: &[u8],
        fix: Option<Fix>,
    ) -> Result<()> {
        let record = self.may_add_blob(id)?;
        let expected = settings::expected(self.store.read())?.filter(|expected| expected.request == id);
        let came = expected.is_some() && blob.kind == BlobKind::Photo;
        if blobs::find(self.store.read(), id, blob.hash)?.is_some_and(|(_, removed)| !removed) {
            return Err(fail(Code::PhotoTwice, blob.hash.to_string()));
        }
        if record.stage == Stage::Draft {
            let mut request = record.request;
            if fix.is_some() && photo_may_set(request.gps.as_ref()) {
                request.gps = fix;
            }
            self.store.write(|c| {
                blobs::keep(c, blob.hash, bytes, thumb)?;
                blobs::refer(c, id, &blob)?;
                settings::photo_came(c, came)?;
                requests::put(c, id, Stage::Draft, &request, 0)
            })
        } else {
            let now = self.now();
            let written = self.edit(id, &[Edit::AddBlob(blob)], |c, change| {
                blobs::keep(c, blob.hash, bytes, thumb)?;
                settings::photo_came(c, came)?;
                queue_photo(c, id, blob.hash, blob.size, change, now)
            });
            written.map(drop)
        }
    }

    /// Puts a draft's photo before another one (`None`: behind all): the first is the one that lists show.
    pub(crate) fn move_photo(&mut self, id: RequestId, hash: BlobHash, before: Option<BlobHash>) -> Result<RequestId> {
        let draft = self.record(id, Stage::Draft)?.request;
        for named in [Some(hash), before].into_iter().flatten() {
            if !draft.blobs.iter().any(|blob| blob.hash == named) {
                return Err(fail(Code::NotFound, named.to_string()));
            }
        }
        self.store.write_words(|c| blobs::put_before(c, id, hash, before))?;
        Ok(id)
    }

    pub(crate) fn remove_photo(&mut self, id: RequestId, hash: BlobHash) -> Result<RequestId> {
        self.set_photo(id, hash, true)
    }

    pub(crate) fn restore_photo(&mut self, id: RequestId, hash: BlobHash) -> Result<RequestId> {
        self.set_photo(id, hash, false)
    }

    fn set_photo(&mut self, id: RequestId, hash: BlobHash, removed: bool) -> Result<RequestId> {
        let record = requests::get(self.store.read(), id)?.ok_or_else(|| fail(Code::NotFound, id.to_string()))?;
        let (photo, was) =
            blobs::find(self.store.read(), id, hash)?.ok_or_else(|| fail(Code::NotFound, hash.to_string()))?;
        if was == removed {
            return Ok(id);
        }
        if !removed && record.request.blobs.len() >= MAX_PER_REQUEST {
            return Err(fail(Code::PhotoLimit, format!("{MAX_PER_REQUEST} photos")));
        }
        match record.stage {
            Stage::Draft => {
                self.store.write_words(|c| blobs::set_removed(c, id, hash, removed))?;
                Ok(id)
            }
            Stage::Sent if removed => self.edit(id, &[Edit::RemoveBlob(hash)], |c, _| {
                // Not sent yet: it need not go any more. Its bytes stay here.
                outbox::done(c, What::Photo, &outbox::photo_key(hash, id)).map(drop)
            }),
            Stage::Sent => {
                let now = self.now();
                self.edit(id, &[Edit::AddBlob(photo)], |c, change| queue_photo(c, id, hash, photo.size, change, now))
            }
            Stage::Discarded | Stage::Practice | Stage::Renewed => Err(fail(Code::WrongMoment, "thrown away")),
        }
    }
}
