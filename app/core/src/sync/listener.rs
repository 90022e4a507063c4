//! Hears the server's wake-ups (`GET /v1/events`) while the app is open: one thread that sleeps in the
//! system until a byte comes, at the least once in [`events::ALIVE`] ms.
//!
//! The stream carries no data, so nothing depends on it: without it the engine polls. It reconnects
//! by itself, further and further apart and at a drawn moment, so that a server that restarts is not run
//! over by its tablets; only one that held for a while begins anew with short waits, or two copies of one
//! tablet, whose streams end each other, would do so for ever.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use mbs_shared::wire::events;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};

use super::Nudge;
use super::client::{AGENT, address, install_provider};
use super::trust::Trust;
use crate::ports::{Account, Listening, Random, random};

/// First wait before reconnecting; doubled each time, half of it drawn.
const FIRST_WAIT: Duration = Duration::from_secs(8);
/// Longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// Wait after a refusal: the exchange will say why, and may close the link.
const REFUSED_WAIT: Duration = Duration::from_secs(10 * 60);
/// A stream that lived so long was no failure.
const STEADY: Duration = Duration::from_secs(60);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest line of the stream, in bytes; ours have about forty.
const MAX_LINE: usize = 256;

/// The running listener.
#[derive(Debug)]
pub struct Listener {
    hurry: Arc<Notify>,
    /// Dropping it ends the thread at once.
    _stop: oneshot::Sender<()>,
}

impl Listening for Listener {
    fn hurry(&self) {
        self.hurry.notify_one();
    }
}

/// Starts listening; `None` when there is no line or no thread, and then polls have to do.
pub(super) fn start(
    account: &Account,
    authority: Option<&[u8]>,
    random: Arc<dyn Random>,
    driver: Sender<Nudge>,
) -> Option<Listener> {
    install_provider();
    let (mut url, here) = address(&account.server).ok()?;
    url.set_path("/v1/events");
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(Duration::from_millis(events::DEAD))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(AGENT);
    if here {
        builder = builder.no_proxy();
    }
    let client = Trust::of(authority).ok()?.waiting(builder).build().ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let hurry = Arc::new(Notify::new());
    let (stop, stopped) = oneshot::channel();
    let ear = Ear { client, url, token: account.token.clone(), random, driver, hurry: hurry.clone() };
    let work = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = stopped => {}
                () = ear.listen() => {}
            }
        });
    };
    std::thread::Builder::new().name("wake-ups".into()).spawn(work).ok()?;
    Some(Listener { hurry, _stop: stop })
}

struct Ear {
    client: Client,
    url: reqwest::Url,
    token: String,
    random: Arc<dyn Random>,
    driver: Sender<Nudge>,
    hurry: Arc<Notify>,
}

/// How a stream ended.
enum End {
    /// Cut, silent, or never begun.
    Cut,
    /// The server does not want this tablet now; at the earliest after that time.
    Refused(Duration),
    /// Nobody drives the engine any more.
    Over,
}

impl Ear {
    /// For ever, or until nobody hears.
    async fn listen(&self) {
        let mut failures = 0_u32;
        loop {
            let began = Instant::now();
            let (wait, held) = match self.stream().await {
                End::Over => return,
                End::Refused(wait) => (wait, true),
                End::Cut => {
                    if began.elapsed() >= STEADY {
                        failures = 0;
                    }
                    (FIRST_WAIT.saturating_mul(1 << failures.min(8)).min(LONGEST_WAIT), false)
                }
            };
            failures = failures.saturating_add(1);
            let wait = wait / 2 + self.drawn(wait / 2);
            tokio::select! {
                () = sleep(wait) => {}
                // A server's wish to be left alone stands above the network's return.
                () = self.hurry.notified(), if !held => failures = 0,
            }
        }
    }

    /// A time from nothing to `most`.
    fn drawn(&self, most: Duration) -> Duration {
        let drawn = u32::from_le_bytes(random(&*self.random));
        most.mul_f64(f64::from(drawn) / f64::from(u32::MAX))
    }

    /// One stream, from its beginning to its end.
    async fn stream(&self) -> End {
        let reply = match self.client.get(self.url.clone()).bearer_auth(&self.token).send().await {
            Ok(reply) if reply.status() == StatusCode::OK => reply,
            Ok(reply) => {
                // The exchange finds out what it means.
                return if self.driver.send(Nudge::Work).is_ok() { End::Refused(rest(&reply)) } else { End::Over };
            }
            Err(_) => return End::Cut,
        };
        if self.driver.send(Nudge::Listening).is_err() {
            return End::Over;
        }
        let end = self.read(reply).await;
        if self.driver.send(Nudge::Deaf).is_err() { End::Over } else { end }
    }

    async fn read(&self, mut reply: Response) -> End {
        let mut line = Vec::new();
        while let Ok(Some(bytes)) = reply.chunk().await {
            for byte in bytes {
                if byte != b'\n' {
                    line.push(byte);
                    if line.len() > MAX_LINE {
                        return End::Cut;
                    }
                    continue;
                }
                // Everything but data is a sign of life.
                if let Some(nudge) = nudge(&line)
                    && self.driver.send(nudge).is_err()
                {
                    return End::Over;
                }
                line.clear();
            }
        }
        End::Cut
    }
}

fn nudge(line: &[u8]) -> Option<Nudge> {
    let text = std::str::from_utf8(line.strip_prefix(b"data:")?).ok()?;
    let announced = || events::announced_of(text).map(Nudge::Announced);
    text.parse().ok().map(Nudge::News).or_else(announced)
}

/// How long a server that refuses wants to be left alone.
fn rest(reply: &Response) -> Duration {
    let asked = reply.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse().ok());
    // Twice, because half of a wait is drawn.
    asked.map_or(REFUSED_WAIT, |seconds| Duration::from_secs(seconds).saturating_mul(2).clamp(FIRST_WAIT, REFUSED_WAIT))
}
