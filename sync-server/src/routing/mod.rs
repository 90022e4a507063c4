//! Routing on the server: [`decide`] is pure, [`apply`] stores, [`first`] routes what has just come,
//! [`thread`] takes messages and the muhtar's intents.

pub mod apply;
pub mod by_hand;
pub mod closed;
pub mod decide;
pub mod family;
pub mod first;
pub mod hands;
pub mod likeness;
pub mod rules;
pub mod thread;

pub use decide::Command;
