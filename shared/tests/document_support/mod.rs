//! People, requests and generators for the stories about documents.

#![allow(dead_code, reason = "each program uses its own part")]

use mbs_shared::blob::{BlobKind, BlobRef, name_of};
use mbs_shared::id::{Actor, CaseNo, DeviceNo, Prefix, RequestId};
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Edit, Kind, Request};
use proptest::prelude::*;

/// The tablet in the muhtar's office, one process start of it.
pub(crate) fn office() -> Actor {
    Actor::new(DeviceNo(0x1111), [1; 8])
}

/// The tablet of the same muhtarlık that goes out on the street.
pub(crate) fn street() -> Actor {
    Actor::new(DeviceNo(0x2222), [2; 8])
}

/// A third one.
pub(crate) fn spare() -> Actor {
    Actor::new(DeviceNo(0x0333), [3; 8])
}

/// A photo of its own.
pub(crate) fn photo(n: u32) -> BlobRef {
    let hash = name_of(&n.to_be_bytes());
    BlobRef { hash, kind: BlobKind::Photo, size: 180_000 + n, width: 2_048, height: 1_536 }
}

/// Photos in the order of their keys.
fn sorted(mut blobs: Vec<BlobRef>) -> Vec<BlobRef> {
    blobs.sort_by_key(|b| b.hash);
    blobs.dedup_by_key(|b| b.hash);
    blobs
}

/// What the muhtar saw on the street.
pub(crate) fn pothole() -> Request {
    Request {
        schema: 1,
        title: "Okul önünde çukur".to_owned(),
        desc: "İlkokulun önündeki yolda derin bir çukur var. Yağmurda su doluyor, görünmüyor. \
               Geçen hafta bir bisikletli düştü. Servisler de kaldırımdan geçiyor, çocuklar tehlikede. \
               Gereğini arz ederim."
            .to_owned(),
        category: "yol.cukur".to_owned(),
        kind: Kind::Complaint,
        gps: Some(Fix { lat: 41.015_137, lon: 28.979_53, accuracy: 12.0, source: FixSource::Gps }),
        addr: "Cumhuriyet Mah., Okul Sk. No: 4".to_owned(),
        at: 1_790_000_000_000,
        no: CaseNo::new(Prefix::new(0x1_2345), 142, 0x2fd),
        discreet: false,
        rel: None,
        blobs: sorted(vec![photo(1), photo(2), photo(3)]),
    }
}

fn any_fix() -> impl Strategy<Value = Fix> {
    let source = prop_oneof![Just(FixSource::Gps), Just(FixSource::Photo), Just(FixSource::Map)];
    (40_000_000..42_000_000_i32, -180_000_000..180_000_000_i32, 0..=u16::MAX, source).prop_map(
        |(lat, lon, metres, source)| Fix {
            lat: f64::from(lat) / 1e6,
            lon: f64::from(lon) / 1e6,
            accuracy: f64::from(metres),
            source,
        },
    )
}

fn any_blob() -> impl Strategy<Value = BlobRef> {
    prop_oneof![
        (any::<u32>(), 1..=400_u32 * 1024, 1..=2_048_u16, 1..=2_048_u16).prop_map(|(n, size, width, height)| BlobRef {
            hash: name_of(&n.to_be_bytes()),
            kind: BlobKind::Photo,
            size,
            width,
            height
        }),
        (any::<u32>(), 1..=60_u16).prop_map(|(n, seconds)| BlobRef {
            hash: name_of(&n.to_le_bytes()),
            kind: BlobKind::Voice,
            size: 30_000,
            width: seconds,
            height: 0
        }),
    ]
}

/// Any request a tablet could file.
pub(crate) fn any_request() -> impl Strategy<Value = Request> {
    let words = ("\\PC{0,40}", "[a-zçğıöşü .,\n]{0,600}", "[a-z]{0,8}(\\.[a-z-]{1,12})?", "\\PC{0,60}");
    let rest = (
        proptest::sample::select(Kind::ALL.to_vec()),
        proptest::option::of(any_fix()),
        -1_000_000_000_000..4_000_000_000_000_i64,
        (0..Prefix::COUNT, 1..999_999_u32, 0..1024_u16),
        any::<bool>(),
        proptest::option::of(any::<[u8; 16]>()),
        proptest::collection::vec(any_blob(), 0..=6),
    );
    (words, rest).prop_map(|((title, desc, category, addr), (kind, gps, at, no, discreet, rel, blobs))| Request {
        schema: 1,
        title,
        desc,
        category,
        kind,
        gps,
        addr,
        at,
        no: CaseNo::new(Prefix::new(no.0), no.1, no.2),
        discreet,
        rel: rel.map(RequestId),
        blobs: sorted(blobs),
    })
}

/// Any edit, in one or the other version.
pub(crate) fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        "[a-c]{0,2}".prop_map(Edit::Title),
        "[a-c]{0,2}".prop_map(Edit::Desc),
        "[a-c]{0,2}".prop_map(Edit::Category),
        "[a-c]{0,2}".prop_map(Edit::Addr),
        proptest::sample::select(Kind::ALL.to_vec()).prop_map(Edit::Kind),
        proptest::option::of(any_fix()).prop_map(Edit::Gps),
        any::<bool>().prop_map(Edit::Discreet),
        (0..3_u32).prop_map(|n| Edit::AddBlob(photo(n))),
        (0..3_u32).prop_map(|n| Edit::RemoveBlob(photo(n).hash)),
        proptest::sample::select(vec!["title", "desc", "cat", "kind", "gps"]).prop_map(|k| Edit::Keep(k.to_owned())),
    ]
}
