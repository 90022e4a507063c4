//! What screens are shown.

use super::announcements::Announcement;
use mbs_shared::blob::BlobKind;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::place::Fix;
use mbs_shared::request::Kind;
use mbs_shared::routing::{Channel, Outcome, State};
use mbs_shared::wire::entry::EntryKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The tablet as a whole: top line, navigation badges.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Status {
    /// Who this tablet is; `null` before enrolment.
    pub identity: Option<Identity>,
    /// How it stands with the server.
    pub link: Link,
    /// Last completed exchange with the server, Unix ms; `null` before the first.
    #[ts(type = "number | null")]
    pub last_contact: Option<i64>,
    /// When it will try again by itself, Unix ms.
    #[ts(type = "number | null")]
    pub next_try: Option<i64>,
    /// Requests, entries and photos not yet on the server.
    pub waiting: u32,
    /// Answers to confirm and questions to answer.
    pub needs_me: u32,
    /// Items the server or the tablet refused.
    pub quarantined: u32,
    /// Announcements that were not read.
    pub unread: u32,
    /// The one of them that is shown before anything else.
    pub urgent: Option<Announcement>,
    /// Something a person should know once, e.g. a damaged database was set aside.
    pub notices: Vec<Notice>,
    /// Version of the app, e.g. `0.1.0`.
    pub version: String,
    /// Photos over lines that are paid for.
    pub mobile: Mobile,
}

/// Photos over lines whose bytes are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Mobile {
    /// Megabytes a day; `null`: as many as there are, 0: only over Wi-Fi.
    pub limit_mb: Option<u32>,
    /// Bytes that have gone today.
    #[ts(type = "number")]
    pub today: u64,
    /// Photos that wait for Wi-Fi, or for tomorrow, because of the limit.
    pub held: u32,
}

/// Who this tablet is.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Identity {
    /// Muhtar's name as the directory has it.
    pub person: String,
    /// Neighbourhood code, e.g. `kadikoy-rasimpasa`.
    pub neighbourhood: String,
    /// Neighbourhood name.
    pub neighbourhood_name: String,
    /// District name.
    pub district_name: String,
    /// First part of every offline case number of this tablet.
    pub prefix: String,
    /// Whether its requests are never sent.
    pub practice: bool,
}

/// How it stands with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Link {
    /// The last exchange worked.
    Online,
    /// No network, or the server did not answer.
    Offline,
    /// An exchange is under way.
    Busy,
    /// The server does not know this tablet any more: everything is kept, enrolment is needed.
    Unknown,
    /// The app is too old for the server: everything is kept, the app must be updated.
    Outdated,
    /// The server is too old for the app: everything is kept, the server must be updated.
    ServerOutdated,
}

/// Something a person should know once.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "notice", rename_all = "snake_case")]
#[ts(export)]
pub enum Notice {
    /// The database was damaged and lies beside the new one under this name.
    DatabaseSetAside {
        /// File name.
        file: String,
    },
    /// The tablet's clock differs from the server's by this many seconds (tablet minus server).
    ClockWrong {
        /// Seconds.
        #[ts(type = "number")]
        seconds: i64,
    },
    /// Another tablet has this one's identity: one of the two must be enrolled anew. Nothing is lost.
    Twin,
    /// Less than 200 MB are free.
    DiskLow {
        /// Free megabytes.
        free_mb: u32,
    },
}

/// Where the item stands on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Transport {
    /// Taslak.
    Draft,
    /// Kuyrukta.
    Queued,
    /// Gönderiliyor.
    Sending,
    /// Sunucuda.
    Delivered,
    /// Karantina.
    Quarantined,
}

/// One line of "my requests".
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Row {
    /// Which.
    #[ts(type = "string")]
    pub id: RequestId,
    /// First line: title, or the beginning of the words.
    pub title: String,
    /// Address line, may be empty.
    pub addr: String,
    /// Category code, may be empty.
    pub category: String,
    /// Offline case number.
    pub case_no: String,
    /// Official number, once given.
    pub official_no: Option<String>,
    /// When it was filed (or begun), Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Transport of the words.
    pub transport: Transport,
    /// State of the case; `null` until the server has it.
    pub state: Option<State>,
    /// Outcome, once concluded.
    pub outcome: Option<Outcome>,
    /// Planned date `YYYY-MM-DD`, when planned.
    pub planned: Option<String>,
    /// Photos of the request.
    pub photos: u8,
    /// Photos that are on the server.
    pub photos_delivered: u8,
    /// Fields with two versions.
    pub conflicts: u8,
    /// Whether the muhtar is expected to do something (confirm, answer, mend).
    pub needs_me: bool,
    /// First photo, for a picture in the list.
    #[ts(type = "string | null")]
    pub cover: Option<BlobHash>,
}

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
    /// Photos, in the order they were added.
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
    /// Whether its signed receipt is here.
    pub receipt: bool,
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
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Bytes.
    pub size: u32,
    /// Bytes that the server has confirmed.
    pub sent: u32,
    /// Whether the server has it whole and proven.
    pub delivered: bool,
    /// Whether its bytes are on this tablet.
    pub here: bool,
}

/// Answer to [`super::Call::AddPhoto`].
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
        /// The request with its new photo (boxed: it is large).
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
    /// As text to show.
    pub text: String,
    /// Whether this tablet wrote it.
    pub mine: bool,
    /// When its change was made, by that tablet's clock, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
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
}

/// What waits.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Outbox {
    /// Items, oldest first.
    pub items: Vec<OutboxItem>,
    /// Bytes still to be sent.
    #[ts(type = "number")]
    pub bytes: u64,
    /// How it stands with the server.
    pub status: Status,
}

/// One thing that waits.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OutboxItem {
    /// The request it belongs to.
    #[ts(type = "string")]
    pub request: RequestId,
    /// Title of that request.
    pub title: String,
    /// What waits.
    pub what: OutboxKind,
    /// Since when, Unix ms.
    #[ts(type = "number")]
    pub since: i64,
    /// Bytes to send.
    pub bytes: u32,
    /// Bytes the server has confirmed.
    pub sent: u32,
    /// Why it lies in quarantine: an error code to translate; `null` while it just waits.
    pub quarantine: Option<String>,
}

/// What kind of thing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum OutboxKind {
    /// The request's words (a first change).
    Request,
    /// A later correction.
    Edit,
    /// A message or an intent.
    Entry,
    /// A photo.
    Photo,
}

/// Groups and categories for choosing.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Categories {
    /// In the order they are offered.
    pub groups: Vec<Group>,
}

/// A group of categories.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Group {
    /// Code.
    pub code: String,
    /// Turkish name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Its categories.
    pub categories: Vec<Category>,
}

/// A category.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Category {
    /// Code, e.g. `yol.cukur`.
    pub code: String,
    /// Turkish name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whether a photo is wanted.
    pub photo: mbs_shared::directory::Need,
    /// Whether a place is wanted.
    pub location: mbs_shared::directory::Need,
    /// Words that lead to it in a search.
    pub keywords: Vec<String>,
    /// Target in working days.
    pub target_days: u16,
    /// To be handled discreetly.
    pub sensitive: bool,
}

/// A category that fits the words.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Suggestion {
    /// Category code.
    pub code: String,
    /// The words that led to it, as the muhtar wrote them.
    pub because: Vec<String>,
}

/// Something reported that may be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Similar {
    /// This tablet's own request; `null`: a neighbour's, of which no more is known.
    #[ts(type = "string | null")]
    pub own: Option<RequestId>,
    /// Its number, or the neighbour's neighbourhood.
    pub who: String,
    /// Days ago.
    pub days: u32,
    /// Metres from here, to ten.
    pub metres: u32,
    /// Where its case stands; `null`: the server does not have it yet.
    pub state: Option<State>,
}
