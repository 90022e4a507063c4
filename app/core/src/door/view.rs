//! What screens are shown.

mod request;

pub use request::*;

use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::routing::{Outcome, State};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::announcements::Announcement;
use crate::store::templates;

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
    /// The screen's lock.
    pub lock: Lock,
    /// What became of the words here, where the municipality revoked this tablet.
    pub revoked: Option<Revoked>,
}

/// What became of the words on a tablet that was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Revoked {
    /// When it closed, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Requests, corrections and entries that were handed over: a person of the municipality looks at them.
    pub handed: u32,
    /// Those that were refused before and are here only.
    pub refused: u32,
    /// Photos and voice notes that could not be handed over.
    pub photos: u32,
    /// Drafts.
    pub drafts: u32,
}

/// The screen's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Lock {
    /// Whether there is a PIN.
    pub pin: bool,
    /// Whether the screen is locked.
    pub locked: bool,
    /// Seconds until the next try is answered.
    pub wait: u32,
}

/// How it stands with the tablet itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Health {
    /// Free bytes of the disk.
    #[ts(type = "number")]
    pub free: u64,
    /// Bytes of the database, photos included.
    #[ts(type = "number")]
    pub database: u64,
    /// Photos and voice notes whose full size is here.
    pub photos: u32,
    /// The tablet's clock minus the server's, in seconds; 0 before the first contact.
    #[ts(type = "number")]
    pub clock_off: i64,
    /// Version of the map pack that is shown; `null`: the app's own map is.
    pub map: Option<String>,
    /// How much of another one is here, in percent; `null`: none is coming.
    pub map_coming: Option<u8>,
}

/// The map pack that is shown in place of the app's own map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MapPack {
    /// As people call it.
    pub version: String,
    /// What tells it from another one.
    pub mark: u32,
    /// How many parts it has; one behind the other they are gzipped JSON.
    pub parts: u32,
}

/// What a QR code says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReadCode {
    /// Its text.
    pub text: String,
}

/// A text to hand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Diagnosis {
    /// JSON, to be read by people.
    pub text: String,
}

/// What was written for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Files {
    /// The folder.
    pub dir: String,
    /// Names of the files in it.
    pub names: Vec<String>,
    /// Requests, corrections and entries in them.
    pub words: u32,
    /// Photos in them.
    pub photos: u32,
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
    /// The municipality revoked this tablet: what was written is kept, and closed until it is enrolled anew.
    Revoked,
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
    /// The database was damaged: it lies beside the new one under this name, and what could be read of it was taken over.
    DatabaseSetAside {
        /// File name.
        file: String,
        /// Requests and drafts that were taken over.
        #[serde(default)]
        requests: u32,
        /// Photos and voice notes likewise.
        #[serde(default)]
        photos: u32,
    },
    /// The tablet's clock differs from the server's by this many seconds (tablet minus server).
    ClockWrong {
        /// Seconds.
        #[ts(type = "number")]
        seconds: i64,
    },
    /// Another tablet has this one's identity: one of the two must be enrolled anew. Nothing is lost.
    Twin,
    /// Less than 1 GB is free.
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
    /// Was refused, and sent once more as another request.
    Renewed,
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
    /// To be handled discreetly: in lists title, address, category and cover are empty.
    pub discreet: bool,
}

/// The first page.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Home {
    /// Requests under way, of those in which the words occur.
    pub open: u32,
    /// Finished ones.
    pub done: u32,
    /// Drafts.
    pub drafts: u32,
    /// The piece of the list that was asked for, newest first.
    pub rows: Vec<Row>,
    /// The newest requests that wait for the muhtar, at most twenty; only with the beginning of a list, and without words.
    pub to_do: Vec<Request>,
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
    /// Parts of other tablets' courier files that wait to be brought.
    pub carried: u32,
    /// How it stands with the server.
    pub status: Status,
}

/// Answer to [`crate::door::Call::CarryCourier`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "step", rename_all = "snake_case")]
#[ts(export)]
pub enum CarryStep {
    /// Send the next slice from here.
    More {
        /// Bytes that have arrived.
        offset: u32,
    },
    /// It is taken along.
    Done {
        /// Whole parts, those that were here already too.
        parts: u32,
        /// Whether the file ends early or has parts that are damaged: its tablet still has what they held.
        cut: bool,
    },
}

/// One thing that waits.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OutboxItem {
    /// The request it belongs to.
    #[ts(type = "string")]
    pub request: RequestId,
    /// Title of that request; of a discreet one its case number.
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
    /// What may be done with all that was refused of its request.
    pub remedies: Vec<Remedy>,
}

/// A way out of quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Remedy {
    /// To mend it and send it again → [`crate::door::Call::Mend`].
    Mend,
    /// To send it again as it is → [`crate::door::Call::Mend`].
    Again,
    /// To send it once more as another request → [`crate::door::Call::Renew`].
    Renew,
    /// To write it into a folder → [`crate::door::Call::WriteUnsent`].
    Export,
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
    /// Whether it is no longer offered: it still has a name where it was chosen.
    #[serde(default)]
    pub retired: bool,
}

/// The beginning of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Template {
    /// What it begins with, and what names it.
    #[serde(flatten)]
    pub template: templates::Template,
    /// Whether it was learned from what is filed again and again; else the muhtar made it.
    pub learned: bool,
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
