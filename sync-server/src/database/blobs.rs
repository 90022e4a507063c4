//! Photos and voice notes: which are whole, who refers to them, and slices of uploads that were cut.

use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::place::{Fix, FixSource};

use super::{DbResult, Session, statements};

statements! {
    /// One by its name.
    BY_HASH = "select id, size, thumb, staff from blob where hash = $1";
    /// Names of all.
    ALL = "select hash from blob order by id";
    /// Names of all, whether their previews are here, and their sizes.
    ALL_WITH_THUMBS = "select hash, thumb, size from blob order by id";
    /// Forgets one, after an erasure.
    DROP = "delete from blob where hash = $1";
    /// Forgets what a request refers to.
    DETACH = "delete from blob_ref where request = $1";
    /// A new one.
    ADD = "insert into blob (hash, size, staff, at) values ($1, $2, $3, $4) on conflict (hash) do nothing";
    /// What its camera wrote, of one that was uploaded at the desk.
    SET_PROOF = "update blob set taken = $1, lat = $2, lon = $3 where hash = $4 and staff <> 0";
    /// What its camera wrote.
    PROOF = "select taken, lat, lon from blob where hash = $1";
    /// Its preview is here.
    HAS_THUMB = "update blob set thumb = 1 where id = $1 and thumb = 0";
    /// A request refers to it.
    ATTACH = "insert into blob_ref (blob, request) values ($1, $2) on conflict (blob, request) do nothing";
    /// Whether a request refers to it.
    ATTACHED = "select count(*) from blob_ref where blob = $1 and request = $2";
    /// Whether a muhtarlık may see it.
    VISIBLE = "select count(*) from blob_ref b join request r on r.rid = b.request where b.blob = $1 and r.scope = $2";
    /// Requests that refer to it.
    REQUESTS = "select r.id from blob_ref b join request r on r.rid = b.request where b.blob = $1";
    /// Whole photos of a request.
    OF_REQUEST = "select b.hash, b.size, b.thumb from blob_ref r join blob b on b.id = r.blob where r.request = $1";
    /// Keeps a slice.
    ADD_CHUNK = "insert into blob_chunk (hash, scope, start, at, bytes) values ($1, $2, $3, $4, $5) \
                 on conflict (hash, scope, start) do nothing";
    /// How much is there.
    HAVE = "select coalesce(max(start + length(bytes)), 0) from blob_chunk where hash = $1 and scope = $2";
    /// The slices, in order.
    CHUNKS = "select start, bytes from blob_chunk where hash = $1 and scope = $2 order by start";
    /// Drops the slices.
    DROP_CHUNKS = "delete from blob_chunk where hash = $1 and scope = $2";
    /// Drops slices nobody went on with.
    DROP_OLD_CHUNKS = "delete from blob_chunk where at < $1";
    /// Bytes a muhtarlık has in slices.
    CHUNK_BYTES = "select coalesce(sum(length(bytes)), 0) from blob_chunk where scope = $1";
}

/// A photo or voice note that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// Row id.
    pub id: i64,
    /// Bytes.
    pub size: u32,
    /// Whether its preview is here.
    pub thumb: bool,
    /// Staff id of who uploaded it at the desk; 0: it came from a tablet.
    pub staff: i64,
}

/// The photo with that name, when it is whole.
///
/// # Errors
/// [`super::DbError`].
pub fn by_hash(session: &mut dyn Session, hash: BlobHash) -> DbResult<Option<Blob>> {
    session.first(BY_HASH, &[hash.as_bytes().into()], |r| {
        Ok(Blob { id: r.int(0)?, size: r.count(1)?, thumb: r.int(2)? != 0, staff: r.int(3)? })
    })
}

/// Notes that a photo is whole; its row.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, hash: BlobHash, size: u32, staff: i64, at: i64) -> DbResult<Blob> {
    session.send(ADD, &[hash.as_bytes().into(), size.into(), staff.into(), at.into()])?;
    by_hash(session, hash)?.ok_or_else(|| super::DbError::Unexpected("a photo just written is not there".into()))
}

/// What a camera wrote beside a photo.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Proof {
    /// When it was taken, Unix ms.
    pub taken: Option<i64>,
    /// Where.
    pub fix: Option<Fix>,
}

/// Parts of a degree that are kept: a tenth of a metre.
const PARTS: f64 = 1_000_000.0;

/// Keeps what the camera of a desk's photo wrote.
///
/// # Errors
/// [`super::DbError`].
pub fn set_proof(session: &mut dyn Session, hash: BlobHash, proof: &Proof) -> DbResult<()> {
    #[expect(clippy::cast_possible_truncation, reason = "degrees on Earth")]
    let parts = |degrees: f64| (degrees * PARTS).round() as i64;
    let (lat, lon) = proof.fix.map_or((0, 0), |fix| (parts(fix.lat), parts(fix.lon)));
    let args = [proof.taken.unwrap_or(0).into(), lat.into(), lon.into(), hash.as_bytes().into()];
    session.execute(SET_PROOF, &args).map(drop)
}

/// What the camera of a photo wrote, as far as it is kept.
///
/// # Errors
/// [`super::DbError`].
pub fn proof(session: &mut dyn Session, hash: BlobHash) -> DbResult<Proof> {
    let found = session.first(PROOF, &[hash.as_bytes().into()], |r| Ok((r.int(0)?, r.int(1)?, r.int(2)?)))?;
    let Some((taken, lat, lon)) = found else { return Ok(Proof::default()) };
    #[expect(clippy::cast_precision_loss, reason = "millionths of a degree on Earth")]
    let degrees = |parts: i64| parts as f64 / PARTS;
    let fix = Fix { lat: degrees(lat), lon: degrees(lon), accuracy: 0.0, source: FixSource::Photo };
    Ok(Proof { taken: (taken != 0).then_some(taken), fix: (lat != 0 || lon != 0).then_some(fix) })
}

/// Lets a request refer to a whole photo; `false` when it already did.
///
/// # Errors
/// [`super::DbError`].
pub fn attach(session: &mut dyn Session, blob: i64, rid: i64) -> DbResult<bool> {
    Ok(session.execute(ATTACH, &[blob.into(), rid.into()])? == 1)
}

/// Whether a request refers to a whole photo.
///
/// # Errors
/// [`super::DbError`].
pub fn attached(session: &mut dyn Session, blob: i64, rid: i64) -> DbResult<bool> {
    Ok(session.first(ATTACHED, &[blob.into(), rid.into()], |r| r.int(0))?.unwrap_or(0) > 0)
}

/// Whether a muhtarlık may see a whole photo.
///
/// # Errors
/// [`super::DbError`].
pub fn visible(session: &mut dyn Session, blob: i64, scope: u32) -> DbResult<bool> {
    Ok(session.first(VISIBLE, &[blob.into(), scope.into()], |r| r.int(0))?.unwrap_or(0) > 0)
}

/// Requests that refer to a whole photo.
///
/// # Errors
/// [`super::DbError`].
pub fn requests(session: &mut dyn Session, blob: i64) -> DbResult<Vec<RequestId>> {
    session.all(REQUESTS, &[blob.into()], |r| Ok(RequestId(r.bytes16(0)?)))
}

/// Whole photos of a request: name, size, whether the preview is here.
///
/// # Errors
/// [`super::DbError`].
pub fn of_request(session: &mut dyn Session, rid: i64) -> DbResult<Vec<(BlobHash, u32, bool)>> {
    session.all(OF_REQUEST, &[rid.into()], |r| Ok((BlobHash(r.bytes32(0)?), r.count(1)?, r.int(2)? != 0)))
}

/// How much of a cut upload is there.
///
/// # Errors
/// [`super::DbError`].
pub fn have(session: &mut dyn Session, hash: BlobHash, scope: u32) -> DbResult<u32> {
    Ok(session.first(HAVE, &[hash.as_bytes().into(), scope.into()], |r| r.count(0))?.unwrap_or(0))
}

/// The bytes of a cut upload that are there.
///
/// # Errors
/// [`super::DbError`].
pub fn chunks(session: &mut dyn Session, hash: BlobHash, scope: u32, out: &mut Vec<u8>) -> DbResult<()> {
    session.query(CHUNKS, &[hash.as_bytes().into(), scope.into()], &mut |r| {
        if r.int(0)? != out.len() as i64 {
            return Err(super::DbError::Unexpected("slices of an upload do not join".into()));
        }
        out.extend_from_slice(r.blob(1)?);
        Ok(super::Go::On)
    })
}
