//! What the desk's screens are shown and what they send, as JSON.
//!
//! Routes (all under `/desk/api`, session cookie, same origin only):
//!
//! | route | in → out |
//! |---|---|
//! | `POST sign-in` | [`SignIn`] → [`Me`] |
//! | `POST sign-out` | → nothing |
//! | `GET me` | → [`Me`] |
//! | `GET queue?list=triage\|inbox\|late\|all&state=&q=&after=` | → [`Queue`] |
//! | `GET requests/{id}` | → [`DeskRequest`] |
//! | `GET requests/{id}/similar` | → `Vec<`[`Alike`]`>`, the likest first |
//! | `POST requests/{id}/act` | [`Act`] → [`DeskRequest`]; 409 `stale` when someone else acted first |
//! | `POST requests/{id}/say` | [`Say`] → [`DeskRequest`] |
//! | `POST photos` | image bytes → [`Uploaded`] |
//! | `GET photos/{hash}` and `…/thumb` | → JPEG, or a voice note's Ogg |
//! | `GET report?from=&until=` | → [`Report`](crate::report::Report) |
//! | `GET report.xlsx`, `GET requests.csv`, `GET requests.geojson`, `GET open-data.csv` | the same query → a workbook, a table, a map, what can be published |
//! | `GET directory` | → [`DeskDirectory`](super::directory::DeskDirectory) |
//! | `GET second-factor`, `POST second-factor`, `…/off` | → [`Offered`](super::second_factor::Offered); [`Proof`](super::second_factor::Proof) → [`Me`] |
//! | `POST requests` | [`NewRequest`](super::intake::NewRequest) → [`Entered`](super::intake::Entered): by telephone, petition, meeting |
//! | `POST requests/{id}/look` | [`Look`] → names of the others who look at it now |
//! | `GET announcements`, `POST announcements`, `POST …/{id}/withdraw` | [`NewAnnouncement`](super::announcements::NewAnnouncement) → `Vec<`[`DeskAnnouncement`](super::announcements::DeskAnnouncement)`>` |
//! | `GET announcements/{id}` | → [`Unseen`](super::announcements::Unseen) |
//! | `GET templates`, `POST templates`, `POST …/{id}/drop` | [`NewTemplate`](super::templates::NewTemplate) → `Vec<`[`DeskTemplate`](super::templates::DeskTemplate)`>` |
//! | `GET tablets` | → `Vec<`[`Tablet`]`>` |
//! | `POST enrolments` | [`NewEnrolment`] → [`Enrolment`] |
//! | `GET quarantine` | → [`Quarantine`] |
//! | `POST quarantine/{id}` | [`Decide`] → [`Quarantine`] |
//! | `GET events` | server-sent events: `changed` with a request id |

use mbs_shared::blob::BlobKind;
use mbs_shared::directory::Priority;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::place::Fix;
use mbs_shared::request::Kind;
use mbs_shared::routing::{Action, Channel, Outcome, State, Who};
use mbs_shared::wire::entry::EntryKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use super::quarantine::{Decide, HeldItem, Quarantine};

/// Who signs in.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct SignIn {
    /// Sign-in name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Six digits of the second factor, once they are asked for.
    #[serde(default)]
    pub code: Option<String>,
}

/// What a person may do at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Role {
    /// Muhtarlıklar Müdürlüğü: triage.
    Triage,
    /// Works in a unit.
    Unit,
    /// Works in a unit and approves its answers.
    Approver,
    /// Reads everything, changes nothing.
    Auditor,
    /// Runs the server: tablets, users, keys.
    Operator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [Self::Triage, Self::Unit, Self::Approver, Self::Auditor, Self::Operator];

    /// The name in JSON and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Unit => "unit",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }

    /// The role with that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code() == code)
    }
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Me {
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Unit the person works in, when in one.
    pub unit: Option<UnitRef>,
    /// Whether they sign in with a second factor.
    pub second_factor: bool,
    /// Whether one is to be set up before anything else can be done.
    pub second_factor_owed: bool,
}

/// A unit by code and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct UnitRef {
    /// Code.
    pub code: String,
    /// Turkish name.
    pub name: String,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Queue {
    /// Rows: most urgent and oldest first.
    pub rows: Vec<QueueRow>,
    /// Pass as `after` for the next page; `null` at the end.
    pub next: Option<String>,
    /// How many there are in all.
    pub total: u32,
    /// How many wait in triage (for the navigation).
    pub triage: u32,
    /// How many wait in the person's unit (for the navigation).
    pub inbox: u32,
    /// How many are late or were returned twice (for the navigation).
    pub late: u32,
}

/// One line of a list.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct QueueRow {
    /// Which.
    #[ts(type = "string")]
    pub id: RequestId,
    /// Official number.
    pub no: String,
    /// Offline case number.
    pub case_no: String,
    /// First line: title, or the beginning of the words.
    pub title: String,
    /// Neighbourhood and district, e.g. `Rasimpaşa, Kadıköy`.
    pub place: String,
    /// Category code (as corrected), may be empty.
    pub category: String,
    /// Urgency.
    pub priority: Priority,
    /// State.
    pub state: State,
    /// Outcome, once concluded.
    pub outcome: Option<Outcome>,
    /// Unit that holds it.
    pub unit: Option<UnitRef>,
    /// When the server received it, Unix ms.
    #[ts(type = "number")]
    pub received: i64,
    /// When it is due, Unix ms.
    #[ts(type = "number | null")]
    pub due: Option<i64>,
    /// Share of the time that has passed, 0 to 1 and above when late.
    pub spent: f64,
    /// Whether the clock stands still.
    pub paused: bool,
    /// Photos it refers to.
    pub photos: u8,
    /// Changes of hands.
    pub hops: u16,
    /// Times it was returned.
    pub returns: u16,
    /// How it came, where no tablet filed it.
    pub channel: Option<Channel>,
}

/// One request in full.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskRequest {
    /// As in the list.
    pub row: QueueRow,
    /// Number of the last event: send it back with [`Act::n`].
    pub n: u32,
    /// The muhtar's words.
    pub desc: String,
    /// Kind of petition.
    pub kind: Kind,
    /// Category as the muhtar chose it.
    pub category_by_muhtar: String,
    /// Place.
    pub fix: Option<Fix>,
    /// Address line.
    pub addr: String,
    /// Neighbourhood code of the muhtarlık that filed it.
    pub muhtarlik: String,
    /// Its name and district.
    pub muhtarlik_name: String,
    /// Neighbourhood code of the place, when it lies in one.
    pub neighbourhood: Option<String>,
    /// To be handled discreetly.
    pub discreet: bool,
    /// When it was filed by the tablet's clock, Unix ms (a claim).
    #[ts(type = "number")]
    pub filed: i64,
    /// Photos.
    pub photos: Vec<DeskPhoto>,
    /// Events, oldest first.
    pub events: Vec<DeskEvent>,
    /// Messages and intents, oldest first.
    pub thread: Vec<DeskEntry>,
    /// Fields with two versions: key and texts, the one that counts first.
    pub conflicts: Vec<DeskConflict>,
    /// Question that waits for the muhtar.
    pub question: Option<String>,
    /// Answer that waits for approval, or the official one.
    pub answer: Option<DeskAnswer>,
    /// Planned date, `YYYY-MM-DD`.
    pub planned: Option<String>,
    /// Why the muhtar wishes to withdraw it, while the holder has not decided; may be empty.
    pub wish: Option<String>,
    /// By when the law wants a word to the muhtar, Unix ms, while work is owed.
    #[ts(type = "number | null")]
    pub ceiling: Option<i64>,
    /// When the last interim reply of this round was given, Unix ms.
    #[ts(type = "number | null")]
    pub interim: Option<i64>,
    /// Requests it has to do with.
    pub relatives: Vec<Relative>,
    /// What the signed-in person may do now, derived from the transition table and his unit.
    pub can: Vec<Action>,
    /// Whether an answer of the unit that holds it goes to an approver first.
    pub approval: bool,
    /// Where the category's rule would send it, best first, with the reason.
    pub suggestions: Vec<UnitSuggestion>,
}

/// How another request has to do with this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Kinship {
    /// This one was concluded as its duplicate.
    Parent,
    /// It was concluded as a duplicate of this one.
    Duplicate,
    /// It was linked.
    Link,
}

/// Another request, as far as the person may see it.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Relative {
    /// How.
    pub how: Kinship,
    /// Official number.
    pub no: String,
    /// Its line in a list; `null` for one that the person may not see, or that was erased.
    pub row: Option<QueueRow>,
}

/// A request that may be about the same matter, and why.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Alike {
    /// Its line in a list.
    pub row: QueueRow,
    /// Metres between the two places, where both have one.
    pub metres: Option<u32>,
    /// Days between them.
    pub days: u32,
    /// Whether both are of the same category.
    pub same_category: bool,
}

/// A unit the rules suggest.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct UnitSuggestion {
    /// Unit.
    pub unit: UnitRef,
    /// Whether it is outside the municipality (then the action is `send_out`).
    pub external: bool,
    /// Why: `rule` (the category's default) or `alternative`.
    pub why: String,
}

/// A photo at the desk.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskPhoto {
    /// Name.
    #[ts(type = "string")]
    pub hash: BlobHash,
    /// Photo or voice note.
    pub kind: BlobKind,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Whether the bytes are here.
    pub here: bool,
    /// Whether the preview is here.
    pub thumb: bool,
}

/// One event of the history.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskEvent {
    /// Place in the request's series.
    pub n: u32,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// What, by name.
    pub what: String,
    /// In which capacity.
    pub by: Who,
    /// Who did it, by name; empty for the system and the muhtar.
    pub author: String,
    /// Reason, question, answer.
    pub note: String,
    /// Unit concerned.
    pub unit: Option<UnitRef>,
    /// Outcome.
    pub outcome: Option<Outcome>,
    /// Date, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Official number of another request concerned.
    pub other: Option<String>,
}

/// One entry of the thread.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskEntry {
    /// What it is.
    pub kind: EntryKind,
    /// Words.
    pub text: String,
    /// Whether the muhtar wrote it.
    pub by_muhtar: bool,
    /// Author's name; empty for the muhtar.
    pub author: String,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
}

/// A field with several versions.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskConflict {
    /// Key in the document.
    pub field: String,
    /// Texts, the one that counts first.
    pub versions: Vec<String>,
}

/// An answer, waiting for approval or official.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskAnswer {
    /// Its words.
    pub text: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Photos from the spot.
    #[ts(type = "Array<string>")]
    pub photos: Vec<BlobHash>,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Whether it is official already.
    pub official: bool,
}

/// Something done to a request.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Act {
    /// Number of the last event the person saw.
    pub n: u32,
    /// What.
    pub action: Action,
    /// Unit, for `route`, `send_out`, `forward`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Outcome, for `answer`, `conclude`.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Date `YYYY-MM-DD`, for `plan`.
    #[serde(default)]
    pub date: Option<String>,
    /// Official or offline number of the other request, for `link` and the outcome `duplicate`.
    #[serde(default)]
    pub other: Option<String>,
    /// Reason, question, answer.
    #[serde(default)]
    pub note: Option<String>,
    /// Corrected category, with `route` and `send_out`.
    #[serde(default)]
    pub category: Option<String>,
    /// Photos from the spot, for `answer`.
    #[serde(default)]
    #[ts(optional, type = "Array<string>")]
    pub photos: Option<Vec<BlobHash>>,
}

/// A message to the muhtar.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct Say {
    /// The words.
    pub text: String,
}

/// Whether a page is open.
#[derive(Debug, Clone, Copy, Deserialize, TS)]
#[ts(export)]
pub struct Look {
    /// `false`: it is being left.
    pub here: bool,
}

/// A photo that was taken in.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Uploaded {
    /// Name to use in [`Act::photos`].
    #[ts(type = "string")]
    pub hash: BlobHash,
}

/// A tablet as operators see it.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Tablet {
    /// First part of its case numbers; names it towards people.
    pub prefix: String,
    /// Neighbourhood and district.
    pub place: String,
    /// Version of its app.
    pub app: String,
    /// Last contact, Unix ms.
    #[ts(type = "number | null")]
    pub last_seen: Option<i64>,
    /// Things it says it made.
    pub created: u32,
    /// Things of it that arrived.
    pub arrived: u32,
    /// Things it made that did not arrive.
    pub missing: u32,
    /// Since when the oldest of them is known to be missing, Unix ms.
    #[ts(type = "number | null")]
    pub missing_since: Option<i64>,
    /// Whether another tablet has its identity: one of the two must be enrolled anew.
    pub twin: bool,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Asks for a code that enrols a tablet.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewEnrolment {
    /// Neighbourhood code.
    pub neighbourhood: String,
    /// The muhtar's name.
    pub person: String,
}

/// A code that enrols a tablet once.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Enrolment {
    /// The code, grouped for reading: `4KR7-9XQ2`.
    pub code: String,
    /// Until when, Unix ms.
    #[ts(type = "number")]
    pub expires: i64,
    /// QR code of server address and code, as SVG.
    pub qr: String,
}
