//! Photos: behind the words, and on from where they were cut.

use super::WORDS;
use super::support::{Fault, Line, Rig};
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{self, Transport as Way};
use mbs_tablet::ports::Transport;
use mbs_tablet::sync::{Effect, Event, Nudge};

#[test]
fn photos_go_after_words_previews_first_and_resume_where_they_were_cut() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    rig.add_photo(id, "generated/g-ist-02.jpg");
    let shown: view::Request = rig.call(Call::Send { id });
    let sizes: usize = shown.photos.iter().map(|p| p.size as usize).sum();
    // Words pass, previews pass, the first slice is cut after 5,000 bytes.
    rig.server().faults.extend([Fault::Pass, Fault::Pass, Fault::Pass, Fault::Partly(5_000)]);
    assert!(rig.sync().cut);
    let log = rig.server().log.clone();
    assert!(log[1].starts_with("/v1/sync") && log[2].contains("/thumb") && log[3].contains("/thumb"), "{log:?}");
    let summary = rig.sync();
    assert_eq!((summary.photos, summary.waiting), (2, 0));
    let thumbs: usize = shown.photos.iter().map(|p| rig.tablet.photo(p.hash, true).unwrap().unwrap().len()).sum();
    let server = rig.server();
    assert_eq!(server.blob_bytes, sizes + thumbs, "not one byte twice");
    for photo in &shown.photos {
        assert_eq!(rig.tablet.photo(photo.hash, false).unwrap().unwrap(), server.blobs[&photo.hash], "bit-equal");
    }
    drop(server);
    let shown = rig.show(id);
    assert!(shown.photos.iter().all(|p| p.delivered && p.sent == p.size));
    assert_eq!(shown.row.photos_delivered, 2);
}

#[test]
fn new_words_pass_photos_that_are_under_way() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "real/jolla-8mp.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    let now = rig.tablet.now();
    let mut line = Line(rig.server.clone());
    let mut event = Event::Nudge(Nudge::Now);
    let mut second = None;
    let mut order = Vec::new();
    while let Effect::Http(request) = rig.tablet.engine().step(now, event) {
        order.push(request.path.clone());
        if request.path.starts_with("/v1/blobs") && !request.path.ends_with("thumb") && second.is_none() {
            second = Some(rig.send("acil"));
        }
        event = Event::Reply(request.ticket, line.send(request).unwrap());
    }
    let first_slice = order.iter().position(|p| p.starts_with("/v1/blobs") && !p.ends_with("thumb")).unwrap();
    assert_eq!(order[first_slice + 1], "/v1/sync", "{order:?}");
    assert_eq!(rig.show(second.unwrap()).row.transport, Way::Delivered);
}
