//! Days the desk says something of, and units with what lies there.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::handlers::desk::view::Role;
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command;
use mbs_shared::routing::{Action, Outcome, State, Who};
use serde_json::{Value, json};

const ROADS: &str = "md-yol-bakim-anadolu";

#[tokio::test]
async fn administrative_leave_moves_dates_that_are_worked_out_from_then_on() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let before = tablet.filed("yol.cukur").await;
    let cookie = signed_in(&town, Role::Triage);
    let (_, days) = desk(&town, &cookie, "calendar", None).await;
    let newyear = days.as_array().unwrap().iter().find(|day| day["date"] == "2027-01-01").unwrap();
    assert_eq!(
        (&newyear["name"], &newyear["kind"], &newyear["author"]),
        (&"Yılbaşı".into(), &"off".into(), &Value::Null)
    );
    for (wrong, field) in [
        (json!({ "date": "2026-11-25", "kind": "off", "name": " " }), "name"),
        (json!({ "date": "25.11.2026", "kind": "off", "name": "İzin" }), "date"),
        (json!({ "date": "2026-11-01", "kind": "off", "name": "İzin" }), "date"),
        (json!({ "date": "2031-11-01", "kind": "off", "name": "İzin" }), "date"),
    ] {
        let (status, fault) = desk(&town, &cookie, "calendar", Some(&wrong)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fault}");
        assert!(fault["message"].as_str().unwrap().starts_with(field), "{fault}");
    }
    let leave = json!({ "date": "2026-11-26", "kind": "off", "name": "Kar tatili" });
    let (status, days) = desk(&town, &cookie, "calendar", Some(&leave)).await;
    assert_eq!(status, StatusCode::OK, "{days}");
    let day = days.as_array().unwrap().iter().find(|day| day["date"] == "2026-11-26").unwrap();
    assert_eq!((&day["name"], &day["author"]), (&"Kar tatili".into(), &"Masa".into()));
    let after = tablet.filed("yol.cukur").await;
    assert!(town.head(after).due > town.head(before).due, "a day later at least");
    // A half day costs half of that; another process has it, too.
    let half = json!({ "date": "2026-11-26", "kind": "half", "name": "Kar tatili" });
    desk(&town, &cookie, "calendar", Some(&half)).await;
    let other = town.other_process();
    assert_eq!(other.calendar().due(MORNING, 2), town.service.calendar().due(MORNING, 2));
    let (_, days) = desk(&town, &cookie, "calendar/2026-11-26/drop", Some(&json!({}))).await;
    assert!(days.as_array().unwrap().iter().all(|day| day["date"] != "2026-11-26"));
    other.refresh_settings().unwrap();
    let again = tablet.filed("yol.cukur").await;
    assert_eq!(town.head(again).due, town.head(before).due);
    assert_eq!(other.calendar().due(MORNING, 5), town.service.calendar().due(MORNING, 5));
    // A holiday that moved is a working day after all.
    let moved = json!({ "date": "2027-01-01", "kind": "working", "name": "Telafi" });
    let (_, days) = desk(&town, &cookie, "calendar", Some(&moved)).await;
    let newyear = days.as_array().unwrap().iter().find(|day| day["date"] == "2027-01-01").unwrap();
    assert_eq!(newyear["kind"], "working");
}

#[tokio::test]
async fn a_unit_is_shown_with_its_work_and_switched_to_approval() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let cookie = signed_in(&town, Role::Operator);
    let of = |list: &Value| list.as_array().unwrap().iter().find(|unit| unit["unit"]["code"] == ROADS).unwrap().clone();
    let (_, list) = desk(&town, &cookie, "units", None).await;
    let roads = of(&list);
    assert_eq!((&roads["open"], &roads["late"], &roads["approval"]), (&1.into(), &0.into(), &false.into()));
    let path = format!("units/{ROADS}");
    let (_, list) = desk(&town, &cookie, &path, Some(&json!({ "approval": true }))).await;
    assert_eq!(of(&list)["approval"], true);
    assert_eq!(
        desk(&town, &cookie, "units/md-yok", Some(&json!({ "approval": true }))).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    for action in [Action::Accept, Action::Answer] {
        let command = Command::new(Who::Unit, action).saying("Yapıldı.").ending(Outcome::Done);
        town.service.act(Act { request: id, author: 1, seen: None, command }).await.unwrap();
    }
    assert_eq!(town.head(id).state, State::AnswerPending, "it waits for an approver now");
    // Who works in a unit sees it and what is below, and switches nothing.
    seat(&town, 2, Role::Approver, ROADS);
    let (_, own) = desk(&town, &cookie, "units", None).await;
    assert_eq!((own.as_array().unwrap().len(), &own[0]["open"], &own[0]["approval"]), (1, &1.into(), &true.into()));
    let refused = desk(&town, &cookie, &path, Some(&json!({ "approval": false }))).await;
    assert_eq!(refused.0, StatusCode::FORBIDDEN);
}
