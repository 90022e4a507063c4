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

mod accounts;
mod anchors;
mod announcements;
mod around;
mod blob;
mod calendar;
mod closed;
mod decide;
mod directory;
mod districts;
#[cfg(all(feature = "postgres", feature = "s3"))]
mod engines;
mod enrol;
mod family;
mod health;
mod held;
mod http;
mod institutions;
mod intake;
mod lists;
mod map;
mod nearby;
#[cfg(feature = "oidc")]
mod oidc;
mod open_data;
mod operate;
mod people;
mod reconcile;
mod replace;
mod report;
mod rights;
mod routing;
mod rules;
mod search;
mod second_factor;
mod snapshot;
mod statements;
mod streams;
mod sync;
mod tasks;
mod templates;
mod trouble;
#[cfg(feature = "postgres")]
mod upgrades;
mod versions;
mod writer;
