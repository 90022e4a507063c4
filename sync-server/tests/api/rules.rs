//! How categories are routed: changed at the desk, rehearsed before, version by version.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::verify::verify;
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command;
use mbs_shared::routing::{Action, State, Who};
use serde_json::{Value, json};

const ROADS: &str = "md-yol-bakim-anadolu";
const POLICE: &str = "md-zabita-anadolu";

fn rule(unit: &str, days: u16, first: bool, priority: &str) -> Value {
    json!({ "route": { "rule": "fixed", "code": unit }, "alternatives": [], "triage_first": first, "target_days": days, "priority": priority })
}

fn new(base: i64, category: &str, rule: &Value) -> Value {
    json!({ "base": base, "changes": { category: rule }, "note": "Meclis kararı" })
}

#[tokio::test]
async fn new_rules_hold_for_what_comes_and_say_before_what_they_would_have_done() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let before = [tablet.filed("yol.cukur").await, tablet.filed("yol.cukur").await];
    tablet.filed("park.agac-budama").await;
    let cookie = signed_in(&town, Role::Triage);
    let (_, shown) = desk(&town, &cookie, "rules", None).await;
    assert_eq!((&shown["version"], &shown["changed"]), (&0.into(), &json!([])));
    assert_eq!(shown["rules"].as_object().unwrap().len(), 100);

    let police = rule(POLICE, 2, false, "urgent");
    let (status, seen) = desk(&town, &cookie, "rules/preview", Some(&new(0, "yol.cukur", &police))).await;
    assert_eq!(status, StatusCode::OK, "{seen}");
    assert_eq!((&seen["requests"], &seen["elsewhere"], &seen["dates"]), (&3.into(), &2.into(), &2.into()));
    let way = &seen["ways"][0];
    assert_eq!((&way["from"]["code"], &way["to"]["code"], &way["count"]), (&ROADS.into(), &POLICE.into(), &2.into()));
    assert_eq!(desk(&town, &cookie, "rules", None).await.1["version"], 0, "nothing was changed by looking");

    let (status, changed) = desk(&town, &cookie, "rules", Some(&new(0, "yol.cukur", &police))).await;
    assert_eq!((status, &changed["version"], &changed["changed"]), (StatusCode::OK, &1.into(), &json!(["yol.cukur"])));
    assert_eq!(
        (&changed["versions"][0]["author"], &changed["versions"][0]["note"]),
        (&"Masa".into(), &"Meclis kararı".into())
    );
    let after = tablet.filed("yol.cukur").await;
    let (old, head) = (town.head(before[0]), town.head(after));
    assert_eq!((town.service.scopes.code(old.unit), town.service.scopes.code(head.unit)), (ROADS, POLICE));
    assert!(head.due < old.due, "two working days instead of more");
    // What waits already stands where the new priority puts it.
    let (_, queue) = desk(&town, &cookie, "queue?list=inbox", None).await;
    let rows: Vec<_> = queue["rows"].as_array().unwrap().iter().map(|row| row["priority"].as_str().unwrap()).collect();
    assert_eq!(rows[..3], ["urgent"; 3]);
    if town.is_one_folder() {
        assert_eq!(verify(&town.service).unwrap().requests, 4);
    }

    // Others are told that they are too late, and an instance beside it has it too.
    let late = desk(&town, &cookie, "rules", Some(&new(0, "yol.cukur", &rule(ROADS, 9, false, "low")))).await;
    assert_eq!(late.0, StatusCode::CONFLICT);
    let other = town.other_process();
    assert_eq!(other.rules().version, 1);
    let first = rule(ROADS, 5, true, "normal");
    let (_, second) = desk(&town, &cookie, "rules", Some(&new(1, "yol.cukur", &first))).await;
    assert_eq!(second["version"], 2);
    other.refresh_settings().unwrap();
    assert_eq!(other.rules().version, 2);

    // Triage looks first now, and its suggestion is still the rule's unit.
    let looked_at = tablet.filed("yol.cukur").await;
    assert_eq!(town.head(looked_at).state, State::InReview);
    let (_, page) = desk(&town, &cookie, &format!("requests/{looked_at}"), None).await;
    assert_eq!(page["suggestions"][0]["unit"]["code"], ROADS);
    let route = Command::new(Who::Triage, Action::Route).to(ROADS);
    town.service.act(Act { request: looked_at, author: 1, seen: None, command: route }).await.unwrap();

    let (_, shown) = desk(&town, &cookie, "rules", None).await;
    assert_eq!((&shown["suggested"], &shown["taken"]), (&1.into(), &1.into()), "he took what was suggested");

    // An earlier version is taken up again as a new one; as the directory has it, it is a change no more.
    let (_, earlier) = desk(&town, &cookie, "rules/0", None).await;
    let back = new(2, "yol.cukur", &earlier["rules"]["yol.cukur"]);
    let (_, third) = desk(&town, &cookie, "rules", Some(&back)).await;
    assert_eq!((&third["version"], &third["changed"]), (&3.into(), &json!([])));
    let (_, first) = desk(&town, &cookie, "rules/1", None).await;
    assert_eq!(first["rules"]["yol.cukur"]["route"]["code"], POLICE);
    let town = town.restarted();
    assert_eq!((town.service.rules().version, town.service.rules().changes().len()), (3, 0));
}

#[tokio::test]
async fn rules_that_name_what_is_not_there_change_nothing() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    for (category, wrong, said) in [
        ("yol.yok", rule(ROADS, 5, false, "normal"), "yol.yok: "),
        ("yol.cukur", rule("md-yok", 5, false, "normal"), "yol.cukur: md-yok"),
        ("yol.cukur", rule(ROADS, 91, false, "normal"), "yol.cukur: "),
    ] {
        for route in ["rules", "rules/preview"] {
            let (status, fault) = desk(&town, &cookie, route, Some(&new(0, category, &wrong))).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fault}");
            assert!(fault["message"].as_str().unwrap().starts_with(said), "{fault}");
        }
    }
    // A rule that is none, one that changes nothing, and no reason.
    let none = new(0, "yol.cukur", &json!({ "route": { "rule": "somewhere" } }));
    assert_eq!(desk(&town, &cookie, "rules", Some(&none)).await.0, StatusCode::BAD_REQUEST);
    let (_, shown) = desk(&town, &cookie, "rules", None).await;
    let same = new(0, "yol.cukur", &shown["rules"]["yol.cukur"]);
    assert_eq!(desk(&town, &cookie, "rules", Some(&same)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let silent = json!({ "base": 0, "changes": { "yol.cukur": rule(POLICE, 5, false, "low") }, "note": " " });
    assert_eq!(desk(&town, &cookie, "rules", Some(&silent)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(town.service.rules().version, 0);
}
