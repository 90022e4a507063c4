//! What the server decided, one event after another: the only truth about a case.

use minicbor::{Decode, Decoder, Encode};

use super::{Action, Channel, Outcome, State, Who};
use crate::id::{BlobHash, EntryId, OfficialNo};
use crate::wire::encode;
use crate::wire::error::Code;

/// One appended decision. `n` counts from 1 within a request; tablets fold events in that order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Event {
    /// Place in the request's own series, from 1.
    #[n(0)]
    pub n: u32,
    /// Server time, Unix ms.
    #[n(1)]
    pub at: i64,
    /// In which capacity it was decided; of one that a later version knows of, [`Who::System`] stands here.
    #[cbor(n(2), decode_with = "known_who")]
    pub by: Who,
    /// What was decided.
    #[cbor(n(3), decode_with = "known")]
    pub what: What,
    /// Reason, question, remark: the words that go with it, empty when there are none.
    #[cbor(n(4), default, skip_if = "String::is_empty")]
    pub note: String,
    /// The entry it answers, where a muhtar's intent led to it.
    #[n(5)]
    pub entry: Option<EntryId>,
}

/// What was decided. State changes follow [`super::table`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum What {
    /// The server has it: official number, and the calendar ceiling for an answer.
    #[n(0)]
    Received {
        /// Official number.
        #[n(0)]
        no: OfficialNo,
        /// How it came; `None`: from a tablet.
        #[n(1)]
        channel: Option<Channel>,
    },
    /// Triage looks first.
    #[n(1)]
    Reviewed,
    /// To a unit.
    #[n(2)]
    Routed {
        /// Unit code.
        #[n(0)]
        unit: String,
        /// When it is due, Unix ms.
        #[n(1)]
        due: i64,
    },
    /// To an external institution.
    #[n(3)]
    SentOut {
        /// Institution code.
        #[n(0)]
        unit: String,
        /// When it is due, Unix ms.
        #[n(1)]
        due: i64,
    },
    /// The unit took it on.
    #[n(4)]
    Accepted,
    /// To a unit further down.
    #[n(5)]
    Forwarded {
        /// Unit code.
        #[n(0)]
        unit: String,
    },
    /// Back to triage; the note is the reason.
    #[n(6)]
    Returned,
    /// On a date.
    #[n(7)]
    Planned {
        /// `YYYY-MM-DD`, in Istanbul.
        #[n(0)]
        date: String,
    },
    /// Planned work began.
    #[n(8)]
    Started,
    /// The note is a question to the muhtar; the clock stands still from here.
    #[n(9)]
    Asked,
    /// The muhtar answered, or ten days passed; the clock goes on.
    #[n(10)]
    Resumed {
        /// The new due date, Unix ms.
        #[n(0)]
        due: i64,
    },
    /// An answer was written; the note is its text.
    #[n(11)]
    Answered {
        /// Outcome it proposes.
        #[n(0)]
        outcome: Outcome,
        /// Photos from the spot.
        #[n(1)]
        photos: Vec<BlobHash>,
        /// The request it is a duplicate of.
        #[n(2)]
        parent: Option<OfficialNo>,
    },
    /// The approver wants changes; the note says which.
    #[n(12)]
    Corrected,
    /// Concluded; the note is the official answer.
    #[n(13)]
    Concluded {
        /// Outcome.
        #[n(0)]
        outcome: Outcome,
        /// Photos from the spot.
        #[n(1)]
        photos: Vec<BlobHash>,
        /// The request it is a duplicate of.
        #[n(2)]
        parent: Option<OfficialNo>,
    },
    /// Back from an external institution.
    #[n(14)]
    TakenBack,
    /// The muhtar confirmed, or thirty days passed.
    #[n(15)]
    Closed {
        /// Whether the muhtar said so.
        #[n(0)]
        confirmed: bool,
    },
    /// The muhtar objected; the note is his reason.
    #[n(16)]
    Objected,
    /// Triage opened it again.
    #[n(17)]
    Reopened,
    /// The muhtar withdrew it, or the holder let it go as he wished.
    #[n(18)]
    Cancelled,
    /// An intent came too late or may not be; the note says why, for the muhtar.
    #[n(19)]
    Refused,
    /// Triage corrected the category.
    #[n(20)]
    Recategorised {
        /// Category code.
        #[n(0)]
        category: String,
    },
    /// The muhtar wishes to withdraw what a unit has begun; the note is his reason.
    #[n(21)]
    Wished,
    /// The holder goes on all the same; the note says why.
    #[n(22)]
    Declined,
    /// Ara cevap: the note is a word to the muhtar about work that takes longer.
    #[n(23)]
    Interim,
    /// It has to do with another request.
    #[n(24)]
    Linked {
        /// The other one.
        #[n(0)]
        no: OfficialNo,
    },
    /// The request this one is a duplicate of was concluded; the note is the answer given there.
    #[n(25)]
    Followed {
        /// The other one.
        #[n(0)]
        no: OfficialNo,
        /// How that one ended.
        #[n(1)]
        outcome: Outcome,
    },
    /// Another request was concluded as a duplicate of this one.
    #[n(26)]
    Joined {
        /// The duplicate.
        #[n(0)]
        no: OfficialNo,
    },
    /// It was no duplicate after all, or somebody objected: it is looked at by itself again.
    #[n(27)]
    Parted {
        /// The one that was a duplicate.
        #[n(0)]
        no: OfficialNo,
    },
    /// Alt iş: a part of the work goes to another unit; the note says which part.
    #[n(28)]
    Tasked {
        /// Unit code.
        #[n(0)]
        unit: String,
        /// Until when it is wanted, `YYYY-MM-DD`.
        #[n(1)]
        until: Option<String>,
    },
    /// That unit has done its part; the note says what it did.
    #[n(29)]
    TaskDone {
        /// The event that gave it.
        #[n(0)]
        task: u32,
        /// Photos from the spot.
        #[n(1)]
        photos: Vec<BlobHash>,
    },
    /// The part is not done any more: given back by its unit, or called off; the note says why.
    #[n(30)]
    TaskDropped {
        /// The event that gave it.
        #[n(0)]
        task: u32,
    },
    /// The unit that held it, or owed a part of it, was closed: another one took its work over.
    #[n(31)]
    Moved {
        /// Code of the unit that has it now.
        #[n(0)]
        unit: String,
        /// The event that gave the part; `None`: the request itself.
        #[n(1)]
        task: Option<u32>,
    },
    /// Something that a later version decides. Never appended: what is read as it stays as it came.
    #[n(63)]
    Unknown,
}

/// Reads what was decided. A kind from a later version is [`What::Unknown`]: the events behind it can still be folded, and
/// an older tablet shows its time and words rather than standing still.
fn known<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<What, minicbor::decode::Error> {
    let begin = d.position();
    What::decode(d, ctx).or_else(|e| {
        if !e.is_unknown_variant() {
            return Err(e);
        }
        d.set_position(begin);
        d.skip().map(|()| What::Unknown)
    })
}

/// Reads in which capacity something was decided, as [`known`] reads what was.
fn known_who<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Who, minicbor::decode::Error> {
    let begin = d.position();
    Who::decode(d, ctx).or_else(|e| {
        if !e.is_unknown_variant() {
            return Err(e);
        }
        d.set_position(begin);
        d.skip().map(|()| Who::System)
    })
}

/// Events of one request that were decided at once and stay together, at most.
pub const MAX_TOGETHER: usize = 8;

impl Event {
    /// Events that were decided at once, as they are kept and travel: one behind the other, under one proof. The time
    /// of each but the first is told from the one before it.
    #[must_use]
    pub fn encode_together<'a>(events: impl IntoIterator<Item = &'a Self>) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        let mut before = 0;
        for event in events {
            out.extend(encode(&Self { at: event.at.wrapping_sub(before), ..event.clone() }));
            before = event.at;
        }
        out
    }

    /// Reads them: at least one, numbered one after another.
    ///
    /// # Errors
    /// [`Code::Malformed`], [`Code::TooMany`].
    pub fn decode_together(raw: &[u8]) -> Result<Vec<Self>, Code> {
        let mut decoder = Decoder::new(raw);
        let mut events: Vec<Self> = Vec::with_capacity(2);
        while events.is_empty() || decoder.position() < raw.len() {
            let mut event: Self = decoder.decode().map_err(|_| Code::Malformed)?;
            if let Some(last) = events.last() {
                if last.n.checked_add(1) != Some(event.n) {
                    return Err(Code::Malformed);
                }
                event.at = event.at.wrapping_add(last.at);
            }
            if events.len() == MAX_TOGETHER {
                return Err(Code::TooMany);
            }
            events.push(event);
        }
        Ok(events)
    }
}

impl What {
    /// The name in JSON, in the timeline and in the database.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Received { .. } => "received",
            Self::Reviewed => "reviewed",
            Self::Routed { .. } => "routed",
            Self::SentOut { .. } => "sent_out",
            Self::Accepted => "accepted",
            Self::Forwarded { .. } => "forwarded",
            Self::Returned => "returned",
            Self::Planned { .. } => "planned",
            Self::Started => "started",
            Self::Asked => "asked",
            Self::Resumed { .. } => "resumed",
            Self::Answered { .. } => "answered",
            Self::Corrected => "corrected",
            Self::Concluded { .. } => "concluded",
            Self::TakenBack => "taken_back",
            Self::Closed { .. } => "closed",
            Self::Objected => "objected",
            Self::Reopened => "reopened",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Recategorised { .. } => "recategorised",
            Self::Wished => "wished",
            Self::Declined => "declined",
            Self::Interim => "interim",
            Self::Linked { .. } => "linked",
            Self::Followed { .. } => "followed",
            Self::Joined { .. } => "joined",
            Self::Parted { .. } => "parted",
            Self::Tasked { .. } => "tasked",
            Self::TaskDone { .. } => "task_done",
            Self::TaskDropped { .. } => "task_dropped",
            Self::Moved { .. } => "moved",
            Self::Unknown => "unknown",
        }
    }

    /// The state it leads to; `None` where the state stays or goes back to an earlier one.
    #[must_use]
    pub const fn state(&self) -> Option<State> {
        Some(match self {
            Self::Received { .. } => State::Received,
            Self::Reviewed | Self::Returned | Self::TakenBack | Self::Objected | Self::Reopened => State::InReview,
            Self::Routed { .. } | Self::Forwarded { .. } => State::Assigned,
            Self::SentOut { .. } => State::External,
            Self::Accepted | Self::Started => State::InProgress,
            Self::Planned { .. } => State::Planned,
            Self::Asked => State::AwaitingMuhtar,
            Self::Answered { .. } => State::AnswerPending,
            Self::Concluded { .. } => State::Concluded,
            Self::Closed { .. } => State::Closed,
            Self::Cancelled => State::Cancelled,
            Self::Resumed { .. }
            | Self::Corrected
            | Self::Refused
            | Self::Recategorised { .. }
            | Self::Wished
            | Self::Declined
            | Self::Interim
            | Self::Linked { .. }
            | Self::Followed { .. }
            | Self::Joined { .. }
            | Self::Parted { .. }
            | Self::Tasked { .. }
            | Self::TaskDone { .. }
            | Self::TaskDropped { .. }
            | Self::Moved { .. }
            | Self::Unknown => return None,
        })
    }

    /// The table's action that leads to it when `by` decides; `None` for what nobody does to this case: the receipt
    /// that begins it, a refusal, a corrected category, what the server notes because of another request, and what this
    /// version does not know.
    #[must_use]
    pub const fn action(&self, by: Who) -> Option<Action> {
        Some(match self {
            Self::Reviewed => Action::Review,
            Self::Routed { .. } => Action::Route,
            Self::SentOut { .. } => Action::SendOut,
            Self::Accepted => Action::Accept,
            Self::Forwarded { .. } => Action::Forward,
            Self::Returned => Action::Return,
            Self::Planned { .. } => Action::Plan,
            Self::Started => Action::Start,
            Self::Asked => Action::Ask,
            Self::Resumed { .. } if matches!(by, Who::Muhtar) => Action::Reply,
            Self::Resumed { .. } => Action::ReplyLapsed,
            Self::Answered { .. } => Action::Answer,
            Self::Corrected => Action::Correct,
            Self::Concluded { .. } if matches!(by, Who::Approver | Who::System) => Action::Approve,
            Self::Concluded { .. } => Action::Conclude,
            Self::TakenBack => Action::TakeBack,
            Self::Closed { confirmed: true } => Action::Confirm,
            Self::Closed { confirmed: false } => Action::ConfirmLapsed,
            Self::Objected => Action::Object,
            Self::Reopened => Action::Reopen,
            Self::Cancelled if matches!(by, Who::Muhtar) => Action::Withdraw,
            Self::Cancelled => Action::Release,
            Self::Wished => Action::Withdraw,
            Self::Declined => Action::Decline,
            Self::Interim => Action::Interim,
            Self::Linked { .. } if !matches!(by, Who::System) => Action::Link,
            Self::Followed { .. } => Action::Follow,
            Self::Tasked { .. } => Action::Task,
            Self::TaskDone { .. } => Action::FinishTask,
            Self::TaskDropped { .. } if matches!(by, Who::Helper) => Action::ReturnTask,
            Self::TaskDropped { .. } => Action::CallOff,
            Self::Moved { .. } => Action::Move,
            Self::Received { .. }
            | Self::Refused
            | Self::Recategorised { .. }
            | Self::Linked { .. }
            | Self::Joined { .. }
            | Self::Parted { .. }
            | Self::Unknown => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: u32) -> Event {
        Event {
            n,
            at: 1_795_503_600_000 + i64::from(n),
            by: Who::System,
            what: What::Reviewed,
            note: "Konu seçilmemiş.".into(),
            entry: None,
        }
    }

    #[test]
    fn what_a_later_version_decides_is_read_without_being_known() {
        // As `What` will look one day: a kind of its own with fields, and a known one with an outcome nobody has heard of.
        let mut raw = Vec::new();
        // And somebody of a kind nobody has heard of decides the second.
        for (by, what) in [
            (0x03, &[0x82, 0x18, 0x29, 0x82, 0x64, b'y', b'e', b'n', b'i', 0x01][..]),
            (0x17, &[0x82, 0x0d, 0x82, 0x18, 0x29, 0x80]),
        ] {
            let n = u8::try_from(raw.len() / 20 + 1).unwrap();
            raw.extend([0xa5, 0x00, n, 0x01, 0x01, 0x02, by, 0x03]);
            raw.extend(what);
            raw.extend([0x04, 0x62, b's', b'z']);
        }
        raw.extend(Event::encode_together([&Event { n: 3, at: 1, ..event(3) }]));
        let events = Event::decode_together(&raw).unwrap();
        let read: Vec<_> = events.iter().map(|e| (e.n, e.by, e.what.code(), e.note.as_str())).collect();
        assert_eq!(
            read,
            [
                (1, Who::Unit, "unknown", "sz"),
                (2, Who::System, "unknown", "sz"),
                (3, Who::System, "reviewed", "Konu seçilmemiş.")
            ]
        );
        // What is no event at all is still none.
        assert_eq!(Event::decode_together(&raw[..9]), Err(Code::Malformed));
    }

    #[test]
    fn what_was_decided_at_once_stays_in_order_and_nothing_else_passes_for_it() {
        for count in 1..=MAX_TOGETHER {
            let events: Vec<Event> = (3..).take(count).map(event).collect();
            let raw = Event::encode_together(&events);
            assert_eq!(Event::decode_together(&raw).as_ref(), Ok(&events));
            for end in 0..raw.len() {
                let cut = Event::decode_together(&raw[..end]);
                assert!(cut.is_err() || cut.is_ok_and(|e| events.starts_with(&e) && e.len() < count), "cut at {end}");
            }
        }
        let read = |numbers: &[u32]| {
            let events: Vec<Event> = numbers.iter().copied().map(event).collect();
            Event::decode_together(&Event::encode_together(&events)).map(|e| e.len())
        };
        assert_eq!(read(&[]), Err(Code::Malformed));
        assert_eq!(read(&[1, 3]), Err(Code::Malformed));
        assert_eq!(read(&[2, 2]), Err(Code::Malformed));
        assert_eq!(read(&[u32::MAX, 0]), Err(Code::Malformed));
        assert_eq!(read(&[1, 2, 3, 4, 5, 6, 7, 8, 9]), Err(Code::TooMany));
    }
}
