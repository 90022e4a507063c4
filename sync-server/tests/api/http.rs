//! The routes: statuses, the one envelope, limits, few headers; over a socket where that matters.

use std::time::Duration;

use crate::common::*;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use mbs_server::auth::device::token_text;
use mbs_server::database::{feed, meta};
use mbs_server::handlers::desk::view::Role;
use mbs_server::router::router;
use mbs_shared::blob::BlobRef;
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::enrol::EnrolRequest;
use mbs_shared::wire::error::{Code, Envelope};
use mbs_shared::wire::events::News;
use mbs_shared::wire::sync::{Cursor, RowBody, SyncReply};
use mbs_shared::wire::{decode, encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

pub(crate) async fn call(town: &Town, request: Request<Body>) -> Response<Body> {
    router(town.service.clone()).oneshot(request).await.unwrap()
}

/// Asks the desk something, or does something there with a `body`; status and answer.
pub(crate) async fn desk(
    town: &Town,
    cookie: &str,
    path: &str,
    body: Option<&serde_json::Value>,
) -> (StatusCode, serde_json::Value) {
    let request = Request::builder()
        .method(if body.is_some() { "POST" } else { "GET" })
        .uri(format!("/desk/api/{path}"))
        .header("cookie", cookie)
        .header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = call(town, request.body(body).unwrap()).await;
    let status = response.status();
    (status, serde_json::from_slice(&to_bytes(response.into_body(), 1 << 22).await.unwrap()).unwrap())
}

async fn bytes(response: Response<Body>) -> Vec<u8> {
    to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec()
}

/// Status and code of a refusal; the envelope must be whole.
async fn refusal(response: Response<Body>) -> (StatusCode, Code) {
    let status = response.status();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let envelope: Envelope = serde_json::from_slice(&bytes(response).await).unwrap();
    assert_eq!(envelope.request_id, id);
    assert!(!envelope.message.is_empty());
    (status, envelope.code)
}

pub(crate) fn request(method: &str, uri: &str, tablet: Option<&Tablet>, body: Vec<u8>) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(uri);
    if let Some(tablet) = tablet {
        builder = builder.header("authorization", format!("Bearer {}", token_text(&tablet.identity.token)));
    }
    builder.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn the_main_routes_work_end_to_end() {
    let town = Town::new();
    assert_eq!(bytes(call(&town, request("GET", "/health", None, vec![])).await).await, b"ok\n");
    let code = town.code("kadikoy-rasimpasa", "Rasimpaşa Muhtarı");
    let frame = encode(&EnrolRequest { version: 1, code, public_key: [1; 32], app: "0.1.0".into() });
    let reply = call(&town, request("POST", "/v1/enrol", None, frame)).await;
    assert_eq!(reply.status(), StatusCode::OK);
    let mut tablet = Tablet::new(&town, decode(&bytes(reply).await).unwrap());

    let (photo_bytes, photo) = photo(1, 60_000);
    let mut words = tablet.words("yol.cukur");
    words.blobs = vec![photo];
    let item = tablet.file_words(&words);
    let id = item.request;
    let frame = encode(&tablet.frame(vec![item]));
    let reply = call(&town, request("POST", "/v1/sync", Some(&tablet), frame)).await;
    let reply: SyncReply = decode(&bytes(reply).await).unwrap();
    ok(&reply.results[0]);

    let at = format!("/v1/blobs/{}?request={id}&size=60000&offset=", photo.hash);
    let put = async |offset: usize, part: &[u8]| {
        let reply = call(&town, request("PUT", &format!("{at}{offset}"), Some(&tablet), part.to_vec())).await;
        let status = reply.status();
        (status, decode::<BlobStatus>(&bytes(reply).await).unwrap())
    };
    assert_eq!(put(0, &photo_bytes[..20_000]).await, (StatusCode::OK, BlobStatus::of(photo.hash, 20_000, false)));
    assert_eq!(put(5, b"x").await, (StatusCode::CONFLICT, BlobStatus::of(photo.hash, 20_000, false)));
    assert_eq!(put(20_000, &photo_bytes[20_000..]).await.1, BlobStatus::of(photo.hash, 60_000, true));
    let uri = format!("/v1/blobs/{}?offset=1", photo.hash);
    let reply = call(&town, request("GET", &uri, Some(&tablet), vec![])).await;
    assert_eq!(bytes(reply).await, photo_bytes[1..]);
    let reply = call(&town, request("GET", &format!("{uri}&len=10"), Some(&tablet), vec![])).await;
    assert_eq!(bytes(reply).await, photo_bytes[1..11]);
    let uri = format!("/v1/blobs/{}/thumb?request={id}", photo.hash);
    let (thumb, _) = super::common::photo(9, 300);
    let reply = call(&town, request("PUT", &uri, Some(&tablet), thumb.clone())).await;
    assert_eq!(reply.status(), StatusCode::OK);
    let uri = format!("/v1/blobs/{}/thumb", photo.hash);
    assert_eq!(bytes(call(&town, request("GET", &uri, Some(&tablet), vec![])).await).await, thumb);

    let reply = call(&town, request("GET", "/v1/snapshot", Some(&tablet), vec![])).await;
    let page: mbs_shared::wire::snapshot::SnapshotPage = decode(&bytes(reply).await).unwrap();
    assert!(page.rows.iter().any(|r| matches!(r.body, RowBody::Blob { .. })));
}

#[tokio::test]
async fn refusals_have_one_shape() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let refused = async |method: &str, uri: &str, tablet: Option<&Tablet>, body: Vec<u8>| {
        refusal(call(&town, request(method, uri, tablet, body)).await).await
    };
    assert_eq!(refused("GET", "/nowhere", None, vec![]).await, (StatusCode::NOT_FOUND, Code::NotFound));
    assert_eq!(refused("GET", "/v1/sync", None, vec![]).await, (StatusCode::NOT_FOUND, Code::NotFound));
    let unknown = (StatusCode::UNAUTHORIZED, Code::UnknownDevice);
    assert_eq!(refused("POST", "/v1/sync", None, vec![]).await, unknown);
    for uri in ["/v1/snapshot", "/v1/events", "/v1/blobs/00"] {
        assert_eq!(refused("GET", uri, None, vec![]).await, unknown, "{uri}");
    }
    let some = Some(&tablet);
    let malformed = (StatusCode::BAD_REQUEST, Code::Malformed);
    assert_eq!(refused("POST", "/v1/sync", some, vec![1, 2]).await, malformed);
    assert_eq!(refused("GET", "/v1/snapshot?after=zz", some, vec![]).await, malformed);
    assert_eq!(refused("GET", "/v1/blobs/zz", some, vec![]).await, malformed);
    assert_eq!(refused("PUT", "/v1/blobs/00?size=x", some, vec![]).await, malformed);
    let too_large = (StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge);
    assert_eq!(refused("POST", "/v1/sync", some, vec![0; 256 * 1024 + 1]).await, too_large);
    assert_eq!(refused("POST", "/v1/enrol", None, vec![0; 2_000]).await, too_large);
    let mut newer = tablet.frame(vec![]);
    newer.version = 9;
    assert_eq!(
        refused("POST", "/v1/sync", some, encode(&newer)).await,
        (StatusCode::UPGRADE_REQUIRED, Code::AppTooNew)
    );
}

/// A body of that many zeros that does not say its length.
fn unannounced(bytes: usize) -> Body {
    let pieces = std::iter::repeat_n(vec![0_u8; 16 * 1024], bytes / (16 * 1024));
    Body::from_stream(futures_util::stream::iter(pieces.map(Ok::<_, std::io::Error>)))
}

#[tokio::test]
async fn every_route_that_takes_a_body_has_a_cap_whether_its_length_is_said_or_not() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (_, photo) = photo(1, 60_000);
    let mut words = tablet.words("yol.cukur");
    words.blobs.push(photo);
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    let cookie = signed_in(&town, Role::Triage);
    let token = format!("Bearer {}", token_text(&tablet.identity.token));
    let blob = format!("/v1/blobs/{}", photo.hash);
    let routes = [
        ("POST", "/v1/enrol".to_owned()),
        ("POST", "/v1/sync".to_owned()),
        ("POST", "/v1/reconcile".to_owned()),
        ("POST", "/v1/courier".to_owned()),
        ("PUT", format!("{blob}?request={id}&size=60000")),
        ("PUT", format!("{blob}/thumb?request={id}")),
        ("POST", "/desk/api/sign-in".to_owned()),
        ("POST", format!("/desk/api/requests/{id}/act")),
        ("POST", format!("/desk/api/requests/{id}/say")),
        ("POST", "/desk/api/enrolments".to_owned()),
        ("POST", "/desk/api/photos".to_owned()),
    ];
    for (method, uri) in &routes {
        for said in [true, false] {
            let body = if said { Body::from(vec![0; 1 << 20]) } else { unannounced(1 << 20) };
            let kind =
                if uri.starts_with("/desk") && !uri.ends_with("photos") { "application/json" } else { "image/jpeg" };
            let call_ =
                Request::builder().method(*method).uri(uri).header("host", "mbs").header("origin", "http://mbs");
            let call_ = call_.header("authorization", &token).header("cookie", &cookie).header("content-type", kind);
            let refused = refusal(call(&town, call_.body(body).unwrap()).await).await;
            assert_eq!(refused, (StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge), "{method} {uri}, length said: {said}");
        }
    }
}

/// People and programs get the same envelope as tablets, whatever they send.
#[tokio::test]
async fn a_call_that_cannot_be_read_is_refused_in_the_same_shape() {
    let town = Town::new();
    let refused = async |method: &str, uri: &str, kind: &str, body: &[u8]| {
        let call_ = Request::builder().method(method).uri(uri).header("content-type", kind).header("host", "mbs");
        refusal(call(&town, call_.body(Body::from(body.to_vec())).unwrap()).await).await
    };
    let json = "application/json";
    let malformed = Code::Malformed;
    for (kind, body) in
        [(json, &b"{"[..]), (json, b"[1]"), (json, b"{\"login\":1}"), ("text/plain", b"{}"), (json, b"")]
    {
        assert_eq!(refused("POST", "/desk/api/sign-in", kind, body).await.1, malformed, "{kind} {body:?}");
    }
    let much = vec![b' '; 64 * 1024 + 1];
    assert_eq!(
        refused("POST", "/desk/api/sign-in", json, &much).await,
        (StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge)
    );
    for uri in ["/api/v1/updates?limit=abc", "/api/v1/updates?status=yok"] {
        assert_eq!(refused("GET", uri, json, b"").await, (StatusCode::BAD_REQUEST, malformed), "{uri}");
    }
    for uri in ["/desk/api/nothing", "/desk/nothing.js", "/api/v1/nothing"] {
        assert_eq!(refused("GET", uri, json, b"").await, (StatusCode::NOT_FOUND, Code::NotFound), "{uri}");
    }
    assert_eq!(refused("GET", "/desk/%ff", json, b"").await.1, malformed);
    for uri in ["/desk/api/queue?list=all", "/desk/api/requests/1", "/desk/api/photos/1", "/desk/api/tablets"] {
        assert_eq!(refused("GET", uri, json, b"").await, (StatusCode::UNAUTHORIZED, Code::SignIn), "{uri}");
    }
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let town = Town::stepped();
    let mut waiting = Vec::new();
    while let Ok(pending) = town.service.writer.submit(|_| Ok(())) {
        waiting.push(pending);
    }
    let frame = encode(&EnrolRequest { version: 1, code: "4KR7-9XQ2".into(), public_key: [1; 32], app: "1".into() });
    let reply = call(&town, request("POST", "/v1/enrol", None, frame)).await;
    assert_eq!(reply.headers()["retry-after"], "2");
    assert_eq!(refusal(reply).await, (StatusCode::SERVICE_UNAVAILABLE, Code::Busy));
}

/// A server on a free port; its address, what stops it, and its end.
async fn listening(
    town: &Town,
) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let service = town.service.clone();
    let task = tokio::spawn(async move {
        let stop = async {
            let _ = stopped.await;
        };
        mbs_server::serve::run(service, listener, false, stop).await.unwrap();
    });
    (address, stop, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_poll_is_small_on_the_line() {
    let town = Town::stepped();
    let (address, stop, task) = listening(&town).await;
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let body = encode(&tablet.frame(vec![]));
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: mbs\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        token_text(&tablet.identity.token),
        body.len()
    );
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&body).await.unwrap();
    let mut answer = vec![0; 4_096];
    let mut n = 0;
    while !answer[..n].windows(4).any(|w| w == b"\r\n\r\n") {
        n += line.read(&mut answer[n..]).await.unwrap();
    }
    let text = String::from_utf8_lossy(&answer[..n]).to_lowercase();
    assert!(text.starts_with("http/1.1 200"), "{text}");
    assert!(!text.contains("date:") && !text.contains("x-request-id"), "{text}");
    assert!(head.len() + body.len() + n <= 375, "{} B", head.len() + body.len() + n);
    drop(line);
    stop.send(()).unwrap();
    task.await.unwrap();
}

/// A photo of 200,000 bytes that a request on the server names, and the head of an upload of so many of them from there on.
async fn promised(tablet: &mut Tablet) -> (Vec<u8>, BlobRef, impl Fn(usize, usize) -> String + use<>) {
    let (bytes, photo) = photo(4, 200_000);
    let mut words = tablet.words("yol.cukur");
    words.blobs = vec![photo];
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    let (hash, token) = (photo.hash, token_text(&tablet.identity.token));
    let head = move |offset: usize, len: usize| {
        format!(
            "PUT /v1/blobs/{hash}?request={id}&offset={offset}&size=200000 HTTP/1.1\r\nhost: mbs\r\n\
             authorization: Bearer {token}\r\ncontent-length: {len}\r\n\r\n"
        )
    };
    (bytes, photo, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_cut_is_kept() {
    let town = Town::stepped();
    let (address, stop, task) = listening(&town).await;
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (bytes, photo, head) = promised(&mut tablet).await;
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    line.write_all(head(0, 200_000).as_bytes()).await.unwrap();
    line.write_all(&bytes[..50_000]).await.unwrap();
    line.shutdown().await.unwrap();
    // The end of our line makes the server close its side, once it has seen everything.
    let mut rest = Vec::new();
    let _ = line.read_to_end(&mut rest).await;
    let scope = tablet.caller.device.scope;
    let have = async || loop {
        let have = town.service.db.ask(|s| mbs_server::database::blobs::have(s, photo.hash, scope)).unwrap();
        if have > 0 {
            break have;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), have()).await.unwrap(), 50_000);
    stop.send(()).unwrap();
    task.await.unwrap();
}

/// A line that breaks without a word: the tablet has another one long before the server hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_over_a_line_that_fell_silent_is_not_sent_again() {
    let town = Town::stepped();
    let (address, stop, task) = listening(&town).await;
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (bytes, _, head) = promised(&mut tablet).await;
    let ask = async || {
        let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
        line.write_all(head(0, 0).as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let mut n = 0;
        loop {
            n += line.read(&mut answer[n..]).await.unwrap();
            let Some(end) = answer[..n].windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            if let Ok(status) = decode::<BlobStatus>(&answer[end + 4..n]) {
                return status.have;
            }
        }
    };
    // Asked for over another line, before anything has said that the first is dead.
    let mut silent = Vec::new();
    let have = loop {
        let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
        line.write_all(head(0, 200_000).as_bytes()).await.unwrap();
        line.write_all(&bytes[..50_000]).await.unwrap();
        silent.push(line);
        // None when the server had not yet read of it.
        let have = ask().await;
        if have > 0 {
            break have;
        }
    };
    // The question ended it: nothing more is taken over it.
    assert!(have <= 50_000 && ask().await == have, "{have}");
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    let from = have as usize;
    line.write_all(head(from, 200_000 - from).as_bytes()).await.unwrap();
    line.write_all(&bytes[from..]).await.unwrap();
    let mut answer = [0; 1_024];
    let n = line.read(&mut answer).await.unwrap();
    assert!(answer[..n].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..n]));
    drop((silent, line));
    stop.send(()).unwrap();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_comes_at_once_and_with_news_and_ends_with_the_server() {
    let town = Town::stepped();
    let (address, stop, task) = listening(&town).await;
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let head = format!(
        "GET /v1/events HTTP/1.1\r\nhost: mbs\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        token_text(&tablet.identity.token)
    );
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    line.write_all(head.as_bytes()).await.unwrap();
    // What the n-th event says, from 1.
    let mut text = String::new();
    let mut event = async |line: &mut tokio::net::TcpStream, n: usize| {
        let mut part = [0; 1_024];
        loop {
            let told = text.split("data: ").nth(n).and_then(|t| t.split_once("\n\n"));
            if let Some((news, _)) = told {
                return news.parse::<News>().unwrap().0;
            }
            let n = line.read(&mut part).await.unwrap();
            assert!(n > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&part[..n]));
        }
    };
    let first = event(&mut line, 1).await;
    assert_eq!(first, Cursor { epoch: town.service.epoch, seq: 0 });
    tablet.filed("yol.cukur").await;
    let second = event(&mut line, 2).await;
    // The reply to the push took the tablet as far as the event tells: it has nothing to fetch.
    let reached = tablet.cursor;
    assert!(second.seq > 0 && !News(second).concerns(reached), "{second:?} {reached:?}");
    // Another process writes: its news come with the next tick.
    let scope = tablet.caller.device.scope;
    town.service
        .db
        .change(|tx| {
            let seq = meta::get(tx, "seq")? + 1;
            meta::set(tx, "seq", seq)?;
            let row = feed::NewRow {
                scope,
                rid: 1,
                kind: feed::kind::ERASED,
                n: 0,
                key: 0,
                session: 0,
                author: 0,
                at: 0,
                mac: &[],
                packed: &[],
            };
            feed::add(tx, seq, &row)
        })
        .unwrap();
    assert!(event(&mut line, 3).await.seq > second.seq);
    // A newer stream of the same tablet ends this one, whose line may have died unnoticed.
    let mut newer = tokio::net::TcpStream::connect(address).await.unwrap();
    newer.write_all(head.as_bytes()).await.unwrap();
    let mut end = Vec::new();
    line.read_to_end(&mut end).await.unwrap();
    stop.send(()).unwrap();
    let mut line = newer;
    let mut rest = Vec::new();
    line.read_to_end(&mut rest).await.unwrap();
    task.await.unwrap();
    // Everything is written and nothing is taken any more.
    assert_eq!(town.service.writer.waiting(), 0);
    assert_eq!(town.service.writer.submit(|_| Ok(())).unwrap_err().code, Code::Busy);
}

#[tokio::test]
async fn lists_come_squeezed_and_secrets_do_not() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    for _ in 0..8 {
        tablet.filed("yol.cukur").await;
    }
    let cookie = signed_in(&town, Role::Operator);
    let ask = async |method: &str, uri: &str, body: &serde_json::Value| {
        let request = Request::builder()
            .method(method)
            .uri(format!("/desk/api/{uri}"))
            .header("cookie", &cookie)
            .header("content-type", "application/json")
            .header("accept-encoding", "gzip");
        let response = call(&town, request.body(Body::from(body.to_string())).unwrap()).await;
        assert!(response.status().is_success(), "{uri}: {}", response.status());
        let coding = response.headers().get("content-encoding").map(|v| v.to_str().unwrap().to_owned());
        (coding, bytes(response).await)
    };
    let nothing = serde_json::Value::Null;
    for uri in ["queue?list=all", "requests.csv", "directory"] {
        let (coding, squeezed) = ask("GET", uri, &nothing).await;
        assert_eq!(coding.as_deref(), Some("gzip"), "{uri}");
        assert!(squeezed.starts_with(&[0x1f, 0x8b]), "{uri}");
        let plain = Request::builder().uri(format!("/desk/api/{uri}")).header("cookie", &cookie);
        let plain = bytes(call(&town, plain.body(Body::empty()).unwrap()).await).await;
        assert!(squeezed.len() * 3 < plain.len(), "{uri}: {} of {}", squeezed.len(), plain.len());
    }
    assert_eq!(ask("GET", "me", &nothing).await.0, None, "too short to be worth it");
    assert_eq!(ask("GET", "second-factor", &nothing).await.0, None);
    let key = serde_json::json!({ "name": "program", "unit": "md-yol-bakim-anadolu", "days": 365 });
    assert_eq!(ask("POST", "keys", &key).await.0, None);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_no_name() {
    let town = Town::new().that_publishes();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let cookie = signed_in(&town, Role::Operator);
    let keys = std::fs::read(town.dir.path().join("keys.json")).unwrap();
    assert!(keys.len() > 20);
    for name in [
        "..%2fkeys.json",
        "..%2f..%2f..%2fkeys.json",
        "%2e%2e%2fkeys.json",
        "..%5ckeys.json",
        "keys.json%00.jpg",
        "%2fetc%2fpasswd",
    ] {
        for route in [
            format!("/desk/{name}"),
            format!("/desk/assets/{name}"),
            format!("/desk/api/photos/{name}"),
            format!("/desk/api/photos/{name}/thumb"),
            format!("/desk/api/requests/{name}"),
            format!("/v1/blobs/{name}"),
            format!("/v1/blobs/{name}/thumb"),
            format!("/api/v1/photos/{name}"),
            format!("/open-data/{name}.csv"),
        ] {
            let mut asked = request("GET", &route, Some(&tablet), vec![]);
            asked.headers_mut().insert("cookie", cookie.parse().unwrap());
            let answer = call(&town, asked).await;
            assert!(answer.status().is_client_error(), "{route}: {}", answer.status());
            let said = bytes(answer).await;
            assert!(!said.windows(20).any(|part| keys.starts_with(part)), "{route}");
        }
    }
}
