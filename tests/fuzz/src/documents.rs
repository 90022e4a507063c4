//! Changes of documents. The checksum is put right first: an attacker can, and a fuzzer cannot.

use std::sync::LazyLock;

use mbs_shared::document::forge::with_right_checksum;
use mbs_shared::document::{Document, join, project_first, verify, verify_first};
use mbs_shared::id::{Actor, CaseNo, DeviceNo, Prefix};
use mbs_shared::pack::{pack, unpack};
use mbs_shared::request::{Kind, Request};

/// Bytes of one change, unpacked.
const CAP: usize = 32 * 1024;

/// What later changes are joined to.
pub(crate) static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let request = Request {
        schema: mbs_shared::request::SCHEMA,
        title: "Mazgal".into(),
        desc: "Eczanenin önündeki mazgal tıkalı.".into(),
        category: "yol.cukur".into(),
        kind: Kind::Complaint,
        gps: None,
        addr: String::new(),
        at: 1_795_500_000_000,
        no: CaseNo::new(Prefix::new(77), 57, 9),
        discreet: false,
        rel: None,
        blobs: Vec::new(),
    };
    match Document::create(Actor::new(DeviceNo(7), [7; 8]), &request) {
        Ok((_, change)) => change.raw,
        Err(e) => unreachable!("{e}"),
    }
});

pub(crate) fn first(bytes: &[u8]) {
    let raw = with_right_checksum(bytes);
    let Ok((checked, request)) = verify_first(&raw) else {
        assert!(verify(&raw).is_err());
        return;
    };
    if !checked.is_first() {
        return;
    }
    // What is accepted can be loaded again, and says the same both ways.
    let read = Document::load(&[&raw]).and_then(|document| document.read());
    match request {
        Some(request) => {
            assert_eq!(project_first(&raw).as_ref(), Ok(&request));
            assert_eq!(read.map(|r| r.request).ok(), Some(request));
        }
        None => assert!(checked.unsuited.is_some() || read.is_err() || project_first(&raw).is_err()),
    }
}

pub(crate) fn later(bytes: &[u8]) {
    let raw = with_right_checksum(bytes);
    let base: &[u8] = &BASE;
    let Ok(mut document) = join(&[base], &raw) else { return };
    assert!(document.read().is_ok(), "accepted and not readable");
    let again = Document::load(&[base, &raw]).map(|mut again| (again.heads(), again.read().ok()));
    assert_eq!(again.ok(), Some((document.heads(), document.read().ok())), "accepted and not loaded as it was");
}

pub(crate) fn packed(bytes: &[u8]) {
    if let Ok(raw) = unpack(bytes, CAP) {
        assert!(raw.len() <= CAP);
    }
    if bytes.len() <= CAP {
        assert_eq!(unpack(&pack(bytes), CAP).as_deref(), Ok(bytes));
    }
}
