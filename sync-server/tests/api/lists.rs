//! The desk's lists: whose requests stand on which page, and how many there are.

use crate::common::*;
use crate::http::desk;
use mbs_server::handlers::desk::view::Role;
use serde_json::Value;

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
