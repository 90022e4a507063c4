//! Everything the end-to-end stories stand on: a [`world::World`] with real server processes, headless
//! tablets and a bad [`network::Network`] between them; the tablet's command line ([`tablet_cli`]) and
//! its browser host ([`host`]).

pub mod demo;
pub mod host;
pub mod instances;
pub mod network;
pub mod people;
pub mod process;
pub mod raw;
pub mod server;
pub mod simulated;
pub mod staff;
pub mod tablet;
pub mod tablet_cli;
pub mod unruly;
pub mod world;
