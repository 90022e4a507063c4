//! Frames: their bytes, their sizes, and what happens to bytes that are none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::fmt::Write;

use mbs_shared::digest::Digest;
use mbs_shared::id::{BlobHash, DeviceNo, EntryId, Mac, OfficialNo, PublicKey, RequestId, SessionId};
use mbs_shared::routing::{Channel, Event, Outcome, State, What, Who};
use mbs_shared::signature::ServerKey;
use mbs_shared::wire::announcement::{Announcement, Announcements, Reach, Seen};
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::courier::{CourierReply, Enclosed, Letter};
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::entry::{Entry, EntryKind, Stamp};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::map::{FORMAT, MapPack};
use mbs_shared::wire::nearby::{Around, NearbyReply, OfCategory, Spot};
use mbs_shared::wire::reconcile::{Known, Lost, ReconcileReply, ReconcileRequest};
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{
    About, Cursor, Decided, FIRST_PAGE, Item, ItemKind, ItemResult, Past, Row, RowBody, SyncReply, SyncRequest,
};
use mbs_shared::wire::units::{UnitName, Units};
use mbs_shared::wire::version::{Abilities, PROTOCOL};
use mbs_shared::wire::{decode, encode};
use minicbor::{Decode, Encode};

/// 24 November 2026, 09:00 in Istanbul.
const NOW: i64 = 1_795_500_000_000;

fn request_id() -> RequestId {
    RequestId([0x11; 16])
}

fn mac() -> Mac {
    Mac([0x22; 16])
}

fn idle_request() -> SyncRequest {
    SyncRequest {
        version: PROTOCOL,
        abilities: Abilities::OURS,
        session: SessionId([0x33; 16]),
        cursor: Cursor { epoch: 1, seq: 48_213 },
        now: NOW,
        page: FIRST_PAGE,
        created: 57,
        items: vec![],
        digest: Some(Digest(0x0123_4567_89ab_cdef)),
        about: None,
    }
}

fn idle_reply() -> SyncReply {
    SyncReply {
        version: PROTOCOL,
        abilities: Abilities::OURS,
        session: SessionId([0x33; 16]),
        now: NOW,
        results: vec![],
        rows: vec![],
        cursor: Cursor { epoch: 1, seq: 48_213 },
        more: false,
        snapshot: false,
        differs: None,
        revocation: None,
        made: None,
        twin: None,
        announced: None,
        units: None,
        map: None,
    }
}

fn item(kind: ItemKind, mac: Option<Mac>) -> Item {
    Item { kind, request: request_id(), packed: vec![0, 1, 2, 3].into(), count: 57, mac, past: None }
}

fn rows() -> Vec<Row> {
    let packed = || vec![0, 1, 2, 3].into();
    let stamp = Stamp { at: NOW, author: "Muhtarlıklar Müdürlüğü".into() };
    [
        RowBody::Change { packed: packed(), mac: mac() },
        RowBody::Entry { packed: packed(), stamp, mac: mac() },
        RowBody::Event(Decided { packed: packed(), mac: mac() }),
        RowBody::Blob { hash: BlobHash([0x44; 32]) },
        RowBody::Erased,
    ]
    .map(|body| Row { request: request_id(), body })
    .into()
}

fn entry() -> Entry {
    Entry {
        id: EntryId([0x55; 16]),
        kind: EntryKind::Object,
        text: "Çukur hâlâ duruyor.".into(),
        at: NOW,
        photos: vec![BlobHash([0x44; 32])],
    }
}

fn event(what: What) -> Event {
    Event { n: 3, at: NOW, by: Who::Triage, what, note: String::new(), entry: None }
}

/// One call for each kind of frame.
trait Visit {
    fn frame<T>(&mut self, name: &str, frame: T)
    where
        T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug;
}

fn all_frames(to: &mut impl Visit) {
    to.frame("SyncRequest, idle", idle_request());
    to.frame("SyncReply, idle", idle_reply());
    let items = vec![item(ItemKind::Change, None), item(ItemKind::Entry, Some(mac()))];
    to.frame("SyncRequest, two items", SyncRequest { items, ..idle_request() });
    let about = Some(About { app: "0.1.0".into(), free: 20_480, battery: None });
    let low = Some(About { app: "0.1.0".into(), free: 20_480, battery: Some(12) });
    to.frame("SyncRequest, with a battery", SyncRequest { about: low, ..idle_request() });
    to.frame("SyncRequest, first of a process", SyncRequest { about, ..idle_request() });
    let results = vec![
        ItemResult::Ok { mac: mac(), decided: None },
        ItemResult::Ok { mac: mac(), decided: Some(Decided { packed: vec![0, 9].into(), mac: mac() }) },
        ItemResult::MissingDeps,
        ItemResult::Fork,
        ItemResult::Rejected(Code::BadValue),
        ItemResult::Erased,
        ItemResult::Later,
        ItemResult::Begun,
    ];
    to.frame("SyncReply, every result and row", SyncReply { results, rows: rows(), more: true, ..idle_reply() });
    to.frame("SyncReply, to a copied tablet", SyncReply { made: Some(57), twin: Some(true), ..idle_reply() });
    let cursor = Cursor { epoch: 1, seq: 9 };
    to.frame("SnapshotPage", SnapshotPage { rows: rows(), next: Some(request_id()), cursor });
    to.frame("SnapshotPage, the last", SnapshotPage { rows: vec![], next: None, cursor });
    to.frame("BlobStatus", BlobStatus::of(BlobHash([7; 32]), 16_384, false));
    let asks = EnrolRequest { version: PROTOCOL, code: "K7M2QX".into(), public_key: [0x66; 32], app: "0.1.0".into() };
    to.frame("EnrolRequest", asks);
    to.frame(
        "EnrolReply",
        EnrolReply {
            device: DeviceNo(0x0123_4567_89ab_cdef),
            prefix: "4KR7".into(),
            token: [0x77; 32],
            mandate: 12,
            neighbourhood: "kadikoy-rasimpasa".into(),
            person: "Örnek Muhtar".into(),
            now: NOW,
            epoch: 1,
            server_keys: Some(vec![ServerKey { id: 2, public: PublicKey([0x88; 32]) }]),
            courier: Some("age1…".into()),
        },
    );
    let photo =
        Enclosed { hash: BlobHash([0x55; 32]), request: request_id(), thumb: true, bytes: vec![1, 2, 3].into() };
    let items = vec![item(ItemKind::Change, None)];
    to.frame("Letter", Letter { version: PROTOCOL, device: DeviceNo(7), created: 57, items, photos: vec![photo] });
    to.frame("CourierReply", CourierReply { taken: 12, refused: 1 });
    let past = Decided { packed: vec![0, 9].into(), mac: mac() };
    let past = Past { events: vec![past], stamp: Some(Stamp { at: NOW, author: "Yol Bakım".into() }) };
    to.frame("Item, offered again", Item { past: Some(past), ..item(ItemKind::Change, Some(mac())) });
    let requests = vec![Known { request: request_id(), digest: Digest(7), photos: vec![8, 9] }];
    to.frame(
        "ReconcileRequest",
        ReconcileRequest { version: PROTOCOL, page: FIRST_PAGE, after: None, requests, last: true },
    );
    let lost = vec![Lost { request: request_id(), photo: 9 }];
    let cursor = Cursor { epoch: 1, seq: 48_213 };
    let differs = vec![request_id()];
    to.frame("ReconcileReply", ReconcileReply { differs, rows: rows(), lost, through: Some(request_id()), cursor });
    let around = |request| {
        let spots = vec![Spot { lat: 40_990, lon: 29_026, state: State::InProgress, day: 20_781, request }];
        let reports = vec![OfCategory { category: "yol.cukur".into(), spots }];
        Some(vec![Around { neighbourhood: "kadikoy-osmanaga".into(), reports }])
    };
    to.frame("NearbyReply", NearbyReply { tag: 7, around: around(None) });
    to.frame("NearbyReply, with identifiers", NearbyReply { tag: 7, around: around(Some(request_id())) });
    to.frame("NearbyReply, nothing new", NearbyReply { tag: 7, around: None });
    let announcement = Announcement {
        id: 12,
        at: NOW,
        reach: Reach::District,
        urgent: true,
        from: "Muhtarlıklar Müdürlüğü".into(),
        title: "Fırtına uyarısı".into(),
        text: "Çatıları denetleyin.".into(),
        withdrawn: false,
        photos: Vec::new(),
    };
    to.frame("Announcements", Announcements { list: vec![announcement.clone()], next: 13, more: false });
    let with_photos = Announcement { photos: vec![BlobHash([0x44; 32])], ..announcement };
    to.frame("Announcements, with a photo", Announcements { list: vec![with_photos], next: 13, more: false });
    to.frame("Seen", Seen { ids: vec![12, 7] });
    to.frame("Units", Units { list: vec![UnitName { code: "md-yol".into(), name: "Yol Bakım Müdürlüğü".into() }] });
    let parts = vec![BlobHash([0x44; 32]); 2];
    to.frame("MapPack", MapPack { version: "2026-12".into(), format: FORMAT, size: 100_000, parts });
    to.frame("SyncReply, with announcements", SyncReply { announced: Some(13), ..idle_reply() });
    to.frame("Entry", entry());
    let (outcome, no) = (Outcome::Partly, OfficialNo { year: 2026, n: 142 });
    for what in [
        What::Received { no, channel: None },
        What::Reviewed,
        What::Routed { unit: "md-yol".into(), due: NOW },
        What::SentOut { unit: "dk-x".into(), due: NOW },
        What::Accepted,
        What::Forwarded { unit: "md-alt".into() },
        What::Returned,
        What::Planned { date: "2026-12-01".into() },
        What::Started,
        What::Asked,
        What::Resumed { due: NOW },
        What::Answered { outcome, photos: vec![BlobHash([0x44; 32])], parent: None },
        What::Corrected,
        What::Concluded { outcome, photos: vec![], parent: None },
        What::TakenBack,
        What::Closed { confirmed: true },
        What::Objected,
        What::Reopened,
        What::Cancelled,
        What::Refused,
        What::Recategorised { category: "yol.cukur".into() },
        What::Wished,
        What::Declined,
        What::Interim,
        What::Linked { no },
        What::Followed { no, outcome },
        What::Joined { no },
        What::Parted { no },
        What::Tasked { unit: "md-park".into(), until: Some("2026-12-01".into()) },
        What::TaskDone { task: 4, photos: vec![] },
        What::TaskDropped { task: 4 },
        What::Moved { unit: "md-park".into(), task: None },
    ] {
        to.frame(&format!("Event, {}", what.code()), event(what));
    }
    let channel = Some(Channel::Petition);
    to.frame("Event, received as a petition", event(What::Received { no, channel }));
    let duplicate = What::Concluded { outcome: Outcome::Duplicate, photos: vec![], parent: Some(no) };
    to.frame("Event, concluded as a duplicate", event(duplicate));
}

#[test]
fn bytes_of_every_frame() {
    struct Bytes(String);
    impl Visit for Bytes {
        fn frame<T>(&mut self, name: &str, frame: T)
        where
            T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
        {
            let bytes = encode(&frame);
            assert_eq!(decode::<T>(&bytes).as_ref(), Ok(&frame), "{name}");
            writeln!(self.0, "{name} ({} B)\n  {}", bytes.len(), hex::encode(bytes)).unwrap();
        }
    }
    let mut out = Bytes(String::new());
    all_frames(&mut out);
    insta::assert_snapshot!(out.0);
}

/// What a tablet with nothing to say costs. The 16 bytes of the session, the clock and the digest are most of it.
#[test]
fn an_idle_exchange_stays_small() {
    assert_eq!((encode(&idle_request()).len(), encode(&idle_reply()).len()), (49, 38));
}

#[test]
fn what_a_newer_side_adds_is_skipped() {
    struct Grow;
    impl Visit for Grow {
        fn frame<T>(&mut self, name: &str, frame: T)
        where
            T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
        {
            let mut bytes = encode(&frame);
            // An array or map of fewer than 22 entries keeps their number in its first byte.
            // Optional fields at the end that are left out are nulls once something follows them.
            let extra: &[&[u8]] = match bytes[0] {
                0x80..=0x95 => &[
                    &[0xf6],
                    &[0xf6],
                    &[0xf6],
                    &[0xf6],
                    &[0xf6],
                    &[0xf6],
                    &[0xf6],
                    &[0x07],
                    &[0xf6],
                    &[0x82, 0x01, 0x61, 0x78],
                    &[0xa1, 0x01, 0x9f, 0x01, 0xff],
                ],
                0xa0..=0xb5 => &[&[0x18, 0x63, 0x07], &[0x18, 0x64, 0x82, 0x01, 0xa1, 0x01, 0x02]],
                other => panic!("{name} begins with {other:#x}"),
            };
            for more in extra {
                bytes[0] += 1;
                bytes.extend_from_slice(more);
                if bytes[0] & 0x1f > 22 {
                    break;
                }
                assert_eq!(decode::<T>(&bytes).as_ref(), Ok(&frame), "{name}");
            }
        }
    }
    all_frames(&mut Grow);
}

#[test]
fn trailing_bytes_are_an_error() {
    let mut bytes = encode(&idle_request());
    bytes.push(0);
    assert_eq!(decode::<SyncRequest>(&bytes), Err(Code::Malformed));
}

#[test]
fn a_code_of_a_newer_side_is_still_a_refusal() {
    // Rejected(99): [3, 99]
    assert_eq!(decode::<ItemResult>(&[0x82, 0x03, 0x18, 0x63]), Ok(ItemResult::Rejected(Code::Internal)));
    for (n, code) in (0_u32..).zip(Code::ALL) {
        assert_eq!(encode(&code), encode(&n), "{code:?} has its place in ALL");
        assert_eq!(decode::<Code>(&encode(&code)), Ok(code));
    }
}

/// `SplitMix64`: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

#[test]
fn cut_and_broken_frames_are_refused_without_harm() {
    struct Break(Random);
    impl Visit for Break {
        fn frame<T>(&mut self, name: &str, frame: T)
        where
            T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
        {
            let whole = encode(&frame);
            for end in 0..whole.len() {
                assert_eq!(decode::<T>(&whole[..end]), Err(Code::Malformed), "{name} cut at {end}");
            }
            for _ in 0..500 {
                let mut bytes = whole.clone();
                for _ in 0..=self.0.below(4) {
                    let at = self.0.below(bytes.len());
                    bytes[at] = self.0.byte();
                }
                // Whatever it is now, it is read or refused; what is read can be written.
                if let Ok(frame) = decode::<T>(&bytes) {
                    let _ = encode(&frame);
                }
            }
            for _ in 0..500 {
                let noise: Vec<u8> = (0..self.0.below(200)).map(|_| self.0.byte()).collect();
                let _ = decode::<T>(&noise);
            }
        }
    }
    all_frames(&mut Break(Random(2026)));
}

/// A header that promises 2^32 or 2^63 elements. Room made on its word would end the process; the
/// decoder makes room only for what it has read.
#[test]
fn a_promised_length_reserves_nothing() {
    const LENGTHS: [u64; 4] = [1 << 20, 1 << 32, 1 << 62, u64::MAX];
    // Array, bytes, text, map: eight bytes of length follow.
    for head in [0x9b_u8, 0x5b, 0x7b, 0xbb] {
        for length in LENGTHS {
            let mut bomb = vec![head];
            bomb.extend(length.to_be_bytes());
            // In place of the whole frame, of `items`, of `packed`, of `code` and of `text`.
            assert_eq!(decode::<SyncRequest>(&bomb), Err(Code::Malformed));
            assert_eq!(decode::<Vec<Item>>(&bomb), Err(Code::Malformed));
            let request = encode(&idle_request());
            assert_eq!(decode::<SyncRequest>(&[&request[..request.len() - 1], &bomb].concat()), Err(Code::Malformed));
            let one = encode(&item(ItemKind::Change, None));
            let packed = [0x44, 0, 1, 2, 3];
            let at = one.windows(5).position(|w| w == packed).unwrap();
            assert_eq!(decode::<Item>(&[&one[..at], &bomb, &one[at + 5..]].concat()), Err(Code::Malformed));
            assert_eq!(decode::<Entry>(&[&[0xa1, 0x02], &bomb[..]].concat()), Err(Code::Malformed));
            assert_eq!(decode::<Entry>(&[&[0xa1, 0x04], &bomb[..]].concat()), Err(Code::Malformed));
            assert_eq!(decode::<EnrolRequest>(&[&[0xa1, 0x01], &bomb[..]].concat()), Err(Code::Malformed));
            // In a field that nobody knows.
            assert_eq!(decode::<BlobStatus>(&[&[0x84, 0x00, 0xf4, 0xf6], &bomb[..]].concat()), Err(Code::Malformed));
        }
    }
}

/// Nesting as deep as a frame is long, where a newer field would be: skipped without a deep stack.
#[test]
fn deep_nesting_in_an_unknown_field_is_harmless() {
    for opening in [0x81_u8, 0x9f, 0xd8] {
        let mut bytes = vec![0x84, 0x00, 0xf4, 0xf6];
        for _ in 0..200_000 {
            bytes.push(opening);
            if opening == 0xd8 {
                bytes.push(0x20);
            }
        }
        assert_eq!(decode::<BlobStatus>(&bytes), Err(Code::Malformed));
        bytes.push(0);
        if opening == 0x9f {
            bytes.extend(std::iter::repeat_n(0xff, 200_000));
        }
        assert_eq!(decode::<BlobStatus>(&bytes), Ok(BlobStatus { have: 0, done: false, of: None }));
    }
}
