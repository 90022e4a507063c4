//! What institutions outside the municipality answer: recorded by triage, or written by their own program.

use crate::common::*;
use crate::http::{call, desk};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mbs_server::auth::keys;
use mbs_server::database::api_keys;
use mbs_server::handlers::desk::view::Role;
use mbs_shared::id::RequestId;
use mbs_shared::routing::{State, Who};
use serde_json::{Value, json};

const KADIKOY: &str = "ib-kadikoy";
const LETTER: &str =
    "Kadıköy Belediyesi 23.11.2026 tarihli ve E-48215 sayılı yazısıyla şu cevabı verdi:\n\nÇöp alındı.";

/// A request that its category sends to the district's municipality.
async fn sent_out(town: &Town) -> RequestId {
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("temizlik.cop-alinmiyor").await;
    assert_eq!(town.head(id).state, State::External);
    id
}

fn answer(town: &Town, id: RequestId) -> Value {
    json!({ "n": town.head(id).n, "action": "answer", "outcome": "done", "note": "Çöp alındı.", "date": "2026-11-23", "reference": "E-48215" })
}

async fn act(town: &Town, cookie: &str, id: RequestId, act: &Value) -> (StatusCode, Value) {
    desk(town, cookie, &format!("requests/{id}/act"), Some(act)).await
}

#[tokio::test]
async fn triage_records_what_an_institution_answered() {
    let town = Town::new();
    let id = sent_out(&town).await;
    let cookie = signed_in(&town, Role::Triage);
    let (_, page) = desk(&town, &cookie, &format!("requests/{id}"), None).await;
    assert!(page["can"].as_array().unwrap().contains(&"answer".into()), "{}", page["can"]);
    for (field, wrong) in
        [("date", "2026-11-25"), ("date", "dün"), ("reference", "E-1\nE-2"), ("note", " "), ("outcome", "")]
    {
        let mut act_ = answer(&town, id);
        act_[field] = if wrong.is_empty() { Value::Null } else { wrong.into() };
        let (status, why) = act(&town, &cookie, id, &act_).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(why["message"].as_str().unwrap().starts_with(field), "{why}");
    }
    let (status, page) = act(&town, &cookie, id, &answer(&town, id)).await;
    assert_eq!((status, &page["row"]["state"]), (StatusCode::OK, &"concluded".into()), "nobody is to approve it");
    assert_eq!((&page["answer"]["text"], &page["row"]["unit"]["code"]), (&LETTER.into(), &KADIKOY.into()));
    let events = town.events(id);
    let by: Vec<_> = events.iter().map(|e| (e.what.code(), e.by)).collect();
    assert_eq!(by[by.len() - 2..], [("answered", Who::External), ("concluded", Who::System)]);
    let answered = page["events"].as_array().unwrap().iter().find(|e| e["what"] == "answered").unwrap().clone();
    assert_eq!(
        (&answered["by"], &answered["author"]),
        (&"external".into(), &"Masa".into()),
        "who wrote it down is known"
    );
}

#[tokio::test]
async fn where_an_institutions_answers_are_approved_triage_approves_them() {
    let town = Town::new();
    let id = sent_out(&town).await;
    town.service.set_approval(KADIKOY, true).await.unwrap();
    let cookie = signed_in(&town, Role::Triage);
    let (_, page) = act(&town, &cookie, id, &answer(&town, id)).await;
    assert_eq!(page["row"]["state"], "answer_pending");
    let (_, page) =
        act(&town, &cookie, id, &json!({ "n": page["n"], "action": "correct", "note": "Sayı yanlış." })).await;
    assert_eq!((&page["row"]["state"], &page["row"]["unit"]["code"]), (&"external".into(), &KADIKOY.into()));
    let (_, page) = act(&town, &cookie, id, &answer(&town, id)).await;
    let (_, page) = act(&town, &cookie, id, &json!({ "n": page["n"], "action": "approve" })).await;
    assert_eq!((&page["row"]["state"], &page["answer"]["text"]), (&"concluded".into(), &LETTER.into()));
}

#[tokio::test]
async fn neither_another_unit_nor_an_auditor_answers_for_an_institution() {
    let town = Town::new();
    let id = sent_out(&town).await;
    let cookie = signed_in_at(&town, Role::Approver, "md-yol-bakim-anadolu");
    assert_eq!(act(&town, &cookie, id, &answer(&town, id)).await.0, StatusCode::NOT_FOUND);
    seat(&town, 2, Role::Auditor, "");
    assert_eq!(act(&town, &cookie, id, &answer(&town, id)).await.0, StatusCode::FORBIDDEN);
    // Where somebody of the institution signs in, he answers himself.
    seat(&town, 3, Role::Unit, KADIKOY);
    assert_eq!(act(&town, &cookie, id, &answer(&town, id)).await.0, StatusCode::OK);
}

/// A key of a unit, as a program presents it.
fn key(town: &Town, unit: &str, writes: bool, seed: u8) -> String {
    let text = keys::text(&[seed; 32]);
    let (hash, until) = (keys::hash(&text), MORNING + DAY);
    town.service.db.change(|s| api_keys::add(s, &hash, unit, unit, MORNING, until, writes)).unwrap();
    text
}

async fn program(town: &Town, key: &str, id: RequestId, act: &Value) -> (StatusCode, Value) {
    let call_ = Request::builder().method("POST").uri(format!("/api/v1/requests/{id}/act"));
    let call_ = call_.header("authorization", format!("Bearer {key}")).header("content-type", "application/json");
    let reply = call(town, call_.body(Body::from(act.to_string())).unwrap()).await;
    let status = reply.status();
    (status, serde_json::from_slice(&to_bytes(reply.into_body(), 1 << 20).await.unwrap()).unwrap())
}

#[tokio::test]
async fn an_institutions_program_answers_once_however_often_it_says_so() {
    let town = Town::new();
    let id = sent_out(&town).await;
    let said = answer(&town, id);
    let (reads, other, own) =
        (key(&town, KADIKOY, false, 1), key(&town, "ib-uskudar", true, 2), key(&town, KADIKOY, true, 3));
    assert_eq!(program(&town, "mbs_yok", id, &said).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(program(&town, &reads, id, &said).await.0, StatusCode::FORBIDDEN);
    assert_eq!(program(&town, &other, id, &said).await.0, StatusCode::NOT_FOUND);
    let ahead = json!({ "n": 99, "action": "answer", "outcome": "done", "note": "Çöp alındı." });
    assert_eq!(program(&town, &own, id, &ahead).await.0, StatusCode::CONFLICT);

    let (status, first) = program(&town, &own, id, &said).await;
    assert_eq!((status, &first["status"], &first["repeated"]), (StatusCode::OK, &"concluded".into(), &false.into()));
    let events = town.events(id).len();
    let (status, again) = program(&town, &own, id, &said).await;
    assert_eq!((status, &again["repeated"], &again["n"]), (StatusCode::OK, &true.into(), &first["n"]));
    assert_eq!(town.events(id).len(), events, "it is one answer");
    assert_eq!(town.case(id).answer.unwrap().text, LETTER);
    // Other words after the same event are not a repetition.
    let mut changed = said.clone();
    changed["note"] = "Çöp yarın alınacak.".into();
    let (status, why) = program(&town, &own, id, &changed).await;
    assert_eq!((status, &why["code"]), (StatusCode::CONFLICT, &"stale".into()));
    assert_eq!(town.events(id).len(), events);
}

#[tokio::test]
async fn a_units_program_works_as_its_staff_would() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let own = key(&town, "md-yol-bakim-anadolu", true, 4);
    let n = town.head(id).n;
    let accept = json!({ "n": n, "action": "accept" });
    assert_eq!(program(&town, &own, id, &accept).await.1["status"], "in_progress");
    let approve = json!({ "n": n + 1, "action": "approve" });
    assert_eq!(program(&town, &own, id, &approve).await.0, StatusCode::CONFLICT, "staff of a unit do not approve");
    let done = json!({ "n": n + 1, "action": "answer", "outcome": "done", "note": "Çukur kapatıldı." });
    assert_eq!(program(&town, &own, id, &done).await.1["status"], "concluded");
    // What it said first is still known as said.
    assert_eq!(program(&town, &own, id, &accept).await.1["repeated"], true);
}
