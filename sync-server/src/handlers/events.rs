//! `GET /v1/events`: "pull now", nothing more. Data always comes by the feed.

use std::convert::Infallible;

use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;

use crate::auth::device::Caller;
use crate::service::Service;

/// A wake-up at once (for what came between the last pull and now), and one for each news of the scope.
pub fn wake_ups(service: &Service, caller: &Caller) -> impl Stream<Item = Result<Event, Infallible>> + Send + use<> {
    stream(service.wakes.listen(caller.device.scope))
}

fn stream(receiver: watch::Receiver<u64>) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    unfold((receiver, true), |(mut receiver, first)| async move {
        if !first {
            receiver.changed().await.ok()?;
        }
        Some((Ok(Event::default().data("pull")), (receiver, false)))
    })
}
