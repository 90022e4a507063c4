//! The tablet without its window: capture, store, sync.
//!
//! A host gives [`ports::Ports`] and a folder to [`Tablet::open`], carries [`door::Call`]s in and their
//! answers out, and steps the engine ([`Tablet::engine`]) or lets [`sync::driver`] do it.
//! Everything a screen shows comes from the folder; the network is only ever used by `sync`.

pub mod capture;
pub mod courier;
pub mod door;
pub mod error;
pub mod export;
pub mod ports;
pub mod store;
pub mod sync;
mod tablet;

pub use tablet::{Engine, Summary, Tablet};
