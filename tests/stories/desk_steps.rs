//! Story 7: route, return, route, answer. The muhtar sees each step in order; each unit's program sees
//! each update exactly once across a restart of both; the unit that lost the request sees `left`.

use std::collections::BTreeSet;

use mbs_shared::routing::State;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::staff::{Directorate, all_updates};
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, TRAFFIC, World};
use serde_json::{Value, json};

const REASON: &str = "Duba değil, kaldırım onarımı isteniyor; yol bakımın işidir.";
const ANSWER: &str = "Kaldırım 40 metre boyunca yenilendi.";

#[test]
fn every_step_is_seen_in_order_and_once() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let triage = world.triage();
    let (traffic, roads) = (world.unit(TRAFFIC), world.unit(ROADS_ANATOLIA));
    let programs = [world.directorate(TRAFFIC), world.directorate(ROADS_ANATOLIA)];
    let mut pulled = programs.map(|p| Pulled { program: p, got: Vec::new() });

    // Without a category nothing routes by itself: triage looks first.
    let mut new = New::of(words_about("yol.kaldirim-bozuk", 2)).at(RASIMPASA_PLACE);
    new.category = None;
    let id = tablet.file(&new).unwrap().row.id;
    tablet.settle();
    assert_eq!(tablet.request(id).row.state, Some(State::InReview));
    let mut seen = vec![steps(&tablet, id)];

    let mut step = |tablet: &mbs_tests::tablet::Device| {
        tablet.settle();
        seen.push(steps(tablet, id));
        let (before, after) = (&seen[seen.len() - 2], &seen[seen.len() - 1]);
        assert!(
            after.len() > before.len() && after.starts_with(before),
            "steps are added, never changed: {before:?} {after:?}"
        );
    };
    triage.act(id, "route", json!({ "unit": TRAFFIC })).unwrap();
    step(&tablet);
    pulled.iter_mut().for_each(Pulled::pull);
    traffic.act(id, "return", json!({ "note": REASON })).unwrap();
    step(&tablet);
    pulled[0].pull();

    // Both restart: server and programs, in the middle of it; then once more by a kill.
    world.restart_server();
    let base = world.url();
    for p in &mut pulled {
        p.program = p.program.restarted(&base);
    }
    let (triage, traffic, roads) = (triage.at(&base), traffic.at(&base), roads.at(&base));
    triage.act(id, "route", json!({ "unit": ROADS_ANATOLIA })).unwrap();
    step(&tablet);
    roads.act(id, "accept", json!({})).unwrap();
    step(&tablet);
    pulled.iter_mut().for_each(Pulled::pull);
    world.kill_server();
    let base = world.url();
    for p in &mut pulled {
        p.program = p.program.restarted(&base);
    }
    let (traffic, roads) = (traffic.at(&base), roads.at(&base));
    let answered = roads.act(id, "answer", json!({ "outcome": "done", "note": ANSWER })).unwrap();
    if answered["row"]["state"] == "answer_pending" {
        roads.act(id, "approve", json!({})).unwrap();
    }
    step(&tablet);
    pulled.iter_mut().for_each(Pulled::pull);

    // The muhtar: each step in order, with units and words.
    let request = tablet.reopened().request(id);
    let server_steps: Vec<_> =
        request.timeline.iter().filter(|s| !matches!(s.what.as_str(), "written" | "queued")).collect();
    let whats: Vec<_> = server_steps.iter().map(|s| s.what.as_str()).filter(|w| *w != "answered").collect();
    assert_eq!(whats, ["received", "reviewed", "routed", "returned", "routed", "accepted", "concluded"]);
    assert!(server_steps.is_sorted_by_key(|s| s.at));
    assert_eq!(server_steps.iter().find(|s| s.what == "returned").unwrap().note.as_deref(), Some(REASON));
    assert_eq!(request.answer.unwrap().text, ANSWER);

    // The programs: every update once, in order, and the same as someone who asks for everything at the end.
    for p in &pulled {
        let seqs: Vec<_> = p.got.iter().map(|u| u["seq"].as_i64().unwrap()).collect();
        assert!(seqs.is_sorted() && seqs.iter().collect::<BTreeSet<_>>().len() == seqs.len(), "{seqs:?}");
        let mut fresh = p.program.restarted(&base);
        fresh.after = String::new();
        let all: Vec<_> = all_updates(&mut fresh).iter().map(|u| u["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, all);
        assert!(p.got.iter().all(|u| u["request"] == id.to_string()));
    }
    let kinds = |p: &Pulled| p.got.iter().map(|u| u["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (lost, kept) = (kinds(&pulled[0]), kinds(&pulled[1]));
    assert_eq!(
        (lost.first().map(String::as_str), lost.last().map(String::as_str)),
        (Some("entered"), Some("left")),
        "{lost:?}"
    );
    assert_eq!(kept.first().map(String::as_str), Some("entered"), "{kept:?}");
    assert!(!kept.contains(&"left".to_owned()));
    let concluded = pulled[1].got.iter().find(|u| u["event"]["what"] == "concluded").expect("the answer was pulled");
    assert_eq!(concluded["event"]["note"], ANSWER);
    assert!(
        !pulled[0].got.iter().any(|u| u["event"]["what"] == "concluded"),
        "the unit that lost it does not see the answer"
    );

    // What each unit may not do any more, or never could.
    let refused = traffic.act(id, "accept", json!({})).unwrap_err();
    assert!(matches!(refused.status, 403 | 404 | 409), "{refused}");
    let stale =
        roads.post(&format!("requests/{id}/act"), &json!({ "n": 3, "action": "return", "note": REASON })).unwrap_err();
    assert_eq!(stale.status, 409, "{stale}");
    assert_eq!(programs_key_is_needed(&base), 401);
    assert_eq!(world.server.doubled(), Vec::<String>::new());
}

struct Pulled {
    program: Directorate,
    got: Vec<Value>,
}

impl Pulled {
    fn pull(&mut self) {
        self.got.extend(all_updates(&mut self.program));
    }
}

fn steps(tablet: &mbs_tests::tablet::Device, id: mbs_shared::id::RequestId) -> Vec<(i64, String)> {
    tablet.request(id).timeline.iter().map(|s| (s.at, s.what.clone())).collect()
}

fn programs_key_is_needed(base: &str) -> u16 {
    Directorate::new(base, "wrong").page("").unwrap_err().status
}
