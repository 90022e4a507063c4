//! Calls of screens that need no server.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

mod support;

use mbs_shared::place::{Fix, FixSource};
use mbs_tablet::door::view::{self, Categories, PhotoStep, Place, Suggestion};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;
use support::Rig;

fn refused(rig: &Rig, call: Call) -> Code {
    rig.tablet.call(call).unwrap_err().code
}

#[test]
fn fields_are_checked_and_the_draft_is_kept() {
    let rig = Rig::new();
    let id = rig.draft("söz");
    let set = |f: fn(&mut Fields)| {
        let mut fields = Fields::default();
        f(&mut fields);
        Call::SetDraft { id, set: fields }
    };
    assert_eq!(refused(&rig, set(|f| f.title = Some("x".repeat(201)))), Code::TooLong);
    assert_eq!(refused(&rig, set(|f| f.category = Some("yok.boyle".into()))), Code::UnknownCategory);
    assert_eq!(
        refused(&rig, set(|f| f.fix = Some(Fix { lat: 0.0, lon: 0.0, accuracy: 1.0, source: FixSource::Gps }))),
        Code::BadPlace
    );
    assert_eq!(rig.show(id).desc, "söz");
}

#[test]
fn nothing_empty_is_sent_and_nothing_twice() {
    let rig = Rig::new();
    let id = rig.draft("  ");
    assert_eq!(refused(&rig, Call::Send { id }), Code::Empty);
    rig.add_photo(id, "generated/g-noexif.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    assert_eq!(refused(&rig, Call::Send { id }), Code::WrongMoment);
    assert_eq!(refused(&rig, Call::SetDraft { id, set: Fields::default() }), Code::WrongMoment);
}

#[test]
fn photos_are_limited_and_never_twice() {
    let rig = Rig::new();
    let id = rig.draft("x");
    for n in 1..=6 {
        assert!(matches!(rig.add_photo(id, &format!("generated/g-ist-0{n}.jpg")), PhotoStep::Done { .. }));
    }
    let slice = |total| Call::AddPhoto { id, upload: 9, offset: 0, total, data: String::new() };
    assert_eq!(refused(&rig, slice(10)), Code::PhotoLimit);
    let first = rig.show(id).photos[0].hash;
    let shown: view::Request = rig.call(Call::RemovePhoto { id, hash: first });
    assert_eq!(shown.photos.len(), 5);
    let shown: view::Request = rig.call(Call::RestorePhoto { id, hash: first });
    assert_eq!((shown.photos.len(), shown.photos[0].hash), (6, first), "back where it was");
    let other = rig.draft("y");
    rig.add_photo(other, "generated/g-ist-01.jpg");
    let bytes = std::fs::read(support::photos().join("generated/g-ist-01.jpg")).unwrap();
    let again = Call::AddPhoto {
        id: other,
        upload: 2,
        offset: 0,
        total: u32::try_from(bytes.len()).unwrap(),
        data: base64(&bytes),
    };
    assert_eq!(refused(&rig, again), Code::PhotoTwice);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn slices_that_come_wrong_are_told_where_to_go_on() {
    let rig = Rig::new();
    let id = rig.draft("x");
    let bytes = std::fs::read(support::photos().join("generated/g-ist-01.jpg")).unwrap();
    let total = u32::try_from(bytes.len()).unwrap();
    let put = |offset: usize, data: &[u8]| {
        rig.call::<PhotoStep>(Call::AddPhoto {
            id,
            upload: 1,
            offset: u32::try_from(offset).unwrap(),
            total,
            data: base64(data),
        })
    };
    assert!(matches!(put(0, &bytes[..50_000]), PhotoStep::More { offset: 50_000 }));
    assert!(matches!(put(70_000, &bytes[70_000..80_000]), PhotoStep::More { offset: 50_000 }));
    assert!(matches!(put(50_000, &bytes[50_000..]), PhotoStep::Done { .. }));
    assert_eq!(
        refused(&rig, Call::AddPhoto { id, upload: 2, offset: 0, total: 4, data: base64(b"longer") }),
        Code::BadCall
    );
    assert_eq!(refused(&rig, Call::AddPhoto { id, upload: 2, offset: 0, total: 4, data: "%%".into() }), Code::BadCall);
    assert_eq!(
        refused(&rig, Call::AddPhoto { id, upload: 2, offset: 0, total: u32::MAX, data: String::new() }),
        Code::PhotoTooLarge
    );
}

#[test]
fn heic_is_refused_in_words_and_its_place_is_taken_all_the_same() {
    let rig = Rig::new();
    let id = rig.draft("x");
    let bytes = std::fs::read(support::photos().join("generated/g-heic-gps.heic")).unwrap();
    let call =
        Call::AddPhoto { id, upload: 1, offset: 0, total: u32::try_from(bytes.len()).unwrap(), data: base64(&bytes) };
    assert_eq!(refused(&rig, call), Code::PhotoHeic);
    let shown = rig.show(id);
    assert!((shown.fix.unwrap().lat - 41.0063).abs() < 1e-3);
    assert_eq!((shown.photos.len(), shown.desc.as_str()), (0, "x"));
}

#[test]
fn a_photo_does_not_move_a_place_that_was_chosen() {
    let rig = Rig::new();
    let id = rig.draft("x");
    let fix = Fix { lat: 40.99, lon: 29.03, accuracy: 8.0, source: FixSource::Map };
    let _: view::Request = rig.call(Call::SetDraft { id, set: Fields { fix: Some(fix), ..Fields::default() } });
    rig.add_photo(id, "generated/g-ist-01.jpg");
    assert_eq!(rig.show(id).fix, Some(fix));
}

#[test]
fn search_knows_turkish() {
    let rig = Rig::new();
    let id = rig.draft("IĞDIR SOKAĞI'nda çukur");
    for query in ["iğdır", "ığdir", "igdir cukur", "ÇUKUR", "CUKUR"] {
        let rows: Vec<view::Row> = rig.call(Call::Requests { query: query.into() });
        assert_eq!(rows.iter().map(|r| r.id).collect::<Vec<_>>(), [id], "{query}");
    }
    assert!(rig.call::<Vec<view::Row>>(Call::Requests { query: "köprü".into() }).is_empty());
}

#[test]
fn places_are_found_offline() {
    let rig = Rig::new();
    let fix = |lat, lon| Fix { lat, lon, accuracy: 5.0, source: FixSource::Gps };
    let place: Place = rig.call(Call::Locate { fix: fix(40.9885, 29.0262) });
    assert_eq!((place.neighbourhood.as_deref(), place.own), (Some("kadikoy-caferaga"), false));
    let place: Place = rig.call(Call::Locate { fix: fix(39.93, 32.86) });
    assert_eq!((place.district_name, place.nearest_name), (None, None));
}

#[test]
fn categories_are_offered_and_suggested_with_the_reason() {
    let rig = Rig::new();
    let all: Categories = rig.call(Call::Categories);
    assert_eq!(all.groups.iter().map(|g| g.categories.len()).sum::<usize>(), 100);
    let best: Vec<Suggestion> =
        rig.call(Call::SuggestCategory { text: "Yolda büyük bir ÇUKUR var, arabalar zarar görüyor".into() });
    assert!(best.iter().take(3).any(|s| s.code == "yol.cukur"), "{best:?}");
    assert!(best.iter().any(|s| s.because.iter().any(|w| w.contains("ÇUKUR"))), "{best:?}");
    assert!(rig.call::<Vec<Suggestion>>(Call::SuggestCategory { text: String::new() }).is_empty());
}

/// Counted, not assumed: how often the right category is among the first three for the synthetic texts.
#[test]
fn suggestions_are_right_more_often_than_not() {
    #[derive(serde::Deserialize)]
    struct Text {
        #[serde(alias = "text", alias = "body")]
        desc: String,
        category: String,
    }
    let rig = Rig::new();
    let lines = include_str!("../../../shared/data/text/requests_synthetic.jsonl");
    let (mut right, mut all) = (0, 0);
    for text in lines.lines().filter_map(|l| serde_json::from_str::<Text>(l).ok()).step_by(5) {
        let best: Vec<Suggestion> = rig.call(Call::SuggestCategory { text: text.desc });
        all += 1;
        right += usize::from(best.iter().take(3).any(|s| s.code == text.category));
    }
    assert!(all > 50, "{all} texts read");
    println!("{right} of {all} among the first three");
    assert!(right * 100 / all >= 50, "{right} of {all}");
}

#[test]
fn a_call_that_is_none_is_said_to_be_none() {
    let rig = Rig::new();
    let error = rig.tablet.call_json(serde_json::json!({ "call": "reboot" })).unwrap_err();
    assert_eq!(error.code, Code::BadCall);
}
