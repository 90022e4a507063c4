//! A unit that is closed: what lies there, and what it owes, goes to whoever took its work over. And a category that is
//! retired while tablets still send it.

use crate::common::*;
use crate::http::desk;
use axum::http::StatusCode;
use mbs_server::database::feed::kind;
use mbs_server::handlers::desk::view::Role;
use mbs_server::operate::verify::verify;
use mbs_server::routing::apply::Act;
use mbs_server::routing::closed::move_on;
use mbs_server::routing::decide::Command;
use mbs_shared::id::RequestId;
use mbs_shared::routing::{Action, Outcome, State, What, Who};
use serde_json::json;

const CLOSED: &str = "md-yol-bakim-anadolu";
const SUCCESSOR: &str = "md-yol-bakim-avrupa";
const POLICE: &str = "md-zabita-anadolu";

async fn act(town: &Town, request: RequestId, command: Command) {
    town.service.act(Act { request, author: 1, seen: None, command }).await.unwrap();
}

#[tokio::test]
async fn open_work_and_owed_parts_move_and_what_is_finished_stays() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (held, finished, elsewhere) =
        (tablet.filed("yol.cukur").await, tablet.filed("yol.cukur").await, tablet.filed("yol.cukur").await);
    for id in [held, finished, elsewhere] {
        act(&town, id, Command::new(Who::Unit, Action::Accept)).await;
    }
    act(&town, finished, Command::new(Who::Unit, Action::Answer).saying("Yapıldı.").ending(Outcome::Done)).await;
    act(&town, elsewhere, Command::new(Who::Unit, Action::Return).saying("Bizim değil.")).await;
    act(&town, elsewhere, Command::new(Who::Triage, Action::Route).to(POLICE)).await;
    act(&town, elsewhere, Command::new(Who::Triage, Action::Task).to(CLOSED).saying("Taşlar döşensin.")).await;
    let before = (town.case(held), town.head(held).due);

    crate::directory::close(&town, &signed_in(&town, Role::Operator), CLOSED, SUCCESSOR).await;
    assert_eq!(move_on(&town.service).await.unwrap(), 2);
    assert_eq!(move_on(&town.service).await.unwrap(), 0, "once is enough");
    let (case, head) = (town.case(held), town.head(held));
    assert_eq!((case.unit.as_deref(), town.service.scopes.code(head.unit)), (Some(SUCCESSOR), SUCCESSOR));
    assert_eq!(
        (case.state, case.hops, head.due),
        (State::InProgress, before.0.hops, before.1),
        "only the unit changed"
    );
    let event = town.events(held).pop().unwrap();
    assert_eq!((event.by, event.what), (Who::System, What::Moved { unit: SUCCESSOR.into(), task: None }));
    assert!(event.note.contains("kapatıldı"), "{}", event.note);
    assert_eq!(town.case(elsewhere).owed().map(|task| task.unit.as_str()).collect::<Vec<_>>(), [SUCCESSOR]);
    assert_eq!(town.service.scopes.code(town.head(finished).unit), CLOSED, "it was theirs");
    assert_eq!(town.unit_rows(CLOSED).iter().filter(|(k, _)| *k == kind::LEFT).count(), 3);
    let entered = town.unit_rows(SUCCESSOR).iter().filter(|(k, _)| *k == kind::ENTERED).count();
    assert_eq!(entered, 2);
    if town.is_one_folder() {
        assert_eq!(verify(&town.service).unwrap().requests, 3);
    }
    // The successor works on.
    act(&town, held, Command::new(Who::Unit, Action::Answer).saying("Yapıldı.").ending(Outcome::Done)).await;
    let mut tablet = tablet.again(&town);
    let reply = tablet.sync(Vec::new()).await;
    assert!(event_codes(&reply).contains(&"moved"));
}

#[tokio::test]
async fn a_retired_category_from_an_old_tablet_goes_the_way_of_its_successor() {
    let town = Town::new().with_retired("yol.cukur", Some("temizlik.cop-alinmiyor"));
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (old, new) = (tablet.filed("yol.cukur").await, tablet.filed("temizlik.cop-alinmiyor").await);
    let (old, new) = (town.head(old), town.head(new));
    assert_eq!(old.category, "yol.cukur", "what the muhtar chose stands");
    assert_eq!((old.state, old.unit, old.due), (new.state, new.unit, new.due));
    assert_eq!(town.service.scopes.code(old.unit), "ib-kadikoy");

    let cookie = signed_in(&town, Role::Triage);
    let (_, directory) = desk(&town, &cookie, "directory", None).await;
    let shown = directory["categories"].as_array().unwrap().iter().find(|one| one["code"] == "yol.cukur").unwrap();
    assert_eq!((&shown["retired"], &shown["successor"]), (&true.into(), &"temizlik.cop-alinmiyor".into()));
    let (_, rules) = desk(&town, &cookie, "rules", None).await;
    assert!(rules["rules"]["yol.cukur"].is_null() && rules["rules"]["yol.kaldirim-bozuk"].is_object());
    let rule = rules["rules"]["yol.kaldirim-bozuk"].clone();
    let change = json!({ "base": 0, "changes": { "yol.cukur": rule }, "note": "Deneme" });
    assert_eq!(desk(&town, &cookie, "rules", Some(&change)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_retired_category_without_successor_waits_for_triage_who_cannot_choose_it() {
    let town = Town::new().with_retired("yol.cukur", None);
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    assert_eq!(town.head(id).state, State::InReview);
    let other = tablet.filed("").await;
    let cookie = signed_in(&town, Role::Triage);
    let route = |category: &str| json!({ "n": 2, "action": "route", "unit": CLOSED, "category": category });
    let (status, why) = desk(&town, &cookie, &format!("requests/{other}/act"), Some(&route("yol.cukur"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
    // The request that came with it may be routed as it is.
    let (status, page) = desk(&town, &cookie, &format!("requests/{id}/act"), Some(&route("yol.cukur"))).await;
    assert_eq!((status, &page["row"]["state"]), (StatusCode::OK, &"assigned".into()));
}
