//! One request, three units: the roads hold it, the traffic and the constabulary each do a part, a cut and a restart in
//! between. The muhtar reads of each part; the program of a helping unit is told of the request while it helps and no longer.

use mbs_shared::wire::error::Code;
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::staff::all_updates;
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::{ROADS_ANATOLIA, TRAFFIC, World};
use serde_json::{Value, json};

const CONSTABULARY: &str = "md-zabita-anadolu";

#[test]
fn work_for_several_units_ends_in_one_answer() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let words = words_about("yol.kaldirim-bozuk", 2);
    let new = New::of(words_about("yol.kaldirim-bozuk", 2)).at(RASIMPASA_PLACE);
    let id = tablet.file(&new).unwrap().row.id;
    tablet.settle();
    let (roads, traffic, constabulary) = (world.unit(ROADS_ANATOLIA), world.unit(TRAFFIC), world.unit(CONSTABULARY));
    let mut program = world.directorate(TRAFFIC);
    roads.act(id, "accept", json!({})).unwrap();
    let task = |unit: &str, what: &str| json!({ "unit": unit, "note": what });
    roads.act(id, "task", task(TRAFFIC, "Levha sökülsün.")).unwrap();
    let page = roads.act(id, "task", task(CONSTABULARY, "Masalar kaldırılsın.")).unwrap();
    let n = |at: usize| page["tasks"][at]["n"].clone();
    assert_eq!(
        roads.act(id, "answer", json!({ "outcome": "done", "note": "Bitti." })).unwrap_err().code,
        Some(Code::NotNow)
    );

    world.kill_server();
    let base = world.url();
    let (roads, traffic, constabulary) = (roads.at(&base), traffic.at(&base), constabulary.at(&base));
    program = program.restarted(&base);
    traffic.act(id, "finish_task", json!({ "task": n(0), "note": "Levha söküldü." })).unwrap();
    assert_eq!(
        roads.act(id, "finish_task", json!({ "task": n(1), "note": "Biz yaptık." })).unwrap_err().code,
        Some(Code::NotNow),
        "a part is ended by whose it is"
    );
    constabulary.act(id, "return_task", json!({ "task": n(1), "note": "Masalar yok." })).unwrap();
    let answered = roads.act(id, "answer", json!({ "outcome": "done", "note": "Kaldırım yenilendi." })).unwrap();
    if answered["row"]["state"] == "answer_pending" {
        roads.act(id, "approve", json!({})).unwrap();
    }

    tablet.settle();
    let request = tablet.request(id);
    let told: Vec<_> = request
        .timeline
        .iter()
        .filter(|step| step.what.starts_with("task"))
        .map(|step| (step.what.as_str(), step.unit.is_some(), step.note.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [
            ("tasked", true, "Levha sökülsün."),
            ("tasked", true, "Masalar kaldırılsın."),
            ("task_done", true, "Levha söküldü."),
            ("task_dropped", true, "Masalar yok."),
        ]
    );
    assert_eq!(request.answer.unwrap().text, "Kaldırım yenilendi.");

    let updates = all_updates(&mut program);
    let seen: Vec<_> = updates
        .iter()
        .map(|update| (update["kind"].as_str().unwrap(), update["event"]["what"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(seen, [("entered", "tasked"), ("event", "tasked"), ("left", "")]);
    let own: &Value = &updates[0]["event"]["task"];
    assert_eq!((&own["unit"], &own["n"]), (&TRAFFIC.into(), &n(0)));
    assert_eq!(updates[0]["content"]["description"], words.text.as_str());
}
