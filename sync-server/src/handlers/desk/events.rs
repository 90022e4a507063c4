//! `GET events`: "look again", nothing more. Data always comes by the other routes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use mbs_shared::wire::error::Code;

use crate::auth::staff as auth;
use crate::error::Fault;
use crate::service::Service;
use crate::wake::EVERYTHING;

use super::Seat;

/// Seconds between signs of life, so that a dead line is noticed.
const ALIVE: Duration = Duration::from_secs(25);

/// Streams one session may have open: a browser's windows, and a few it forgot.
const MOST: usize = 16;

/// Open streams of each session.
#[derive(Debug, Default)]
pub struct Open(Mutex<HashMap<[u8; 32], usize>>);

/// One of them; ends with the stream that holds it.
struct Place {
    service: Arc<Service>,
    session: [u8; 32],
}

impl Place {
    fn take(service: &Arc<Service>, session: [u8; 32]) -> Result<Self, Fault> {
        let mut open = service.desk_streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = open.entry(session).or_default();
        if *now >= MOST {
            return Err(Code::SlowDown.into());
        }
        *now += 1;
        Ok(Self { service: service.clone(), session })
    }

    /// Whether the session is still good: who signed out hears nothing more.
    fn is_good(&self) -> bool {
        let now = self.service.clock.now();
        matches!(self.service.db.ask(|s| auth::who(s, &self.session, now)), Ok(Some(_)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.service.desk_streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = open.get_mut(&self.session) {
            *left -= 1;
            if *left == 0 {
                open.remove(&self.session);
            }
        }
    }
}

/// The stream of wake-ups. It ends with the session.
///
/// # Errors
/// [`Code::Forbidden`]; [`Code::SlowDown`] for more streams than a browser needs.
pub async fn stream(
    State(service): State<Arc<Service>>,
    _: Seat,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Fault> {
    let session = auth::session_hash(&headers).ok_or(Code::SignIn)?;
    let place = Place::take(&service, session)?;
    let listener = service.wakes.listen(EVERYTHING);
    let wakes = stream::unfold((listener, place), |(mut listener, place)| async move {
        listener.changed().await.ok()?;
        place.is_good().then(|| (Ok(Event::default().event("changed").data("")), (listener, place)))
    });
    Ok(Sse::new(wakes).keep_alive(KeepAlive::new().interval(ALIVE)))
}
