//! The open tablet: core, sync and the lock on the folder, closed together.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use mbs_tablet::Tablet;
use mbs_tablet::ports::Ports;
use mbs_tablet::sync::Nudge;
use mbs_tablet::sync::driver::Driver;
use tauri::{AppHandle, Emitter, Manager, Runtime};

use crate::bell::Bell;
use crate::folder::{self, Held};
use crate::key::PlatformKey;
use crate::trouble::Trouble;

/// Name of the event that tells screens to look again.
pub(crate) const CHANGED: &str = "changed";

/// Everything that is open. Fields are dropped in this order: sync first, the lock last.
pub(crate) struct Open {
    driver: Driver,
    tablet: Arc<Tablet>,
    bell: Bell,
    _held: Held,
}

impl Open {
    /// Takes the folder, opens the tablet in it and starts sync.
    pub(crate) fn begin<R: Runtime>(app: &AppHandle<R>, dir: &Path) -> Result<Self, Trouble> {
        let held = folder::hold(dir)?;
        let mut ports = Ports::system(dir);
        ports.key = Arc::new(PlatformKey::in_dir(dir));
        // Where people look for files; beside the data where the system has no such folder.
        if let Ok(documents) = app.path().document_dir() {
            ports.exports = documents.join("MBS");
        }
        let tablet = Arc::new(Tablet::open(dir, ports).map_err(Trouble::Core)?);
        let app = app.clone();
        let bell = Bell::new(move || {
            // Fails only while the window is being torn down, when nobody looks any more.
            let _ = app.emit(CHANGED, ());
        });
        let ring = bell.clone();
        let driver = Driver::start(&tablet, move || ring.ring());
        Ok(Self { driver, tablet, bell, _held: held })
    }
}

/// Where the open tablet lies while the app runs.
#[derive(Default)]
pub(crate) struct Slot(Mutex<Option<Open>>);

impl Slot {
    fn with<T>(&self, look: impl FnOnce(&mut Option<Open>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn fill(&self, open: Open) {
        self.with(|slot| *slot = Some(open));
    }

    /// The tablet, while it is open.
    pub(crate) fn tablet(&self) -> Option<Arc<Tablet>> {
        self.with(|slot| slot.as_ref().map(|open| Arc::clone(&open.tablet)))
    }

    /// Tells the screens that something changed.
    pub(crate) fn changed(&self) {
        self.with(|slot| slot.as_ref().inspect(|open| open.bell.ring()).is_some());
    }

    /// Forgets the back-off: the network may be back.
    pub(crate) fn look_for_network(&self) {
        self.with(|slot| slot.as_ref().inspect(|open| open.driver.nudge(Nudge::Connectivity)).is_some());
    }

    /// Closes everything. What was saved is durable already; this only spares the next start some work.
    pub(crate) fn close(&self) {
        drop(self.with(Option::take));
    }
}
