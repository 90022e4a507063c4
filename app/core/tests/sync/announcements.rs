//! What the municipality announces comes down whole, is kept, and its reading is told once.

use super::WORDS;
use super::support::{Fault, Rig};
use mbs_shared::blob::name_of;
use mbs_shared::id::BlobHash;
use mbs_shared::wire::announcement::{Announcement, Reach};
use mbs_shared::wire::error::Code as WireCode;
use mbs_tablet::door::Call;
use mbs_tablet::door::announcements::Announcement as Shown;
use mbs_tablet::door::view::Status;

fn announcement(id: u64) -> Announcement {
    Announcement {
        id,
        at: i64::try_from(id).unwrap(),
        reach: Reach::All,
        urgent: id == 4,
        from: "Muhtarlıklar Müdürlüğü".into(),
        title: format!("Duyuru {id}"),
        text: "Metin.".into(),
        withdrawn: false,
        photos: Vec::new(),
    }
}

fn ids(rig: &Rig) -> Vec<i64> {
    rig.call::<Vec<Shown>>(Call::Announcements).iter().map(|one| one.id).collect()
}

#[test]
fn all_pages_come_at_once_and_a_cut_one_comes_with_the_next_exchange() {
    let rig = Rig::new();
    rig.server().announcements = (1..=5).map(announcement).collect();
    rig.sync();
    assert_eq!(ids(&rig), [5, 4, 3, 2, 1]);
    let status = rig.status();
    assert_eq!((status.unread, status.urgent.unwrap().id), (5, 4));
    // Nothing new: nothing is asked for.
    rig.server().log.clear();
    rig.sync();
    assert_eq!(rig.server().log.iter().filter(|line| line.contains("announcements")).count(), 0);

    rig.server().announcements.push(announcement(6));
    rig.server().faults = [Fault::Pass, Fault::Lost].into();
    rig.sync();
    assert_eq!(ids(&rig).len(), 5);
    rig.sync();
    assert_eq!(ids(&rig), [6, 5, 4, 3, 2, 1]);
}

#[test]
fn its_photos_come_previews_first_and_in_full_when_one_is_opened() {
    let rig = Rig::new();
    let (first, second) = (fixture("generated/g-ist-01.jpg"), fixture("generated/g-ist-02.jpg"));
    let small = mbs_tablet::capture::photo::preview(&first).unwrap();
    let hashes = [name_of(&first), name_of(&second)];
    {
        let mut server = rig.server();
        server.proofs.extend([(hashes[0], first.clone()), (hashes[1], second.clone())]);
        server.previews.insert(hashes[0], small.clone());
        server.announcements = vec![Announcement { photos: hashes.to_vec(), ..announcement(1) }];
    }
    let shown = || rig.call::<Vec<Shown>>(Call::Announcements).remove(0).photos;
    rig.sync();
    let states: Vec<_> = shown().iter().map(|photo| (photo.hash, photo.here, photo.thumb)).collect();
    assert_eq!(states, [(hashes[0], false, true), (hashes[1], false, false)]);
    assert_eq!(rig.tablet.photo(hashes[0], true).unwrap().unwrap(), small);
    // Opened: the whole of it comes, and of the other one nothing.
    let () = rig.call(Call::FetchAnnouncedPhoto { id: 1, hash: hashes[0] });
    rig.sync();
    assert_eq!(rig.tablet.photo(hashes[0], false).unwrap().unwrap(), first, "bit-equal");
    assert!(shown()[0].here && !shown()[1].here);
    let asked = rig.server().log.iter().filter(|path| path.contains(&format!("{}/thumb", hashes[1]))).count();
    assert_eq!(asked, 1, "a preview that is not there is asked for once");
    // Only what goes with it can be wished for.
    assert!(rig.tablet.call(Call::FetchAnnouncedPhoto { id: 2, hash: hashes[1] }).is_err());
    assert!(rig.tablet.call(Call::FetchAnnouncedPhoto { id: 1, hash: BlobHash([7; 32]) }).is_err());
    // They survive the battery.
    let rig = rig.pulled();
    assert_eq!(rig.tablet.photo(hashes[0], false).unwrap().unwrap(), first);
}

fn fixture(name: &str) -> Vec<u8> {
    let original = std::fs::read(super::support::photos().join(name)).unwrap();
    mbs_tablet::capture::photo::shrink(&original, 1).unwrap().bytes
}

#[test]
fn what_was_read_is_told_until_the_server_has_heard_it_and_words_go_first() {
    let rig = Rig::new();
    rig.server().announcements = vec![announcement(4)];
    rig.sync();
    let status: Status = rig.call(Call::ReadAnnouncement { id: 4 });
    assert!(status.urgent.is_none() && status.unread == 0);
    rig.send(WORDS);
    rig.server().faults = [Fault::Pass, Fault::AnswerLost].into();
    rig.sync();
    // The server heard it, and its answer was lost: it is told again.
    assert_eq!(rig.server().seen, [4]);
    rig.sync();
    assert_eq!(rig.server().seen, [4, 4]);
    rig.sync();
    assert_eq!(rig.server().seen, [4, 4]);
}

#[test]
fn reading_what_is_not_there_is_said() {
    let rig = Rig::new();
    assert!(rig.tablet.call(Call::ReadAnnouncement { id: 9 }).is_err());
}

#[test]
fn a_server_that_was_set_back_tells_all_it_stands_by_once_more() {
    let rig = Rig::new();
    rig.server().announcements = vec![announcement(2)];
    rig.sync();
    {
        let mut server = rig.server();
        (server.epoch, server.snapshots) = (8, true);
        // It had taken this one back, and does not know that any more.
        server.announcements = vec![announcement(1)];
    }
    rig.sync();
    rig.sync();
    assert_eq!(ids(&rig), [2, 1]);
}

#[test]
fn a_server_that_was_set_back_hears_again_what_was_read() {
    let rig = Rig::new();
    rig.server().announcements = vec![announcement(1)];
    rig.sync();
    rig.call::<Status>(Call::ReadAnnouncement { id: 1 });
    rig.sync();
    {
        let mut server = rig.server();
        (server.epoch, server.snapshots) = (8, true);
        server.seen.clear();
    }
    rig.sync();
    rig.sync();
    assert_eq!(rig.server().seen, [1]);
}

#[test]
fn a_server_that_refuses_them_holds_up_nothing_else() {
    let rig = Rig::new();
    rig.server().announcements = vec![announcement(1)];
    let photo = rig.send(WORDS);
    rig.add_photo_later(photo);
    rig.server().faults = [Fault::Pass, Fault::Instead(404, Vec::new(), Some(WireCode::NotFound))].into();
    let summary = rig.sync();
    assert!(!summary.cut && summary.waiting == 0 && summary.photos == 1, "{summary:?}");
    assert!(ids(&rig).is_empty());
    rig.sync();
    assert_eq!(ids(&rig), [1]);
}
