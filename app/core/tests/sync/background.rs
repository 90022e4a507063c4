//! A round with nobody at the screen: what waits goes, what there is comes, and somebody is told once.

use super::WORDS;
use super::support::{Fault, Rig};
use mbs_shared::blob::BlobRef;
use mbs_shared::routing::{Outcome, What, Who};
use mbs_shared::wire::announcement::{Announcement, Reach};
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{Request, Status};
use mbs_tablet::sync::background::{Around, Came, round};

fn looked(rig: &Rig, around: Around) -> Came {
    round(&rig.tablet, around).unwrap()
}

fn around(rig: &Rig) -> Around {
    Around { metered: false, looking: false, until: rig.tablet.now() + 60_000 }
}

/// The unit answers.
fn answer(rig: &Rig, id: mbs_shared::id::RequestId) {
    let unit = || What::Routed { unit: "md-yol-bakim-anadolu".into(), due: rig.tablet.now() };
    rig.server().decide(id, Who::Triage, unit(), "");
    rig.server().decide(id, Who::Unit, What::Accepted, "");
    let outcome = What::Concluded { outcome: Outcome::Done, parent: None, photos: Vec::new() };
    rig.server().decide(id, Who::System, outcome, "Yapıldı.");
}

#[test]
fn an_answer_that_comes_while_it_is_closed_is_told_once_and_only_that_there_is_one() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    let came = looked(&rig, around(&rig));
    assert_eq!((came.tell, came.summary.pushed, rig.status().waiting), (false, 1, 0), "what waited has gone");
    assert!(!looked(&rig, around(&rig)).tell);
    answer(&rig, id);
    let rig = rig.pulled();
    assert!(looked(&rig, around(&rig)).tell);
    assert!(!looked(&rig, around(&rig)).tell);
    assert!(
        !looked(&rig.pulled(), Around { metered: false, looking: false, until: i64::MAX }).tell,
        "nor by another process"
    );
}

#[test]
fn who_looks_is_not_told_and_what_a_window_fetched_is_told_to_who_does_not() {
    let rig = Rig::new();
    let (one, other) = (rig.send(WORDS), rig.send("Rögar kapağı yok."));
    looked(&rig, around(&rig));
    answer(&rig, one);
    assert!(!looked(&rig, Around { looking: true, ..around(&rig) }).tell);
    assert!(!looked(&rig, around(&rig)).tell, "he has seen it");
    // The window's own round was faster, and its screen was dark.
    answer(&rig, other);
    rig.sync();
    assert!(looked(&rig, around(&rig)).tell);
    // An announcement counts as well.
    let (title, text, from) = ("Fırtına".into(), "Metin.".into(), "Muhtarlıklar Müdürlüğü".into());
    let told = Announcement {
        id: 1,
        at: 1,
        reach: Reach::All,
        urgent: false,
        from,
        title,
        text,
        withdrawn: false,
        photos: vec![],
    };
    rig.server().announcements.push(told);
    assert!(looked(&rig, around(&rig)).tell);
    // One that is read, and another one that comes: as many as before, and that is all it can see.
    let _: Status = rig.call(Call::ReadAnnouncement { id: 1 });
    assert!(!looked(&rig, around(&rig)).tell);
}

#[test]
fn it_keeps_to_its_time_to_the_muhtars_choice_and_to_a_cut_line() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let shown: Request = rig.call(Call::Send { id });
    let photo: BlobRef = BlobRef {
        hash: shown.photos[0].hash,
        kind: mbs_shared::blob::BlobKind::Photo,
        size: shown.photos[0].size,
        width: 0,
        height: 0,
    };
    // Its time is over before it began: nothing is sent, and nothing is lost by it.
    let late = looked(&rig, Around { until: rig.tablet.now() - 1, ..around(&rig) });
    assert_eq!((late.summary.exchanges, rig.server().log.len()), (0, 1), "only the enrolment");
    rig.clock.pass(10 * 60_000);
    rig.server().faults = [Fault::Lost].into();
    assert!(looked(&rig, around(&rig)).summary.cut);
    rig.clock.pass(10 * 60_000);
    // Only over Wi-Fi: words go, photos wait.
    let _: Status = rig.call(Call::MobileLimit { mb: Some(0) });
    looked(&rig, Around { metered: true, ..around(&rig) });
    assert_eq!(rig.server().blobs.get(&photo.hash).map_or(0, Vec::len), 0);
    assert_eq!(rig.status().waiting, 1);
    assert_eq!(looked(&rig, around(&rig)).summary.photos, 1);
    // One that belongs to nobody does nothing.
    let nobody = Rig::bare(&rig.server, 9);
    assert_eq!(looked(&nobody, around(&nobody)), Came { summary: Default::default(), tell: false });
}
