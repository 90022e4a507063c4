//! What stands around a request: dots nearby, and what the place and the muhtarlık had before.

use crate::common::*;
use crate::http::desk;
use mbs_server::handlers::desk::view::Role;
use mbs_server::routing::apply::Act;
use mbs_server::routing::decide::Command;
use mbs_shared::id::RequestId;
use mbs_shared::place::Fix;
use mbs_shared::request::Request as Words;
use mbs_shared::routing::{Action, Outcome, Who};
use serde_json::Value;

/// So many metres north of the usual place.
fn north(metres: f64) -> Fix {
    Fix { lat: RASIMPASA.lat + metres / 111_195.0, ..RASIMPASA }
}

async fn file(tablet: &mut Tablet, category: &str, gps: Option<Fix>) -> RequestId {
    let words = Words { gps, ..tablet.words(category) };
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    id
}

fn ids(rows: &Value) -> Vec<String> {
    let id = |row: &Value| row["row"]["id"].as_str().or(row["id"].as_str()).unwrap().to_owned();
    rows.as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn dots_lie_nearby_and_history_is_counted_by_outcome() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let mut neighbour = town.tablet("kadikoy-osmanaga").await;
    let here = file(&mut tablet, "yol.cukur", Some(north(30.0))).await;
    let near = file(&mut neighbour, "yol.cukur", Some(north(300.0))).await;
    let far = file(&mut tablet, "yol.cukur", Some(north(900.0))).await;
    let nowhere = file(&mut tablet, "park.agac", None).await;
    let gone = file(&mut tablet, "yol.cukur", Some(north(10.0))).await;
    let own = file(&mut tablet, "yol.cukur", Some(north(0.0))).await;
    let later = file(&mut tablet, "yol.cukur", Some(north(60.0))).await;
    let withdraw = tablet.entry(gone, mbs_shared::wire::entry::EntryKind::Withdraw, "");
    ok(&tablet.push(withdraw).await);
    for command in [
        Command::new(Who::Unit, Action::Accept),
        Command::new(Who::Unit, Action::Answer).ending(Outcome::Done).saying("Kapatıldı."),
    ] {
        town.service.act(Act { request: here, author: 1, seen: None, command }).await.unwrap();
    }
    let cookie = signed_in(&town, Role::Triage);
    let path = format!("requests/{own}/around");
    let (_, around) = desk(&town, &cookie, &path, None).await;
    assert_eq!(ids(&around["dots"]), [here, later, near].map(|id| id.to_string()), "the nearest first, none withdrawn");
    assert_eq!(around["dots"][0]["metres"], 30);
    let place = &around["place"];
    assert_eq!(ids(&place["rows"]), [gone, here].map(|id| id.to_string()), "what came later is no history");
    assert_eq!((&place["total"], &place["open"], &place["outcomes"][0]), (&2.into(), &0.into(), &1.into()));
    let muhtarlik = &around["muhtarlik"];
    assert_eq!(ids(&muhtarlik["rows"]), [gone, nowhere, far].map(|id| id.to_string()), "the newest three");
    assert_eq!((&muhtarlik["total"], &muhtarlik["open"]), (&4.into(), &2.into()));

    // Without a place there is no nearby, and the muhtarlık's history all the same.
    let (_, around) = desk(&town, &cookie, &format!("requests/{nowhere}/around"), None).await;
    assert_eq!((&around["place"], around["dots"].as_array().unwrap().len()), (&Value::Null, 0));
    assert_eq!(around["muhtarlik"]["total"], 2);
}

#[tokio::test]
async fn a_unit_sees_around_it_what_it_may_see_and_no_more() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let park = file(&mut tablet, "park.agac", Some(north(20.0))).await;
    let road = file(&mut tablet, "yol.cukur", Some(north(40.0))).await;
    let own = file(&mut tablet, "yol.cukur", Some(north(0.0))).await;
    assert_ne!(town.head(park).unit, town.head(own).unit);
    let cookie = signed_in_at(&town, Role::Unit, "md-yol-bakim-anadolu");
    let (_, around) = desk(&town, &cookie, &format!("requests/{own}/around"), None).await;
    assert_eq!(ids(&around["dots"]), [road.to_string()]);
    assert_eq!((&around["place"]["total"], &around["muhtarlik"]["total"]), (&1.into(), &1.into()));
}
