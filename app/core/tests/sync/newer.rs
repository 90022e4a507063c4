//! A document of a newer schema than this app's: what a tablet does not understand survives what it changes.

use super::support::{Rig, Server};
use mbs_shared::document::forge::Forge;
use mbs_shared::document::{Document, verify};
use mbs_shared::id::SessionId;
use mbs_shared::pack::{pack, unpack};
use mbs_shared::wire::sync::{Item, ItemKind, ItemResult, RowBody};
use mbs_tablet::door::view::{self, Transport as Way};
use mbs_tablet::door::{Call, Fields};

/// What a newer app says beside what ours knows.
const FLOOR: (&str, &[u8]) = ("floor", "üçüncü kat".as_bytes());

/// The values of that key which a change puts.
fn floors(raw: &[u8]) -> Vec<Vec<u8>> {
    let ops = Forge::of(raw).unwrap().ops;
    ops.into_iter().filter(|op| op.key == FLOOR.0).map(|op| op.raw).collect()
}

#[test]
fn newer_fields_survive_an_edit_by_an_older_tablet_and_reach_the_server_and_the_others() {
    // A newer app filed it, and a newer server took it.
    let writer = Rig::new();
    let id = writer.send("Asansör çalışmıyor.");
    writer.sync();
    let filed = writer.server().changes[&id][0].raw.clone();
    let newer = Forge::of(&filed).unwrap().put("v", 3, &[2]).put(FLOOR.0, 6, FLOOR.1).bytes();
    assert!(verify(&newer).unwrap().newer);
    let item =
        Item { kind: ItemKind::Change, request: id, packed: pack(&newer).into(), count: 0, mac: None, past: None };
    let server = Server::new();
    assert!(matches!(server.lock().unwrap().push(SessionId([3; 16]), &item), ItemResult::Ok { .. }));

    let (older, other) = (Rig::at(&server, 2), Rig::at(&server, 3));
    older.sync();
    assert_eq!(older.show(id).desc, "Asansör çalışmıyor.", "what it knows is shown");
    let set = Fields { addr: Some("Ilgın Sokak 7".into()), ..Fields::default() };
    let _: view::Request = older.call(Call::Edit { id, set });
    older.sync();
    assert_eq!(older.show(id).row.transport, Way::Delivered);
    other.sync();

    let kept: Vec<Vec<u8>> = older.server().changes[&id].iter().map(|stored| stored.raw.clone()).collect();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0], newer, "byte for byte");
    assert_eq!(floors(&kept[0]), [FLOOR.1]);
    assert_eq!(floors(&kept[1]), [[0_u8; 0]; 0], "it is not touched");
    let raw: Vec<&[u8]> = kept.iter().map(Vec::as_slice).collect();
    let read = Document::load(&raw).unwrap().read().unwrap().request;
    assert_eq!((read.schema, read.addr.as_str()), (2, "Ilgın Sokak 7"));
    // And down again, the same bytes.
    let down: Vec<Vec<u8>> = older
        .server()
        .feed
        .iter()
        .filter_map(|(_, _, row)| match &row.body {
            RowBody::Change { packed, .. } => Some(unpack(packed, 32 * 1024).unwrap()),
            _ => None,
        })
        .collect();
    assert_eq!(down, kept);
    let shown = other.show(id);
    assert_eq!((shown.desc.as_str(), shown.row.addr.as_str()), ("Asansör çalışmıyor.", "Ilgın Sokak 7"));
    assert_eq!((other.status().quarantined, older.status().quarantined), (0, 0));
}
