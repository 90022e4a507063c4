//! What just fits is taken, and one more is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod document_support;

use document_support::*;
use mbs_shared::document::forge::{Forge, ForgedOp};
use mbs_shared::document::schema::{MAX_CHANGE, MAX_DEPS, MAX_KEY, MAX_PREDS};
use mbs_shared::document::{Document, DocumentError, Unfit, join, verify};
use mbs_shared::request::{Edit, MAX_ADDR, MAX_CATEGORY, MAX_DESC, MAX_TITLE};
use mbs_shared::wire::error::Code;

/// A first change of a newer schema, which may carry what ours does not know.
fn newer() -> Forge {
    let first = Document::create(office(), &pothole()).unwrap().1.raw;
    Forge::of(&first).unwrap().put("v", 3, &[2])
}

/// A later change by the other tablet.
fn later() -> Forge {
    let (mut document, _) = Document::create(office(), &pothole()).unwrap();
    let second = document.edit(street(), 5, &[Edit::Desc("Çukur büyüdü.".to_owned())]).unwrap().unwrap();
    Forge::of(&second.raw).unwrap()
}

fn said(forge: &Forge) -> Result<(), Code> {
    verify(&forge.bytes()).map(|_| ())
}

#[test]
fn words_fill_their_fields() {
    for (most, edit) in [
        (MAX_TITLE, Edit::Title as fn(String) -> Edit),
        (MAX_DESC, Edit::Desc),
        (MAX_CATEGORY, Edit::Category),
        (MAX_ADDR, Edit::Addr),
    ] {
        let (mut document, _) = Document::create(office(), &pothole()).unwrap();
        assert!(document.edit(office(), 5, &[edit("x".repeat(most))]).unwrap().is_some(), "{most}");
        let more = document.edit(office(), 6, &[edit("x".repeat(most + 1))]);
        assert!(matches!(more, Err(DocumentError::Limit(_))), "{more:?}");
    }
}

#[test]
fn six_photos_are_taken() {
    let (mut document, _) = Document::create(office(), &pothole()).unwrap();
    let three: Vec<Edit> = (20..23).map(|n| Edit::AddBlob(photo(n))).collect();
    assert!(document.edit(office(), 5, &three).unwrap().is_some());
    assert_eq!(document.read().unwrap().request.blobs.len(), 6);
    assert!(matches!(document.edit(office(), 6, &[Edit::AddBlob(photo(30))]), Err(DocumentError::Limit("photos"))));
}

#[test]
fn a_change_fills_its_bytes() {
    let padded = |len: usize| newer().put("hood", 7, &vec![7; len]);
    let around = padded(20_000).bytes().len() - 20_000;
    let full = padded(MAX_CHANGE - around);
    assert_eq!((full.bytes().len(), said(&full)), (MAX_CHANGE, Ok(())));
    assert_eq!(said(&padded(MAX_CHANGE - around + 1)), Err(Code::TooLarge));
}

#[test]
fn a_change_builds_on_eight_others() {
    let on = |count: usize| Forge { deps: (0..count).map(|n| [n as u8 + 1; 32]).collect(), ..later() };
    assert_eq!(said(&on(MAX_DEPS)), Ok(()));
    assert_eq!(said(&on(MAX_DEPS + 1)), Err(Code::TooMany));
}

#[test]
fn keys_of_a_newer_schema_are_short_and_not_empty() {
    let with = |key: &str| {
        let mut forge = newer().put(key, 6, b"x");
        forge.ops.sort_by(|a, b| a.key.cmp(&b.key));
        said(&forge)
    };
    assert_eq!(with(&"k".repeat(MAX_KEY)), Ok(()));
    assert_eq!(with(&"k".repeat(MAX_KEY + 1)), Err(Code::UnknownKey));
    assert_eq!(with(""), Err(Code::UnknownKey));
}

#[test]
fn a_newer_schema_may_bring_other_scalars() {
    for (kind, raw) in [(0, &[][..]), (4, &[0x7f]), (5, &[1, 2, 3, 4, 5, 6, 7, 8]), (9, &[3])] {
        assert_eq!(said(&newer().put("hood", kind, raw)), Ok(()), "{kind}");
    }
    assert_eq!(said(&newer().put("hood", 5, &[1, 2, 3, 4, 5, 6, 7])), Err(Code::Malformed));
    assert_eq!(said(&newer().put("hood", 5, &[1; 9])), Err(Code::Malformed));
    assert_eq!(said(&newer().put("hood", 10, &[])), Err(Code::BadValue));
}

/// A later change whose one operation names so many versions, each of a tablet of its own.
fn naming(count: usize) -> Forge {
    let others: Vec<Vec<u8>> = (0..count).map(|n| [&[1][..], &(n as u32).to_be_bytes(), &[9; 11]].concat()).collect();
    let preds = (0..count).map(|n| (1, n as u64 + 1)).collect();
    let op = ForgedOp { key: "desc".to_owned(), action: 1, kind: 6, raw: b"x".to_vec(), preds };
    Forge { others, ops: vec![op], ..later() }
}

#[test]
fn a_change_names_a_thousand_versions_and_each_once() {
    assert_eq!(said(&naming(MAX_PREDS)), Ok(()));
    assert_eq!(said(&naming(MAX_PREDS + 1)), Err(Code::TooMany));
    let mut own = naming(3);
    own.others[1].clone_from(&own.actor);
    own.others.sort();
    assert_eq!(said(&own), Err(Code::BadHash), "the author is none of the others");
    for (a, b) in [(0, 1), (1, 0)] {
        let mut two = naming(2);
        two.others = vec![two.others[a].clone(), two.others[b].clone()];
        assert_eq!(said(&two), if a < b { Ok(()) } else { Err(Code::BadHash) });
    }
    let mut twice = naming(2);
    twice.others[1] = twice.others[0].clone();
    assert_eq!(said(&twice), Err(Code::BadHash));
    let mut again = naming(1);
    again.ops[0].preds = vec![(1, 1), (1, 1)];
    assert_eq!(said(&again), Err(Code::BadHash), "one version twice");
}

#[test]
fn a_column_comes_once() {
    let key = later().column(0x15, b"\x7f\x04desc").column(0x15, b"\x7f\x04desc");
    assert_eq!(said(&key), Err(Code::Malformed));
    let many = (0..15).fold(later(), |forge, n| forge.column(1_000 + n * 16, &[1]));
    assert_eq!(said(&many), Err(Code::Malformed));
}

/// What version a document is of is said when it begins. It can be raised, and is never said again.
#[test]
fn a_schema_is_raised_and_not_said_twice() {
    let (mut document, first) = Document::create(office(), &pothole()).unwrap();
    let first = first.raw;
    let edit = document.edit(street(), 5, &[Edit::Desc("kısa".to_owned())]).unwrap().unwrap();
    let plain = Forge::of(&edit.raw).unwrap();
    let at = Forge::of(&first).unwrap().ops.iter().position(|op| op.key == "v").unwrap() as u64 + 1;
    let set = |v: u8| {
        let op = ForgedOp { key: "v".to_owned(), action: 1, kind: 3, raw: vec![v], preds: vec![(at, 1)] };
        Forge { ops: vec![op], others: vec![office().0.to_vec()], ..plain.clone() }.bytes()
    };
    assert!(join(&[&first], &set(2)).is_ok());
    assert_eq!(join(&[&first], &set(1)).map(|_| ()), Err(Unfit::Rejected(Code::BadHistory)));
}
