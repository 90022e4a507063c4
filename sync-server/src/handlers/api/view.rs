//! What programs are given, as JSON. Times are Unix milliseconds, codes as in the directory.

use mbs_shared::id::RequestId;
use mbs_shared::routing::{Outcome, State};
use serde::Serialize;

/// `GET /api/v1/updates?after=CURSOR&limit=N&unit=CODE&status=STATE`.
#[derive(Debug, Clone, Serialize)]
pub struct Updates {
    /// In the order of the server's commits.
    pub updates: Vec<Update>,
    /// Pass it as `after` next time. Keep it only once the updates are kept.
    pub next: String,
    /// Whether more waits.
    pub more: bool,
}

/// One thing that happened to a request of the key's units.
#[derive(Debug, Clone, Serialize)]
pub struct Update {
    /// The same number is never given to another update.
    pub seq: i64,
    /// What happened.
    pub kind: UpdateKind,
    /// Unit it concerns.
    pub unit: String,
    /// When, Unix ms.
    pub at: i64,
    /// The request.
    pub request: RequestId,
    /// Official number.
    pub number: String,
    /// The decision, for `entered` and `event`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<UpdateEvent>,
    /// The request as it stands when it is told, for `entered` and `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// What kind of update it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateKind {
    /// The request came to the unit.
    Entered,
    /// It went elsewhere: forget it, or keep it as a memory.
    Left,
    /// Something was decided.
    Event,
    /// Words, thread or photos changed.
    Content,
    /// Erased by law: forget everything of it.
    Erased,
}

/// A decision.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateEvent {
    /// Place in the request's own series.
    pub n: u32,
    /// What, by name.
    pub what: String,
    /// State after it.
    pub status: State,
    /// Outcome, once concluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Reason, question, official answer.
    pub note: String,
    /// When it is due, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<i64>,
    /// Planned date, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
    /// Official number of another request concerned: the parent of a duplicate, a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// The part of the work concerned, for `tasked`, `task_done`, `task_dropped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<UpdateTask>,
}

/// A part of the work that was given to a unit beside the one that holds the request (alt iş).
#[derive(Debug, Clone, Serialize)]
pub struct UpdateTask {
    /// `n` of the event that gave it.
    pub n: u32,
    /// Unit.
    pub unit: String,
    /// Until when it is wanted, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// `POST /api/v1/requests/{id}/act`: where the request stands afterwards.
#[derive(Debug, Clone, Serialize)]
pub struct Acted {
    /// The request.
    pub request: RequestId,
    /// Official number.
    pub number: String,
    /// Its last event: send it with the next decision.
    pub n: u32,
    /// State.
    pub status: State,
    /// Whether it had been said before, and nothing was appended now.
    pub repeated: bool,
}

/// What the muhtar wrote.
#[derive(Debug, Clone, Serialize)]
pub struct Content {
    /// First line, may be empty.
    pub title: String,
    /// The words.
    pub description: String,
    /// Category code.
    pub category: String,
    /// Neighbourhood code of the place, or of the muhtarlık.
    pub neighbourhood: String,
    /// Latitude, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Address line.
    pub address: String,
    /// Names of its photos: `GET /api/v1/photos/{hash}`.
    pub photos: Vec<String>,
    /// Offline case number.
    pub case_number: String,
    /// How it came: `tablet`, `phone`, `petition`, `meeting`.
    pub channel: &'static str,
    /// When the server received it, Unix ms.
    pub received: i64,
}
