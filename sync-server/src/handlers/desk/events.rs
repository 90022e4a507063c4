//! `GET events`: "look again", nothing more. Data always comes by the other routes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};

use crate::auth::rights::Right;
use crate::error::Fault;
use crate::service::Service;
use crate::wake::EVERYTHING;

use super::Seat;

/// Seconds between signs of life, so that a dead line is noticed.
const ALIVE: Duration = Duration::from_secs(25);

/// The stream of wake-ups.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn stream(
    State(service): State<Arc<Service>>,
    seat: Seat,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Fault> {
    seat.needs(Right::Read)?;
    let listener = service.wakes.listen(EVERYTHING);
    let wakes = stream::unfold(listener, |mut listener| async move {
        listener.changed().await.ok()?;
        Some((Ok(Event::default().event("changed").data("")), listener))
    });
    Ok(Sse::new(wakes).keep_alive(KeepAlive::new().interval(ALIVE)))
}
