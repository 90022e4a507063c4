//! The transition table: from which state, by whom, through which action, to which state.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::State;

/// Who acts on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum Who {
    /// The server itself: automatic routes and deadlines that pass.
    #[n(0)]
    System,
    /// The muhtar who filed it, through an entry.
    #[n(1)]
    Muhtar,
    /// Muhtarlıklar Müdürlüğü.
    #[n(2)]
    Triage,
    /// The unit that holds it.
    #[n(3)]
    Unit,
    /// Whoever approves the holding unit's answers.
    #[n(4)]
    Approver,
    /// An external institution.
    #[n(5)]
    External,
    /// A unit that owes a part of the work (alt iş).
    #[n(6)]
    Helper,
}

impl Who {
    /// All who act.
    pub const ALL: [Self; 7] =
        [Self::System, Self::Muhtar, Self::Triage, Self::Unit, Self::Approver, Self::External, Self::Helper];

    /// The name in JSON and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Muhtar => "muhtar",
            Self::Triage => "triage",
            Self::Unit => "unit",
            Self::Approver => "approver",
            Self::External => "external",
            Self::Helper => "helper",
        }
    }

    /// Whoever has that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.code() == code)
    }
}

/// What is done to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum Action {
    /// Ön incelemeye al: triage looks first.
    #[n(0)]
    Review,
    /// Yönlendir: to a unit.
    #[n(1)]
    Route,
    /// Dış kuruma gönder.
    #[n(2)]
    SendOut,
    /// Kabul.
    #[n(3)]
    Accept,
    /// Havale: to a unit further down.
    #[n(4)]
    Forward,
    /// İade: back to triage, with a reason.
    #[n(5)]
    Return,
    /// Programa al: with a date.
    #[n(6)]
    Plan,
    /// Programdan işe al.
    #[n(7)]
    Start,
    /// Muhtara sor.
    #[n(8)]
    Ask,
    /// The muhtar answers the question.
    #[n(9)]
    Reply,
    /// Ten days passed without an answer.
    #[n(10)]
    ReplyLapsed,
    /// Cevap yaz: for approval.
    #[n(11)]
    Answer,
    /// Onayla.
    #[n(12)]
    Approve,
    /// Düzeltme iste: back to the previous holder.
    #[n(13)]
    Correct,
    /// Sonuçlandır: triage concludes by itself.
    #[n(14)]
    Conclude,
    /// Dış kurumdan geri al: overdue or refused there.
    #[n(15)]
    TakeBack,
    /// Evet, tamam.
    #[n(16)]
    Confirm,
    /// Thirty days passed without an objection.
    #[n(17)]
    ConfirmLapsed,
    /// İtiraz: with reason or photo.
    #[n(18)]
    Object,
    /// Yeniden aç: triage corrects, or takes a duplicate apart.
    #[n(19)]
    Reopen,
    /// Geri çek. Once a unit has accepted the case it is a wish that the holder decides about.
    #[n(20)]
    Withdraw,
    /// Geri çekmeyi kabul et: the holder lets it go.
    #[n(21)]
    Release,
    /// Geri çekmeyi kabul etme: the work goes on, with a reason.
    #[n(22)]
    Decline,
    /// Ara cevap: a word to the muhtar where the work takes longer.
    #[n(23)]
    Interim,
    /// Bağla: to another request that has to do with it.
    #[n(24)]
    Link,
    /// Asıl başvuru sonuçlandı: told to a duplicate.
    #[n(25)]
    Follow,
    /// Alt iş ver: a part of the work goes to another unit.
    #[n(26)]
    Task,
    /// Alt işi bitir: its unit has done its part.
    #[n(27)]
    FinishTask,
    /// Alt işi geri ver: its unit cannot do it.
    #[n(28)]
    ReturnTask,
    /// Alt işi geri al: it is not needed any more.
    #[n(29)]
    CallOff,
    /// Birim kapandı: another one took its work over.
    #[n(30)]
    Move,
}

impl Action {
    /// All actions, in the order of the design.
    pub const ALL: [Self; 31] = [
        Self::Review,
        Self::Route,
        Self::SendOut,
        Self::Accept,
        Self::Forward,
        Self::Return,
        Self::Plan,
        Self::Start,
        Self::Ask,
        Self::Reply,
        Self::ReplyLapsed,
        Self::Answer,
        Self::Approve,
        Self::Correct,
        Self::Conclude,
        Self::TakeBack,
        Self::Confirm,
        Self::ConfirmLapsed,
        Self::Object,
        Self::Reopen,
        Self::Withdraw,
        Self::Release,
        Self::Decline,
        Self::Interim,
        Self::Link,
        Self::Follow,
        Self::Task,
        Self::FinishTask,
        Self::ReturnTask,
        Self::CallOff,
        Self::Move,
    ];

    /// The name in JSON and in the interface for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Route => "route",
            Self::SendOut => "send_out",
            Self::Accept => "accept",
            Self::Forward => "forward",
            Self::Return => "return",
            Self::Plan => "plan",
            Self::Start => "start",
            Self::Ask => "ask",
            Self::Reply => "reply",
            Self::ReplyLapsed => "reply_lapsed",
            Self::Answer => "answer",
            Self::Approve => "approve",
            Self::Correct => "correct",
            Self::Conclude => "conclude",
            Self::TakeBack => "take_back",
            Self::Confirm => "confirm",
            Self::ConfirmLapsed => "confirm_lapsed",
            Self::Object => "object",
            Self::Reopen => "reopen",
            Self::Withdraw => "withdraw",
            Self::Release => "release",
            Self::Decline => "decline",
            Self::Interim => "interim",
            Self::Link => "link",
            Self::Follow => "follow",
            Self::Task => "task",
            Self::FinishTask => "finish_task",
            Self::ReturnTask => "return_task",
            Self::CallOff => "call_off",
            Self::Move => "move",
        }
    }

    /// The action with that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.code() == code)
    }
}

/// Where an action leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum To {
    /// Always to this state.
    State(State),
    /// Back to the state before this one.
    Previous,
    /// Nowhere: something is said or noted, and the case stays where it is.
    Same,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// In this state…
    pub from: State,
    /// …these…
    pub who: Who,
    /// …may do this…
    pub action: Action,
    /// …which leads here.
    pub to: To,
}

const fn rule(from: State, who: Who, action: Action, to: State) -> Rule {
    Rule { from, who, action, to: To::State(to) }
}

const fn back(from: State, who: Who, action: Action) -> Rule {
    Rule { from, who, action, to: To::Previous }
}

const fn stay(from: State, who: Who, action: Action) -> Rule {
    Rule { from, who, action, to: To::Same }
}

/// The whole table (design §3). Nothing leads out of a final state.
///
/// Some lines hold only for some cases: [`super::Case::may`] knows them.
pub const RULES: &[Rule] = {
    use Action as A;
    use State as S;
    use Who as W;
    &[
        rule(S::Received, W::System, A::Route, S::Assigned),
        rule(S::Received, W::System, A::SendOut, S::External),
        rule(S::Received, W::System, A::Review, S::InReview),
        rule(S::Received, W::Muhtar, A::Withdraw, S::Cancelled),
        rule(S::InReview, W::Triage, A::Route, S::Assigned),
        rule(S::InReview, W::Triage, A::SendOut, S::External),
        rule(S::InReview, W::Triage, A::Ask, S::AwaitingMuhtar),
        rule(S::InReview, W::Triage, A::Conclude, S::Concluded),
        stay(S::InReview, W::Triage, A::Interim),
        stay(S::InReview, W::Triage, A::Link),
        rule(S::InReview, W::Triage, A::Release, S::Cancelled),
        stay(S::InReview, W::Triage, A::Decline),
        stay(S::InReview, W::Triage, A::CallOff),
        stay(S::InReview, W::System, A::Move),
        stay(S::InReview, W::Helper, A::FinishTask),
        stay(S::InReview, W::Helper, A::ReturnTask),
        rule(S::InReview, W::Muhtar, A::Withdraw, S::Cancelled),
        back(S::AwaitingMuhtar, W::Muhtar, A::Reply),
        back(S::AwaitingMuhtar, W::System, A::ReplyLapsed),
        stay(S::AwaitingMuhtar, W::Muhtar, A::Withdraw),
        rule(S::AwaitingMuhtar, W::Triage, A::Release, S::Cancelled),
        stay(S::AwaitingMuhtar, W::Triage, A::Decline),
        rule(S::AwaitingMuhtar, W::Unit, A::Release, S::Cancelled),
        stay(S::AwaitingMuhtar, W::Unit, A::Decline),
        stay(S::AwaitingMuhtar, W::System, A::Move),
        stay(S::AwaitingMuhtar, W::Helper, A::FinishTask),
        stay(S::AwaitingMuhtar, W::Helper, A::ReturnTask),
        rule(S::Assigned, W::Unit, A::Accept, S::InProgress),
        rule(S::Assigned, W::Unit, A::Forward, S::Assigned),
        rule(S::Assigned, W::Unit, A::Return, S::InReview),
        rule(S::Assigned, W::Unit, A::Release, S::Cancelled),
        stay(S::Assigned, W::Unit, A::Decline),
        stay(S::Assigned, W::Triage, A::Task),
        stay(S::Assigned, W::Triage, A::CallOff),
        stay(S::Assigned, W::System, A::Move),
        stay(S::Assigned, W::Helper, A::FinishTask),
        stay(S::Assigned, W::Helper, A::ReturnTask),
        rule(S::Assigned, W::Muhtar, A::Withdraw, S::Cancelled),
        rule(S::InProgress, W::Unit, A::Plan, S::Planned),
        rule(S::InProgress, W::Unit, A::SendOut, S::External),
        rule(S::InProgress, W::Unit, A::Ask, S::AwaitingMuhtar),
        rule(S::InProgress, W::Unit, A::Answer, S::AnswerPending),
        rule(S::InProgress, W::Unit, A::Return, S::InReview),
        stay(S::InProgress, W::Unit, A::Interim),
        stay(S::InProgress, W::Unit, A::Link),
        stay(S::InProgress, W::Unit, A::Task),
        stay(S::InProgress, W::Unit, A::CallOff),
        stay(S::InProgress, W::Triage, A::Task),
        stay(S::InProgress, W::Triage, A::CallOff),
        stay(S::InProgress, W::System, A::Move),
        stay(S::InProgress, W::Helper, A::FinishTask),
        stay(S::InProgress, W::Helper, A::ReturnTask),
        stay(S::InProgress, W::Muhtar, A::Withdraw),
        rule(S::InProgress, W::Unit, A::Release, S::Cancelled),
        stay(S::InProgress, W::Unit, A::Decline),
        rule(S::Planned, W::Unit, A::Start, S::InProgress),
        rule(S::Planned, W::Unit, A::Answer, S::AnswerPending),
        stay(S::Planned, W::Unit, A::Interim),
        stay(S::Planned, W::Unit, A::Link),
        stay(S::Planned, W::Unit, A::Task),
        stay(S::Planned, W::Unit, A::CallOff),
        stay(S::Planned, W::Triage, A::Task),
        stay(S::Planned, W::Triage, A::CallOff),
        stay(S::Planned, W::System, A::Move),
        stay(S::Planned, W::Helper, A::FinishTask),
        stay(S::Planned, W::Helper, A::ReturnTask),
        stay(S::Planned, W::Muhtar, A::Withdraw),
        rule(S::Planned, W::Unit, A::Release, S::Cancelled),
        stay(S::Planned, W::Unit, A::Decline),
        rule(S::External, W::External, A::Answer, S::AnswerPending),
        rule(S::External, W::Triage, A::TakeBack, S::InReview),
        stay(S::External, W::Triage, A::Interim),
        stay(S::External, W::Triage, A::CallOff),
        stay(S::External, W::System, A::Move),
        stay(S::External, W::Helper, A::FinishTask),
        stay(S::External, W::Helper, A::ReturnTask),
        stay(S::External, W::Muhtar, A::Withdraw),
        rule(S::External, W::Triage, A::Release, S::Cancelled),
        stay(S::External, W::Triage, A::Decline),
        rule(S::AnswerPending, W::Approver, A::Approve, S::Concluded),
        // Where the unit asks no approver, right behind its answer.
        rule(S::AnswerPending, W::System, A::Approve, S::Concluded),
        back(S::AnswerPending, W::Approver, A::Correct),
        stay(S::AnswerPending, W::System, A::Move),
        rule(S::Concluded, W::Muhtar, A::Confirm, S::Closed),
        rule(S::Concluded, W::System, A::ConfirmLapsed, S::Closed),
        rule(S::Concluded, W::Muhtar, A::Object, S::InReview),
        rule(S::Concluded, W::Triage, A::Reopen, S::InReview),
        stay(S::Concluded, W::System, A::Follow),
        stay(S::Closed, W::System, A::Follow),
    ]
};

/// The line that lets `who` do `action` in `from`, if there is one. What it asks of the case beside its state,
/// [`super::Case::next`] knows.
#[must_use]
pub fn next(from: State, who: Who, action: Action) -> Option<To> {
    RULES.iter().find(|r| r.from == from && r.who == who && r.action == action).map(|r| r.to)
}
