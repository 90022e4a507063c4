//! The transition table, and that the case folded from events agrees with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;

use mbs_shared::id::OfficialNo;
use mbs_shared::routing::case::{Answer, MAX_TASKS, Task, Wish};
use mbs_shared::routing::table::{RULES, To, next};
use mbs_shared::routing::{Action, Case, Event, Outcome, Rule, State, What, Who};
use proptest::prelude::*;

/// An event that takes `action`.
fn taking(action: Action) -> What {
    let unit = || "md-x".to_owned();
    match action {
        Action::Review => What::Reviewed,
        Action::Route => What::Routed { unit: unit(), due: 1_000 },
        Action::SendOut => What::SentOut { unit: "dk-x".into(), due: 2_000 },
        Action::Accept => What::Accepted,
        Action::Forward => What::Forwarded { unit: "md-x-alt".into() },
        Action::Return => What::Returned,
        Action::Plan => What::Planned { date: "2026-12-01".into() },
        Action::Start => What::Started,
        Action::Ask => What::Asked,
        Action::Reply | Action::ReplyLapsed => What::Resumed { due: 3_000 },
        Action::Answer => What::Answered { outcome: Outcome::Done, photos: vec![], parent: None },
        Action::Approve | Action::Conclude => What::Concluded { outcome: Outcome::Done, photos: vec![], parent: None },
        Action::Correct => What::Corrected,
        Action::TakeBack => What::TakenBack,
        Action::Confirm => What::Closed { confirmed: true },
        Action::ConfirmLapsed => What::Closed { confirmed: false },
        Action::Object => What::Objected,
        Action::Reopen => What::Reopened,
        Action::Withdraw | Action::Release => What::Cancelled,
        Action::Decline => What::Declined,
        Action::Interim => What::Interim,
        Action::Link => What::Linked { no: OTHER },
        Action::Follow => What::Followed { no: OTHER, outcome: Outcome::Done },
        Action::Task => What::Tasked { unit: "md-y".into(), until: None },
        Action::FinishTask => What::TaskDone { task: 0, photos: vec![] },
        Action::ReturnTask | Action::CallOff => What::TaskDropped { task: 0 },
        Action::Move => What::Moved { unit: "md-z".into(), task: None },
    }
}

/// The event that follows a line: a muhtar's withdrawal is the end or a wish, and a part of the work that ends is the one
/// that was given first.
fn following(rule: &Rule, case: &Case) -> What {
    match taking(rule.action) {
        What::Cancelled if (rule.action, rule.to) == (Action::Withdraw, To::Same) => What::Wished,
        What::TaskDone { photos, .. } => What::TaskDone { task: first_owed(case), photos },
        What::TaskDropped { .. } => What::TaskDropped { task: first_owed(case) },
        // The request itself where it has a holder, else a part of it.
        What::Moved { unit, .. } => What::Moved { unit, task: case.unit.is_none().then(|| first_owed(case)) },
        what => what,
    }
}

fn first_owed(case: &Case) -> u32 {
    case.owed().next().map_or(0, |task| task.n)
}

fn task(n: u32) -> Task {
    Task { n, unit: "md-y".into(), text: "Direk sökülecek.".into(), until: None, at: 1, end: None }
}

const OTHER: OfficialNo = OfficialNo { year: 2025, n: 77 };

/// What a line asks of a case beside its state.
fn readied(mut case: Case, rule: &Rule) -> Case {
    match rule.action {
        Action::Release | Action::Decline => {
            case.wish = Some(Wish { text: "Sorun çözüldü.".into(), entry: None });
            case.unit = (rule.who == Who::Unit).then(|| "md-x".into());
        }
        Action::Withdraw => case.wish = None,
        Action::Follow => {
            let parent = Some(OTHER);
            case.answer =
                Some(Answer { text: String::new(), outcome: Outcome::Duplicate, photos: vec![], parent, at: 1 });
        }
        Action::FinishTask | Action::ReturnTask | Action::CallOff => case.tasks.push(task(1)),
        Action::Move => case.unit = Some("md-x".into()),
        _ => {}
    }
    case
}

fn event(n: u32, by: Who, what: What) -> Event {
    Event { n, at: i64::from(n) * 10, by, what, note: format!("not {n}"), entry: None }
}

fn received() -> Case {
    Case::fold(&[event(1, Who::System, What::Received { no: OfficialNo { year: 2026, n: 1 }, channel: None })])
}

/// A new case taken through the given steps, each of which the table must have.
fn after(steps: &[(Who, Action)]) -> Case {
    let mut case = received();
    for (who, action) in steps {
        case = step(&case, *who, *action);
    }
    case
}

fn step(case: &Case, who: Who, action: Action) -> Case {
    let event = event(case.n + 1, who, taking(action));
    assert!(case.allows(&event), "{who:?} {action:?} in {:?}", case.state);
    let mut next = case.clone();
    next.apply(&event);
    next
}

fn target(rule: &Rule, previous: State) -> State {
    match rule.to {
        To::State(state) => state,
        To::Previous => previous,
        To::Same => rule.from,
    }
}

/// Every (state, way back) a case can get into, by the table alone.
fn reachable() -> HashSet<(State, State)> {
    let mut seen = HashSet::from([(State::Received, State::Received)]);
    let mut open: Vec<_> = seen.iter().copied().collect();
    while let Some((from, previous)) = open.pop() {
        for rule in RULES.iter().filter(|r| r.from == from && r.to != To::Same) {
            let to = target(rule, previous);
            let back = if RULES.iter().any(|r| r.from == to && r.to == To::Previous) { from } else { to };
            if seen.insert((to, back)) {
                open.push((to, back));
            }
        }
    }
    seen
}

#[test]
fn every_state_and_every_rule_is_reachable() {
    let states: HashSet<_> = reachable().into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, State::ALL.into_iter().collect());
    assert!(RULES.iter().all(|r| states.contains(&r.from)));
}

#[test]
fn nothing_leads_out_of_a_final_state() {
    for state in State::ALL {
        let leads_out = RULES.iter().any(|r| r.from == state && r.to != To::Same);
        assert_eq!(!leads_out, state.is_final(), "{state:?}");
    }
}

#[test]
fn no_two_rules_answer_the_same_question() {
    let mut seen = HashSet::new();
    for r in RULES {
        assert!(seen.insert((r.from, r.who, r.action)), "{r:?}");
        assert_eq!(next(r.from, r.who, r.action), Some(r.to));
        let case = readied(Case { state: r.from, ..Case::default() }, r);
        assert_eq!(case.next(r.who, r.action), Some(r.to), "{r:?}");
        assert!(case.may(r.who).any(|a| a == r.action), "{r:?}");
    }
}

#[test]
fn every_action_and_everyone_has_a_rule_and_a_name() {
    for action in Action::ALL {
        assert!(RULES.iter().any(|r| r.action == action), "{action:?}");
        assert_eq!(serde_json::to_value(action).unwrap(), action.code());
        assert_eq!(Action::from_code(action.code()), Some(action));
    }
    for who in Who::ALL {
        assert!(RULES.iter().any(|r| r.who == who), "{who:?}");
        assert_eq!(serde_json::to_value(who).unwrap(), who.code());
        assert_eq!(Who::from_code(who.code()), Some(who));
    }
    for state in State::ALL {
        assert_eq!(serde_json::to_value(state).unwrap(), state.code());
        assert_eq!(State::from_code(state.code()), Some(state));
    }
    for outcome in Outcome::ALL {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.code());
        assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
    }
}

#[test]
fn events_and_table_agree_on_every_rule() {
    for rule in RULES {
        let backs: Vec<_> = reachable().into_iter().filter(|(s, _)| *s == rule.from).map(|(_, p)| p).collect();
        assert!(!backs.is_empty());
        for previous in backs {
            let mut case = readied(Case { n: 7, state: rule.from, previous, ..Case::default() }, rule);
            let what = following(rule, &case);
            assert_eq!(what.action(rule.who), Some(rule.action), "{rule:?}");
            let event = event(8, rule.who, what);
            assert!(case.allows(&event));
            case.apply(&event);
            assert_eq!(case.state, target(rule, previous), "{rule:?}");
            assert_eq!(case.n, 8);
        }
    }
}

#[test]
fn what_the_table_does_not_have_is_not_allowed() {
    for state in State::ALL {
        for who in Who::ALL {
            for action in Action::ALL {
                let found = RULES.iter().find(|r| (r.from, r.who, r.action) == (state, who, action));
                let asked = found.copied().unwrap_or(Rule { from: state, who, action, to: To::Same });
                let case = readied(Case { n: 1, state, ..Case::default() }, &asked);
                let what = following(&asked, &case);
                // One event serves two actions: which of them is meant, the actor tells, and each has its turn here.
                if what.action(who) != Some(action) {
                    continue;
                }
                assert_eq!(case.allows(&event(2, who, what)), found.is_some(), "{who:?} {action:?} in {state:?}");
            }
        }
    }
}

#[test]
fn what_a_line_asks_of_a_case_is_asked() {
    for rule in RULES {
        let bare = Case { state: rule.from, ..Case::default() };
        let asks = matches!(
            rule.action,
            Action::Release
                | Action::Decline
                | Action::Follow
                | Action::FinishTask
                | Action::ReturnTask
                | Action::CallOff
                | Action::Move
        );
        assert_eq!(bare.next(rule.who, rule.action).is_none(), asks, "{rule:?}");
    }
    // A wish is heard in every state, whoever holds the case; only a question's is its asker's alone.
    for rule in RULES.iter().filter(|r| matches!(r.action, Action::Release | Action::Decline)) {
        for unit in [None, Some("md-x".to_owned())] {
            let wished = Case { state: rule.from, unit, ..step_wish(&accepted_then(&[])) };
            let asker = (rule.who == W::Unit) == wished.unit.is_some();
            let wanted = rule.from != State::AwaitingMuhtar || asker;
            assert_eq!(wished.next(rule.who, rule.action).is_some(), wanted, "{rule:?} {:?}", wished.unit);
        }
    }
    // A second wish adds nothing, and a question belongs to whoever holds the case.
    let wished = step_wish(&accepted_then(&[]));
    assert!(wished.may(W::Muhtar).all(|action| action != A::Withdraw));
    let asked = step(&wished, W::Unit, A::Ask);
    assert!(asked.may(W::Unit).any(|action| action == A::Release));
    assert!(asked.may(W::Triage).all(|action| action != A::Release));
}

/// The muhtar wishes to withdraw it.
fn step_wish(case: &Case) -> Case {
    let mut case = case.clone();
    let wish = event(case.n + 1, W::Muhtar, What::Wished);
    assert!(case.allows(&wish));
    case.apply(&wish);
    case
}

#[test]
fn a_wish_to_withdraw_waits_for_the_holder_wherever_the_case_goes() {
    let wished = step_wish(&accepted_then(&[]));
    assert_eq!(wished.state, State::InProgress);
    assert_eq!(wished.wish.as_ref().map(|w| w.text.as_str()), Some("not 4"));
    let (declined, released) = (step(&wished, W::Unit, A::Decline), step(&wished, W::Unit, A::Release));
    assert_eq!((declined.state, &declined.wish), (State::InProgress, &None));
    assert_eq!((released.state, &released.wish), (State::Cancelled, &None));
    let returned = step(&wished, W::Unit, A::Return);
    assert!(returned.wish.is_some());
    assert_eq!(step(&returned, W::Triage, A::Release).state, State::Cancelled);
    let concluded = step(&step(&wished, W::Unit, A::Answer), W::Approver, A::Approve);
    assert_eq!(concluded.wish, None, "the answer has overtaken it");
}

#[test]
fn an_interim_reply_moves_the_ceiling_until_the_clock_begins_again() {
    const DAY: i64 = 86_400_000;
    let case = accepted_then(&[]);
    assert_eq!((case.from, case.ceiling()), (10, Some(10 + 15 * DAY)));
    let replied = step(&case, W::Unit, A::Interim);
    assert_eq!(replied.state, State::InProgress);
    assert_eq!(replied.ceiling(), Some(10 + 30 * DAY));
    let concluded = step(&step(&replied, W::Unit, A::Answer), W::Approver, A::Approve);
    assert_eq!(concluded.ceiling(), None);
    let objected = step(&concluded, W::Muhtar, A::Object);
    assert_eq!((objected.from, objected.interim.is_none()), (70, true));
    assert_eq!(objected.ceiling(), Some(70 + 15 * DAY));
    assert_eq!(Case::default().ceiling(), None);
}

#[test]
fn a_duplicate_follows_its_parent_and_is_parted_from_it() {
    let mut child = after(&[(W::System, A::Review)]);
    let parent = Some(OTHER);
    let what = What::Concluded { outcome: Outcome::Duplicate, photos: vec![], parent };
    child.apply(&event(child.n + 1, W::Triage, what));
    assert_eq!((child.parent(), &child.followed), (Some(OTHER), &None));
    let followed = step(&child, W::System, A::Follow);
    assert_eq!(followed.followed.as_ref().map(|f| (f.outcome, f.parent)), Some((Outcome::Done, parent)));
    assert_eq!((followed.state, followed.outcome), (State::Concluded, Some(Outcome::Duplicate)));
    let reopened = step(&followed, W::Triage, A::Reopen);
    assert_eq!((reopened.parent(), reopened.followed), (None, None));

    let mut kept = received();
    for what in [What::Joined { no: OTHER }, What::Joined { no: OTHER }, What::Linked { no: OTHER }] {
        let noted = event(kept.n + 1, W::System, what);
        assert!(kept.allows(&noted) && !kept.allows(&Event { by: W::Unit, ..noted.clone() }));
        kept.apply(&noted);
    }
    assert_eq!((kept.duplicates.as_slice(), kept.links.as_slice()), (&[OTHER][..], &[OTHER][..]));
    kept.apply(&event(kept.n + 1, W::System, What::Parted { no: OTHER }));
    assert!(kept.duplicates.is_empty() && kept.links == [OTHER]);
}

#[test]
fn a_case_ends_with_the_last_part_of_its_work() {
    let mut case = accepted_then(&[(W::Unit, A::Task), (W::Triage, A::Task), (W::Unit, A::Plan)]);
    let owed = |case: &Case| case.owed().map(|task| task.n).collect::<Vec<_>>();
    assert_eq!((owed(&case), case.state), (vec![4, 5], State::Planned));
    assert_eq!(case.tasks[0].text, "not 4");
    let answers = |case: &Case| case.may(W::Unit).any(|action| action == A::Answer);
    assert!(!answers(&case), "two units are still at it");
    // Which part it is, the event says: none that is not owed, and none twice.
    for (task, allowed) in [(3, false), (4, true), (4, false), (5, true)] {
        let done = event(case.n + 1, W::Helper, What::TaskDone { task, photos: vec![] });
        assert_eq!(case.allows(&done), allowed, "{task}");
        if allowed {
            assert!(!answers(&case));
            case.apply(&done);
        }
    }
    assert!(answers(&case) && case.may(W::Helper).next().is_none());
    assert!(case.tasks.iter().all(|task| task.end.as_ref().is_some_and(|end| end.done)));

    // What is returned takes its parts along, and a withdrawal ends them with the case.
    let returned = step(&accepted_then(&[(W::Unit, A::Task)]), W::Unit, A::Return);
    assert_eq!((owed(&returned), returned.state), (vec![4], State::InReview));
    assert!(returned.may(W::Triage).all(|action| action != A::Conclude));
    let released = step(&step_wish(&accepted_then(&[(W::Unit, A::Task)])), W::Unit, A::Release);
    assert!(released.owed().next().is_none() && released.may(W::Helper).next().is_none());
    // Of a closed unit another one has it: the request, and each part by itself, without a change of hands.
    let mut moved = accepted_then(&[(W::Unit, A::Task)]);
    let hops = moved.hops;
    for (unit, task) in [("md-z", None), ("md-w", Some(4))] {
        let event = event(moved.n + 1, W::System, What::Moved { unit: unit.into(), task });
        assert!(moved.allows(&event) && !moved.allows(&Event { by: W::Unit, ..event.clone() }));
        moved.apply(&event);
    }
    assert_eq!((moved.unit.as_deref(), moved.tasks[0].unit.as_str(), moved.hops), (Some("md-z"), "md-w", hops));
    assert_eq!(moved.state, State::InProgress);
    // As many as one can keep in view.
    let many = accepted_then(&[(W::Unit, A::Task); MAX_TASKS]);
    assert!(many.may(W::Unit).all(|action| action != A::Task));
}

#[test]
fn what_moves_no_case_is_allowed_only_in_its_place() {
    let no = OfficialNo { year: 2026, n: 1 };
    assert!(Case::default().allows(&event(1, Who::System, What::Received { no, channel: None })));
    assert!(
        !received().allows(&event(2, Who::System, What::Received { no, channel: None })),
        "a case is received once"
    );
    let category = || What::Recategorised { category: "yol.cukur".into() };
    for state in State::ALL {
        let case = Case { n: 1, state, ..Case::default() };
        assert!(case.allows(&event(2, Who::System, What::Refused)), "{state:?}");
        assert_eq!(case.allows(&event(2, Who::Triage, category())), state.is_open(), "{state:?}");
        assert!(!case.allows(&event(2, Who::Unit, category())));
    }
}

use Action as A;
use Who as W;

const ACCEPTED: [(Who, Action); 2] = [(W::System, A::Route), (W::Unit, A::Accept)];

fn accepted_then(more: &[(Who, Action)]) -> Case {
    after(&[&ACCEPTED[..], more].concat())
}

#[rstest::rstest]
#[case::from_triage(after(&[(W::System, A::Review)]), W::Triage)]
#[case::from_work(accepted_then(&[]), W::Unit)]
fn a_question_leads_back_to_where_it_was_asked(#[case] before: Case, #[case] asker: Who) {
    let asked = step(&before, asker, A::Ask);
    assert_eq!(asked.state, State::AwaitingMuhtar);
    assert_eq!(asked.question.as_deref(), Some(format!("not {}", asked.n).as_str()));
    assert_eq!(asked.paused, Some(i64::from(asked.n) * 10));
    for (who, action) in [(W::Muhtar, A::Reply), (W::System, A::ReplyLapsed)] {
        let resumed = step(&asked, who, action);
        assert_eq!(resumed.state, before.state);
        assert_eq!((resumed.question, resumed.paused), (None, None));
        assert_eq!(resumed.unit, before.unit);
        // A date moves where there is one.
        assert_eq!(resumed.due, before.due.map(|_| 3_000));
    }
}

#[rstest::rstest]
#[case::in_progress(accepted_then(&[]), W::Unit)]
#[case::planned(accepted_then(&[(W::Unit, A::Plan)]), W::Unit)]
#[case::external(after(&[(W::System, A::SendOut)]), W::External)]
#[case::sent_out_by_the_unit(accepted_then(&[(W::Unit, A::SendOut)]), W::External)]
fn a_correction_leads_back_to_the_holder(#[case] before: Case, #[case] holder: Who) {
    let mut answered = step(&before, holder, A::Answer);
    assert_eq!(answered.draft.as_ref().map(|d| d.outcome), Some(Outcome::Done));
    // What leaves the state alone does not lose the way back.
    answered.apply(&event(answered.n + 1, W::System, What::Refused));
    answered.apply(&event(answered.n + 1, W::Triage, What::Recategorised { category: "yol.cukur".into() }));
    let corrected = step(&answered, W::Approver, A::Correct);
    assert_eq!(corrected.state, before.state);
    assert_eq!(corrected.unit, before.unit);
    assert_eq!(corrected.planned, before.planned, "a plan outlives a draft");
    assert_eq!(corrected.draft, None);
    assert_eq!(corrected.category.as_deref(), Some("yol.cukur"));
    // And a second time.
    let again = step(&step(&corrected, holder, A::Answer), W::Approver, A::Correct);
    assert_eq!((again.state, again.unit), (before.state, before.unit));
}

#[test]
fn a_question_survives_what_leaves_the_state_alone() {
    let mut asked = accepted_then(&[(W::Unit, A::Ask)]);
    let question = asked.question.clone();
    asked.apply(&event(asked.n + 1, W::System, What::Refused));
    assert_eq!((asked.state, &asked.question), (State::AwaitingMuhtar, &question));
    assert_eq!(step(&asked, W::Muhtar, A::Reply).state, State::InProgress);
}

#[test]
fn an_objection_takes_back_the_answer_and_its_date() {
    let concluded = accepted_then(&[(W::Unit, A::Answer), (W::Approver, A::Approve)]);
    assert_eq!(concluded.outcome, Some(Outcome::Done));
    assert!(concluded.answer.is_some() && concluded.draft.is_none());
    let objected = step(&concluded, W::Muhtar, A::Object);
    assert_eq!((objected.state, objected.unit, objected.due), (State::InReview, None, None));
    assert_eq!((objected.outcome, &objected.answer, objected.objections), (None, &None, 1));
    let reopened = step(&concluded, W::Triage, A::Reopen);
    assert_eq!((reopened.state, reopened.objections), (State::InReview, 0));
}

#[test]
fn a_plan_ends_with_its_state() {
    let planned = accepted_then(&[(W::Unit, A::Plan)]);
    assert!(planned.planned.is_some());
    assert_eq!(step(&planned, W::Unit, A::Start).planned, None);
}

#[test]
fn what_is_linked_twice_stands_once() {
    let linked = accepted_then(&[(W::Unit, A::Link), (W::Unit, A::Link)]);
    assert_eq!(linked.links, [OTHER]);
}

#[test]
fn hands_and_returns_are_counted() {
    let case = after(&[
        (W::System, A::Route),
        (W::Unit, A::Forward),
        (W::Unit, A::Return),
        (W::Triage, A::Route),
        (W::Unit, A::Return),
    ]);
    assert_eq!((case.hops, case.returns, case.unit), (3, 2, None));
}

/// The table walked by a model of its own: a state, and a stack of ways back.
struct Model {
    state: State,
    back: Vec<State>,
}

impl Model {
    fn walk(&mut self, rule: &Rule) {
        match rule.to {
            To::Previous => self.state = self.back.pop().unwrap(),
            To::Same => {}
            To::State(to) => {
                if matches!(to, State::AwaitingMuhtar | State::AnswerPending) {
                    self.back.push(self.state);
                } else {
                    self.back.clear();
                }
                self.state = to;
            }
        }
    }
}

proptest! {
    #[test]
    fn any_walk_ends_where_the_table_leads(choices in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut model = Model { state: State::Received, back: vec![] };
        let mut case = received();
        let mut events = vec![event(1, Who::System, What::Received { no: OfficialNo { year: 2026, n: 1 }, channel: None })];
        for choice in choices {
            let here = RULES.iter().filter(|r| r.from == model.state);
            let rules: Vec<_> = here.filter(|r| case.may(r.who).any(|action| action == r.action)).collect();
            let (by, what) = match choice % 8 {
                0 => (Who::System, What::Refused),
                1 if model.state.is_open() => (Who::Triage, What::Recategorised { category: "park.agac".into() }),
                _ if rules.is_empty() => break,
                _ => {
                    let rule = rules[usize::from(choice / 8) % rules.len()];
                    model.walk(rule);
                    (rule.who, following(rule, &case))
                }
            };
            let event = event(case.n + 1, by, what);
            prop_assert!(case.allows(&event));
            case.apply(&event);
            events.push(event);
            prop_assert_eq!(case.state, model.state);
            // Each field belongs to its state.
            prop_assert_eq!(case.question.is_some(), case.state == State::AwaitingMuhtar);
            prop_assert_eq!(case.paused.is_some(), case.state == State::AwaitingMuhtar);
            prop_assert_eq!(case.draft.is_some(), case.state == State::AnswerPending);
            prop_assert_eq!(case.answer.is_some(), matches!(case.state, State::Concluded | State::Closed));
            prop_assert!(case.state != State::Planned || case.planned.is_some());
            // No answer, and no end but a withdrawal, while a part of the work is owed.
            let left = case.tasks.iter().filter(|task| task.end.is_none()).count();
            let answered = matches!(case.state, State::AnswerPending | State::Concluded | State::Closed);
            prop_assert!(left == 0 || (!answered && left <= MAX_TASKS), "{left} in {:?}", case.state);
            if matches!(case.state, State::Assigned | State::InProgress | State::Planned | State::External) {
                prop_assert!(case.unit.is_some() && case.due.is_some());
            }
        }
        prop_assert_eq!(Case::fold(&events), case);
    }
}

/// The table as a Mermaid state diagram.
fn diagram() -> String {
    let mut ways: BTreeMap<(State, State), BTreeSet<String>> = BTreeMap::new();
    for (from, previous) in reachable() {
        for rule in RULES.iter().filter(|r| r.from == from && r.to != To::Same) {
            let label = format!("{} ({})", rule.action.code(), rule.who.code());
            ways.entry((from, target(rule, previous))).or_default().insert(label);
        }
    }
    let mut out = String::from("```mermaid\nstateDiagram-v2\n");
    for state in State::ALL {
        writeln!(out, "    {}: {}", state.code(), state.turkish()).unwrap();
    }
    writeln!(out, "    [*] --> {}", State::Received.code()).unwrap();
    for ((from, to), labels) in ways {
        let labels = labels.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(out, "    {} --> {}: {labels}", from.code(), to.code()).unwrap();
    }
    for state in State::ALL.into_iter().filter(|s| s.is_final()) {
        writeln!(out, "    {} --> [*]", state.code()).unwrap();
    }
    out.push_str("```\n");
    out
}

/// The lines that lead nowhere, action by action.
fn said_without_moving() -> String {
    let mut out = String::from("| action | in (by whom) |\n|---|---|\n");
    for action in Action::ALL {
        let lines = RULES.iter().filter(|r| r.action == action && r.to == To::Same);
        let places: Vec<_> = lines.map(|r| format!("{} ({})", r.from.code(), r.who.code())).collect();
        if !places.is_empty() {
            writeln!(out, "| {} | {} |", action.code(), places.join(", ")).unwrap();
        }
    }
    out
}

#[test]
fn the_readme_shows_the_table() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("<!-- diagram: from RULES -->\n").expect("the marker before the diagram");
    let (shown, _) = rest.split_once("<!-- end of diagram -->").expect("the marker after the diagram");
    let ours =
        format!("{}\nWhat is said or noted while the case stays where it is:\n\n{}", diagram(), said_without_moving());
    assert!(shown == ours, "shared/README.md shows another table; paste this between its markers:\n{ours}");
}
