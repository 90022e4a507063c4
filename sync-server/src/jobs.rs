//! What the server does by itself and operators do beside it: each run is noted, so that the desk can say what has not run for
//! too long before somebody misses it.

use std::future::Future;
use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;
use ts_rs::TS;

use crate::database::{Database, jobs};
use crate::error::Fault;
use crate::ports::Clock;
use crate::service::Service;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Longest reason of a failure that is kept, in characters.
const MAX_TROUBLE: usize = 300;

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Job {
    /// Writes when tablets were last heard of.
    Contacts,
    /// Closes what nobody answered in time.
    Lapses,
    /// Moves what lies at closed units.
    Moves,
    /// Anchors the day's decisions.
    Anchor,
    /// Forgets slices of old uploads, and codes that were not used.
    Tidy,
    /// A backup, by the command of that name.
    Backup,
    /// A look whether everything is sound, by the command `doctor`.
    Doctor,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Contacts, Self::Lapses, Self::Moves, Self::Anchor, Self::Tidy, Self::Backup, Self::Doctor];

    /// Its name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Lapses => "lapses",
            Self::Moves => "moves",
            Self::Anchor => "anchor",
            Self::Tidy => "tidy",
            Self::Backup => "backup",
            Self::Doctor => "doctor",
        }
    }

    /// So long after its last good run somebody should look, in ms.
    #[must_use]
    pub const fn patience(self) -> i64 {
        match self {
            Self::Contacts | Self::Lapses | Self::Moves | Self::Anchor | Self::Tidy => 10 * MINUTE,
            // Daily, and a little slack.
            Self::Backup => 26 * HOUR,
            Self::Doctor => 8 * 24 * HOUR,
        }
    }
}

/// The jobs of one minute. One that fails holds up no other.
#[derive(Debug, Default)]
pub struct Round {
    ran: Vec<(Job, i64, i64, String)>,
    first: Option<Fault>,
}

impl Round {
    /// Runs one.
    pub async fn run<T>(&mut self, service: &Service, job: Job, work: impl Future<Output = Result<T, Fault>>) {
        let at = service.clock.now();
        let fault = work.await.err();
        let trouble = fault.as_ref().map_or_else(String::new, |fault| fault.message.to_string());
        self.ran.push((job, at, service.clock.now() - at, trouble));
        self.first = self.first.take().or(fault);
    }

    /// Notes what ran.
    ///
    /// # Errors
    /// The first fault of a job; otherwise [`mbs_shared::wire::error::Code::Busy`].
    pub async fn done(self, service: &Arc<Service>) -> Result<(), Fault> {
        let Self { ran, first } = self;
        let noted = service.write(move |tx| {
            for (job, at, took, trouble) in ran {
                jobs::note(tx.session(), job.code(), at, took, &short(&trouble))?;
            }
            Ok(())
        });
        let noted = noted.await;
        first.map_or(noted, Err)
    }
}

/// Runs a command's work, and notes it in the database it is about. Where that cannot be written, the work counts all the same.
///
/// # Errors
/// Those of the work.
pub fn noted<T>(db: &dyn Database, clock: &dyn Clock, job: Job, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let at = clock.now();
    let done = work();
    let trouble = done.as_ref().err().map_or_else(String::new, |e| short(&format!("{e:#}")));
    let took = clock.now() - at;
    if let Err(e) = db.change(|tx| jobs::note(tx, job.code(), at, took, &trouble)) {
        tracing::warn!(error = %e, job = job.code(), "the run was not noted");
    }
    done
}

/// What is kept of a reason.
fn short(trouble: &str) -> String {
    trouble.chars().take(MAX_TROUBLE).collect()
}
