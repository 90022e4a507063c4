//! The engine against a server that loses, repeats, refuses and forgets.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

#[path = "../support/mod.rs"]
mod support;

mod announcements;
mod background;
mod beginnings;
mod exchange;
mod identity;
mod map;
mod mending;
mod nearby;
mod newer;
mod photos;
mod refusals;
mod units;
mod waits;

const WORDS: &str = "Ilgın Sokak'ta kaldırım çökmüş, yağmurda göl oluyor.";
