//! Keys of the document, their types and limits, by schema version.
//!
//! | key | scalar | holds |
//! |---|---|---|
//! | `v` | unsigned | schema version |
//! | `title`, `desc`, `addr` | string | words |
//! | `cat` | string | category code |
//! | `kind` | string | [`Kind::code`] |
//! | `gps` | 11 bytes | latitude and longitude in millionths of a degree (`i32` each), accuracy in metres (`u16`), source; big-endian |
//! | `at` | timestamp | when it was filed, Unix ms |
//! | `no` | string | offline case number |
//! | `discreet` | boolean | to be handled discreetly |
//! | `rel` | 16 bytes | a related request |
//! | `b/<hex>` | 41 bytes | a photo or voice note: hash, kind, size (`u32`), width and height (`u16` each); big-endian |
//!
//! The hex in a photo's key is the beginning of its hash, eight digits, or more where two of one request begin
//! alike. Photos stand in the order in which they were put. Empty strings and bytes mean "emptied" or, for a photo,
//! "removed"; a first change leaves empty fields out.
//! A change touches a key at most once, in every schema version.
//! The time in a change's header is in Unix milliseconds here (Automerge itself only hands it on).

use automerge::ScalarValue;

use crate::blob::{self, BlobKind, BlobRef};
use crate::id::{BlobHash, CaseNo, RequestId};
use crate::place::{Fix, FixSource};
use crate::request::{Kind, MAX_ADDR, MAX_CATEGORY, MAX_DESC, MAX_TITLE, Request, SCHEMA};
use crate::wire::error::Code;

/// Largest raw change, in bytes.
pub const MAX_CHANGE: usize = 32 * 1024;
/// Most operations in one change.
pub const MAX_OPS: usize = 512;
/// Most dependencies of one change.
pub const MAX_DEPS: usize = 8;
/// Most predecessors named by all operations of one change.
pub const MAX_PREDS: usize = 1_024;
/// Longest key, in bytes (`b/` and a whole hash in hex).
pub const MAX_KEY: usize = 66;
/// Highest sequence number and operation counter: no request lives that long, and nothing can overflow below it.
pub const MAX_COUNTER: u64 = 1 << 30;
/// Earliest time a tablet's clock may claim: 1 January of year 1, Unix ms.
pub const MIN_TIME: i64 = -62_135_596_800_000;
/// Latest time a tablet's clock may claim: the end of year 9999, Unix ms.
pub const MAX_TIME: i64 = 253_402_300_799_999;

/// Keys that belong to the first change alone.
const FIXED: [&str; 2] = ["at", "no"];
/// Digits of a photo's hash in its key, where nothing else begins alike.
const SHORTEST: usize = 8;

/// A scalar of the document, borrowed from where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Unsigned number.
    Uint(u64),
    /// Text.
    Str(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Yes or no.
    Bool(bool),
    /// Unix milliseconds.
    Time(i64),
    /// A scalar that schema 1 does not use (null, signed number, fraction).
    Other,
}

impl<'a> Value<'a> {
    /// The same value, borrowed from Automerge.
    #[must_use]
    pub fn of(value: &'a ScalarValue) -> Self {
        match value {
            ScalarValue::Uint(n) => Self::Uint(*n),
            ScalarValue::Str(s) => Self::Str(s),
            ScalarValue::Bytes(b) => Self::Bytes(b),
            ScalarValue::Boolean(b) => Self::Bool(*b),
            ScalarValue::Timestamp(t) => Self::Time(*t),
            _ => Self::Other,
        }
    }

    /// Whether it means the same as a missing key.
    #[must_use]
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Str("") | Self::Bytes([]) | Self::Bool(false))
    }
}

/// Whether schema 1 allows `value` under `key`. `first`: in a first change, which may carry what is fixed for ever.
///
/// # Errors
/// [`Code::UnknownKey`], [`Code::BadValue`]; [`Code::BadHistory`] for a later change of what is fixed.
pub fn check(key: &str, value: Value<'_>, first: bool) -> Result<(), Code> {
    if !first && FIXED.contains(&key) {
        return Err(Code::BadHistory);
    }
    let fits = match (key, value) {
        ("v", Value::Uint(v)) => (1..=u64::from(SCHEMA)).contains(&v),
        ("title", Value::Str(s)) => s.len() <= MAX_TITLE,
        ("desc", Value::Str(s)) => s.len() <= MAX_DESC,
        ("cat", Value::Str(s)) => s.len() <= MAX_CATEGORY,
        ("addr", Value::Str(s)) => s.len() <= MAX_ADDR,
        ("kind", Value::Str(s)) => Kind::from_code(s).is_some(),
        ("gps", Value::Bytes(b)) => b.is_empty() || fix(b).is_some(),
        ("at", Value::Time(t)) => (MIN_TIME..=MAX_TIME).contains(&t),
        ("no", Value::Str(s)) => case_no(s).is_some(),
        ("discreet", Value::Bool(_)) => true,
        ("rel", Value::Bytes(b)) => b.is_empty() || b.len() == RequestId::LEN,
        ("v" | "title" | "desc" | "cat" | "addr" | "kind" | "gps" | "at" | "no" | "discreet" | "rel", _) => false,
        (key, value) => {
            let prefix = blob_prefix(key).ok_or(Code::UnknownKey)?;
            match value {
                Value::Bytes([]) => true,
                Value::Bytes(b) => blob_ref(b).is_some_and(|b| begins(&b.hash, prefix)),
                _ => false,
            }
        }
    };
    if fits { Ok(()) } else { Err(Code::BadValue) }
}

/// The hex digits in a photo's key; `None` when it is no such key.
#[must_use]
pub fn blob_prefix(key: &str) -> Option<&str> {
    let hex = key.strip_prefix("b/")?;
    let right = hex.len() >= SHORTEST
        && hex.len() <= 2 * BlobHash::LEN
        && hex.len().is_multiple_of(2)
        && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    right.then_some(hex)
}

/// Whether the hex form of `hash` begins with `prefix`.
fn begins(hash: &BlobHash, prefix: &str) -> bool {
    let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' + n - 10 };
    prefix.as_bytes().chunks(2).zip(hash.as_bytes()).all(|(pair, byte)| pair == [digit(byte >> 4), digit(byte & 15)])
}

/// The key for a photo: the shortest beginning of its hash that `taken` does not hold for another one.
#[must_use]
pub fn blob_key(hash: &BlobHash, taken: impl Fn(&str) -> bool) -> String {
    let hex = hash.to_string();
    (SHORTEST..hex.len())
        .step_by(2)
        .filter_map(|n| hex.get(..n))
        .map(|prefix| format!("b/{prefix}"))
        .find(|key| !taken(key))
        .unwrap_or_else(|| format!("b/{hex}"))
}

/// A reference as bytes. `None` when it breaks a limit.
#[must_use]
pub fn blob_bytes(b: &BlobRef) -> Option<Vec<u8>> {
    let kind = match b.kind {
        BlobKind::Photo => 0,
        BlobKind::Voice => 1,
    };
    let mut bytes = Vec::with_capacity(41);
    bytes.extend_from_slice(b.hash.as_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(&b.size.to_be_bytes());
    bytes.extend_from_slice(&b.width.to_be_bytes());
    bytes.extend_from_slice(&b.height.to_be_bytes());
    blob_ref(&bytes).is_some().then_some(bytes)
}

/// A reference from its bytes; `None` when it is none or breaks a limit.
#[must_use]
pub fn blob_ref(bytes: &[u8]) -> Option<BlobRef> {
    let (hash, rest) = bytes.split_first_chunk::<32>()?;
    let &[kind, s0, s1, s2, s3, w0, w1, h0, h1] = rest else { return None };
    let kind = match kind {
        0 => BlobKind::Photo,
        1 => BlobKind::Voice,
        _ => return None,
    };
    let b = BlobRef {
        hash: BlobHash(*hash),
        kind,
        size: u32::from_be_bytes([s0, s1, s2, s3]),
        width: u16::from_be_bytes([w0, w1]),
        height: u16::from_be_bytes([h0, h1]),
    };
    let right = match kind {
        BlobKind::Photo => [b.width, b.height].iter().all(|edge| (1..=blob::MAX_EDGE).contains(&u32::from(*edge))),
        BlobKind::Voice => u32::from(b.width) <= blob::MAX_SECONDS && b.height == 0,
    };
    (right && (1..=blob::MAX_BYTES).contains(&b.size)).then_some(b)
}

/// A fix as bytes, rounded to a millionth of a degree (11 cm) and up to whole metres. `None` when it is not plausible.
#[must_use]
pub fn fix_bytes(f: &Fix) -> Option<Vec<u8>> {
    if !f.is_plausible() {
        return None;
    }
    let source = match f.source {
        FixSource::Gps => 0,
        FixSource::Photo => 1,
        FixSource::Map => 2,
    };
    // Plausible degrees fit; a huge circle is as good as 65 km.
    #[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
    let millionths = |degrees: f64| ((degrees * 1e6).round() as i32).to_be_bytes();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let metres = f.accuracy.ceil().min(f64::from(u16::MAX)) as u16;
    let mut bytes = Vec::with_capacity(11);
    bytes.extend_from_slice(&millionths(f.lat));
    bytes.extend_from_slice(&millionths(f.lon));
    bytes.extend_from_slice(&metres.to_be_bytes());
    bytes.push(source);
    fix(&bytes).is_some().then_some(bytes)
}

/// A fix from its bytes; `None` when it is none or not plausible.
#[must_use]
pub fn fix(bytes: &[u8]) -> Option<Fix> {
    let &[a0, a1, a2, a3, o0, o1, o2, o3, m0, m1, source] = bytes else { return None };
    let source = match source {
        0 => FixSource::Gps,
        1 => FixSource::Photo,
        2 => FixSource::Map,
        _ => return None,
    };
    let f = Fix {
        lat: f64::from(i32::from_be_bytes([a0, a1, a2, a3])) / 1e6,
        lon: f64::from(i32::from_be_bytes([o0, o1, o2, o3])) / 1e6,
        accuracy: f64::from(u16::from_be_bytes([m0, m1])),
        source,
    };
    f.is_plausible().then_some(f)
}

/// A case number, in the one way it is written.
fn case_no(text: &str) -> Option<CaseNo> {
    let no: CaseNo = text.parse().ok()?;
    // What a person may type (small letters, O for 0) is not what a document holds.
    (no.to_string() == text).then_some(no)
}

/// The fields read so far: filled key by key in the order they were put, from a change or from a document alike.
#[derive(Debug, Default)]
pub struct Fields {
    schema: Option<u16>,
    title: String,
    desc: String,
    category: String,
    kind: Option<Kind>,
    gps: Option<Fix>,
    addr: String,
    at: Option<i64>,
    no: Option<CaseNo>,
    discreet: bool,
    rel: Option<RequestId>,
    blobs: Vec<BlobRef>,
}

impl Fields {
    /// Takes a value over. Keys and types we do not know (a newer schema) are skipped.
    pub fn put(&mut self, key: &str, value: Value<'_>) {
        match (key, value) {
            ("v", Value::Uint(v)) => self.schema = u16::try_from(v).ok(),
            ("title", Value::Str(s)) => s.clone_into(&mut self.title),
            ("desc", Value::Str(s)) => s.clone_into(&mut self.desc),
            ("cat", Value::Str(s)) => s.clone_into(&mut self.category),
            ("addr", Value::Str(s)) => s.clone_into(&mut self.addr),
            ("kind", Value::Str(s)) => self.kind = Some(Kind::from_code(s).unwrap_or_default()),
            ("gps", Value::Bytes(b)) => self.gps = fix(b),
            ("at", Value::Time(t)) => self.at = Some(t),
            ("no", Value::Str(s)) => self.no = case_no(s),
            ("discreet", Value::Bool(b)) => self.discreet = b,
            ("rel", Value::Bytes(b)) => self.rel = RequestId::from_slice(b).ok(),
            (key, Value::Bytes(b)) => {
                if let (Some(_), Some(b)) = (blob_prefix(key), blob_ref(b)) {
                    self.blobs.push(b);
                }
            }
            _ => {}
        }
    }

    /// The request; `None` when a required field is missing (`v`, `kind`, `at`, `no`).
    #[must_use]
    pub fn finish(self) -> Option<Request> {
        Some(Request {
            schema: self.schema?,
            title: self.title,
            desc: self.desc,
            category: self.category,
            kind: self.kind?,
            gps: self.gps,
            addr: self.addr,
            at: self.at?,
            no: self.no?,
            discreet: self.discreet,
            rel: self.rel,
            blobs: self.blobs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photos_key_is_the_beginning_of_a_hash() {
        let hex = "0123456789abcdef".repeat(4);
        for len in [8, 10, 62, 64] {
            assert_eq!(blob_prefix(&format!("b/{}", &hex[..len])), Some(&hex[..len]));
        }
        let long = "0123456789abcdef".repeat(5);
        for wrong in
            ["b/", "b/0123456", "b/012345678", "b/012345", "b/0123456g", "b/ABCDEF01", "c/01234567", "01234567"]
        {
            assert_eq!(blob_prefix(wrong), None, "{wrong}");
        }
        assert_eq!(blob_prefix(&format!("b/{}", &long[..66])), None);
    }

    #[test]
    fn a_photo_takes_the_shortest_key_that_is_free() {
        let hash = BlobHash([0xab; 32]);
        assert_eq!(blob_key(&hash, |_| false), "b/abababab");
        assert_eq!(blob_key(&hash, |key| key.len() < 14), "b/abababababab");
        assert_eq!(blob_key(&hash, |_| true), format!("b/{}", "ab".repeat(32)));
    }

    #[test]
    fn a_voice_note_has_seconds_and_no_height() {
        let voice = |width, height| BlobRef { hash: BlobHash([1; 32]), kind: BlobKind::Voice, size: 9, width, height };
        assert!(blob_bytes(&voice(60, 0)).is_some());
        assert_eq!((blob_bytes(&voice(61, 0)), blob_bytes(&voice(60, 1))), (None, None));
    }
}
