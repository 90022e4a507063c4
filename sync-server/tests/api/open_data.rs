//! What everybody may fetch: off unless it is switched on, whole quarters, nothing rare, not too often.

use crate::common::*;
use crate::http::call;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use mbs_shared::request::Request as Words;

async fn get(town: &Town, uri: &str, known: &str) -> Response<Body> {
    let request = Request::builder().uri(uri).header("if-none-match", known);
    call(town, request.body(Body::empty()).unwrap()).await
}

async fn text(response: Response<Body>) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    String::from_utf8(to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec()).unwrap()
}

/// A town that publishes, a quarter after it was busy.
async fn publishing() -> Town {
    let town = Town::new().that_publishes();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let mut other = town.tablet("besiktas-bebek").await;
    for _ in 0..5 {
        tablet.filed("yol.cukur").await;
    }
    // Rare, discreet, of a sensitive category: in no line.
    other.filed("yol.cukur").await;
    let sensitive = mbs_shared::istanbul::directory().categories.iter().find(|c| c.sensitive).unwrap();
    for _ in 0..6 {
        let discreet = Words { discreet: true, ..other.words("park.agac") };
        let item = other.file_words(&discreet);
        ok(&other.push(item).await);
        other.filed(&sensitive.code).await;
    }
    town.pass(60 * DAY);
    town
}

#[tokio::test]
async fn it_is_not_there_unless_it_is_switched_on() {
    let town = Town::new();
    for uri in ["/open-data", "/open-data/2026-Q4.csv"] {
        assert_eq!(get(&town, uri, "").await.status(), StatusCode::NOT_FOUND, "{uri}");
    }
}

#[tokio::test]
async fn everybody_fetches_quarters_that_are_over_and_nothing_rare() {
    let town = publishing().await;
    let index: serde_json::Value = serde_json::from_str(&text(get(&town, "/open-data", "").await).await).unwrap();
    assert_eq!(index[0]["path"], "/open-data/2026-Q4.csv");
    assert_eq!(index.as_array().unwrap().len(), 1);
    let table = get(&town, "/open-data/2026-Q4.csv", "").await;
    assert_eq!(table.headers()["cache-control"], "public, max-age=3600");
    assert_eq!(table.headers()["access-control-allow-origin"], "*");
    let tag = table.headers()["etag"].to_str().unwrap().to_owned();
    let table = text(table).await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[1..], ["2026-11,yol.cukur,kadikoy,kadikoy-rasimpasa,5,0,0,0,0,0,"]);
    assert_eq!(get(&town, "/open-data/2026-Q4.csv", &tag).await.status(), StatusCode::NOT_MODIFIED);
    // The one that runs, one before the first, and what is no quarter.
    for quarter in ["2027-Q1", "2026-Q3", "2026-Q9", "..%2fmbs"] {
        assert_eq!(
            get(&town, &format!("/open-data/{quarter}.csv"), "").await.status(),
            StatusCode::NOT_FOUND,
            "{quarter}"
        );
    }
}

#[tokio::test]
async fn a_table_is_made_once_an_hour_and_given_to_nobody_too_often() {
    let town = publishing().await;
    let first = text(get(&town, "/open-data/2026-Q4.csv", "").await).await;
    town.service.db.change(|s| s.execute("update request set flags = 2", &[]).map(drop)).unwrap();
    assert_eq!(text(get(&town, "/open-data/2026-Q4.csv", "").await).await, first);
    town.pass(2 * 3_600_000);
    assert_eq!(text(get(&town, "/open-data/2026-Q4.csv", "").await).await.lines().count(), 1);
    let mut asked = 0;
    let refused = loop {
        let response = get_from(&town, "10.1.1.1").await;
        if response.status() != StatusCode::OK {
            break response;
        }
        asked += 1;
    };
    assert_eq!((asked, refused.status()), (60, StatusCode::TOO_MANY_REQUESTS));
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(get_from(&town, "10.1.1.2").await.status(), StatusCode::OK, "another one is not kept from it");
    town.pass(16 * 60_000);
    assert_eq!(get_from(&town, "10.1.1.1").await.status(), StatusCode::OK);
}

async fn get_from(town: &Town, address: &str) -> Response<Body> {
    let mut request = Request::builder().uri("/open-data").body(Body::empty()).unwrap();
    let address = std::net::SocketAddr::new(address.parse().unwrap(), 1234);
    request.extensions_mut().insert(mbs_server::router::Peer { address, proxied: false });
    call(town, request).await
}
