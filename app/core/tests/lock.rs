//! The screen's lock, and what a tablet says of itself.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

mod support;

use mbs_tablet::Tablet;
use mbs_tablet::door::view::{self, Diagnosis, Files, Health, Lock, PhotoStep, Row, Status};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;
use support::Rig;

fn set(pin: &str, old: &str) -> Call {
    Call::SetPin { pin: pin.into(), old: old.into() }
}

fn unlock(pin: &str) -> Call {
    Call::Unlock { pin: pin.into() }
}

fn refused(tablet: &Tablet, call: Call) -> Code {
    tablet.call(call).unwrap_err().code
}

/// A rig with a PIN, locked.
fn locked() -> Rig {
    let rig = Rig::new();
    let _: Status = rig.call(set("2580", ""));
    let status: Status = rig.call(Call::Lock);
    assert_eq!(status.lock, Lock { pin: true, locked: true, wait: 0 });
    rig
}

#[test]
fn a_locked_tablet_shows_nothing_and_goes_on_sending() {
    let rig = Rig::new();
    let id = rig.send("Kaldırım çökmüş.");
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let photo = rig.show(id).photos[0].hash;
    let _: Status = rig.call(set("2580", ""));
    let _: Status = rig.call(Call::Lock);
    for call in [
        Call::Requests { query: String::new() },
        Call::Request { id },
        Call::Outbox,
        Call::Announcements,
        Call::NewDraft,
        Call::SetDraft { id, set: Fields::default() },
        Call::Diagnose,
        Call::WriteUnsent { only: None },
        set("", "2580"),
    ] {
        assert_eq!(refused(&rig.tablet, call.clone()), Code::Locked, "{call:?}");
    }
    assert_eq!(rig.tablet.photo(photo, true).unwrap(), None);
    assert!(rig.sync().pushed > 0 && rig.status().waiting == 0);

    assert_eq!(refused(&rig.tablet, unlock("2581")), Code::WrongPin);
    let status: Status = rig.call(unlock("2580"));
    assert!(!status.lock.locked && rig.tablet.photo(photo, true).unwrap().is_some());
}

#[test]
fn after_three_wrong_ones_one_waits_and_starting_anew_saves_nothing() {
    let rig = locked();
    for _ in 0..3 {
        assert_eq!(refused(&rig.tablet, unlock("0000")), Code::WrongPin);
    }
    assert_eq!(rig.status().lock.wait, 30);
    assert_eq!(refused(&rig.tablet, unlock("2580")), Code::PinWait, "the right one too");
    let Rig { dir, clock, ports, tablet, .. } = rig;
    drop(tablet);
    let tablet = Tablet::open(dir.path(), ports).unwrap();
    assert_eq!(refused(&tablet, unlock("2580")), Code::PinWait);
    clock.pass(30_000);
    assert_eq!(refused(&tablet, unlock("0000")), Code::WrongPin);
    clock.pass(59_000);
    assert_eq!(refused(&tablet, unlock("2580")), Code::PinWait);
    clock.pass(1_000);
    tablet.call(unlock("2580")).unwrap();
    // The right one begins the count anew.
    tablet.call(Call::Lock).unwrap();
    assert_eq!(refused(&tablet, unlock("0000")), Code::WrongPin);
    tablet.call(unlock("2580")).unwrap();
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out_for_years() {
    let rig = locked();
    for _ in 0..3 {
        assert_eq!(refused(&rig.tablet, unlock("0000")), Code::WrongPin);
    }
    rig.clock.pass(-400 * 86_400_000);
    assert_eq!(refused(&rig.tablet, unlock("2580")), Code::PinWait);
    rig.clock.pass(30_000);
    rig.tablet.call(unlock("2580")).unwrap();
}

#[test]
fn a_pin_has_four_to_eight_digits_and_is_changed_with_the_old_one() {
    let rig = Rig::new();
    for bad in ["123", "123456789", "12a4", "١٢٣٤"] {
        assert_eq!(refused(&rig.tablet, set(bad, "")), Code::BadPin, "{bad}");
    }
    let _: Status = rig.call(set("2580", ""));
    assert_eq!(refused(&rig.tablet, set("1111", "0000")), Code::WrongPin);
    let _: Status = rig.call(set("111111", "2580"));
    let status: Status = rig.call(set("", "111111"));
    assert_eq!(status.lock, Lock { pin: false, locked: false, wait: 0 });
    // Without one there is nothing to lock.
    let status: Status = rig.call(Call::Lock);
    assert!(!status.lock.locked);
}

#[test]
fn a_forgotten_pin_ends_with_a_new_code_and_nothing_is_lost() {
    let rig = Rig::new();
    let id = rig.draft("Yarım kalmış söz");
    let _: Status = rig.call(set("2580", ""));
    let _: Status = rig.call(Call::Lock);
    // A finder's own server opens nothing: the tablet asks the one it belongs to.
    let enrol = Call::Enrol { server: "https://finder.example".into(), code: "ab cd-12".into() };
    let status: Status = rig.call(enrol.clone());
    assert_eq!(rig.tablet.server().as_deref(), Some("https://mbs.example"));
    assert_eq!(status.lock, Lock { pin: false, locked: false, wait: 0 });
    assert_eq!(rig.show(id).desc, "Yarım kalmış söz");
    // An open one is not enrolled anew.
    assert_eq!(refused(&rig.tablet, enrol), Code::AlreadyEnrolled);
}

#[test]
fn practice_is_thrown_away_and_takes_no_number() {
    let rig = Rig::new();
    let first = rig.draft("gerçek");
    let practice: view::Request = rig.call(Call::PracticeDraft);
    assert!(practice.row.case_no.starts_with("DENE-"), "{}", practice.row.case_no);
    let id = practice.row.id;
    let words = Fields { desc: Some("Deneme".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::SetDraft { id, set: words });
    assert!(matches!(rig.add_photo(id, "generated/g-ist-01.jpg"), PhotoStep::Done { .. }));
    let _: view::Request = rig.call(Call::Send { id });
    let rows: Vec<Row> = rig.call(Call::Requests { query: String::new() });
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [first]);
    assert_eq!((rig.status().waiting, rig.sync().pushed), (0, 0));
    let counter = |row: &Row| row.case_no.split('-').nth(1).unwrap().parse::<u32>().unwrap();
    let second: view::Request = rig.call(Call::NewDraft);
    assert_eq!(counter(&second.row), counter(&rows[0]) + 1);
}

#[test]
fn a_draft_like_another_has_its_words_and_place_and_none_of_its_photos() {
    let rig = Rig::new();
    let id = rig.send("Pazardan sonra atıklar alınmıyor.");
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let like: view::Request = rig.call(Call::DraftLike { id });
    let other = rig.show(id);
    assert_eq!(
        (like.desc.as_str(), like.kind, like.row.category),
        (other.desc.as_str(), other.kind, other.row.category)
    );
    assert_eq!((like.row.transport, like.photos.len()), (view::Transport::Draft, 0));
    assert_ne!(like.row.case_no, other.row.case_no);
    let none = mbs_shared::id::RequestId([9; 16]);
    assert_eq!(refused(&rig.tablet, Call::DraftLike { id: none }), Code::NotFound);
}

#[test]
fn a_diagnosis_tells_numbers_and_no_words() {
    let rig = Rig::new();
    let id = rig.send("Gizli kelime mürdümük");
    rig.add_photo(id, "generated/g-ist-01.jpg");
    assert_eq!(refused(&rig.tablet, Call::Send { id }), Code::WrongMoment);
    let Diagnosis { text } = rig.call(Call::Diagnose);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((json["requests"]["1"].as_u64(), json["failed"][0]["code"].as_str()), (Some(1), Some("wrong_moment")));
    let status = rig.status();
    let who = status.identity.unwrap();
    for secret in ["mürdümük", &who.person, &who.neighbourhood_name, &who.neighbourhood, "40.9"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let health: Health = rig.call(Call::Health);
    assert!(health.photos == 1 && health.database > 100_000 && health.free > 0);
}

#[test]
fn files_for_people_lie_in_folders_of_their_own() {
    let rig = Rig::new();
    rig.send("Bekleyen söz");
    let unsent: Files = rig.call(Call::WriteUnsent { only: None });
    assert!(std::path::Path::new(&unsent.dir).starts_with(&rig.ports.exports) && unsent.words >= 1);
    let json = std::fs::read_to_string(std::path::Path::new(&unsent.dir).join(&unsent.names[0])).unwrap();
    assert!(json.contains("Bekleyen söz"));
    // A server that takes no bundles is said to be one.
    assert_eq!(refused(&rig.tablet, Call::WriteCourier), Code::ServerTooOld);
}
