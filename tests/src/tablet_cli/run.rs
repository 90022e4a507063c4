//! Does what the command line says.

use std::path::Path;

use mbs_shared::id::RequestId;
use mbs_tablet::Tablet;
use mbs_tablet::door::view::{Outbox, Request, Row, Status};
use mbs_tablet::door::{Call, CallError, Fields};
use mbs_tablet::error::Code;
use mbs_tablet::ports::Ports;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::args::{Args, Command, as_id};
use super::{capture, export, print};

/// Why a command ended badly, as a sentence.
#[derive(Debug)]
pub(super) struct Trouble {
    code: Code,
    sentence: String,
    detail: String,
}

impl Trouble {
    pub(super) fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into(), detail: String::new() }
    }

    /// To the error output: a sentence, or one JSON object.
    pub(super) fn print(&self, json: bool) {
        if json {
            eprintln!("{}", json!({ "code": self.code, "message": self.sentence, "detail": self.detail }));
        } else if self.detail.is_empty() {
            eprintln!("{}", self.sentence);
        } else {
            eprintln!("{} ({})", self.sentence, self.detail);
        }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        Self { code: error.code, sentence: sentence(error.code).to_owned(), detail: error.detail }
    }
}

/// What a code means, in a sentence that says what to do.
const fn sentence(code: Code) -> &'static str {
    match code {
        Code::NotEnrolled => "This tablet has no identity yet: run `enrol` first.",
        Code::Offline => "The server cannot be reached; everything is kept and goes out with the next `sync`.",
        Code::EnrolmentCode => "The enrolment code is unknown, used or expired: ask the desk for a new one.",
        Code::AlreadyEnrolled => "This tablet already has an identity; use another folder for another one.",
        Code::NotFound => "There is no such request, draft or photo on this tablet.",
        Code::WrongMoment => "This cannot be done to the request as it stands now.",
        Code::Empty => "Nothing was written: a request needs words or a photo.",
        Code::TooLong => "The words are longer than allowed: shorten them.",
        Code::PhotoUnreadable => "The file is no photo that can be read; the rest is kept.",
        Code::PhotoTooLarge => "The photo is too large to be opened safely; the rest is kept.",
        Code::PhotoHeic => "HEIC photos cannot be opened here: save it as JPEG. The rest is kept.",
        Code::VoiceUnreadable => {
            "The file is no voice note: Opus in WebM or Ogg, at most a minute and 400 KiB. The rest is kept."
        }
        Code::PhotoLimit => "Six photos are there already.",
        Code::PhotoTwice => "The same photo is there already.",
        Code::UnknownCategory => "The category is not in the directory.",
        Code::BadPlace => "The position cannot be one.",
        Code::DiskFull => "The disk is full: nothing was lost, the draft is kept. Free some space and go on.",
        Code::Storage => {
            "The tablet's database refuses; nothing that was saved is lost. Is another program using this folder?"
        }
        Code::AppTooOld => "This app is too old for the server: update it; nothing is lost.",
        Code::ServerTooOld => "The server is too old for this app; nothing is lost.",
        Code::Protocol => "The server answered something that was not understood.",
        Code::ReceiptUnreadable => "This is no receipt, or its text is not whole.",
        Code::ReceiptStrange => "The receipt is signed with a key this tablet does not know.",
        Code::ReceiptAltered => "The receipt was altered, or never given by this server.",
        Code::NotABundle => "This is no courier file: their names begin with mbs-kurye.",
        Code::KeyStore => "The key store is closed, or has the key no more.",
        Code::NoCode => "There is no QR code in the photo that could be read.",
        Code::Locked | Code::WrongPin | Code::PinWait | Code::BadPin => {
            "The tablet's screen is locked with a PIN: open it in its window."
        }
        Code::Revoked => {
            "The municipality revoked this tablet: enrol it again with a new code. Nothing that was not handed over is lost."
        }
        Code::VersionsChanged => "The versions are others by now; look at them and choose again.",
        Code::BadCall => "This was not understood.",
    }
}

/// The door, with its answers read back into their types.
pub(super) struct Door {
    pub(super) tablet: Tablet,
}

impl Door {
    pub(super) fn open(dir: &Path) -> Result<Self, Trouble> {
        Ok(Self { tablet: Tablet::open(dir, Ports::system(dir))? })
    }

    pub(super) fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, Trouble> {
        let answer = self.tablet.call(call)?;
        serde_json::from_value(answer).map_err(|e| Trouble {
            code: Code::BadCall,
            sentence: "The tablet's core gave an answer of another kind than expected.".to_owned(),
            detail: e.to_string(),
        })
    }

    /// The request a person means: by identifier, offline case number or official number.
    fn find(&self, text: &str) -> Result<RequestId, Trouble> {
        if let Some(id) = as_id(text) {
            return Ok(id);
        }
        let wanted = text.trim().to_uppercase();
        let rows: Vec<Row> = self.call(Call::Requests { query: String::new() })?;
        rows.iter()
            .find(|r| r.case_no == wanted || r.official_no.as_deref() == Some(wanted.as_str()))
            .map(|r| r.id)
            .ok_or_else(|| Trouble::new(Code::NotFound, format!("There is no request {text:?} on this tablet.")))
    }
}

/// Prints an answer as JSON, or by `text` for people.
pub(super) fn answer<T: Serialize>(json: bool, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Trouble> {
    if json {
        let line = serde_json::to_string(value).map_err(|e| Trouble::new(Code::BadCall, e.to_string()))?;
        println!("{line}");
    } else {
        print!("{}", text(value));
    }
    Ok(())
}

pub(super) fn run(args: Args) -> Result<(), Trouble> {
    let Args { data, json, command } = args;
    if let Command::Serve { listen, ui } = command {
        return serve(&data, listen, &ui);
    }
    let door = Door::open(&data)?;
    match command {
        Command::Enrol { practice: true, .. } => {
            let status: Status = door.call(Call::EnrolPractice)?;
            answer(json, &status, print::status)
        }
        Command::Enrol { server, code, .. } => {
            let call = Call::Enrol { server: server.unwrap_or_default(), code: code.unwrap_or_default() };
            let status: Status = door.call(call)?;
            answer(json, &status, print::status)
        }
        Command::Status => answer(json, &door.call::<Status>(Call::Status)?, print::status),
        Command::Capture(what) => {
            let request = capture::capture(&door, what)?;
            answer(json, &request, print::saved)
        }
        Command::List { find } => {
            answer(json, &door.call::<Vec<Row>>(Call::Requests { query: find })?, |r| print::list(r))
        }
        Command::Show { id } => {
            let id = door.find(&id)?;
            answer(json, &door.call::<Request>(Call::Request { id })?, print::request)
        }
        Command::Edit { id, text, title, category } => {
            let id = door.find(&id)?;
            let set = Fields { desc: text, title, category, ..Fields::default() };
            answer(json, &door.call::<Request>(Call::Edit { id, set })?, print::saved)
        }
        Command::Say { id, kind, text } => {
            let id = door.find(&id)?;
            answer(
                json,
                &door.call::<Request>(Call::Say { id, kind: kind.into(), text, photos: Vec::new() })?,
                print::saved,
            )
        }
        Command::Sync => sync(&door, json),
        Command::Outbox => answer(json, &door.call::<Outbox>(Call::Outbox)?, print::outbox),
        Command::Export { dir } => {
            let written = export::export(&door, &dir)?;
            answer(json, &written, |w| {
                format!("{} requests and {} photos written to {}.\n", w.requests, w.photos, dir.display())
            })
        }
        Command::Courier { dir } => answer(json, &door.tablet.write_courier(&dir)?, |w| {
            format!(
                "{} requests, edits and entries and {} photos written: {}.\n",
                w.words,
                w.photos,
                w.files.join(", ")
            )
        }),
        Command::Carry { file } => answer(json, &door.tablet.carry_courier(&file)?, |c| {
            let cut = if c.cut { "; the file was cut off, ask for it again" } else { "" };
            format!("{} parts taken along{cut}.\n", c.parts)
        }),
        Command::Serve { .. } => Ok(()),
    }
}

fn sync(door: &Door, json: bool) -> Result<(), Trouble> {
    let status: Status = door.call(Call::Status)?;
    if status.identity.as_ref().is_some_and(|i| i.practice) {
        return answer(json, &mbs_tablet::Summary::default(), |_| {
            "This identity is for practice: nothing is ever sent.\n".to_owned()
        });
    }
    let server = door.tablet.server().ok_or_else(|| Trouble::from(mbs_tablet::error::fail(Code::NotEnrolled, "")))?;
    let mut line = door.tablet.connect(&server)?;
    let summary = door.tablet.sync_until_idle(line.as_mut())?;
    answer(json, &summary, print::summary)?;
    if summary.cut { Err(Trouble::from(mbs_tablet::error::fail(Code::Offline, ""))) } else { Ok(()) }
}

fn serve(data: &Path, listen: std::net::SocketAddr, ui: &Path) -> Result<(), Trouble> {
    crate::host::serve(data, listen, ui).map_err(|e| match e.downcast::<CallError>() {
        Ok(error) => Trouble::from(*error),
        Err(other) => Trouble::new(Code::Storage, format!("The screens cannot be served: {other}.")),
    })
}
