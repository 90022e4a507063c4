//! `POST /v1/sync`: push, pull, duplicates, refusals.

use crate::common::*;
use mbs_server::database::gaps;
use mbs_server::database::quarantine::{self, Refused};
use mbs_server::handlers::enrol::revoke;
use mbs_server::handlers::sync;
use mbs_server::operate::doctor;
use mbs_shared::document::Document;
use mbs_shared::id::{Actor, DeviceNo, Mac, RequestId};
use mbs_shared::pack::{pack, unpack};
use mbs_shared::request::Edit;
use mbs_shared::routing::{Action, State, Who};
use mbs_shared::wire::encode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::{Cursor, Item, ItemKind, ItemResult, MAX_ITEMS, RowBody};

#[tokio::test]
async fn a_request_is_taken_numbered_routed_and_answered_in_one_round_trip() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let item = tablet.file("yol.cukur");
    let id = item.request;
    let reply = tablet.sync(vec![item]).await;

    ok(&reply.results[0]);
    assert_eq!(event_codes(&reply), ["received", "routed"]);
    assert!(!reply.rows.iter().any(|r| matches!(r.body, RowBody::Change { .. })), "own rows are passed over");
    assert!(!reply.more && !reply.snapshot);
    let head = town.head(id);
    assert_eq!(head.no.to_string(), "2026-000001");
    assert_eq!(head.state, State::Assigned);
    assert_eq!(town.service.scopes.code(head.unit), "md-yol-bakim-anadolu");
    assert_eq!(head.title, "Kaldırım taşları sökülmüş");
    assert!(head.due > MORNING);

    let nothing = tablet.sync(Vec::new()).await;
    assert!(nothing.rows.is_empty() && nothing.cursor == reply.cursor);
}

#[tokio::test]
async fn pushed_again_it_has_the_same_place_and_proof_and_no_second_number() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let item = tablet.file("yol.cukur");
    let entry = tablet.entry(item.request, EntryKind::Message, "Fotoğraf ekleyeceğim.");
    let first = tablet.sync(vec![item.clone(), entry.clone()]).await;
    let again = tablet.sync(vec![entry, item.clone()]).await;
    assert_eq!(again.results[0], first.results[1]);
    assert_eq!(again.results[1], first.results[0]);
    assert_eq!(town.head(item.request).no.n, 1);
    assert_eq!(town.count("select count(*) from feed where kind < 2"), 2);
    assert_eq!(town.count("select value from meta where name = 'number:2026'"), 1);
    assert_eq!(device_row(&town, &tablet).arrived, 2);
}

#[tokio::test]
async fn a_second_tablet_of_the_mandate_gets_everything_and_may_edit() {
    let town = Town::new();
    let mut one = town.tablet("kadikoy-rasimpasa").await;
    let mut two = town.tablet("kadikoy-rasimpasa").await;
    assert_eq!(one.identity.mandate, two.identity.mandate);
    assert_ne!(one.identity.prefix, two.identity.prefix);
    let id = one.filed("yol.cukur").await;

    let reply = two.sync(Vec::new()).await;
    let RowBody::Change { packed, .. } = &reply.rows[0].body else { panic!("the change comes first") };
    let raw = unpack(packed, 32_768).unwrap();
    let mut document = Document::load(&[&raw]).unwrap();
    let edit = document.edit(two.actor, MORNING, &[Edit::Addr("Okulun karşısı".into())]).unwrap().unwrap();
    ok(&two.push(change_item(id, &edit.raw)).await);
    assert_eq!(town.head(id).changes, 2);
    // The unit hears that something changed, the other tablet gets the change.
    assert_eq!(town.unit_rows("md-yol-bakim-anadolu").last(), Some(&(19, 2)));
    let reply = one.sync(Vec::new()).await;
    assert!(reply.rows.iter().any(|r| matches!(&r.body, RowBody::Change { packed, .. }
        if unpack(packed, 32_768).unwrap() == edit.raw)));
}

#[tokio::test]
async fn two_offline_edits_of_one_field_are_flagged() {
    let town = Town::new();
    let mut one = town.tablet("kadikoy-rasimpasa").await;
    let mut two = town.tablet("kadikoy-rasimpasa").await;
    let words = one.words("yol.cukur");
    let first = one.write(&words);
    let id = one.request_id();
    let edit = |actor, text: &str| {
        let mut document = Document::load(&[&first.raw]).unwrap();
        document.edit(actor, MORNING, &[Edit::Desc(text.into())]).unwrap().unwrap().raw
    };
    let (a, b) = (edit(one.actor, "Üç taş eksik."), edit(two.actor, "Dört taş eksik."));
    // A change and what builds on it, in one frame.
    let reply = one.sync(vec![change_item(id, &first.raw), change_item(id, &a)]).await;
    ok(&reply.results[0]);
    ok(&reply.results[1]);
    ok(&two.push(change_item(id, &b)).await);
    let head = town.head(id);
    assert_eq!(head.changes, 3);
    assert_eq!(head.flags & mbs_server::database::requests::CONFLICT, 1);
}

#[tokio::test]
async fn another_category_after_routing_is_a_wish_and_moves_nothing() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let words = tablet.words("yol.cukur");
    let first = tablet.write(&words);
    let id = tablet.request_id();
    let mut document = Document::load(&[&first.raw]).unwrap();
    let edit = document.edit(tablet.actor, MORNING, &[Edit::Category("yol.kaldirim-bozuk".into())]).unwrap().unwrap();
    ok(&tablet.push(change_item(id, &first.raw)).await);
    ok(&tablet.push(change_item(id, &edit.raw)).await);
    let head = town.head(id);
    assert_eq!(head.category, "yol.cukur");
    assert_eq!(head.flags & mbs_server::database::requests::WISH, mbs_server::database::requests::WISH);
    assert_eq!(head.n, 2);
}

#[tokio::test]
async fn a_change_before_what_it_builds_on_waits() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let words = tablet.words("yol.cukur");
    let first = tablet.write(&words);
    let id = tablet.request_id();
    let mut document = Document::load(&[&first.raw]).unwrap();
    let edit = document.edit(tablet.actor, MORNING, &[Edit::Title("Yeni".into())]).unwrap().unwrap();
    let entry = tablet.entry(id, EntryKind::Message, "Selam");
    let reply = tablet.sync(vec![change_item(id, &edit.raw), entry.clone()]).await;
    assert_eq!(reply.results, [ItemResult::MissingDeps, ItemResult::MissingDeps]);
    let reply = tablet.sync(vec![change_item(id, &first.raw), change_item(id, &edit.raw), entry]).await;
    for result in &reply.results {
        ok(result);
    }
    assert_eq!(town.head(id).title, "Yeni");
}

#[tokio::test]
async fn an_actor_that_forks_is_told() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let words = tablet.words("yol.cukur");
    let first = tablet.write(&words);
    let id = tablet.request_id();
    let edit = |text: &str| {
        let mut document = Document::load(&[&first.raw]).unwrap();
        document.edit(tablet.actor, MORNING, &[Edit::Title(text.into())]).unwrap().unwrap().raw
    };
    let (a, b) = (edit("Bir"), edit("İki"));
    let reply = tablet.sync(vec![change_item(id, &first.raw), change_item(id, &a), change_item(id, &b)]).await;
    assert_eq!(reply.results[2], ItemResult::Fork);
    assert_eq!(town.head(id).title, "Bir");
}

#[tokio::test]
async fn another_muhtarliks_request_is_refused_and_kept_apart_and_everything_else_goes_on() {
    let town = Town::new();
    let mut own = town.tablet("kadikoy-rasimpasa").await;
    let mut other = town.tablet("besiktas-bebek").await;
    let item = own.file("yol.cukur");
    let id = item.request;
    ok(&own.push(item.clone()).await);

    let mut stolen = other.file("yol.cukur");
    stolen.request = id;
    let note = other.entry(id, EntryKind::Withdraw, "");
    let good = other.file("yol.cukur");
    let reply = other.sync(vec![item.clone(), stolen, note, good]).await;
    assert_eq!(reply.results[0], ItemResult::Rejected(Code::ForeignActor));
    assert_eq!(reply.results[1], ItemResult::Rejected(Code::ForeignRequest));
    assert_eq!(reply.results[2], ItemResult::Rejected(Code::ForeignRequest));
    ok(&reply.results[3]);
    assert!(!reply.rows.iter().any(|r| r.request == id), "nothing of it comes down");
    assert_eq!(town.head(id).state, State::Assigned);
    assert_eq!(town.count("select count(*) from quarantine"), 3);
}

#[tokio::test]
async fn an_actor_of_another_device_needs_a_proof() {
    let town = Town::new();
    let mut one = town.tablet("kadikoy-rasimpasa").await;
    let mut two = town.tablet("kadikoy-rasimpasa").await;
    let mut item = one.file("yol.cukur");
    let result = two.push(item.clone()).await;
    assert_eq!(result, ItemResult::Rejected(Code::ForeignActor));
    item.mac = Some(Mac([9; 16]));
    assert_eq!(two.push(item.clone()).await, ItemResult::Rejected(Code::ForeignActor));
    let ItemResult::Ok { mac, .. } = one.push(Item { mac: None, ..item.clone() }).await else { panic!() };
    item.mac = Some(mac);
    ok(&two.push(item).await);
    // The server's own actor is nobody's to use.
    let words = one.words("yol.cukur");
    let change = Document::create(Actor::new(DeviceNo::SERVER, [1; 8]), &words).unwrap().1;
    let id = one.request_id();
    assert_eq!(one.push(change_item(id, &change.raw)).await, ItemResult::Rejected(Code::ForeignActor));
}

#[tokio::test]
async fn a_second_beginning_of_a_document_is_told_to_its_tablet() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let mut other = tablet.file("yol.cukur");
    other.request = id;
    assert_eq!(tablet.push(other).await, ItemResult::Begun);
    assert_eq!(town.count("select count(*) from quarantine"), 0, "its tablet settles it");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_item_by_item() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let item =
        |kind, packed: Vec<u8>| Item { kind, request: id, packed: packed.into(), count: 1, mac: None, past: None };
    let long = Entry {
        id: mbs_shared::id::EntryId([4; 16]),
        kind: EntryKind::Message,
        text: "a".repeat(4_001),
        at: 0,
        photos: Vec::new(),
    };
    let crowded = Entry { text: "a".into(), photos: vec![mbs_shared::id::BlobHash([1; 32]); 7], ..long.clone() };
    let empty = Entry { text: "  ".into(), photos: Vec::new(), ..long.clone() };
    let items = vec![
        item(ItemKind::Change, b"".to_vec()),
        item(ItemKind::Change, b"\x27no dictionary".to_vec()),
        item(ItemKind::Change, pack(b"not a change")),
        item(ItemKind::Change, pack(&vec![b'a'; 40_000])),
        item(ItemKind::Entry, pack(b"not an entry")),
        item(ItemKind::Entry, pack(&encode(&long))),
        item(ItemKind::Entry, pack(&encode(&crowded))),
        item(ItemKind::Entry, pack(&encode(&empty))),
    ];
    let reply = tablet.sync(items).await;
    let codes: Vec<Code> = reply
        .results
        .iter()
        .map(|r| if let ItemResult::Rejected(code) = r { *code } else { panic!("{r:?}") })
        .collect();
    assert_eq!(codes[0], Code::Malformed);
    assert_eq!(codes[1], Code::Malformed);
    assert_eq!(codes[3], Code::TooLarge);
    assert_eq!(codes[4], Code::Malformed);
    assert_eq!(codes[5..], [Code::TooLarge, Code::TooMany, Code::BadValue]);
    assert_eq!(town.count("select count(*) from quarantine"), 8);
    // Pushed again, they are refused again and not kept twice.
    let again = vec![item(ItemKind::Change, pack(b"not a change"))];
    tablet.sync(again).await;
    assert_eq!(town.count("select count(*) from quarantine"), 8);
}

#[tokio::test]
async fn a_frame_that_is_none_of_ours_is_refused_whole() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let item = tablet.file("yol.cukur");
    let frame = tablet.frame(vec![item.clone()]);
    let refused = |bytes: &[u8]| sync::read(bytes).unwrap_err();
    assert_eq!(refused(b""), Code::Malformed);
    assert_eq!(refused(b"\xff\xff"), Code::Malformed);
    let mut longer = encode(&frame);
    longer.push(0);
    assert_eq!(refused(&longer), Code::Malformed);
    assert_eq!(refused(&vec![0; 256 * 1024 + 1]), Code::TooLarge);
    let crowd = tablet.frame(vec![item; MAX_ITEMS + 1]);
    assert_eq!(refused(&encode(&crowd)), Code::TooMany);
    let mut old = frame.clone();
    old.version = 0;
    assert_eq!(refused(&encode(&old)), Code::AppTooOld);
    // Whatever a newer frame looks like after its version.
    assert_eq!(refused(&[0x82, 0x18, 0x63, 0xf6]), Code::AppTooNew);
    let claims_a_billion_items = [
        0x88, 1, 1, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x82, 0, 0, 0, 0, 0, 0x9a, 0x3b, 0x9a, 0xca,
        0x00,
    ];
    assert_eq!(refused(&claims_a_billion_items), Code::Malformed);
}

#[tokio::test]
async fn the_feed_comes_in_pages_and_misses_nothing() {
    let town = Town::new();
    let mut one = town.tablet("kadikoy-rasimpasa").await;
    let mut two = town.tablet("kadikoy-rasimpasa").await;
    for _ in 0..20 {
        one.filed("yol.cukur").await;
    }
    let mut rows = Vec::new();
    let mut pages = 0;
    loop {
        let mut frame = two.frame(Vec::new());
        frame.page = 1_500;
        let reply = two.send(&frame).await.unwrap();
        assert!(reply.cursor.seq > two.cursor.seq);
        two.cursor = reply.cursor;
        rows.extend(reply.rows);
        pages += 1;
        if !reply.more {
            break;
        }
    }
    assert!(pages > 3, "{pages}");
    assert_eq!(rows.len(), 40);
    // However small the page, it holds a row.
    two.cursor.seq = 0;
    let mut frame = two.frame(Vec::new());
    frame.page = 0;
    assert_eq!(two.send(&frame).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn own_rows_come_back_to_another_process_start() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    tablet.filed("yol.cukur").await;
    let mut later = tablet.again(&town);
    later.cursor.seq = 0;
    let reply = later.sync(Vec::new()).await;
    assert!(matches!(reply.rows[0].body, RowBody::Change { .. }));
    assert_eq!(event_codes(&reply), ["received", "routed"]);
    assert_eq!(reply.rows.len(), 2);
}

#[tokio::test]
async fn number_and_route_are_told_beside_the_acknowledgement_as_often_as_it_is_pushed() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let item = tablet.file("yol.cukur");
    let frame = tablet.frame(vec![item.clone()]);
    // Its answer is lost, and so is the second one.
    let lost = tablet.send(&frame).await.unwrap();
    for reply in [&lost, &tablet.send(&frame).await.unwrap()] {
        assert_eq!(event_codes(reply), ["received", "routed"]);
        assert!(reply.rows.is_empty(), "the feed does not tell it to the session that pushed it");
    }
    // What is decided later comes by the feed, whoever filed it.
    let act = |command| mbs_server::routing::apply::Act { request: item.request, author: 0, seen: None, command };
    let accept = mbs_server::routing::decide::Command::new(Who::Unit, Action::Accept);
    town.service.act(act(accept)).await.unwrap();
    let again = tablet.send(&frame).await.unwrap();
    assert_eq!(event_codes(&again), ["received", "routed", "accepted"]);
    // Another tablet of the muhtarlık has it all by the feed, under the same proof.
    let mut other = town.tablet("kadikoy-rasimpasa").await;
    other.cursor.epoch = town.service.epoch;
    let told = other.sync(Vec::new()).await;
    assert_eq!(event_codes(&told), ["received", "routed", "accepted"]);
    let ItemResult::Ok { decided: Some(beside), .. } = &lost.results[0] else { panic!("{lost:?}") };
    assert!(told.rows.iter().any(|row| row.body == RowBody::Event(beside.clone())));
}

#[tokio::test]
async fn a_cursor_of_another_epoch_asks_for_a_snapshot_and_still_pushes() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    tablet.cursor = Cursor { epoch: 3, seq: 1_000 };
    let item = tablet.file("yol.cukur");
    let reply = tablet.sync(vec![item]).await;
    ok(&reply.results[0]);
    assert!(reply.snapshot && reply.rows.is_empty());
}

#[tokio::test]
async fn everything_survives_a_restart_with_numbers_going_on() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let item = tablet.file("yol.cukur");
    let id = item.request;
    let first = tablet.push(item.clone()).await;
    let epoch = town.service.epoch;

    let town = town.restarted();
    assert_eq!(town.service.epoch, epoch);
    let mut tablet = tablet.again(&town);
    assert_eq!(tablet.push(item).await, first);
    assert_eq!(town.case(id).state, State::Assigned);
    let next = tablet.filed("yol.cukur").await;
    assert_eq!(town.head(next).no.n, 2);
}

#[tokio::test]
async fn what_a_tablet_says_it_made_is_counted_against_what_arrived() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    tablet.filed("yol.cukur").await;
    let mut frame = tablet.frame(Vec::new());
    frame.created = 57;
    tablet.send(&frame).await.unwrap();
    town.service.write_news().await.unwrap();
    let row = device_row(&town, &tablet);
    assert_eq!((row.created, row.arrived, row.seen), (57, 1, MORNING));
    let missing = |town: &Town| town.service.db.ask(gaps::all).unwrap();
    assert_eq!(missing(&town), [(row.id, 56, MORNING)]);
    // Three hours later one in the middle comes, and a tablet that says fewer is told what it made.
    town.pass(3 * 3_600_000);
    let item = Item { count: 20, ..tablet.file("yol.cukur") };
    let reply = tablet.sync(vec![item.clone()]).await;
    assert_eq!((reply.made, reply.twin), (Some(57), None));
    assert_eq!(missing(&town), [(row.id, 55, MORNING)]);
    // Pushed again it is still one thing.
    assert_eq!(tablet.sync(vec![item]).await.twin, None);
    assert_eq!(device_row(&town, &tablet).arrived, 2);
}

#[tokio::test]
async fn a_count_that_comes_with_two_things_reveals_a_copied_tablet_until_one_is_enrolled_anew() {
    let town = Town::new();
    let mut one = town.tablet("kadikoy-rasimpasa").await;
    one.filed("yol.cukur").await;
    let mut copy = one.again(&town);
    one.filed("yol.cukur").await;
    let both = copy.file("park.agac-budama");
    let reply = copy.sync(vec![both]).await;
    ok(&reply.results[0]);
    assert_eq!(reply.twin, Some(true), "nothing is refused, and both are told");
    assert_eq!(one.sync(Vec::new()).await.twin, Some(true));
    assert_eq!(device_row(&town, &one).twin, MORNING);
    let _ = town.tablet("kadikoy-rasimpasa").await;
    town.service.refresh_devices().unwrap();
    let mut one = one.again(&town);
    assert_eq!(one.sync(Vec::new()).await.twin, None);
    assert_eq!(town.count("select count(*) from request"), 3);
}

#[tokio::test]
async fn a_revoked_tablet_hands_over_into_quarantine_and_receives_nothing() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let prefix = tablet.identity.prefix.parse().unwrap();
    town.service.db.change(|tx| mbs_server::handlers::enrol::revoke(tx, prefix, MORNING)).unwrap();
    town.service.refresh_devices().unwrap();
    let mut tablet = tablet.again(&town);
    let item = tablet.file("yol.cukur");
    let reply = tablet.send(&tablet.frame(vec![item])).await.unwrap();
    assert_eq!(reply.results, [ItemResult::Rejected(Code::Revoked)]);
    assert!(reply.rows.is_empty() && reply.cursor == tablet.cursor);
    let told = reply.revocation.unwrap().proven(&town.service.secrets.server_keys(), tablet.identity.device).unwrap();
    assert_eq!(told.at, MORNING);
    assert_eq!(town.count("select count(*) from quarantine"), 1);
    assert_eq!(town.count("select count(*) from request"), 0);
}

/// Seed 1177 of the simulation: in the moment before the map of tablets was renewed, a tablet whose mandate had
/// ended brought its muhtar's private notes back.
#[tokio::test]
async fn a_push_that_meets_its_revocation_on_the_way_is_not_taken_in() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let prefix = tablet.identity.prefix.parse().unwrap();
    town.service.db.change(|tx| mbs_server::handlers::enrol::revoke(tx, prefix, MORNING)).unwrap();
    let item = tablet.file("yol.cukur");
    let frame = tablet.frame(vec![item]);
    assert_eq!(tablet.send(&frame).await.unwrap_err().code, Code::Busy);
    assert_eq!(town.count("select count(*) from request"), 0);
    let reply = tablet.again(&town).send(&frame).await.unwrap();
    assert_eq!(reply.results, [ItemResult::Rejected(Code::Revoked)]);
    assert!(reply.revocation.is_some());
    assert_eq!(town.count("select count(*) from quarantine"), 1);
}

/// What a revoked tablet hands over lies here or stays there, however much lies here already.
#[tokio::test]
async fn a_full_quarantine_takes_nothing_over_and_says_so() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let held = [tablet.file("yol.cukur"), tablet.file("yol.cukur")];
    let device = tablet.caller.device.id;
    for n in 0..=quarantine::MAX_PER_DEVICE {
        let (request, bytes) = (RequestId([9; 16]), n.to_be_bytes());
        let refused = Refused { device, request, kind: 0, code: Code::Malformed, at: MORNING, bytes: &bytes };
        let kept = town.service.db.change(|s| quarantine::add(s, &refused)).unwrap();
        assert_eq!(kept, n < quarantine::MAX_PER_DEVICE, "{n}");
    }
    let prefix = tablet.identity.prefix.parse().unwrap();
    town.service.db.change(|tx| revoke(tx, prefix, MORNING)).unwrap();
    town.service.refresh_devices().unwrap();
    let tablet = tablet.again(&town);
    let push = async || tablet.send(&tablet.frame(held.to_vec())).await;
    assert_eq!(push().await.unwrap_err().code, Code::Busy);
    let looked = doctor::look(&*town.service.db, Ok(&*town.service.store), MORNING);
    let (_, said) = looked.iter().find(|(name, _)| *name == "quarantine").unwrap();
    let said = said.as_ref().unwrap_err().to_string();
    assert!(said.contains(&tablet.identity.prefix) && said.contains("decide on them at the desk"), "{said}");
    // One decision makes room for one.
    for room in [1, 2] {
        let put_away = "delete from quarantine where id = (select min(id) from quarantine)";
        town.service.db.change(|s| s.execute(put_away, &[])).unwrap();
        assert_eq!(push().await.is_ok(), room == 2);
    }
    assert_eq!(push().await.unwrap().results, vec![ItemResult::Rejected(Code::Revoked); 2], "the same once more");
}

/// A document that cannot be read any more keeps its own changes waiting on their tablet, and nothing else.
#[tokio::test]
async fn a_damaged_document_holds_up_nothing_else() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let words = tablet.words("yol.cukur");
    let (mut document, first) = Document::create(tablet.actor, &words).unwrap();
    let id = tablet.request_id();
    let first = tablet.counted(change_item(id, &first.raw));
    ok(&tablet.push(first).await);
    let edit = document.edit(tablet.actor, MORNING, &[Edit::Addr("Arka kapı".into())]).unwrap().unwrap();
    let edit = tablet.counted(change_item(id, &edit.raw));
    let damage = |packed: Vec<u8>| {
        let rid = town.head(id).rid;
        let damage = "update feed set packed = $1 where request = $2 and kind = 0";
        assert_eq!(town.service.db.change(|s| s.execute(damage, &[packed.as_slice().into(), rid.into()])).unwrap(), 1);
    };
    let whole = pack(&tablet.write(&words).raw);
    damage(pack(b"nothing that was ever written"));
    let other = tablet.file("yol.cukur");
    let results = tablet.sync(vec![edit.clone(), other]).await.results;
    assert_eq!(results[0], ItemResult::Later);
    ok(&results[1]);
    damage(whole);
    ok(&tablet.push(edit).await);
}

#[tokio::test]
async fn an_entry_id_used_twice_is_refused() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let entry = |text: &str| Entry {
        id: mbs_shared::id::EntryId([8; 16]),
        kind: EntryKind::Message,
        text: text.into(),
        at: 0,
        photos: Vec::new(),
    };
    ok(&tablet.push(entry_item(id, &entry("bir"))).await);
    assert_eq!(tablet.push(entry_item(id, &entry("iki"))).await, ItemResult::Rejected(Code::BadHistory));
    let unknown = tablet.push(entry_item(RequestId([1; 16]), &entry("üç"))).await;
    assert_eq!(unknown, ItemResult::MissingDeps);
}

/// Not every engine keeps a NUL in text; a tablet that pushes one must not be stuck by it.
#[tokio::test]
async fn words_with_a_nul_are_taken() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let mut words = tablet.words("yol.cukur");
    words.title = "Çukur\0 derin".into();
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    assert!(town.head(id).title.starts_with("Çukur"), "{:?}", town.head(id).title);
}
