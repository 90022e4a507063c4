//! One tablet: the facade hosts hold.

use std::path::Path;
use std::sync::mpsc::Sender;

use mbs_shared::id::BlobHash;
use serde_json::Value;

use crate::door::Call;
use crate::error::{Code, Result, fail};
use crate::ports::{Ports, Transport};
use crate::sync::{Effect, Event, Nudge};

/// One tablet. Shared between threads; calls are answered one after another.
pub struct Tablet {
    ports: Ports,
}

impl std::fmt::Debug for Tablet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tablet").finish_non_exhaustive()
    }
}

impl Tablet {
    /// Opens (or begins) the tablet that keeps its data in `dir`.
    ///
    /// # Errors
    /// [`Code::Storage`] when another process has it open, or the folder cannot be used.
    pub fn open(_dir: &Path, ports: Ports) -> Result<Self> {
        Ok(Self { ports })
    }

    /// Answers one call of a screen, as JSON.
    ///
    /// # Errors
    /// The code says why.
    pub fn call(&self, _call: Call) -> Result<Value> {
        Err(fail(Code::BadCall, "not built yet"))
    }

    /// Bytes of a photo (or its preview), for a host's image address; `None` when they are not here.
    ///
    /// # Errors
    /// [`Code::Storage`].
    pub fn photo(&self, _hash: BlobHash, _thumb: bool) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// The sync engine, for hosts that step it themselves.
    #[must_use]
    pub fn engine(&self) -> Engine<'_> {
        Engine { tablet: self }
    }

    /// Steps the engine over `line` until it would wait: everything is sent and fetched, or the line is cut.
    ///
    /// # Errors
    /// [`Code::NotEnrolled`] without an identity.
    pub fn sync_until_idle(&self, _line: &mut dyn Transport) -> Result<Summary> {
        Ok(Summary::default())
    }

    /// The tablet's clock, Unix ms.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.ports.clock.now()
    }

    /// Address of the server this tablet belongs to.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        None
    }

    /// A line to a server, over the port given at construction.
    ///
    /// # Errors
    /// [`Code::BadCall`] when it is no address that may be used.
    pub fn connect(&self, server: &str) -> Result<Box<dyn Transport>> {
        self.ports.connect.connect(server)
    }

    pub(crate) fn wake_with(&self, _wake: Sender<Nudge>) {}
}

/// A handle on the sync engine.
#[derive(Debug, Clone, Copy)]
pub struct Engine<'a> {
    #[expect(dead_code, reason = "skeleton")]
    tablet: &'a Tablet,
}

impl Engine<'_> {
    /// Takes in what happened and says what to do now. `now` is Unix ms.
    #[must_use]
    pub fn step(&self, _now: i64, _event: Event) -> Effect {
        Effect::Idle
    }
}

/// What a sync did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Summary {
    /// Requests that were answered.
    pub exchanges: u32,
    /// Changes and entries the server now has.
    pub pushed: u32,
    /// Feed rows taken.
    pub pulled: u32,
    /// Photos the server now has whole.
    pub photos: u32,
    /// Things that still wait.
    pub waiting: u32,
    /// Things in quarantine.
    pub quarantined: u32,
    /// Whether the line was cut or the server wanted to be left alone.
    pub cut: bool,
    /// Bytes of bodies sent.
    pub bytes_up: u64,
    /// Bytes of bodies received.
    pub bytes_down: u64,
}
