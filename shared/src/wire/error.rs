//! Codes of refusal: a closed list, so that no one ever matches text.

use minicbor::{Decode, Decoder, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export, rename = "WireCode")]
pub enum Code {
    /// The bytes are not what the exchange expects.
    #[n(0)]
    Malformed,
    /// Larger than allowed.
    #[n(1)]
    TooLarge,
    /// More items, operations, photos or dependencies than allowed.
    #[n(2)]
    TooMany,
    /// The token is unknown: keep everything, enrol again.
    #[n(3)]
    UnknownDevice,
    /// The token was revoked.
    #[n(4)]
    Revoked,
    /// The request belongs to another muhtarlık.
    #[n(5)]
    ForeignRequest,
    /// The change was made by another device than the one that pushes it.
    #[n(6)]
    ForeignActor,
    /// A key the document does not have.
    #[n(7)]
    UnknownKey,
    /// A value of the wrong type or size for its key.
    #[n(8)]
    BadValue,
    /// An operation that documents do not use (nested object, list, text, delete, counter, mark).
    #[n(9)]
    BadOperation,
    /// Sequence number, first operation or predecessors do not follow from what was there.
    #[n(10)]
    BadHistory,
    /// The change encodes to another hash than it carries.
    #[n(11)]
    BadHash,
    /// The photo is not referred to by a request the caller may write.
    #[n(12)]
    UnknownBlob,
    /// The offset is not where the blob ends: go on from what the answer says.
    #[n(13)]
    BadOffset,
    /// The bytes have another hash than their name.
    #[n(14)]
    HashMismatch,
    /// No such thing, or not for the caller's eyes.
    #[n(15)]
    NotFound,
    /// Too busy: come back after `Retry-After`.
    #[n(16)]
    Busy,
    /// The app speaks too old a protocol: update it, nothing is lost.
    #[n(17)]
    AppTooOld,
    /// Written by a version that is newer than its reader: it waits until that one is updated, nothing is lost.
    #[n(18)]
    AppTooNew,
    /// The enrolment code is unknown, used or expired.
    #[n(19)]
    BadEnrolmentCode,
    /// Sign in first.
    #[n(20)]
    SignIn,
    /// Not allowed for this role or unit.
    #[n(21)]
    Forbidden,
    /// The case stands elsewhere by now: look again.
    #[n(22)]
    Stale,
    /// The transition table has no such step.
    #[n(23)]
    NotNow,
    /// A field is missing or wrong; the sentence names it.
    #[n(24)]
    BadInput,
    /// Too many tries: wait.
    #[n(25)]
    SlowDown,
    /// Something failed on the server; the request id finds it in the log.
    #[n(26)]
    Internal,
    /// The unit was closed: choose one of its successors.
    #[n(27)]
    RetiredUnit,
    /// Came from another site.
    #[n(28)]
    CrossSite,
    /// It took too long.
    #[n(29)]
    TimedOut,
    /// Name and password are right: the second factor's code is missing or wrong.
    #[n(30)]
    SecondFactor,
}

impl Code {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 31] = [
        Self::Malformed,
        Self::TooLarge,
        Self::TooMany,
        Self::UnknownDevice,
        Self::Revoked,
        Self::ForeignRequest,
        Self::ForeignActor,
        Self::UnknownKey,
        Self::BadValue,
        Self::BadOperation,
        Self::BadHistory,
        Self::BadHash,
        Self::UnknownBlob,
        Self::BadOffset,
        Self::HashMismatch,
        Self::NotFound,
        Self::Busy,
        Self::AppTooOld,
        Self::AppTooNew,
        Self::BadEnrolmentCode,
        Self::SignIn,
        Self::Forbidden,
        Self::Stale,
        Self::NotNow,
        Self::BadInput,
        Self::SlowDown,
        Self::Internal,
        Self::RetiredUnit,
        Self::CrossSite,
        Self::TimedOut,
        Self::SecondFactor,
    ];
}

/// A code of a newer side is still a refusal: it reads as [`Code::Internal`], and the rest of the frame is kept.
impl<'b, C> Decode<'b, C> for Code {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let n = usize::try_from(d.u32()?).ok();
        Ok(n.and_then(|n| Self::ALL.get(n).copied()).unwrap_or(Self::Internal))
    }
}

/// The one error envelope of every route, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Envelope {
    /// Code to act on.
    pub code: Code,
    /// A plain sentence that says what to do.
    pub message: String,
    /// Finds the cause in the server's log.
    pub request_id: String,
}
