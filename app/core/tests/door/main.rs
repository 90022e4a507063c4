//! Calls of screens that need no server.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

#[path = "../support/mod.rs"]
mod support;

mod shared;
mod templates;
mod words;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mbs_shared::blob::BlobKind;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::routing::{Outcome, What, Who};
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::view::{self, PhotoStep, Place};
use mbs_tablet::door::{Area, Call, Fields, List, Window};
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
fn a_correction_that_changes_nothing_any_more_is_over() {
    let rig = Rig::new();
    let id = rig.send("Yol bozuk");
    let set = |desc: &str| Fields { desc: Some(desc.into()), ..Fields::default() };
    let _: () = rig.call(Call::BeginEdit { id, set: set("Yol çok bozuk") });
    assert!(rig.show(id).edit.is_some());
    let shown: view::Request = rig.call(Call::Edit { id, set: set("Yol bozuk") });
    assert!(shown.edit.is_none(), "nothing of it is left to be made");
}

#[test]
fn what_was_begun_is_there_after_the_battery_was_pulled_until_it_is_said() {
    let rig = Rig::new();
    let id = rig.send("Yol bozuk");
    let PhotoStep::Done { hash, .. } = rig.add_photo(id, "generated/g-ist-01.jpg") else { panic!("not done") };
    let begin = |kind, text: &str, photos| Call::Begin { id, kind, text: text.into(), photos };
    let (message, objection) = (EntryKind::Message, EntryKind::Object);
    let _: () = rig.call(begin(message, "Yarın", vec![]));
    let _: () = rig.call(begin(message, "Yarın sabah", vec![]));
    let _: () = rig.call(begin(objection, "", vec![hash]));

    let rig = rig.pulled();
    let half = |kind, text: &str, photos| view::Begun { kind, text: text.into(), photos };
    let both = [half(message, "Yarın sabah", vec![]), half(objection, "", vec![hash])];
    assert_eq!(rig.show(id).begun, both);
    let said: view::Request =
        rig.call(Call::Say { id, kind: message, text: "Yarın sabah gelin.".into(), photos: vec![] });
    assert_eq!(said.begun, both[1..], "what was said is begun no more");
    let _: () = rig.call(begin(objection, "", vec![]));
    assert_eq!(rig.show(id).begun, []);

    let strange = mbs_shared::blob::name_of(b"another photo");
    assert_eq!(refused(&rig, begin(message, "x", vec![strange])), Code::NotFound);
    assert_eq!(refused(&rig, begin(message, &"x".repeat(20_000), vec![])), Code::TooLong);
    let draft = rig.draft("taslak");
    let early = Call::Begin { id: draft, kind: message, text: "x".into(), photos: vec![] };
    assert_eq!(refused(&rig, early), Code::WrongMoment);
}

#[test]
fn a_correction_that_was_begun_is_there_after_the_battery_was_pulled_until_it_is_made() {
    let rig = Rig::new();
    let id = rig.send("Yol bozuk");
    let words = |desc: &str| Fields { desc: Some(desc.into()), ..Fields::default() };
    let _: () = rig.call(Call::BeginEdit { id, set: words("Yol çok") });
    let begun = Fields { addr: Some("Fırının önü".into()), ..words("Yol çok bozuk") };
    let _: () = rig.call(Call::BeginEdit { id, set: begun.clone() });
    let _: () = rig.call(Call::Begin { id, kind: EntryKind::Message, text: "Yarın".into(), photos: vec![] });

    let rig = rig.pulled();
    let shown = rig.show(id);
    assert_eq!((shown.desc.as_str(), shown.edit, shown.begun.len()), ("Yol bozuk", Some(begun.clone()), 1));
    let made: view::Request = rig.call(Call::Edit { id, set: begun });
    assert_eq!((made.desc.as_str(), made.edit, made.begun.len()), ("Yol çok bozuk", None, 1));
    let _: () = rig.call(Call::BeginEdit { id, set: words("Yol") });
    let _: () = rig.call(Call::BeginEdit { id, set: Fields::default() });
    assert_eq!(rig.show(id).edit, None, "given up");

    assert_eq!(refused(&rig, Call::BeginEdit { id, set: words(&"x".repeat(20_000)) }), Code::TooLong);
    let draft = rig.draft("taslak");
    assert_eq!(refused(&rig, Call::BeginEdit { id: draft, set: words("x") }), Code::WrongMoment);
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
fn places_are_found_offline() {
    let rig = Rig::new();
    let fix = |lat, lon| Fix { lat, lon, accuracy: 5.0, source: FixSource::Gps };
    let place: Place = rig.call(Call::Locate { fix: fix(40.9885, 29.0262) });
    assert_eq!((place.neighbourhood.as_deref(), place.own), (Some("kadikoy-caferaga"), false));
    let place: Place = rig.call(Call::Locate { fix: fix(39.93, 32.86) });
    assert_eq!((place.district_name, place.nearest_name), (None, None));
}

/// How often the right category is among the first three, counted over texts whose wording is new: of each category one
/// of its four core sentences, with all texts made from it, is held out (`held_out.txt`). The texts are synthetic.
#[test]
fn what_a_web_view_recorded_becomes_a_voice_note_and_other_bytes_none() {
    let rig = Rig::new();
    let id = rig.draft("");
    let recorded = include_bytes!("../../../../tests/fixtures/voice/chromium.webm");
    let data = STANDARD.encode(recorded);
    let request: view::Request = rig.call(Call::AddVoice { id, data: data.clone() });
    let voice = &request.photos[0];
    assert_eq!((voice.kind, voice.width), (BlobKind::Voice, 3));
    let kept = rig.tablet.photo(voice.hash, false).unwrap().unwrap();
    assert_eq!(mbs_shared::ogg::plain_seconds(&kept), Some(3));
    assert_eq!(refused(&rig, Call::AddVoice { id, data: STANDARD.encode(b"RIFF") }), Code::VoiceUnreadable);
    // A voice alone says enough.
    let sent: view::Request = rig.call(Call::Send { id });
    assert_eq!(sent.row.transport, view::Transport::Queued);
}

#[test]
fn a_covered_photo_takes_the_place_of_the_other_which_is_gone_with_gonder() {
    let rig = Rig::new();
    let id = rig.draft("x");
    for n in 1..=2 {
        rig.add_photo(id, &format!("generated/g-ist-0{n}.jpg"));
    }
    let [first, second] = [0, 1].map(|at| rig.show(id).photos[at].hash);
    let face = Area { x: 100, y: 100, width: 300, height: 300 };
    let cover = |areas: &[Area]| Call::CoverPhoto { id, hash: first, areas: areas.to_vec() };
    for bad in [
        &[][..],
        &[Area { x: 900, ..face }],
        &[Area { width: 0, ..face }],
        &[face; 41],
        &[Area { y: u16::MAX, ..face }],
    ] {
        assert_eq!(refused(&rig, cover(bad)), Code::BadCall, "{bad:?}");
    }
    let covered: view::Request = rig.call(cover(&[face]));
    let made = covered.photos[0].hash;
    assert!(made != first && covered.photos[1].hash == second, "in the same place");
    assert_eq!(refused(&rig, cover(&[face])), Code::NotFound);

    // Taken back, and done again.
    let _: view::Request = rig.call(Call::RemovePhoto { id, hash: made });
    let back: view::Request = rig.call(Call::RestorePhoto { id, hash: first });
    assert_eq!([back.photos[0].hash, back.photos[1].hash], [first, second]);
    let again: view::Request = rig.call(cover(&[face]));
    assert_eq!(again.photos[0].hash, made);

    let _: view::Request = rig.call(Call::Send { id });
    assert_eq!(rig.tablet.photo(first, false).unwrap(), None, "what was covered is deleted");
    assert_eq!(rig.tablet.photo(first, true).unwrap(), None, "and its preview");
    assert!(rig.tablet.photo(made, false).unwrap().is_some());
    assert_eq!(refused(&rig, Call::CoverPhoto { id, hash: made, areas: vec![face] }), Code::WrongMoment);
}

/// All texts with two troubles, and each fifth of those with one. The former all say that something else follows
/// (`Ayrıca …`): the figure is about such texts.
#[test]
fn what_was_asked_for_with_a_tap_is_said_at_the_next_start_unless_it_was_taken_back() {
    let rig = Rig::new();
    let [done, kept, gone] = ["bir", "iki", "üç"].map(|which| rig.send(which));
    rig.sync();
    let decide = |n: u32, id, what, note: &str| {
        let no = format!("2026-00000{n}").parse().unwrap();
        rig.server().decide(id, Who::System, What::Received { no, channel: None }, "");
        rig.server().decide(id, Who::Triage, what, note);
    };
    decide(1, done, What::Concluded { outcome: Outcome::Done, photos: Vec::new(), parent: None }, "Yapıldı.");
    decide(2, kept, What::Reviewed, "");
    decide(3, gone, What::Reviewed, "");
    rig.sync();
    let intend = |id, kind| rig.tablet.call(Call::Intend { id, kind });
    assert_eq!(intend(done, EntryKind::Message).unwrap_err().code, Code::BadCall);
    assert_eq!(intend(kept, EntryKind::Confirm).unwrap_err().code, Code::WrongMoment);
    for (id, kind) in [(done, EntryKind::Confirm), (kept, EntryKind::Withdraw), (gone, EntryKind::Withdraw)] {
        intend(id, kind).unwrap();
        assert_eq!(rig.show(id).begun.iter().map(|b| b.kind).collect::<Vec<_>>(), [kind]);
    }
    let back = Call::Begin { id: kept, kind: EntryKind::Withdraw, text: String::new(), photos: Vec::new() };
    let () = rig.call(back);
    // The case of the third went on before the battery went.
    rig.server().decide(gone, Who::System, What::Cancelled, "");
    rig.sync();
    let rig = rig.pulled();
    let said = |id| rig.show(id).thread.iter().map(|e| e.kind).collect::<Vec<_>>();
    assert_eq!((said(done), said(kept), said(gone)), (vec![EntryKind::Confirm], vec![], vec![]));
    assert!([done, kept, gone].iter().all(|id| rig.show(*id).begun.is_empty()));
    rig.sync();
    assert_eq!(rig.server().entries[&done].len(), 1);
    assert_eq!(rig.pulled().show(done).thread.len(), 1, "once");
}

#[test]
fn an_objection_takes_the_place_of_a_confirmation_that_was_asked_for() {
    let rig = Rig::new();
    let id = rig.send("Yol bozuk");
    rig.sync();
    rig.server().decide(id, Who::System, What::Received { no: "2026-000001".parse().unwrap(), channel: None }, "");
    let done = What::Concluded { outcome: Outcome::Done, photos: Vec::new(), parent: None };
    rig.server().decide(id, Who::Triage, done, "Yapıldı.");
    rig.sync();
    let () = rig.call(Call::Intend { id, kind: EntryKind::Confirm });
    let object = Call::Say { id, kind: EntryKind::Object, text: "Yarısı açık.".into(), photos: Vec::new() };
    let said: view::Request = rig.call(object);
    assert_eq!(said.begun, [], "a later start must not confirm what was objected to");
    assert_eq!(rig.pulled().show(id).thread.iter().map(|e| e.kind).collect::<Vec<_>>(), [EntryKind::Object]);
}

#[test]
fn a_call_that_is_none_is_said_to_be_none() {
    let rig = Rig::new();
    let error = rig.tablet.call_json(serde_json::json!({ "call": "reboot" })).unwrap_err();
    assert_eq!(error.code, Code::BadCall);
}

#[test]
fn the_first_page_has_what_needs_me_and_pieces_of_three_lists() {
    let rig = Rig::new();
    for which in ["bir", "iki", "üç", "dört", "beş"] {
        rig.clock.pass(1_000);
        rig.send(&format!("Çukur {which}"));
    }
    rig.draft("Taslak");
    let home = |query: &str, list, from, most| -> view::Home {
        rig.call(Call::Home { query: query.into(), list, from, most })
    };
    let titles = |home: &view::Home| home.rows.iter().map(|r| r.title.clone()).collect::<Vec<_>>();
    let first = home("", List::Open, 0, 2);
    assert_eq!((first.open, first.done, first.drafts), (5, 0, 1));
    assert_eq!(titles(&first), ["Çukur beş", "Çukur dört"]);
    assert_eq!(titles(&home("", List::Open, 2, 9)), ["Çukur üç", "Çukur iki", "Çukur bir"]);
    assert_eq!(titles(&home("", List::Drafts, 0, 9)), ["Taslak"]);
    let found = home("cukur DORT", List::Open, 0, 9);
    assert_eq!((found.open, found.drafts, titles(&found)), (1, 0, vec!["Çukur dört".to_owned()]));
    assert!(first.to_do.is_empty() && found.to_do.is_empty());
}

#[test]
fn a_draft_s_photos_stand_in_the_order_they_were_put_in() {
    let rig = Rig::new();
    let id = rig.draft("x");
    for n in 1..=3 {
        rig.add_photo(id, &format!("generated/g-ist-0{n}.jpg"));
    }
    let hashes = || rig.show(id).photos.iter().map(|p| p.hash).collect::<Vec<_>>();
    let [a, b, c] = hashes()[..] else { panic!("three") };
    let put = |hash, before| rig.call::<view::Request>(Call::MovePhoto { id, hash, before });
    put(c, Some(a));
    assert_eq!(hashes(), [c, a, b]);
    put(c, None);
    assert_eq!(hashes(), [a, b, c]);
    put(b, Some(a));
    // One that was taken out comes back where it stood.
    let _: view::Request = rig.call(Call::RemovePhoto { id, hash: b });
    let _: view::Request = rig.call(Call::RestorePhoto { id, hash: b });
    assert_eq!((hashes(), rig.show(id).row.cover), (vec![b, a, c], Some(b)));
    let _: view::Request = rig.call(Call::Send { id });
    assert_eq!(hashes(), [b, a, c], "the document keeps the order");
    assert_eq!(refused(&rig, Call::MovePhoto { id, hash: a, before: None }), Code::WrongMoment);
}

#[test]
fn a_discreet_request_tells_lists_nothing_of_what_it_is_about() {
    let rig = Rig::new();
    let id = rig.draft("Parkta uyuşturucu satılıyor");
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let set = Fields { discreet: Some(true), addr: Some("Lale Parkı".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::SetDraft { id, set });
    let line = |list| {
        let mut home: view::Home = rig.call(Call::Home { query: "uyusturucu".into(), list, from: 0, most: 9 });
        assert_eq!(home.rows.len(), 1, "it is found all the same");
        home.rows.remove(0)
    };
    let told = |row: view::Row| (row.discreet, row.title, row.addr, row.category, row.cover);
    let nothing = (true, String::new(), String::new(), String::new(), None);
    assert_eq!(told(line(List::Drafts)), nothing);
    let sent: view::Request = rig.call(Call::Send { id });
    assert_eq!((sent.row.title.as_str(), sent.row.cover.is_some()), ("Parkta uyuşturucu satılıyor", true), "opened");
    assert_eq!(told(line(List::Open)), nothing);
    let [row] = &rig.call::<Vec<view::Row>>(Call::Requests { query: String::new() })[..] else { panic!("one") };
    assert_eq!(told(row.clone()), nothing);
    let waiting: view::Outbox = rig.call(Call::Outbox);
    assert!(!waiting.items.is_empty() && waiting.items.iter().all(|item| item.title == sent.row.case_no));
}

#[test]
fn the_map_has_those_in_its_window_and_makes_one_of_those_too_close() {
    let rig = Rig::new();
    let put = |words: &str, lat, lon, discreet| {
        let id = rig.draft(words);
        let fix = Some(Fix { lat, lon, accuracy: 5.0, source: FixSource::Map });
        let set = Fields { fix, discreet: Some(discreet), ..Fields::default() };
        let _: view::Request = rig.call(Call::SetDraft { id, set });
        let _: view::Request = rig.call(Call::Send { id });
        rig.clock.pass(1_000);
        id
    };
    let near = [put("Çukur", 40.990_1, 29.020_1, false), put("Lamba", 40.990_3, 29.020_3, false)];
    let (far, hidden) = (put("Mazgal", 40.998, 29.028, false), put("Gizli", 40.992, 29.028, true));
    put("Dışarıda", 41.05, 29.02, false);
    rig.send("Yersiz");
    let window = |cell| Window { south: 40.98, west: 29.02, north: 41.0, east: 29.04, cell };
    let pins = |query: &str, list| -> Vec<view::Pin> {
        rig.call(Call::Pins { query: query.into(), list, window: window(0.002) })
    };
    let mut all = pins("", List::Open);
    all.sort_by_key(|pin| pin.ids[0] != near[1]);
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(
        (all[0].count, &all[0].ids[..], all[0].title.as_str()),
        (2, &[near[1], near[0]][..], ""),
        "newest first"
    );
    assert!((all[0].lat - 40.990_2).abs() < 1e-9 && (all[0].lon - 29.020_2).abs() < 1e-9);
    let titles = |pins: &[view::Pin]| pins.iter().map(|p| (p.ids[0], p.title.clone())).collect::<Vec<_>>();
    for alone in [(far, "Mazgal".to_owned()), (hidden, rig.show(hidden).row.case_no)] {
        assert!(titles(&all).contains(&alone), "{all:?}");
    }
    assert_eq!(titles(&pins("lamba", List::Open)), [(near[1], "Lamba".to_owned())]);
    assert_eq!(pins("", List::Done), []);
    for wrong in [window(0.0), window(f64::NAN), window(0.000_1), Window { north: 40.0, ..window(0.002) }] {
        let call = Call::Pins { query: String::new(), list: List::Open, window: wrong };
        assert_eq!(refused(&rig, call), Code::BadCall);
    }
}
