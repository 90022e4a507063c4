//! The engine against a server that loses, repeats, refuses and forgets.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

mod support;

use std::sync::Arc;

use mbs_shared::id::{OfficialNo, SessionId};
use mbs_shared::routing::{Outcome, State, What, Who};
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::error::Code as WireCode;
use mbs_shared::wire::events::News;
use mbs_shared::wire::sync::{Cursor, ItemKind, ItemResult, RowBody};
use mbs_tablet::door::view::{self, Link, Transport as Way};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::ports::Transport;
use mbs_tablet::sync::{Effect, Event, Nudge};
use support::{Fault, Line, MORNING, Rig, Server};

const WORDS: &str = "Ilgın Sokak'ta kaldırım çökmüş, yağmurda göl oluyor.";

#[test]
fn a_request_goes_up_and_its_answer_comes_down() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    assert_eq!(rig.show(id).row.transport, Way::Queued);
    assert_eq!(rig.status().waiting, 1);
    let summary = rig.sync();
    assert_eq!((summary.pushed, summary.waiting, summary.cut), (1, 0, false));
    assert_eq!(rig.show(id).row.transport, Way::Delivered);
    {
        let mut server = rig.server();
        server.decide(id, Who::System, What::Received { no: OfficialNo { year: 2026, n: 42 } }, "");
        server.decide(
            id,
            Who::System,
            What::Routed { unit: "md-yol-bakim-anadolu".into(), due: MORNING + 86_400_000 },
            "",
        );
        server.decide(id, Who::Unit, What::Accepted, "");
        server.decide(id, Who::Unit, What::Answered { outcome: Outcome::Done, photos: Vec::new() }, "taslak");
        server.decide(
            id,
            Who::Approver,
            What::Concluded { outcome: Outcome::Done, photos: Vec::new() },
            "Kaldırım onarıldı.",
        );
    }
    rig.sync();
    let shown = rig.show(id);
    assert_eq!(shown.row.state, Some(State::Concluded));
    assert_eq!(shown.row.official_no.as_deref(), Some("2026-000042"));
    assert_eq!(shown.answer.as_ref().unwrap().text, "Kaldırım onarıldı.");
    assert!(shown.row.needs_me && shown.can.contains(&EntryKind::Confirm) && shown.can.contains(&EntryKind::Object));
    assert!(!shown.timeline.iter().any(|s| s.note.as_deref() == Some("taslak")), "a proposal is not official");
    assert_eq!(rig.status().needs_me, 1);
    let what: Vec<&str> = shown.timeline.iter().map(|s| s.what.as_str()).collect();
    assert_eq!(what, ["written", "queued", "received", "routed", "accepted", "answered", "concluded"]);
    let found: Vec<view::Row> = rig.call(Call::Requests { query: "2026-000042 KALDIRIM".into() });
    assert_eq!(found.len(), 1);
    let shown: view::Request = rig.call(Call::Say { id, kind: EntryKind::Confirm, text: String::new() });
    assert!(!shown.can.contains(&EntryKind::Object), "one decision at a time");
    assert_eq!(rig.status().needs_me, 0);
    rig.sync();
    assert_eq!(rig.server().entries[&id].len(), 1);
}

#[test]
fn a_lost_acknowledgement_is_asked_for_again_and_nothing_doubles() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.server().faults.push_back(Fault::AnswerLost);
    assert!(rig.sync().cut);
    assert_eq!(rig.show(id).row.transport, Way::Queued);
    let summary = rig.sync();
    assert_eq!((summary.pushed, summary.waiting), (1, 0));
    assert_eq!(rig.server().changes[&id].len(), 1);
    assert_eq!(rig.show(id).row.transport, Way::Delivered);
}

#[test]
fn after_a_lost_acknowledgement_and_a_pulled_battery_the_feed_says_that_it_arrived() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.server().faults.push_back(Fault::AnswerLost);
    rig.sync();
    let rig = rig.pulled();
    assert_eq!(rig.show(id).row.transport, Way::Queued, "what was saved is still there");
    rig.sync();
    assert_eq!(rig.server().changes[&id].len(), 1);
    assert_eq!((rig.show(id).row.transport, rig.status().waiting), (Way::Delivered, 0));
}

#[test]
fn doubled_requests_are_harmless() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    let _: view::Request = rig.call(Call::Say { id, kind: EntryKind::Message, text: "Acele olursa iyi olur.".into() });
    rig.server().faults.push_back(Fault::Twice);
    rig.sync();
    let server = rig.server();
    assert_eq!((server.changes[&id].len(), server.entries[&id].len()), (1, 1));
    drop(server);
    assert_eq!(rig.show(id).thread.len(), 1);
}

#[test]
fn a_reply_to_another_session_is_dropped() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.server().session = Some(SessionId([1; 16]));
    assert!(rig.sync().cut);
    assert_eq!(rig.show(id).row.transport, Way::Queued);
    rig.server().session = None;
    rig.sync();
    assert_eq!(rig.show(id).row.transport, Way::Delivered);
}

#[test]
fn a_late_reply_to_an_earlier_request_is_dropped() {
    let rig = Rig::new();
    rig.send(WORDS);
    let now = rig.tablet.now();
    let Effect::Http(first) = rig.tablet.engine().step(now, Event::Nudge(Nudge::Now)) else { panic!("nothing sent") };
    let late = Line(rig.server.clone()).send(first.clone()).unwrap();
    let Effect::Wait(_) = rig.tablet.engine().step(now, Event::Cut(first.ticket)) else { panic!("no back-off") };
    let Effect::Wait(_) = rig.tablet.engine().step(now, Event::Reply(first.ticket, late)) else { panic!("taken") };
    assert_eq!(rig.status().waiting, 1);
}

#[test]
fn waits_grow_with_jitter_and_a_person_is_not_kept_waiting() {
    let rig = Rig::new();
    rig.send(WORDS);
    let mut now = rig.tablet.now();
    let mut last = 0;
    let mut event = Event::Tick;
    for n in 0..12 {
        let Effect::Http(request) = rig.tablet.engine().step(now, event) else { panic!("nothing sent") };
        let Effect::Wait(until) = rig.tablet.engine().step(now, Event::Cut(request.ticket)) else { panic!("no wait") };
        let wait = until - now;
        let most = (2_000_i64 << n).min(300_000);
        assert!((most / 2..=most).contains(&wait), "{n}: {wait}");
        // Not a moment before.
        assert_eq!(rig.tablet.engine().step(until - 1, Event::Tick), Effect::Wait(until));
        (now, last, event) = (until, wait, Event::Tick);
    }
    assert!(last >= 150_000);
    let Effect::Http(r) = rig.tablet.engine().step(now, event) else { panic!() };
    let Effect::Wait(_) = rig.tablet.engine().step(now, Event::Cut(r.ticket)) else { panic!() };
    let Effect::Http(_) = rig.tablet.engine().step(now, Event::Nudge(Nudge::Now)) else {
        panic!("Şimdi gönder waits")
    };
}

#[test]
fn a_clock_set_back_by_years_does_not_leave_it_waiting_for_years() {
    let rig = Rig::new();
    rig.send(WORDS);
    let now = rig.tablet.now();
    let Effect::Http(r) = rig.tablet.engine().step(now, Event::Tick) else { panic!() };
    let Effect::Wait(_) = rig.tablet.engine().step(now, Event::Cut(r.ticket)) else { panic!() };
    let then = now - 10 * 365 * 86_400_000;
    let Effect::Wait(until) = rig.tablet.engine().step(then, Event::Tick) else { panic!() };
    assert!(until - then <= 300_000);
}

#[test]
fn retry_after_is_honoured_by_connectivity_and_overruled_by_a_person() {
    let rig = Rig::new();
    rig.send(WORDS);
    for status in [503, 429] {
        rig.server().faults.push_back(Fault::Instead(status, vec![("retry-after", "120")], Some(WireCode::Busy)));
        assert!(rig.sync().cut);
        let now = rig.tablet.now();
        assert_eq!(rig.tablet.engine().step(now, Event::Tick), Effect::Wait(now + 120_000));
        assert_eq!(rig.tablet.engine().step(now, Event::Nudge(Nudge::Connectivity)), Effect::Wait(now + 120_000));
    }
    assert_eq!(rig.sync().waiting, 0);
}

#[test]
fn while_wake_ups_are_heard_polls_are_rare_and_only_news_is_fetched() {
    let rig = Rig::new();
    rig.sync();
    let now = rig.tablet.now();
    assert_eq!(rig.tablet.engine().step(now, Event::Tick), Effect::Wait(now + 30_000));
    let step = |nudge| rig.tablet.engine().step(now, Event::Nudge(nudge));
    let Effect::Wait(_) = step(Nudge::Listening) else { panic!("listening is no reason to ask") };
    rig.sync();
    assert_eq!(rig.tablet.engine().step(now, Event::Tick), Effect::Wait(now + 600_000));
    // The server tells how far it is: known already, nothing is asked.
    let epoch = rig.server().epoch;
    let seq = rig.server().seq;
    let at = |epoch, seq| Nudge::News(News(Cursor { epoch, seq }));
    assert_eq!(step(at(epoch, seq)), Effect::Wait(now + 600_000));
    // Something new, and another epoch: asked at once.
    for news in [at(epoch, seq + 1), at(epoch + 1, seq)] {
        let Effect::Http(request) = step(news) else { panic!("{news:?} must be fetched") };
        // While it is under way news comes that it may not bring: asked again afterwards.
        let Effect::Wait(_) = step(at(epoch, seq + 9)) else { panic!("two at once") };
        let reply = Line(rig.server.clone()).send(request.clone()).unwrap();
        let Effect::Http(again) = rig.tablet.engine().step(now, Event::Reply(request.ticket, reply)) else {
            panic!("forgotten")
        };
        let reply = Line(rig.server.clone()).send(again.clone()).unwrap();
        assert_eq!(rig.tablet.engine().step(now, Event::Reply(again.ticket, reply)), Effect::Wait(now + 600_000));
    }
    // The stream dies: polls come soon again, not all tablets' at the same moment.
    let Effect::Wait(until) = step(Nudge::Deaf) else { panic!("asked at once") };
    assert!((15_000..=30_000).contains(&(until - now)), "{}", until - now);
}

#[test]
fn a_stream_that_opens_says_that_the_server_is_there() {
    let rig = Rig::new();
    rig.send(WORDS);
    rig.server().faults.push_back(Fault::Lost);
    assert!(rig.sync().cut);
    let now = rig.tablet.now();
    let Effect::Wait(_) = rig.tablet.engine().step(now, Event::Tick) else { panic!("no back-off") };
    let Effect::Http(_) = rig.tablet.engine().step(now, Event::Nudge(Nudge::Listening)) else {
        panic!("what waits must go")
    };
}

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
fn what_is_refused_is_readable_and_in_nobodys_way() {
    let rig = Rig::new();
    let bad = rig.send("bad");
    rig.add_photo_later(bad);
    let good = rig.send(WORDS);
    let entry: view::Request = rig.call(Call::Say { id: good, kind: EntryKind::Message, text: "Ek bilgi".into() });
    assert_eq!(entry.thread.len(), 1);
    BAD.with(|b| b.set(Some(bad)));
    rig.server().verdict = Some(|item| {
        (BAD.with(std::cell::Cell::get) == Some(item.request) && item.kind == ItemKind::Change)
            .then_some(ItemResult::Rejected(WireCode::BadValue))
    });
    let summary = rig.sync();
    assert_eq!(rig.show(good).row.transport, Way::Delivered);
    let shown = rig.show(bad);
    assert_eq!(shown.row.transport, Way::Quarantined);
    assert_eq!((shown.quarantine.as_deref(), shown.desc.as_str()), (Some("bad_value"), "bad"));
    assert!(shown.row.needs_me && summary.quarantined >= 1 && summary.waiting == 0, "{summary:?}");
    let out = tempfile::tempdir().unwrap();
    let exported = rig.tablet.export(out.path()).unwrap();
    assert!(exported.items >= 1);
    let json = std::fs::read_to_string(out.path().join("unsent.json")).unwrap();
    assert!(json.contains("bad_value"), "{json}");
}

thread_local! {
    static BAD: std::cell::Cell<Option<mbs_shared::id::RequestId>> = const { std::cell::Cell::new(None) };
}

impl Rig {
    /// A correction that builds on a request: it cannot go when that one is refused.
    fn add_photo_later(&self, id: mbs_shared::id::RequestId) {
        self.add_photo(id, "generated/g-ori-1.jpg");
    }
}

#[test]
fn a_frame_refused_whole_ends_with_one_in_quarantine() {
    let rig = Rig::new();
    let ids: Vec<_> = (0..4).map(|n| rig.send(&format!("{WORDS} {n}"))).collect();
    // 4 → 2 → 1: then it is this one.
    for _ in 0..3 {
        rig.server().faults.push_back(Fault::Instead(400, Vec::new(), Some(WireCode::Malformed)));
    }
    let summary = rig.sync();
    assert_eq!((summary.quarantined, summary.waiting, summary.pushed), (1, 0, 3));
    assert_eq!(rig.show(ids[0]).quarantine.as_deref(), Some("malformed"));
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

#[test]
fn later_is_kept_and_tried_again() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.server().verdict = Some(|_| Some(ItemResult::Later));
    rig.sync();
    assert_eq!(rig.show(id).row.transport, Way::Queued);
    rig.server().verdict = None;
    let now = rig.tablet.now();
    assert!(matches!(rig.tablet.engine().step(now + 16 * 60_000, Event::Tick), Effect::Http(_)));
}

#[test]
fn missing_dependencies_are_pushed_again() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    // The server lost it, without telling.
    rig.server().changes.clear();
    let set = Fields { addr: Some("Çeşme yanı".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::Edit { id, set });
    let summary = rig.sync();
    assert_eq!((summary.waiting, summary.quarantined), (0, 0));
    assert_eq!(rig.server().changes[&id].len(), 2);
}

#[test]
fn a_dependency_that_can_never_come_ends_in_quarantine() {
    let rig = Rig::new();
    rig.send(WORDS);
    rig.server().verdict = Some(|_| Some(ItemResult::MissingDeps));
    for _ in 0..4 {
        rig.sync();
    }
    assert_eq!((rig.status().waiting, rig.status().quarantined), (0, 1));
}

#[test]
fn erased_is_a_final_success() {
    let rig = Rig::new();
    let gone = rig.send(WORDS);
    rig.server().verdict = Some(|_| Some(ItemResult::Erased));
    rig.sync();
    assert_eq!(rig.status().waiting, 0);
    assert!(rig.tablet.call(Call::Request { id: gone }).is_err());
    rig.server().verdict = None;
    let other = rig.send("kalan");
    rig.sync();
    rig.server().publish(other, RowBody::Erased);
    rig.sync();
    assert!(rig.call::<Vec<view::Row>>(Call::Requests { query: String::new() }).is_empty());
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

thread_local! {
    static FORKED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[test]
fn two_tablets_of_one_mandate_see_each_others_versions() {
    let server = Server::new();
    let (a, b) = (Rig::at(&server, 1), Rig::at(&server, 2));
    let id = a.send(WORDS);
    a.sync();
    b.sync();
    assert_eq!(b.show(id).desc, WORDS);
    let set = |t: &str| Fields { desc: Some(t.into()), ..Fields::default() };
    let _: view::Request = a.call(Call::Edit { id, set: set("A'nın sözü") });
    let _: view::Request = b.call(Call::Edit { id, set: set("B'nin sözü") });
    for _ in 0..2 {
        a.sync();
        b.sync();
    }
    let (at_a, at_b) = (a.show(id), b.show(id));
    assert_eq!(at_a.desc, at_b.desc);
    assert_eq!(at_a.conflicts.len(), 1);
    let texts = |r: &view::Request| r.conflicts[0].versions.iter().map(|v| v.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&at_a), texts(&at_b));
    assert_eq!(at_a.conflicts[0].versions.iter().filter(|v| v.mine).count(), 1);
    let chosen = texts(&at_a)[1].clone();
    let _: view::Request = a.call(Call::Keep { id, field: "desc".into(), version: 1 });
    a.sync();
    b.sync();
    for rig in [&a, &b] {
        assert_eq!((rig.show(id).desc, rig.show(id).row.conflicts), (chosen.clone(), 0));
    }
}

#[test]
fn what_the_server_sends_is_not_believed_either() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    let mac = mbs_shared::id::Mac([0; 16]);
    {
        let mut server = rig.server();
        for junk in
            [vec![], vec![0xff; 40], mbs_shared::pack::pack(b"no change"), mbs_shared::pack::pack(&vec![7; 40_000])]
        {
            server.publish(id, RowBody::Change { packed: junk.clone().into(), mac });
            server.publish(id, RowBody::Event { packed: junk.clone().into(), mac });
            let stamp = mbs_shared::wire::entry::Stamp { at: 0, author: "?".into() };
            server.publish(id, RowBody::Entry { packed: junk.into(), stamp, mac });
        }
        server.decide(id, Who::System, What::Received { no: OfficialNo { year: 2026, n: 1 } }, "");
    }
    rig.sync();
    assert_eq!(rig.show(id).row.official_no.as_deref(), Some("2026-000001"), "the rest goes on");
    assert_eq!((rig.show(id).desc, rig.status().quarantined), (WORDS.into(), 0));
}

#[test]
fn photos_go_after_words_previews_first_and_resume_where_they_were_cut() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    rig.add_photo(id, "generated/g-ist-02.jpg");
    let shown: view::Request = rig.call(Call::Send { id });
    let sizes: usize = shown.photos.iter().map(|p| p.size as usize).sum();
    // Words pass, previews pass, the first slice is cut after 5,000 bytes.
    rig.server().faults.extend([Fault::Pass, Fault::Pass, Fault::Pass, Fault::Partly(5_000)]);
    assert!(rig.sync().cut);
    let log = rig.server().log.clone();
    assert!(log[1].starts_with("/v1/sync") && log[2].contains("/thumb") && log[3].contains("/thumb"), "{log:?}");
    let summary = rig.sync();
    assert_eq!((summary.photos, summary.waiting), (2, 0));
    let thumbs: usize = shown.photos.iter().map(|p| rig.tablet.photo(p.hash, true).unwrap().unwrap().len()).sum();
    let server = rig.server();
    assert_eq!(server.blob_bytes, sizes + thumbs, "not one byte twice");
    for photo in &shown.photos {
        assert_eq!(rig.tablet.photo(photo.hash, false).unwrap().unwrap(), server.blobs[&photo.hash], "bit-equal");
    }
    drop(server);
    let shown = rig.show(id);
    assert!(shown.photos.iter().all(|p| p.delivered && p.sent == p.size));
    assert_eq!(shown.row.photos_delivered, 2);
}

#[test]
fn new_words_pass_photos_that_are_under_way() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "real/jolla-8mp.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    let now = rig.tablet.now();
    let mut line = Line(rig.server.clone());
    let mut event = Event::Nudge(Nudge::Now);
    let mut second = None;
    let mut order = Vec::new();
    while let Effect::Http(request) = rig.tablet.engine().step(now, event) {
        order.push(request.path.clone());
        if request.path.starts_with("/v1/blobs") && !request.path.ends_with("thumb") && second.is_none() {
            second = Some(rig.send("acil"));
        }
        event = Event::Reply(request.ticket, line.send(request).unwrap());
    }
    let first_slice = order.iter().position(|p| p.starts_with("/v1/blobs") && !p.ends_with("thumb")).unwrap();
    assert_eq!(order[first_slice + 1], "/v1/sync", "{order:?}");
    assert_eq!(rig.show(second.unwrap()).row.transport, Way::Delivered);
}

#[test]
fn a_restored_server_is_healed_by_its_tablets() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-03.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    rig.sync();
    let _: view::Request = rig.call(Call::Say { id, kind: EntryKind::Message, text: "Bir not".into() });
    rig.sync();
    {
        let mut server = rig.server();
        server.epoch += 1;
        server.seq = 0;
        server.feed.clear();
        server.changes.clear();
        server.entries.clear();
        server.blobs.clear();
        server.whole.clear();
        server.counts.clear();
    }
    for _ in 0..2 {
        rig.sync();
    }
    let server = rig.server();
    assert_eq!((server.changes[&id].len(), server.entries[&id].len(), server.whole.len()), (1, 1, 1));
    assert!(server.counts.iter().all(|c| *c == 0), "offered again, not made again");
}

#[test]
fn a_new_tablet_takes_a_snapshot() {
    let server = Server::new();
    let a = Rig::at(&server, 1);
    let ids: Vec<_> = (0..5).map(|n| a.send(&format!("{WORDS} {n}"))).collect();
    a.sync();
    server.lock().unwrap().snapshots = true;
    let b = Rig::at(&server, 2);
    b.sync();
    for id in ids {
        assert_eq!(b.show(id).row.transport, Way::Delivered);
    }
    assert_eq!(b.status().waiting, 0);
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
fn things_are_counted_one_two_three() {
    let rig = Rig::new();
    for n in 0..3 {
        let id = rig.send(&format!("{n}"));
        let _: view::Request = rig.call(Call::Say { id, kind: EntryKind::Message, text: "x".into() });
    }
    rig.draft("thrown away or not, it is not counted");
    rig.sync();
    assert_eq!(rig.server().counts, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn many_wait_and_all_arrive_over_a_line_that_is_cut_again_and_again() {
    let rig = Rig::new();
    let ids: Vec<_> = (0..40).map(|n| rig.send(&format!("{WORDS} {n}"))).collect();
    for n in 0..30 {
        rig.server().faults.push_back(if n % 3 == 0 { Fault::AnswerLost } else { Fault::Lost });
    }
    let mut rounds = 0;
    while rig.status().waiting > 0 {
        rounds += 1;
        assert!(rounds < 100);
        rig.sync();
    }
    assert!(ids.iter().all(|id| rig.server().changes[id].len() == 1));
}

#[test]
fn the_driver_sends_by_itself_and_stops_when_let_go() {
    let rig = Rig::new();
    let (tell, told) = std::sync::mpsc::channel();
    let tablet = Arc::new(rig.tablet);
    let driver = mbs_tablet::sync::driver::Driver::start(&tablet, move || {
        let _ = tell.send(());
    });
    let new: view::Request = serde_json::from_value(tablet.call(Call::NewDraft).unwrap()).unwrap();
    let id = new.row.id;
    tablet.call(Call::SetDraft { id, set: Fields { desc: Some(WORDS.into()), ..Fields::default() } }).unwrap();
    tablet.call(Call::Send { id }).unwrap();
    while !rig.server.lock().unwrap().changes.contains_key(&id) {
        told.recv_timeout(std::time::Duration::from_secs(20)).expect("it sends within 20 s");
    }
    drop(driver);
    // The thread lets go of its end when it stops.
    while told.recv_timeout(std::time::Duration::from_secs(20)).is_ok() {}
    assert_eq!(told.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected));
}

#[test]
fn the_wrong_clock_is_told() {
    let rig = Rig::new();
    rig.clock.set(MORNING - 3 * 365 * 86_400_000);
    rig.send(WORDS);
    rig.sync();
    assert!(
        rig.status()
            .notices
            .iter()
            .any(|n| matches!(n, view::Notice::ClockWrong { seconds } if *seconds < -90_000_000))
    );
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
    // The server's own: what waits is handed over and stays readable here, then nothing goes any more.
    let id = rig.send("İkinci başvuru.");
    rig.server().revoke(0x1001, 5);
    rig.sync();
    let status = rig.status();
    assert_eq!((status.link, status.waiting, status.quarantined), (Link::Unknown, 0, 2));
    assert_eq!(rig.show(id).desc, "İkinci başvuru.");
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
    assert_eq!((status.link, status.waiting, status.quarantined), (Link::Online, 0, 0));
    assert_eq!(rig.server().changes.len(), 2);
}

#[test]
fn a_tablet_handed_over_keeps_the_casebook_and_no_notes() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    let _: view::Request = rig.call(Call::Say { id, kind: EntryKind::Note, text: "Komşusuyla konuşma.".into() });
    rig.sync();
    let unsent = rig.send("Gönderilmedi.");
    let _: view::Request = rig.call(Call::Say { id, kind: EntryKind::Note, text: "Bu da gitmedi.".into() });
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
    // What was never handed to a server stays readable, and is not sent in the successor's name.
    assert_eq!(rig.show(unsent).desc, "Gönderilmedi.");
    assert_eq!(rig.status().quarantined, 1);
    assert_eq!(rig.server().changes.len(), 1);
}
