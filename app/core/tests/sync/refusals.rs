//! What is refused is kept, readable, and in nobody's way.

use super::WORDS;
use super::support::{Fault, Rig};
use mbs_shared::id::OfficialNo;
use mbs_shared::routing::{What, Who};
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::error::Code as WireCode;
use mbs_shared::wire::sync::{Decided, ItemKind, ItemResult, RowBody};
use mbs_tablet::door::view::{self, Transport as Way};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::sync::{Effect, Event};

#[test]
fn what_is_refused_is_readable_and_in_nobodys_way() {
    let rig = Rig::new();
    let bad = rig.send("bad");
    rig.add_photo_later(bad);
    let good = rig.send(WORDS);
    let entry: view::Request =
        rig.call(Call::Say { id: good, kind: EntryKind::Message, text: "Ek bilgi".into(), photos: Vec::new() });
    assert_eq!(entry.thread.len(), 1);
    BAD.with(|b| b.set(Some(bad)));
    rig.server().verdict = Some(|item| {
        (BAD.with(std::cell::Cell::get) == Some(item.request) && item.kind == ItemKind::Change)
            .then_some(ItemResult::Rejected(WireCode::BadValue))
    });
    let summary = rig.sync();
    assert_eq!(rig.show(good).row.transport, Way::Delivered);
    let shown = rig.show(bad);
    assert_eq!(shown.row.transport, Way::Quarantined);
    assert_eq!((shown.quarantine.as_deref(), shown.desc.as_str()), (Some("bad_value"), "bad"));
    assert!(shown.row.needs_me && summary.quarantined >= 1 && summary.waiting == 0, "{summary:?}");
    let out = tempfile::tempdir().unwrap();
    let exported = rig.tablet.export(out.path()).unwrap();
    assert!(exported.items >= 1);
    let json = std::fs::read_to_string(out.path().join("unsent.json")).unwrap();
    assert!(json.contains("bad_value"), "{json}");
}

thread_local! {
    static BAD: std::cell::Cell<Option<mbs_shared::id::RequestId>> = const { std::cell::Cell::new(None) };
}

#[test]
fn a_frame_refused_whole_ends_with_one_in_quarantine() {
    let rig = Rig::new();
    let ids: Vec<_> = (0..4).map(|n| rig.send(&format!("{WORDS} {n}"))).collect();
    // 4 → 2 → 1: then it is this one.
    for _ in 0..3 {
        rig.server().faults.push_back(Fault::Instead(400, Vec::new(), Some(WireCode::Malformed)));
    }
    let summary = rig.sync();
    assert_eq!((summary.quarantined, summary.waiting, summary.pushed), (1, 0, 3));
    assert_eq!(rig.show(ids[0]).quarantine.as_deref(), Some("malformed"));
}

#[test]
fn later_is_kept_and_tried_again() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.server().verdict = Some(|_| Some(ItemResult::Later));
    rig.sync();
    assert_eq!(rig.show(id).row.transport, Way::Queued);
    rig.server().verdict = None;
    let now = rig.tablet.now();
    assert!(matches!(rig.tablet.engine().step(now + 16 * 60_000, Event::Tick), Effect::Http(_)));
}

#[test]
fn missing_dependencies_are_pushed_again() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    // The server lost it, without telling.
    rig.server().changes.clear();
    let set = Fields { addr: Some("Çeşme yanı".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::Edit { id, set });
    let summary = rig.sync();
    assert_eq!((summary.waiting, summary.quarantined), (0, 0));
    assert_eq!(rig.server().changes[&id].len(), 2);
}

#[test]
fn a_dependency_that_can_never_come_ends_in_quarantine() {
    let rig = Rig::new();
    rig.send(WORDS);
    rig.server().verdict = Some(|_| Some(ItemResult::MissingDeps));
    for _ in 0..4 {
        rig.sync();
    }
    assert_eq!((rig.status().waiting, rig.status().quarantined), (0, 1));
}

#[test]
fn erased_is_a_final_success() {
    let rig = Rig::new();
    let gone = rig.send(WORDS);
    rig.server().verdict = Some(|_| Some(ItemResult::Erased));
    rig.sync();
    assert_eq!(rig.status().waiting, 0);
    assert!(rig.tablet.call(Call::Request { id: gone }).is_err());
    rig.server().verdict = None;
    let other = rig.send("kalan");
    rig.sync();
    rig.server().publish(other, RowBody::Erased);
    rig.sync();
    assert!(rig.call::<Vec<view::Row>>(Call::Requests { query: String::new() }).is_empty());
}

#[test]
fn what_the_server_sends_is_not_believed_either() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    let mac = mbs_shared::id::Mac([0; 16]);
    {
        let mut server = rig.server();
        for junk in
            [vec![], vec![0xff; 40], mbs_shared::pack::pack(b"no change"), mbs_shared::pack::pack(&vec![7; 40_000])]
        {
            server.publish(id, RowBody::Change { packed: junk.clone().into(), mac });
            server.publish(id, RowBody::Event(Decided { packed: junk.clone().into(), mac }));
            let stamp = mbs_shared::wire::entry::Stamp { at: 0, author: "?".into() };
            server.publish(id, RowBody::Entry { packed: junk.into(), stamp, mac });
        }
        server.decide(id, Who::System, What::Received { no: OfficialNo { year: 2026, n: 1 }, channel: None }, "");
    }
    rig.sync();
    assert_eq!(rig.show(id).row.official_no.as_deref(), Some("2026-000001"), "the rest goes on");
    assert_eq!((rig.show(id).desc, rig.status().quarantined), (WORDS.into(), 0));
}

impl Rig {
    /// A correction that builds on a request: it cannot go when that one is refused.
    pub(super) fn add_photo_later(&self, id: mbs_shared::id::RequestId) {
        self.add_photo(id, "generated/g-ori-1.jpg");
    }
}
