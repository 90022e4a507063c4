//! The same server and the same tablet in one process under a virtual clock, with a simulated line
//! between them: days and bad lines in seconds.
//!
//! Everything but time, sockets and the line is real: the server's router and handlers, its writer and
//! database, the tablet's engine, store and frames. A request that is cut reaches the server as a body
//! that breaks off where the line did.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method as HttpMethod, Request};
use mbs_server::service::{Parts, Service};
use mbs_tablet::Tablet;
use mbs_tablet::error::Result as CoreResult;
use mbs_tablet::ports::{Clock, Connect, Cut, HttpReply, HttpRequest, Method, Ports, Transport};
use mbs_tablet::sync::{Effect, Event, Nudge};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// Bytes of a request or answer besides its body: request line, headers, TCP and TLS around it.
const AROUND: u64 = 350;

/// A clock that goes when it is told to.
#[derive(Debug)]
pub struct VirtualClock(AtomicI64);

impl VirtualClock {
    /// A clock that stands at `now` (Unix ms).
    #[must_use]
    pub fn at(now: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now)))
    }

    /// Now.
    #[must_use]
    pub fn read(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Goes on to `then`; never back.
    pub fn go_to(&self, then: i64) {
        self.0.fetch_max(then, Ordering::SeqCst);
    }

    /// Goes on by so many milliseconds.
    pub fn go_on(&self, by: i64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> i64 {
        self.read()
    }
}

impl mbs_server::ports::Clock for VirtualClock {
    fn now(&self) -> i64 {
        self.read()
    }
}

/// A server without a socket.
pub struct SimulatedServer {
    router: Router,
    service: Arc<Service>,
    runtime: Runtime,
}

impl std::fmt::Debug for SimulatedServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedServer").finish_non_exhaustive()
    }
}

impl SimulatedServer {
    /// The server on `dir` under `clock`.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub fn open(dir: &Path, clock: &Arc<VirtualClock>) -> Arc<Self> {
        let mut parts = Parts::folder(dir).unwrap_or_else(|e| panic!("the server in {}: {e:#}", dir.display()));
        parts.clock = Arc::clone(clock) as Arc<dyn mbs_server::ports::Clock>;
        let service = Service::new(parts).unwrap_or_else(|e| panic!("the server in {}: {e:#}", dir.display()));
        drop(service.start_writer().unwrap_or_else(|e| panic!("no thread for the writer: {e}")));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.unwrap_or_else(|e| panic!("no runtime: {e}"));
        Arc::new(Self { router: mbs_server::router::router(Arc::clone(&service)), service, runtime })
    }

    /// Answers a request of which only the first `arrives` bytes of the body come, if that is given.
    fn answer(&self, request: &HttpRequest, arrives: Option<usize>) -> Option<HttpReply> {
        let method = match request.method {
            Method::Get => HttpMethod::GET,
            Method::Post => HttpMethod::POST,
            Method::Put => HttpMethod::PUT,
        };
        let mut http = Request::builder().method(method).uri(address(request)).header("host", "mbs.example");
        for (name, value) in &request.headers {
            http = http.header(*name, value);
        }
        let body = match arrives {
            None => {
                http = http.header("content-length", request.body.len());
                Body::from(request.body.clone())
            }
            Some(len) => {
                http = http.header("content-length", request.body.len());
                let part = request.body.get(..len).unwrap_or(&request.body).to_vec();
                let pieces = [Ok(Bytes::from(part)), Err(io::Error::other("the line was cut"))];
                Body::from_stream(futures_util::stream::iter(pieces))
            }
        };
        let http = http.body(body).unwrap_or_else(|e| panic!("{}: {e}", request.path));
        self.runtime.block_on(async {
            let reply = self.router.clone().oneshot(http).await.unwrap_or_else(|never| match never {});
            let (head, body) = reply.into_parts();
            let body = axum::body::to_bytes(body, request.cap).await.ok()?;
            let header = |(n, v): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
                Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned()))
            };
            Some(HttpReply {
                status: head.status.as_u16(),
                headers: head.headers.iter().filter_map(header).collect(),
                body: body.to_vec(),
            })
        })
    }
}

impl Drop for SimulatedServer {
    fn drop(&mut self) {
        self.service.writer.stop();
    }
}

fn address(request: &HttpRequest) -> String {
    let mut url = reqwest::Url::parse("http://mbs.example").unwrap_or_else(|e| panic!("{e}"));
    url.set_path(&request.path);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(request.query.iter().map(|(k, v)| (*k, v.as_str())));
    }
    url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()))
}

/// How the line behaves.
#[derive(Debug, Clone, Copy)]
pub struct Quality {
    /// Bytes a second, each way.
    pub bytes_per_second: u64,
    /// Milliseconds until the other side hears the first byte.
    pub latency: i64,
    /// It is cut whenever the clock passes a multiple of this; 0: never.
    pub cut_each: i64,
}

/// What went over a simulated line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Requests that were tried.
    pub tried: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Bytes up, those in vain included.
    pub up: u64,
    /// Bytes down, those in vain included.
    pub down: u64,
}

struct Line {
    server: Arc<SimulatedServer>,
    clock: Arc<VirtualClock>,
    quality: Mutex<Option<Quality>>,
    counts: [AtomicU64; 4],
}

/// A simulated line; its handle stays here while tablets hold ends of it.
#[derive(Clone)]
pub struct SimulatedLine(Arc<Line>);

impl std::fmt::Debug for SimulatedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedLine").field("carried", &self.carried()).finish_non_exhaustive()
    }
}

impl SimulatedLine {
    /// A line to `server`; `None` as quality is no network.
    #[must_use]
    pub fn to(server: &Arc<SimulatedServer>, clock: &Arc<VirtualClock>, quality: Option<Quality>) -> Self {
        Self(Arc::new(Line {
            server: Arc::clone(server),
            clock: Arc::clone(clock),
            quality: Mutex::new(quality),
            counts: Default::default(),
        }))
    }

    /// From now on it behaves like that.
    pub fn becomes(&self, quality: Option<Quality>) {
        *self.0.quality.lock().unwrap_or_else(PoisonError::into_inner) = quality;
    }

    /// What went over it.
    #[must_use]
    pub fn carried(&self) -> Carried {
        let [tried, answered, up, down] = &self.0.counts;
        let read = |c: &AtomicU64| c.load(Ordering::SeqCst);
        Carried { tried: read(tried), answered: read(answered), up: read(up), down: read(down) }
    }

    /// Ports of a tablet in `dir` whose clock and line are these.
    #[must_use]
    pub fn ports(&self, dir: &Path) -> Ports {
        Ports {
            clock: Arc::clone(&self.0.clock) as Arc<dyn Clock>,
            connect: Arc::new(self.clone()),
            ..Ports::system(dir)
        }
    }

    /// Steps a tablet's engine under the virtual clock until `done`, or until `limit` (Unix ms) or for ever idle.
    /// Tells whether it was done.
    pub fn drive(&self, tablet: &Tablet, limit: i64, mut done: impl FnMut() -> bool) -> bool {
        let clock = &self.0.clock;
        let mut line = self.clone();
        let mut event = Event::Nudge(Nudge::Connectivity);
        loop {
            event = match tablet.engine().step(clock.read(), event) {
                Effect::Http(request) => {
                    let ticket = request.ticket;
                    match line.send(request) {
                        Ok(reply) => Event::Reply(ticket, reply),
                        Err(_) => Event::Cut(ticket),
                    }
                }
                Effect::Wait(until) => {
                    if done() {
                        return true;
                    }
                    clock.go_to(until.max(clock.read() + 1));
                    Event::Tick
                }
                Effect::Idle => return done(),
            };
            if clock.read() > limit {
                return done();
            }
        }
    }
}

impl Connect for SimulatedLine {
    fn connect(&self, _server: &str) -> CoreResult<Box<dyn Transport>> {
        Ok(Box::new(self.clone()))
    }
}

impl Line {
    fn count(&self, which: usize, by: u64) {
        if let Some(counter) = self.counts.get(which) {
            counter.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Lets `bytes` pass in one direction. `Err` with how many did before the line was cut.
    fn pass(&self, quality: Quality, bytes: u64) -> Result<(), u64> {
        let now = self.clock.read();
        let takes = i64::try_from(bytes * 1_000 / quality.bytes_per_second.max(1)).unwrap_or(i64::MAX);
        let end = now + quality.latency + takes;
        let cut = if quality.cut_each > 0 { (now / quality.cut_each + 1) * quality.cut_each } else { i64::MAX };
        if end < cut {
            self.clock.go_to(end);
            return Ok(());
        }
        self.clock.go_to(cut);
        let time = u64::try_from(cut - now - quality.latency).unwrap_or(0);
        Err(time * quality.bytes_per_second / 1_000)
    }
}

impl Transport for SimulatedLine {
    fn send(&mut self, request: HttpRequest) -> Result<HttpReply, Cut> {
        let line = &self.0;
        let quality = *line.quality.lock().unwrap_or_else(PoisonError::into_inner);
        let cut = |what: &str| Cut(what.to_owned());
        line.count(0, 1);
        let Some(quality) = quality else {
            line.clock.go_on(50);
            return Err(cut("no network"));
        };
        let up = AROUND + request.path.len() as u64 + request.body.len() as u64;
        if let Err(passed) = line.pass(quality, up) {
            line.count(2, passed);
            // The head arrived, and a part of the body: the server sees it break off.
            if let Some(body) = passed.checked_sub(up - request.body.len() as u64) {
                line.server.answer(&request, Some(usize::try_from(body).unwrap_or(usize::MAX)));
            }
            return Err(cut("cut on the way up"));
        }
        line.count(2, up);
        let reply = line.server.answer(&request, None).ok_or_else(|| cut("no answer"))?;
        let down = AROUND + reply.body.len() as u64;
        if let Err(passed) = line.pass(quality, down) {
            line.count(3, passed);
            return Err(cut("cut on the way down"));
        }
        line.count(3, down);
        line.count(1, 1);
        Ok(reply)
    }
}
