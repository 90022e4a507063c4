//! Photos that another app hands over.

use mbs_tablet::door::{Call, shared, view};
use mbs_tablet::error::Code;

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
