//! The desk's lists: whose requests stand on which page, and how many there are.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::handlers::desk::view::Role;
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command;
use mbs_shared::id::RequestId;
use mbs_shared::routing::{Action, Outcome, State, Who};
use mbs_shared::wire::entry::EntryKind;
use serde_json::{Value, json};

async fn queue(town: &Town, cookie: &str, query: &str) -> Value {
    desk(town, cookie, &format!("queue?{query}"), None).await.1
}

#[tokio::test]
async fn a_unit_sees_what_is_late_there_however_much_is_late_elsewhere() {
    let town = Town::new();
    let mut elsewhere = town.tablet("besiktas-bebek").await;
    for _ in 0..101 {
        elsewhere.filed("yol.cukur").await;
    }
    let mut here = town.tablet("kadikoy-rasimpasa").await;
    let id = here.filed("yol.cukur").await;
    town.pass(40 * DAY);
    let cookie = signed_in_at(&town, Role::Unit, "md-yol-bakim-anadolu");
    let late = queue(&town, &cookie, "list=late").await;
    assert_eq!(late["rows"][0]["id"], id.to_string());
    assert_eq!((&late["total"], &late["late"], &late["next"]), (&1.into(), &1.into(), &Value::Null));
}

#[tokio::test]
async fn the_watch_list_of_the_city_goes_on_page_by_page() {
    let town = Town::new();
    let mut tablet = town.tablet("besiktas-bebek").await;
    for _ in 0..101 {
        tablet.filed("yol.cukur").await;
    }
    let cookie = signed_in(&town, Role::Triage);
    assert_eq!(queue(&town, &cookie, "list=triage").await["late"], 0);
    town.pass(40 * DAY);
    let first = queue(&town, &cookie, "list=late").await;
    assert_eq!((first["rows"].as_array().unwrap().len(), &first["total"]), (100, &101.into()));
    let next = first["next"].as_str().unwrap();
    let second = queue(&town, &cookie, &format!("list=late&after={next}")).await;
    assert_eq!((second["rows"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    // Every list tells it, without counting anew.
    assert_eq!(queue(&town, &cookie, "list=triage").await["late"], 101);
}

fn ids(list: &Value) -> Vec<String> {
    list["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_urgent_stands_first_however_many_wait_before_it() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    for _ in 0..101 {
        tablet.filed("yok.konu").await;
    }
    // Later, and of a category that cannot wait; triage looks first because a person sent it back.
    let urgent = tablet.filed("yol.cokme").await;
    let back = Command::new(Who::Unit, Action::Return).saying("Bizim değil.");
    town.service.act(Act { request: urgent, author: 1, seen: None, command: back }).await.unwrap();
    let cookie = signed_in(&town, Role::Triage);
    let first = queue(&town, &cookie, "list=triage").await;
    assert_eq!(
        (&first["rows"][0]["id"], &first["rows"][0]["priority"]),
        (&urgent.to_string().into(), &"urgent".into())
    );
    let next = first["next"].as_str().unwrap();
    let second = queue(&town, &cookie, &format!("list=triage&after={next}")).await;
    let (one, two) = (ids(&first), ids(&second));
    assert_eq!((one.len(), two.len(), &second["next"], &first["total"]), (100, 2, &Value::Null, &102.into()));
    assert!(two.iter().all(|id| !one.contains(id)), "each stands on one page");

    // Words are looked for in all of it, not in what the first page shows.
    let last = two.last().unwrap();
    let no = second["rows"][1]["no"].as_str().unwrap();
    let found = queue(&town, &cookie, &format!("list=triage&q={no}")).await;
    assert_eq!((ids(&found), &found["total"]), (vec![last.clone()], &1.into()));
    let bad = desk(&town, &cookie, "queue?list=triage&after=7", None).await;
    assert_eq!(bad.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_was_finished_stands_newest_first() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let mut done = Vec::new();
    for _ in 0..3 {
        let id = tablet.filed("yol.cukur").await;
        for action in [Action::Accept, Action::Answer] {
            let command = Command::new(Who::Unit, action).saying("Yapıldı.").ending(Outcome::Done);
            town.service.act(Act { request: id, author: 1, seen: None, command }).await.unwrap();
        }
        done.insert(0, id.to_string());
    }
    let cookie = signed_in_at(&town, Role::Unit, "md-yol-bakim-anadolu");
    assert_eq!(ids(&queue(&town, &cookie, "list=inbox&state=concluded").await), done);
    assert!(ids(&queue(&town, &cookie, "list=inbox").await).is_empty());
}

#[tokio::test]
async fn a_warning_comes_before_it_is_late() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await.to_string();
    let cookie = signed_in_at(&town, Role::Unit, "md-yol-bakim-anadolu");
    let head = |town: &Town| town.head(id.parse().unwrap());
    let (received, due) = (head(&town).received, head(&town).due);
    let mut gone = 0;
    for (share, shown) in [(49, [false; 3]), (50, [true, false, false]), (80, [true, true, false]), (100, [true; 3])] {
        // Rounded up, so that a share is reached.
        let then = (due - received) * share / 100 + 1;
        town.pass(then - gone);
        gone = then;
        for (percent, shown) in [50, 80, 100].into_iter().zip(shown) {
            let late = queue(&town, &cookie, &format!("list=late&percent={percent}")).await;
            assert_eq!(ids(&late), if shown { vec![id.clone()] } else { vec![] }, "{percent} at {share}");
            assert_eq!(late["total"], u32::from(shown));
        }
    }
    // A clock that stands still warns of nothing.
    let id: RequestId = id.parse().unwrap();
    for action in [Action::Accept, Action::Ask] {
        let command = Command::new(Who::Unit, action).saying("Nerede?");
        town.service.act(Act { request: id, author: 1, seen: None, command }).await.unwrap();
    }
    assert!(ids(&queue(&town, &cookie, "list=late&percent=50").await).is_empty());
}

#[tokio::test]
async fn one_decision_for_many_is_shown_before_it_is_made() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let mut filed = Vec::new();
    for _ in 0..3 {
        filed.push(tablet.filed("yol.cukur").await);
    }
    let elsewhere = tablet.filed("temizlik.cop-alinmiyor").await;
    let accept = Command::new(Who::Unit, Action::Accept);
    town.service.act(Act { request: filed[1], author: 1, seen: None, command: accept }).await.unwrap();
    let cookie = signed_in_at(&town, Role::Unit, "md-yol-bakim-anadolu");
    let ids: Vec<String> = filed.iter().chain([&elsewhere]).map(ToString::to_string).collect();
    let ask = |act: Value| json!({ "ids": ids, "act": act });
    let plan = ask(json!({ "n": 0, "action": "plan", "date": "2026-12-04" }));
    let (status, seen) = desk(&town, &cookie, "requests/preview", Some(&plan)).await;
    assert_eq!(status, StatusCode::OK, "{seen}");
    let lines = seen.as_array().unwrap();
    // What lies elsewhere is not told of; what has not begun cannot be planned, and the sentence says so.
    assert_eq!(lines.iter().map(|l| l["why"].is_null()).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!((&lines[1]["n"], &lines[1]["id"]), (&3.into(), &filed[1].to_string().into()));
    assert!(!lines[0]["why"].as_str().unwrap().is_empty());
    assert_eq!(town.head(filed[1]).state, State::InProgress, "nothing was decided");
    // A date in the past is wrong for every one of them.
    let wrong = ask(json!({ "n": 0, "action": "plan", "date": "2026-01-04" }));
    let (_, seen) = desk(&town, &cookie, "requests/preview", Some(&wrong)).await;
    assert!(seen.as_array().unwrap().iter().all(|l| l["why"].is_string()));
    let many = json!({ "ids": vec![ids[0].clone(); 101], "act": { "n": 0, "action": "accept" } });
    assert_eq!(desk(&town, &cookie, "requests/preview", Some(&many)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn one_muhtarliks_requests_are_a_list_of_their_own_with_words_states_and_pages() {
    let town = Town::new();
    let mut here = town.tablet("kadikoy-rasimpasa").await;
    let mut next_door = town.tablet("kadikoy-osmanaga").await;
    let mut own = Vec::new();
    for _ in 0..51 {
        own.push(here.filed("yol.cukur").await);
        next_door.filed("yol.cukur").await;
        own.push(here.filed("park.agac").await);
    }
    let cookie = signed_in(&town, Role::Triage);
    let first = queue(&town, &cookie, "list=all&muhtarlik=kadikoy-rasimpasa").await;
    let next = first["next"].as_str().unwrap();
    let second = queue(&town, &cookie, &format!("list=all&muhtarlik=kadikoy-rasimpasa&after={next}")).await;
    let newest_first: Vec<String> = own.iter().rev().map(ToString::to_string).collect();
    assert_eq!([ids(&first), ids(&second)].concat(), newest_first);
    assert_eq!((&first["total"], &second["next"]), (&102.into(), &Value::Null));
    // With words, a state, another list: each narrows the other.
    let words = queue(&town, &cookie, "list=all&muhtarlik=kadikoy-rasimpasa&q=osmana%C4%9Fa").await;
    assert_eq!(words["total"], 0, "{words}");
    let no = first["rows"][7]["no"].as_str().unwrap();
    let one = queue(&town, &cookie, &format!("list=all&muhtarlik=kadikoy-rasimpasa&q={no}")).await;
    assert_eq!((&one["total"], &one["rows"][0]["no"]), (&1.into(), &first["rows"][7]["no"]));
    let withdrawn = here.entry(own[3], EntryKind::Withdraw, "");
    ok(&here.push(withdrawn).await);
    let cancelled = queue(&town, &cookie, "list=all&muhtarlik=kadikoy-rasimpasa&state=cancelled").await;
    assert_eq!(ids(&cancelled), [own[3].to_string()]);
    town.pass(40 * DAY);
    let late = async |query: &str| queue(&town, &cookie, query).await["total"].clone();
    assert_eq!((late("list=late").await, late("list=late&muhtarlik=kadikoy-rasimpasa").await), (102.into(), 51.into()));
    // What is taken along is what is shown; whoever sees less is shown less; what is none is told.
    let table = |uri: &str| desk_bytes(&town, &cookie, uri.to_owned());
    let csv = table("requests.csv?list=all&muhtarlik=kadikoy-rasimpasa&state=cancelled").await;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let (status, _) = desk(&town, &cookie, "queue?list=all&muhtarlik=yok", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    seat(&town, 2, Role::Unit, "md-yol-bakim-anadolu");
    // Its session would have ended meanwhile.
    town.service.db.change(|s| s.execute("update staff_session set expires = expires * 2", &[]).map(drop)).unwrap();
    let unit = queue(&town, &cookie, "list=all&muhtarlik=kadikoy-rasimpasa").await;
    assert_eq!(unit["total"], 51, "its own half");
}

async fn desk_bytes(town: &Town, cookie: &str, path: String) -> String {
    let request = axum::http::Request::builder().uri(format!("/desk/api/{path}")).header("cookie", cookie);
    let answer = crate::http::call(town, request.body(axum::body::Body::empty()).unwrap()).await;
    String::from_utf8(axum::body::to_bytes(answer.into_body(), 1 << 22).await.unwrap().to_vec()).unwrap()
}
