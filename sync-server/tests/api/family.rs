//! Duplicates and links: what one request is told because another went on.

use crate::common::*;
use crate::http::call;
use axum::body::{Body, to_bytes};
use axum::http::Request as Call;
use mbs_server::handlers::desk::view::Role;
use mbs_server::routing::apply::{Act, Done};
use mbs_server::routing::decide::Command;
use mbs_shared::id::{OfficialNo, RequestId};
use mbs_shared::place::Fix;
use mbs_shared::request::Request;
use mbs_shared::routing::{Action, Case, Outcome, State, What, Who};
use mbs_shared::wire::error::Code;

async fn act(town: &Town, request: RequestId, command: Command) -> Result<Done, Code> {
    town.service.act(Act { request, author: 1, seen: None, command }).await.map_err(|f| f.code)
}

fn duplicate_of(no: OfficialNo) -> Command {
    Command { other: Some(no), ..Command::new(Who::Triage, Action::Conclude).ending(Outcome::Duplicate) }
}

const ANSWER: &str = "Çukur sıcak asfaltla kapatıldı.";

async fn conclude(town: &Town, request: RequestId) {
    act(town, request, Command::new(Who::Triage, Action::Conclude).ending(Outcome::Done).saying(ANSWER)).await.unwrap();
}

fn no_of(town: &Town, request: RequestId) -> OfficialNo {
    town.head(request).no
}

fn case(town: &Town, request: RequestId) -> Case {
    Case::fold(&town.events(request))
}

fn last(town: &Town, request: RequestId) -> What {
    town.events(request).pop().unwrap().what
}

/// Requests without a category, which wait in triage: the first is filed by another muhtarlık than the rest.
async fn filed(town: &Town, count: usize) -> Vec<RequestId> {
    let mut ids = vec![town.tablet("kadikoy-rasimpasa").await.filed("").await];
    let mut neighbour = town.tablet("kadikoy-osmanaga").await;
    while ids.len() < count {
        ids.push(neighbour.filed("").await);
    }
    ids
}

#[tokio::test]
async fn a_duplicate_is_told_how_its_parent_ended_and_the_parent_knows_its_duplicates() {
    let town = Town::new();
    let ids = filed(&town, 4).await;
    let (parent, open, late, bystander) = (ids[0], ids[1], ids[2], ids[3]);
    let no = no_of(&town, parent);
    act(&town, open, duplicate_of(no)).await.unwrap();
    assert_eq!(case(&town, open).parent(), Some(no));
    assert_eq!(case(&town, parent).duplicates, [no_of(&town, open)]);
    assert_eq!(town.head(parent).state, State::InReview, "it goes on");

    conclude(&town, parent).await;
    let followed = town.events(open).pop().unwrap();
    assert_eq!((&followed.what, followed.by), (&What::Followed { no, outcome: Outcome::Done }, Who::System));
    assert_eq!(followed.note, ANSWER);
    // One that is joined afterwards is told at once.
    act(&town, late, duplicate_of(no)).await.unwrap();
    assert_eq!(case(&town, late).followed.unwrap().text, ANSWER);
    assert_eq!(town.events(bystander).len(), 2);
}

#[tokio::test]
async fn a_duplicate_of_a_duplicate_belongs_to_the_one_that_is_worked_on_and_nobody_is_his_own() {
    let town = Town::new();
    let ids = filed(&town, 3).await;
    let no = no_of(&town, ids[0]);
    act(&town, ids[1], duplicate_of(no)).await.unwrap();
    act(&town, ids[2], duplicate_of(no_of(&town, ids[1]))).await.unwrap();
    assert_eq!(case(&town, ids[2]).parent(), Some(no));
    // The parent of both would be its own grandchild.
    let refused = act(&town, ids[0], duplicate_of(no_of(&town, ids[2]))).await;
    assert_eq!(refused.unwrap_err(), Code::BadInput);
    assert_eq!(act(&town, ids[0], duplicate_of(no)).await.unwrap_err(), Code::BadInput);
    let nowhere = OfficialNo { year: 1999, n: 1 };
    assert_eq!(act(&town, ids[0], duplicate_of(nowhere)).await.unwrap_err(), Code::BadInput);
}

#[tokio::test]
async fn an_un_merged_duplicate_goes_its_own_way() {
    let town = Town::new();
    let ids = filed(&town, 2).await;
    let (parent, child) = (ids[0], ids[1]);
    act(&town, child, duplicate_of(no_of(&town, parent))).await.unwrap();
    let reopen = Command::new(Who::Triage, Action::Reopen).saying("Başka bir çukurmuş.");
    act(&town, child, reopen).await.unwrap();
    assert_eq!(last(&town, parent), What::Parted { no: no_of(&town, child) });
    assert!(case(&town, parent).duplicates.is_empty());
    conclude(&town, parent).await;
    assert_eq!(last(&town, child), What::Reopened, "it is told nothing any more");
    assert_eq!(town.head(child).state, State::InReview);
}

#[tokio::test]
async fn the_words_of_a_discreet_request_stay_with_its_own_muhtar() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let words = Request { discreet: true, ..tablet.words("") };
    let item = tablet.file_words(&words);
    let parent = item.request;
    ok(&tablet.push(item).await);
    let child = town.tablet("kadikoy-osmanaga").await.filed("").await;
    act(&town, child, duplicate_of(no_of(&town, parent))).await.unwrap();
    conclude(&town, parent).await;
    let followed = town.events(child).pop().unwrap();
    assert_eq!((followed.note.as_str(), matches!(followed.what, What::Followed { .. })), ("", true));
}

#[tokio::test]
async fn a_link_stands_on_both_and_moves_neither() {
    let town = Town::new();
    let ids = filed(&town, 2).await;
    let link = Command { other: Some(no_of(&town, ids[1])), ..Command::new(Who::Triage, Action::Link) };
    act(&town, ids[0], link.clone()).await.unwrap();
    act(&town, ids[0], link).await.unwrap();
    assert_eq!(case(&town, ids[0]).links, [no_of(&town, ids[1])]);
    assert_eq!(case(&town, ids[1]).links, [no_of(&town, ids[0])]);
    for id in &ids {
        assert_eq!(town.head(*id).state, State::InReview);
    }
    let itself = Command { other: Some(no_of(&town, ids[0])), ..Command::new(Who::Triage, Action::Link) };
    assert_eq!(act(&town, ids[0], itself).await.unwrap_err(), Code::BadInput);
}

/// What the desk is told that is like it.
async fn similar(town: &Town, id: RequestId, cookie: &str) -> serde_json::Value {
    let request = Call::builder().uri(format!("/desk/api/requests/{id}/similar")).header("cookie", cookie);
    let response = call(town, request.body(Body::empty()).unwrap()).await;
    serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
}

#[tokio::test]
async fn what_may_be_the_same_matter_is_found_over_borders_and_nothing_else() {
    const WORDS: &str = "Fırının önünde derin çukur var, motosikletler düşüyor.";
    let town = Town::new();
    let mut own = town.tablet("kadikoy-rasimpasa").await;
    let mut neighbour = town.tablet("kadikoy-osmanaga").await;
    let mut far_away = town.tablet("besiktas-bebek").await;
    let north = |metres: f64| Fix { lat: RASIMPASA.lat + metres / 110_540.0, ..RASIMPASA };
    let file = async |tablet: &mut Tablet, category: &str, fix: Fix, words: &str| {
        let words = Request { desc: words.into(), title: String::new(), gps: Some(fix), ..tablet.words(category) };
        let item = tablet.file_words(&words);
        let id = item.request;
        ok(&tablet.push(item).await);
        id
    };
    let asked = file(&mut own, "yol.cukur", RASIMPASA, WORDS).await;
    let over_the_border =
        file(&mut neighbour, "yol.cukur", north(60.0), "Fırın önündeki çukurda motosiklet düştü").await;
    let close = file(&mut own, "yol.cukur", north(20.0), WORDS).await;
    let _other_matter = file(&mut own, "park.agac", north(5.0), "Ağaç devrilmiş, dalları yolda.").await;
    let _too_far = file(&mut own, "yol.cukur", north(400.0), WORDS).await;
    let _elsewhere = file(&mut far_away, "yol.cukur", Fix { lat: 41.0770, lon: 29.0430, ..RASIMPASA }, WORDS).await;
    let found = similar(&town, asked, &signed_in(&town, Role::Triage)).await;
    let ids: Vec<_> =
        found.as_array().unwrap().iter().map(|one| one["row"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, [close.to_string(), over_the_border.to_string()]);
    assert_eq!((&found[0]["metres"], &found[0]["days"]), (&serde_json::json!(20), &serde_json::json!(0)));
}

#[tokio::test]
async fn however_much_a_neighbourhood_reports_the_same_category_is_looked_at_first_and_old_reports_not_at_all() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let file = async |tablet: &mut Tablet, category: &str| {
        let words = Request { gps: Some(RASIMPASA), ..tablet.words(category) };
        let item = tablet.file_words(&words);
        let id = item.request;
        ok(&tablet.push(item).await);
        id
    };
    let long_ago = file(&mut tablet, "yol.cukur").await;
    town.pass(61 * DAY);
    let twin = file(&mut tablet, "yol.cukur").await;
    for _ in 0..55 {
        file(&mut tablet, "yesil.park-bakim").await;
    }
    let asked = file(&mut tablet, "yol.cukur").await;
    let cookie = signed_in(&town, Role::Triage);
    let found = similar(&town, asked, &cookie).await;
    assert_eq!(found[0]["row"]["id"], twin.to_string());
    let ids = |found: &serde_json::Value| {
        let all = found.as_array().unwrap().iter().map(|one| one["row"]["id"].as_str().unwrap().to_owned());
        all.collect::<Vec<_>>()
    };
    assert!(!ids(&found).contains(&long_ago.to_string()));
    // What came much later is no more like an old one than what came long before.
    assert!(similar(&town, long_ago, &cookie).await.as_array().unwrap().is_empty());
}
