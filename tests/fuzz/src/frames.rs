//! Frames of the wire, either way.

use std::convert::Infallible;
use std::fmt::Debug;

use ed25519_dalek::SigningKey;
use mbs_server::handlers;
use mbs_shared::id::PublicKey;
use mbs_shared::pack::unpack;
use mbs_shared::receipt::SignedReceipt;
use mbs_shared::routing::Event;
use mbs_shared::signature::{Purpose, signature_of};
use mbs_shared::wire::announcement::{Announcements, Seen};
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::courier::{CourierReply, Letter, Parts};
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::entry::Entry;
use mbs_shared::wire::error::{Code, Envelope};
use mbs_shared::wire::events::{announced, announced_of};
use mbs_shared::wire::map::MapPack;
use mbs_shared::wire::nearby::NearbyReply;
use mbs_shared::wire::reconcile::ReconcileReply;
use mbs_shared::wire::revocation::SignedRevocation;
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{ItemResult, Row, RowBody, SyncReply};
use mbs_shared::wire::units::Units;
use mbs_shared::wire::{decode, encode};
use minicbor::{Decode, Encode};

/// Bytes of one item, unpacked.
const ITEM: usize = 32 * 1024;

/// What was read and written again reads the same.
fn again<T>(bytes: &[u8]) -> Option<T>
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let frame: T = decode(bytes).ok()?;
    assert_eq!(decode::<T>(&encode(&frame)).as_ref(), Ok(&frame));
    Some(frame)
}

pub(crate) fn sync_request(bytes: &[u8]) {
    let Ok(frame) = handlers::sync::read(bytes) else { return };
    assert_eq!(handlers::sync::read(&encode(&frame)).as_ref(), Ok(&frame));
    for item in &frame.items {
        if let Ok(raw) = unpack(&item.packed, ITEM) {
            let _ = mbs_shared::document::verify_first(&raw);
            let _ = decode::<Entry>(&raw);
        }
    }
}

pub(crate) fn sync_reply(bytes: &[u8]) {
    let Some(frame) = again::<SyncReply>(bytes) else { return };
    for result in &frame.results {
        if let ItemResult::Ok { decided: Some(decided), .. } = result {
            events(&decided.packed);
        }
    }
    rows(&frame.rows);
}

pub(crate) fn snapshot(bytes: &[u8]) {
    if let Some(page) = again::<SnapshotPage>(bytes) {
        rows(&page.rows);
    }
}

fn rows(rows: &[Row]) {
    for row in rows {
        match &row.body {
            RowBody::Event(decided) => events(&decided.packed),
            RowBody::Change { packed, .. } | RowBody::Entry { packed, .. } => drop(unpack(packed, ITEM)),
            _ => {}
        }
    }
}

fn events(packed: &[u8]) {
    let raw = match packed.split_first() {
        Some((0, plain)) => plain.to_vec(),
        _ => match unpack(packed, ITEM) {
            Ok(raw) => raw,
            Err(_) => return,
        },
    };
    if let Ok(events) = Event::decode_together(&raw) {
        assert_eq!(Event::decode_together(&Event::encode_together(events.iter())), Ok(events));
    }
}

pub(crate) fn reconcile(bytes: &[u8]) {
    if let Ok(frame) = handlers::reconcile::read(bytes) {
        assert_eq!(handlers::reconcile::read(&encode(&frame)).as_ref(), Ok(&frame));
    }
    again::<ReconcileReply>(bytes);
}

pub(crate) fn small(bytes: &[u8]) {
    again::<BlobStatus>(bytes);
    again::<CourierReply>(bytes);
    again::<EnrolRequest>(bytes);
    again::<EnrolReply>(bytes);
    again::<Entry>(bytes);
    again::<SignedRevocation>(bytes);
    again::<NearbyReply>(bytes);
    again::<Announcements>(bytes);
    again::<MapPack>(bytes);
    again::<Units>(bytes);
    if let Some(receipt) = again::<SignedReceipt>(bytes) {
        assert_eq!(SignedReceipt::read(&receipt.text()), Ok(receipt), "a QR code says the same");
    }
    again::<Seen>(bytes);
    events(bytes);
    if let Some(reach) = std::str::from_utf8(bytes).ok().and_then(announced_of) {
        assert_eq!(announced_of(&announced(reach)), Some(reach));
    }
    let _ = serde_json::from_slice::<Envelope>(bytes);
}

/// A courier's file, and what lies inside a seal, signed by a tablet that is known.
pub(crate) fn courier(bytes: &[u8]) {
    if let Ok(parts) = Parts::of(bytes) {
        let read: usize = parts.map(|part| part.map_or(0, <[u8]>::len)).sum();
        assert!(read <= bytes.len());
    }
    let key = SigningKey::from_bytes(&[7; 32]);
    let known = |_| Ok::<_, Code>(Some(PublicKey(key.verifying_key().to_bytes())));
    assert!(Letter::open(bytes, known).is_err(), "nobody can sign for it");
    // What its own tablet signed, whatever it is.
    let signature = signature_of(&key, Purpose::Courier, bytes);
    let mut signed = Vec::new();
    let mut out = minicbor::Encoder::new(&mut signed);
    let written: Result<_, minicbor::encode::Error<Infallible>> =
        out.array(2).and_then(|e| e.bytes(bytes)).and_then(|e| e.encode(signature)).map(drop);
    if written.is_ok()
        && let Ok(letter) = Letter::open(&signed, known)
    {
        assert_eq!(Letter::open(&letter.sign(&key), known), Ok(letter));
    }
}
