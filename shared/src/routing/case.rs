//! The case as it stands: a fold over its events, the same on server and tablet.

use super::{Event, Outcome, State, What, Who, next};
use crate::id::{BlobHash, OfficialNo};

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
    /// When it was given, Unix ms.
    pub at: i64,
}

/// A case as it stands after some of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

impl Default for Case {
    fn default() -> Self {
        Self {
            n: 0,
            state: State::Received,
            previous: State::Received,
            no: None,
            unit: None,
            due: None,
            paused: None,
            question: None,
            planned: None,
            draft: None,
            answer: None,
            outcome: None,
            category: None,
            hops: 0,
            returns: 0,
        }
    }
}

impl Case {
    /// Whether the table lets `event` follow here. The server asks before it appends.
    #[must_use]
    pub fn allows(&self, event: &Event) -> bool {
        match (&event.what, event.what.action(event.by)) {
            (_, Some(action)) => next(self.state, event.by, action).is_some(),
            (What::Received { .. }, None) => self.n == 0,
            (What::Recategorised { .. }, None) => event.by == Who::Triage && self.state.is_open(),
            // An intent may come too late at any time, also after the end.
            (_, None) => true,
        }
    }

    /// Folds one event in. Whether it was allowed is decided before it is appended, never here:
    /// a tablet takes the server's word.
    pub fn apply(&mut self, event: &Event) {
        self.n = event.n;
        match &event.what {
            What::Received { no } => self.no = Some(*no),
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
                self.unit = None;
                self.outcome = None;
                self.answer = None;
                // The old date was kept or missed by then; the next route brings a new one.
                self.due = None;
            }
            What::Planned { date } => self.planned = Some(date.clone()),
            What::Asked => {
                self.question = Some(event.note.clone());
                self.paused = Some(event.at);
            }
            // What triage asked before any route had no date to move.
            What::Resumed { due } => self.due = self.due.map(|_| *due),
            What::Answered { outcome, photos } => self.draft = Some(Self::answer_of(event, *outcome, photos)),
            What::Concluded { outcome, photos } => {
                self.outcome = Some(*outcome);
                self.answer = Some(Self::answer_of(event, *outcome, photos));
            }
            What::Recategorised { category } => self.category = Some(category.clone()),
            What::Reviewed
            | What::Accepted
            | What::Started
            | What::Corrected
            | What::Closed { .. }
            | What::Cancelled
            | What::Refused => {}
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

    fn answer_of(event: &Event, outcome: Outcome, photos: &[BlobHash]) -> Answer {
        Answer { text: event.note.clone(), outcome, photos: photos.to_vec(), at: event.at }
    }
}
