//! Requests that came by telephone, as a petition or at a meeting.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::blob_store::Key;
use mbs_server::database::blobs;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::erase::erase;
use mbs_shared::document::Document;
use mbs_shared::id::RequestId;
use mbs_shared::pack::unpack;
use mbs_shared::request::Edit;
use mbs_shared::routing::{Channel, State};
use mbs_shared::wire::sync::RowBody;
use serde_json::{Value, json};

const ID: &str = "0f3a5c7e9b1d20426486a8cacecef011";

fn form() -> Value {
    json!({
        "id": ID, "channel": "phone", "muhtarlik": "kadikoy-rasimpasa", "category": "yol.cukur", "kind": "complaint",
        "title": "Çöken yol", "desc": "Ilgın Sokak’ta yol çöktü, yaşlılar geçemiyor.", "addr": "Ilgın Sokak 4",
        "place": [40.9962, 29.0295], "discreet": false, "photos": []
    })
}

fn with(changes: &Value) -> Value {
    let mut form = form();
    for (field, value) in changes.as_object().unwrap() {
        form[field] = value.clone();
    }
    form
}

async fn enter(town: &Town, cookie: &str, form: &Value) -> (StatusCode, Value) {
    desk(town, cookie, "requests", Some(form)).await
}

#[tokio::test]
async fn what_came_by_telephone_is_a_request_of_the_same_series_on_the_muhtars_tablet() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let filed = tablet.filed("yol.cukur").await;
    let (status, entered) = enter(&town, &cookie, &form()).await;
    assert_eq!(status, StatusCode::OK, "{entered}");
    let id: RequestId = ID.parse().unwrap();
    let head = town.head(id);
    assert_eq!(head.no.n, town.head(filed).no.n + 1);
    assert_eq!(entered, json!({ "id": ID, "no": head.no.to_string() }));
    assert_eq!((head.channel, head.state), (Some(Channel::Phone), State::Assigned));
    assert_eq!(town.service.scopes.code(head.unit), "md-yol-bakim-anadolu");
    assert!(head.case_no.to_string().starts_with("MASA-1-"), "{}", head.case_no);

    // It comes down like what another tablet of his filed; he corrects it, and says that it is done with.
    let reply = tablet.sync(vec![]).await;
    let changes: Vec<_> = reply
        .rows
        .iter()
        .filter_map(|row| match &row.body {
            RowBody::Change { packed, .. } if row.request == id => Some(unpack(packed, 32_768).unwrap()),
            _ => None,
        })
        .collect();
    let [raw] = changes.as_slice() else { panic!("{} changes", changes.len()) };
    let mut document = Document::load(&[raw]).unwrap();
    let words = document.read().unwrap().request;
    assert_eq!((words.title.as_str(), words.addr.as_str()), ("Çöken yol", "Ilgın Sokak 4"));
    let edit = document.edit(tablet.actor, MORNING, &[Edit::Addr("Ilgın Sokak 6".into())]).unwrap().unwrap();
    let item = tablet.counted(change_item(id, &edit.raw));
    ok(&tablet.push(item).await);
    let withdraw = tablet.entry(id, mbs_shared::wire::entry::EntryKind::Withdraw, "");
    ok(&tablet.push(withdraw).await);
    assert_eq!(town.head(id).state, State::Cancelled);
    // A test's PostgreSQL keeps nothing durably, which is a break of its own.
    if town.is_one_folder() {
        assert_eq!(mbs_server::operate::verify::verify(&town.service).unwrap().requests, 2);
    }
}

#[tokio::test]
async fn the_same_form_twice_is_one_request_and_an_erased_one_stays_so() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let first = enter(&town, &cookie, &form()).await;
    assert_eq!(first.0, StatusCode::OK);
    assert_eq!(enter(&town, &cookie, &form()).await, first);
    assert_eq!(town.count("select count(*) from request"), 1);
    // Another request may not take its id.
    let other = enter(&town, &cookie, &with(&json!({ "muhtarlik": "besiktas-bebek" }))).await;
    assert_eq!(other.0, StatusCode::UNPROCESSABLE_ENTITY);
    erase(&town.service, ID.parse().unwrap(), "Dilekçe, 25.11.2026").unwrap();
    assert_eq!(enter(&town, &cookie, &form()).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(town.count("select count(*) from request"), 0);
}

#[tokio::test]
async fn photos_of_a_petition_are_the_requests_own() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let (bytes, blob) = photo(3, 40_000);
    town.service.store.put(Key::Full(blob.hash), &bytes).unwrap();
    // Knowing its name is not enough: it is somebody else's.
    town.service.db.change(|s| blobs::add(s, blob.hash, blob.size, 2, MORNING).map(drop)).unwrap();
    let petition = with(&json!({ "channel": "petition", "photos": [blob.hash.to_string()] }));
    assert_eq!(enter(&town, &cookie, &petition).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    town.service.db.change(|s| s.execute("update blob set staff = 1", &[]).map(drop)).unwrap();
    assert_eq!(enter(&town, &cookie, &petition).await.0, StatusCode::OK);
    let head = town.head(ID.parse().unwrap());
    assert_eq!((head.blobs, head.here), (1, 1));
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let rows = tablet.sync(vec![]).await.rows;
    assert!(rows.iter().any(|row| matches!(&row.body, RowBody::Blob { hash } if *hash == blob.hash)));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_kept() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Triage);
    let long = "ş".repeat(4_001);
    for (field, wrong) in [
        ("id", json!("1")),
        ("muhtarlik", json!("yok")),
        ("category", json!("yok.konu")),
        ("desc", json!("  \n ")),
        ("desc", json!(long)),
        ("title", json!(long)),
        ("addr", json!(long)),
        ("place", json!([52.5, 13.4])),
        ("photos", json!(["ab".repeat(32)])),
        ("photos", json!(vec!["ab".repeat(32); 7])),
    ] {
        let (status, said) = enter(&town, &cookie, &with(&json!({ field: wrong }))).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let said = said["message"].as_str().unwrap();
        assert!(said.starts_with(&format!("{field}: ")), "{field}: {said}");
    }
    assert_eq!(town.count("select count(*) from request"), 0);
    // Without a category triage chooses.
    assert_eq!(enter(&town, &cookie, &with(&json!({ "category": "" }))).await.0, StatusCode::OK);
    assert_eq!(town.head(ID.parse().unwrap()).state, State::InReview);
}
