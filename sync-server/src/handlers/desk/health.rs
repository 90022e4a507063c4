//! `GET health`: how the server is, for operators: its jobs, its room, its database.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use ts_rs::TS;

use crate::database::jobs;
use crate::error::Fault;
use crate::handlers::input::Json;
use crate::jobs::Job;
use crate::service::Service;

use super::{Seat, aside};

/// Less room than this on the disk of the data folder is a trouble, in bytes.
const LITTLE_ROOM: u64 = 10 * 1024 * 1024 * 1024;

/// How the server is.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct ServerHealth {
    /// Version of the program.
    pub version: String,
    /// Engine of the database.
    pub engine: String,
    /// Bytes of the database; 0: unknown.
    #[ts(type = "number")]
    pub database: u64,
    /// Bytes left on the disk of the data folder; `null`: unknown.
    #[ts(type = "number | null")]
    pub room: Option<u64>,
    /// Whether that is little.
    pub room_little: bool,
    /// Writes that wait for their turn now.
    pub waiting: u32,
    /// Its jobs, and those of operators.
    pub jobs: Vec<JobRun>,
}

/// How a job ran last.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct JobRun {
    /// Which.
    pub job: Job,
    /// When it last began, Unix ms; `null`: it never did.
    #[ts(type = "number | null")]
    pub at: Option<i64>,
    /// How long that took, in ms.
    #[ts(type = "number")]
    pub took: i64,
    /// When it last went well, Unix ms; `null`: never.
    #[ts(type = "number | null")]
    pub good: Option<i64>,
    /// Why it failed the last time; empty: it did not.
    pub trouble: String,
    /// Whether it has not gone well for too long, or never.
    pub late: bool,
}

/// How the server is.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn show(State(service): State<Arc<Service>>, _: Seat) -> Result<Json<ServerHealth>, Fault> {
    aside(move || look(&service)).await.map(Json)
}

fn look(service: &Service) -> Result<ServerHealth, Fault> {
    let now = service.clock.now();
    let ran = service.db.ask(jobs::all)?;
    let run = |job: Job| {
        let last = ran.iter().find(|ran| ran.name == job.code());
        let good = last.map_or(0, |last| last.good);
        JobRun {
            job,
            at: last.map(|last| last.at),
            took: last.map_or(0, |last| last.took),
            good: (good != 0).then_some(good),
            trouble: last.map_or_else(String::new, |last| last.trouble.clone()),
            late: now - good > job.patience(),
        }
    };
    let room = service.journal.room();
    Ok(ServerHealth {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: service.db.engine().to_owned(),
        database: service.db.size()?,
        room,
        room_little: room.is_some_and(|room| room < LITTLE_ROOM),
        waiting: u32::try_from(service.writer.waiting()).unwrap_or(u32::MAX),
        jobs: Job::ALL.into_iter().map(run).collect(),
    })
}
