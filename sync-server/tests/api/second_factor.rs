//! Signing in with an app's six digits: set up by oneself, asked for, used once, and owed where the server says so.

use crate::common::*;
use crate::http::{call, desk};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mbs_server::auth::password;
use mbs_server::database::staff;
use mbs_server::handlers::desk::view::Role;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};

const PASSWORD: &str = "köprü altı çınar";

/// The status, the answer, and the cookie that came with it.
pub(crate) async fn post(town: &Town, path: &str, cookie: &str, body: Value) -> (StatusCode, Value, String) {
    let request = Request::builder()
        .method("POST")
        .uri(format!("/desk/api/{path}"))
        .header("cookie", cookie)
        .header("content-type", "application/json");
    let response = call(town, request.body(Body::from(body.to_string())).unwrap()).await;
    let status = response.status();
    let set = response.headers().get("set-cookie").map(|c| c.to_str().unwrap().split(';').next().unwrap().to_owned());
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default(), set.unwrap_or_default())
}

/// A town with one person at the desk, signed in by the password.
async fn scene() -> (Town, String) {
    let town = Town::new();
    let hash = password::hash(PASSWORD, [9; 16]).unwrap();
    town.service.db.change(|s| staff::add(s, "masa", "Masa", Role::Triage, "", &hash, MORNING).map(drop)).unwrap();
    let (status, me, cookie) = post(&town, "sign-in", "", json!({ "login": "masa", "password": PASSWORD })).await;
    assert_eq!((status, &me["second_factor"]), (StatusCode::OK, &json!(false)));
    (town, cookie)
}

/// What the app shows at the town's time.
fn code(town: &Town, secret: &str) -> String {
    let bytes = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let now = u64::try_from(town.service.clock.now() / 1_000).unwrap();
    TOTP::new(Algorithm::SHA1, 6, 1, 30, bytes).unwrap().generate(now)
}

/// Sets one up; its secret.
async fn set_up(town: &Town, cookie: &str) -> String {
    let (_, offered) = desk(town, cookie, "second-factor", None).await;
    let secret = offered["secret"].as_str().unwrap().to_owned();
    let proof = json!({ "password": PASSWORD, "nonce": offered["nonce"], "code": code(town, &secret) });
    let (status, me, _) = post(town, "second-factor", cookie, proof).await;
    assert_eq!((status, &me["second_factor"]), (StatusCode::OK, &json!(true)), "{me}");
    secret
}

async fn sign_in(town: &Town, code: Option<&str>) -> (StatusCode, String) {
    let (status, body, _) =
        post(town, "sign-in", "", json!({ "login": "masa", "password": PASSWORD, "code": code })).await;
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_code_is_asked_for_after_the_password_and_each_lets_in_once() {
    let (town, cookie) = scene().await;
    let (_, _, elsewhere) = post(&town, "sign-in", "", json!({ "login": "masa", "password": PASSWORD })).await;
    let secret = set_up(&town, &cookie).await;
    // Who came in elsewhere with the password alone is out.
    assert_eq!(desk(&town, &elsewhere, "me", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(desk(&town, &cookie, "me", None).await.0, StatusCode::OK);
    let refused = (StatusCode::UNAUTHORIZED, "second_factor".to_owned());
    assert_eq!(sign_in(&town, None).await, refused);
    assert_eq!(sign_in(&town, Some("000000")).await, refused);
    // The code that set it up is used.
    assert_eq!(sign_in(&town, Some(&code(&town, &secret))).await, refused);
    town.pass(30_000);
    let next = code(&town, &secret);
    assert_eq!(sign_in(&town, Some(&next)).await.0, StatusCode::OK);
    assert_eq!(sign_in(&town, Some(&next)).await, refused);
    // Without the password nobody learns whether a code is asked for.
    let (status, body, _) = post(&town, "sign-in", "", json!({ "login": "masa", "password": "yanlış" })).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("sign_in")));
    // Nothing that is stored lets anybody in.
    assert_eq!(town.count("select count(*) from staff where second_factor <> 0"), 1);
}

#[tokio::test]
async fn who_guesses_codes_is_held_up() {
    let (town, cookie) = scene().await;
    let secret = set_up(&town, &cookie).await;
    town.pass(30_000);
    for _ in 0..mbs_server::tries::IN_ALL {
        town.service.tries.wrong(None, town.service.clock.now());
    }
    assert_eq!(sign_in(&town, Some(&code(&town, &secret))).await.0, StatusCode::TOO_MANY_REQUESTS);
    town.pass(mbs_server::tries::WINDOW + 1);
    let before = code(&town, &secret);
    assert_eq!(sign_in(&town, Some(&before)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn it_is_switched_off_with_password_and_code_or_by_the_operators() {
    let (town, cookie) = scene().await;
    let secret = set_up(&town, &cookie).await;
    town.pass(60_000);
    let proof = |password: &str, code: String| json!({ "password": password, "nonce": "", "code": code });
    for wrong in [proof("yanlış", code(&town, &secret)), proof(PASSWORD, "000000".into())] {
        assert_eq!(post(&town, "second-factor/off", &cookie, wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (status, me, _) = post(&town, "second-factor/off", &cookie, proof(PASSWORD, code(&town, &secret))).await;
    assert_eq!((status, &me["second_factor"]), (StatusCode::OK, &json!(false)));
    assert_eq!(sign_in(&town, None).await.0, StatusCode::OK);

    let again = set_up(&town, &cookie).await;
    assert_ne!(again, secret, "a secret is offered once");
    assert!(town.service.db.change(|s| staff::no_second(s, "masa")).unwrap());
    assert!(!town.service.db.change(|s| staff::no_second(s, "masa")).unwrap());
    assert_eq!(sign_in(&town, None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn where_it_is_owed_nothing_goes_before_it_is_set_up() {
    let (town, cookie) = scene().await;
    let town = town.with_second_factor_for_all();
    let (status, me) = desk(&town, &cookie, "me", None).await;
    assert_eq!((status, &me["second_factor_owed"]), (StatusCode::OK, &json!(true)));
    assert_eq!(desk(&town, &cookie, "queue?list=triage", None).await.0, StatusCode::FORBIDDEN);
    let secret = set_up(&town, &cookie).await;
    assert_eq!(desk(&town, &cookie, "queue?list=triage", None).await.0, StatusCode::OK);
    town.pass(30_000);
    let off = json!({ "password": PASSWORD, "nonce": "", "code": code(&town, &secret) });
    assert_eq!(post(&town, "second-factor/off", &cookie, off).await.0, StatusCode::FORBIDDEN);
}
