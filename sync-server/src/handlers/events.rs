//! `GET /v1/events`: how far the feed reaches, nothing more. Data always comes by the feed.

use std::convert::Infallible;

use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use mbs_shared::wire::events::News;
use mbs_shared::wire::sync::Cursor;
use tokio::sync::watch;

use crate::auth::device::Caller;
use crate::database::feed;
use crate::error::Fault;
use crate::service::Service;

/// Where the feed is at once, and again with each news of the scope. A tablet has one stream: a newer one
/// ends the older, whose line may have died unnoticed.
///
/// # Errors
/// When the database does not answer.
pub fn wake_ups(
    service: &Service,
    caller: &Caller,
) -> Result<impl Stream<Item = Result<Event, Infallible>> + Send + use<>, Fault> {
    let scope = caller.device.scope;
    // Listening first: what comes in between is told twice, never missed.
    let listener = service.wakes.listen(scope);
    let only = caller.one_stream();
    let seq = service.db.ask(|s| feed::last_of(s, scope))?;
    let epoch = service.epoch;
    let news = move |seq: i64| Event::default().data(News(Cursor { epoch, seq: seq.cast_unsigned() }).to_string());
    Ok(unfold((listener, only, Some(seq)), move |(mut listener, mut only, first)| async move {
        let seq = match first {
            Some(seq) => seq,
            None => next(&mut listener, &mut only).await?,
        };
        Some((Ok(news(seq)), (listener, only, None)))
    }))
}

/// The next place; `None` when the server stops or the tablet has a newer stream.
async fn next(listener: &mut watch::Receiver<i64>, only: &mut watch::Receiver<u64>) -> Option<i64> {
    tokio::select! {
        changed = listener.changed() => changed.ok()?,
        _ = only.changed() => return None,
    }
    Some(*listener.borrow_and_update())
}
