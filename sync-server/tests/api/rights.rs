//! Who may call what: every route of the server, for every role, inside and outside its scope. For the desk the table stands
//! here a second time on purpose: what the product's matrix says is checked against what people were promised.

use std::collections::BTreeSet;

use crate::common::*;
use crate::http::call;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use mbs_server::auth::device::token_text;
use mbs_server::auth::rights::{self, Needs, ROUTES};
use mbs_server::database::staff;
use mbs_server::handlers::desk::view::Role;
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command;
use mbs_server::secrets::sha256;
use mbs_shared::id::RequestId;
use mbs_shared::routing::{Action, Who};
use serde_json::json;

/// Who calls: a role, and where its unit stands to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Nobody,
    Triage,
    Auditor,
    Operator,
    /// Works in the unit that holds it.
    Unit,
    /// Approves there.
    Approver,
    /// Heads it.
    Head,
    /// Works in a unit that owes a part of it.
    Helper,
    /// Works elsewhere.
    Stranger,
    /// Approves elsewhere.
    FarApprover,
    /// Heads a unit elsewhere.
    FarHead,
    /// Triage of the district it was filed in.
    District,
    /// Triage of another district.
    FarDistrict,
    /// Audits another district.
    FarAuditor,
}

use Caller::{
    Approver, Auditor, District, FarApprover, FarAuditor, FarDistrict, FarHead, Head, Helper, Nobody, Operator,
    Stranger, Triage, Unit,
};

const EVERYONE: &[Caller] = EVERYBODY;
const HOLDER: &str = "md-yol-bakim-anadolu";
const HELPER: &str = "md-zabita-anadolu";
const ELSEWHERE: &str = "md-zabita-avrupa";

impl Caller {
    /// Role and unit.
    const fn role(self) -> Option<(Role, &'static str)> {
        Some(match self {
            Nobody => return None,
            Triage | District | FarDistrict => (Role::Triage, ""),
            Auditor | FarAuditor => (Role::Auditor, ""),
            Operator => (Role::Operator, ""),
            Unit => (Role::Unit, HOLDER),
            Approver => (Role::Approver, HOLDER),
            Helper => (Role::Unit, HELPER),
            Stranger => (Role::Unit, ELSEWHERE),
            FarApprover => (Role::Approver, ELSEWHERE),
            Head => (Role::Head, HOLDER),
            FarHead => (Role::Head, ELSEWHERE),
        })
    }

    /// Districts the caller is limited to.
    fn districts(self) -> Vec<String> {
        match self {
            District => vec!["kadikoy".to_owned()],
            FarDistrict | FarAuditor => vec!["besiktas".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// What a caller is answered who may not: told to sign in, refused, or told that there is no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Forbidden,
    Hidden,
}

/// A route, who may call it, and what those who may get: what they ask for, or a word about what was asked.
struct Line {
    method: &'static str,
    /// As in `desk::routes`.
    route: &'static str,
    query: &'static str,
    body: Option<serde_json::Value>,
    may: &'static [Caller],
    gets: StatusCode,
    /// Those who may in general and not here.
    hidden: &'static [Caller],
}

const ALL: &[Caller] = &[
    Triage,
    Auditor,
    Operator,
    Unit,
    Approver,
    Head,
    Helper,
    Stranger,
    FarApprover,
    FarHead,
    District,
    FarDistrict,
    FarAuditor,
];
/// Who writes to requests at all.
const HANDS: &[Caller] = &[Triage, Unit, Approver, Head, Helper, Stranger, FarApprover, FarHead, District, FarDistrict];
/// Who may add a photo to what he writes.
const UPLOADERS: &[Caller] =
    &[Triage, Operator, Unit, Approver, Head, Helper, Stranger, FarApprover, FarHead, District, FarDistrict];
/// Who is of no unit.
const SEERS: &[Caller] = &[Triage, Auditor, Operator, District, FarDistrict, FarAuditor];
/// Who works with muhtars.
const OFFICE: &[Caller] = &[Triage, Operator, District, FarDistrict];
const INSIDE: &[Caller] = &[Triage, Auditor, Operator, Unit, Approver, Head, Helper, District];
/// Who writes to requests, and not to this one.
const FAR_HANDS: &[Caller] = &[Stranger, FarApprover, FarHead, FarDistrict];
const OUTSIDE: &[Caller] = &[Stranger, FarApprover, FarHead, FarDistrict, FarAuditor];

fn get(route: &'static str, query: &'static str, may: &'static [Caller]) -> Line {
    Line { method: "GET", route, query, body: None, may, gets: StatusCode::OK, hidden: &[] }
}

fn post(route: &'static str, body: serde_json::Value, may: &'static [Caller], gets: StatusCode) -> Line {
    Line { method: "POST", route, query: "", body: Some(body), may, gets, hidden: &[] }
}

/// Everything.
fn lines() -> Vec<Line> {
    let act = json!({ "n": 3, "action": "accept" });
    vec![
        get("me", "", ALL),
        get("second-factor", "", ALL),
        // The password is wrong, whoever it is.
        post(
            "second-factor",
            json!({ "password": "yanlış", "nonce": "7", "code": "123456" }),
            ALL,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        post(
            "second-factor/off",
            json!({ "password": "yanlış", "nonce": "", "code": "123456" }),
            ALL,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        get("queue", "?list=triage", SEERS),
        get("queue", "?list=inbox", ALL),
        get("queue", "?list=tasks", ALL),
        get("queue", "?list=late", ALL),
        get("queue", "?list=all&q=kald%C4%B1r%C4%B1m", ALL),
        get("directory", "", ALL),
        get("directory/versions", "", &[Auditor, Operator]),
        get("directory.csv", "", &[Auditor, Operator]),
        post("directory/preview", json!({ "base": 0, "units": [], "note": "" }), &[Operator], StatusCode::OK),
        // Without a reason nothing changes.
        post("directory", json!({ "base": 0, "units": [], "note": "" }), &[Operator], StatusCode::UNPROCESSABLE_ENTITY),
        Line { hidden: OUTSIDE, ..get("requests/{id}", "", INSIDE) },
        Line { hidden: OUTSIDE, ..get("requests/{id}/qr.svg", "", INSIDE) },
        Line { hidden: OUTSIDE, ..get("requests/{id}/similar", "", INSIDE) },
        Line { hidden: OUTSIDE, ..get("requests/{id}/around", "", INSIDE) },
        Line { hidden: FAR_HANDS, ..post("requests/{id}/act", act.clone(), &[Unit, Approver, Head], StatusCode::OK) },
        // Triage is no unit, and the work is not the helper's: they may, but not this, now.
        Line {
            hidden: FAR_HANDS,
            ..post("requests/{id}/act", act.clone(), &[Triage, District, Helper], StatusCode::CONFLICT)
        },
        // What one may not see is passed over.
        post("requests/preview", json!({ "ids": ["0c".repeat(16)], "act": act }), HANDS, StatusCode::OK),
        Line {
            hidden: FAR_HANDS,
            ..post(
                "requests/{id}/say",
                json!({ "text": "Ekip yolda." }),
                &[Triage, District, Unit, Approver, Head, Helper],
                StatusCode::OK,
            )
        },
        post(
            "requests",
            json!({
                "id": "0b".repeat(16), "channel": "phone", "muhtarlik": "besiktas-bebek", "category": "yol.cukur",
                "kind": "wish", "title": "", "desc": "Yol çöktü.", "addr": "", "place": null, "discreet": false,
                "photos": []
            }),
            // In Beşiktaş.
            &[Triage, FarDistrict],
            StatusCode::OK,
        ),
        get("announcements", "", SEERS),
        // There is none, which only those hear who may ask.
        Line { gets: StatusCode::NOT_FOUND, ..get("announcements/{id}", "", SEERS) },
        post(
            "announcements",
            json!({ "audience": "", "urgent": false, "title": "Deneme", "text": "Deneme duyurusu." }),
            &[Triage, Operator],
            StatusCode::OK,
        ),
        post(
            "announcements",
            json!({ "audience": "district:besiktas", "urgent": false, "title": "Deneme", "text": "Beşiktaş’a duyuru." }),
            &[Triage, Operator, FarDistrict],
            StatusCode::OK,
        ),
        post("announcements/{id}/withdraw", json!({}), OFFICE, StatusCode::NOT_FOUND),
        Line { hidden: OUTSIDE, ..post("requests/{id}/look", json!({ "here": true }), INSIDE, StatusCode::OK) },
        get("requests.xlsx", "", ALL),
        get("requests.csv", "?list=triage", SEERS),
        get("requests.xlsx", "?list=triage&state=received", SEERS),
        get("requests.xlsx", "?list=inbox", ALL),
        get("requests.geojson", "?list=late&percent=50", ALL),
        get("requests.geojson", "", ALL),
        get("open-data.csv", "", ALL),
        get("templates", "", HANDS),
        post("templates", json!({ "name": "Ekip yolda", "body": "{no} için ekip yola çıktı." }), HANDS, StatusCode::OK),
        // There is none with that number.
        post("templates/{id}/drop", json!({}), HANDS, StatusCode::NOT_FOUND),
        get("tablets", "", SEERS),
        post(
            "enrolments",
            json!({ "neighbourhood": "besiktas-bebek", "person": "Muhtar" }),
            &[Triage, Operator, FarDistrict],
            StatusCode::OK,
        ),
        get("units", "", ALL),
        post("units/{code}", json!({ "approval": true }), &[Operator, Head], StatusCode::OK),
        get("calendar", "", SEERS),
        post(
            "calendar",
            json!({ "date": "2026-12-31", "kind": "off", "name": "İdari izin" }),
            &[Triage, Operator],
            StatusCode::OK,
        ),
        post("calendar/{date}/drop", json!({}), &[Triage, Operator], StatusCode::NOT_FOUND),
        get("rules", "", SEERS),
        // There is no such version, which only those hear who may look.
        Line { gets: StatusCode::NOT_FOUND, ..get("rules/{id}", "", SEERS) },
        post("rules/preview", json!({ "base": 0, "changes": {}, "note": "" }), &[Triage, Operator], StatusCode::OK),
        // Without a reason nothing changes.
        post(
            "rules",
            json!({ "base": 0, "changes": {}, "note": "" }),
            &[Triage, Operator],
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        // There is no such tablet, person or key, which only those hear who may change them.
        post("tablets/{prefix}/revoke", json!({}), &[Operator], StatusCode::NOT_FOUND),
        post("tablets/{prefix}/replace", json!({}), &[Operator], StatusCode::NOT_FOUND),
        get("people", "", &[Unit, Approver, Head, Helper, Stranger, FarApprover, FarHead]),
        get("health", "", &[Auditor, Operator]),
        get("accounts", "", &[Auditor, Operator]),
        post("accounts/{login}", json!({ "change": "disable" }), &[Operator], StatusCode::NOT_FOUND),
        post("keys/revoke", json!({ "name": "yok" }), &[Operator], StatusCode::NOT_FOUND),
        post(
            "accounts",
            json!({ "login": "yeni", "name": "Yeni", "role": "auditor", "unit": "" }),
            &[Operator],
            StatusCode::OK,
        ),
        post("keys", json!({ "name": "program", "unit": HOLDER, "days": 365 }), &[Operator], StatusCode::OK),
        // The password is wrong, whoever it is.
        post("password", json!({ "old": "yanlış", "new": "yedi tepe üstüne" }), ALL, StatusCode::UNPROCESSABLE_ENTITY),
        get("report", "", ALL),
        get("report/refusals", "", ALL),
        get("report.xlsx", "", ALL),
        get("requests.csv", "", ALL),
        get("quarantine", "", SEERS),
        // There is no such item, which only those hear who may decide.
        post("quarantine/{id}", json!({ "accept": false }), OFFICE, StatusCode::NOT_FOUND),
        // What is no photo tells nothing.
        post("photos/facts", json!("bir fotoğraf değil"), UPLOADERS, StatusCode::OK),
        // No photo, which only those hear who may add one.
        post("photos", json!("bir fotoğraf değil"), UPLOADERS, StatusCode::UNPROCESSABLE_ENTITY),
        // Nobody's photo.
        Line { gets: StatusCode::NOT_FOUND, ..get("photos/{hash}", "", ALL) },
        Line { gets: StatusCode::NOT_FOUND, ..get("photos/{hash}/thumb", "", ALL) },
        Line {
            method: "PUT",
            ..post("photos/{hash}/thumb", json!("bir fotoğraf değil"), UPLOADERS, StatusCode::NOT_FOUND)
        },
        get("sign-in", "", EVERYBODY),
        // There is no identity provider, whoever asks.
        Line { gets: StatusCode::NOT_FOUND, ..get("oidc", "", EVERYBODY) },
        post("oidc", json!({}), EVERYBODY, StatusCode::NOT_FOUND),
        post("oidc/code", json!({ "code": "123456" }), EVERYBODY, StatusCode::UNAUTHORIZED),
        post("sign-in", json!({ "login": "yok", "password": "yanlış parola" }), EVERYBODY, StatusCode::UNAUTHORIZED),
        Line { gets: StatusCode::OK, ..get("events", "", ALL) },
        post("sign-out", json!({}), EVERYBODY, StatusCode::NO_CONTENT),
    ]
}

const EVERYBODY: &[Caller] = &[
    Nobody,
    Triage,
    Auditor,
    Operator,
    Unit,
    Approver,
    Head,
    Helper,
    Stranger,
    FarApprover,
    FarHead,
    District,
    FarDistrict,
    FarAuditor,
];

/// A town with one request at [`HOLDER`], of which [`HELPER`] owes a part, and the caller's cookie.
async fn scene(caller: Caller) -> (Town, RequestId, String) {
    let town = Town::new();
    let id = town.tablet("kadikoy-rasimpasa").await.filed("yol.cukur").await;
    assert_eq!(town.service.scopes.code(town.head(id).unit), HOLDER);
    let command = Command::new(Who::Triage, Action::Task).to(HELPER).saying("Direk sökülecek.");
    town.service.act(Act { request: id, author: 1, seen: None, command }).await.unwrap();
    let cookie = match caller.role() {
        None => String::new(),
        Some((role, unit)) => {
            let cookie = signed_in(&town, Role::Auditor);
            town.service
                .db
                .change(|s| {
                    staff::add(s, "kisi", "Kişi", role, unit, "-", MORNING)?;
                    staff::set_duty(s, "kisi", role, unit, &caller.districts())?;
                    staff::end(s, &sha256(&SESSION))?;
                    staff::begin(s, &sha256(&SESSION), 2, MORNING, MORNING + DAY)
                })
                .unwrap();
            cookie
        }
    };
    (town, id, cookie)
}

#[tokio::test]
async fn every_route_for_every_role_inside_and_outside_its_scope() {
    for &caller in EVERYONE {
        // No line stands in another one's way: the last one signs out.
        let (town, id, cookie) = scene(caller).await;
        for line in lines() {
            let same = |other: &Line| {
                (other.method, other.route, other.query, &other.body)
                    == (line.method, line.route, line.query, &line.body)
            };
            // Who has another line of the same route is looked at there.
            if !line.may.contains(&caller) && lines().iter().any(|other| same(other) && other.may.contains(&caller)) {
                continue;
            }
            let path = line
                .route
                .replace("{id}", &if line.route.starts_with("requests/") { id.to_string() } else { "7".into() });
            let path = path.replace("{hash}", &"ab".repeat(32)).replace("{prefix}", "0000").replace("{login}", "yok");
            let path = path.replace("{code}", HOLDER).replace("{date}", "2026-12-30");
            let request = Request::builder()
                .method(line.method)
                .uri(format!("/desk/api/{path}{}", line.query))
                .header("cookie", &cookie)
                .header("content-type", "application/json");
            let body = line.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
            let got = call(&town, request.body(body).unwrap()).await.status();
            let refused = if line.hidden.contains(&caller) { Refused::Hidden } else { Refused::Forbidden };
            let wanted = match (caller, refused) {
                _ if line.may.contains(&caller) => line.gets,
                (Nobody, _) => StatusCode::UNAUTHORIZED,
                (_, Refused::Hidden) => StatusCode::NOT_FOUND,
                (_, Refused::Forbidden) => StatusCode::FORBIDDEN,
            };
            assert_eq!(got, wanted, "{caller:?} {} {}{}", line.method, line.route, line.query);
        }
    }
}

#[tokio::test]
async fn a_seat_at_the_desk_opens_nothing_of_tablets_and_programs() {
    for &caller in EVERYONE {
        let (town, id, cookie) = scene(caller).await;
        for line in ROUTES.iter().filter(|line| matches!(line.needs, Needs::Tablet | Needs::Key)) {
            let uri = line.route.replace("{id}", &id.to_string()).replace("{request}", &id.to_string());
            let request = Request::builder()
                .method(line.method)
                .uri(uri.replace("{hash}", &"ab".repeat(32)))
                .header("cookie", &cookie)
                .header("authorization", "Bearer mbs_yok")
                .header("content-type", "application/json")
                .body(Body::from(json!({ "n": 3, "action": "accept" }).to_string()));
            let got = call(&town, request.unwrap()).await.status();
            assert_eq!(got, StatusCode::UNAUTHORIZED, "{caller:?} {} {}", line.method, line.route);
        }
    }
}

#[tokio::test]
async fn a_tablet_and_a_program_have_no_seat_at_the_desk() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    for line in ROUTES.iter().filter(|line| matches!(line.needs, Needs::Session | Needs::Role(_))) {
        let path = line.route.replace("{id}", "7").replace("{hash}", &"ab".repeat(32));
        for token in [token_text(&tablet.identity.token), "mbs_anahtar".to_owned()] {
            let request =
                Request::builder().method(line.method).uri(&path).header("authorization", format!("Bearer {token}"));
            let got = call(&town, request.body(Body::empty()).unwrap()).await.status();
            assert_eq!(got, StatusCode::UNAUTHORIZED, "{} {}", line.method, line.route);
        }
    }
}

/// Methods and routes as the routers name them.
fn routes() -> BTreeSet<(&'static str, &'static str)> {
    let sources = [
        include_str!("../../src/router.rs"),
        include_str!("../../src/handlers/desk/mod.rs"),
        include_str!("../../src/handlers/desk/pages.rs"),
        include_str!("../../src/handlers/api/mod.rs"),
        include_str!("../../src/handlers/open_data.rs"),
    ];
    let named = |rest: &'static str| {
        let (route, rest) = rest.split_once('"').unwrap().1.split_once('"').unwrap();
        // To the end of this `.route(…)`: what answers there, by method.
        let ends = ["\n        .", ";", "\n}"].into_iter().filter_map(|end| rest.find(end));
        let answers = &rest[..ends.min().unwrap_or(rest.len())];
        let methods = [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE"), ("patch(", "PATCH")];
        let of = methods.into_iter().filter(move |(word, _)| {
            answers.match_indices(word).any(|(at, _)| answers[..at].ends_with([' ', '.', '(', ',']))
        });
        of.map(move |(_, method)| (method, route)).collect::<Vec<_>>()
    };
    sources.into_iter().flat_map(|source| source.split(".route(").skip(1).flat_map(named)).collect()
}

#[test]
fn the_matrix_has_every_route_of_the_server_once_and_no_other() {
    let routes = routes();
    assert!(routes.len() > 80, "{routes:?}");
    assert!(routes.contains(&("PUT", "/v1/blobs/{hash}")) && routes.contains(&("GET", "/desk/{*path}")));
    for (method, route) in &routes {
        assert!(rights::line(method, route).is_some(), "{method} {route} has no line in the matrix of rights");
    }
    let mut seen = BTreeSet::new();
    for line in ROUTES {
        assert!(routes.contains(&(line.method, line.route)), "{} {} is in no router", line.method, line.route);
        assert!(seen.insert((line.method, line.route)), "{} {} stands there twice", line.method, line.route);
    }
}

#[test]
fn the_table_has_every_route_of_the_desk_with_every_method() {
    let desk = |line: &&rights::Line| line.route.starts_with("/desk/api/");
    for line in ROUTES.iter().filter(desk) {
        let promised =
            |other: &Line| other.method == line.method && line.route.ends_with(&format!("/api/{}", other.route));
        assert!(lines().iter().any(promised), "{} {} has no line in the table", line.method, line.route);
    }
    for line in lines() {
        let route = format!("/desk/api/{}", line.route);
        assert!(rights::line(line.method, &route).is_some(), "{} {route} is in no router", line.method);
    }
}

#[test]
fn what_is_in_no_line_is_nobodys() {
    for role in Role::ALL {
        let person = staff::Person {
            id: 1,
            name: String::new(),
            role,
            unit: HOLDER.into(),
            second: 0,
            districts: Vec::new(),
            by_provider: false,
        };
        assert!(rights::may(&person, "GET", "/desk/api/queue") && rights::may(&person, "HEAD", "/desk/api/queue"));
        assert!(!rights::may(&person, "DELETE", "/desk/api/queue") && !rights::may(&person, "GET", "/desk/api/yeni"));
        assert!(!rights::may(&person, "POST", "/v1/sync"), "a tablet's");
    }
}
