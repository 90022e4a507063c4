//! The interface for programs: a cursor over what happened to a unit's requests, and their photos.

pub mod updates;
pub mod view;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::service::Service;

/// Every route for programs.
pub fn routes() -> Router<Arc<Service>> {
    Router::new().route("/api/v1/updates", get(updates::updates)).route("/api/v1/photos/{hash}", get(updates::photo))
}
