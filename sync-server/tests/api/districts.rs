//! Somebody of Muhtarlıklar Müdürlüğü who is limited to some districts: lists, search, pages, reports, exports and decisions
//! keep to what their muhtarlıks filed.

use crate::common::*;
use crate::http::{call, desk};
use axum::body::{Body, to_bytes};
use axum::http::{self, StatusCode};
use mbs_server::database::staff;
use mbs_server::handlers::desk::view::Role;
use mbs_shared::id::RequestId;
use mbs_shared::request::Request;
use serde_json::{Value, json};

const OWN: &str = "kadikoy-rasimpasa";
const OTHER: &str = "besiktas-bebek";

/// A request of each of two districts, and somebody who is limited to the first.
async fn scene(role: Role) -> (Town, RequestId, RequestId, String) {
    let town = Town::new();
    let mut tablet = town.tablet(OWN).await;
    let words = Request { gps: Some(RASIMPASA), ..tablet.words("yol.cukur") };
    let item = tablet.file_words(&words);
    let own = item.request;
    ok(&tablet.push(item).await);
    let other = town.tablet(OTHER).await.filed("yol.cukur").await;
    let cookie = signed_in(&town, role);
    limited(&town, role, &["kadikoy"]);
    (town, own, other, cookie)
}

fn limited(town: &Town, role: Role, districts: &[&str]) {
    let districts: Vec<String> = districts.iter().map(|code| (*code).to_owned()).collect();
    assert!(town.service.db.change(|s| staff::set_duty(s, "masa", role, "", &districts)).unwrap());
}

fn ids(list: &Value) -> Vec<&str> {
    list["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

async fn text(town: &Town, cookie: &str, path: &str) -> String {
    let request = http::Request::get(format!("/desk/api/{path}")).header("cookie", cookie).body(Body::empty()).unwrap();
    let response = call(town, request).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    String::from_utf8(to_bytes(response.into_body(), 1 << 22).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn lists_search_and_counts_keep_to_the_districts() {
    let (town, own, other, cookie) = scene(Role::Auditor).await;
    for list in
        ["list=all", "list=all&state=assigned", "list=inbox", "list=all&q=kald%C4%B1r%C4%B1m", "list=late&percent=0"]
    {
        let (status, page) = desk(&town, &cookie, &format!("queue?{list}"), None).await;
        assert_eq!(status, StatusCode::OK, "{list} {page}");
        assert_eq!(ids(&page), [own.to_string()], "{list}");
        assert_eq!(page["total"], 1, "{list}");
        assert_eq!(page["inbox"], 1, "the rail counts the same: {list}");
    }
    let (_, page) = desk(&town, &cookie, &format!("queue?list=all&q={}", town.head(other).no), None).await;
    assert_eq!(ids(&page), [""; 0], "not by its number either");
    town.pass(90 * DAY);
    let (_, page) = desk(&town, &cookie, "queue?list=late", None).await;
    assert_eq!((ids(&page), &page["total"], &page["late"]), (vec![own.to_string().as_str()], &json!(1), &json!(1)));
    // Without the limit everything is there, and the number in the rail is not the limited one's.
    limited(&town, Role::Auditor, &[]);
    let (_, page) = desk(&town, &cookie, "queue?list=late", None).await;
    assert_eq!((ids(&page).len(), &page["total"], &page["late"]), (2, &json!(2), &json!(2)));
    limited(&town, Role::Auditor, &["besiktas", "kadikoy"]);
    let (_, page) = desk(&town, &cookie, "queue?list=all", None).await;
    assert_eq!(ids(&page).len(), 2, "two districts");
}

#[tokio::test]
async fn triage_and_what_waits_there_keep_to_the_districts() {
    let town = Town::new();
    // Without a category a person has to look.
    let own = town.tablet(OWN).await.filed("").await;
    town.tablet(OTHER).await.filed("").await;
    let cookie = signed_in(&town, Role::Triage);
    limited(&town, Role::Triage, &["kadikoy"]);
    let (_, page) = desk(&town, &cookie, "queue?list=triage", None).await;
    assert_eq!((ids(&page), &page["triage"]), (vec![own.to_string().as_str()], &json!(1)));
}

#[tokio::test]
async fn a_page_of_a_limited_list_is_filled_however_much_of_others_lies_between() {
    let town = Town::new();
    let mut kadikoy = town.tablet(OWN).await;
    let mut besiktas = town.tablet(OTHER).await;
    let mut mine = Vec::new();
    for n in 0..520 {
        if n % 5 == 0 {
            mine.push(kadikoy.filed("yol.cukur").await.to_string());
        } else {
            besiktas.filed("yol.cukur").await;
        }
    }
    let cookie = signed_in(&town, Role::Triage);
    limited(&town, Role::Triage, &["kadikoy"]);
    for list in ["list=all", "list=inbox"] {
        let (_, first) = desk(&town, &cookie, &format!("queue?{list}"), None).await;
        assert_eq!((ids(&first).len(), &first["total"]), (100, &json!(104)), "{list}");
        let after = first["next"].as_str().unwrap();
        let (_, second) = desk(&town, &cookie, &format!("queue?{list}&after={after}"), None).await;
        assert_eq!((ids(&second).len(), &second["next"]), (4, &Value::Null), "{list}");
        let mut both: Vec<&str> = [ids(&first), ids(&second)].concat();
        both.sort_unstable();
        let mut all: Vec<&str> = mine.iter().map(String::as_str).collect();
        all.sort_unstable();
        assert_eq!(both, all, "{list}: each once");
    }
}

#[tokio::test]
async fn a_page_elsewhere_is_not_there_and_nothing_is_decided_about_it() {
    let (town, _, other, cookie) = scene(Role::Triage).await;
    // Without a category a person has to look.
    let own = town.tablet(OWN).await.filed("").await;
    for route in ["", "/similar", "/around"] {
        assert_eq!(desk(&town, &cookie, &format!("requests/{own}{route}"), None).await.0, StatusCode::OK, "{route}");
        let (status, _) = desk(&town, &cookie, &format!("requests/{other}{route}"), None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{route}");
    }
    let n = town.head(other).n;
    let act = json!({ "n": n, "action": "task", "unit": "md-zabita-avrupa", "note": "Direk sökülecek." });
    let (status, _) = desk(&town, &cookie, &format!("requests/{other}/act"), Some(&act)).await;
    assert_eq!((status, town.head(other).n), (StatusCode::NOT_FOUND, n));
    let both = json!({ "ids": [own.to_string(), other.to_string()], "act": act });
    let (_, foreseen) = desk(&town, &cookie, "requests/preview", Some(&both)).await;
    assert_eq!(foreseen.as_array().unwrap().len(), 1, "{foreseen}");
    // Nor is something of the own made a duplicate of it.
    let link = json!({ "n": town.head(own).n, "action": "link", "other": town.head(other).no.to_string() });
    let (status, said) = desk(&town, &cookie, &format!("requests/{own}/act"), Some(&link)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    assert!(said["message"].as_str().unwrap().contains("Bu numarayla bir başvuru yok"), "{said}");
}

#[tokio::test]
async fn reports_and_exports_count_and_hold_the_districts_alone() {
    let (town, own, other, cookie) = scene(Role::Auditor).await;
    let (_, report) = desk(&town, &cookie, "report", None).await;
    assert_eq!(report["totals"]["received"], 1);
    let districts: Vec<&str> =
        report["districts"].as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(districts, ["kadikoy"]);
    let (_, units) = desk(&town, &cookie, "units", None).await;
    let open: u64 = units.as_array().unwrap().iter().map(|unit| unit["open"].as_u64().unwrap()).sum();
    assert_eq!(open, 1, "what lies at the units, of the districts");
    let (own, other) = (town.head(own).no.to_string(), town.head(other).no.to_string());
    for path in ["requests.csv", "requests.csv?list=all", "requests.geojson", "requests.geojson?list=inbox"] {
        let text = text(&town, &cookie, path).await;
        assert!(text.contains(&own) && !text.contains(&other), "{path}: {text}");
    }
    let lines = text(&town, &cookie, "open-data.csv").await.lines().count();
    assert_eq!(lines, 2, "a head and the own one");
}

#[tokio::test]
async fn tablets_and_announcements_are_those_of_the_districts() {
    let (town, _, _, cookie) = scene(Role::Triage).await;
    let (_, fleet) = desk(&town, &cookie, "tablets", None).await;
    let places: Vec<&str> = fleet.as_array().unwrap().iter().map(|tablet| tablet["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["Rasimpaşa, Kadıköy"]);
    let say = |audience: &str| json!({ "audience": audience, "urgent": false, "title": "Su", "text": "Kesinti var." });
    for (audience, gets) in [
        ("", StatusCode::FORBIDDEN),
        ("district:besiktas", StatusCode::FORBIDDEN),
        ("muhtarlik:besiktas-bebek", StatusCode::FORBIDDEN),
        ("district:kadikoy", StatusCode::OK),
        ("muhtarlik:kadikoy-rasimpasa", StatusCode::OK),
    ] {
        let (status, said) = desk(&town, &cookie, "announcements", Some(&say(audience))).await;
        assert_eq!(status, gets, "{audience:?} {said}");
    }
    limited(&town, Role::Triage, &["besiktas"]);
    let (_, list) = desk(&town, &cookie, "announcements", None).await;
    assert_eq!(list, json!([]), "said to others");
    // Said to all: there to be read, counted in the own district, and not to be taken back.
    limited(&town, Role::Triage, &[]);
    desk(&town, &cookie, "announcements", Some(&say(""))).await;
    limited(&town, Role::Triage, &["besiktas"]);
    let (_, list) = desk(&town, &cookie, "announcements", None).await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["reached"]), (1, &json!(1)));
    let id = list[0]["id"].as_i64().unwrap();
    let (_, unseen) = desk(&town, &cookie, &format!("announcements/{id}"), None).await;
    assert_eq!(unseen["unseen"], json!(["Bebek, Beşiktaş"]));
    let (status, _) = desk(&town, &cookie, &format!("announcements/{id}/withdraw"), Some(&json!({}))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = desk(&town, &cookie, "announcements/1/withdraw", Some(&json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "another district's");
}

#[tokio::test]
async fn an_operator_gives_somebody_other_districts_and_it_holds_at_once() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    let new =
        json!({ "login": "kadikoy", "name": "Kadıköy masası", "role": "triage", "unit": "", "districts": ["kadikoy"] });
    let (status, accounts) = desk(&town, &cookie, "accounts", Some(&new)).await;
    assert_eq!(status, StatusCode::OK, "{accounts}");
    let of = |accounts: &Value| {
        let people = accounts["people"].as_array().unwrap();
        people.iter().find(|one| one["login"] == "kadikoy").unwrap().clone()
    };
    assert_eq!(of(&accounts)["districts"], json!([{ "code": "kadikoy", "name": "Kadıköy" }]));
    let duty = |role: &str, unit: &str, districts: Value| json!({ "change": { "duty": { "role": role, "unit": unit, "districts": districts } } });
    for (change, gets) in [
        (duty("triage", "", json!(["yok"])), StatusCode::UNPROCESSABLE_ENTITY),
        (duty("head", "", json!([])), StatusCode::UNPROCESSABLE_ENTITY),
        (duty("triage", "", json!(["uskudar", "kadikoy", "uskudar"])), StatusCode::OK),
    ] {
        let (status, said) = desk(&town, &cookie, "accounts/kadikoy", Some(&change)).await;
        assert_eq!(status, gets, "{change} {said}");
    }
    let (_, accounts) = desk(&town, &cookie, "accounts", None).await;
    let codes = of(&accounts)["districts"].clone();
    assert_eq!(codes, json!([{ "code": "kadikoy", "name": "Kadıköy" }, { "code": "uskudar", "name": "Üsküdar" }]));
    // Of a unit nobody is limited to districts: the unit is the limit.
    let change = duty("head", "md-yol-bakim-anadolu", json!(["kadikoy"]));
    let (_, accounts) = desk(&town, &cookie, "accounts/kadikoy", Some(&change)).await;
    let one = of(&accounts);
    assert_eq!((&one["role"], &one["districts"]), (&json!("head"), &json!([])));
    assert_eq!(one["unit"]["code"], "md-yol-bakim-anadolu");
}
