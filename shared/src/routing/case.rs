//! The case as it stands: a fold over its events, the same on server and tablet.

use super::deadline::{ANSWER_CEILING_DAYS, LEGAL_CEILING_DAYS, calendar_days};
use super::table::{self, RULES, To};
use super::{Action, Channel, Event, Outcome, State, What, Who};
use crate::id::{BlobHash, EntryId, OfficialNo};

/// Days a question to the muhtar stays open, and days he may object, in calendar days.
pub const REPLY_DAYS: i64 = 10;
/// Calendar days after which a concluded case closes by itself.
pub const CONFIRM_DAYS: i64 = 30;

/// An answer, proposed or official.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its words.
    pub text: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Photos from the spot.
    pub photos: Vec<BlobHash>,
    /// The request this one is a duplicate of, where that is the outcome.
    pub parent: Option<OfficialNo>,
    /// When it was given, Unix ms.
    pub at: i64,
}

/// A muhtar's wish to withdraw what a unit has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Why; may be empty.
    pub text: String,
    /// The entry that carried it.
    pub entry: Option<EntryId>,
}

/// Parts of one case's work that other units may owe at the same time.
pub const MAX_TASKS: usize = 8;

/// A part of the work that another unit owes (alt iş).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The event that gave it; names it within the request.
    pub n: u32,
    /// Unit code.
    pub unit: String,
    /// What is to be done.
    pub text: String,
    /// Until when it is wanted, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// When it was given, Unix ms.
    pub at: i64,
    /// How it ended; `None` while it is owed.
    pub end: Option<TaskEnd>,
}

/// How a part of the work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// Whether it was done; otherwise it was given back, called off, or fell with the case.
    pub done: bool,
    /// What was done, or why not.
    pub text: String,
    /// Photos from the spot.
    pub photos: Vec<BlobHash>,
    /// When, Unix ms.
    pub at: i64,
}

/// A case as it stands after some of its events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Case {
    /// Number of the last event folded in; 0 for none.
    pub n: u32,
    /// State.
    pub state: State,
    /// Where a reply or a correction leads back to. While a question or a draft waits it is the
    /// state that it came from; otherwise the state itself.
    pub previous: State,
    /// Official number.
    pub no: Option<OfficialNo>,
    /// Unit or institution that holds it.
    pub unit: Option<String>,
    /// When it is due, Unix ms.
    pub due: Option<i64>,
    /// Since when the clock stands still, Unix ms.
    pub paused: Option<i64>,
    /// Question that waits for the muhtar.
    pub question: Option<String>,
    /// Planned date, `YYYY-MM-DD`.
    pub planned: Option<String>,
    /// Answer that waits for approval.
    pub draft: Option<Answer>,
    /// The official answer.
    pub answer: Option<Answer>,
    /// How it was concluded.
    pub outcome: Option<Outcome>,
    /// Category as triage corrected it.
    pub category: Option<String>,
    /// Changes of hands.
    pub hops: u16,
    /// Times it was returned (*iade*); the second one escalates.
    pub returns: u16,
    /// Times the muhtar objected.
    pub objections: u16,
    /// Whether the muhtar confirmed the answer himself.
    pub confirmed: bool,
    /// The muhtar wishes to withdraw it; the holder decides.
    pub wish: Option<Wish>,
    /// The last word about work that takes longer (*ara cevap*) since the clock began.
    pub interim: Option<Interim>,
    /// How the request this one is a duplicate of ended, once it has.
    pub followed: Option<Answer>,
    /// Other requests it has to do with, in the order they were linked.
    pub links: Vec<OfficialNo>,
    /// Requests that were concluded as duplicates of this one.
    pub duplicates: Vec<OfficialNo>,
    /// Parts of its work that were given to other units, in their order.
    pub tasks: Vec<Task>,
    /// How it came; `None`: from a tablet.
    pub channel: Option<Channel>,
    /// When the clock of this round began, Unix ms: receipt, or the last objection or reopening.
    pub from: i64,
}

/// A word to the muhtar about work that takes longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interim {
    /// Its words.
    pub text: String,
    /// When it was given, Unix ms.
    pub at: i64,
}

impl Case {
    /// Where `action` by `who` leads from here: the table's line, where the case itself lets it count.
    #[must_use]
    pub fn next(&self, who: Who, action: Action) -> Option<To> {
        table::next(self.state, who, action).filter(|to| self.holds(who, action, *to))
    }

    /// Everything `who` may do now, in the table's order.
    pub fn may(&self, who: Who) -> impl Iterator<Item = Action> {
        let here = RULES.iter().filter(move |r| r.from == self.state && r.who == who);
        here.filter(move |r| self.holds(who, r.action, r.to)).map(|r| r.action)
    }

    /// What a line of the table asks of a case beside its state.
    fn holds(&self, who: Who, action: Action, to: To) -> bool {
        match action {
            // A question may be triage's or a unit's: whose it is, who holds the case tells.
            Action::Release | Action::Decline if self.state == State::AwaitingMuhtar => {
                self.wish.is_some() && (who == Who::Unit) == self.unit.is_some()
            }
            Action::Release | Action::Decline => self.wish.is_some(),
            // One wish is enough.
            Action::Withdraw => to != To::Same || self.wish.is_none(),
            Action::Follow => self.parent().is_some(),
            // Its answer stands for the whole work, so it waits for the last part.
            Action::Answer | Action::Conclude => self.owed().next().is_none(),
            Action::Task => self.owed().count() < MAX_TASKS,
            Action::FinishTask | Action::ReturnTask | Action::CallOff => self.owed().next().is_some(),
            Action::Move => self.unit.is_some() || self.owed().next().is_some(),
            _ => true,
        }
    }

    /// Whether the table lets `event` follow here. The server asks before it appends.
    #[must_use]
    pub fn allows(&self, event: &Event) -> bool {
        match (&event.what, event.what.action(event.by)) {
            // What the muhtar says becomes a wish or the end, as the table has it.
            (What::Cancelled | What::Wished, Some(action @ Action::Withdraw)) => {
                self.next(event.by, action).is_some_and(|to| (to == To::Same) == (event.what == What::Wished))
            }
            (What::Moved { task: None, .. }, Some(action)) => {
                self.next(event.by, action).is_some() && self.unit.is_some()
            }
            (
                What::TaskDone { task, .. } | What::TaskDropped { task } | What::Moved { task: Some(task), .. },
                Some(action),
            ) => self.next(event.by, action).is_some() && self.owed().any(|owed| owed.n == *task),
            (_, Some(action)) => self.next(event.by, action).is_some(),
            (What::Received { .. }, None) => self.n == 0,
            (What::Unknown, _) => false,
            (What::Recategorised { .. }, None) => event.by == Who::Triage && self.state.is_open(),
            // An intent may come too late at any time, also after the end; and what is noted because of another request
            // asks nothing of this one.
            (_, None) => event.by == Who::System,
        }
    }

    /// Folds one event in. Whether it was allowed is decided before it is appended, never here:
    /// a tablet takes the server's word.
    pub fn apply(&mut self, event: &Event) {
        self.n = event.n;
        match &event.what {
            What::Received { no, channel } => {
                self.no = Some(*no);
                self.channel = *channel;
                self.from = event.at;
            }
            What::Routed { unit, due } | What::SentOut { unit, due } => {
                self.hand_to(unit);
                self.due = Some(*due);
            }
            What::Forwarded { unit } => self.hand_to(unit),
            What::Returned => {
                self.returns = self.returns.saturating_add(1);
                self.unit = None;
            }
            What::TakenBack => self.unit = None,
            What::Objected | What::Reopened => {
                self.objections = self.objections.saturating_add(u16::from(event.what == What::Objected));
                self.unit = None;
                self.outcome = None;
                self.answer = None;
                // The old date was kept or missed by then; the next route brings a new one.
                self.due = None;
                self.from = event.at;
                self.interim = None;
                self.followed = None;
            }
            What::Planned { date } => self.planned = Some(date.clone()),
            What::Asked => {
                self.question = Some(event.note.clone());
                self.paused = Some(event.at);
            }
            // What triage asked before any route had no date to move.
            What::Resumed { due } => self.due = self.due.map(|_| *due),
            What::Answered { outcome, photos, parent } => {
                self.draft = Some(Self::answer_of(event, *outcome, photos, *parent));
            }
            What::Concluded { outcome, photos, parent } => {
                self.outcome = Some(*outcome);
                self.wish = None;
                self.answer = Some(Self::answer_of(event, *outcome, photos, *parent));
            }
            What::Recategorised { category } => self.category = Some(category.clone()),
            What::Wished => self.wish = Some(Wish { text: event.note.clone(), entry: event.entry }),
            What::Declined | What::Cancelled => self.wish = None,
            What::Interim => self.interim = Some(Interim { text: event.note.clone(), at: event.at }),
            What::Linked { no } if !self.links.contains(no) => self.links.push(*no),
            What::Followed { no, outcome } => {
                self.followed = Some(Self::answer_of(event, *outcome, &[], Some(*no)));
            }
            What::Joined { no } if !self.duplicates.contains(no) => self.duplicates.push(*no),
            What::Parted { no } => self.duplicates.retain(|other| other != no),
            What::Closed { confirmed } => self.confirmed = *confirmed,
            What::Tasked { unit, until } => self.tasks.push(Task {
                n: event.n,
                unit: unit.clone(),
                text: event.note.clone(),
                until: until.clone(),
                at: event.at,
                end: None,
            }),
            What::TaskDone { task, photos } => self.end_task(*task, event, true, photos),
            What::TaskDropped { task } => self.end_task(*task, event, false, &[]),
            // Nobody passed it on, so it is no change of hands.
            What::Moved { unit, task: None } => self.unit = Some(unit.clone()),
            What::Moved { unit, task: Some(n) } => {
                if let Some(task) = self.tasks.iter_mut().find(|task| task.n == *n) {
                    task.unit.clone_from(unit);
                }
            }
            What::Linked { .. }
            | What::Joined { .. }
            | What::Reviewed
            | What::Accepted
            | What::Started
            | What::Corrected
            | What::Refused
            | What::Unknown => {}
        }
        self.move_on(&event.what);
    }

    /// Moves to the next state and drops what belonged to the one before.
    fn move_on(&mut self, what: &What) {
        let to = match what {
            What::Resumed { .. } | What::Corrected => self.previous,
            _ => what.state().unwrap_or(self.state),
        };
        // Only a move writes the way back: what leaves the state alone must not lose it, and the
        // way back itself leads to where the case was, not to the question or the draft.
        let leads_back = matches!(to, State::AwaitingMuhtar | State::AnswerPending);
        if leads_back && to != self.state {
            self.previous = self.state;
        } else if !leads_back {
            self.previous = to;
        }
        self.state = to;
        if to != State::AwaitingMuhtar {
            self.question = None;
            self.paused = None;
        }
        if to != State::AnswerPending {
            self.draft = None;
        }
        // A correction leads back to the plan, so the plan outlives a draft.
        if self.state != State::Planned && self.previous != State::Planned {
            self.planned = None;
        }
    }

    /// Parts of the work that are still owed. Nothing is where the work ended without an answer.
    pub fn owed(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.end.is_none() && self.state.is_open())
    }

    fn end_task(&mut self, n: u32, event: &Event, done: bool, photos: &[BlobHash]) {
        if let Some(task) = self.tasks.iter_mut().find(|task| task.n == n) {
            task.end = Some(TaskEnd { done, text: event.note.clone(), photos: photos.to_vec(), at: event.at });
        }
    }

    /// By when the law wants a word to the muhtar, Unix ms, while work is owed: the answer within the days of circular
    /// 2015/8, or an interim reply by then and the answer within the days of law 3071.
    #[must_use]
    pub fn ceiling(&self) -> Option<i64> {
        let days = if self.interim.is_some() { LEGAL_CEILING_DAYS } else { ANSWER_CEILING_DAYS };
        (self.n > 0 && self.state.is_open()).then(|| calendar_days(self.from, days))
    }

    /// The request this one was concluded as a duplicate of.
    #[must_use]
    pub fn parent(&self) -> Option<OfficialNo> {
        self.answer.as_ref()?.parent
    }

    /// The case after all of `events`, given in their order.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut case = Self::default();
        for event in events {
            case.apply(event);
        }
        case
    }

    fn hand_to(&mut self, unit: &str) {
        if self.unit.as_deref() != Some(unit) {
            self.hops = self.hops.saturating_add(1);
            self.unit = Some(unit.to_owned());
        }
    }

    fn answer_of(event: &Event, outcome: Outcome, photos: &[BlobHash], parent: Option<OfficialNo>) -> Answer {
        Answer { text: event.note.clone(), outcome, photos: photos.to_vec(), parent, at: event.at }
    }
}
