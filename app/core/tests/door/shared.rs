//! Photos that another app hands over, and those that the camera took while the app was ended.

use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use mbs_shared::id::RequestId;
use mbs_tablet::door::{Call, shared, view};
use mbs_tablet::error::Code;
use mbs_tablet::ports::Clock;

use super::support::{Rig, photos};

#[test]
fn photos_that_another_app_handed_over_are_a_draft() {
    let rig = Rig::new();
    let folder = rig.dir.path().join(shared::FOLDER);
    let take = |rig: &Rig| rig.tablet.call(Call::TakeShared);
    assert!(take(&rig).unwrap().is_null());
    std::fs::create_dir(&folder).unwrap();
    let hand = |n: &str, file: &str| std::fs::copy(photos().join(file), folder.join(n)).unwrap();
    hand("1", "generated/g-ist-01.jpg");
    hand("2", "hostile/g-text-as.jpg");
    hand("4", "generated/g-ist-01.jpg");
    hand("6", "generated/g-ist-02.jpg");
    // Behind a PIN nothing is taken in.
    let _: view::Status = rig.call(Call::SetPin { pin: "2580".into(), old: String::new() });
    let _: view::Status = rig.call(Call::Lock);
    assert_eq!(take(&rig).unwrap_err().code, Code::Locked);
    let _: view::Status = rig.call(Call::Unlock { pin: "2580".into() });
    let draft: view::Request = rig.call(Call::TakeShared);
    assert_eq!((draft.row.transport, draft.photos.len()), (view::Transport::Draft, 2), "each once, and no text");
    assert!(draft.fix.is_some(), "the place comes from the photo");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    assert!(take(&rig).unwrap().is_null());
    // Where none is a photo it is said, once.
    hand("1", "hostile/g-text-as.jpg");
    hand("2", "real/iphone11-heic-gps.heic");
    assert_eq!(take(&rig).unwrap_err().code, Code::PhotoUnreadable);
    assert!(take(&rig).unwrap().is_null());
}

#[test]
fn a_photo_taken_while_the_app_was_ended_is_in_its_request_and_one_that_had_come_is_not_there_twice() {
    let rig = Rig::new();
    let id = rig.draft("Rögar kapağı kırık.");
    // The camera is open; the battery is pulled; the photo is there.
    rig.call::<()>(Call::ExpectPhoto { id: Some(id) });
    let rig = reopened(rig);
    taken(&rig, "generated/g-ist-01.jpg");
    assert_eq!((take(&rig), left(&rig)), (Some((id, 1)), 0));
    assert!(rig.show(id).fix.is_some(), "its place too");
    // It has come: the camera's leftover is none of another one, nor is it a shared photo.
    let rig = reopened(rig);
    taken(&rig, "generated/g-ist-02.jpg");
    assert_eq!((take(&rig), left(&rig)), (None, 0));
    // One that came by itself before the end.
    rig.call::<()>(Call::ExpectPhoto { id: Some(id) });
    rig.add_photo(id, "generated/g-ist-03.jpg");
    taken(&rig, "generated/g-ist-03.jpg");
    assert_eq!((take(&rig), rig.show(id).photos.len()), (None, 2));
    // A request that was sent takes it as an addition; a draft that was thrown away, and one that nobody waits for any more, none.
    let _: view::Request = rig.call(Call::Send { id });
    rig.call::<()>(Call::ExpectPhoto { id: Some(id) });
    taken(&rig, "generated/g-ist-04.jpg");
    assert_eq!(take(&rig), Some((id, 3)));
    let gone = rig.draft("Vazgeçtim.");
    rig.call::<()>(Call::ExpectPhoto { id: Some(gone) });
    let _: () = rig.call(Call::DiscardDraft { id: gone });
    taken(&rig, "generated/g-ist-05.jpg");
    assert_eq!(take(&rig), None);
    rig.call::<()>(Call::ExpectPhoto { id: Some(id) });
    rig.clock.pass(2 * 3_600_000);
    taken(&rig, "generated/g-ist-05.jpg");
    assert_eq!((take(&rig), rig.show(id).photos.len()), (None, 3));
    // What is no picture is said.
    rig.call::<()>(Call::ExpectPhoto { id: Some(id) });
    taken(&rig, "hostile/g-text-as.jpg");
    assert_eq!(rig.tablet.call(Call::TakeShared).unwrap_err().code, Code::PhotoUnreadable);
    assert_eq!(left(&rig), 0);
}

#[test]
fn a_photo_that_was_taken_before_the_camera_was_opened_for_a_request_is_not_put_there() {
    let rig = Rig::new();
    let (first, second) = (rig.draft("Rögar kapağı kırık."), rig.draft("Bankın tahtası kopmuş."));
    rig.call::<()>(Call::ExpectPhoto { id: Some(first) });
    rig.add_photo(first, "generated/g-ist-01.jpg");
    // The newest picture that lies there is the first request's: nothing was taken for the second.
    let before = rig.clock.now();
    rig.clock.pass(60_000);
    rig.call::<()>(Call::ExpectPhoto { id: Some(second) });
    let rig = reopened(rig);
    taken_at(&rig, "generated/g-ist-01.jpg", before);
    assert_eq!((take(&rig), left(&rig)), (None, 0));
    assert!(rig.show(second).photos.is_empty());
    // A file system that rounds its times down takes nobody's photo away.
    taken_at(&rig, "generated/g-ist-02.jpg", rig.clock.now() - 1_500);
    assert_eq!(take(&rig), Some((second, 1)));
    // The camera was closed again.
    rig.call::<()>(Call::ExpectPhoto { id: Some(second) });
    rig.call::<()>(Call::ExpectPhoto { id: None });
    taken(&rig, "generated/g-ist-03.jpg");
    assert_eq!((take(&rig), left(&rig)), (None, 0));
}

#[test]
fn a_photo_for_which_there_is_no_room_waits_until_there_is() {
    let (rig, free) = Rig::on_a_disk();
    let id = rig.draft("Rögar kapağı kırık.");
    rig.call::<()>(Call::ExpectPhoto { id: Some(id) });
    taken(&rig, "generated/g-ist-01.jpg");
    free.store(1024 * 1024, Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(rig.tablet.call(Call::TakeShared).unwrap_err().code, Code::DiskFull);
        assert_eq!(left(&rig), 1);
    }
    // He made room the day after.
    rig.clock.pass(24 * 3_600_000);
    free.store(1 << 40, Ordering::SeqCst);
    assert_eq!((take(&rig), left(&rig)), (Some((id, 1)), 0));
}

/// Asks, as screens do: in which request something was put, and how many photos that has now.
fn take(rig: &Rig) -> Option<(RequestId, usize)> {
    rig.call::<Option<view::Request>>(Call::TakeShared).map(|found| (found.row.id, found.photos.len()))
}

/// The host lays there what the camera took just now.
fn taken(rig: &Rig, file: &str) {
    taken_at(rig, file, rig.clock.now());
}

fn taken_at(rig: &Rig, file: &str, at: i64) {
    let folder = rig.dir.path().join(shared::FOLDER);
    std::fs::create_dir_all(&folder).unwrap();
    let laid = folder.join(shared::TAKEN);
    std::fs::copy(photos().join(file), &laid).unwrap();
    let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(at).unwrap());
    std::fs::File::options().write(true).open(laid).unwrap().set_modified(at).unwrap();
}

/// How many files the host's folder still has.
fn left(rig: &Rig) -> usize {
    std::fs::read_dir(rig.dir.path().join(shared::FOLDER)).unwrap().count()
}

/// The battery was pulled, and what lies in the folder beside the database is there.
fn reopened(rig: Rig) -> Rig {
    let Rig { dir, clock, server, ports, tablet } = rig;
    drop(tablet);
    let tablet = mbs_tablet::Tablet::open(dir.path(), ports.clone()).unwrap();
    Rig { dir, clock, server, ports, tablet }
}
