//! What neighbours reported, and what one reported oneself.

use mbs_shared::document::Document;
use mbs_shared::id::RequestId;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::routing::State;
use mbs_shared::routing::deadline::istanbul_day;
use mbs_shared::wire::nearby::{Around, NearbyReply, OfCategory, Spot};
use mbs_tablet::door::view::{self, Related, Similar};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;

use crate::WORDS;
use crate::support::{MORNING, Rig};

const HOURS: i64 = 3_600_000;
/// What the neighbour reported.
const NEIGHBOURS: RequestId = RequestId([7; 16]);

fn reported(category: &str, lat: i32, lon: i32, days: i64) -> NearbyReply {
    let day = u32::try_from(istanbul_day(MORNING) - days).unwrap();
    let spots = vec![Spot { lat, lon, state: State::InProgress, day, request: Some(NEIGHBOURS) }];
    let reports = vec![OfCategory { category: category.into(), spots }];
    NearbyReply {
        tag: u64::from(day),
        around: Some(vec![Around { neighbourhood: "kadikoy-osmanaga".into(), reports }]),
    }
}

fn draft(rig: &Rig, category: &str, lat: f64, lon: f64) -> RequestId {
    let id = rig.draft(WORDS);
    let fix = Some(Fix { lat, lon, accuracy: 5.0, source: FixSource::Map });
    let set = Fields { category: Some(category.into()), fix, ..Fields::default() };
    let _: view::Request = rig.call(Call::SetDraft { id, set });
    id
}

fn similar(rig: &Rig, id: RequestId) -> Vec<Similar> {
    rig.call(Call::Similar { id })
}

#[test]
fn a_neighbours_report_close_by_is_told_without_a_network() {
    let rig = Rig::new();
    rig.server().nearby = reported("yol.cukur", 40_990, 29_026, 3);
    rig.sync();
    let rig = rig.pulled();
    let id = draft(&rig, "yol.cukur", 40.9905, 29.0263);
    let [only] = &similar(&rig, id)[..] else { panic!("one is told") };
    assert_eq!((only.own, only.who.as_str(), only.days, only.state), (None, "Osmanağa", 3, Some(State::InProgress)));
    assert!(only.metres.is_multiple_of(10) && only.metres <= 220, "{only:?}");
    // Another kind of trouble, another street, no place, no category.
    assert_eq!(similar(&rig, draft(&rig, "yol.cokme", 40.9905, 29.0263)), []);
    assert_eq!(similar(&rig, draft(&rig, "yol.cukur", 40.9935, 29.0263)), []);
    assert_eq!(similar(&rig, rig.draft(WORDS)), []);
}

#[test]
fn ones_own_request_close_by_is_told_the_closest_first() {
    let rig = Rig::new();
    rig.server().nearby = reported("yol.cukur", 40_991, 29_026, 9);
    rig.sync();
    let sent = draft(&rig, "yol.cukur", 40.9900, 29.0260);
    let _: view::Request = rig.call(Call::Send { id: sent });
    rig.clock.pass(2 * 24 * HOURS);
    let told = similar(&rig, draft(&rig, "yol.cukur", 40.9901, 29.0260));
    assert_eq!(told.iter().map(|s| s.own).collect::<Vec<_>>(), [Some(sent), None]);
    assert_eq!((told[0].days, told[0].state, told[0].metres), (2, None, 10));
    assert_eq!(told[0].who, rig.show(sent).row.case_no);
    assert_eq!(told[1].days, 11);
}

#[test]
fn neighbours_are_asked_for_a_few_times_a_day_and_only_what_is_new_is_kept() {
    let rig = Rig::new();
    let id = draft(&rig, "yol.cukur", 40.9905, 29.0263);
    rig.sync();
    rig.server().nearby = reported("yol.cukur", 40_990, 29_026, 0);
    rig.clock.pass(5 * HOURS);
    rig.sync();
    assert_eq!(similar(&rig, id), [], "not again yet");
    rig.clock.pass(2 * HOURS);
    rig.sync();
    assert_eq!(similar(&rig, id).len(), 1);
    // "Nothing new" keeps what is here.
    rig.server().nearby.around = None;
    rig.clock.pass(7 * HOURS);
    rig.sync();
    assert_eq!(similar(&rig, id).len(), 1);
    // An old report is not told for ever, though the server is out of reach.
    rig.clock.pass(70 * 24 * HOURS);
    assert_eq!(similar(&rig, id), []);
}

#[test]
fn a_draft_is_added_to_a_neighbours_report_or_to_ones_own_and_says_so_from_then_on() {
    let rig = Rig::new();
    rig.server().nearby = reported("yol.cukur", 40_990, 29_026, 3);
    rig.sync();
    let own = rig.send(WORDS);
    let id = draft(&rig, "yol.cukur", 40.9905, 29.0263);
    let relate = |id, to| rig.tablet.call(Call::Relate { id, to });
    let [only] = &similar(&rig, id)[..] else { panic!("one is told") };
    assert_eq!(only.request, Some(NEIGHBOURS));
    relate(id, only.request).unwrap();
    let osmanaga = Some(Related { own: None, who: "Osmanağa".into() });
    assert_eq!(rig.show(id).related, osmanaga);
    relate(id, None).unwrap();
    assert_eq!(rig.show(id).related, None, "taken back");
    relate(id, Some(own)).unwrap();
    assert_eq!(rig.show(id).related, Some(Related { own: Some(own), who: rig.show(own).row.case_no }));
    relate(id, Some(NEIGHBOURS)).unwrap();
    assert_eq!(relate(id, Some(RequestId([8; 16]))).unwrap_err().code, Code::NotFound);

    let rig = rig.pulled();
    let sent: view::Request = rig.call(Call::Send { id });
    assert_eq!(sent.related, osmanaga);
    assert_eq!(rig.tablet.call(Call::Relate { id, to: None }).unwrap_err().code, Code::WrongMoment);
    rig.sync();
    let raw = rig.server().changes[&id][0].raw.clone();
    assert_eq!(Document::load(&[&raw]).unwrap().read().unwrap().request.rel, Some(NEIGHBOURS), "the server is told");
    // Its neighbours tell of it no more: that it was added to one of theirs stays.
    rig.server().nearby = reported("yol.cokme", 40_990, 29_026, 1);
    rig.server().nearby.around.as_mut().unwrap()[0].reports[0].spots[0].request = None;
    rig.clock.pass(7 * HOURS);
    rig.sync();
    assert_eq!(rig.show(id).related, Some(Related { own: None, who: String::new() }));
}
