//! Streams that only say "look again": they end with the right to hear them.

use crate::common::*;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use mbs_server::auth::device::token_text;
use mbs_server::database::staff;
use mbs_server::handlers::desk::view::Role;
use mbs_server::handlers::enrol::revoke;
use mbs_server::router::router;
use mbs_server::secrets::sha256;
use tower::ServiceExt as _;

async fn open(town: &Town, uri: &str, header: (&str, &str)) -> Response<Body> {
    let request = Request::builder().uri(uri).header(header.0, header.1).body(Body::empty()).unwrap();
    router(town.service.clone()).oneshot(request).await.unwrap()
}

/// What a stream says next; `None` when it has ended.
async fn next(stream: &mut Response<Body>) -> Option<String> {
    let frame = stream.body_mut().frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_tablets_stream_ends_when_it_is_revoked() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let token = format!("Bearer {}", token_text(&tablet.identity.token));
    let prefix = tablet.identity.prefix.parse().unwrap();
    drop(tablet);
    let mut stream = open(&town, "/v1/events", ("authorization", &token)).await;
    assert!(next(&mut stream).await.unwrap().starts_with("data:"));
    town.service.db.change(|tx| revoke(tx, prefix, MORNING)).unwrap();
    town.service.refresh_devices().unwrap();
    assert_eq!(next(&mut stream).await, None);
    assert_eq!(open(&town, "/v1/events", ("authorization", &token)).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_desks_stream_ends_with_its_session_and_a_session_has_only_so_many() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let cookie = signed_in(&town, Role::Triage);
    let hash = sha256(&SESSION);
    let another = || open(&town, "/desk/api/events", ("cookie", &cookie));
    let mut stream = another().await;
    let mut more = Vec::new();
    let refused = loop {
        let stream = another().await;
        if stream.status() != StatusCode::OK {
            break stream.status();
        }
        more.push(stream);
        assert!(more.len() < 100, "no end of streams");
    };
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    more.clear();
    assert_eq!(another().await.status(), StatusCode::OK, "those that ended make room");

    tablet.filed("yol.cukur").await;
    assert!(next(&mut stream).await.unwrap().contains("changed"));
    town.service.db.change(|tx| staff::end(tx, &hash)).unwrap();
    tablet.filed("yol.cukur").await;
    assert_eq!(next(&mut stream).await, None);
}
