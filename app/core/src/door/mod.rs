//! The one typed door between screens and core.
//!
//! Every host (the Tauri shell, the browser host of tests and demo) carries a [`Call`] in as JSON and
//! its answer out as JSON; nothing else crosses. TypeScript types are generated from these, so that a
//! screen that asks for what is not there does not compile.

pub mod view;

pub mod announcements;
mod answer;
mod carry;
mod drafts;
mod enrolment;
mod given;
mod health;
mod lock;
mod map;
mod mend;
mod nearby;
mod overview;
mod photos;
pub mod quiet;
mod receipts;
pub(crate) mod sent;
pub mod shared;
mod show;
mod templates;
mod voice;
mod words;

pub(crate) use carry::Bundle;
pub(crate) use lock::has_pin;
pub(crate) use photos::Upload;

use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::place::Fix;
use mbs_shared::request::Kind;
use mbs_shared::wire::entry::EntryKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a screen can ask. The answer's type is named at each variant.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "call", rename_all = "snake_case")]
#[ts(export)]
pub enum Call {
    /// Who this tablet is, its link and its counts → [`view::Status`].
    Status,
    /// Trades a one-time code for an identity → [`view::Status`]. Needs the network.
    Enrol {
        /// Server address, e.g. `https://mbs.example`; on a locked tablet its own server is asked, whatever stands here.
        server: String,
        /// The one-time code as shown at the desk; spaces and dashes are ignored.
        code: String,
    },
    /// An identity for practice, whose requests are never sent → [`view::Status`].
    EnrolPractice,
    /// The first page: what needs the muhtar, and a piece of one of his lists → [`view::Home`].
    Home {
        /// As in [`Call::Requests`].
        query: String,
        /// Which list.
        list: List,
        /// How many of its rows are there already.
        from: u32,
        /// How many more are wanted.
        most: u32,
    },
    /// All of the muhtar's requests and drafts, newest first → `Vec<`[`view::Row`]`>`.
    Requests {
        /// Turkish-folded words that must all occur in title, words, address or number; empty for all.
        query: String,
    },
    /// One request with photos, timeline and thread → [`view::Request`].
    Request {
        /// Which.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// A new empty draft, kept from this moment → [`view::Request`].
    NewDraft,
    /// A new draft with the words, category, kind and place of another request, without its photos → [`view::Request`].
    DraftLike {
        /// Which.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// A new empty draft for practice → [`view::Request`]. Its case number begins with `DENE`; [`Call::Send`] throws it away.
    PracticeDraft,
    /// Changes fields of a draft; every keystroke may come here → [`view::Request`].
    SetDraft {
        /// Which.
        #[ts(type = "string")]
        id: RequestId,
        /// Only the fields that changed.
        set: Fields,
    },
    /// Throws a draft away; [`Call::RestoreDraft`] takes it back until the app is next opened → `null`.
    DiscardDraft {
        /// Which.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// Takes back a discarded draft → [`view::Request`].
    RestoreDraft {
        /// Which.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// One slice of an original photo, base64; the last slice makes the photo → [`view::PhotoStep`].
    ///
    /// The original's bytes must arrive whole: position and time are read from them here.
    AddPhoto {
        /// The draft, or a sent request to which a photo is added.
        #[ts(type = "string")]
        id: RequestId,
        /// Chosen by the screen, the same for all slices of one photo.
        upload: u32,
        /// Where this slice begins; must be what has arrived so far.
        offset: u32,
        /// Size of the whole original, in bytes.
        total: u32,
        /// The slice, base64, at most 512 KiB decoded.
        data: String,
    },
    /// A voice note, whole, base64: Opus in WebM, of which the first minute is kept, or in Ogg of at most one → [`view::Request`].
    AddVoice {
        /// The draft, or a sent request to which it is added.
        #[ts(type = "string")]
        id: RequestId,
        /// The recording, base64.
        data: String,
    },
    /// Covers faces, plates and the like in a draft's photo → [`view::Request`]. The new picture takes the old one's place;
    /// [`Call::RemovePhoto`] and [`Call::RestorePhoto`] take it back until the draft is sent, when the old one is deleted.
    CoverPhoto {
        /// The draft.
        #[ts(type = "string")]
        id: RequestId,
        /// Which photo.
        #[ts(type = "string")]
        hash: BlobHash,
        /// What is covered, at least one and at most [`MAX_AREAS`].
        areas: Vec<Area>,
    },
    /// Puts a draft's photo before another one → [`view::Request`]. The first is the one that lists show.
    MovePhoto {
        /// The draft.
        #[ts(type = "string")]
        id: RequestId,
        /// Which photo.
        #[ts(type = "string")]
        hash: BlobHash,
        /// The one that follows it; `null`: it becomes the last.
        #[ts(type = "string | null")]
        before: Option<BlobHash>,
    },
    /// The camera opens for a request: should the app end meanwhile, the photo it took is put there by [`Call::TakeShared`]
    /// → `null`.
    ExpectPhoto {
        /// Which; `null`: it was closed again, and no photo is to come.
        #[ts(type = "string | null")]
        id: Option<RequestId>,
    },
    /// Photos that the host found: the one that was taken while the app was ended, in its request; those that another app
    /// handed over, in a new draft → [`view::Request`], or `null` where there are none.
    TakeShared,
    /// Takes a photo out of the request → [`view::Request`].
    RemovePhoto {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// Which photo.
        #[ts(type = "string")]
        hash: BlobHash,
    },
    /// Puts a removed photo back → [`view::Request`].
    RestorePhoto {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// Which photo.
        #[ts(type = "string")]
        hash: BlobHash,
    },
    /// Somebody looks at a photo whose full size is not here: it comes with the next contact, whatever the line costs → `null`.
    FetchPhoto {
        /// The request that shows it, among its own photos or its answer's.
        #[ts(type = "string")]
        id: RequestId,
        /// Which photo.
        #[ts(type = "string")]
        hash: BlobHash,
    },
    /// Somebody looks at an announcement's photo whose full size is not here, as in [`Call::FetchPhoto`] → `null`.
    FetchAnnouncedPhoto {
        /// The announcement it goes with.
        #[ts(type = "number")]
        id: i64,
        /// Which photo.
        #[ts(type = "string")]
        hash: BlobHash,
    },
    /// The neighbourhood under a point, offline → [`view::Place`].
    Locate {
        /// The point.
        fix: Fix,
    },
    /// What may be the same thing, reported by this muhtar or a neighbour, offline → `Vec<`[`view::Similar`]`>`.
    Similar {
        /// The draft.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// Says that a draft adds to another request, one of [`Call::Similar`], or (`null`) to none → [`view::Request`]. The
    /// server links the two when it comes.
    Relate {
        /// The draft.
        #[ts(type = "string")]
        id: RequestId,
        /// The other one.
        #[ts(type = "string | null")]
        to: Option<RequestId>,
    },
    /// A list's requests that lie in a window of the map, those too close to be told apart as one → `Vec<`[`view::Pin`]`>`.
    Pins {
        /// As in [`Call::Home`].
        query: String,
        /// Which list.
        list: List,
        /// The window.
        window: Window,
    },
    /// The map pack that is shown in place of the app's own map → [`view::MapPack`] or `null`.
    Map,
    /// One of its parts → base64, or `null` where it is damaged or another pack is shown by now: then the app's own map is.
    MapPart {
        /// As in [`view::MapPack`].
        mark: u32,
        /// Which, from 0.
        part: u32,
    },
    /// `Gönder`: freezes the draft and queues it → [`view::Request`].
    Send {
        /// Which draft.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// A later correction of a sent request → [`view::Request`].
    Edit {
        /// Which.
        #[ts(type = "string")]
        id: RequestId,
        /// Only the fields that changed.
        set: Fields,
    },
    /// Settles two versions of one field by keeping one of them → [`view::Request`].
    Keep {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// The field, as [`view::Conflict::field`] names it.
        field: String,
        /// Which, by [`view::Version::name`].
        version: String,
        /// Names of all that the person saw: with another one nothing is settled.
        seen: Vec<String>,
    },
    /// Settles two versions of a text field by words made of both → [`view::Request`].
    Combine {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// `title`, `desc` or `addr`.
        field: String,
        /// The words.
        text: String,
        /// As in [`Call::Keep`].
        seen: Vec<String>,
    },
    /// Words that are being made of two versions; every keystroke may come here → `null`. They are kept until
    /// [`Call::Combine`] keeps them, shown as [`view::Request::combined`], and never leave the tablet.
    BeginCombine {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// As in [`Call::Combine`].
        field: String,
        /// The words so far; none gives it up.
        text: String,
    },
    /// What the muhtar has begun to say about a sent request; every keystroke may come here → `null`. It is kept until
    /// [`Call::Say`] says it, shown as [`view::Request::begun`], and never leaves the tablet.
    Begin {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// What it will be.
        kind: EntryKind,
        /// The words so far; nothing at all gives it up.
        text: String,
        /// Photos of the request that will go with it.
        #[ts(type = "string[]")]
        photos: Vec<BlobHash>,
    },
    /// A correction of a sent request that is being written; every keystroke may come here → `null`. It is kept until
    /// [`Call::Edit`] makes it, shown as [`view::Request::edit`], and never leaves the tablet.
    BeginEdit {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// All fields that differ so far; none at all gives it up.
        set: Fields,
    },
    /// A confirmation or a withdrawal that the muhtar has asked for, while he may still take it back → `null`. Should the app
    /// end before [`Call::Say`] says it, it is said at the next start; an empty [`Call::Begin`] takes it back.
    Intend {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// `confirm` or `withdraw`.
        kind: EntryKind,
    },
    /// A thread entry: a message or an intent → [`view::Request`].
    Say {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// What it is.
        kind: EntryKind,
        /// The words; may be empty for `withdraw` and `confirm`, and where photos speak.
        text: String,
        /// Photos of the request that go with it.
        #[serde(default)]
        #[ts(type = "string[]")]
        photos: Vec<BlobHash>,
    },
    /// What waits, since when and why → [`view::Outbox`].
    Outbox,
    /// `Şimdi gönder`: contacts the server now, whatever the back-off says → [`view::Status`].
    SyncNow,
    /// What the platform says of the line → [`view::Status`]. A network that came back is used at once.
    Line {
        /// Whether there is a network.
        online: bool,
        /// Whether its bytes are paid for (mobile data); `null` where the platform does not say.
        metered: Option<bool>,
    },
    /// How full the tablet's battery is → `null`. Operators see it in the fleet, and nothing here depends on it.
    Battery {
        /// Percent; more counts as full.
        percent: u8,
    },
    /// How many megabytes of photos a day may go over a line whose bytes are paid for → [`view::Status`]. `null`: as
    /// many as there are; 0: only over Wi-Fi. Words and previews always go.
    MobileLimit {
        /// Megabytes of a million bytes.
        mb: Option<u32>,
    },
    /// The signed receipt of a request, as QR; offline → [`view::Receipt`].
    Receipt {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// Writes the receipt of a request, as a picture or a page, into a new folder among those for people → [`view::Files`].
    WriteReceipt {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
        /// The file as the screen made it: PNG or PDF, base64, at most 1 MiB decoded.
        file: String,
    },
    /// Checks a receipt against this tablet's server's keys, offline → [`view::Receipt`].
    VerifyReceipt {
        /// The text of its QR code, `MBS1:…`.
        text: String,
    },
    /// Reads the QR code in a photo, offline → [`view::ReadCode`].
    ReadCode {
        /// The photo, base64, at most 1 MiB decoded.
        data: String,
    },
    /// What the municipality announced, the newest first → `Vec<`[`announcements::Announcement`]`>`.
    Announcements,
    /// The muhtar has read one → [`view::Status`].
    ReadAnnouncement {
        /// Which.
        #[ts(type = "number")]
        id: i64,
    },
    /// Whether a draft tells of two troubles, offline → [`view::Halves`] or `null`.
    Halves {
        /// Which draft.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// Makes two drafts of one: the second begins with the other trouble's words and has its place, address and kind; photos
    /// stay with the first → [`view::Request`], the second.
    SplitDraft {
        /// Which draft.
        #[ts(type = "string")]
        id: RequestId,
        /// Words that stay.
        first: String,
        /// Words of the new one.
        second: String,
    },
    /// Beginnings of requests: those that were made, then what is filed again and again → `Vec<`[`view::Template`]`>`.
    Templates,
    /// Makes one of a sent request → as [`Call::Templates`].
    MakeTemplate {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// Takes one out; what was learned is not offered again → as [`Call::Templates`].
    RemoveTemplate {
        /// Which, by its [`key`](crate::store::templates::Template::key).
        key: String,
    },
    /// Takes it back → as [`Call::Templates`].
    RestoreTemplate {
        /// Which.
        key: String,
    },
    /// The muhtar has read what a damaged database left for him to know → [`view::Status`].
    ReadNotices,
    /// Locks the screen, where there is a PIN → [`view::Status`].
    Lock,
    /// Opens it → [`view::Status`]. Until then every call but a few is refused with
    /// [`Locked`](crate::error::Code::Locked).
    Unlock {
        /// Digits.
        pin: String,
    },
    /// Sets a PIN, changes it or takes it away → [`view::Status`].
    SetPin {
        /// Four to eight digits; empty takes it away.
        pin: String,
        /// The one before; empty where there was none.
        old: String,
    },
    /// How it stands with the tablet itself → [`view::Health`].
    Health,
    /// What helps somebody far away to find a fault, without words, places and persons → [`view::Diagnosis`].
    Diagnose,
    /// Writes what waits into sealed files for a courier → [`view::Files`].
    WriteCourier,
    /// One slice of another tablet's courier file, base64; with the last one it is taken along to the server, unread
    /// → [`view::CarryStep`].
    CarryCourier {
        /// Chosen by the screen, the same for all slices of one file.
        upload: u32,
        /// Where this slice begins; must be what has arrived so far.
        offset: u32,
        /// Size of the whole file, in bytes.
        #[ts(type = "number")]
        total: u64,
        /// The slice, base64, at most 512 KiB decoded.
        data: String,
    },
    /// Writes what is not on the server into a folder that can be read without this app → [`view::Files`].
    WriteUnsent {
        /// Only of this request; `null`: of all.
        #[ts(type = "string | null")]
        only: Option<RequestId>,
    },
    /// What was refused is to be mended and sent again → [`view::Request`]: a request that was refused whole is a draft
    /// again, under its number; a refused correction or message is begun again; a photo goes once more.
    Mend {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// A draft with the words and photos of a request that was refused whole → [`view::Request`]. Once it is sent the
    /// refused one needs nobody any more; it stays, to be read and exported.
    Renew {
        /// Which request.
        #[ts(type = "string")]
        id: RequestId,
    },
    /// Groups and categories for choosing → [`view::Categories`].
    Categories,
    /// Fitting categories for words already written, best first, offline → `Vec<`[`view::Suggestion`]`>`.
    SuggestCategory {
        /// The words.
        text: String,
    },
}

/// The lists of the first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum List {
    /// Sent, and not concluded.
    Open,
    /// Concluded, closed or cancelled.
    Done,
    /// Not sent.
    Drafts,
}

/// A window of the map, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Window {
    /// Lower edge.
    pub south: f64,
    /// Left edge.
    pub west: f64,
    /// Upper edge.
    pub north: f64,
    /// Right edge.
    pub east: f64,
    /// Requests within this many degrees of longitude, and as far to the north, are not told apart; the window is at most
    /// [`MAX_CELLS`] of them wide.
    pub cell: f64,
}

/// Widths of a cell in a window, at most.
pub const MAX_CELLS: f64 = 128.0;

/// Areas of a photo that are covered at once, at most.
pub const MAX_AREAS: usize = 40;

/// A part of a photo, in thousandths of its width and height from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Area {
    /// Left edge.
    pub x: u16,
    /// Upper edge.
    pub y: u16,
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
}

/// Fields of a request that a person can set. Absent means unchanged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct Fields {
    /// First line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// Category code; empty takes it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Kind of petition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// Address line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addr: Option<String>,
    /// To be handled discreetly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discreet: Option<bool>,
}

/// Why a call failed: a code the screen translates, and what may be shown beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CallError {
    /// One of [`crate::error::Code`].
    pub code: crate::error::Code,
    /// Technical detail for the diagnostic bundle, never shown as the message.
    pub detail: String,
}
