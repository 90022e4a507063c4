//! A tablet that fell into the sea: one step at the desk shuts the old one out and makes the code for the new one.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::handlers::desk::view::Role;
use mbs_server::handlers::enrol::enrol;
use mbs_server::operate;
use mbs_shared::wire::encode;
use mbs_shared::wire::enrol::{EnrolReply, EnrolRequest};
use mbs_shared::wire::error::Code;
use serde_json::json;

async fn traded(town: &Town, code: &str) -> EnrolReply {
    let frame = EnrolRequest { version: 1, code: code.into(), public_key: [5; 32], app: "0.1.0".into() };
    mbs_shared::wire::decode(&enrol(&town.service, None, &encode(&frame)).await.unwrap()).unwrap()
}

#[tokio::test]
async fn one_step_shuts_the_old_one_out_and_the_new_one_goes_on_with_the_same_book() {
    let town = Town::new();
    let mut old = town.tablet("kadikoy-rasimpasa").await;
    let filed = old.filed("yol.cukur").await;
    let cookie = signed_in(&town, Role::Operator);
    let prefix = old.identity.prefix.clone();
    let (status, said) = desk(&town, &cookie, &format!("tablets/{prefix}/replace"), Some(&json!({}))).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let enrolment = &said["enrolment"];
    assert_eq!(
        (&enrolment["place"], &enrolment["person"]),
        (&json!("Rasimpaşa, Kadıköy"), &json!(old.identity.person))
    );
    assert!(enrolment["qr"].as_str().unwrap().starts_with("<svg"));
    assert_eq!((&said["tablets"][0]["prefix"], &said["tablets"][0]["revoked"]), (&json!(prefix), &json!(true)));
    // The old one: no door any more.
    let refused = town.service.devices.find(&old.identity.token, &*town.service.db).unwrap();
    assert_ne!(refused.device.revoked, 0);
    // The new one: the same muhtar, the same mandate, and what was filed is there.
    let identity = traded(&town, enrolment["code"].as_str().unwrap()).await;
    assert_eq!((&identity.person, identity.mandate), (&old.identity.person, old.identity.mandate));
    assert_ne!(identity.prefix, old.identity.prefix);
    let mut new = Tablet::new(&town, identity);
    let rows = new.sync(Vec::new()).await.rows;
    assert!(rows.iter().any(|row| row.request == filed), "{rows:?}");
    // It stays shut out after a restart: the journal says so too.
    let town = town.restarted();
    let device = town.service.devices.find(&old.identity.token, &*town.service.db).unwrap();
    assert_ne!(device.device.revoked, 0);
}

#[tokio::test]
async fn a_code_that_ran_out_is_made_again_by_the_same_step() {
    let town = Town::new();
    let old = town.tablet("kadikoy-rasimpasa").await;
    let cookie = signed_in(&town, Role::Operator);
    let path = format!("tablets/{}/replace", old.identity.prefix);
    let (_, first) = desk(&town, &cookie, &path, Some(&json!({}))).await;
    town.pass(16 * 60_000);
    let (status, second) = desk(&town, &cookie, &path, Some(&json!({}))).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(first["enrolment"]["code"], second["enrolment"]["code"]);
    let identity = traded(&town, second["enrolment"]["code"].as_str().unwrap()).await;
    assert_eq!(identity.mandate, old.identity.mandate);
}

#[tokio::test]
async fn of_a_muhtar_who_left_no_tablet_is_replaced() {
    let town = Town::new();
    let old = town.tablet("kadikoy-rasimpasa").await;
    let cookie = signed_in(&town, Role::Operator);
    operate::end_mandate(&town.service, town.service.scopes.number("kadikoy-rasimpasa")).unwrap();
    let path = format!("tablets/{}/replace", old.identity.prefix);
    let (status, said) = desk(&town, &cookie, &path, Some(&json!({}))).await;
    assert_eq!((status, &said["code"]), (StatusCode::CONFLICT, &json!(Code::NotNow)), "{said}");
    assert!(said["message"].as_str().unwrap().contains("yeni muhtar"), "{said}");
    assert_eq!(town.count("select count(*) from enrol_code where used = 0"), 0, "no code was made");
    let (status, _) = desk(&town, &cookie, "tablets/0000/replace", Some(&json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
