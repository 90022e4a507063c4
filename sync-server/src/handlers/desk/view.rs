//! What the desk's screens are shown and what they send, as JSON.
//!
//! Routes (all under `/desk/api`, session cookie, same origin only):
//!
//! | route | in → out |
//! |---|---|
//! | `POST sign-in` | [`SignIn`] → [`Me`] |
//! | `POST sign-out` | → nothing |
//! | `GET me` | → [`Me`] |
//! | `GET queue?list=triage\|inbox\|tasks\|late\|all&state=&q=&percent=&hand=&after=` | → [`Queue`] |
//! | `GET people` | → `Vec<`[`PersonLoad`](super::people::PersonLoad)`>`: who of the unit has what in hand |
//! | `GET requests/{id}` | → [`DeskRequest`] |
//! | `GET requests/{id}/qr.svg` | → its address at the desk as a QR code |
//! | `GET requests/{id}/similar` | → `Vec<`[`Alike`]`>`, the likest first |
//! | `GET requests/{id}/around` | → [`Around`](super::around::Around): what was reported nearby and before |
//! | `POST requests/{id}/act` | [`Act`] → [`DeskRequest`]; 409 `stale` when someone else acted first |
//! | `POST requests/preview` | [`Together`] → `Vec<`[`Foreseen`]`>`: what one decision would do to each of several |
//! | `POST requests/{id}/say` | [`Say`] → [`DeskRequest`] |
//! | `POST photos/facts` | the beginning of an original → [`PhotoFacts`](super::photo::PhotoFacts): nothing is kept |
//! | `POST photos?taken=&lat=&lon=` | image bytes → [`Uploaded`] |
//! | `PUT photos/{hash}/thumb` | the preview of one's own photo → 204 |
//! | `GET photos/{hash}` and `…/thumb` | → JPEG, or a voice note's Ogg |
//! | `GET report?from=&until=` | → [`Report`](crate::report::Report) |
//! | `GET report/refusals` | the same query → [`Refusals`](super::report::Refusals) |
//! | `GET report.xlsx`, `GET open-data.csv` | the same query → a workbook, rows without names |
//! | `GET requests.csv`, `GET requests.xlsx`, `GET requests.geojson` | the same query, or that of `queue` → a table, a workbook, a map of all of it |
//! | `GET directory` | → [`DeskDirectory`](super::directory::DeskDirectory) |
//! | `GET second-factor`, `POST second-factor`, `…/off` | → [`Offered`](super::second_factor::Offered); [`Proof`](super::second_factor::Proof) → [`Me`] |
//! | `POST requests` | [`NewRequest`](super::intake::NewRequest) → [`Entered`](super::intake::Entered): by telephone, petition, meeting |
//! | `POST requests/{id}/look` | [`Look`] → names of the others who look at it now |
//! | `GET announcements`, `POST announcements`, `POST …/{id}/withdraw` | [`NewAnnouncement`](super::announcements::NewAnnouncement) → `Vec<`[`DeskAnnouncement`](super::announcements::DeskAnnouncement)`>` |
//! | `GET announcements/{id}` | → [`Unseen`](super::announcements::Unseen) |
//! | `GET templates`, `POST templates`, `POST …/{id}/drop` | [`NewTemplate`](super::templates::NewTemplate) → `Vec<`[`DeskTemplate`](super::templates::DeskTemplate)`>` |
//! | `GET tablets`, `POST tablets/{prefix}/revoke` | → `Vec<`[`Tablet`]`>` |
//! | `GET health` | → [`ServerHealth`](super::health::ServerHealth) |
//! | `POST tablets/{prefix}/replace` | → [`Replaced`](super::tablets::Replaced): the old one is revoked, a code enrols the new one |
//! | `GET accounts`, `POST accounts`, `POST accounts/{login}` | [`NewAccount`](super::accounts::NewAccount), [`ChangeAccount`](super::accounts::ChangeAccount) → [`Accounts`](super::accounts::Accounts) |
//! | `POST keys`, `POST keys/revoke` | [`NewKey`](super::accounts::NewKey), [`RevokeKey`](super::accounts::RevokeKey) → [`Accounts`](super::accounts::Accounts) |
//! | `GET rules`, `GET rules/{id}`, `POST rules` | [`NewRules`](super::rules::NewRules) → [`DeskRules`](super::rules::DeskRules); 409 `stale` when others changed them |
//! | `POST rules/preview` | [`NewRules`](super::rules::NewRules) → [`Rehearsal`](super::rules::Rehearsal): what they would have done in the last year |
//! | `GET units`, `POST units/{code}` | [`UnitSwitch`](super::units::UnitSwitch) → `Vec<`[`UnitLoad`](super::units::UnitLoad)`>` |
//! | `GET calendar`, `POST calendar`, `POST calendar/{date}/drop` | [`NewDay`](super::calendar::NewDay) → `Vec<`[`CalendarDay`](super::calendar::CalendarDay)`>` |
//! | `POST password` | [`NewPassword`](super::accounts::NewPassword) → [`Me`]: one's own |
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
pub use super::session::{Me, SignIn};
pub use super::tablets::{Enrolment, NewEnrolment, Tablet};

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
    /// Heads a unit: approves its answers, and says whether they want approval.
    Head,
    /// Reads everything, changes nothing.
    Auditor,
    /// Runs the server: tablets, users, keys.
    Operator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [Self::Triage, Self::Unit, Self::Approver, Self::Head, Self::Auditor, Self::Operator];

    /// The name in JSON and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Unit => "unit",
            Self::Approver => "approver",
            Self::Head => "head",
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
    /// How many wait in the person's unit, parts of the work included (for the navigation).
    pub inbox: u32,
    /// How many of them lie elsewhere and wait for a part of the work.
    pub tasks: u32,
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
    /// Whether it lies elsewhere, and the person's unit owes a part of the work.
    pub task: bool,
    /// How it came, where no tablet filed it.
    pub channel: Option<Channel>,
    /// Who of the person's unit has it in hand, by name.
    pub hand: Option<String>,
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
    /// Parts of its work that were given to other units, in their order.
    pub tasks: Vec<DeskTask>,
    /// What the signed-in person may do now, derived from the transition table and his unit.
    pub can: Vec<Action>,
    /// Whether an answer of the unit that holds it goes to an approver first.
    pub approval: bool,
    /// Where the category's rule would send it, best first, with the reason.
    pub suggestions: Vec<UnitSuggestion>,
}

/// A part of the work that was given to another unit (alt iş).
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskTask {
    /// The event that gave it: send it back with [`Act::task`].
    pub n: u32,
    /// Unit.
    pub unit: UnitRef,
    /// What is to be done.
    pub text: String,
    /// Until when it is wanted, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// When it was given, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Whether it is owed.
    pub owed: bool,
    /// Whether the person's unit owes it.
    pub own: bool,
    /// How it ended; `null` while it is owed, and where it fell with the case.
    pub end: Option<DeskTaskEnd>,
}

/// How a part of the work ended.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskTaskEnd {
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why not.
    pub text: String,
    /// Photos from the spot.
    pub photos: Vec<ProofPhoto>,
    /// When, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
}

/// A photo from the spot, with what its camera wrote: claims, for whoever decides about the answer.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct ProofPhoto {
    /// Name.
    #[ts(type = "string")]
    pub hash: BlobHash,
    /// When it was taken, Unix ms.
    #[ts(type = "number | null")]
    pub taken: Option<i64>,
    /// Metres from the request's place.
    pub metres: Option<u32>,
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
    /// Photos of the request that go with it.
    #[ts(type = "string[]")]
    pub photos: Vec<BlobHash>,
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
    pub photos: Vec<ProofPhoto>,
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
    /// Unit, for `route`, `send_out`, `forward`, `task`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Outcome, for `answer`, `conclude`.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Date `YYYY-MM-DD`, for `plan`, for `task` where it is wanted until one, and for `answer` when an institution wrote.
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
    /// Photos from the spot, for `answer`, `finish_task`.
    #[serde(default)]
    #[ts(optional, type = "Array<string>")]
    pub photos: Option<Vec<BlobHash>>,
    /// Which part of the work, for `finish_task`, `return_task`, `call_off`: its [`DeskTask::n`].
    #[serde(default)]
    pub task: Option<u32>,
    /// Number of the institution's letter, for its `answer`.
    #[serde(default)]
    pub reference: Option<String>,
}

/// One decision for several requests, to be looked at before it is made.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct Together {
    /// Which; those the person may not see are passed over.
    #[ts(type = "Array<string>")]
    pub ids: Vec<RequestId>,
    /// What; its [`Act::n`] says nothing here.
    pub act: Act,
}

/// What a decision would do to one request.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Foreseen {
    /// Which.
    #[ts(type = "string")]
    pub id: RequestId,
    /// Official number.
    pub no: String,
    /// First line.
    pub title: String,
    /// Number of its last event: send it with the decision.
    pub n: u32,
    /// Why nothing would follow; `null`: it would be done.
    pub why: Option<String>,
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
