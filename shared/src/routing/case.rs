//! The case as it stands: a fold over its events, the same on server and tablet.

use super::{Event, Outcome, State, What};
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
    /// State before this one, where an action leads back.
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
    /// Folds one event in. Whether it was allowed is decided before it is appended, never here:
    /// a tablet takes the server's word.
    pub fn apply(&mut self, event: &Event) {
        self.n = event.n;
        let before = self.state;
        match &event.what {
            What::Received { no } => self.no = Some(*no),
            What::Routed { unit, due } | What::SentOut { unit, due } => {
                self.hand_to(Some(unit.clone()));
                self.due = Some(*due);
            }
            What::Forwarded { unit } => self.hand_to(Some(unit.clone())),
            What::Returned => {
                self.returns += 1;
                self.hand_to(None);
            }
            What::TakenBack | What::Objected | What::Reopened => {
                self.unit = None;
                self.outcome = None;
                self.answer = None;
            }
            What::Planned { date } => self.planned = Some(date.clone()),
            What::Asked => {
                self.question = Some(event.note.clone());
                self.paused = Some(event.at);
            }
            What::Resumed { due } => {
                self.question = None;
                self.paused = None;
                self.due = Some(*due);
            }
            What::Answered { outcome, photos } => self.draft = Some(Self::answer_of(event, *outcome, photos)),
            What::Corrected => self.draft = None,
            What::Concluded { outcome, photos } => {
                self.draft = None;
                self.outcome = Some(*outcome);
                self.answer = Some(Self::answer_of(event, *outcome, photos));
            }
            What::Recategorised { category } => self.category = Some(category.clone()),
            What::Reviewed
            | What::Accepted
            | What::Started
            | What::Closed { .. }
            | What::Cancelled
            | What::Refused => {}
        }
        match (&event.what, event.what.state()) {
            (_, Some(state)) => {
                self.state = state;
                if state != before {
                    self.previous = before;
                }
            }
            (What::Resumed { .. } | What::Corrected, None) => self.state = self.previous,
            _ => {}
        }
        if self.state != State::Planned {
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

    fn hand_to(&mut self, unit: Option<String>) {
        if unit.is_some() && self.unit != unit {
            self.hops += 1;
        }
        self.unit = unit;
    }

    fn answer_of(event: &Event, outcome: Outcome, photos: &[BlobHash]) -> Answer {
        Answer { text: event.note.clone(), outcome, photos: photos.to_vec(), at: event.at }
    }
}
