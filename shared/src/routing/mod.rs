//! The case: its states, who may do what, its events, its deadlines.
//!
//! [`table`] is the only place that knows which step follows which. The desk's buttons, the tablet,
//! the program interface and the documentation ask it.

pub mod case;
pub mod deadline;
pub mod event;
pub mod table;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use case::Case;
pub use event::{Event, What};
pub use table::{Action, Rule, Who};

/// Where a case stands. Only the server moves it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode, TS,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum State {
    /// Alındı.
    #[default]
    #[n(0)]
    Received,
    /// Ön incelemede.
    #[n(1)]
    InReview,
    /// Muhtardan bilgi bekleniyor; the clock stands still.
    #[n(2)]
    AwaitingMuhtar,
    /// Yönlendirildi.
    #[n(3)]
    Assigned,
    /// İşlemde.
    #[n(4)]
    InProgress,
    /// Programa alındı.
    #[n(5)]
    Planned,
    /// Dış kurumda.
    #[n(6)]
    External,
    /// Cevap onayda.
    #[n(7)]
    AnswerPending,
    /// Sonuçlandı.
    #[n(8)]
    Concluded,
    /// Kapandı.
    #[n(9)]
    Closed,
    /// İptal.
    #[n(10)]
    Cancelled,
}

impl State {
    /// All states, in the order of the design.
    pub const ALL: [Self; 11] = [
        Self::Received,
        Self::InReview,
        Self::AwaitingMuhtar,
        Self::Assigned,
        Self::InProgress,
        Self::Planned,
        Self::External,
        Self::AnswerPending,
        Self::Concluded,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The name on the wire, in JSON and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::InReview => "in_review",
            Self::AwaitingMuhtar => "awaiting_muhtar",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Planned => "planned",
            Self::External => "external",
            Self::AnswerPending => "answer_pending",
            Self::Concluded => "concluded",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The name for people, in Turkish.
    #[must_use]
    pub const fn turkish(self) -> &'static str {
        match self {
            Self::Received => "Alındı",
            Self::InReview => "Ön incelemede",
            Self::AwaitingMuhtar => "Muhtardan bilgi bekleniyor",
            Self::Assigned => "Yönlendirildi",
            Self::InProgress => "İşlemde",
            Self::Planned => "Programa alındı",
            Self::External => "Dış kurumda",
            Self::AnswerPending => "Cevap onayda",
            Self::Concluded => "Sonuçlandı",
            Self::Closed => "Kapandı",
            Self::Cancelled => "İptal",
        }
    }

    /// The state with that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// Whether nothing follows any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }

    /// Whether work is still owed: neither concluded nor final.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Concluded | Self::Closed | Self::Cancelled)
    }
}

/// How a request came, where no tablet filed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum Channel {
    /// Telefon.
    #[n(0)]
    Phone,
    /// Dilekçe.
    #[n(1)]
    Petition,
    /// Toplantı.
    #[n(2)]
    Meeting,
}

impl Channel {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Phone, Self::Petition, Self::Meeting];

    /// The name in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Petition => "petition",
            Self::Meeting => "meeting",
        }
    }

    /// The name for people, in Turkish.
    #[must_use]
    pub const fn turkish(self) -> &'static str {
        match self {
            Self::Phone => "Telefon",
            Self::Petition => "Dilekçe",
            Self::Meeting => "Toplantı",
        }
    }
}

/// How a case was concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode, TS)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[ts(export)]
pub enum Outcome {
    /// Yapıldı.
    #[n(0)]
    Done,
    /// Kısmen yapıldı.
    #[n(1)]
    Partly,
    /// Olumsuz; a reason is required.
    #[n(2)]
    Refused,
    /// Bilgi verildi.
    #[n(3)]
    Informed,
    /// Yetki dışı; says where it was sent.
    #[n(4)]
    OutOfRemit,
    /// Mükerrer; names the parent.
    #[n(5)]
    Duplicate,
}

impl Outcome {
    /// All outcomes, in the order they are offered.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Partly, Self::Refused, Self::Informed, Self::OutOfRemit, Self::Duplicate];

    /// The name on the wire, in JSON and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partly => "partly",
            Self::Refused => "refused",
            Self::Informed => "informed",
            Self::OutOfRemit => "out_of_remit",
            Self::Duplicate => "duplicate",
        }
    }

    /// The name for people, in Turkish.
    #[must_use]
    pub const fn turkish(self) -> &'static str {
        match self {
            Self::Done => "Yapıldı",
            Self::Partly => "Kısmen yapıldı",
            Self::Refused => "Olumsuz",
            Self::Informed => "Bilgi verildi",
            Self::OutOfRemit => "Yetki dışı",
            Self::Duplicate => "Mükerrer",
        }
    }

    /// The outcome with that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.code() == code)
    }
}
