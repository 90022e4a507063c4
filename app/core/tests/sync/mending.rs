//! Ways out of quarantine: nothing that was refused is lost on them, and the server has it once.

use std::cell::RefCell;

use mbs_shared::id::RequestId;
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::error::Code as WireCode;
use mbs_shared::wire::sync::{Item, ItemKind, ItemResult};
use mbs_tablet::Tablet;
use mbs_tablet::door::view::{self, Remedy, Transport as Way};
use mbs_tablet::door::{Call, Fields, List};
use mbs_tablet::error::Code;
use mbs_tablet::store::{Store, quarantine};

use super::WORDS;
use super::support::{Fault, Rig, copy, ports};

const PHOTO: &str = "generated/g-ist-01.jpg";

thread_local! {
    static BAD: RefCell<Option<(RequestId, ItemResult)>> = const { RefCell::new(None) };
}

fn refuse_changes(item: &Item) -> Option<ItemResult> {
    BAD.with_borrow(|bad| match bad {
        Some((request, answer)) if *request == item.request && item.kind == ItemKind::Change => Some(answer.clone()),
        _ => None,
    })
}

fn refuse_entries(item: &Item) -> Option<ItemResult> {
    (item.kind == ItemKind::Entry).then_some(ItemResult::Rejected(WireCode::BadValue))
}

fn fields(desc: &str) -> Fields {
    Fields { desc: Some(desc.into()), ..Fields::default() }
}

impl Rig {
    /// Everything that is pushed of this request is answered so.
    fn answers(&self, id: RequestId, answer: ItemResult) {
        BAD.replace(Some((id, answer)));
        self.server().verdict = Some(refuse_changes);
    }

    fn outbox(&self) -> view::Outbox {
        self.call(Call::Outbox)
    }

    /// As after a damage that cost the bytes of its photos.
    fn without_bytes_of(self, id: RequestId) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(self.dir.path(), dir.path());
        let (ports, clock) = ports(dir.path(), &self.server, 99);
        clock.set(self.ports.clock.now());
        let (mut store, _) = Store::open(dir.path(), &ports).unwrap();
        let sql = "DELETE FROM blobs WHERE hash IN (SELECT hash FROM photos WHERE request = ?1)";
        store.write(|c| Ok(c.execute(sql, [id.0])?)).unwrap();
        drop(store);
        let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
        Self { dir, clock, server: self.server.clone(), ports, tablet }
    }
}

/// A request with a photo that the server refuses whole.
fn refused(answer: ItemResult) -> (Rig, RequestId) {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, PHOTO);
    let _: view::Request = rig.call(Call::Send { id });
    rig.answers(id, answer);
    // What may be settled by itself is given time for it.
    for _ in 0..14 {
        rig.clock.pass(60_000);
        rig.sync();
    }
    assert_eq!(rig.show(id).row.transport, Way::Quarantined);
    (rig, id)
}

#[test]
fn a_request_refused_whole_is_mended_and_sent_again_under_its_number() {
    let (rig, id) = refused(ItemResult::Rejected(WireCode::BadValue));
    let say = |kind, text: &str| Call::Say { id, kind, text: text.into(), photos: Vec::new() };
    let _: view::Request = rig.call(say(EntryKind::Message, "Okul da yakın."));
    let _: view::Request = rig.call(say(EntryKind::Message, "Servis geçiyor."));
    let shown = rig.show(id);
    assert_eq!(shown.remedies, [Remedy::Mend, Remedy::Renew, Remedy::Export]);
    for item in rig.outbox().items.iter().filter(|item| item.quarantine.is_some()) {
        assert_eq!(item.remedies, shown.remedies);
    }
    // The battery ends in between.
    let _: view::Request = rig.call(Call::Mend { id });
    let rig = rig.pulled();
    let draft = rig.show(id);
    assert_eq!((draft.row.transport, draft.desc.as_str(), draft.photos.len()), (Way::Draft, WORDS, 1));
    assert_eq!(draft.row.case_no, shown.row.case_no);
    assert_eq!((rig.status().quarantined, rig.status().waiting, rig.status().needs_me), (0, 0, 0));
    let _: view::Request = rig.call(Call::SetDraft { id, set: fields("Kaldırım çökmüş.") });
    rig.server().verdict = None;
    let sent: view::Request = rig.call(Call::Send { id });
    assert_eq!(sent.begun.iter().map(|b| b.text.as_str()).collect::<Vec<_>>(), ["Okul da yakın.\nServis geçiyor."]);
    let summary = rig.sync();
    assert_eq!((summary.quarantined, summary.waiting, summary.photos), (0, 0, 1));
    let shown = rig.show(id);
    assert_eq!((shown.row.transport, shown.desc.as_str()), (Way::Delivered, "Kaldırım çökmüş."));
    assert_eq!(shown.remedies, []);
    assert_eq!(rig.server().changes[&id].len(), 1);
}

#[test]
fn a_request_refused_whole_is_sent_as_a_new_one_and_stays_to_be_read() {
    let (rig, id) = refused(ItemResult::Begun);
    let old = rig.show(id);
    assert_eq!(
        (old.quarantine.as_deref(), &old.remedies[..]),
        (Some(quarantine::BEGUN), &[Remedy::Renew, Remedy::Export][..])
    );
    assert_eq!(rig.tablet.call(Call::Mend { id }).unwrap_err().code, Code::WrongMoment);
    let message = Call::Say { id, kind: EntryKind::Message, text: "Okul da yakın.".into(), photos: Vec::new() };
    let _: view::Request = rig.call(message);
    let draft: view::Request = rig.call(Call::Renew { id });
    let again: view::Request = rig.call(Call::Renew { id });
    assert_eq!(draft.row.id, again.row.id, "two taps are one draft");
    assert_eq!((draft.desc.as_str(), &draft.photos[0].hash), (WORDS, &old.photos[0].hash));
    assert_ne!(draft.row.case_no, old.row.case_no);
    // Thrown away, it has settled nothing.
    let _: () = rig.call(Call::DiscardDraft { id: draft.row.id });
    let rig = rig.pulled();
    assert!(rig.show(id).row.needs_me && rig.status().quarantined > 0);
    let new = rig.call::<view::Request>(Call::Renew { id }).row.id;
    let sent: view::Request = rig.call(Call::Send { id: new });
    assert_eq!(sent.begun[0].text, "Okul da yakın.");
    rig.sync();
    let old = rig.show(id);
    assert_eq!((old.row.transport, old.desc.as_str(), old.photos.len()), (Way::Renewed, WORDS, 1));
    assert_eq!(old.renewed.unwrap().own, Some(new));
    assert!(!old.row.needs_me && old.can.is_empty() && old.thread.is_empty());
    assert!(rig.tablet.call(Call::Edit { id, set: fields("x") }).is_err());
    let shown = rig.show(new);
    assert_eq!((shown.row.transport, shown.photos[0].delivered), (Way::Delivered, true));
    let status = rig.status();
    assert_eq!((status.quarantined, status.waiting, rig.outbox().items.len()), (0, 0, 0));
    let list = |list| rig.call::<view::Home>(Call::Home { query: String::new(), list, from: 0, most: 9 });
    let ids = |home: view::Home| home.rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!((ids(list(List::Open)), ids(list(List::Done))), (vec![new], vec![id]));
    // It can still be taken out, alone.
    let files: view::Files = rig.call(Call::WriteUnsent { only: Some(id) });
    let folder = std::path::Path::new(&files.dir);
    let json = std::fs::read_to_string(folder.join("unsent.json")).unwrap();
    assert!(json.contains("Ilgın Sokak") && json.contains(quarantine::BEGUN), "{json}");
    assert!(folder.join(format!("{}.jpg", old.photos[0].hash)).exists());
    // An erasure by law takes along what says the same.
    rig.server().publish(new, mbs_shared::wire::sync::RowBody::Erased);
    rig.sync();
    assert!(
        rig.tablet.call(Call::Request { id }).is_err() && rig.tablet.photo(old.photos[0].hash, true).unwrap().is_none()
    );
}

#[test]
fn a_refused_correction_is_begun_again_and_its_photo_goes() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    rig.answers(id, ItemResult::Rejected(WireCode::BadValue));
    let _: view::Request = rig.call(Call::Edit { id, set: fields("Düzeltilmiş sözler") });
    rig.add_photo(id, PHOTO);
    let set = Fields { addr: Some("Çeşme yanı".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::Edit { id, set });
    rig.sync();
    assert_eq!(rig.show(id).remedies, [Remedy::Mend, Remedy::Export]);
    let kept =
        Fields { kind: Some(mbs_shared::request::Kind::Notice), desc: Some("Son sözler".into()), ..Fields::default() };
    let _: () = rig.call(Call::BeginEdit { id, set: kept });
    let mended: view::Request = rig.call(Call::Mend { id });
    assert_eq!((mended.desc.as_str(), mended.row.addr.as_str()), (WORDS, ""), "as the server has it");
    let begun = mended.edit.unwrap();
    assert_eq!((begun.desc.as_deref(), begun.addr.as_deref()), (Some("Son sözler"), Some("Çeşme yanı")));
    rig.server().verdict = None;
    let rig = rig.pulled();
    let summary = rig.sync();
    assert_eq!((summary.quarantined, summary.waiting, summary.photos), (0, 0, 1));
    let _: view::Request = rig.call(Call::Edit { id, set: begun });
    rig.sync();
    let shown = rig.show(id);
    assert_eq!((shown.desc.as_str(), shown.row.addr.as_str(), shown.photos.len()), ("Son sözler", "Çeşme yanı", 1));
    assert_eq!((shown.row.transport, rig.server().changes[&id].len()), (Way::Delivered, 3));
}

#[test]
fn a_refused_message_is_begun_again() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    rig.sync();
    rig.server().verdict = Some(refuse_entries);
    let message = |text: &str| Call::Say { id, kind: EntryKind::Message, text: text.into(), photos: Vec::new() };
    let _: view::Request = rig.call(message("Okul da yakın."));
    rig.sync();
    assert_eq!(rig.show(id).remedies, [Remedy::Mend, Remedy::Export]);
    let mended: view::Request = rig.call(Call::Mend { id });
    assert_eq!((mended.thread.len(), mended.begun[0].text.as_str()), (0, "Okul da yakın."));
    rig.server().verdict = None;
    let _: view::Request = rig.call(message("Okul da yakın!"));
    rig.sync();
    let shown = rig.show(id);
    assert_eq!((shown.thread.len(), shown.begun.len(), rig.status().quarantined), (1, 0, 0));
    assert_eq!(rig.server().entries[&id].len(), 1);
}

#[test]
fn a_refused_photo_goes_once_more_and_one_that_is_lost_is_taken_out() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, PHOTO);
    rig.add_photo(id, "generated/g-ist-02.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    let hashes: Vec<_> = rig.show(id).photos.iter().map(|photo| photo.hash).collect();
    // The words pass and both previews; then one photo is refused for good.
    rig.server().faults.extend([Fault::Pass, Fault::Pass, Fault::Pass]);
    rig.server().faults.push_back(Fault::Instead(413, Vec::new(), Some(WireCode::TooLarge)));
    rig.sync();
    assert_eq!((rig.status().quarantined, rig.show(id).remedies), (1, vec![Remedy::Again, Remedy::Export]));
    let mended: view::Request = rig.call(Call::Mend { id });
    assert_eq!((mended.photos.len(), rig.status().quarantined, rig.status().waiting), (2, 0, 1));
    rig.sync();
    assert!(rig.show(id).photos.iter().all(|photo| photo.delivered));
    assert_eq!(rig.server().changes[&id].len(), 1, "nothing was written for it");
    // Bytes that lay in a damaged part of the database.
    let lost = rig.draft(WORDS);
    rig.add_photo(lost, "generated/g-ist-03.jpg");
    let _: view::Request = rig.call(Call::Send { id: lost });
    let rig = rig.without_bytes_of(lost);
    rig.sync();
    assert_eq!(rig.show(lost).quarantine.as_deref(), Some(quarantine::PHOTO_LOST));
    let mended: view::Request = rig.call(Call::Mend { id: lost });
    assert_eq!(mended.photos.len(), 0);
    rig.sync();
    assert_eq!((rig.status().quarantined, rig.status().waiting, hashes.len()), (0, 0, 2));
    assert_eq!(rig.server().changes[&lost].len(), 2);
}

#[test]
fn what_another_mandate_wrote_is_never_sent_in_this_ones_name() {
    let (rig, id) = refused(ItemResult::Rejected(WireCode::UnknownDevice));
    rig.server().mandate = 9;
    rig.server().revoke(1, 5);
    rig.sync();
    rig.server().revocation = None;
    rig.server().verdict = None;
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "ab cd-12".into() });
    assert_eq!(rig.show(id).remedies, [Remedy::Export]);
    for call in [Call::Mend { id }, Call::Renew { id }] {
        assert_eq!(rig.tablet.call(call).unwrap_err().code, Code::WrongMoment);
    }
}
