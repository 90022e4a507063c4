//! Deciding, line by line of the transition table.

use std::sync::LazyLock;

use mbs_server::routing::decide::{Command, Ground, Refusal, Step, decide, due, for_muhtar};
use mbs_server::routing::rules::{Changes, Rules};
use mbs_shared::directory::Directory;
use mbs_shared::id::{BlobHash, OfficialNo};
use mbs_shared::istanbul::{calendar, directory};
use mbs_shared::routing::case::{Answer, Task, Wish};
use mbs_shared::routing::table::{RULES as TABLE, To};
use mbs_shared::routing::{Action, Case, Event, Outcome, State, What, Who};
use mbs_shared::wire::error::Code;
use rstest::rstest;

/// Tuesday, 24 November 2026, 10:00 in Istanbul.
const NOW: i64 = 1_795_503_600_000;
const DAY: i64 = 86_400_000;

const PARENT: OfficialNo = OfficialNo { year: 2026, n: 1 };

/// A case in `state`, with what usually is there in it.
fn case(state: State) -> Case {
    let mut case = Case {
        n: 7,
        state,
        previous: State::InProgress,
        no: Some(OfficialNo { year: 2026, n: 9 }),
        due: Some(NOW + 3 * DAY),
        from: NOW - 2 * DAY,
        ..Case::default()
    };
    match state {
        State::Assigned | State::InProgress | State::Planned => case.unit = Some("db-yol-bakim-altyapi".into()),
        State::External => case.unit = Some("ib-kadikoy".into()),
        State::AwaitingMuhtar => case.paused = Some(NOW - DAY),
        State::AnswerPending => {
            let text = "Onarıldı.".into();
            case.draft = Some(Answer { text, outcome: Outcome::Done, photos: vec![], parent: None, at: NOW });
        }
        _ => {}
    }
    case
}

/// As the directory has them.
fn rules() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(directory(), 0, Changes::new()));
    &RULES
}

fn ground(case: &Case) -> Ground<'_> {
    Ground {
        case,
        now: NOW,
        category: "yol.cukur",
        directory: directory(),
        rules: rules(),
        calendar: calendar(),
        approval: true,
        other: Some(PARENT),
    }
}

/// A command with everything any action could want.
fn full(who: Who, action: Action) -> Command {
    let unit = match action {
        Action::SendOut | Action::Conclude | Action::Answer => "ib-kadikoy",
        _ => "md-yol-bakim-anadolu",
    };
    Command {
        unit: Some(unit.into()),
        outcome: Some(Outcome::Done),
        // An institution has written already; whatever is planned lies ahead.
        date: Some(if who == Who::External { "2026-11-20" } else { "2026-12-01" }.into()),
        note: "Söz".into(),
        other: Some(PARENT),
        task: Some(PART),
        ..Command::new(who, action)
    }
}

/// The event that gave a part of the work.
const PART: u32 = 5;

fn task(n: u32, unit: &str) -> Task {
    Task { n, unit: unit.into(), text: "Direk sökülecek.".into(), until: None, at: NOW, end: None }
}

fn after(case: &Case, steps: &[Step]) -> Case {
    let mut case = case.clone();
    for step in steps {
        let event = Event {
            n: case.n + 1,
            at: NOW,
            by: Who::System,
            what: step.what.clone(),
            note: step.note.clone(),
            entry: None,
        };
        case.apply(&event);
    }
    case
}

#[test]
fn every_line_of_the_table_leads_where_it_says_and_nothing_else_is_possible() {
    for state in State::ALL {
        for who in Who::ALL {
            for action in Action::ALL {
                let mut case = case(state);
                if matches!(action, Action::Release | Action::Decline) {
                    case.wish = Some(Wish { text: String::new(), entry: None });
                    case.unit = (who == Who::Unit).then(|| "db-yol-bakim-altyapi".into()).or(case.unit);
                }
                if matches!(action, Action::FinishTask | Action::ReturnTask | Action::CallOff | Action::Move) {
                    case.tasks.push(task(PART, "md-zabita-anadolu"));
                }
                let rule = TABLE.iter().find(|r| r.from == state && r.who == who && r.action == action);
                let decided = decide(&full(who, action), &ground(&case));
                match rule {
                    // Its words are the server's, and come from the other request.
                    Some(_) if action == Action::Follow => assert_eq!(decided, Err(Refusal::NotNow)),
                    None => assert_eq!(decided, Err(Refusal::NotNow), "{state:?} {who:?} {action:?}"),
                    Some(rule) => {
                        let steps = decided.unwrap_or_else(|e| panic!("{state:?} {who:?} {action:?}: {e:?}"));
                        let wanted = match rule.to {
                            To::State(state) => state,
                            To::Previous => case.previous,
                            To::Same => state,
                        };
                        assert_eq!(after(&case, &steps).state, wanted, "{state:?} {who:?} {action:?}");
                    }
                }
            }
        }
    }
}

#[rstest]
#[case(State::InProgress, Who::Unit, Action::Return)]
#[case(State::InProgress, Who::Unit, Action::Ask)]
#[case(State::InProgress, Who::Unit, Action::Answer)]
#[case(State::Planned, Who::Unit, Action::Interim)]
#[case(State::External, Who::Triage, Action::Interim)]
#[case(State::InReview, Who::Triage, Action::Conclude)]
#[case(State::External, Who::Triage, Action::TakeBack)]
#[case(State::AnswerPending, Who::Approver, Action::Correct)]
#[case(State::Concluded, Who::Muhtar, Action::Object)]
#[case(State::Concluded, Who::Triage, Action::Reopen)]
#[case(State::AwaitingMuhtar, Who::Muhtar, Action::Reply)]
#[case(State::InProgress, Who::Unit, Action::Task)]
#[case(State::InProgress, Who::Unit, Action::CallOff)]
#[case(State::Planned, Who::Helper, Action::FinishTask)]
#[case(State::Assigned, Who::Helper, Action::ReturnTask)]
fn words_are_asked_for(#[case] state: State, #[case] who: Who, #[case] action: Action) {
    let mut case = case(state);
    if matches!(action, Action::FinishTask | Action::ReturnTask | Action::CallOff) {
        case.tasks.push(task(PART, "md-zabita-anadolu"));
    }
    for note in ["", "  \n "] {
        let command = Command { note: note.into(), ..full(who, action) };
        assert!(matches!(decide(&command, &ground(&case)), Err(Refusal::Input("note", _))), "{note:?}");
    }
    let long = Command { note: "a".repeat(4_001), ..full(who, action) };
    assert!(matches!(decide(&long, &ground(&case)), Err(Refusal::Input("note", _))));
}

#[test]
fn an_objection_or_reply_may_be_a_photo() {
    for (state, action) in [(State::Concluded, Action::Object), (State::AwaitingMuhtar, Action::Reply)] {
        let case = case(state);
        let command = Command { photos: vec![BlobHash([1; 32])], ..Command::new(Who::Muhtar, action) };
        assert!(decide(&command, &ground(&case)).is_ok());
    }
}

#[rstest]
#[case(None)]
#[case(Some("2026-11-23"))]
#[case(Some("2026-02-30"))]
#[case(Some("01.12.2026"))]
#[case(Some("20261201"))]
#[case(Some("2026-12-01T10:00"))]
#[case(Some("2040-01-01"))]
fn a_date_is_valid_and_not_past(#[case] date: Option<&str>) {
    let case = case(State::InProgress);
    let command = Command { date: date.map(Into::into), ..full(Who::Unit, Action::Plan) };
    assert!(matches!(decide(&command, &ground(&case)), Err(Refusal::Input("date", _))));
}

#[test]
fn today_in_istanbul_is_not_past() {
    let case = case(State::InProgress);
    // 21:30 UTC on the 23rd is already the 24th in Istanbul.
    let ground = Ground { now: NOW - 9 * 3_600_000 - 1_800_000, ..ground(&case) };
    let on = |date: &str| decide(&Command { date: Some(date.into()), ..full(Who::Unit, Action::Plan) }, &ground);
    assert!(on("2026-11-24").is_ok());
    assert!(on("2026-11-23").is_err());
}

#[test]
fn forwarding_goes_down_only() {
    let case = case(State::Assigned);
    let to = |unit: &str| decide(&full(Who::Unit, Action::Forward).to(unit), &ground(&case));
    let down = directory()
        .units
        .iter()
        .find(|u| u.parent.as_deref() == case.unit.as_deref())
        .expect("a unit below the department");
    assert!(to(&down.code).is_ok());
    for wrong in ["db-yol-bakim-altyapi", "ibb", "ib-kadikoy", "md-yok"] {
        assert!(matches!(to(wrong), Err(Refusal::Input("unit", _))), "{wrong}");
    }
}

#[test]
fn a_part_of_the_work_goes_to_a_unit_that_has_none_of_it() {
    let mut case = case(State::InProgress);
    case.tasks.push(task(PART, "md-zabita-anadolu"));
    let to = |unit: &str, date: Option<&str>| {
        let command = Command { date: date.map(Into::into), ..full(Who::Unit, Action::Task).to(unit) };
        decide(&command, &ground(&case))
    };
    // An institution outside may do a part, too.
    for unit in ["md-yol-bakim-anadolu", "ib-kadikoy"] {
        let steps = to(unit, Some("2026-11-27")).unwrap();
        assert_eq!(steps[0].what, What::Tasked { unit: unit.into(), until: Some("2026-11-27".into()) });
        assert!(matches!(to(unit, None).unwrap()[0].what, What::Tasked { until: None, .. }));
    }
    // Nor the holder himself, nor who is at it, nor nobody; and not until yesterday.
    for wrong in ["db-yol-bakim-altyapi", "md-zabita-anadolu", "md-yok"] {
        assert!(matches!(to(wrong, None), Err(Refusal::Input("unit", _))), "{wrong}");
    }
    assert!(matches!(to("md-yol-bakim-anadolu", Some("2026-11-23")), Err(Refusal::Input("date", _))));
    // Which part ends must be said, and it must be owed.
    for wrong in [None, Some(PART + 1)] {
        let command = Command { task: wrong, ..full(Who::Helper, Action::FinishTask) };
        assert!(matches!(decide(&command, &ground(&case)), Err(Refusal::Input("task", _))), "{wrong:?}");
    }
}

#[test]
fn routing_goes_inside_and_sending_out_goes_outside() {
    let case = case(State::InReview);
    let to = |action, unit: &str| decide(&full(Who::Triage, action).to(unit), &ground(&case));
    assert!(to(Action::Route, "md-yol-bakim-anadolu").is_ok());
    assert!(to(Action::SendOut, "ib-kadikoy").is_ok());
    assert!(to(Action::Route, "ib-kadikoy").is_err());
    assert!(to(Action::SendOut, "md-yol-bakim-anadolu").is_err());
    assert!(to(Action::Route, "md-yok").is_err());
    let none = Command { unit: None, ..full(Who::Triage, Action::Route) };
    assert!(matches!(decide(&none, &ground(&case)), Err(Refusal::Input("unit", _))));
}

#[test]
fn triage_corrects_the_category_on_the_way_and_the_due_date_follows_it() {
    let case = case(State::InReview);
    let wanted = Command { category: Some("yol.kaldirim-bozuk".into()), ..full(Who::Triage, Action::Route) };
    let steps = decide(&wanted, &ground(&case)).unwrap();
    assert_eq!(steps[0].what, What::Recategorised { category: "yol.kaldirim-bozuk".into() });
    let What::Routed { due: routed, .. } = &steps[1].what else { panic!("{steps:?}") };
    assert_eq!(*routed, due(rules(), calendar(), "yol.kaldirim-bozuk", NOW - 2 * DAY));
    let same = Command { category: Some("yol.cukur".into()), ..wanted.clone() };
    assert_eq!(decide(&same, &ground(&case)).unwrap().len(), 1);
    let unknown = Command { category: Some("yok.yok".into()), ..wanted };
    assert!(matches!(decide(&unknown, &ground(&case)), Err(Refusal::Input("category", _))));
}

#[test]
fn nothing_is_due_later_than_the_law_allows() {
    for category in &directory().categories {
        let at = due(rules(), calendar(), &category.code, NOW);
        assert!(at > NOW && at <= NOW + 30 * DAY, "{}", category.code);
    }
    assert!(due(rules(), calendar(), "yok", NOW) > NOW);
}

#[test]
fn an_answer_waits_for_the_approver_only_where_the_switch_is_on() {
    let case = case(State::InProgress);
    let command = full(Who::Unit, Action::Answer);
    let waits = decide(&command, &ground(&case)).unwrap();
    assert_eq!(after(&case, &waits).state, State::AnswerPending);
    let at_once = decide(&command, &Ground { approval: false, ..ground(&case) }).unwrap();
    assert_eq!(at_once.len(), 2);
    let case = after(&case, &at_once);
    assert_eq!(case.state, State::Concluded);
    assert_eq!(case.answer.unwrap().text, "Söz");
}

#[test]
fn an_approver_may_reword_or_send_back_to_where_it_came_from() {
    let case = case(State::AnswerPending);
    let plain = Command::new(Who::Approver, Action::Approve);
    let approved = after(&case, &decide(&plain, &ground(&case)).unwrap());
    assert_eq!(approved.answer.unwrap().text, "Onarıldı.");
    let reworded = after(&case, &decide(&plain.saying("Çukur kapatıldı."), &ground(&case)).unwrap());
    assert_eq!(reworded.answer.unwrap().text, "Çukur kapatıldı.");
    let back = Command::new(Who::Approver, Action::Correct).saying("Tarih yazılmamış.");
    let back = after(&case, &decide(&back, &ground(&case)).unwrap());
    assert_eq!((back.state, back.draft), (State::InProgress, None));
}

#[test]
fn each_outcome_asks_for_what_it_means() {
    let case = case(State::InReview);
    let conclude = |outcome, change: fn(&mut Command)| {
        let mut command = full(Who::Triage, Action::Conclude).ending(outcome);
        change(&mut command);
        decide(&command, &ground(&case))
    };
    let no_words: fn(&mut Command) = |c| c.note.clear();
    for outcome in [Outcome::Done, Outcome::Partly, Outcome::Refused, Outcome::Informed, Outcome::OutOfRemit] {
        assert!(conclude(outcome, |_| ()).is_ok());
        assert!(matches!(conclude(outcome, no_words), Err(Refusal::Input("note", _))), "{outcome:?}");
    }
    let steps = conclude(Outcome::OutOfRemit, |_| ()).unwrap();
    assert!(steps[0].note.contains("Kadıköy Belediye"), "{}", steps[0].note);
    assert!(matches!(conclude(Outcome::OutOfRemit, |c| c.unit = None), Err(Refusal::Input("unit", _))));
    let steps = conclude(Outcome::Duplicate, no_words).unwrap();
    assert!(steps[0].note.starts_with("2026-000001"), "{}", steps[0].note);
    assert!(matches!(conclude(Outcome::Duplicate, |c| c.other = None), Err(Refusal::Input("other", _))));
    let unknown = Command { outcome: Some(Outcome::Duplicate), ..full(Who::Triage, Action::Conclude) };
    // Neither one that is not there, nor itself, nor one of its own duplicates, which leads back to itself.
    for other in [None, case.no] {
        let other = decide(&unknown, &Ground { other, ..ground(&case) });
        assert!(matches!(other, Err(Refusal::Input("other", _))), "{other:?}");
    }
    let none = Command { outcome: None, ..full(Who::Triage, Action::Conclude) };
    assert!(matches!(decide(&none, &ground(&case)), Err(Refusal::Input("outcome", _))));
}

#[test]
fn a_question_moves_the_due_date_by_the_time_it_waited() {
    let case = case(State::AwaitingMuhtar);
    for (who, action) in [(Who::Muhtar, Action::Reply), (Who::System, Action::ReplyLapsed)] {
        let steps = decide(&full(who, action), &ground(&case)).unwrap();
        let What::Resumed { due } = steps[0].what else { panic!("{steps:?}") };
        assert_eq!(due, calendar().resume(NOW + 3 * DAY, NOW - DAY, NOW));
        assert!(due > NOW + 3 * DAY);
    }
}

#[test]
fn refusals_speak_to_the_muhtar() {
    let said = |action, state| for_muhtar(Refusal::NotNow, action, state);
    assert!(said(Action::Withdraw, State::InProgress).contains("karar bekleniyor"));
    assert!(said(Action::Withdraw, State::AnswerPending).contains("Cevap hazırlandığı için"));
    assert!(said(Action::Reply, State::Assigned).contains("soru yok"));
    assert!(said(Action::Object, State::Closed).contains("kapandı"));
    assert!(said(Action::Confirm, State::InProgress).contains("sonuçlanmadı"));
}

/// A city where the roads directorate of the Anatolian side was closed and the other one does its work.
fn reorganised() -> Directory {
    let d = directory().clone();
    let units = d.units.into_iter().map(|mut unit| {
        if unit.code == "md-yol-bakim-anadolu" {
            unit.retired = true;
            unit.successors = vec!["md-yol-bakim-avrupa".into()];
        }
        unit
    });
    Directory::new(d.groups, d.categories, units.collect(), d.districts, d.neighbourhoods)
}

#[test]
fn nothing_new_goes_to_a_closed_unit() {
    let city = reorganised();
    let pothole = city.category("yol.cukur").unwrap();
    assert_eq!(city.resolve(&pothole.route, "kadikoy-rasimpasa").unwrap().code, "md-yol-bakim-avrupa");
    assert!(city.unit("md-yol-bakim-anadolu").is_some(), "its code stays valid for what it holds");

    let case = case(State::InReview);
    let ground = Ground { directory: &city, ..ground(&case) };
    let route = |unit: &str| decide(&Command::new(Who::Triage, Action::Route).to(unit), &ground);
    let refusal = route("md-yol-bakim-anadolu").unwrap_err();
    let successor = city.unit("md-yol-bakim-avrupa").unwrap().name.clone();
    assert_eq!(refusal, Refusal::Retired(Some(successor.clone())));
    let fault = mbs_server::error::Fault::from(refusal);
    assert_eq!(fault.code, Code::RetiredUnit);
    assert!(fault.message.contains(&successor), "{}", fault.message);
    assert!(route("md-yol-bakim-avrupa").is_ok());
}

#[test]
fn closed_units_in_a_circle_lead_to_nobody() {
    let d = directory().clone();
    let units = d.units.into_iter().map(|mut unit| {
        let other = match unit.code.as_str() {
            "md-yol-bakim-anadolu" => "md-yol-bakim-avrupa",
            "md-yol-bakim-avrupa" => "md-yol-bakim-anadolu",
            _ => return unit,
        };
        unit.retired = true;
        unit.successors = vec![other.into()];
        unit
    });
    let city = Directory::new(d.groups, d.categories, units.collect(), d.districts, d.neighbourhoods);
    let route = &city.category("yol.cukur").unwrap().route;
    assert_eq!(city.resolve(route, "kadikoy-rasimpasa"), None);
}
