//! Who a tablet is: unknown, too old, copied, handed over, revoked.

use super::WORDS;
use super::support::{Fault, Rig, Server};
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::error::Code as WireCode;
use mbs_shared::wire::sync::{ItemResult, RowBody};
use mbs_tablet::door::view::{self, Link, Transport as Way};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;
use mbs_tablet::sync::{Effect, Event, Nudge};

#[test]
fn a_tablet_put_back_from_a_copy_counts_on_from_what_the_server_has_heard() {
    let rig = Rig::new();
    rig.send(WORDS);
    rig.server().made = Some(57);
    rig.sync();
    rig.server().made = None;
    rig.send(WORDS);
    rig.sync();
    assert_eq!(rig.server().counts, [1, 58]);
}

#[test]
fn a_copied_tablet_is_told_and_may_be_enrolled_anew() {
    let rig = Rig::new();
    let enrol = Call::Enrol { server: "https://mbs.example".into(), code: "ab cd-12".into() };
    assert_eq!(rig.tablet.call(enrol.clone()).unwrap_err().code, mbs_tablet::error::Code::AlreadyEnrolled);
    rig.server().twin = Some(true);
    rig.sync();
    let told = |rig: &Rig| rig.status().notices.iter().any(|n| matches!(n, view::Notice::Twin));
    assert!(told(&rig));
    rig.server().twin = None;
    let unsent = rig.send(WORDS);
    let _: view::Status = rig.call(enrol);
    assert!(!told(&rig));
    rig.sync();
    assert_eq!(rig.server().changes[&unsent].len(), 1, "made anew under its own number");
}

#[test]
fn an_unknown_device_keeps_everything_and_is_enrolled_anew() {
    let rig = Rig::new();
    let sent = rig.send("first");
    rig.sync();
    let id = rig.send(WORDS);
    let set = Fields { addr: Some("Ilgın Sokak 7".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::Edit { id, set });
    rig.server().faults.push_back(Fault::Instead(401, Vec::new(), Some(WireCode::UnknownDevice)));
    rig.sync();
    let status = rig.status();
    assert_eq!((status.link, status.waiting), (Link::Unknown, 2));
    let now = rig.tablet.now();
    assert_eq!(rig.tablet.engine().step(now, Event::Tick), Effect::Wait(now + 3_600_000));
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "NEU".into() });
    let summary = rig.sync();
    assert_eq!((summary.waiting, summary.quarantined), (0, 0));
    let server = rig.server();
    assert_eq!(server.changes[&id].len(), 2);
    for stored in &server.changes[&id] {
        assert_eq!(
            mbs_shared::document::verify(&stored.raw).unwrap().actor.device().0,
            0x1002,
            "signed by the new device"
        );
    }
    drop(server);
    let shown = rig.show(id);
    assert_eq!((shown.desc.as_str(), shown.row.addr.as_str()), (WORDS, "Ilgın Sokak 7"));
    assert_eq!(rig.show(sent).row.transport, Way::Delivered);
}

#[test]
fn another_mandate_gets_nothing_that_was_written_under_the_old_one() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.server().faults.push_back(Fault::Instead(401, Vec::new(), Some(WireCode::UnknownDevice)));
    rig.sync();
    rig.server().mandate = 2;
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "NEU".into() });
    rig.sync();
    assert!(rig.server().changes.is_empty());
    assert_eq!(rig.show(id).quarantine.as_deref(), Some("other_mandate"));
}

#[test]
fn too_old_an_app_keeps_everything() {
    let rig = Rig::new();
    rig.send(WORDS);
    rig.server().faults.push_back(Fault::Instead(426, Vec::new(), Some(WireCode::AppTooOld)));
    rig.sync();
    assert_eq!((rig.status().link, rig.status().waiting), (Link::Outdated, 1));
    assert_eq!(rig.sync().waiting, 0);
    assert_eq!(rig.status().link, Link::Online);
}

#[test]
fn too_new_an_app_keeps_everything_and_blames_the_server() {
    let rig = Rig::new();
    rig.send(WORDS);
    rig.server().faults.push_back(Fault::Instead(426, Vec::new(), Some(WireCode::AppTooNew)));
    rig.sync();
    assert_eq!((rig.status().link, rig.status().waiting), (Link::ServerOutdated, 1));
    assert_eq!(rig.sync().waiting, 0);
    assert_eq!(rig.status().link, Link::Online);
}

thread_local! {
    static FORKED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[test]
fn a_fork_is_healed_under_a_new_actor() {
    // The same identity twice: a copy of the files, and of the random bytes, made after the first change.
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    FORKED.with(|f| f.set(false));
    rig.server().verdict = Some(|_| (!FORKED.with(|f| f.replace(true))).then_some(ItemResult::Fork));
    let set = Fields { addr: Some("Köprü altı".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::Edit { id, set });
    let summary = rig.sync();
    assert_eq!((summary.waiting, summary.quarantined), (0, 0));
    let server = rig.server();
    let actors: Vec<_> =
        server.changes[&id].iter().map(|s| mbs_shared::document::verify(&s.raw).unwrap().actor).collect();
    assert_eq!(actors.len(), 2);
    assert!(actors[0] != actors[1] && actors[0].device() == actors[1].device());
    drop(server);
    assert_eq!(rig.show(id).row.addr, "Köprü altı");
}

#[test]
fn practice_is_never_sent_not_even_after_enrolment() {
    let server = Server::new();
    let rig = Rig::bare(&server, 1);
    assert!(rig.tablet.call(Call::NewDraft).is_err(), "no number without an identity");
    let status: view::Status = rig.call(Call::EnrolPractice);
    assert!(status.identity.unwrap().practice);
    rig.send(WORDS);
    assert_eq!(rig.tablet.engine().step(rig.tablet.now(), Event::Nudge(Nudge::Now)), Effect::Idle);
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "X".into() });
    assert!(rig.call::<Vec<view::Row>>(Call::Requests { query: String::new() }).is_empty());
    rig.sync();
    assert!(server.lock().unwrap().changes.is_empty());
}

#[test]
fn only_a_revocation_with_the_servers_signature_closes_a_tablet() {
    let rig = Rig::new();
    rig.send(WORDS);
    // Another key, and another tablet's paper: everything stays, enrolment is asked for.
    for (device, seed) in [(0x1001, 6), (0x1002, 5)] {
        rig.server().revoke(device, seed);
        rig.sync();
        let status = rig.status();
        assert_eq!((status.link, status.waiting, status.quarantined), (Link::Unknown, 1, 0));
    }
    // The server's own: what waits is handed over, then nothing goes any more, and nothing is shown.
    let id = rig.draft("İkinci başvuru.");
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let photo = rig.call::<view::Request>(Call::Send { id }).photos[0].hash;
    let draft = rig.draft("Yarım kalan sözler.");
    let message = |text: &str| Call::Begin { id, kind: EntryKind::Message, text: text.into(), photos: Vec::new() };
    let _: () = rig.call(message("Bir de şunu"));
    std::fs::write(rig.dir.path().join("mbs-before-5.db"), b"a copy").unwrap();
    let at = rig.server().now;
    rig.server().revoke(0x1001, 5);
    rig.sync();
    let status = rig.status();
    let became = view::Revoked { at, handed: 2, refused: 0, photos: 1, drafts: 2 };
    assert_eq!((status.link, status.waiting, status.revoked), (Link::Revoked, 0, Some(became)));
    assert!(!rig.dir.path().join("mbs-before-5.db").exists(), "no copy outlives it");
    let rig = rig.pulled();
    for call in [
        Call::Request { id },
        Call::Requests { query: String::new() },
        Call::NewDraft,
        Call::Outbox,
        Call::SetPin { pin: String::new(), old: String::new() },
        Call::WriteCourier,
    ] {
        assert_eq!(rig.tablet.call(call).unwrap_err().code, Code::Revoked);
    }
    assert_eq!(rig.tablet.photo(photo, true).unwrap(), None);
    // The last words of pages that were open when it came are kept all the same.
    let set = Fields { desc: Some("Yarım kalan sözler, sonuna kadar.".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::SetDraft { id: draft, set });
    let _: () =
        rig.call(Call::Begin {
            id, kind: EntryKind::Message, text: "Bir de şunu yazayım.".into(), photos: Vec::new()
        });
    // What only this tablet has can be taken out.
    let files: view::Files = rig.call(Call::WriteUnsent { only: None });
    let written = std::fs::read_to_string(std::path::Path::new(&files.dir).join("unsent.json")).unwrap();
    assert!(written.contains("sonuna kadar.") && written.contains("yazayım.") && written.contains("İkinci başvuru."));
    assert!(std::path::Path::new(&files.dir).join(format!("{photo}.jpg")).exists());
    let before = rig.server().log.len();
    rig.clock.pass(3 * 24 * 3_600_000);
    assert_eq!(rig.sync().exchanges, 0);
    assert_eq!(rig.server().log.len(), before);

    // Enrolled anew under the same mandate, it brings everything itself.
    {
        let mut server = rig.server();
        (server.revocation, server.verdict) = (None, None);
    }
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "4KR79XQ2".into() });
    rig.sync();
    let status = rig.status();
    assert_eq!((status.link, status.waiting, status.quarantined, status.revoked), (Link::Online, 0, 0, None));
    assert_eq!(rig.server().changes.len(), 2);
    assert_eq!(rig.show(draft).desc, "Yarım kalan sözler, sonuna kadar.");
    assert!(rig.show(id).photos[0].delivered);
}

#[test]
fn a_tablet_handed_over_keeps_the_casebook_and_no_notes() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    let _: view::Request =
        rig.call(Call::Say { id, kind: EntryKind::Note, text: "Komşusuyla konuşma.".into(), photos: Vec::new() });
    rig.sync();
    let unsent = rig.send("Gönderilmedi.");
    let _: view::Request =
        rig.call(Call::Say { id, kind: EntryKind::Note, text: "Bu da gitmedi.".into(), photos: Vec::new() });
    let half = Call::Begin { id, kind: EntryKind::Message, text: "Bunu daha".into(), photos: Vec::new() };
    let _: () = rig.call(half);
    let said = rig.show(id).thread;
    assert_eq!(said.len(), 2);
    rig.server().revoke(0x1001, 5);
    rig.sync();
    {
        let mut server = rig.server();
        (server.revocation, server.verdict, server.mandate) = (None, None, 2);
        server.entries.clear();
        server.feed.retain(|(.., row)| !matches!(row.body, RowBody::Entry { .. }));
    }
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "4KR79XQ2".into() });
    rig.sync();
    assert_eq!(rig.show(id).desc, WORDS);
    assert_eq!(rig.show(id).thread.len(), 0, "notes are private");
    assert_eq!(rig.show(id).begun, [], "and what was not said was not said");
    // What was never handed to a server stays readable, and is not sent in the successor's name.
    assert_eq!(rig.show(unsent).desc, "Gönderilmedi.");
    assert_eq!(rig.status().quarantined, 1);
    assert_eq!(rig.server().changes.len(), 1);
}

/// A copy of the tablet's folder in another tablet, at the same server.
pub(super) fn copied(rig: &Rig, seed: u64) -> Rig {
    let dir = tempfile::tempdir().unwrap();
    super::support::copy(rig.dir.path(), dir.path());
    let (ports, clock) = super::support::ports(dir.path(), &rig.server, seed);
    let tablet = mbs_tablet::Tablet::open(dir.path(), ports.clone()).unwrap();
    Rig { dir, clock, server: rig.server.clone(), ports, tablet }
}

#[test]
fn a_draft_that_another_copy_sent_first_goes_on_as_a_draft_of_its_own() {
    let rig = Rig::new();
    let id = rig.draft("kopyalanmadan önce");
    let empty: view::Request = rig.call(Call::NewDraft);
    let copy = copied(&rig, 77);
    let set = Fields { desc: Some("kopyada başka sözler".into()), ..Fields::default() };
    let _: view::Request = copy.call(Call::SetDraft { id, set });
    copy.add_photo(id, "generated/g-ist-01.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    rig.sync();
    copy.sync();

    let all: Vec<view::Row> = copy.call(Call::Requests { query: String::new() });
    let sent = copy.show(id);
    assert_eq!((sent.desc.as_str(), sent.photos.len()), ("kopyalanmadan önce", 0), "what the other copy sent");
    let drafts: Vec<_> = all.iter().filter(|row| row.transport == Way::Draft && row.id != empty.row.id).collect();
    let [draft] = drafts[..] else { panic!("{drafts:?}") };
    let kept = copy.show(draft.id);
    assert_eq!((kept.desc.as_str(), kept.photos.len()), ("kopyada başka sözler", 1));
    // It is sent under a number of its own.
    let later: view::Request = copy.call(Call::Send { id: draft.id });
    assert_ne!(later.row.case_no, sent.row.case_no);
    copy.sync();
    assert_eq!(copy.show(draft.id).row.transport, Way::Delivered);
    assert_eq!(rig.server().changes.len(), 2);
    // A draft that says the same is that request, and not a second one.
    let twin = rig.draft("aynı sözler");
    let same = copied(&rig, 78);
    let _: view::Request = rig.call(Call::Send { id: twin });
    rig.sync();
    same.sync();
    let all: Vec<view::Row> = same.call(Call::Requests { query: "aynı".into() });
    assert_eq!(all.iter().map(|row| (row.id, row.transport)).collect::<Vec<_>>(), [(twin, Way::Delivered)]);
}

#[test]
fn of_two_copies_that_both_sent_the_same_draft_the_later_sends_it_anew() {
    let rig = Rig::new();
    let id = rig.draft("kopyalanmadan önce");
    let same = rig.draft("ikisinde de aynı");
    let begun = rig.draft("aynı başlayan");
    let copy = copied(&rig, 77);
    let set = Fields { desc: Some("kopyada başka sözler".into()), ..Fields::default() };
    let _: view::Request = copy.call(Call::SetDraft { id, set });
    copy.add_photo(id, "generated/g-ist-01.jpg");
    for tablet in [&rig, &copy] {
        let _: view::Request = tablet.call(Call::Send { id });
        let _: view::Request = tablet.call(Call::Send { id: same });
        let _: view::Request = tablet.call(Call::Send { id: begun });
    }
    // Written on before anybody knew.
    let set = Fields { addr: Some("Köprü altı".into()), ..Fields::default() };
    let _: view::Request = copy.call(Call::Edit { id, set });
    let set = Fields { addr: Some("Sonradan yazıldı".into()), ..Fields::default() };
    let _: view::Request = copy.call(Call::Edit { id: begun, set });
    copy.add_photo(begun, "generated/g-ist-02.jpg");
    rig.sync();
    for _ in 0..3 {
        copy.sync();
        copy.clock.pass(5_000);
    }

    let all: Vec<view::Row> = copy.call(Call::Requests { query: String::new() });
    assert!(all.iter().all(|row| row.transport == Way::Delivered), "{all:?}");
    assert_eq!(all.len(), 4, "what says the same, or began the same, is one request");
    rig.sync();
    for tablet in [&rig, &copy] {
        let changed = tablet.show(begun);
        assert_eq!((changed.row.addr.as_str(), changed.photos.len()), ("Sonradan yazıldı", 1));
    }
    assert_eq!((copy.status().waiting, copy.status().quarantined), (0, 0));
    let first = copy.show(id);
    assert_eq!((first.desc.as_str(), first.photos.len()), ("kopyalanmadan önce", 0));
    let anew = all.iter().find(|row| ![id, same, begun].contains(&row.id)).unwrap();
    assert_ne!(anew.case_no, first.row.case_no);
    let anew = copy.show(anew.id);
    assert_eq!(
        (anew.desc.as_str(), anew.row.addr.as_str(), anew.photos.len()),
        ("kopyada başka sözler", "Köprü altı", 1)
    );
    rig.sync();
    assert_eq!(rig.show(anew.row.id).desc, "kopyada başka sözler");
}
