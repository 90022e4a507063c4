//! `GET /v1/events`: how far the feed reaches, nothing more. Data always comes by the feed.

use std::convert::Infallible;

use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use mbs_shared::wire::events::{self, News};
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
    let news = move |seq: i64| News(Cursor { epoch, seq: seq.cast_unsigned() }).to_string();
    let (home, directory) = (service.scopes.code(scope).to_owned(), service.directory());
    let announced = service.announced.clone();
    let reach = move || events::announced(announced.to(&home, directory));
    let ears = Ears { feed: listener, announcements: service.announced.listen(), only };
    Ok(unfold((ears, Some(news(seq)), reach), move |(mut ears, first, reach)| async move {
        let data = match first {
            Some(first) => first,
            None => match ears.next().await? {
                Heard::Feed(seq) => news(seq),
                Heard::Announcement => reach(),
            },
        };
        Some((Ok(Event::default().data(data)), (ears, None, reach)))
    }))
}

/// What a stream listens to.
struct Ears {
    feed: watch::Receiver<i64>,
    announcements: watch::Receiver<u64>,
    only: watch::Receiver<u64>,
}

enum Heard {
    /// The feed reaches to here.
    Feed(i64),
    /// Something was announced, to whomever.
    Announcement,
}

impl Ears {
    /// What comes next; `None` when the server stops or the tablet has a newer stream.
    async fn next(&mut self) -> Option<Heard> {
        tokio::select! {
            changed = self.feed.changed() => {
                changed.ok()?;
                Some(Heard::Feed(*self.feed.borrow_and_update()))
            }
            changed = self.announcements.changed() => {
                changed.ok()?;
                self.announcements.borrow_and_update();
                Some(Heard::Announcement)
            }
            _ = self.only.changed() => None,
        }
    }
}
