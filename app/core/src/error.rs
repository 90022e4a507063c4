//! Every way a call can fail, as a closed list that screens translate.

use std::io;

use mbs_shared::document::edit::DocumentError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::door::CallError;

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Code {
    /// No identity yet.
    NotEnrolled,
    /// The server cannot be reached.
    Offline,
    /// The enrolment code is unknown, used or expired.
    EnrolmentCode,
    /// This tablet already has an identity.
    AlreadyEnrolled,
    /// No such request, draft or photo.
    NotFound,
    /// It was sent already (or not yet), so this cannot be done to it.
    WrongMoment,
    /// Nothing was written: neither words nor a photo.
    Empty,
    /// The words are longer than allowed.
    TooLong,
    /// The file is no photo that can be read.
    PhotoUnreadable,
    /// The photo is too large to be opened safely.
    PhotoTooLarge,
    /// A HEIC photo, which this tablet cannot open.
    PhotoHeic,
    /// The file is no voice note: no Opus in WebM or Ogg, longer than a minute, or too large.
    VoiceUnreadable,
    /// Six photos are there already.
    PhotoLimit,
    /// The same photo is there already.
    PhotoTwice,
    /// The category is not in the directory.
    UnknownCategory,
    /// A position that cannot be one.
    BadPlace,
    /// The disk is full: nothing was lost, the draft is kept.
    DiskFull,
    /// The database refuses: nothing that was saved is lost.
    Storage,
    /// The app is too old for this server.
    AppTooOld,
    /// The server is too old for this app.
    ServerTooOld,
    /// The server answered what was not understood.
    Protocol,
    /// The versions to choose from are others by now.
    VersionsChanged,
    /// The call itself was not understood.
    BadCall,
    /// The text is no receipt, or not whole.
    ReceiptUnreadable,
    /// The receipt is signed with a key this tablet does not know.
    ReceiptStrange,
    /// The receipt was altered, or never given by this server.
    ReceiptAltered,
    /// The file is no courier bundle.
    NotABundle,
    /// There is no QR code in the photo that could be read.
    NoCode,
    /// The municipality revoked this tablet: it is closed until it is enrolled anew.
    Revoked,
    /// The screen is locked.
    Locked,
    /// Not the PIN.
    WrongPin,
    /// Too many wrong ones: not yet.
    PinWait,
    /// A PIN has four to eight digits.
    BadPin,
    /// The platform's key store is closed, or has the database's key no more.
    KeyStore,
}

/// What every part of the core returns.
pub type Result<T, E = CallError> = std::result::Result<T, E>;

/// A failure with its detail.
#[must_use]
pub fn fail(code: Code, detail: impl Into<String>) -> CallError {
    CallError { code, detail: detail.into() }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.code, self.detail)
    }
}

impl std::error::Error for CallError {}

impl From<rusqlite::Error> for CallError {
    fn from(error: rusqlite::Error) -> Self {
        let code = match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Code::DiskFull,
            _ => Code::Storage,
        };
        fail(code, error.to_string())
    }
}

impl From<io::Error> for CallError {
    fn from(error: io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
            _ => Code::Storage,
        };
        fail(code, error.to_string())
    }
}

impl From<DocumentError> for CallError {
    fn from(error: DocumentError) -> Self {
        let code = match error {
            DocumentError::Load(_) => Code::Storage,
            DocumentError::Limit(_) => Code::TooLong,
        };
        fail(code, error.to_string())
    }
}
