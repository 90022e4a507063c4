//! Anchors: decisions that were anchored cannot be changed unseen, by nobody; an erasure leaves them provable.

use crate::common::*;
use mbs_server::anchor::{daily, prove, prove_request};
use mbs_server::database::anchors;
use mbs_server::operate::erase::erase;
use mbs_server::operate::verify::verify;
use mbs_server::routing::apply::{Act, pack_event};
use mbs_server::routing::decide::Command;
use mbs_server::secrets::sha256;
use mbs_shared::id::RequestId;
use mbs_shared::routing::{Action, Event, What, Who};

async fn anchor(town: &Town) {
    daily(&town.service, town.service.clock.now()).await.unwrap();
}

async fn accept(town: &Town, request: RequestId) {
    let command = Command::new(Who::Unit, Action::Accept);
    town.service.act(Act { request, author: 1, seen: None, command }).await.unwrap();
}

/// Two requests: filed, anchored, one of them taken on a day later, anchored again.
async fn scene() -> (Town, RequestId, RequestId) {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (one, other) = (tablet.filed("yol.cukur").await, tablet.filed("park.agac").await);
    anchor(&town).await;
    town.pass(DAY);
    accept(&town, one).await;
    anchor(&town).await;
    (town, one, other)
}

fn whole(town: &Town, request: RequestId) -> Result<u64, String> {
    let rid = town.head(request).rid;
    town.service.db.ask(|s| Ok(prove_request(s, rid, request))).unwrap().map_err(|e| e.to_string())?;
    prove(&town.service).map_err(|e| e.to_string())
}

#[tokio::test]
async fn a_day_has_one_and_it_says_what_moved() {
    let (town, one, other) = scene().await;
    let lines = |id| town.service.db.ask(|s| anchors::lines(s, id)).unwrap();
    assert_eq!(lines(1).iter().map(|l| l.n).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(lines(2).iter().map(|l| (l.request, l.n)).collect::<Vec<_>>(), [(one, 2)]);
    anchor(&town).await;
    town.pass(DAY);
    // Nothing moved.
    anchor(&town).await;
    assert_eq!((whole(&town, one), whole(&town, other)), (Ok(2), Ok(2)));
    if town.is_one_folder() {
        assert_eq!(verify(&town.service).unwrap().anchors, 2);
    }
}

#[tokio::test]
async fn a_decision_that_was_changed_with_the_keys_at_hand_is_seen() {
    let (town, one, other) = scene().await;
    let head = town.head(one);
    let forged = Event {
        n: 3,
        at: MORNING + DAY,
        by: Who::Unit,
        what: What::Planned { date: "2027-01-01".into() },
        note: String::new(),
        entry: None,
    };
    let raw = Event::encode_together([&forged]);
    let (packed, mac) = (pack_event(&raw), town.service.secrets.mac(one, &sha256(&raw)));
    let swap = "update feed set packed = $1, mac = $2 where request = $3 and kind = 2 and n = 3";
    let args = [packed.as_slice().into(), mac.as_bytes().into(), head.rid.into()];
    assert_eq!(town.service.db.change(|s| s.execute(swap, &args)).unwrap(), 1);
    assert_eq!(whole(&town, one).unwrap_err(), "its first 2 decisions are not those that were anchored");
    assert_eq!(whole(&town, other), Ok(2));
}

#[tokio::test]
async fn what_was_anchored_is_signed_for_and_does_not_vanish() {
    for (sql, said) in [
        ("update anchored set n = 3 where anchor = 2", "anchor 2: its root is not what its lines come to"),
        ("update anchor set at = at + 1 where id = 1", "anchor 1: its root is not what its lines come to"),
        ("update anchor set key = key + 1 where id = 2", "anchor 2: this server did not sign it"),
        ("delete from anchor where id = 1", "anchor 2: it follows on 0"),
        ("delete from request where category = 'park.agac'", "is gone without having been erased"),
    ] {
        let (town, ..) = scene().await;
        town.service.db.change(|s| s.execute(sql, &[]).map(drop)).unwrap();
        let error = prove(&town.service).unwrap_err().to_string();
        assert!(error.contains(said), "{sql}: {error}");
    }
    let (town, one, _) = scene().await;
    town.service.db.change(|s| s.execute("delete from salt", &[]).map(drop)).unwrap();
    assert_eq!(whole(&town, one).unwrap_err(), "it was anchored, and its salt is gone");
}

#[tokio::test]
async fn an_erasure_takes_the_salt_and_leaves_the_anchors_whole() {
    let (town, one, other) = scene().await;
    erase(&town.service, one, "Karar 2026/14").unwrap();
    assert_eq!(town.count("select count(*) from salt"), 1);
    assert_eq!(whole(&town, other), Ok(2));
    assert_eq!(town.service.db.ask(|s| anchors::of_request(s, one)).unwrap().len(), 2);
    if town.is_one_folder() {
        assert_eq!(verify(&town.service).unwrap().anchors, 2);
    }
}
