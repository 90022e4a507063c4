//! One request, several tablets: what is written offline, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod document_support;

use document_support::*;
use mbs_shared::document::{Conflict, Document, DocumentError, Version, project_first, verify};
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Edit, Kind};
use proptest::prelude::*;

#[test]
fn a_new_request_is_read_back_from_its_document_and_from_its_change() {
    let request = pothole();
    let (document, first) = Document::create(office(), &request).unwrap();
    let reading = document.read().unwrap();
    assert_eq!(reading.request, request);
    assert!(reading.conflicts.is_empty());

    let checked = verify(&first.raw).unwrap();
    assert_eq!((checked.hash, checked.actor, checked.at), (first.hash, office(), request.at));
    assert_eq!((checked.seq, checked.start_op, checked.schema, checked.newer), (1, 1, Some(1), false));
    assert!(checked.is_first());
    assert_eq!(project_first(&first.raw).unwrap(), request);
}

#[test]
fn empty_fields_are_left_out_and_come_back_empty() {
    let mut request = pothole();
    (request.title, request.addr, request.gps, request.rel) = (String::new(), String::new(), None, None);
    request.blobs.clear();
    let (document, first) = Document::create(office(), &request).unwrap();
    assert_eq!(document.read().unwrap().request, request);
    for key in ["title", "addr", "gps", "rel", "discreet", "b/"] {
        assert!(!first.raw.windows(key.len()).any(|w| w == key.as_bytes()), "{key}");
    }
}

#[test]
fn several_edits_make_one_change_and_none_makes_none() {
    let (mut document, first) = Document::create(office(), &pothole()).unwrap();
    let at = pothole().at + 5_000;
    let edits = [
        Edit::Title("Çukur".to_owned()),
        Edit::Desc("ara".to_owned()),
        Edit::Desc("Çukur büyüdü.".to_owned()),
        Edit::Gps(None),
        Edit::RemoveBlob(pothole().blobs[0].hash),
    ];
    let change = document.edit(office(), at, &edits).unwrap().unwrap();
    let checked = verify(&change.raw).unwrap();
    assert_eq!((checked.ops, checked.seq, checked.at, checked.deps), (4, 2, at, vec![first.hash]));
    assert_eq!(document.heads(), [change.hash]);

    let now = document.read().unwrap().request;
    assert_eq!((now.title.as_str(), now.desc.as_str(), now.gps), ("Çukur", "Çukur büyüdü.", None));
    assert_eq!(now.blobs, pothole().blobs[1..]);
    assert_eq!(document.edit(office(), at, &edits).unwrap(), None, "the same again changes nothing");
    assert_eq!(document.edit(office(), at, &[Edit::Rel(None), Edit::Keep("desc".to_owned())]).unwrap(), None);
}

#[test]
fn a_removed_photo_can_be_brought_back() {
    let (mut document, _) = Document::create(office(), &pothole()).unwrap();
    let b = pothole().blobs[0];
    document.edit(office(), 10, &[Edit::RemoveBlob(b.hash)]).unwrap().unwrap();
    document.edit(office(), 20, &[Edit::AddBlob(b)]).unwrap().unwrap();
    // It was put last, and stands there.
    let mut back = pothole();
    back.blobs.rotate_left(1);
    assert_eq!(document.read().unwrap().request, back);
    assert_eq!(document.edit(office(), 30, &[Edit::AddBlob(photo(9)), Edit::RemoveBlob(photo(9).hash)]).unwrap(), None);
}

#[test]
fn photos_that_begin_alike_have_longer_keys() {
    let mut request = pothole();
    let (mut a, mut b, mut c) = (photo(1), photo(2), photo(3));
    for blob in [&mut a, &mut b, &mut c] {
        blob.hash.0[..4].copy_from_slice(&[0xab; 4]);
    }
    request.blobs = vec![a, b];
    let (mut document, first) = Document::create(office(), &request).unwrap();
    document.edit(office(), 10, &[Edit::AddBlob(c)]).unwrap().unwrap();
    let mut read = document.read().unwrap().request.blobs;
    read.sort_by_key(|b| b.hash);
    let mut all = vec![a, b, c];
    all.sort_by_key(|b| b.hash);
    assert_eq!(read, all);
    assert_eq!(project_first(&first.raw).unwrap().blobs.len(), 2);
}

#[test]
fn limits_are_kept_at_the_source() {
    let limit = |change: fn(&mut mbs_shared::request::Request)| {
        let mut request = pothole();
        change(&mut request);
        match Document::create(office(), &request) {
            Err(DocumentError::Limit(key)) => key,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(limit(|r| r.title = "ş".repeat(101)), "title");
    assert_eq!(limit(|r| r.desc = "x".repeat(8_001)), "desc");
    assert_eq!(limit(|r| r.gps = Some(Fix { lat: 0.0, lon: 0.0, accuracy: 1.0, source: FixSource::Gps })), "gps");
    assert_eq!(limit(|r| r.blobs[0].size = 500_000), "photos");
    assert_eq!(limit(|r| r.blobs = (1..=7).map(photo).collect()), "photos");
    assert_eq!(limit(|r| r.at = i64::MAX), "at");

    let (mut document, _) = Document::create(office(), &pothole()).unwrap();
    let too_many: Vec<Edit> = (20..26).map(|n| Edit::AddBlob(photo(n))).collect();
    assert!(matches!(document.edit(office(), 1, &too_many), Err(DocumentError::Limit("photos"))));
    assert_eq!(document.read().unwrap().request, pothole(), "a refused edit leaves nothing behind");
}

/// The same sentence is rewritten on two tablets of one muhtarlık, without a network.
fn two_versions() -> (Vec<Vec<u8>>, Document, Document) {
    let (mut hers, first) = Document::create(office(), &pothole()).unwrap();
    let mut his = Document::load(&[&first.raw]).unwrap();
    let one = hers.edit(office(), 1_000, &[Edit::Desc("Araba düştü.".to_owned())]).unwrap().unwrap();
    let two = his.edit(street(), 2_000, &[Edit::Desc("Bisikletli düştü.".to_owned())]).unwrap().unwrap();
    let changes = vec![first.raw, one.raw, two.raw];
    let both = Document::load(&[&changes[0], &changes[1], &changes[2]]).unwrap();
    let other_way = Document::load(&[&changes[0], &changes[2], &changes[1]]).unwrap();
    (changes, both, other_way)
}

#[test]
fn two_offline_edits_keep_both_versions_in_any_order() {
    let (_, both, other_way) = two_versions();
    let reading = both.read().unwrap();
    assert_eq!(reading, other_way.read().unwrap());
    // Both wrote right behind the first change's operations.
    let op = reading.conflicts[0].versions[0].op;
    let mut versions = vec![
        Version {
            edit: Edit::Desc("Araba düştü.".to_owned()),
            text: "Araba düştü.".to_owned(),
            actor: office(),
            op,
            at: 1_000,
        },
        Version {
            edit: Edit::Desc("Bisikletli düştü.".to_owned()),
            text: "Bisikletli düştü.".to_owned(),
            actor: street(),
            op,
            at: 2_000,
        },
    ];
    versions.sort_by_key(|v| v.text != reading.request.desc);
    assert_eq!(reading.conflicts, [Conflict { key: "desc".to_owned(), versions }]);
    let names = |reading: &mbs_shared::document::Reading| {
        reading.conflicts[0].versions.iter().map(Version::name).collect::<Vec<_>>()
    };
    assert_eq!(names(&reading), names(&other_way.read().unwrap()));
    assert_ne!(names(&reading)[0], names(&reading)[1]);
}

#[test]
fn keeping_a_version_drops_the_others_and_two_who_keep_it_agree() {
    let (changes, mut hers, mut his) = two_versions();
    let kept = hers.read().unwrap().request.desc;
    let keep = [Edit::Keep("desc".to_owned())];
    let a = hers.edit(office(), 3_000, &keep).unwrap().unwrap();
    let b = his.edit(street(), 3_000, &keep).unwrap().unwrap();
    assert!(hers.read().unwrap().conflicts.is_empty());
    let all = Document::load(&[&changes[0], &changes[1], &changes[2], &a.raw, &b.raw]).unwrap().read().unwrap();
    assert_eq!((all.request.desc, all.conflicts.len()), (kept, 0));
}

#[test]
fn the_losing_version_can_be_chosen() {
    let (_, mut document, _) = two_versions();
    let loser = document.read().unwrap().conflicts[0].versions[1].clone();
    document.edit(office(), 3_000, &[loser.edit]).unwrap().unwrap();
    let reading = document.read().unwrap();
    assert_eq!((reading.request.desc, reading.conflicts.len()), (loser.text, 0));
}

#[test]
fn the_same_words_twice_are_no_conflict() {
    let (mut hers, first) = Document::create(office(), &pothole()).unwrap();
    let mut his = Document::load(&[&first.raw]).unwrap();
    let edit = [Edit::Kind(Kind::Notice)];
    let one = hers.edit(office(), 1_000, &edit).unwrap().unwrap();
    let two = his.edit(street(), 2_000, &edit).unwrap().unwrap();
    let both = Document::load(&[&first.raw, &one.raw, &two.raw]).unwrap();
    assert!(both.read().unwrap().conflicts.is_empty());
}

#[test]
fn a_photo_removed_here_and_kept_there_names_itself() {
    let (_, first) = Document::create(office(), &pothole()).unwrap();
    let b = pothole().blobs[0];
    let mut smaller = b;
    smaller.size -= 1;
    // Of two the greater actor wins: once the removal, once what was kept.
    for (removes, keeps) in [(office(), street()), (street(), office())] {
        let mut hers = Document::load(&[&first.raw]).unwrap();
        let mut his = Document::load(&[&first.raw]).unwrap();
        let one = hers.edit(removes, 1_000, &[Edit::RemoveBlob(b.hash)]).unwrap().unwrap();
        let two = his.edit(keeps, 2_000, &[Edit::AddBlob(smaller)]).unwrap().unwrap();
        let mut both = Document::load(&[&first.raw, &one.raw, &two.raw]).unwrap();
        let edits: Vec<Edit> = both.read().unwrap().conflicts[0].versions.iter().map(|v| v.edit.clone()).collect();
        assert!(edits.contains(&Edit::RemoveBlob(b.hash)) && edits.contains(&Edit::AddBlob(smaller)), "{edits:?}");
        both.edit(spare(), 3_000, &[Edit::RemoveBlob(b.hash)]).unwrap().unwrap();
        let reading = both.read().unwrap();
        assert!(reading.conflicts.is_empty() && !reading.request.blobs.iter().any(|x| x.hash == b.hash));
    }
}

/// Whatever the field: both versions are there as edits, and with words to choose by.
#[test]
fn every_field_that_is_edited_keeps_two_versions() {
    let fix = |lat: f64| Edit::Gps(Some(Fix { lat, lon: 29.0, accuracy: 7.0, source: FixSource::Map }));
    let rel = |n: u8| mbs_shared::id::RequestId([n; 16]);
    let words = |s: &str| (s.to_owned(), s.to_owned());
    for (key, hers, his) in [
        ("title", (Edit::Title(words("bir").0), words("bir").1), (Edit::Title(words("iki").0), words("iki").1)),
        ("desc", (Edit::Desc(words("bir").0), words("bir").1), (Edit::Desc(words("iki").0), words("iki").1)),
        ("cat", (Edit::Category("su.ariza".into()), "su.ariza".into()), (Edit::Category(String::new()), String::new())),
        ("addr", (Edit::Addr(words("bir").0), words("bir").1), (Edit::Addr(words("iki").0), words("iki").1)),
        ("kind", (Edit::Kind(Kind::Notice), "notice".into()), (Edit::Kind(Kind::Wish), "wish".into())),
        ("gps", (fix(41.5), "41.500000, 29.000000 (±7 m)".into()), (Edit::Gps(None), String::new())),
        ("discreet", (Edit::Discreet(true), "true".into()), (Edit::Discreet(false), "false".into())),
        ("rel", (Edit::Rel(Some(rel(1))), "01".repeat(16)), (Edit::Rel(Some(rel(2))), "02".repeat(16))),
    ] {
        let mut request = pothole();
        // So that either is another value than before.
        request.discreet = false;
        let (mut one, first) = Document::create(office(), &request).unwrap();
        let mut two = Document::load(&[&first.raw]).unwrap();
        let a = one.edit(office(), 1_000, std::slice::from_ref(&hers.0)).unwrap().unwrap();
        let raised = two.edit(street(), 2_000, &[Edit::Discreet(true)]).unwrap();
        let b = two.edit(street(), 2_000, std::slice::from_ref(&his.0)).unwrap().unwrap();
        let changes = [Some(first), Some(a), raised, Some(b)].into_iter().flatten().map(|c| c.raw).collect::<Vec<_>>();
        let both = Document::load(&changes.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        let reading = both.read().unwrap();
        let found = reading.conflicts.iter().find(|c| c.key == key).unwrap_or_else(|| panic!("{key}: {reading:?}"));
        let mut said: Vec<(Edit, String)> = found.versions.iter().map(|v| (v.edit.clone(), v.text.clone())).collect();
        said.sort_by_key(|v| *v != hers);
        assert_eq!(said, [hers, his], "{key}");
    }
}

#[test]
fn a_damaged_store_is_an_error_and_no_panic() {
    let (_, first) = Document::create(office(), &pothole()).unwrap();
    for n in 0..first.raw.len() {
        let _ = Document::load(&[&first.raw[..n]]).map(|d| d.read());
        let mut bad = first.raw.clone();
        bad[n] ^= 0x55;
        assert!(matches!(Document::load(&[&bad]), Err(DocumentError::Load(_))));
    }
    assert!(matches!(Document::load(&[]).unwrap().read(), Err(DocumentError::Load(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn projection_is_the_same_with_and_without_a_document(request in any_request()) {
        let (document, first) = Document::create(office(), &request).unwrap();
        let read = document.read().unwrap();
        let projected = project_first(&first.raw).unwrap();
        prop_assert_eq!(&projected, &read.request);
        prop_assert_eq!(&projected, &Document::load(&[&first.raw]).unwrap().read().unwrap().request);
        prop_assert_eq!(projected, request);
        prop_assert_eq!(verify(&first.raw).unwrap().hash, first.hash);
    }
}
