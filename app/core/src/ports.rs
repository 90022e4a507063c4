//! The seams: everything the core takes from outside enters through these traits, given once at construction.
//!
//! With others in their place one process runs thousands of days of the real code: virtual time, random
//! bytes from a seed, files that tear and forget, lines that are cut. [`system`] holds the real ones.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::error::Result;
use crate::sync::Nudge;

pub mod system;

/// Wall clock of the tablet. A claim only: muhtars' tablets are years off.
pub trait Clock: Send + Sync {
    /// Unix milliseconds.
    fn now(&self) -> i64;
}

/// Random bytes: identifiers, keys, jitter.
pub trait Random: Send + Sync {
    /// Fills `out`.
    fn fill(&self, out: &mut [u8]);
}

/// `N` random bytes.
pub fn random<const N: usize>(source: &dyn Random) -> [u8; N] {
    let mut out = [0; N];
    source.fill(&mut out);
    out
}

/// The few things done with files beside SQLite. Each returns only when it is durable.
pub trait Files: Send + Sync {
    /// Whether there is a file.
    fn exists(&self, path: &Path) -> bool;
    /// Free bytes of the disk that holds `dir`.
    ///
    /// # Errors
    /// What the system says.
    fn free(&self, dir: &Path) -> io::Result<u64>;
    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// What the system says.
    fn make_dir(&self, dir: &Path) -> io::Result<()>;
    /// When a file was written last, Unix ms.
    ///
    /// # Errors
    /// What the system says.
    fn modified(&self, path: &Path) -> io::Result<i64>;
    /// The whole file, at most `cap` bytes of it.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, path: &Path, cap: u64) -> io::Result<Vec<u8>>;
    /// Writes a file that only its owner may read, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Takes up `len` bytes of the disk.
    ///
    /// # Errors
    /// What the system says.
    fn reserve(&self, path: &Path, len: u64) -> io::Result<()>;
    /// Renames a file.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Copies a file.
    ///
    /// # Errors
    /// What the system says.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file: the reserve, a mark, a copy that has served. What alone holds something a person wrote is never removed.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// Where the database key comes from: the platform's key store, or a file (see [`system::FileKey`]).
pub trait KeySource: Send + Sync {
    /// The 256-bit key, made at the first call.
    ///
    /// # Errors
    /// [`crate::error::Code::Storage`] when the key store refuses.
    fn key(&self, files: &dyn Files, random: &dyn Random) -> Result<[u8; 32]>;
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does.
    Post,
    /// Puts bytes.
    Put,
}

/// A request to the server, as a plain value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Which request of this engine it is; its reply is handed back under the same number.
    pub ticket: u64,
    /// Method.
    pub method: Method,
    /// Path from the root, e.g. `/v1/sync`.
    pub path: String,
    /// Query parameters, not yet escaped.
    pub query: Vec<(&'static str, String)>,
    /// Header names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Most bytes of the answer that are taken.
    pub cap: usize,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Body, cut at the cap of the request.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// The first header of that (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// No answer: no network, a cut line, a time-out. Whether the server got the request is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut(pub String);

/// A line to one server.
pub trait Transport: Send {
    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// [`Cut`] when no whole answer came.
    fn send(&mut self, request: HttpRequest) -> std::result::Result<HttpReply, Cut>;
}

/// Opens lines; [`crate::sync::client::Http`] is the real one.
pub trait Connect: Send + Sync {
    /// A line to the server at that address, e.g. `https://mbs.example`.
    ///
    /// # Errors
    /// [`crate::error::Code::BadCall`] when it is no address that may be used.
    fn connect(&self, server: &str) -> Result<Box<dyn Transport>>;

    /// Listens to the server's wake-ups until the handle is dropped, and tells `driver` by
    /// [`Nudge::Listening`], [`Nudge::News`] and [`Nudge::Deaf`]. Reconnects by itself. `None`: this line
    /// has no wake-ups, and the engine polls.
    fn listen(&self, account: &Account, random: Arc<dyn Random>, driver: Sender<Nudge>) -> Option<Box<dyn Listening>> {
        let _ = (account, random, driver);
        None
    }
}

/// Where wake-ups come from, and who wants them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Address of the server.
    pub server: String,
    /// The tablet's token, as it travels.
    pub token: String,
}

/// A listener at work; dropping it ends it at once.
pub trait Listening: Send {
    /// There is a reason to reconnect now, e.g. the network came back.
    fn hurry(&self);
}

/// All seams of one tablet.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// Database key.
    pub key: Arc<dyn KeySource>,
    /// Lines to servers.
    pub connect: Arc<dyn Connect>,
    /// Name of the SQLite VFS; `None` for the system's.
    pub vfs: Option<String>,
    /// Folder for files that people carry away: courier bundles, what was not sent.
    pub exports: std::path::PathBuf,
}
