//! Routing on the server: [`decide`] is pure, [`apply`] stores, [`first`] routes what has just come,
//! [`thread`] takes messages and the muhtar's intents.

pub mod apply;
pub mod decide;
pub mod family;
pub mod first;
pub mod likeness;
pub mod thread;

pub use decide::Command;
