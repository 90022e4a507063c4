//! Who of a unit has what in hand: whoever accepted it there, told by the author of that decision.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::handlers::desk::view::Role;
use mbs_shared::id::RequestId;
use serde_json::{Value, json};

const ROADS: &str = "md-yol-bakim-anadolu";

async fn act(town: &Town, cookie: &str, id: RequestId, what: Value) {
    let n = town.head(id).n;
    let mut act = json!({ "n": n });
    act.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    let (status, said) = desk(town, cookie, &format!("requests/{id}/act"), Some(&act)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
}

/// Name, open and late of each.
async fn people(town: &Town, cookie: &str) -> Vec<(String, u64, u64)> {
    let (status, list) = desk(town, cookie, "people", None).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    let one = |one: &Value| {
        (one["name"].as_str().unwrap().to_owned(), one["open"].as_u64().unwrap(), one["late"].as_u64().unwrap())
    };
    list.as_array().unwrap().iter().map(one).collect()
}

async fn listed(town: &Town, cookie: &str, query: &str) -> (Vec<String>, Value) {
    let (status, page) = desk(town, cookie, &format!("queue?list=inbox{query}"), None).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let ids = page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    (ids, page)
}

fn load(name: &str, open: u64, late: u64) -> (String, u64, u64) {
    (name.to_owned(), open, late)
}

#[tokio::test]
async fn who_accepted_it_has_it_until_it_lies_elsewhere() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let cookie = signed_in_at(&town, Role::Unit, ROADS);
    let (first, second, third) =
        (tablet.filed("yol.cukur").await, tablet.filed("yol.cukur").await, tablet.filed("yol.cukur").await);
    assert_eq!(people(&town, &cookie).await, [load("", 3, 0), load("Masa", 0, 0)]);
    act(&town, &cookie, first, json!({ "action": "accept" })).await;
    act(&town, &cookie, second, json!({ "action": "accept" })).await;
    // A colleague takes the third, and answers for somebody who is away: it stays in the hand that accepted it.
    seat(&town, 2, Role::Head, ROADS);
    act(&town, &cookie, third, json!({ "action": "accept" })).await;
    act(&town, &cookie, second, json!({ "action": "plan", "date": "2026-12-20" })).await;
    assert_eq!(people(&town, &cookie).await, [load("", 0, 0), load("Masa", 2, 0), load("Kişi 2", 1, 0)]);
    let (ids, page) = listed(&town, &cookie, "&hand=1").await;
    assert_eq!((ids.len(), &page["total"]), (2, &json!(2)));
    assert!(ids.contains(&first.to_string()) && ids.contains(&second.to_string()));
    assert_eq!(page["rows"][0]["hand"], "Masa");
    assert_eq!(listed(&town, &cookie, "&hand=2").await.0, [third.to_string()]);
    assert_eq!(listed(&town, &cookie, "&hand=1&state=planned").await.0, [second.to_string()]);
    assert_eq!(listed(&town, &cookie, "&hand=1&q=kald%C4%B1r%C4%B1m").await.0.len(), 2, "searched within");
    assert_eq!(listed(&town, &cookie, "&hand=0").await.0.len(), 0);
    // Late is who has what is late; what was given back is in nobody's hand.
    act(&town, &cookie, third, json!({ "action": "return", "note": "Bizim yolumuz değil." })).await;
    town.pass(90 * DAY);
    town.service.db.change(|s| s.send("update staff_session set expires = expires * 2", &[])).unwrap();
    let loads = people(&town, &cookie).await;
    assert_eq!(loads, [load("", 0, 0), load("Masa", 2, 2), load("Kişi 2", 0, 0)]);
    // The same after a restart, when nothing is remembered.
    let town = town.restarted();
    assert_eq!(people(&town, &cookie).await, loads);
}

#[tokio::test]
async fn another_units_people_and_work_are_not_told() {
    let town = Town::new();
    let id = town.tablet("kadikoy-rasimpasa").await.filed("yol.cukur").await;
    let cookie = signed_in_at(&town, Role::Unit, ROADS);
    act(&town, &cookie, id, json!({ "action": "accept" })).await;
    seat(&town, 2, Role::Head, "md-zabita-avrupa");
    assert_eq!(people(&town, &cookie).await, [load("", 0, 0), load("Kişi 2", 0, 0)]);
    assert_eq!(listed(&town, &cookie, "&hand=1").await.0.len(), 0, "nor by somebody's number");
}
