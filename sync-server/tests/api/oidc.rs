//! Signing in by an identity provider: a real one, which is made to say what it should not, to be slow, or to be away.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::common::*;
use crate::http::{call, desk};
use crate::second_factor::post;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use mbs_engines::provider::{CLIENT, Provider, SECRET};
use mbs_server::auth::password;
use mbs_server::auth::provider::{self, LIMIT, Settings};
use mbs_server::auth::second_factor::SecondFactor;
use mbs_server::database::staff;
use mbs_server::handlers::desk::view::Role;
use rstest::rstest;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};

const HERE: &str = "https://mbs.example.org";
const PASSWORD: &str = "köprü altı çınar";

fn settings(issuer: &str) -> Settings {
    Settings {
        issuer: issuer.to_owned(),
        client: CLIENT.to_owned(),
        secret: SECRET.to_owned(),
        name: "Belediye hesabı".to_owned(),
        claim: "email".to_owned(),
        second_factor: false,
    }
}

/// A town with one person at the desk, whose name at that provider an operator wrote down.
fn town(settings: Settings, limit: Duration) -> Town {
    let town = Town::new().with(|parts| {
        HERE.clone_into(&mut parts.url);
        parts.provider = Some(provider::open(settings, HERE, limit).unwrap());
    });
    let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    town.pass(i64::try_from(real).unwrap() - town.service.clock.now());
    let hash = password::hash(PASSWORD, [9; 16]).unwrap();
    let begun = town.service.db.change(|s| {
        staff::add(s, "masa", "Masa", Role::Triage, "", &hash, MORNING)?;
        staff::set_external(s, "masa", "masa@belediye.example")
    });
    assert!(begun.unwrap());
    town
}

/// Somebody at a browser, before the provider's pages.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Asks the provider for a page, or sends one of its forms; where that leads, and what stands there.
    async fn ask(&mut self, address: &str, form: Option<String>) -> (Option<String>, String) {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let asked = match form {
            None => http.get(address),
            Some(form) => http.post(address).header("content-type", "application/x-www-form-urlencoded").body(form),
        };
        let answer = asked.header("cookie", cookies).send().await.unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (to, answer.text().await.unwrap())
    }

    /// Signs in at the provider under that name and agrees; what it sends to the server's address.
    async fn through(&mut self, provider: &Provider, address: &str, login: &str) -> String {
        let (mut at, mut form) = (address.to_owned(), None);
        for _ in 0..12 {
            let (to, page) = self.ask(&at, form.take()).await;
            if let Some(to) = to {
                if let Some(query) = to.strip_prefix(&format!("{HERE}/desk/api/oidc?")) {
                    return query.to_owned();
                }
                at = if to.starts_with('/') { format!("{}{to}", provider.issuer()) } else { to };
                continue;
            }
            at = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect(&page).to_owned();
            let consent = page.contains("value=\"consent\"");
            form =
                Some(if consent { "prompt=consent".into() } else { format!("prompt=login&login={login}&password=x") });
        }
        panic!("the provider leads nowhere");
    }
}

/// Presses the button: where it leads, and the cookie of the attempt.
async fn press(town: &Town) -> (String, String) {
    let (status, body, cookie) = post(town, "oidc", "", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    (body["address"].as_str().unwrap().to_owned(), cookie)
}

/// Comes back to the desk: the word it ends with, and every cookie that was given, whole.
async fn back(town: &Town, query: &str, cookie: &str) -> (String, Vec<String>) {
    let request = Request::builder().uri(format!("/desk/api/oidc?{query}")).header("cookie", cookie);
    let answer = call(town, request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let to = answer.headers()["location"].to_str().unwrap();
    let word = to.strip_prefix("/desk/?sign-in=").unwrap().to_owned();
    let cookies = answer.headers().get_all("set-cookie").into_iter();
    (word, cookies.map(|c| c.to_str().unwrap().to_owned()).collect())
}

/// The whole way with a new browser.
async fn sign_in(town: &Town, provider: &Provider, login: &str) -> (String, Vec<String>) {
    let (address, cookie) = press(town).await;
    let query = Browser::default().through(provider, &address, login).await;
    back(town, &query, &cookie).await
}

/// What a browser sends of the cookie with that name.
fn sent(cookies: &[String], name: &str) -> String {
    let cookie = cookies.iter().find(|c| c.starts_with(&format!("{name}=")) && !c.contains("Max-Age=0"));
    cookie.map(|c| c.split(';').next().unwrap().to_owned()).unwrap_or_default()
}

fn start() -> Provider {
    Provider::start(&format!("{HERE}/desk/api/oidc"))
}

fn sessions(town: &Town) -> i64 {
    town.count("select count(*) from staff_session")
}

#[tokio::test]
async fn who_an_operator_named_comes_in_and_stays_the_same_person_whatever_he_is_called_there() {
    let provider = start();
    let town = town(settings(provider.issuer()), LIMIT);
    assert_eq!(desk(&town, "", "sign-in", None).await.1, json!({ "provider": "Belediye hesabı" }));
    let (word, cookies) = sign_in(&town, &provider, "masa").await;
    assert_eq!(word, "in");
    let whole = cookies.iter().find(|c| c.starts_with("mbs_session=")).unwrap();
    assert!(whole.contains("HttpOnly; SameSite=Strict") && whole.contains("Secure"), "{whole}");
    assert!(cookies.iter().any(|c| c.starts_with("mbs_oidc=;") && c.contains("Max-Age=0")), "{cookies:?}");
    let session = sent(&cookies, "mbs_session");
    let (status, me) = desk(&town, &session, "me", None).await;
    assert_eq!((status, &me["name"], &me["role"]), (StatusCode::OK, &json!("Masa"), &json!("triage")));

    // The name was for the first time: now it is the person behind it.
    provider.trouble(r#"{ "people": { "masa": { "email": "yeni@belediye.example" }, "baska": { "email": "masa@belediye.example" } } }"#);
    assert_eq!(sign_in(&town, &provider, "masa").await.0, "in");
    assert_eq!(sign_in(&town, &provider, "baska").await.0, "unknown");

    // Operators shut people out and let them in, and nobody else does.
    town.service.db.change(|s| staff::disable(s, "masa", MORNING)).unwrap();
    assert_eq!(desk(&town, &session, "me", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&town, &provider, "masa").await.0, "unknown");
    town.service.db.change(|s| staff::enable(s, "masa")).unwrap();
    let session = sent(&sign_in(&town, &provider, "masa").await.1, "mbs_session");
    town.service.db.change(|s| staff::set_external(s, "masa", "masa@belediye.example")).unwrap();
    assert_eq!(desk(&town, &session, "me", None).await.0, StatusCode::UNAUTHORIZED, "he may be another one now");
    assert_eq!(sign_in(&town, &provider, "masa").await.0, "unknown", "he is called otherwise there by now");
    assert_eq!(sign_in(&town, &provider, "baska").await.0, "in");
}

#[tokio::test]
async fn an_operator_writes_names_down_at_the_desk() {
    let provider = start();
    let town = town(settings(provider.issuer()), LIMIT);
    let begun = town.service.db.change(|s| {
        staff::add(s, "isletim", "İşletim", Role::Operator, "", "-", MORNING)?;
        staff::begin(s, &mbs_server::secrets::sha256(&SESSION), 2, MORNING, town.service.clock.now() + DAY)
    });
    begun.unwrap();
    let cookie = mbs_server::auth::staff::set_cookie(&SESSION, false).unwrap();
    let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
    let named = |name: &str| json!({ "change": { "external": name } });
    let (status, list) = desk(&town, &cookie, "accounts/masa", Some(&named(" Ayse@Belediye.example "))).await;
    assert_eq!((status, &list["provider"]), (StatusCode::OK, &json!("Belediye hesabı")), "{list}");
    assert_eq!(
        (&list["people"][1]["external"], &list["people"][1]["bound"]),
        (&json!("ayse@belediye.example"), &json!(false))
    );
    assert_eq!(sign_in(&town, &provider, "masa").await.0, "unknown");
    assert_eq!(sign_in(&town, &provider, "ayse").await.0, "in");
    let (_, list) = desk(&town, &cookie, "accounts", None).await;
    assert_eq!(list["people"][1]["bound"], json!(true));
    // One name, one person.
    let (_, made) = desk(
        &town,
        &cookie,
        "accounts",
        Some(&json!({ "login": "yeni", "name": "Yeni", "role": "auditor", "unit": "" })),
    )
    .await;
    assert!(made["secret"].is_string(), "{made}");
    let (status, fault) = desk(&town, &cookie, "accounts/yeni", Some(&named("ayse@belediye.example"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(fault["message"].as_str().unwrap().starts_with("external"), "{fault}");
    assert_eq!(desk(&town, &cookie, "accounts/yok", Some(&named("x@belediye.example"))).await.0, StatusCode::NOT_FOUND);
    // None is nobody's, and may be so for many.
    for login in ["masa", "yeni"] {
        assert_eq!(desk(&town, &cookie, &format!("accounts/{login}"), Some(&named(""))).await.0, StatusCode::OK);
    }
    assert_eq!(sign_in(&town, &provider, "ayse").await.0, "unknown");
}

#[tokio::test]
async fn an_address_the_provider_does_not_vouch_for_is_nobodys() {
    let provider = start();
    let here = town(settings(provider.issuer()), LIMIT);
    provider.trouble(r#"{ "people": { "masa": { "verified": false } } }"#);
    assert_eq!(sign_in(&here, &provider, "masa").await.0, "unknown");
    // Another claim is another promise: that of whoever chose it.
    let other = town(Settings { claim: "preferred_username".into(), ..settings(provider.issuer()) }, LIMIT);
    other.service.db.change(|s| staff::set_external(s, "masa", "masa")).unwrap();
    assert_eq!(sign_in(&other, &provider, "masa").await.0, "in");
}

#[rstest]
#[case::made_for_another_attempt(json!({ "claims": { "nonce": "x" } }))]
#[case::of_another_issuer(json!({ "claims": { "iss": "https://kimlik.example.net" } }))]
#[case::for_another_server(json!({ "claims": { "aud": "baska" } }))]
#[case::for_another_server_too(json!({ "claims": { "aud": ["mbs", "baska"] } }))]
#[case::too_old(json!({ "claims": { "exp": 1_700_000_000 } }))]
#[case::signed_by_somebody_else(json!({ "sign": "foreign" }))]
#[case::signed_by_the_secret_that_we_know_too(json!({ "sign": "secret" }))]
#[case::not_signed(json!({ "sign": "none" }))]
#[tokio::test]
async fn a_token_that_is_not_what_it_should_be_lets_nobody_in(#[case] trouble: Value) {
    let provider = start();
    let town = town(settings(provider.issuer()), LIMIT);
    provider.trouble(&trouble.to_string());
    let (word, cookies) = sign_in(&town, &provider, "masa").await;
    assert_eq!((word.as_str(), sent(&cookies, "mbs_session").as_str()), ("refused", ""));
    assert_eq!((sessions(&town), town.count("select count(*) from staff where identity <> ''")), (0, 0));
    // The same token as it should be.
    provider.trouble(r#"{ "claims": {} }"#);
    assert_eq!(sign_in(&town, &provider, "masa").await.0, "in");
}

#[tokio::test]
async fn a_way_back_that_was_forged_replayed_or_waited_too_long_leads_nowhere() {
    let provider = start();
    let town = town(settings(provider.issuer()), LIMIT);
    let (address, cookie) = press(&town).await;
    let query = Browser::default().through(&provider, &address, "masa").await;
    let code = query.split('&').find(|part| part.starts_with("code=")).unwrap();
    // Another browser's, a made up one, none: whoever sends somebody a link does not sign him in.
    let (_, other) = press(&town).await;
    for (query, cookie) in [
        (query.as_str(), ""),
        (&query, &other),
        (&format!("{code}&state=x"), &cookie),
        (code, &cookie),
        ("", &cookie),
        ("code=1&code=2", &cookie),
        (&query, "mbs_oidc=AAAA"),
    ] {
        assert_eq!(back(&town, query, cookie).await.0, "failed", "{query} {cookie}");
    }
    let state = query.split('&').find(|part| part.starts_with("state=")).unwrap();
    // Right state: the provider let him go, or has never given out that code, or is another one.
    for wrong in
        [format!("error=access_denied&{state}"), format!("code=yok&{state}"), format!("{code}&{state}&iss=https://x")]
    {
        assert_eq!(back(&town, &wrong, &cookie).await.0, "refused", "{wrong}");
    }
    assert_eq!(sessions(&town), 0);
    assert_eq!(back(&town, &query, &cookie).await.0, "in");
    assert_eq!(back(&town, &query, &cookie).await.0, "refused", "a code is good once");

    // Whose code it is proves only who asked (PKCE): in somebody else's attempt it is worth nothing.
    let (mine, cookie) = press(&town).await;
    let (theirs, _) = press(&town).await;
    let stolen = Browser::default().through(&provider, &theirs, "masa").await;
    let stolen = stolen.split('&').find(|part| part.starts_with("code=")).unwrap();
    let state = mine.split(['?', '&']).find(|part| part.starts_with("state=")).unwrap();
    assert_eq!(back(&town, &format!("{stolen}&{state}"), &cookie).await.0, "refused");

    let (address, cookie) = press(&town).await;
    let query = Browser::default().through(&provider, &address, "masa").await;
    town.pass(10 * 60_000 + 1);
    assert_eq!(back(&town, &query, &cookie).await.0, "failed");
    assert_eq!(sessions(&town), 1);
}

#[tokio::test]
async fn only_our_own_page_begins_it_and_who_guesses_is_held_up() {
    let provider = start();
    let town = town(settings(provider.issuer()), LIMIT);
    let request = Request::builder().method("POST").uri("/desk/api/oidc").header("host", "mbs.example.org");
    let request = request.header("origin", "https://evil.example").body(Body::empty()).unwrap();
    assert_eq!(call(&town, request).await.status(), StatusCode::FORBIDDEN);
    let (_, cookie) = press(&town).await;
    for _ in 0..mbs_server::tries::IN_ALL {
        town.service.tries.wrong(None, town.service.clock.now());
    }
    assert_eq!(back(&town, "code=x&state=x", &cookie).await.0, "slow");
    assert_eq!(post(&town, "oidc/code", "", json!({ "code": "123456" })).await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn keys_that_the_provider_changed_are_fetched_again() {
    let provider = start();
    let town = town(settings(provider.issuer()), LIMIT);
    let comes_back = async || {
        let (address, cookie) = press(&town).await;
        (Browser::default().through(&provider, &address, "masa").await, cookie)
    };
    let ((query, cookie), (another, its_cookie)) = (comes_back().await, comes_back().await);
    provider.trouble(r#"{ "sign": "rotated" }"#);
    // Not for each token that does not fit.
    assert_eq!(back(&town, &query, &cookie).await.0, "refused");
    town.pass(10_001);
    assert_eq!(back(&town, &another, &its_cookie).await.0, "in");
}

/// What the app shows at the town's time.
fn digits(town: &Town, nonce: i64) -> String {
    let secret = SecondFactor::of(&town.service.secrets, 1, nonce).unwrap().secret();
    let now = u64::try_from(town.service.clock.now() / 1_000).unwrap();
    TOTP::new(Algorithm::SHA1, 6, 1, 30, Secret::Encoded(secret).to_bytes().unwrap()).unwrap().generate(now)
}

#[tokio::test]
async fn a_second_factor_is_asked_for_unless_the_provider_asks_for_one() {
    let provider = start();
    let town = town(settings(provider.issuer()), LIMIT);
    town.service.db.change(|s| staff::set_second(s, 1, 77, 0)).unwrap();
    let (word, cookies) = sign_in(&town, &provider, "masa").await;
    assert_eq!((word.as_str(), sessions(&town)), ("code", 0));
    let owing = sent(&cookies, "mbs_oidc_code");
    let say = async |cookie: &str, code: String| post(&town, "oidc/code", cookie, json!({ "code": code })).await;
    let (status, fault, _) = say(&owing, "000000".into()).await;
    assert_eq!((status, &fault["code"]), (StatusCode::UNAUTHORIZED, &json!("second_factor")));
    let (status, fault, _) = say("", digits(&town, 77)).await;
    assert_eq!((status, &fault["code"]), (StatusCode::UNAUTHORIZED, &json!("sign_in")));
    let (status, me, session) = say(&owing, digits(&town, 77)).await;
    assert_eq!((status, &me["name"]), (StatusCode::OK, &json!("Masa")), "{me}");
    assert_eq!(desk(&town, &session, "me", None).await.0, StatusCode::OK);
    assert_eq!(say(&owing, digits(&town, 77)).await.0, StatusCode::UNAUTHORIZED, "it was used");
    town.pass(5 * 60_000 + 1);
    assert_eq!(say(&owing, digits(&town, 77)).await.1["code"], "sign_in", "too late");

    // By the operator's word the provider's own counts: for who has one here, and for who would owe one.
    let proven = Settings { second_factor: true, ..settings(provider.issuer()) };
    let town = town.with(|parts| {
        parts.second_factor = true;
        parts.provider = Some(provider::open(proven, HERE, LIMIT).unwrap());
    });
    assert_eq!(sign_in(&town, &provider, "masa").await.0, "in");
    town.service.db.change(|s| staff::set_second(s, 1, 0, 0)).unwrap();
    let by_provider = sent(&sign_in(&town, &provider, "masa").await.1, "mbs_session");
    assert_eq!(desk(&town, &by_provider, "queue?list=triage", None).await.0, StatusCode::OK);
    let (_, _, by_password) = post(&town, "sign-in", "", json!({ "login": "masa", "password": PASSWORD })).await;
    assert_eq!(desk(&town, &by_password, "queue?list=triage", None).await.0, StatusCode::FORBIDDEN);
    // The setting is taken back: so is what it counted for.
    let town = town.with(|parts| {
        parts.second_factor = true;
        parts.provider = Some(provider::open(settings(provider.issuer()), HERE, LIMIT).unwrap());
    });
    assert_eq!(desk(&town, &by_provider, "queue?list=triage", None).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn while_the_provider_is_away_the_desk_says_so_and_passwords_go_on() {
    let provider = start();
    let issuer = provider.issuer().to_owned();
    let here = town(settings(&issuer), LIMIT);
    let (address, cookie) = press(&here).await;
    let query = Browser::default().through(&provider, &address, "masa").await;
    drop(provider);
    assert_eq!(back(&here, &query, &cookie).await.0, "away");
    // Who has never heard of it cannot even begin.
    let town = here.restarted_with(&issuer, LIMIT);
    let (status, fault, _) = post(&town, "oidc", "", json!({})).await;
    assert_eq!((status, &fault["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("busy")));
    assert!(fault["message"].as_str().unwrap().starts_with("Kimlik sunucusu şu anda yanıt vermiyor."), "{fault}");
    let (status, ..) = post(&town, "sign-in", "", json!({ "login": "masa", "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_provider_that_takes_its_time_holds_nobody_up() {
    let provider = start();
    let patient = town(settings(provider.issuer()), LIMIT);
    let (address, cookie) = press(&patient).await;
    let query = Browser::default().through(&provider, &address, "masa").await;
    let town = patient.restarted_with(provider.issuer(), Duration::from_millis(300));
    provider.trouble(r#"{ "silent": "/token" }"#);
    assert_eq!(back(&town, &query, &cookie).await.0, "away");
    provider.trouble(r#"{ "silent": "/.well-known/openid-configuration" }"#);
    let town = town.restarted_with(provider.issuer(), Duration::from_millis(300));
    let ((status, ..), (by_password, ..)) = tokio::join!(
        post(&town, "oidc", "", json!({})),
        post(&town, "sign-in", "", json!({ "login": "masa", "password": PASSWORD })),
    );
    assert_eq!((status, by_password), (StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK));
}

impl Town {
    fn restarted_with(self, issuer: &str, limit: Duration) -> Self {
        self.with(|parts| {
            HERE.clone_into(&mut parts.url);
            parts.provider = Some(provider::open(settings(issuer), HERE, limit).unwrap());
        })
    }
}

#[test]
fn settings_that_cannot_work_are_told_at_the_start() {
    let open = |settings: Settings, url: &str| provider::open(settings, url, LIMIT).map(drop).unwrap_err().to_string();
    let good = || settings("https://kimlik.example.org");
    assert!(open(good(), "").contains("--url"));
    assert!(open(Settings { client: String::new(), ..good() }, HERE).contains("--oidc-client"));
    assert!(open(settings("http://kimlik.example.org"), HERE).contains("https://"));
    assert!(open(settings("kimlik"), HERE).contains("--oidc-issuer"));
}
