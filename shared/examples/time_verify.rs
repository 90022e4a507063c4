//! What verification costs: `cargo run --release -p mbs-shared --example time_verify`.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use mbs_shared::blob::{BlobKind, BlobRef, name_of};
use mbs_shared::document::{Document, join, project_first, verify, verify_first};
use mbs_shared::id::{Actor, CaseNo, DeviceNo, Prefix};
use mbs_shared::pack::{pack, unpack};
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Edit, Kind, Request};

fn time(what: &str, mut f: impl FnMut()) {
    // The best of many short rounds: other work on the machine only ever adds.
    let best = (0..200)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..50 {
                f();
            }
            start.elapsed().as_secs_f64() / 50.0
        })
        .fold(f64::INFINITY, f64::min);
    println!("{what}: {:.1} µs", best * 1e6);
}

fn main() {
    let words = "İlkokulun önündeki yolda derin bir çukur var. Yağmurda su doluyor, görünmüyor. Geçen hafta bir \
                 bisikletli düştü. Servisler de kaldırımdan geçiyor, çocuklar tehlikede. Daha önce de söyledik, \
                 gelen olmadı; okul açılmadan onarılmasını istiyoruz. Gereğini arz ederim. Mahalle sakinleri adına.";
    let photo = |n: u8| BlobRef {
        hash: name_of(&[n]),
        kind: BlobKind::Photo,
        size: 210_000 + u32::from(n),
        width: 2_048,
        height: 1_536,
    };
    let request = Request {
        schema: 1,
        title: String::new(),
        desc: words.to_owned(),
        category: "yol.cukur".to_owned(),
        kind: Kind::Complaint,
        gps: Some(Fix { lat: 41.015_137, lon: 28.979_53, accuracy: 12.0, source: FixSource::Gps }),
        addr: String::new(),
        at: 1_790_000_000_000,
        no: CaseNo::new(Prefix::new(0x1_2345), 142, 0x2fd),
        discreet: false,
        rel: None,
        blobs: vec![photo(1), photo(2), photo(3)],
    };
    let me = Actor::new(DeviceNo(0x1234_5678_9abc_def0), *b"\x9e\x31\x5c\x77\x0a\xd4\xb8\x63");
    let (mut document, first) = Document::create(me, &request).unwrap();
    let packed = pack(&first.raw);
    println!("{} characters, 3 photos: {} B raw, {} B packed", words.chars().count(), first.raw.len(), packed.len());
    let second = document.edit(me, 1, &[Edit::Desc("Çukur büyüdü.".to_owned())]).unwrap().unwrap();
    println!("one edit: {} B raw, {} B packed", second.raw.len(), pack(&second.raw).len());
    let keep = |done: bool| assert!(black_box(done));
    time("verify", || keep(verify(black_box(&first.raw)).is_ok()));
    time("project_first", || keep(project_first(black_box(&first.raw)).is_ok()));
    time("verify_first", || keep(verify_first(black_box(&first.raw)).is_ok()));
    time("join a second change", || keep(join(&[&first.raw], black_box(&second.raw)).is_ok()));
    time("Document::create", || keep(Document::create(me, black_box(&request)).is_ok()));
    time("Document::load and read", || keep(Document::load(&[&first.raw]).unwrap().read().is_ok()));
    time("pack", || keep(!pack(black_box(&first.raw)).is_empty()));
    time("unpack", || keep(unpack(black_box(&packed), 32 * 1024).is_ok()));
}
