//! The organisation changes: `GET directory/versions`, `GET directory.csv`, `POST directory/preview`, `POST directory`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use mbs_shared::directory::{Directory, Unit};
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::database::versions::Versioned;
use crate::database::{DbResult, News, Session, lists, staff};
use crate::directory::{self, Changes, Given, Problem, table};
use crate::error::Fault;
use crate::handlers::desk::view::UnitRef;
use crate::handlers::desk::{Seat, with_names};
use crate::handlers::input::Json;
use crate::service::Service;

/// Versions that are shown.
const VERSIONS: u32 = 50;
/// Longest reason, in bytes.
const MAX_NOTE: usize = 1_000;
/// Largest table, in bytes.
pub const MAX_TABLE: usize = 1024 * 1024;

/// What the desk made of the release's data, in versions.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskVersion {
    /// Its number.
    #[ts(type = "number")]
    pub id: i64,
    /// Since when, Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Who, by name.
    pub author: String,
    /// Why.
    pub note: String,
    /// How many codes differ from the release in it.
    pub changes: u32,
}

/// Versions of the directory.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DirectoryVersions {
    /// Number of the one that counts: send it back with [`NewDirectory::base`]. 0: as the release has it.
    #[ts(type = "number")]
    pub version: i64,
    /// All units as that version has them, parents first.
    pub units: Vec<Unit>,
    /// Versions, newest first.
    pub versions: Vec<DeskVersion>,
}

/// Units to be taken over: as a table, or one by one.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewDirectory {
    /// The version they were made from.
    #[ts(type = "number")]
    pub base: i64,
    /// A table as `GET directory.csv` gives it. Units that are not in it stay as they are.
    pub table: Option<String>,
    /// Units as they shall be.
    #[serde(default)]
    pub units: Vec<Unit>,
    /// Why.
    pub note: String,
}

/// What would change.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Reorganisation {
    /// Why nothing can be taken over; empty: it can.
    pub problems: Vec<Problem>,
    /// What changes.
    pub changes: Vec<UnitChange>,
}

/// A unit before and after.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct UnitChange {
    /// As it is; `null`: it is new.
    pub before: Option<Unit>,
    /// As it will be.
    pub after: Unit,
    /// Open requests that lie there…
    pub open: u32,
    /// …and where they go, when it is closed; `null`: nobody takes them over, and they stay where they are.
    pub to: Option<UnitRef>,
    /// Categories whose rules name it when it is closed, by Turkish name.
    pub categories: Vec<String>,
}

/// Versions and units.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn versions(State(service): State<Arc<Service>>, _: Seat) -> Result<Json<DirectoryVersions>, Fault> {
    page(&service).map(Json)
}

/// All units as a table.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn export(State(service): State<Arc<Service>>, _: Seat) -> Result<impl IntoResponse, Fault> {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mbs-birimler.csv\""),
    ];
    Ok((headers, table::write(service.directory())?))
}

/// What would change. Nothing is changed.
///
/// # Errors
/// [`Code::Forbidden`]; what is wrong with the units is in the answer.
pub async fn preview(
    State(service): State<Arc<Service>>,
    _: Seat,
    Json(new): Json<NewDirectory>,
) -> Result<Json<Reorganisation>, Fault> {
    let before = service.directory();
    match checked(before, new.table.as_deref(), new.units) {
        Err(problems) => Ok(Json(Reorganisation { problems, changes: Vec::new() })),
        Ok(changes) => Ok(Json(Reorganisation { problems: Vec::new(), changes: shown(&service, before, &changes)? })),
    }
}

/// The directory changes, for what comes from now on; what lies at closed units follows by itself.
///
/// # Errors
/// [`Code::Stale`] when others changed it meanwhile; [`Code::BadInput`] with the first problem, or without a reason.
pub async fn change(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(NewDirectory { base, table, units, note }): Json<NewDirectory>,
) -> Result<Json<DirectoryVersions>, Fault> {
    let note = note.trim().to_owned();
    if note.is_empty() || note.len() > MAX_NOTE {
        return Err(Fault::bad_input("note: Neden değiştirdiğinizi yazın; sonradan bakan anlasın."));
    }
    let (author, at, inner) = (seat.0.id, service.clock.now(), service.clone());
    service
        .write(move |tx| {
            let before = inner.directory();
            if Versioned::Directory.newest(tx.session())? != base || inner.knowledge.version() != base {
                return Err(Code::Stale.into());
            }
            let changes = checked(before, table.as_deref(), units).map_err(|problems| first_of(&problems))?;
            if changes.is_empty() {
                return Err(Fault::bad_input("Hiçbir birim değişmemiş."));
            }
            let all = directory::over_release(inner.knowledge.released(), before, changes);
            let body = serde_json::to_string(&all).map_err(Fault::internal)?;
            Versioned::Directory.add(tx.session(), at, author, &note, &body)?;
            inner.scopes.seed(tx.session(), &inner.knowledge.released().with_units(&all))?;
            tx.db.announce(News::Settings);
            Ok(())
        })
        .await?;
    service.refresh_settings()?;
    tracing::info!(by = author, version = service.knowledge.version(), "the directory was changed");
    page(&service).map(Json)
}

/// What given units change, or why they cannot.
fn checked(before: &Directory, text: Option<&str>, units: Vec<Unit>) -> Result<Changes, Vec<Problem>> {
    let mut given = text.map(|text| table::read(text, before)).transpose()?.unwrap_or_default();
    given.extend(units.into_iter().map(|unit| Given { line: 0, unit }));
    directory::checked(before, &given)
}

fn first_of(problems: &[Problem]) -> Fault {
    let told = problems.first().map(|Problem { line, code, why }| match (line, code.as_str()) {
        (0, code) => format!("{code}: {why}"),
        (line, code) => format!("{line}. satır {code}: {why}"),
    });
    Fault::bad_input(told.unwrap_or_default())
}

fn shown(service: &Service, before: &Directory, changes: &Changes) -> Result<Vec<UnitChange>, Fault> {
    let after = before.with_units(changes);
    let (rules, open) = (service.rules(), service.db.ask(lists::open_at_units)?);
    let named = |code: &str| {
        let names_it = |category: &&mbs_shared::directory::Category| {
            rules.of(&category.code).is_some_and(|rule| rule.units().any(|unit| unit == code))
        };
        let names: BTreeSet<&str> = before.categories.iter().filter(names_it).map(|c| c.name.as_str()).collect();
        names.into_iter().map(str::to_owned).collect()
    };
    Ok(with_names(service, |names| {
        let change = |unit: &Unit| UnitChange {
            before: before.unit(&unit.code).cloned(),
            open: open.get(&service.scopes.number(&unit.code)).copied().unwrap_or(0),
            to: after
                .working(&unit.code)
                .filter(|_| unit.retired)
                .and_then(|to| names.unit(&to.code).map(|known| UnitRef { name: to.name.clone(), ..known })),
            categories: if unit.retired { named(&unit.code) } else { Vec::new() },
            after: unit.clone(),
        };
        // As the tree has them: what is above stands above.
        after.units.iter().filter(|unit| changes.contains_key(&unit.code)).map(change).collect()
    }))
}

fn page(service: &Service) -> Result<DirectoryVersions, Fault> {
    let versions = service.db.ask(|s| told::<Unit>(s, Versioned::Directory, VERSIONS))?;
    Ok(DirectoryVersions { version: service.knowledge.version(), units: service.directory().units.clone(), versions })
}

/// The last versions of something, as the desk shows them; `T`: what a code becomes in them.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn told<T: serde::de::DeserializeOwned>(
    s: &mut dyn Session,
    what: Versioned,
    most: u32,
) -> DbResult<Vec<DeskVersion>> {
    let mut told = Vec::new();
    for version in what.last(s, most)? {
        let changes = version.read::<std::collections::BTreeMap<String, T>>()?.len();
        told.push(DeskVersion {
            author: staff::name(s, version.author)?,
            changes: u32::try_from(changes).unwrap_or(u32::MAX),
            id: version.id,
            at: version.at,
            note: version.note,
        });
    }
    Ok(told)
}
