//! Older and newer sides: what one of them does not know yet waits, survives, or comes as the other one can read it.

use std::collections::BTreeSet;

use crate::common::*;
use crate::http::{call, request};
use mbs_server::handlers::sync::plan;
use mbs_server::handlers::sync::store::{self, Intake};
use mbs_shared::document::Document;
use mbs_shared::document::forge::Forge;
use mbs_shared::pack::{pack, unpack};
use mbs_shared::request::Edit;
use mbs_shared::wire::decode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::{ItemResult, Row, RowBody, SyncRequest};
use mbs_shared::wire::version::Abilities;

/// What a newer app says beside what this server knows.
fn newer(raw: &[u8]) -> Vec<u8> {
    Forge::of(raw).unwrap().put("v", 3, &[2]).put("floor", 6, b"3. kat").bytes()
}

#[tokio::test]
async fn what_a_newer_schema_says_waits_and_is_never_refused() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let there = tablet.filed("yol.cukur").await;
    let words = tablet.words("yol.cukur");
    let first = change_item(tablet.request_id(), &newer(&tablet.write(&words).raw));
    let (absent, ordinary) = (first.request, tablet.file("yol.cukur"));
    // One that goes on with what is here in a newer app's words, and one that an older app filed, in one push.
    let (mut document, _) = Document::create(tablet.actor, &words).unwrap();
    let later = document.edit(tablet.actor, MORNING, &[Edit::Addr("Ilgın Sokak 7".into())]).unwrap().unwrap();
    let items = vec![first.clone(), change_item(there, &newer(&later.raw)), ordinary];
    for _ in 0..2 {
        let reply = tablet.sync(items.clone()).await;
        assert_eq!(reply.results[..2], [ItemResult::Later, ItemResult::Later]);
        ok(&reply.results[2]);
    }
    assert_eq!(town.count("select count(*) from quarantine"), 0);
    assert_eq!(town.count("select count(*) from request"), 2);
    assert!(!tablet.sync(vec![]).await.rows.iter().any(|row| row.request == absent));
}

#[tokio::test]
async fn a_newer_kind_of_entry_and_a_newer_dictionary_wait_too() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let there = tablet.filed("yol.cukur").await;
    let mut entry = tablet.entry(there, EntryKind::Message, "Aynı çukur");
    let raw = unpack(&entry.packed, 32 * 1024).unwrap();
    // `kind` is the second key of the map; its value is a number of one byte.
    let at = raw.windows(2).position(|pair| pair == [0x01, EntryKind::Message as u8]).unwrap() + 1;
    let mut later = raw.clone();
    later[at] = 0x17;
    assert_eq!(decode::<Entry>(&later), Err(Code::AppTooNew));
    entry.packed = pack(&later).into();
    let mut packed_later = tablet.file("yol.cukur");
    let mut bytes = packed_later.packed.to_vec();
    bytes[0] = mbs_shared::pack::DICTIONARIES + 1;
    packed_later.packed = bytes.into();
    let ordinary = tablet.file("yol.cukur");
    let reply = tablet.sync(vec![entry, packed_later, ordinary]).await;
    assert_eq!(reply.results[..2], [ItemResult::Later, ItemResult::Later]);
    ok(&reply.results[2]);
    assert_eq!(town.count("select count(*) from quarantine"), 0);
}

#[tokio::test]
async fn a_tablet_without_our_dictionary_gets_everything_plainly() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let there = tablet.filed("yol.cukur").await;
    let words = "Aynı çukur hâlâ açık, dün bir motosiklet düştü; lütfen öncelik verilsin.";
    let entry = tablet.entry(there, EntryKind::Message, words);
    ok(&tablet.push(entry).await);
    let mut other = tablet.again(&town);
    other.cursor.seq = 0;
    let items = |rows: &[Row]| -> Vec<Vec<u8>> {
        let packed = rows.iter().filter_map(|row| match &row.body {
            RowBody::Change { packed, .. } | RowBody::Entry { packed, .. } => Some(packed.to_vec()),
            RowBody::Event(decided) => Some(decided.packed.to_vec()),
            _ => None,
        });
        packed.collect()
    };
    let usual = items(&other.send(&other.frame(Vec::new())).await.unwrap().rows);
    let frame = SyncRequest { abilities: Abilities(0), ..other.frame(Vec::new()) };
    let by_feed = items(&other.send(&frame).await.unwrap().rows);
    let asked = request("GET", "/v1/snapshot?abilities=0", Some(&other), Vec::new());
    let reply = call(&town, asked).await;
    let bytes = axum::body::to_bytes(reply.into_body(), 1 << 20).await.unwrap();
    let by_snapshot = items(&decode::<SnapshotPage>(&bytes).unwrap().rows);

    assert!(usual.iter().any(|packed| packed[0] == 1), "something was packed with the dictionary");
    assert!(by_feed.iter().chain(&by_snapshot).all(|packed| packed[0] == 0));
    let raw = |all: &[Vec<u8>]| -> BTreeSet<Vec<u8>> { all.iter().map(|p| unpack(p, 1 << 20).unwrap()).collect() };
    assert_eq!(raw(&by_feed), raw(&usual));
    assert_eq!(raw(&by_snapshot), raw(&usual));
}

#[tokio::test]
async fn fields_of_a_newer_schema_survive_an_older_tablets_edit() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (words, id) = (tablet.words("yol.cukur"), tablet.request_id());
    let raw = newer(&tablet.write(&words).raw);
    // A newer server took it, and went back to this version.
    let scope = town.service.scopes.number("kadikoy-rasimpasa");
    let (inner, packed) = (town.service.clone(), pack(&raw));
    let hash = mbs_shared::document::verify(&raw).unwrap().hash.0;
    let read = mbs_shared::document::project_first(&raw).unwrap();
    let intake = Intake { id, scope, staff: 0, at: MORNING };
    let plan = plan::first(&town.service, scope, read, hash);
    town.service.write(move |tx| Ok(store::enter(tx, &inner, &intake, &packed, &plan).map(drop)?)).await.unwrap();

    let mut document = Document::load(&[&raw]).unwrap();
    let edit = document.edit(tablet.actor, MORNING, &[Edit::Addr("Ilgın Sokak 7".into())]).unwrap().unwrap();
    ok(&tablet.push(change_item(id, &edit.raw)).await);
    assert!(Forge::of(&edit.raw).unwrap().ops.iter().all(|op| op.key == "addr"));
    assert_eq!(town.head(id).changes, 2);
    // Another tablet gets both, as they were written.
    let mut other = town.tablet("kadikoy-rasimpasa").await;
    let down: Vec<Vec<u8>> = other
        .sync(vec![])
        .await
        .rows
        .iter()
        .filter_map(|row| match &row.body {
            RowBody::Change { packed, .. } => Some(unpack(packed, 32 * 1024).unwrap()),
            _ => None,
        })
        .collect();
    assert_eq!(down, [raw, edit.raw]);
}
