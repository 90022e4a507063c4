//! A connection that the calling thread drives itself: it writes, waits for the socket and reads, without a
//! runtime and without a second thread.
//!
//! Handlers read the database on tokio's own threads, where blocking on another runtime panics, and handing
//! each query to a second thread costs two changes of thread. So `tokio-postgres` speaks the protocol, and
//! this file polls it between waits for the socket.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

type Tls = <MakeRustlsConnect as MakeTlsConnect<Io>>::Stream;

/// The socket below.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(s) => s.set_nonblocking(true),
            #[cfg(unix)]
            Self::Unix(s) => s.set_nonblocking(true),
        }
    }

    fn read(&self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(s) => (&*s).read(out),
            #[cfg(unix)]
            Self::Unix(s) => (&*s).read(out),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(s) => (&*s).write(bytes),
            #[cfg(unix)]
            Self::Unix(s) => (&*s).write(bytes),
        }
    }

    /// Ends both directions; whoever waits for it wakes.
    pub(super) fn close(&self) {
        // Gone already is as good.
        let _ = match self {
            Self::Tcp(s) => s.shutdown(Shutdown::Both),
            #[cfg(unix)]
            Self::Unix(s) => s.shutdown(Shutdown::Both),
        };
    }

    /// Waits until there is something to read (or room to write, when `writing`), or the time is over.
    fn wait(&self, writing: bool, until: Instant) -> io::Result<()> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let wanted = if writing { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let fd = match self {
            Self::Tcp(s) => s.as_fd(),
            #[cfg(unix)]
            Self::Unix(s) => s.as_fd(),
        };
        let time = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&fd, wanted)], Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

/// The socket as the protocol sees it, and whether it waits for room to write.
#[derive(Debug)]
struct Shared {
    socket: Socket,
    blocked: AtomicBool,
    woken: AtomicBool,
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
    }
}

/// A handle that can end a line from another thread.
#[derive(Debug, Clone)]
pub(super) struct Closer(Arc<Shared>);

impl Closer {
    pub(super) fn close(&self) {
        self.0.socket.close();
    }
}

/// The socket, never blocking: what would block is pending.
pub(super) struct Io(Arc<Shared>);

fn attempt<T>(mut work: impl FnMut() -> io::Result<T>) -> Poll<io::Result<T>> {
    loop {
        match work() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
            done => return Poll::Ready(done),
        }
    }
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = attempt(|| self.0.socket.read(buf.initialize_unfilled()));
        read.map_ok(|n| buf.advance(n))
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = attempt(|| self.0.socket.write(bytes));
        self.0.blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.socket.close();
        Poll::Ready(Ok(()))
    }
}

/// The line to one server process, and what it said unasked.
pub(super) struct Line {
    shared: Arc<Shared>,
    waker: Waker,
    connection: Connection<Io, Tls>,
    heard: Vec<Notification>,
}

impl Line {
    /// Speaks the opening words over a connected socket.
    pub(super) fn open(
        socket: Socket,
        config: &Config,
        mut tls: MakeRustlsConnect,
        host: &str,
        limit: Duration,
    ) -> Result<(Client, Self), Lost> {
        socket.set_nonblocking()?;
        let shared = Arc::new(Shared { socket, blocked: AtomicBool::new(false), woken: AtomicBool::new(false) });
        let waker = Waker::from(shared.clone());
        let tls = MakeTlsConnect::<Io>::make_tls_connect(&mut tls, host).map_err(io::Error::other)?;
        let until = Instant::now() + limit;
        let mut opening = std::pin::pin!(config.connect_raw(Io(shared.clone()), tls));
        loop {
            shared.woken.store(false, Ordering::Release);
            match opening.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(opened) => {
                    let (client, connection) = opened?;
                    return Ok((client, Self { shared, waker, connection, heard: Vec::new() }));
                }
                Poll::Pending if shared.woken.load(Ordering::Acquire) => {}
                Poll::Pending => shared.socket.wait(shared.blocked.load(Ordering::Relaxed), until)?,
            }
        }
    }

    pub(super) fn closer(&self) -> Closer {
        Closer(self.shared.clone())
    }

    /// Begins something without waiting for it: its message is on its way, or at least in line.
    pub(super) fn begin<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&self.waker))
    }

    /// Sends what is in line and takes what has come, without waiting.
    pub(super) fn turn(&mut self) -> Result<(), Lost> {
        loop {
            match self.connection.poll_message(&mut Context::from_waker(&self.waker)) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Some(Ok(AsyncMessage::Notification(n)))) => self.heard.push(n),
                Poll::Ready(Some(Ok(AsyncMessage::Notice(n)))) => tracing::debug!(notice = %n, "PostgreSQL says"),
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(e))) => return Err(e.into()),
                Poll::Ready(None) => return Err(io::Error::from(io::ErrorKind::ConnectionAborted).into()),
            }
        }
    }

    /// Waits for the outcome of something, at most for `limit`.
    pub(super) fn finish<F: Future + ?Sized>(
        &mut self,
        mut future: Pin<&mut F>,
        limit: Duration,
    ) -> Result<F::Output, Lost> {
        let until = Instant::now() + limit;
        loop {
            self.shared.woken.store(false, Ordering::Release);
            if let Poll::Ready(out) = self.begin(future.as_mut()) {
                return Ok(out);
            }
            if let Err(lost) = self.turn() {
                // The last answer may have come together with the end.
                return match self.begin(future.as_mut()) {
                    Poll::Ready(out) => Ok(out),
                    Poll::Pending => Err(lost),
                };
            }
            if !self.shared.woken.load(Ordering::Acquire) {
                self.shared.socket.wait(self.shared.blocked.load(Ordering::Relaxed), until)?;
            }
        }
    }

    /// Waits for what other sessions notify, at most for `limit`; empty when the time is over.
    pub(super) fn listen(&mut self, limit: Duration) -> Result<Vec<Notification>, Lost> {
        let until = Instant::now() + limit;
        loop {
            self.turn()?;
            if !self.heard.is_empty() {
                return Ok(std::mem::take(&mut self.heard));
            }
            match self.shared.socket.wait(self.shared.blocked.load(Ordering::Relaxed), until) {
                Err(e) if e.kind() == io::ErrorKind::TimedOut => return Ok(Vec::new()),
                waited => waited?,
            }
        }
    }
}

/// The line is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("{0}")]
    Socket(#[from] io::Error),
    #[error("{}", super::values::text_of(.0))]
    Postgres(#[from] tokio_postgres::Error),
}
