//! The shell on Tauri's mock runtime, with the real configuration and capabilities and a real core.

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Value, json};
use tauri::http::{Request, StatusCode};
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, Listener, Manager, WebviewWindow, WebviewWindowBuilder};

use crate::open::{CHANGED, Open, Slot};
use crate::{assemble, context, photo};

/// An app with an open tablet and its window.
fn app(dir: &Path) -> (App<MockRuntime>, WebviewWindow<MockRuntime>) {
    let app = assemble(mock_builder()).build(context()).unwrap();
    app.state::<Slot>().fill(Open::begin(app.handle(), dir).unwrap());
    let window = WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default()).build().unwrap();
    (app, window)
}

fn invoke(window: &WebviewWindow<MockRuntime>, url: &str, cmd: &str, body: Value) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: cmd.into(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: url.parse().unwrap(),
        body: InvokeBody::Json(body),
        headers: tauri::http::HeaderMap::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|body| body.deserialize().unwrap())
}

/// As the front end calls: `invoke('call', { call })`.
fn call(window: &WebviewWindow<MockRuntime>, call: Value) -> Result<Value, Value> {
    invoke(window, "tauri://localhost", "call", json!({ "call": call }))
}

#[test]
fn a_call_goes_round() {
    let dir = tempfile::tempdir().unwrap();
    let (app, window) = app(dir.path());
    let (heard, hears) = channel();
    app.listen(CHANGED, move |_| heard.send(()).unwrap());

    assert_eq!(call(&window, json!({ "call": "status" })).unwrap()["identity"], Value::Null);
    let status = call(&window, json!({ "call": "enrol_practice" })).unwrap();
    assert_eq!(status["identity"]["practice"], true);
    hears.recv_timeout(Duration::from_secs(10)).expect("screens are told");

    let draft = call(&window, json!({ "call": "new_draft" })).unwrap();
    let id = &draft["row"]["id"];
    let words = "Rasimpaşa'da ışıklar yanmıyor";
    call(&window, json!({ "call": "set_draft", "id": id, "set": { "desc": words } })).unwrap();
    assert_eq!(call(&window, json!({ "call": "request", "id": id })).unwrap()["desc"], words);
}

#[test]
fn a_call_that_is_none_gets_its_code() {
    let dir = tempfile::tempdir().unwrap();
    let (_app, window) = app(dir.path());
    let none = [
        json!({ "call": "drop_everything" }),
        json!({ "call": "request", "id": 7 }),
        json!({}),
        json!("status"),
        Value::Null,
    ];
    for what in none {
        assert_eq!(call(&window, what.clone()).unwrap_err()["code"], "bad_call", "{what}");
    }
    assert_eq!(invoke(&window, "tauri://localhost", "call", json!({})).unwrap_err()["code"], "bad_call");
}

#[test]
fn a_failed_call_gets_the_core_s_code() {
    let dir = tempfile::tempdir().unwrap();
    let (_app, window) = app(dir.path());
    assert_eq!(call(&window, json!({ "call": "new_draft" })).unwrap_err()["code"], "not_enrolled");
}

#[test]
fn no_other_command_and_no_other_page_gets_through() {
    let dir = tempfile::tempdir().unwrap();
    let (_app, window) = app(dir.path());
    for cmd in
        ["nothing", "plugin:event|emit", "plugin:window|close", "plugin:app|version", "plugin:webview|create_webview"]
    {
        assert!(invoke(&window, "tauri://localhost", cmd, json!({})).is_err(), "{cmd}");
    }
    assert!(invoke(&window, "https://example.org", "call", json!({ "call": { "call": "status" } })).is_err());
}

#[test]
fn a_call_after_closing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (app, window) = app(dir.path());
    app.state::<Slot>().close();
    assert_eq!(call(&window, json!({ "call": "status" })).unwrap_err()["code"], "storage");
    // And the folder is free again.
    drop(crate::folder::hold(dir.path()).unwrap());
}

#[test]
fn photos_are_served_by_their_hash_only() {
    let dir = tempfile::tempdir().unwrap();
    let (app, window) = app(dir.path());
    let picture = include_bytes!("../icons/128x128.png");
    call(&window, json!({ "call": "enrol_practice" })).unwrap();
    let id = call(&window, json!({ "call": "new_draft" })).unwrap()["row"]["id"].clone();
    let add = json!({ "call": "add_photo", "id": id, "upload": 1, "offset": 0, "total": picture.len(), "data": base64(picture) });
    let added = call(&window, add).unwrap();
    let hash = added["request"]["photos"][0]["hash"].as_str().unwrap().to_owned();

    let tablet = app.state::<Slot>().tablet().unwrap();
    let get = |path: &str| {
        photo::answer(
            Some(&tablet),
            &Request::builder().uri(format!("photo://localhost/{path}")).body(Vec::new()).unwrap(),
        )
    };
    let whole = get(&hash);
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(whole.headers()["content-type"], "image/jpeg");
    assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
    assert_eq!(whole.headers()["cache-control"], "no-store");
    assert!(whole.body().starts_with(&[0xff, 0xd8, 0xff]));
    assert!(get(&format!("{hash}?thumb")).body().starts_with(&[0xff, 0xd8, 0xff]));
    assert_eq!(get(&format!("{hash}?offset=1&length=2")).body(), &whole.body()[1..3]);
    assert_eq!(get(&"0".repeat(64)).status(), StatusCode::NOT_FOUND);
    assert!(get(&"0".repeat(64)).body().is_empty());
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
