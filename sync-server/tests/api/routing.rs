//! Routing as it is stored: automatic routes, acts, intents, lapses, the units' feeds.

use crate::common::*;
use mbs_server::database::feed::kind;
use mbs_server::routing::apply::{Act, Done};
use mbs_server::routing::decide::Command;
use mbs_shared::directory::{Route, Side};
use mbs_shared::id::RequestId;
use mbs_shared::istanbul::directory;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::routing::{Action, Outcome, State, What, Who};
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::error::Code;

async fn act(town: &Town, request: RequestId, command: Command) -> Result<Done, Code> {
    let seen = Some(town.head(request).n);
    town.service.act(Act { request, author: 1, seen, command }).await.map_err(|f| f.code)
}

fn unit(action: Action) -> Command {
    Command::new(Who::Unit, action).saying("Söz").ending(Outcome::Done)
}

#[tokio::test]
async fn all_hundred_categories_go_where_the_directory_says_on_both_sides() {
    let town = Town::new();
    for (home, side) in [("besiktas-bebek", Side::Europe), ("kadikoy-rasimpasa", Side::Anatolia)] {
        let mut tablet = town.tablet(home).await;
        let district = &directory().neighbourhood(home).unwrap().district_code;
        assert_eq!(directory().district(district).unwrap().side, side);
        for category in &directory().categories {
            let id = tablet.filed(&category.code).await;
            let wanted = match &category.route {
                Route::Fixed { code } => code.clone(),
                Route::BySide { europe, anatolia } => if side == Side::Europe { europe } else { anatolia }.clone(),
                Route::DistrictMunicipality => format!("ib-{district}"),
            };
            let head = town.head(id);
            assert_eq!(town.service.scopes.code(head.unit), wanted, "{} in {home}", category.code);
            let external = directory().unit(&wanted).unwrap().is_external();
            assert_eq!(head.state, if external { State::External } else { State::Assigned });
            assert!(head.due > MORNING && head.due <= MORNING + 30 * DAY);
            assert_eq!(town.unit_rows(&wanted).last(), Some(&(kind::ENTERED, 2)));
        }
    }
    assert_eq!(directory().categories.len(), 100);
    assert_eq!(town.count("select value from meta where name = 'number:2026'"), 200);
}

#[tokio::test]
async fn the_place_decides_and_not_the_office() {
    let town = Town::new();
    let mut tablet = town.tablet("besiktas-bebek").await;
    let words = mbs_shared::request::Request { gps: Some(RASIMPASA), ..tablet.words("yol.cukur") };
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    let head = town.head(id);
    assert_eq!(town.service.scopes.code(head.unit), "md-yol-bakim-anadolu");
    assert_eq!(town.service.scopes.code(head.place), "kadikoy-rasimpasa");
    assert_eq!(town.service.scopes.code(head.scope), "besiktas-bebek", "it stays the office's that filed it");

    // At sea, or nowhere: the office's own neighbourhood.
    let at_sea = Fix { lat: 40.80, lon: 28.90, accuracy: 5.0, source: FixSource::Map };
    let words = mbs_shared::request::Request { gps: Some(at_sea), ..tablet.words("yol.cukur") };
    let item = tablet.file_words(&words);
    let id = item.request;
    ok(&tablet.push(item).await);
    assert_eq!(town.service.scopes.code(town.head(id).unit), "md-yol-bakim-avrupa");
    assert_eq!(town.head(id).place, 0);
}

#[tokio::test]
async fn without_a_known_category_triage_looks_first() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    for category in ["", "yok.boyle.konu"] {
        let id = tablet.filed(category).await;
        let events = town.events(id);
        assert_eq!(events[1].what, What::Reviewed);
        assert!(!events[1].note.is_empty());
        assert_eq!((town.head(id).state, town.head(id).unit), (State::InReview, 0));
    }
}

#[tokio::test]
async fn the_whole_way_with_a_return_and_each_units_feed() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    act(&town, id, unit(Action::Return)).await.unwrap();
    assert_eq!(town.unit_rows("md-yol-bakim-anadolu"), [(kind::ENTERED, 2), (kind::LEFT, 3)]);
    assert_eq!(town.head(id).returns, 1);

    act(&town, id, Command::new(Who::Triage, Action::Route).to("md-yol-bakim-avrupa")).await.unwrap();
    act(&town, id, unit(Action::Accept)).await.unwrap();
    let done = act(&town, id, unit(Action::Answer)).await.unwrap();
    assert_eq!((done.state, done.events.len()), (State::Concluded, 2));
    assert_eq!(
        town.unit_rows("md-yol-bakim-avrupa"),
        [(kind::ENTERED, 4), (kind::STEP, 5), (kind::STEP, 6), (kind::STEP, 7)]
    );
    assert_eq!(town.unit_rows("md-yol-bakim-anadolu").len(), 2, "who lost it hears no more");

    let reply = tablet.sync(Vec::new()).await;
    assert_eq!(event_codes(&reply), ["returned", "routed", "accepted", "answered", "concluded"]);
    let case = town.case(id);
    assert_eq!(case.answer.unwrap().text, "Söz");
    assert_eq!((case.hops, town.head(id).hops), (2, 2));
    assert_eq!(town.head(id).outcome, Some(Outcome::Done));

    let confirm = tablet.entry(id, EntryKind::Confirm, "");
    ok(&tablet.push(confirm).await);
    assert_eq!(town.head(id).state, State::Closed);
    assert_eq!(act(&town, id, unit(Action::Accept)).await.unwrap_err(), Code::NotNow);
}

#[tokio::test]
async fn who_did_not_see_the_last_event_is_told_and_nothing_is_overwritten() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    let seen = town.head(id).n;
    let do_it = |action| town.service.act(Act { request: id, author: 1, seen: Some(seen), command: unit(action) });
    do_it(Action::Accept).await.unwrap();
    assert_eq!(do_it(Action::Return).await.unwrap_err().code, Code::Stale);
    assert_eq!(town.head(id).state, State::InProgress);
    let nowhere = Act { request: RequestId([0; 16]), author: 1, seen: None, command: unit(Action::Accept) };
    assert_eq!(town.service.act(nowhere).await.unwrap_err().code, Code::NotFound);
    let missing = Act { request: id, author: 1, seen: None, command: Command::new(Who::Unit, Action::Ask) };
    let fault = town.service.act(missing).await.unwrap_err();
    assert_eq!(fault.code, Code::BadInput);
    assert!(fault.message.starts_with("note:"), "{}", fault.message);
}

#[tokio::test]
async fn intents_are_decided_as_they_come() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    // Withdrawn before the unit took it.
    let id = tablet.filed("yol.cukur").await;
    let withdraw = tablet.entry(id, EntryKind::Withdraw, "Kendileri yapmış.");
    let reply = tablet.sync(vec![withdraw.clone()]).await;
    ok(&reply.results[0]);
    assert_eq!(event_codes(&reply), ["cancelled"]);
    assert_eq!(town.head(id).state, State::Cancelled);
    let event = town.events(id).pop().unwrap();
    assert_eq!(event.by, Who::Muhtar);
    assert!(event.entry.is_some());
    // Pushed again, nothing happens again.
    ok(&tablet.push(withdraw).await);
    assert_eq!(town.events(id).len(), 3);

    // Once a unit has begun it is a wish, and the holder decides.
    let id = tablet.filed("yol.cukur").await;
    act(&town, id, unit(Action::Accept)).await.unwrap();
    assert_eq!(act(&town, id, unit(Action::Decline)).await.unwrap_err(), Code::NotNow, "nobody wished anything");
    let wish = tablet.entry(id, EntryKind::Withdraw, "Kendileri yapmış.");
    ok(&tablet.push(wish).await);
    let wished = town.events(id).pop().unwrap();
    assert_eq!((&wished.what, wished.by, wished.note.as_str()), (&What::Wished, Who::Muhtar, "Kendileri yapmış."));
    assert_eq!(town.head(id).state, State::InProgress);
    // A second wish is kept and says so.
    let again = tablet.entry(id, EntryKind::Withdraw, "");
    ok(&tablet.push(again).await);
    let refused = town.events(id).pop().unwrap();
    assert_eq!(refused.what, What::Refused);
    assert!(refused.note.contains("karar bekleniyor"), "{}", refused.note);
    act(&town, id, unit(Action::Decline)).await.unwrap();
    let declined = town.events(id).pop().unwrap();
    assert_eq!((declined.what, declined.entry), (What::Declined, wished.entry), "it is told beside the wish");
    let wish = tablet.entry(id, EntryKind::Withdraw, "");
    ok(&tablet.push(wish).await);
    let let_go = tablet.filed("yol.cukur").await;
    act(&town, let_go, unit(Action::Accept)).await.unwrap();
    let wish = tablet.entry(let_go, EntryKind::Withdraw, "");
    ok(&tablet.push(wish).await);
    assert_eq!(act(&town, let_go, unit(Action::Release)).await.unwrap().state, State::Cancelled);
    act(&town, id, unit(Action::Ask)).await.unwrap();

    // A question, answered.
    let id_before = town.head(id).due;
    town.pass(2 * DAY);
    let answer = tablet.entry(id, EntryKind::Answer, "Okulun arka kapısı.");
    ok(&tablet.push(answer).await);
    assert_eq!(town.head(id).state, State::InProgress);
    assert!(town.head(id).due > id_before);
    assert_eq!(town.head(id).paused, 0);

    // Concluded, objected, looked at again with a new clock.
    act(&town, id, unit(Action::Answer)).await.unwrap();
    let silent = tablet.entry(id, EntryKind::Object, " ");
    ok(&tablet.push(silent).await);
    assert_eq!(town.events(id).pop().unwrap().what, What::Refused);
    let object = tablet.entry(id, EntryKind::Object, "Hâlâ duruyor.");
    ok(&tablet.push(object).await);
    let head = town.head(id);
    assert_eq!((head.state, head.unit, head.outcome), (State::InReview, 0, None));
    assert_eq!(town.unit_rows("md-yol-bakim-anadolu").last().unwrap().0, kind::LEFT);
}

#[tokio::test]
async fn approval_is_asked_where_a_unit_switched_it_on() {
    let town = Town::new();
    town.service.set_approval("md-yol-bakim-anadolu", true).await.unwrap();
    assert_eq!(town.service.set_approval("md-yok", true).await.unwrap_err().code, Code::BadInput);
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    act(&town, id, unit(Action::Accept)).await.unwrap();
    assert_eq!(act(&town, id, unit(Action::Answer)).await.unwrap().state, State::AnswerPending);
    let approve = Command::new(Who::Approver, Action::Approve);
    assert_eq!(act(&town, id, approve).await.unwrap().state, State::Concluded);
}

#[tokio::test]
async fn a_photo_from_the_spot_must_be_here_and_ones_own() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let id = tablet.filed("yol.cukur").await;
    act(&town, id, unit(Action::Accept)).await.unwrap();
    let (bytes, photo) = photo(3, 1_000);
    let answer = Command { photos: vec![photo.hash], ..unit(Action::Answer) };
    assert_eq!(act(&town, id, answer.clone()).await.unwrap_err(), Code::BadInput);
    let upload = |staff| {
        town.service
            .write(move |tx| Ok(mbs_server::database::blobs::add(tx.session(), photo.hash, 1_000, staff, MORNING)?))
    };
    town.service.store.put(mbs_server::blob_store::Key::Full(photo.hash), &bytes).unwrap();
    upload(2).await.unwrap();
    assert_eq!(act(&town, id, answer.clone()).await.unwrap_err(), Code::BadInput, "another person's");
    assert_eq!(town.head(id).state, State::InProgress);
    let by_owner = Act { request: id, author: 2, seen: None, command: answer };
    town.service.act(by_owner).await.unwrap();
    let key = mbs_server::blob_store::Key::Full(photo.hash);
    let got = mbs_server::handlers::blob::get(&town.service, &tablet.caller, key, 0).await.unwrap();
    assert_eq!(got, bytes);
}

#[tokio::test]
async fn what_nobody_answers_lapses() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let asked = tablet.filed("yol.cukur").await;
    let concluded = tablet.filed("yol.cukur").await;
    for id in [asked, concluded] {
        act(&town, id, unit(Action::Accept)).await.unwrap();
    }
    act(&town, asked, unit(Action::Ask)).await.unwrap();
    act(&town, concluded, unit(Action::Answer)).await.unwrap();
    town.pass(10 * DAY - 1);
    town.service.tick(MORNING + 10 * DAY - 1).await.unwrap();
    assert_eq!(town.head(asked).state, State::AwaitingMuhtar);
    town.pass(60_001);
    town.service.tick(MORNING + 10 * DAY + 60_000).await.unwrap();
    assert_eq!(town.head(asked).state, State::InProgress);
    assert_eq!(town.head(concluded).state, State::Concluded);
    town.pass(20 * DAY);
    town.service.tick(MORNING + 30 * DAY + 120_000).await.unwrap();
    assert_eq!(town.head(concluded).state, State::Closed);
    assert_eq!(town.events(concluded).pop().unwrap().what, What::Closed { confirmed: false });
}
