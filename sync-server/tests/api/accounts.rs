//! Who signs in and the keys of programs, from the desk: made, changed, taken away, and never shown twice.

use crate::common::*;
use crate::http::{call, desk};
use crate::second_factor::post;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use mbs_server::handlers::desk::view::Role;
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{About, ItemResult, SyncRequest};
use serde_json::{Value, json};

const ROADS: &str = "md-yol-bakim-anadolu";

fn person(role: &str, unit: &str) -> Value {
    json!({ "login": "Yol.Bakim", "name": "Yol Bakım masası", "role": role, "unit": unit })
}

async fn sign_in(town: &Town, login: &str, password: &str) -> (StatusCode, String) {
    let (status, _, cookie) = post(town, "sign-in", "", json!({ "login": login, "password": password })).await;
    (status, cookie)
}

#[tokio::test]
async fn a_person_is_added_signs_in_and_is_shut_out() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    for (wrong, field) in [
        (json!({ "login": "şube", "name": "Şube", "role": "auditor", "unit": "" }), "login"),
        (json!({ "login": "sube", "name": " ", "role": "auditor", "unit": "" }), "name"),
        (person("unit", ""), "unit"),
        (person("approver", "md-yok"), "unit"),
    ] {
        let (status, fault) = desk(&town, &cookie, "accounts", Some(&wrong)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(fault["message"].as_str().unwrap().starts_with(field), "{fault}");
    }
    let (status, made) = desk(&town, &cookie, "accounts", Some(&person("unit", ROADS))).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let first = made["secret"].as_str().unwrap().to_owned();
    assert_eq!((first.len(), first.matches('-').count()), (19, 3));
    let (_, again) = desk(&town, &cookie, "accounts", Some(&person("unit", ROADS))).await;
    assert!(again["message"].as_str().unwrap().starts_with("login"), "{again}");
    let (_, list) = desk(&town, &cookie, "accounts", None).await;
    assert_eq!(list["secret"], Value::Null, "shown once");
    let people = list["people"].as_array().unwrap();
    let rows: Vec<_> = people.iter().map(|p| (p["login"].as_str().unwrap(), p["own"].as_bool().unwrap())).collect();
    assert_eq!(rows, [("masa", true), ("yol.bakim", false)]);

    // However it is typed, he comes in, and changes the password himself.
    let (status, his) = sign_in(&town, "YOL.bakim ", &first).await;
    assert_eq!(status, StatusCode::OK);
    let (_, elsewhere) = sign_in(&town, "yol.bakim", &first).await;
    let own = |old: &str, new: &str| json!({ "old": old, "new": new });
    for (wrong, field) in [(own("yanlış parola", "yedi tepe üstüne"), "password"), (own(&first, "kısa"), "new")] {
        let (status, fault) = desk(&town, &his, "password", Some(&wrong)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(fault["message"].as_str().unwrap().starts_with(field), "{fault}");
    }
    assert_eq!(desk(&town, &his, "password", Some(&own(&first, "yedi tepe üstüne"))).await.0, StatusCode::OK);
    assert_eq!(desk(&town, &his, "me", None).await.0, StatusCode::OK);
    assert_eq!(desk(&town, &elsewhere, "me", None).await.0, StatusCode::UNAUTHORIZED, "who sat elsewhere is out");
    assert_eq!(sign_in(&town, "yol.bakim", &first).await.0, StatusCode::UNAUTHORIZED);

    let change = |what: &str| json!({ "change": what });
    let (_, renewed) = desk(&town, &cookie, "accounts/yol.bakim", Some(&change("new_password"))).await;
    let second = renewed["secret"].as_str().unwrap().to_owned();
    assert_eq!(desk(&town, &his, "me", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&town, "yol.bakim", "yedi tepe üstüne").await.0, StatusCode::UNAUTHORIZED);
    let (status, his) = sign_in(&town, "yol.bakim", &second).await;
    assert_eq!(status, StatusCode::OK);
    let (_, shut) = desk(&town, &cookie, "accounts/yol.bakim", Some(&change("disable"))).await;
    assert!(shut["people"][1]["disabled"].is_i64(), "{shut}");
    assert_eq!(desk(&town, &his, "me", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&town, "yol.bakim", &second).await.0, StatusCode::UNAUTHORIZED);
    desk(&town, &cookie, "accounts/yol.bakim", Some(&change("enable"))).await;
    assert_eq!(sign_in(&town, "yol.bakim", &second).await.0, StatusCode::OK);
    // Nobody locks himself out, so that one is left who can let others in.
    for what in ["disable", "new_password", "no_second_factor"] {
        assert_eq!(desk(&town, &cookie, "accounts/masa", Some(&change(what))).await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_key_reads_until_it_is_revoked() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    for wrong in [
        json!({ "name": "program", "unit": "md-yok", "days": 365 }),
        json!({ "name": "", "unit": ROADS, "days": 365 }),
        json!({ "name": "program", "unit": ROADS, "days": 0 }),
    ] {
        assert_eq!(desk(&town, &cookie, "keys", Some(&wrong)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let new = json!({ "name": "Yol bakım programı", "unit": ROADS, "days": 30 });
    let (_, made) = desk(&town, &cookie, "keys", Some(&new)).await;
    let key = made["secret"].as_str().unwrap().to_owned();
    let pull = async || {
        let request = Request::builder().uri("/api/v1/updates").header("authorization", format!("Bearer {key}"));
        call(&town, request.body(Body::empty()).unwrap()).await.status()
    };
    assert_eq!(pull().await, StatusCode::OK);
    let shown = &made["keys"][0];
    assert_eq!((&shown["name"], &shown["unit"]["code"]), (&new["name"], &ROADS.into()));
    assert_eq!(shown["expires"].as_i64().unwrap() - shown["created"].as_i64().unwrap(), 30 * DAY);
    let (_, list) = desk(&town, &cookie, "keys/revoke", Some(&json!({ "name": new["name"] }))).await;
    assert!(list["keys"][0]["revoked"].is_i64(), "{list}");
    assert_eq!(pull().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_tablet_that_was_lost_is_let_in_no_more() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    tablet.filed("yol.cukur").await;
    let cookie = signed_in(&town, Role::Operator);
    let (_, fleet) = desk(&town, &cookie, "tablets", None).await;
    let path = format!("tablets/{}/revoke", fleet[0]["prefix"].as_str().unwrap());
    let (status, fleet) = desk(&town, &cookie, &path, Some(&json!({}))).await;
    assert_eq!((status, &fleet[0]["revoked"]), (StatusCode::OK, &json!(true)));
    assert_eq!(desk(&town, &cookie, &path, Some(&json!({}))).await.0, StatusCode::NOT_FOUND, "once is enough");
    let mut tablet = tablet.again(&town);
    let item = tablet.file("yol.cukur");
    let reply = tablet.sync(vec![item]).await;
    assert_eq!(reply.results, [ItemResult::Rejected(Code::Revoked)]);
    assert_eq!(town.count("select count(*) from quarantine"), 1, "what it still hands over is a person's to look at");
}

#[tokio::test]
async fn the_fleet_shows_what_a_tablet_says_of_itself_since_its_last_start() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let cookie = signed_in(&town, Role::Operator);
    let shown = async || desk(&town, &cookie, "tablets", None).await.1[0].clone();
    assert_eq!(shown().await["free"], Value::Null, "it has not said");
    for (app, free, battery, known) in
        [("0.2.0", 900, None, "0.2.0"), (&*"x".repeat(33), 7, Some(9), "0.2.0"), ("0.3.0", 400, Some(12), "0.3.0")]
    {
        let about = Some(About { app: app.to_owned(), free, battery });
        let reply = tablet.send(&SyncRequest { about, ..tablet.frame(Vec::new()) }).await;
        assert!(reply.is_ok(), "a version nobody has is not worth an exchange");
        assert_eq!(shown().await["app"], known);
    }
    assert_eq!((&shown().await["free"], &shown().await["battery"]), (&json!(400), &json!(12)));
    // Said nothing, it stays.
    tablet.send(&tablet.frame(Vec::new())).await.unwrap();
    assert_eq!(shown().await["free"], 400);
}
