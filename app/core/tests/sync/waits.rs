//! When it tries: after failures, wishes of the server, wake-ups, and clocks that jump.

use std::sync::Arc;
use std::time::Duration;

use super::WORDS;
use super::support::{Fault, Line, MORNING, Rig};
use mbs_shared::wire::error::Code as WireCode;
use mbs_shared::wire::events::News;
use mbs_shared::wire::sync::Cursor;
use mbs_tablet::door::{Call, view};
use mbs_tablet::ports::Transport;
use mbs_tablet::sync::driver::Driver;
use mbs_tablet::sync::{Effect, Event, Nudge};

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
        let Effect::Wait(until) = rig.tablet.engine().step(now, Event::Tick) else { panic!("sent at once") };
        // Never sooner, and not all who were refused in one moment.
        assert!((180_000..=240_000).contains(&(until - now)), "{}", until - now);
        assert_eq!(rig.tablet.engine().step(now, Event::Nudge(Nudge::Connectivity)), Effect::Wait(until));
    }
    assert_eq!(rig.sync().waiting, 0);
}

/// What the server stumbles over keeps back what builds on it, and nothing else.
#[test]
fn one_thing_the_server_cannot_take_keeps_nothing_else_waiting() {
    let rig = Rig::new();
    let bad = rig.send(WORDS);
    let others: Vec<_> = (0..9).map(|n| rig.send(&format!("{WORDS} {n}"))).collect();
    rig.server().stumbles = Some(bad);
    let mut hours = 0;
    while rig.status().waiting > 1 {
        rig.sync();
        rig.clock.pass(60_000);
        hours += 1;
        assert!(hours < 60, "{} wait after an hour", rig.status().waiting);
    }
    assert!(others.iter().all(|id| rig.server().changes[id].len() == 1));
    // Tried again and again, less and less often; meanwhile new words go at once.
    let tried = rig.server().stumbled;
    for n in 0..24 {
        let id = rig.send(&format!("{WORDS}, saat {n}"));
        rig.sync();
        assert!(rig.server().changes.contains_key(&id), "hour {n}");
        rig.clock.pass(3_600_000);
    }
    let again = rig.server().stumbled - tried;
    assert!((12..=36).contains(&again), "{again} times in a day");
    rig.server().stumbles = None;
    rig.clock.pass(3_600_000);
    assert_eq!(rig.sync().waiting, 0);
    assert_eq!(rig.server().changes[&bad].len(), 1);
}

/// A photo store that fails is no reason for words to wait.
#[test]
fn photos_the_server_cannot_keep_do_not_hold_up_words() {
    let rig = Rig::new();
    for status in [500, 503] {
        let draft = rig.draft(WORDS);
        for file in ["generated/g-ist-01.jpg", "generated/g-ist-02.jpg"] {
            rig.add_photo(draft, file);
        }
        let _: view::Request = rig.call(Call::Send { id: draft });
        rig.server().photos = Some((status, vec![("retry-after", "2")]));
        for _ in 0..10 {
            rig.sync();
            rig.clock.pass(4_000);
        }
        let id = rig.send(&format!("{WORDS} {status}"));
        rig.sync();
        assert!(rig.server().changes.contains_key(&id), "words wait for photos after {status}");
        rig.server().photos = None;
        rig.clock.pass(400_000);
        while rig.status().waiting > 0 {
            rig.sync();
            rig.clock.pass(400_000);
        }
    }
}

/// A network that is another one, or a person who is waiting: what hangs on a dead line is let go.
#[test]
fn a_line_that_fell_silent_is_left_when_the_network_changes() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.server().faults.push_back(Fault::Silent);
    let tablet = Arc::new(rig.tablet);
    let (tell, told) = std::sync::mpsc::channel();
    let driver = Driver::start(&tablet, move || {
        let _ = tell.send(());
    });
    while !rig.server.lock().unwrap().faults.is_empty() {
        std::thread::yield_now();
    }
    driver.nudge(Nudge::Connectivity);
    // Without it the request would be waited for two and a half minutes.
    while !rig.server.lock().unwrap().changes.contains_key(&id) {
        told.recv_timeout(Duration::from_secs(60)).expect("it sends over another line");
    }
    drop(driver);
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

/// Whatever the digests say, tablet and server are compared whole once a week, and not sooner.
#[test]
fn tablet_and_server_are_compared_whole_once_a_week() {
    let rig = Rig::new();
    rig.send(WORDS);
    let mut compared = Vec::new();
    for day in 0..24 {
        rig.server().log.clear();
        rig.sync();
        if rig.server().log.iter().any(|line| line.starts_with("/v1/reconcile")) {
            compared.push(day);
        }
        rig.clock.pass(86_400_000);
    }
    // It begins to count with the first poll that brings nothing, on the second day.
    assert_eq!(compared, [9, 17], "the first day after a week was over");
}
