//! Sync: text before photos, everything resumable, everything repeatable.
//!
//! A stepped engine: events go in, one effect comes out, and nothing in here sleeps, waits or opens a
//! socket. [`round`] decides when, [`plan`] what next, [`exchange`] speaks `POST /v1/sync`, [`blob`]
//! photos, [`snapshot`] everything, [`reconcile`] what differs; only [`client`] and [`listener`] know HTTP.

pub(crate) mod allowance;
mod announcements;
mod apart;
pub mod background;
mod blob;
pub mod client;
pub(crate) mod courier;
mod download;
pub mod driver;
pub(crate) mod enrol;
pub(crate) mod exchange;
pub(crate) mod intake;
pub mod listener;
mod map;
pub(crate) mod nearby;
pub mod plan;
pub(crate) mod rebuild;
mod receipt;
mod reconcile;
pub(crate) mod replay;
pub mod round;
mod snapshot;
mod trust;
mod units;

use mbs_shared::wire::events::News;

use crate::ports::{HttpReply, HttpRequest};

/// What happened to the engine.
#[derive(Debug, Clone)]
pub enum Event {
    /// Time went by.
    Tick,
    /// There is a reason to act before the planned time.
    Nudge(Nudge),
    /// The request with that ticket was answered.
    Reply(u64, HttpReply),
    /// The request with that ticket got no (whole) answer.
    Cut(u64),
}

/// Why the engine is nudged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    /// `Şimdi gönder`: contact the server now, whatever the back-off says.
    Now,
    /// The network came back: the back-off is forgotten, a server's wish to be left alone is not.
    Connectivity,
    /// Something was put into the outbox.
    Work,
    /// The server's wake-ups are heard: it is there, and polls become rare.
    Listening,
    /// The server says how far its feed reaches.
    News(News),
    /// The server says how far its announcements reach.
    Announced(u64),
    /// Wake-ups are no longer heard: polls become frequent again.
    Deaf,
}

/// What the host must do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this; then step with [`Event::Reply`] or [`Event::Cut`].
    Http(HttpRequest),
    /// Nothing before this time (Unix ms): then step with [`Event::Tick`], or earlier with a nudge.
    Wait(i64),
    /// Nothing until a nudge: not enrolled, or practising.
    Idle,
}
