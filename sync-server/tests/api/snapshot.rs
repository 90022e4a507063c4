//! `GET /v1/snapshot`: everything of a muhtarlık, page by page.

use crate::common::*;
use mbs_server::handlers::snapshot::snapshot;
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::sync::RowBody;
use mbs_shared::wire::version::Abilities;

#[tokio::test]
async fn a_new_tablet_gets_everything_of_its_muhtarlik_and_nothing_else() {
    let town = Town::new();
    let mut one = town.tablet("kadikoy-rasimpasa").await;
    let mut other = town.tablet("besiktas-bebek").await;
    for _ in 0..12 {
        let id = one.filed("yol.cukur").await;
        let entry = one.entry(id, EntryKind::Message, "Bir de şunu ekleyeyim.");
        ok(&one.push(entry).await);
        other.filed("yol.cukur").await;
    }
    let mut two = town.tablet("kadikoy-rasimpasa").await;
    let (mut after, mut rows, mut pages, mut cursor) = (None, Vec::new(), 0, None);
    loop {
        let page = snapshot(&town.service, &two.caller, after, 1_200, Abilities::DICTIONARY_1).unwrap();
        rows.extend(page.rows);
        cursor.get_or_insert(page.cursor);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(pages > 2, "{pages}");
    assert_eq!(rows.len(), 12 * 3);
    assert!(rows.windows(2).all(|w| w[0].request <= w[1].request), "whole requests, by id");
    assert!(rows.chunks(3).all(|r| matches!(r[0].body, RowBody::Change { .. })), "the change comes first");
    // The feed goes on from the first page's cursor.
    two.cursor = cursor.unwrap();
    assert!(two.sync(Vec::new()).await.rows.is_empty());
    let id = one.filed("yol.cukur").await;
    assert!(two.sync(Vec::new()).await.rows.iter().all(|r| r.request == id));
}

#[tokio::test]
async fn an_empty_muhtarlik_has_one_empty_page() {
    let town = Town::new();
    let tablet = town.tablet("kadikoy-rasimpasa").await;
    let page = snapshot(&town.service, &tablet.caller, None, 0, Abilities::DICTIONARY_1).unwrap();
    assert!(page.rows.is_empty() && page.next.is_none());
}
