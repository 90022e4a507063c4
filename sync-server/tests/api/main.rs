//! The server through its functions and routes, on a real SQLite; one file a topic, as in `src`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by it"
)]

mod common;

mod blob;
mod decide;
mod enrol;
mod http;
mod reconcile;
mod routing;
mod snapshot;
mod statements;
mod sync;
mod writer;
