//! The tablet as the window has it open: core, sync and the bell for its screens, closed together.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use mbs_tablet::Tablet;
use mbs_tablet::sync::Nudge;
use mbs_tablet::sync::driver::Driver;
use tauri::{AppHandle, Emitter, Manager, Runtime};

use crate::bell::Bell;
use crate::opened::{self, Opened};
use crate::trouble::Trouble;

/// Name of the event that tells screens to look again.
pub(crate) const CHANGED: &str = "changed";

/// Everything that is open. Fields are dropped in this order: sync first, tablet and lock last.
pub(crate) struct Open {
    driver: Driver,
    bell: Bell,
    opened: Opened,
}

impl Open {
    /// Opens the tablet in that folder, or takes it over from background work, and starts sync.
    pub(crate) fn begin<R: Runtime>(app: &AppHandle<R>, dir: &Path) -> Result<Self, Trouble> {
        let documents = app.path().document_dir().ok();
        let opened = opened::open(dir, documents.as_deref())?;
        let app = app.clone();
        let bell = Bell::new(move || {
            // Fails only while the window is being torn down, when nobody looks any more.
            let _ = app.emit(CHANGED, ());
        });
        let ring = bell.clone();
        let driver = Driver::start(opened.tablet()?, move || ring.ring());
        Ok(Self { driver, bell, opened })
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
        self.with(|slot| slot.as_ref().and_then(|open| open.opened.tablet().ok().map(Arc::clone)))
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
