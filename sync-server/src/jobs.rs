//! What the server does by itself and operators do beside it: each run is noted, so that the desk can say what has not run for
//! too long before somebody misses it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde::Serialize;
use ts_rs::TS;

use crate::database::{Database, DbResult, Session, jobs};
use crate::error::Fault;
use crate::ports::Clock;
use crate::service::Service;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Longest reason of a failure that is kept, in characters.
const MAX_TROUBLE: usize = 300;

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS)]
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

/// What went well as the last time is noted again only after so long: a server at which nothing happens writes nothing. Well
/// below the [patience](Job::patience) of every job, so that one that stands still is late all the same.
const SAME: i64 = 5 * MINUTE;

/// What this process noted last of each job: when, and why it failed.
#[derive(Debug, Default)]
pub struct Noted(Mutex<HashMap<Job, (i64, String)>>);

impl Noted {
    /// Whether a run has to be written down.
    fn is_news(&self, ran: &Ran) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = noted.get(&ran.job);
        known.is_none_or(|(at, trouble)| !trouble.is_empty() || *trouble != ran.trouble || (ran.at - at).abs() >= SAME)
    }

    fn remember(&self, ran: &[Ran]) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.extend(ran.iter().map(|ran| (ran.job, (ran.at, ran.trouble.clone()))));
    }
}

/// A run.
#[derive(Debug, Clone)]
struct Ran {
    job: Job,
    at: i64,
    took: i64,
    trouble: String,
}

/// The jobs of one minute. One that fails holds up no other.
#[derive(Debug, Default)]
pub struct Round {
    ran: Vec<Ran>,
    first: Option<Fault>,
}

impl Round {
    /// Runs one.
    pub async fn run<T>(&mut self, service: &Service, job: Job, work: impl Future<Output = Result<T, Fault>>) {
        let at = service.clock.now();
        let fault = work.await.err();
        let trouble = fault.as_ref().map_or_else(String::new, |fault| fault.message.to_string());
        self.ran.push(Ran { job, at, took: service.clock.now() - at, trouble: short(&trouble) });
        self.first = self.first.take().or(fault);
    }

    /// Notes what ran, as far as it is news.
    ///
    /// # Errors
    /// The first fault of a job; otherwise [`mbs_shared::wire::error::Code::Busy`].
    pub async fn done(self, service: &Arc<Service>) -> Result<(), Fault> {
        let Self { mut ran, first } = self;
        ran.retain(|ran| service.noted.is_news(ran));
        let noted = if ran.is_empty() { Ok(()) } else { write_down(service, ran).await };
        first.map_or(noted, Err)
    }
}

async fn write_down(service: &Service, ran: Vec<Ran>) -> Result<(), Fault> {
    let rows = ran.clone();
    let written = service.write(move |tx| {
        for Ran { job, at, took, trouble } in rows {
            jobs::note(tx.session(), job.code(), at, took, &trouble)?;
        }
        Ok(())
    });
    written.await?;
    service.noted.remember(&ran);
    Ok(())
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

/// Notes a run of something else than this program; `trouble`: why it failed, empty where it did not.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn note(session: &mut dyn Session, job: Job, at: i64, trouble: &str) -> DbResult<()> {
    jobs::note(session, job.code(), at, 0, &short(trouble))
}

/// What is kept of a reason.
fn short(trouble: &str) -> String {
    trouble.chars().take(MAX_TROUBLE).collect()
}
