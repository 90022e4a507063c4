//! The server through its functions and routes, on real databases and photo stores; one file a topic, as in `src`.
//! Every test runs on every engine: see `engines`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by it"
)]

mod common;

mod anchors;
mod announcements;
mod blob;
mod decide;
#[cfg(all(feature = "postgres", feature = "s3"))]
mod engines;
mod enrol;
mod family;
mod held;
mod http;
mod intake;
mod lists;
mod nearby;
mod operate;
mod reconcile;
mod report;
mod rights;
mod routing;
mod search;
mod second_factor;
mod snapshot;
mod statements;
mod streams;
mod sync;
mod templates;
mod trouble;
mod writer;
