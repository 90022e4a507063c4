//! One file an exchange, named as in `shared/src/wire`. Plain functions over a [`crate::service::Service`];
//! HTTP is put around them in [`crate::router`].

pub mod announcements;
pub mod api;
pub mod blob;
pub mod courier;
pub mod desk;
pub mod enrol;
pub mod events;
pub mod health;
pub mod input;
pub mod nearby;
pub mod open_data;
pub mod receipt;
pub mod reconcile;
pub mod snapshot;
pub mod sync;
