//! Calls after which no other part of a screen looks again.

use serde::Serialize;
use ts_rs::TS;

use super::Call;

/// Such a call, by the name it travels under. The back end of pictures is held to this list by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Quiet {
    /// [`Call::Status`].
    Status,
    /// [`Call::Home`].
    Home,
    /// [`Call::Requests`].
    Requests,
    /// [`Call::Request`].
    Request,
    /// [`Call::Locate`].
    Locate,
    /// [`Call::Similar`].
    Similar,
    /// [`Call::Pins`].
    Pins,
    /// [`Call::Map`].
    Map,
    /// [`Call::MapPart`].
    MapPart,
    /// [`Call::Halves`].
    Halves,
    /// [`Call::Outbox`].
    Outbox,
    /// [`Call::Receipt`].
    Receipt,
    /// [`Call::VerifyReceipt`].
    VerifyReceipt,
    /// [`Call::ReadCode`].
    ReadCode,
    /// [`Call::Announcements`].
    Announcements,
    /// [`Call::Health`].
    Health,
    /// [`Call::Diagnose`].
    Diagnose,
    /// [`Call::Templates`].
    Templates,
    /// [`Call::Categories`].
    Categories,
    /// [`Call::SuggestCategory`].
    SuggestCategory,
    /// [`Call::SetDraft`].
    SetDraft,
    /// [`Call::Begin`].
    Begin,
    /// [`Call::BeginEdit`].
    BeginEdit,
    /// [`Call::BeginCombine`].
    BeginCombine,
    /// [`Call::ExpectPhoto`].
    ExpectPhoto,
    /// [`Call::TakeShared`].
    TakeShared,
    /// [`Call::Intend`].
    Intend,
    /// [`Call::NewDraft`].
    NewDraft,
    /// [`Call::Line`].
    Line,
    /// [`Call::Battery`].
    Battery,
}

impl Call {
    /// Which quiet call it is, if it is one: a question; typing, which the one screen that shows it holds anyway; and what the
    /// machine says of itself.
    #[must_use]
    pub const fn quiet(&self) -> Option<Quiet> {
        Some(match self {
            Self::Status => Quiet::Status,
            Self::Home { .. } => Quiet::Home,
            Self::Requests { .. } => Quiet::Requests,
            Self::Request { .. } => Quiet::Request,
            Self::Locate { .. } => Quiet::Locate,
            Self::Similar { .. } => Quiet::Similar,
            Self::Pins { .. } => Quiet::Pins,
            Self::Map => Quiet::Map,
            Self::MapPart { .. } => Quiet::MapPart,
            Self::Halves { .. } => Quiet::Halves,
            Self::Outbox => Quiet::Outbox,
            Self::Receipt { .. } => Quiet::Receipt,
            Self::VerifyReceipt { .. } => Quiet::VerifyReceipt,
            Self::ReadCode { .. } => Quiet::ReadCode,
            Self::Announcements => Quiet::Announcements,
            Self::Health => Quiet::Health,
            Self::Diagnose => Quiet::Diagnose,
            Self::Templates => Quiet::Templates,
            Self::Categories => Quiet::Categories,
            Self::SuggestCategory { .. } => Quiet::SuggestCategory,
            Self::SetDraft { .. } => Quiet::SetDraft,
            Self::Begin { .. } => Quiet::Begin,
            Self::BeginEdit { .. } => Quiet::BeginEdit,
            Self::BeginCombine { .. } => Quiet::BeginCombine,
            Self::ExpectPhoto { .. } => Quiet::ExpectPhoto,
            Self::TakeShared => Quiet::TakeShared,
            Self::Intend { .. } => Quiet::Intend,
            Self::NewDraft => Quiet::NewDraft,
            Self::Line { .. } => Quiet::Line,
            Self::Battery { .. } => Quiet::Battery,
            _ => return None,
        })
    }

    /// Whether it only looks, and changes nothing.
    #[must_use]
    pub const fn is_question(&self) -> bool {
        matches!(self.quiet(), Some(quiet) if !quiet.changes())
    }
}

impl Quiet {
    /// Whether it changes something all the same.
    const fn changes(self) -> bool {
        matches!(
            self,
            Self::SetDraft
                | Self::Begin
                | Self::BeginEdit
                | Self::BeginCombine
                | Self::ExpectPhoto
                | Self::TakeShared
                | Self::Intend
                | Self::NewDraft
                | Self::Line
                | Self::Battery
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_name_that_the_call_has() {
        let id = mbs_shared::id::RequestId([0; 16]);
        for call in
            [Call::Status, Call::MapPart { mark: 1, part: 0 }, Call::Request { id }, Call::NewDraft, Call::TakeShared]
        {
            let name = serde_json::to_value(call.quiet().unwrap()).unwrap();
            assert_eq!(serde_json::to_value(&call).unwrap()["call"], name);
        }
        assert!(Call::Status.is_question() && !Call::NewDraft.is_question());
        assert!(Call::Send { id }.quiet().is_none() && !Call::Send { id }.is_question());
    }
}
