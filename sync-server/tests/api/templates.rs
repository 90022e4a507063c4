//! Words a unit uses again and again, and who is looking at a request.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::handlers::desk::view::Role;
use serde_json::{Value, json};

fn names(list: &Value) -> Vec<(&str, bool)> {
    let list = list.as_array().unwrap();
    list.iter().map(|one| (one["name"].as_str().unwrap(), one["own"].as_bool().unwrap())).collect()
}

#[tokio::test]
async fn a_unit_has_its_own_and_those_of_the_units_above() {
    let town = Town::new();
    let directory = town.service.directory();
    let roads = "md-yol-bakim-anadolu";
    let above = directory.unit(roads).unwrap().parent.clone().unwrap();
    let cookie = signed_in_at(&town, Role::Approver, &above);
    let new = |name: &str| json!({ "name": name, "body": "{no} için ekip yola çıktı." });
    for _ in 0..2 {
        // Sent twice it is one.
        assert_eq!(names(&desk(&town, &cookie, "templates", Some(&new("Daire"))).await.1), [("Daire", true)]);
    }
    seat(&town, 2, Role::Unit, roads);
    let (_, list) = desk(&town, &cookie, "templates", Some(&new("Müdürlük"))).await;
    assert_eq!(names(&list), [("Müdürlük", true), ("Daire", false)]);
    // That of the unit above is not theirs to drop.
    let drop = |list: &Value, n: usize| format!("templates/{}/drop", list[n]["id"]);
    assert_eq!(desk(&town, &cookie, &drop(&list, 1), Some(&json!({}))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(names(&desk(&town, &cookie, &drop(&list, 0), Some(&json!({}))).await.1), [("Daire", false)]);
    seat(&town, 3, Role::Unit, "md-zabita-avrupa");
    assert_eq!(names(&desk(&town, &cookie, "templates", None).await.1), []);
    seat(&town, 4, Role::Triage, "");
    assert_eq!(names(&desk(&town, &cookie, "templates", None).await.1), []);
    for wrong in [json!({ "name": " ", "body": "x" }), json!({ "name": "x", "body": "" })] {
        assert_eq!(desk(&town, &cookie, "templates", Some(&wrong)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn who_looks_at_a_request_is_told_who_else_does() {
    let town = Town::new();
    let id = town.tablet("kadikoy-rasimpasa").await.filed("yol.cukur").await;
    let cookie = signed_in(&town, Role::Triage);
    let path = format!("requests/{id}/look");
    assert_eq!(desk(&town, &cookie, &path, Some(&json!({ "here": true }))).await.1, json!([]));
    seat(&town, 2, Role::Triage, "");
    assert_eq!(desk(&town, &cookie, &path, Some(&json!({ "here": true }))).await.1, json!(["Masa"]));
    town.pass(60_000);
    assert_eq!(desk(&town, &cookie, &path, Some(&json!({ "here": true }))).await.1, json!([]));
}
