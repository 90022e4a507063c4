//! Two beginnings of one request: what became of each copy's words when a server was set back between them.

use super::support::{Fault, Rig, Server};
use mbs_shared::document::Document;
use mbs_shared::id::RequestId;
use mbs_shared::wire::error::Code as WireCode;
use mbs_tablet::door::view::{self, Transport as Way};
use mbs_tablet::door::{Call, Fields};

/// The server does not know this tablet any more; it is enrolled anew and goes on under another number.
fn enrol_anew(rig: &Rig) {
    rig.server().faults.push_back(Fault::Instead(401, Vec::new(), Some(WireCode::UnknownDevice)));
    rig.sync();
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "NEU".into() });
}

fn edit(rig: &Rig, id: RequestId, set: Fields) {
    let _: view::Request = rig.call(Call::Edit { id, set });
}

fn addr(text: &str) -> Fields {
    Fields { addr: Some(text.into()), ..Fields::default() }
}

fn all(rig: &Rig) -> Vec<view::Row> {
    rig.call(Call::Requests { query: String::new() })
}

/// What stood in the address after each of the server's changes.
fn history(rig: &Rig, id: RequestId) -> Vec<String> {
    let server = rig.server();
    let raw: Vec<&[u8]> = server.changes[&id].iter().map(|stored| stored.raw.as_slice()).collect();
    (1..=raw.len()).map(|n| Document::load(&raw[..n]).unwrap().read().unwrap().request.addr).collect()
}

/// Seed 60000327 of 2026-11-29: the acknowledgement was lost, the server was set back to before it, and the tablet, unknown
/// there, signed its words anew under its new number. Its sister had the first beginning, with the server's own proof.
#[test]
fn a_beginning_that_was_signed_anew_takes_in_what_was_accepted_before_the_restore() {
    let server = Server::new();
    let (a, b, c) = (Rig::at(&server, 1), Rig::at(&server, 2), Rig::at(&server, 3));
    let id = a.draft("kabul haberi kayboldu");
    a.add_photo(id, "generated/g-ist-01.jpg");
    let _: view::Request = a.call(Call::Send { id });
    a.server().faults.push_back(Fault::AnswerLost);
    a.sync();
    b.sync();
    edit(&b, id, addr("ilk adres"));
    edit(&b, id, addr("ikinci adres"));
    b.sync();
    c.sync();
    a.server().set_back();
    enrol_anew(&a);
    a.sync();
    assert_eq!(a.server().changes[&id].len(), 1, "signed anew, and first");

    // Not sent yet when the tablet hears of the other beginning.
    edit(&c, id, addr("üçüncü adres"));
    for _ in 0..3 {
        for tablet in [&b, &c, &a] {
            tablet.sync();
            tablet.clock.pass(5_000);
        }
    }
    for tablet in [&a, &b, &c] {
        assert_eq!((tablet.status().waiting, tablet.status().quarantined), (0, 0));
        let rows = all(tablet);
        assert_eq!(rows.iter().map(|row| (row.id, row.transport)).collect::<Vec<_>>(), [(id, Way::Delivered)]);
        let shown = tablet.show(id);
        assert_eq!((shown.desc.as_str(), shown.photos.len()), ("kabul haberi kayboldu", 1));
        assert_eq!(shown.row.addr, "üçüncü adres");
        assert_eq!(shown.conflicts.len(), 0);
    }
    assert_eq!(history(&a, id), ["", "ilk adres", "ikinci adres", "üçüncü adres"], "each once, in their order");
    assert_eq!(a.server().whole.len(), 1, "the photo came again");
}

/// The same, where the other beginning says something else: a copy of the draft was sent by a tablet put back from a copy.
#[test]
fn a_beginning_accepted_before_the_restore_goes_on_as_one_request_whoever_has_it() {
    let server = Server::new();
    let (a, b, c) = (Rig::at(&server, 1), Rig::at(&server, 2), Rig::at(&server, 3));
    let id = a.draft("gönderilen sözler");
    let copy = super::identity::copied(&a, 77);
    let _: view::Request = a.call(Call::Send { id });
    for tablet in [&a, &b, &c] {
        tablet.sync();
    }
    a.server().set_back();
    let set = Fields { desc: Some("kopyadaki sözler".into()), ..Fields::default() };
    let _: view::Request = copy.call(Call::SetDraft { id, set });
    let _: view::Request = copy.call(Call::Send { id });
    copy.sync();
    for _ in 0..3 {
        for tablet in [&a, &b, &c, &copy] {
            tablet.sync();
            tablet.clock.pass(5_000);
        }
    }
    for tablet in [&a, &b, &c, &copy] {
        assert_eq!((tablet.status().waiting, tablet.status().quarantined), (0, 0));
        assert_eq!(tablet.show(id).desc, "kopyadaki sözler");
        let rows = all(tablet);
        let [anew] = rows.iter().filter(|row| row.id != id).collect::<Vec<_>>()[..] else { panic!("{rows:?}") };
        assert_eq!(tablet.show(anew.id).desc, "gönderilen sözler", "once, however many had it");
        assert_ne!(anew.case_no, tablet.show(id).row.case_no);
    }
    assert_eq!(a.server().changes.len(), 2);
}
