//! One request, as its page shows it.

use mbs_shared::blob::BlobKind;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::place::Fix;
use mbs_shared::request::Kind;
use mbs_shared::routing::{Channel, Outcome, State};
use mbs_shared::wire::entry::EntryKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Remedy, Row, Transport};
use crate::door::Fields;

/// One request in full.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Request {
    /// As in the list.
    pub row: Row,
    /// The muhtar's words.
    pub desc: String,
    /// Title as typed; may be empty.
    pub title: String,
    /// Kind of petition.
    pub kind: Kind,
    /// Place.
    pub fix: Option<Fix>,
    /// Neighbourhood of that place.
    pub place: Option<Place>,
    /// To be handled discreetly.
    pub discreet: bool,
    /// The request it adds to.
    pub related: Option<Related>,
    /// Photos and voice notes, in their order.
    pub photos: Vec<Photo>,
    /// Fields with two versions.
    pub conflicts: Vec<Conflict>,
    /// What happened, oldest first, in the order of the server.
    pub timeline: Vec<Step>,
    /// The official answer, once given.
    pub answer: Option<Answer>,
    /// For a duplicate: how the other one has ended, once it has.
    pub followed: Option<Followed>,
    /// The last word about work that takes longer, while it does.
    pub interim: Option<Interim>,
    /// Whether the holder has still to decide on the muhtar's wish to withdraw it.
    pub wish: bool,
    /// The question of the municipality that waits for the muhtar.
    pub question: Option<String>,
    /// Messages and intents, oldest first.
    pub thread: Vec<Entry>,
    /// What the muhtar has begun to say, and has not said.
    pub begun: Vec<Begun>,
    /// The fields of a correction that was begun, and has not been made.
    pub edit: Option<Fields>,
    /// Words that were begun to be made of two versions, and have not been kept.
    pub combined: Vec<Combined>,
    /// Unit that holds the case, by name.
    pub unit: Option<String>,
    /// Due date of the case, Unix ms.
    #[ts(type = "number | null")]
    pub due: Option<i64>,
    /// Whether the clock stands still.
    pub paused: bool,
    /// What the muhtar may do now, derived from the transition table.
    pub can: Vec<EntryKind>,
    /// Why it lies in quarantine: an error code to translate.
    pub quarantine: Option<String>,
    /// What may be done with what was refused; empty where nothing was.
    pub remedies: Vec<Remedy>,
    /// The request that was sent instead of it.
    pub renewed: Option<Related>,
    /// Whether its signed receipt is here.
    pub receipt: bool,
    /// Whether it is for practice, and thrown away instead of sent.
    pub practice: bool,
}

/// What the muhtar has begun to say about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Begun {
    /// What it will be.
    pub kind: EntryKind,
    /// Words so far.
    pub text: String,
    /// Photos that will go with it.
    #[ts(type = "string[]")]
    pub photos: Vec<BlobHash>,
}

/// A receipt (*alındı belgesi*) that holds.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Receipt {
    /// Official number.
    pub official_no: String,
    /// Case number the tablet gave.
    pub case_no: String,
    /// First line as it was sent.
    pub subject: String,
    /// When the server received it, Unix ms.
    #[ts(type = "number")]
    pub received: i64,
    /// Hash of what was sent, hex.
    pub content: String,
    /// The receipt as text: what the QR holds.
    pub text: String,
    /// QR code, SVG.
    pub qr: String,
}

/// A photo of a request.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Photo {
    /// Name.
    #[ts(type = "string")]
    pub hash: BlobHash,
    /// Photo or voice note.
    pub kind: BlobKind,
    /// Pixels; 0: not known here, of an answer's photo.
    pub width: u16,
    /// Pixels; likewise.
    pub height: u16,
    /// Bytes; of an answer's photo 0 until it is here.
    pub size: u32,
    /// Bytes that the server has confirmed.
    pub sent: u32,
    /// Whether the server has it whole and proven.
    pub delivered: bool,
    /// Whether its bytes are on this tablet.
    pub here: bool,
    /// Whether its preview is.
    pub thumb: bool,
}

/// Answer to [`crate::door::Call::AddPhoto`].
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "step", rename_all = "snake_case")]
#[ts(export)]
pub enum PhotoStep {
    /// Send the next slice from here.
    More {
        /// Bytes that have arrived.
        offset: u32,
    },
    /// The photo is part of the request.
    Done {
        /// The new photo.
        #[ts(type = "string")]
        hash: BlobHash,
        /// The request with it (boxed: it is large).
        request: Box<Request>,
        /// Position written in the photo, if any; taken as the place when there was none.
        fix: Option<Fix>,
        /// When it was taken, as the camera wrote it, `YYYY-MM-DD HH:MM:SS`.
        taken: Option<String>,
    },
}

/// The neighbourhood under a point.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Place {
    /// Neighbourhood code; `null` in a special area, at sea or outside the province.
    pub neighbourhood: Option<String>,
    /// Its name.
    pub neighbourhood_name: Option<String>,
    /// District name; `null` outside the province.
    pub district_name: Option<String>,
    /// Whether it is the muhtar's own neighbourhood.
    pub own: bool,
    /// Nearest neighbourhood's name, where the point is in none.
    pub nearest_name: Option<String>,
}

/// A field that two devices changed without knowing of each other.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Conflict {
    /// Key in the document, e.g. `desc`.
    pub field: String,
    /// The versions, the one that counts now first.
    pub versions: Vec<Version>,
}

/// One version of a field.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Version {
    /// What names it, however many there are and in whatever order.
    pub name: String,
    /// As text to show.
    pub text: String,
    /// Whether this tablet wrote it.
    pub mine: bool,
    /// When its change was made, by that tablet's clock, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
}

/// Words that are being made of several versions of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Combined {
    /// As [`Conflict::field`].
    pub field: String,
    /// Words so far.
    pub text: String,
}

/// One step of the timeline.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Step {
    /// When, Unix ms (the server's time; for `written` and `queued` the tablet's).
    #[ts(type = "number")]
    pub at: i64,
    /// What: `written`, `queued`, or the name of the routing event.
    pub what: String,
    /// State after it.
    pub state: Option<State>,
    /// Unit, by name.
    pub unit: Option<String>,
    /// Words: reason, question, answer.
    pub note: Option<String>,
    /// Planned date `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Outcome.
    pub outcome: Option<Outcome>,
    /// Official number of another request concerned.
    pub other: Option<String>,
    /// How it came, where no tablet filed it.
    pub channel: Option<Channel>,
}

/// How the request this one is a duplicate of has ended.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Followed {
    /// Its official number.
    pub no: String,
    /// Outcome.
    pub outcome: Outcome,
    /// The answer given there; empty where it is not for others.
    pub text: String,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
}

/// A word about work that takes longer (*ara cevap*).
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Interim {
    /// Its words.
    pub text: String,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
}

/// The official answer.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Answer {
    /// Its words.
    pub text: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Who answered, by name.
    pub unit: Option<String>,
    /// Photos from the spot, in their order.
    pub photos: Vec<Photo>,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Until when the muhtar may object, Unix ms; then it closes by itself.
    #[ts(type = "number")]
    pub until: i64,
}

/// One entry of the thread.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Words.
    pub text: String,
    /// Whether the muhtar wrote it.
    pub mine: bool,
    /// Author by name, where it is not the muhtar.
    pub author: Option<String>,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Where it stands on its way.
    pub transport: Transport,
    /// Why the server refused the intent, when it did.
    pub refused: Option<String>,
    /// Photos of the request that go with it.
    #[ts(type = "string[]")]
    pub photos: Vec<BlobHash>,
}

/// Something reported that may be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Similar {
    /// This tablet's own request; `null`: a neighbour's, of which no more is known.
    #[ts(type = "string | null")]
    pub own: Option<RequestId>,
    /// What a draft is added to by [`crate::door::Call::Relate`]; `null`: a neighbour's that the server does not name.
    #[ts(type = "string | null")]
    pub request: Option<RequestId>,
    /// Its number, or the neighbour's neighbourhood.
    pub who: String,
    /// Days ago.
    pub days: u32,
    /// Metres from here, to ten.
    pub metres: u32,
    /// Where its case stands; `null`: the server does not have it yet.
    pub state: Option<State>,
}

/// The request another one adds to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Related {
    /// This tablet's own; `null`: a neighbour's.
    #[ts(type = "string | null")]
    pub own: Option<RequestId>,
    /// Its number, or the neighbour's neighbourhood; empty where nothing is known of it any more.
    pub who: String,
}

/// Requests on the map: one, or several that lie too close to be told apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Pin {
    /// Degrees; of several their middle.
    pub lat: f64,
    /// Degrees.
    pub lon: f64,
    /// How many there are.
    pub count: u32,
    /// The newest of them, at most ten.
    #[ts(type = "string[]")]
    pub ids: Vec<RequestId>,
    /// State of one alone; `null` of several, and where the server does not have it yet.
    pub state: Option<State>,
    /// Outcome of one alone.
    pub outcome: Option<Outcome>,
    /// First line of one alone, of a discreet one its case number; empty of several.
    pub title: String,
}

/// Two troubles in one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Halves {
    /// Words about the first.
    pub first: String,
    /// Words about the second.
    pub second: String,
    /// Category of the first.
    pub first_category: String,
    /// Category of the second.
    pub second_category: String,
}
