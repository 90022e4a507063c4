//! The interface for programs: a cursor over what happened to a unit's requests, their photos, and what the unit decides.

pub mod act;
pub mod updates;
pub mod view;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::service::Service;

/// Every route for programs.
pub fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/api/v1/updates", get(updates::updates))
        .route("/api/v1/photos/{hash}", get(updates::photo))
        .route("/api/v1/requests/{id}/act", post(act::act))
}
