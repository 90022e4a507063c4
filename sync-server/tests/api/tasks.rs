//! Parts of the work that other units owe (alt iş): who sees them, who may end them, and what their feeds tell.

use crate::common::*;
use crate::http::{call, desk};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mbs_server::database::blobs;
use mbs_server::database::feed::kind;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::verify::verify;
use mbs_server::operate::{erase::erase, index};
use mbs_shared::id::RequestId;
use mbs_shared::routing::State;
use serde_json::{Value, json};

const ROADS: &str = "md-yol-bakim-anadolu";
const POLICE: &str = "md-zabita-anadolu";
const LIGHTS: &str = "md-ulasim-koordinasyon";

/// Does something to a request at its desk, and is given its page.
async fn act(town: &Town, cookie: &str, id: RequestId, mut act: Value) -> (StatusCode, Value) {
    act["n"] = town.head(id).n.into();
    desk(town, cookie, &format!("requests/{id}/act"), Some(&act)).await
}

fn task(unit: &str) -> Value {
    json!({ "action": "task", "unit": unit, "note": "Direk sökülecek.", "date": "2026-12-04" })
}

/// A request that the roads have begun with.
async fn begun(town: &Town) -> (String, RequestId) {
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let cookie = signed_in_at(town, Role::Unit, ROADS);
    assert_eq!(act(town, &cookie, id, json!({ "action": "accept" })).await.0, StatusCode::OK);
    (cookie, id)
}

/// The index is what the events say. A test's PostgreSQL writes without fsync, which `verify` does not let pass.
fn proven(town: &Town) {
    if town.is_one_folder() {
        assert_eq!(verify(&town.service).unwrap().requests, 1);
    }
}

fn rows(list: &Value) -> Vec<(&str, bool)> {
    let rows = list["rows"].as_array().unwrap();
    rows.iter().map(|row| (row["id"].as_str().unwrap(), row["task"].as_bool().unwrap())).collect()
}

#[tokio::test]
async fn two_units_do_their_parts_and_the_holder_answers_for_all() {
    let town = Town::new();
    let (cookie, id) = begun(&town).await;
    for unit in [POLICE, LIGHTS] {
        let (status, page) = act(&town, &cookie, id, task(unit)).await;
        assert_eq!(status, StatusCode::OK, "{page}");
    }
    let answer = json!({ "action": "answer", "outcome": "done", "note": "Yapıldı." });
    assert_eq!(act(&town, &cookie, id, answer.clone()).await.0, StatusCode::CONFLICT, "two are at it");
    proven(&town);

    // Another unit sees nothing of it; the one that owes a part sees it among its own work.
    seat(&town, 2, Role::Unit, "md-zabita-avrupa");
    assert_eq!(desk(&town, &cookie, &format!("requests/{id}"), None).await.0, StatusCode::NOT_FOUND);
    seat(&town, 3, Role::Unit, POLICE);
    let shown = id.to_string();
    for list in ["inbox", "tasks", "all&q=yol"] {
        let (_, queue) = desk(&town, &cookie, &format!("queue?list={list}"), None).await;
        assert_eq!(rows(&queue), [(shown.as_str(), true)], "{list}");
        assert_eq!((&queue["inbox"], &queue["tasks"], &queue["total"]), (&1.into(), &1.into(), &1.into()));
    }
    let (_, page) = desk(&town, &cookie, &format!("requests/{id}"), None).await;
    assert_eq!(page["can"], json!(["finish_task", "return_task"]));
    let tasks = page["tasks"].as_array().unwrap();
    assert_eq!((tasks[0]["own"].as_bool(), tasks[1]["own"].as_bool()), (Some(true), Some(false)));
    assert_eq!((&tasks[0]["text"], &tasks[0]["until"]), (&"Direk sökülecek.".into(), &"2026-12-04".into()));

    // He ends his own part and no other, with words.
    let finish = |n: &Value, note: &str| json!({ "action": "finish_task", "task": n, "note": note });
    let far = act(&town, &cookie, id, finish(&tasks[1]["n"], "Bitti.")).await;
    assert_eq!(far.0, StatusCode::FORBIDDEN);
    let silent = act(&town, &cookie, id, finish(&tasks[0]["n"], " ")).await;
    assert_eq!(silent.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, page) = act(&town, &cookie, id, finish(&tasks[0]["n"], "Direk söküldü.")).await;
    assert_eq!((status, &page["can"]), (StatusCode::OK, &json!([])), "{page}");
    assert_eq!(page["tasks"][0]["end"]["text"], "Direk söküldü.");
    assert_eq!(act(&town, &cookie, id, finish(&tasks[0]["n"], "Yine.")).await.0, StatusCode::FORBIDDEN);
    let (_, queue) = desk(&town, &cookie, "queue?list=inbox", None).await;
    assert_eq!((rows(&queue), &queue["tasks"]), (vec![], &0.into()));
    assert_eq!(town.unit_rows(POLICE), [(kind::ENTERED, 4), (kind::STEP, 5), (kind::LEFT, 6)]);

    // The other one cannot: triage calls its part off, and the answer is free.
    seat(&town, 4, Role::Triage, "");
    let off = json!({ "action": "call_off", "task": tasks[1]["n"], "note": "Lamba zaten yanıyor." });
    assert_eq!(act(&town, &cookie, id, off).await.0, StatusCode::OK);
    seat(&town, 5, Role::Unit, ROADS);
    let (status, page) = act(&town, &cookie, id, answer).await;
    assert_eq!((status, &page["row"]["state"]), (StatusCode::OK, &"concluded".into()));
    assert_eq!(town.count("select count(*) from task"), 0);
    proven(&town);
}

#[tokio::test]
async fn a_part_stays_owed_while_the_request_changes_hands_and_ends_with_its_withdrawal() {
    let town = Town::new();
    let (cookie, id) = begun(&town).await;
    act(&town, &cookie, id, task(POLICE)).await;
    act(&town, &cookie, id, json!({ "action": "return", "note": "Bizim değil." })).await;
    assert_eq!(town.head(id).state, State::InReview);
    seat(&town, 2, Role::Triage, "");
    // It goes to the unit that owes the part: that one is told once that it came.
    act(&town, &cookie, id, json!({ "action": "route", "unit": POLICE })).await;
    assert_eq!(town.unit_rows(POLICE), [(kind::ENTERED, 4), (kind::STEP, 5), (kind::STEP, 6)]);
    seat(&town, 3, Role::Unit, POLICE);
    let (_, queue) = desk(&town, &cookie, "queue?list=inbox", None).await;
    assert_eq!((queue["rows"].as_array().unwrap().len(), &queue["inbox"]), (1, &1.into()), "it stands there once");
    act(&town, &cookie, id, json!({ "action": "return_task", "task": 4, "note": "Şimdi hepsi bizde." })).await;
    assert_eq!(town.count("select count(*) from task"), 0);
    assert_eq!(town.unit_rows(POLICE).last(), Some(&(kind::STEP, 7)), "it is still theirs");

    act(&town, &cookie, id, json!({ "action": "accept" })).await;
    act(&town, &cookie, id, task(LIGHTS)).await;
    assert_eq!(town.count("select count(*) from task"), 1);
    // An index of an earlier version is told anew from the events.
    town.service
        .db
        .change(|s| {
            s.execute("delete from task", &[])?;
            mbs_server::database::meta::set(s, "index", 1)
        })
        .unwrap();
    if town.is_one_folder() {
        let broken = verify(&town.service).unwrap_err().to_string();
        assert!(broken.contains("owe of it"), "{broken}");
    }
    index::bring_up_to_date(&town.service).unwrap();
    assert_eq!(town.count("select count(*) from task"), 1);
    proven(&town);

    erase(&town.service, id, "Dilekçe, 25.11.2026").unwrap();
    assert_eq!(town.count("select count(*) from task"), 0);
    for unit in [ROADS, POLICE, LIGHTS] {
        assert!(town.unit_rows(unit).iter().all(|(kind, _)| *kind == kind::ERASED), "{unit}");
    }
}

#[tokio::test]
async fn who_owes_a_part_sees_its_photos_and_adds_his_own() {
    let town = Town::new();
    let (cookie, id) = begun(&town).await;
    act(&town, &cookie, id, task(POLICE)).await;
    seat(&town, 2, Role::Unit, POLICE);
    let said = desk(&town, &cookie, &format!("requests/{id}/say"), Some(&json!({ "text": "Yarın geliyoruz." }))).await;
    assert_eq!(said.0, StatusCode::OK, "{}", said.1);
    assert_eq!(town.unit_rows(POLICE).last().map(|(kind, _)| *kind), Some(kind::CONTENT));
    assert_eq!(town.unit_rows(ROADS).last().map(|(kind, _)| *kind), Some(kind::CONTENT));

    let (_, photo) = photo(3, 1_000);
    let kept = town.service.write(move |tx| Ok(blobs::add(tx.session(), photo.hash, 1_000, 2, MORNING)?)).await;
    kept.unwrap();
    let done = json!({ "action": "finish_task", "task": 4, "note": "Söküldü.", "photos": [photo.hash.to_string()] });
    let (status, page) = act(&town, &cookie, id, done).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(page["tasks"][0]["end"]["photos"][0]["hash"], photo.hash.to_string());
    let rid = town.head(id).rid;
    let whole = town.service.db.ask(|s| blobs::of_request(s, rid)).unwrap();
    assert_eq!(whole.iter().map(|(hash, ..)| *hash).collect::<Vec<_>>(), [photo.hash], "the holder may use it");
}

#[tokio::test]
async fn a_photo_from_the_spot_says_where_and_when_it_was_taken_and_keeps_nothing_of_it() {
    let town = Town::new();
    let (cookie, id) = begun(&town).await;
    let original = std::fs::read("../tests/fixtures/photos/generated/g-ori-1.jpg").unwrap();
    let post = async |path: &str, body: Vec<u8>| {
        let request = Request::builder().method("POST").uri(format!("/desk/api/{path}")).header("cookie", &cookie);
        let response = call(&town, request.body(Body::from(body)).unwrap()).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let (status, facts) = post("photos/facts", original.clone()).await;
    assert_eq!(status, StatusCode::OK, "{facts}");
    let of = |name: &str| facts[name].as_f64().unwrap_or_else(|| panic!("{name} in {facts}"));
    assert!((of("lat") - 41.0).abs() < 1.0 && (of("lon") - 29.0).abs() < 1.0, "{facts}");
    assert_eq!(post("photos/facts", vec![0; 256 * 1024 + 1]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        post("photos/facts", b"bir fotograf degil".to_vec()).await,
        (StatusCode::OK, json!({ "taken": null, "lat": null, "lon": null }))
    );

    let upload = format!("photos?taken={}&lat={}&lon={}", MORNING - 3_600_000, of("lat"), of("lon"));
    let (status, uploaded) = post(&upload, original.clone()).await;
    assert_eq!(status, StatusCode::OK, "{uploaded}");
    // What cannot be is not kept, and costs the photo nothing.
    let (status, _) =
        post("photos?taken=1&lat=400&lon=0", std::fs::read("../tests/fixtures/photos/generated/g-noexif.jpg").unwrap())
            .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(town.count("select count(*) from blob where lat <> 0"), 1);
    let answer = json!({ "action": "answer", "outcome": "done", "note": "Yapıldı.", "photos": [uploaded["hash"]] });
    let (status, page) = act(&town, &cookie, id, answer).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let proof = &page["answer"]["photos"][0];
    assert_eq!(proof["taken"], MORNING - 3_600_000);
    assert_eq!(proof["metres"].is_u64(), page["fix"].is_object(), "{page}");
    // The picture itself carries none of it.
    let hash = uploaded["hash"].as_str().unwrap().parse().unwrap();
    let kept = town.service.store.get(mbs_server::blob_store::Key::Full(hash)).unwrap().unwrap();
    assert!(kept.len() < original.len() && mbs_shared::photo::facts::facts(&kept).fix.is_none());
}

#[tokio::test]
async fn a_photo_from_the_spot_is_the_muhtarlik_s_to_see_and_its_preview_its_uploader_s_to_give() {
    let town = Town::new();
    let (cookie, id) = begun(&town).await;
    let (own, other) = (town.tablet("kadikoy-rasimpasa").await, town.tablet("kadikoy-caferaga").await);
    let (bytes, _) = photo(3, 40_000);
    let small = photo(4, 900).0;
    let send = async |method: &str, path: &str, cookie: &str, body: &[u8]| {
        let request = Request::builder().method(method).uri(format!("/desk/api/{path}")).header("cookie", cookie);
        let response = call(&town, request.body(Body::from(body.to_vec())).unwrap()).await;
        (response.status(), to_bytes(response.into_body(), 1 << 20).await.unwrap())
    };
    let (status, uploaded) = send("POST", "photos", &cookie, &bytes).await;
    assert_eq!(status, StatusCode::OK);
    let uploaded: Value = serde_json::from_slice(&uploaded).unwrap();
    let hash = uploaded["hash"].as_str().unwrap();
    let thumb = format!("photos/{hash}/thumb");
    for (body, said) in [
        (b"bir fotograf degil".as_slice(), StatusCode::UNPROCESSABLE_ENTITY),
        (&photo(5, 30_000).0, StatusCode::PAYLOAD_TOO_LARGE),
        (&small, StatusCode::NO_CONTENT),
    ] {
        assert_eq!(send("PUT", &thumb, &cookie, body).await.0, said);
    }
    assert_eq!(send("GET", &thumb, &cookie, &[]).await, (StatusCode::OK, small.clone().into()));
    // Until it is in an answer it is nobody's but its uploader's; then the muhtarlık's, and no other one's.
    let get = async |tablet: &Tablet, path: &str| {
        let request = crate::http::request("GET", &format!("/v1/blobs/{path}"), Some(tablet), vec![]);
        let response = call(&town, request).await;
        (response.status(), to_bytes(response.into_body(), 1 << 20).await.unwrap())
    };
    assert_eq!(get(&own, hash).await.0, StatusCode::NOT_FOUND);
    let answer = json!({ "action": "answer", "outcome": "done", "note": "Yapıldı.", "photos": [hash] });
    assert_eq!(act(&town, &cookie, id, answer).await.0, StatusCode::OK);
    assert_eq!(get(&own, hash).await, (StatusCode::OK, bytes.into()));
    assert_eq!(get(&own, &format!("{hash}/thumb")).await, (StatusCode::OK, small.clone().into()));
    for path in [hash.to_owned(), format!("{hash}/thumb")] {
        assert_eq!(get(&other, &path).await.0, StatusCode::NOT_FOUND);
    }
    seat(&town, 2, Role::Unit, LIGHTS);
    assert_eq!(send("PUT", &thumb, &cookie, &small).await.0, StatusCode::NOT_FOUND, "another one's photo");
}
