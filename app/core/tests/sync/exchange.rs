//! Words go up and decisions come down, once, over a line that loses, repeats and delays.

use std::sync::Arc;

use super::WORDS;
use super::support::{Fault, Line, MORNING, Rig, Server};
use mbs_shared::id::{OfficialNo, SessionId};
use mbs_shared::routing::{Outcome, State, What, Who};
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::view::{self, Transport as Way};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;
use mbs_tablet::ports::Transport;
use mbs_tablet::sync::{Effect, Event, Nudge};

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
        server.decide(id, Who::System, What::Received { no: OfficialNo { year: 2026, n: 42 }, channel: None }, "");
        server.decide(
            id,
            Who::System,
            What::Routed { unit: "md-yol-bakim-anadolu".into(), due: MORNING + 86_400_000 },
            "",
        );
        server.decide(id, Who::Unit, What::Accepted, "");
        server.decide(
            id,
            Who::Unit,
            What::Answered { outcome: Outcome::Done, photos: Vec::new(), parent: None },
            "taslak",
        );
        server.decide(
            id,
            Who::Approver,
            What::Concluded { outcome: Outcome::Done, photos: Vec::new(), parent: None },
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
    let shown: view::Request =
        rig.call(Call::Say { id, kind: EntryKind::Confirm, text: String::new(), photos: Vec::new() });
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
    let _: view::Request =
        rig.call(Call::Say { id, kind: EntryKind::Message, text: "Acele olursa iyi olur.".into(), photos: Vec::new() });
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
    let seen = names(&at_a);
    let _: view::Request = a.call(Call::Keep { id, field: "desc".into(), version: seen[1].clone(), seen });
    a.sync();
    b.sync();
    for rig in [&a, &b] {
        assert_eq!((rig.show(id).desc, rig.show(id).row.conflicts), (chosen.clone(), 0));
    }
}

/// What names the versions of the first field that has several.
fn names(request: &view::Request) -> Vec<String> {
    request.conflicts[0].versions.iter().map(|version| version.name.clone()).collect()
}

#[test]
fn a_version_is_chosen_by_its_name_however_it_stands_and_none_unread() {
    let server = Server::new();
    let [a, b, c] = [1, 2, 3].map(|seed| Rig::at(&server, seed));
    let id = a.send(WORDS);
    let rigs = [&a, &b, &c];
    let all = || {
        for _ in 0..2 {
            for rig in rigs {
                rig.sync();
            }
        }
    };
    let set = |t: &str| Fields { desc: Some(t.into()), ..Fields::default() };
    all();
    let _: view::Request = a.call(Call::Edit { id, set: set("A'nın sözü") });
    let _: view::Request = b.call(Call::Edit { id, set: set("B'nin sözü") });
    a.sync();
    b.sync();
    a.sync();
    let seen = names(&a.show(id));
    let first = a.show(id).conflicts[0].versions[0].clone();
    let _: () = a.call(Call::BeginCombine { id, field: "desc".into(), text: "Hem A hem B".into() });
    // A third tablet, which knew of neither, is heard in between.
    let _: view::Request = c.call(Call::Edit { id, set: set("C'nin sözü") });
    c.sync();
    a.sync();
    let keep = |version: &str, seen: &[String]| {
        a.tablet.call(Call::Keep { id, field: "desc".into(), version: version.into(), seen: seen.to_vec() })
    };
    let combine = |seen: &[String]| {
        let text = "Hem A hem B".to_owned();
        a.tablet.call(Call::Combine { id, field: "desc".into(), text, seen: seen.to_vec() })
    };
    assert_eq!(keep(&first.name, &seen).unwrap_err().code, Code::VersionsChanged, "one is unread");
    assert_eq!(combine(&seen).unwrap_err().code, Code::VersionsChanged);
    let seen = names(&a.show(id));
    assert_eq!(seen.len(), 3);
    assert_eq!(a.show(id).combined[0].text, "Hem A hem B", "what was typed is there still");
    keep(&first.name, &seen).unwrap();
    assert_eq!((a.show(id).desc, a.show(id).combined.len()), (first.text.clone(), 0));
    all();
    // Settled on another tablet: told, and what was typed can be kept all the same.
    let shown = b.show(id);
    assert_eq!((shown.desc.as_str(), shown.conflicts.len()), (first.text.as_str(), 0));
    let _: () = b.call(Call::BeginCombine { id, field: "desc".into(), text: "Üçü birden".into() });
    let gone = Call::Keep { id, field: "desc".into(), version: seen[1].clone(), seen: seen.clone() };
    assert_eq!(b.tablet.call(gone).unwrap_err().code, Code::VersionsChanged);
    let b = b.pulled();
    assert_eq!(b.show(id).combined[0].text, "Üçü birden");
    let kept: view::Request = b.call(Call::Edit { id, set: set("Üçü birden") });
    assert_eq!((kept.desc.as_str(), kept.combined.len()), ("Üçü birden", 0));
    let long = "x".repeat(20_000);
    assert!(b.tablet.call(Call::BeginCombine { id, field: "desc".into(), text: long }).is_err());
    assert!(b.tablet.call(Call::BeginCombine { id, field: "cat".into(), text: "x".into() }).is_err());
}

#[test]
fn two_versions_become_words_of_both_in_one_change() {
    let server = Server::new();
    let (a, b) = (Rig::at(&server, 1), Rig::at(&server, 2));
    let id = a.send(WORDS);
    let set = |t: &str| Fields { desc: Some(t.into()), ..Fields::default() };
    // What was written of both may be the words that count already.
    for (round, text) in ["Hem A hem B", ""].into_iter().enumerate() {
        a.sync();
        b.sync();
        let _: view::Request = a.call(Call::Edit { id, set: set(&format!("A'nın sözü {round}")) });
        let _: view::Request = b.call(Call::Edit { id, set: set(&format!("B'nin sözü {round}")) });
        for _ in 0..2 {
            a.sync();
            b.sync();
        }
        let shown = a.show(id);
        assert_eq!(shown.conflicts.len(), 1);
        let changes = a.server().changes[&id].len();
        let seen = names(&shown);
        let text = if text.is_empty() { shown.desc } else { text.to_owned() };
        let combine = |field: &str, text: &str| {
            a.tablet.call(Call::Combine { id, field: field.into(), text: text.into(), seen: seen.clone() })
        };
        assert_eq!(combine("desc", " ").unwrap_err().code, Code::Empty);
        assert_eq!(combine("cat", "yol.cukur").unwrap_err().code, Code::BadCall);
        assert_eq!(combine("title", "x").unwrap_err().code, Code::VersionsChanged, "it has one version");
        combine("desc", &format!(" {text}\n")).unwrap();
        a.sync();
        b.sync();
        for rig in [&a, &b] {
            assert_eq!((rig.show(id).desc, rig.show(id).row.conflicts), (text.clone(), 0));
        }
        assert_eq!(a.server().changes[&id].len(), changes + 1);
    }
}

#[test]
fn a_restored_server_is_healed_by_its_tablets() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-03.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    rig.sync();
    let _: view::Request =
        rig.call(Call::Say { id, kind: EntryKind::Message, text: "Bir not".into(), photos: Vec::new() });
    rig.sync();
    rig.server().set_back();
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
fn things_are_counted_one_two_three() {
    let rig = Rig::new();
    for n in 0..3 {
        let id = rig.send(&format!("{n}"));
        let _: view::Request =
            rig.call(Call::Say { id, kind: EntryKind::Message, text: "x".into(), photos: Vec::new() });
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
fn a_tablet_says_how_full_its_battery_is_when_that_has_changed_much() {
    let rig = Rig::new();
    let said = |percent: Option<u8>| {
        if let Some(percent) = percent {
            let _: () = rig.call(Call::Battery { percent });
        }
        rig.sync();
        std::mem::take(&mut rig.server().about).into_iter().map(|about| about.battery).collect::<Vec<_>>()
    };
    assert_eq!(said(None), [None], "the platform does not say; the first exchange tells the rest");
    assert_eq!(said(Some(90)), [Some(90)]);
    assert_eq!(said(Some(80)), [], "not each percent");
    assert_eq!(said(Some(70)), [Some(70)]);
    assert_eq!(said(Some(250)), [Some(100)], "more than full is full");
}
