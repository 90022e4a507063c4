//! `GET directory`: units, categories and places for choosing.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::directory::{Need, UnitKind};
use serde::Serialize;
use ts_rs::TS;

pub mod change;

use super::Seat;
use crate::error::Fault;
use crate::handlers::input::Json;
use crate::service::Service;

/// What can be chosen.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskDirectory {
    /// Units, parents first.
    pub units: Vec<DeskUnit>,
    /// Categories.
    pub categories: Vec<DeskCategory>,
    /// Districts.
    pub districts: Vec<DeskDistrict>,
    /// Neighbourhoods.
    pub neighbourhoods: Vec<DeskNeighbourhood>,
}

/// A unit for choosing.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskUnit {
    /// Code.
    pub code: String,
    /// Turkish name.
    pub name: String,
    /// Kind.
    pub kind: UnitKind,
    /// Unit above.
    pub parent: Option<String>,
    /// Whether it is outside the municipality.
    pub external: bool,
}

/// A category for showing.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskCategory {
    /// Code.
    pub code: String,
    /// Turkish name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Whether a photo is wanted.
    pub photo: Need,
    /// Whether it is no longer offered.
    pub retired: bool,
    /// Code of the one that took its place.
    pub successor: Option<String>,
}

/// A district for choosing.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskDistrict {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// A neighbourhood for choosing.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskNeighbourhood {
    /// Code.
    pub code: String,
    /// `Rasimpaşa, Kadıköy`.
    pub name: String,
}

/// Units, categories, districts and neighbourhoods.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn show(State(service): State<Arc<Service>>, _: Seat) -> Result<Json<DeskDirectory>, Fault> {
    let d = service.directory();
    Ok(Json(DeskDirectory {
        units: d
            .units
            .iter()
            // Kept by name where they stand in a history; not for choosing.
            .filter(|u| !u.retired)
            .map(|u| DeskUnit {
                code: u.code.clone(),
                name: u.name.clone(),
                kind: u.kind,
                parent: u.parent.clone(),
                external: u.is_external(),
            })
            .collect(),
        categories: d
            .categories
            .iter()
            .map(|c| DeskCategory {
                code: c.code.clone(),
                name: c.name.clone(),
                name_en: c.name_en.clone(),
                photo: c.photo,
                retired: c.retired,
                successor: c.successor.clone(),
            })
            .collect(),
        districts: d
            .districts
            .iter()
            .map(|district| DeskDistrict { code: district.code.clone(), name: district.name.clone() })
            .collect(),
        neighbourhoods: d
            .neighbourhoods
            .iter()
            .map(|n| DeskNeighbourhood { code: n.code.clone(), name: n.with_district() })
            .collect(),
    }))
}
