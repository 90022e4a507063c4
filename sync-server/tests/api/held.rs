//! The desk's quarantine: what a revoked tablet handed over is seen and decided by those who may.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use mbs_server::database::quarantine::Held;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::quarantine::{HeldKind, describe};
use mbs_shared::document::Document;
use mbs_shared::id::RequestId;
use mbs_shared::pack::pack;
use mbs_shared::request::Edit;
use mbs_shared::wire::encode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::ItemResult;
use serde_json::{Value, json};

use crate::common::{MORNING, Tablet, Town, change_item, signed_in};
use crate::http::call;

/// Status and JSON of a call of the desk's own pages.
async fn desk(town: &Town, cookie: &str, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let call_ = Request::builder().method(method).uri(format!("/desk/api/{path}")).header("cookie", cookie);
    let call_ = call_.header("host", "mbs").header("origin", "http://mbs").header("content-type", "application/json");
    let reply = call(town, call_.body(body.map_or(Body::empty(), |b| Body::from(b.to_string()))).unwrap()).await;
    let status = reply.status();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A tablet that was revoked, and now pushes a request and a correction of it.
async fn handed_over(town: &Town) -> (Tablet, RequestId) {
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let prefix = tablet.identity.prefix.parse().unwrap();
    town.service.db.change(|tx| mbs_server::handlers::enrol::revoke(tx, prefix, MORNING)).unwrap();
    town.service.refresh_devices().unwrap();
    let mut tablet = tablet.again(town);
    let words = tablet.words("yol.cukur");
    let (mut document, first) = Document::create(tablet.actor, &words).unwrap();
    let edits = [Edit::Addr("Okulun arka kapısı".into())];
    let second = document.edit(tablet.actor, MORNING, &edits).unwrap().unwrap();
    let id = tablet.request_id();
    let items = [first, second].map(|change| tablet.counted(change_item(id, &change.raw))).to_vec();
    let reply = tablet.send(&tablet.frame(items)).await.unwrap();
    assert_eq!(reply.results, vec![ItemResult::Rejected(Code::Revoked); 2]);
    (tablet, id)
}

#[tokio::test]
async fn what_a_revoked_tablet_handed_over_is_taken_in_at_the_desk() {
    let town = Town::new();
    let (tablet, id) = handed_over(&town).await;
    let cookie = signed_in(&town, Role::Triage);
    let (status, held) = desk(&town, &cookie, "GET", "quarantine", None).await;
    assert_eq!((status, &held["total"]), (StatusCode::OK, &json!(2)));
    let [first, second] = held["items"].as_array().unwrap().as_slice() else { panic!("{held}") };
    assert_eq!(
        (&first["what"], &second["what"], &first["reason"]),
        (&json!("request"), &json!("edit"), &json!("revoked"))
    );
    assert_eq!((&first["tablet"], &first["place"]), (&json!(tablet.identity.prefix), &json!("Rasimpaşa, Kadıköy")));
    assert!(first["words"].as_str().unwrap().contains("Kaldırım taşları"), "{first}");
    assert_eq!((&first["no"], &first["may_accept"]), (&Value::Null, &json!(true)));

    // In their order only; what is refused stays, with a sentence.
    let decide = async |item: &Value, accept: bool| {
        desk(&town, &cookie, "POST", &format!("quarantine/{}", item["id"]), Some(json!({ "accept": accept }))).await
    };
    let (status, said) = decide(second, true).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(said["message"].as_str().unwrap().contains("önce onu içeri alın"), "{said}");
    let (status, left) = decide(first, true).await;
    assert_eq!((status, &left["total"]), (StatusCode::OK, &json!(1)));
    let no = town.head(id).no.to_string();
    assert_eq!((&left["items"][0]["no"], &left["items"][0]["request"]), (&json!(no), &json!(id.to_string())));
    assert_eq!(decide(second, true).await.1, json!({ "items": [], "total": 0 }));
    assert_eq!((town.head(id).changes, town.events(id).len()), (2, 2), "numbered and routed");
    // Somebody was faster.
    assert_eq!(decide(second, false).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_put_away_is_gone_and_others_only_look() {
    for (role, sees, decides) in [
        (Role::Triage, true, true),
        (Role::Operator, true, true),
        (Role::Auditor, true, false),
        (Role::Unit, false, false),
        (Role::Approver, false, false),
    ] {
        let town = Town::new();
        handed_over(&town).await;
        let cookie = signed_in(&town, role);
        let (status, _) = desk(&town, &cookie, "GET", "quarantine", None).await;
        assert_eq!(status, if sees { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{role:?}");
        let (status, _) = desk(&town, &cookie, "POST", "quarantine/1", Some(json!({ "accept": false }))).await;
        assert_eq!(status, if decides { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{role:?}");
        assert_eq!(town.count("select count(*) from quarantine"), if decides { 1 } else { 2 }, "{role:?}");
        assert_eq!(town.count("select count(*) from request"), 0);
    }
}

#[test]
fn private_notes_say_nothing_and_long_words_are_cut() {
    let held = |kind: EntryKind| {
        let entry =
            Entry { id: mbs_shared::id::EntryId([1; 16]), kind, text: "söz ".repeat(50), at: 0, photos: Vec::new() };
        let (request, bytes) = (RequestId([2; 16]), pack(&encode(&entry)));
        Held { id: 1, device: 1, prefix: 1, request, kind: 1, code: Code::Revoked, at: 0, bytes }
    };
    assert_eq!(describe(&held(EntryKind::Note), 80), (HeldKind::Entry, String::new()));
    let (what, words) = describe(&held(EntryKind::Message), 80);
    assert_eq!((what, words.chars().count()), (HeldKind::Entry, 80));
}
