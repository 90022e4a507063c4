//! Headless tablets: in this process over a real line, as a command that runs and ends, and as a
//! process that serves its screens and can be killed.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::place::Fix;
use mbs_shared::request::Kind;
use mbs_shared::wire::entry::EntryKind;
use mbs_tablet::door::view::{Outbox, PhotoStep, Request, Row, Status, Transport as Way};
use mbs_tablet::door::{Call, CallError, Fields};
use mbs_tablet::ports::{Ports, Transport};
use mbs_tablet::{Summary, Tablet};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::people::Words;
use crate::process::{self, Serving, program, wait_until};

/// Bytes of one slice of a photo, as a screen sends them.
pub const SLICE: usize = 256 * 1024;

/// Whatever carries calls to a tablet's core and answers back.
pub trait Door {
    /// One call, its answer as JSON.
    ///
    /// # Errors
    /// The core's code.
    fn ask(&self, call: Call) -> Result<Value, CallError>;

    /// One call, its answer in its type.
    ///
    /// # Errors
    /// The core's code.
    ///
    /// # Panics
    /// When the answer has another type.
    fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let answer = self.ask(call.clone())?;
        Ok(serde_json::from_value(answer).unwrap_or_else(|e| panic!("{call:?} was answered with another type: {e}")))
    }

    /// Takes a photo into a request.
    ///
    /// # Errors
    /// The core's code.
    fn add_photo(&self, id: RequestId, upload: u32, bytes: &[u8]) -> Result<Request, CallError> {
        let total = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut from = 0_usize;
        loop {
            let slice = bytes.get(from..(from + SLICE).min(bytes.len())).unwrap_or_default();
            let data = base64::engine::general_purpose::STANDARD.encode(slice);
            let offset = u32::try_from(from).unwrap_or(u32::MAX);
            match self.call(Call::AddPhoto { id, upload, offset, total, data })? {
                PhotoStep::Done { request, .. } => return Ok(*request),
                PhotoStep::More { offset: next } => {
                    assert!(next > offset, "the core asks for the same slice again and again");
                    from = next as usize;
                }
            }
        }
    }

    /// Writes a draft with words and photos, as a muhtar would, but does not send it.
    ///
    /// # Errors
    /// The core's code.
    fn draft(&self, new: &New) -> Result<Request, CallError> {
        let begun: Request = self.call(Call::NewDraft)?;
        let id = begun.row.id;
        let mut request: Request = self.call(Call::SetDraft { id, set: new.fields() })?;
        for (upload, photo) in (1..).zip(&new.photos) {
            request = self.add_photo(id, upload, photo)?;
        }
        Ok(request)
    }

    /// Files a request: when this returns, it is saved.
    ///
    /// # Errors
    /// The core's code.
    fn file(&self, new: &New) -> Result<Request, CallError> {
        let draft = self.draft(new)?;
        self.call(Call::Send { id: draft.row.id })
    }

    /// One request.
    ///
    /// # Panics
    /// When it is not there.
    fn request(&self, id: RequestId) -> Request {
        self.call(Call::Request { id }).unwrap_or_else(|e| panic!("request {id}: {e}"))
    }

    /// All requests.
    ///
    /// # Panics
    /// When the core fails.
    fn requests(&self) -> Vec<Row> {
        self.call(Call::Requests { query: String::new() }).unwrap_or_else(|e| panic!("the list of requests: {e}"))
    }

    /// What waits.
    ///
    /// # Panics
    /// When the core fails.
    fn outbox(&self) -> Outbox {
        self.call(Call::Outbox).unwrap_or_else(|e| panic!("the outbox: {e}"))
    }

    /// How it stands.
    ///
    /// # Panics
    /// When the core fails.
    fn status(&self) -> Status {
        self.call(Call::Status).unwrap_or_else(|e| panic!("the status: {e}"))
    }

    /// Writes into the thread.
    ///
    /// # Errors
    /// The core's code.
    fn say(&self, id: RequestId, kind: EntryKind, text: &str) -> Result<Request, CallError> {
        self.call(Call::Say { id, kind, text: text.to_owned(), photos: Vec::new() })
    }

    /// Corrects a request that was sent.
    ///
    /// # Errors
    /// The core's code.
    fn edit(&self, id: RequestId, set: Fields) -> Result<Request, CallError> {
        self.call(Call::Edit { id, set })
    }
}

/// A request that a muhtar is going to file.
#[derive(Debug, Clone, Default)]
pub struct New {
    /// The words.
    pub text: String,
    /// First line.
    pub title: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Place.
    pub fix: Option<Fix>,
    /// Original photos.
    pub photos: Vec<Vec<u8>>,
    /// Kind.
    pub kind: Option<Kind>,
}

impl New {
    /// The words, category and place of a request of the data set.
    #[must_use]
    pub fn of(words: &Words) -> Self {
        Self {
            text: words.text.clone(),
            title: Some(words.title()),
            category: Some(words.category.clone()),
            fix: Some(words.fix()),
            ..Self::default()
        }
    }

    /// With these original photos.
    #[must_use]
    pub fn with_photos(mut self, photos: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.photos.extend(photos);
        self
    }

    /// At this place.
    #[must_use]
    pub const fn at(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    fn fields(&self) -> Fields {
        Fields {
            title: self.title.clone(),
            desc: Some(self.text.clone()),
            category: self.category.clone(),
            kind: self.kind,
            fix: self.fix,
            ..Fields::default()
        }
    }
}

/// A tablet in this process.
#[derive(Debug)]
pub struct Device {
    /// Where it keeps its data.
    pub dir: PathBuf,
    /// The core.
    pub tablet: Arc<Tablet>,
}

impl Door for Device {
    fn ask(&self, call: Call) -> Result<Value, CallError> {
        self.tablet.call(call)
    }
}

impl Device {
    /// Opens the tablet in `dir`, with the system's own ports.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub fn open(dir: &Path) -> Self {
        Self::open_with(dir, Ports::system(dir))
    }

    /// Opens the tablet in `dir` with other ports.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub fn open_with(dir: &Path, ports: Ports) -> Self {
        let tablet = Tablet::open(dir, ports)
            .unwrap_or_else(|e| panic!("the tablet in {} cannot be opened: {e}", dir.display()));
        Self { dir: dir.to_path_buf(), tablet: Arc::new(tablet) }
    }

    /// Closes it and opens its folder anew: everything in memory is gone.
    #[must_use]
    pub fn reopened(self) -> Self {
        let dir = self.dir.clone();
        drop(self);
        Self::open(&dir)
    }

    /// Trades a code for an identity.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn enrol(&self, server: &str, code: &str) {
        let call = Call::Enrol { server: server.to_owned(), code: code.to_owned() };
        self.call::<Status>(call).unwrap_or_else(|e| panic!("enrolment: {e}"));
    }

    /// A real line to its server.
    ///
    /// # Panics
    /// When it is not enrolled.
    #[must_use]
    pub fn line(&self) -> Box<dyn Transport> {
        let server = self.tablet.server().unwrap_or_else(|| panic!("this tablet is not enrolled"));
        self.tablet.connect(&server).unwrap_or_else(|e| panic!("no line to {server}: {e}"))
    }

    /// Sends and fetches until there is nothing more to do or the line is cut.
    pub fn sync(&self) -> Summary {
        self.sync_over(self.line().as_mut())
    }

    /// The same over a given line.
    ///
    /// # Panics
    /// When the core fails.
    pub fn sync_over(&self, line: &mut dyn Transport) -> Summary {
        self.tablet.sync_until_idle(line).unwrap_or_else(|e| panic!("sync: {e}"))
    }

    /// Sends and fetches, over as many cuts as there are, until nothing waits.
    ///
    /// # Panics
    /// When something still waits after a long time.
    pub fn settle(&self) {
        let mut line = self.line();
        self.settle_over(line.as_mut());
    }

    /// The same over a given line.
    ///
    /// # Panics
    /// When something still waits after a long time.
    pub fn settle_over(&self, line: &mut dyn Transport) {
        wait_until("the outbox is empty", || {
            let summary = self.sync_over(line);
            !summary.cut && summary.waiting == 0
        });
    }

    /// Bytes of a photo.
    ///
    /// # Panics
    /// When they are not there.
    #[must_use]
    pub fn photo(&self, hash: BlobHash) -> Vec<u8> {
        let bytes = self.tablet.photo(hash, false).unwrap_or_else(|e| panic!("photo {hash}: {e}"));
        bytes.unwrap_or_else(|| panic!("photo {hash} is not on the tablet"))
    }
}

/// Whether everything of a request is on the server: words and photos.
#[must_use]
pub fn is_delivered(row: &Row) -> bool {
    row.transport == Way::Delivered && row.photos_delivered == row.photos
}

/// Runs one command of `cargo tablet` in a process of its own.
///
/// # Errors
/// The sentence it ended with.
pub fn command(dir: &Path, args: &[&str]) -> Result<Value, String> {
    let mut command = Command::new(program("mbs-tablet"));
    command.arg("--data").arg(dir).arg("--json").args(args);
    let out = process::run(&mut command)?;
    serde_json::from_str(out.trim())
        .map_err(|e| format!("`mbs-tablet {}` printed no JSON ({e}):\n{out}", args.join(" ")))
}

/// A tablet process that serves its screens and syncs, like the window does. It can be killed.
#[derive(Debug)]
pub struct TabletProcess {
    serving: Serving,
    client: reqwest::blocking::Client,
}

impl TabletProcess {
    /// Starts it on the folder of an enrolled tablet.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(dir: &Path) -> Self {
        Self::serving(dir, &["--ui".as_ref(), dir.as_os_str()])
    }

    /// The same with its screens, as `cargo verify` and `cargo demo` build them.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn with_screens(dir: &Path) -> Self {
        Self::serving(dir, &[])
    }

    fn serving(dir: &Path, more: &[&OsStr]) -> Self {
        mbs_tablet::sync::client::install_provider();
        let mut command = Command::new(program("mbs-tablet"));
        command.arg("--data").arg(dir).args(["serve", "--listen", "127.0.0.1:0"]).args(more);
        let client = reqwest::blocking::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        Self { serving: Serving::start(&mut command), client: client.unwrap_or_else(|e| panic!("no HTTP client: {e}")) }
    }

    /// Ends it at this very instruction.
    pub fn kill(&mut self) {
        self.serving.kill();
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.serving.addr)
    }

    /// Everything it printed.
    #[must_use]
    pub fn said(&self) -> String {
        self.serving.said()
    }

    /// A handle for asking it from another thread while it is going to be killed.
    #[must_use]
    pub fn asker(&self) -> Asker {
        Asker { url: self.url(), client: self.client.clone() }
    }
}

impl Door for TabletProcess {
    fn ask(&self, call: Call) -> Result<Value, CallError> {
        self.asker().ask(call)
    }
}

/// Asks a tablet process over HTTP. A process that is gone is a failed call.
#[derive(Debug, Clone)]
pub struct Asker {
    url: String,
    client: reqwest::blocking::Client,
}

impl Door for Asker {
    fn ask(&self, call: Call) -> Result<Value, CallError> {
        let gone = |e: &dyn std::fmt::Display| {
            mbs_tablet::error::fail(mbs_tablet::error::Code::Storage, format!("the process is gone: {e}"))
        };
        let body = serde_json::to_vec(&call).map_err(|e| gone(&e))?;
        let request =
            self.client.post(format!("{}/call", self.url)).header("content-type", "application/json").body(body);
        let reply = request.send().map_err(|e| gone(&e))?;
        let ok = reply.status().is_success();
        let bytes = reply.bytes().map_err(|e| gone(&e))?;
        if ok {
            serde_json::from_slice(&bytes).map_err(|e| gone(&e))
        } else {
            Err(serde_json::from_slice::<CallError>(&bytes).unwrap_or_else(|e| gone(&e)))
        }
    }
}
