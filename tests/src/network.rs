//! The line between tablets and a server: a TCP proxy that can be cut, slowed, and made to lose answers.
//!
//! Everything that goes over it is real: real sockets on both sides, real HTTP, real time-outs. A cut
//! closes every connection at that instant, wherever the bytes were; while the line is down new
//! connections are taken and closed at once, so that a tablet notices without waiting.
//!
//! It may lead to several servers that share everything: then each exchange goes to one of them, by chance.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::people::Dice;

/// Bytes taken at once; also the grain of slowing and cutting.
const CHUNK: usize = 1024;
/// A 64 kbit/s line, in bytes a second.
pub const GPRS: u64 = 8_000;

/// What went over the line so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes from tablets to the server.
    pub up: u64,
    /// Bytes from the server to tablets.
    pub down: u64,
    /// Connections that were let through.
    pub connections: u64,
    /// Times the line was cut while connections were open.
    pub cuts: u64,
    /// Answers that were thrown away on purpose.
    pub lost_answers: u64,
}

/// How the line behaves.
#[derive(Debug, Clone, Default)]
struct Rules {
    down: bool,
    bytes_per_second: Option<u64>,
    delay: Duration,
    cut_each_bytes: Option<u64>,
    lose: Option<(String, u32)>,
}

struct Line {
    /// Where it leads; with several, each connection goes to one of them.
    upstream: Mutex<Vec<SocketAddr>>,
    /// Chooses among several.
    dice: Mutex<Dice>,
    rules: Mutex<Rules>,
    open: Mutex<Vec<TcpStream>>,
    free_at: [Mutex<Instant>; 2],
    moved: [AtomicU64; 2],
    connections: AtomicU64,
    cuts: AtomicU64,
    lost: AtomicU64,
    closing: AtomicBool,
    /// Raised at every byte, for those who wait for one.
    flowed: (Mutex<u64>, Condvar),
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up = 0,
    Down = 1,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line to one server. Dropping it closes everything.
pub struct Network {
    addr: SocketAddr,
    line: Arc<Line>,
    ticker: Mutex<Option<Arc<AtomicBool>>>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("addr", &self.addr).field("traffic", &self.traffic()).finish_non_exhaustive()
    }
}

impl Network {
    /// A good line to the server at `upstream`.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn to(upstream: SocketAddr) -> io::Result<Self> {
        Self::to_any(&[upstream], 0)
    }

    /// A good line to several servers that share everything: each exchange goes to one of them, as `seed` has it.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn to_any(upstream: &[SocketAddr], seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let now = Instant::now();
        let line = Arc::new(Line {
            upstream: Mutex::new(upstream.to_vec()),
            dice: Mutex::new(Dice::new(seed)),
            rules: Mutex::default(),
            open: Mutex::default(),
            free_at: [Mutex::new(now), Mutex::new(now)],
            moved: [AtomicU64::new(0), AtomicU64::new(0)],
            connections: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            flowed: (Mutex::new(0), Condvar::new()),
        });
        let taking = Arc::clone(&line);
        thread::spawn(move || take(&listener, &taking));
        Ok(Self { addr, line, ticker: Mutex::default() })
    }

    /// The address tablets are given.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Leads to another server from now on, e.g. the same one restarted on another port.
    pub fn lead_to(&self, upstream: SocketAddr) {
        self.lead_to_any(&[upstream]);
    }

    /// Leads to other servers from now on, each exchange to one of them.
    pub fn lead_to_any(&self, upstream: &[SocketAddr]) {
        *lock(&self.line.upstream) = upstream.to_vec();
        self.line.hang_up();
    }

    /// No network from this instant.
    pub fn cut(&self) {
        lock(&self.line.rules).down = true;
        self.line.hang_up();
    }

    /// The network is back.
    pub fn restore(&self) {
        lock(&self.line.rules).down = false;
    }

    /// Closes what is open at this instant; new connections work.
    pub fn hiccup(&self) {
        self.line.hang_up();
    }

    /// So many bytes a second, each way. `None`: as fast as it goes.
    pub fn slow(&self, bytes_per_second: Option<u64>) {
        lock(&self.line.rules).bytes_per_second = bytes_per_second;
    }

    /// Every connection begins that much later.
    pub fn delay(&self, by: Duration) {
        lock(&self.line.rules).delay = by;
    }

    /// Cuts whenever that many bytes have gone over the line, both ways together. `None`: never.
    pub fn cut_each_bytes(&self, bytes: Option<u64>) {
        lock(&self.line.rules).cut_each_bytes = bytes;
    }

    /// Cuts after each such time. `None`: never.
    pub fn cut_each(&self, period: Option<Duration>) {
        let mut ticker = lock(&self.ticker);
        if let Some(old) = ticker.take() {
            old.store(true, Ordering::SeqCst);
        }
        let Some(period) = period else { return };
        let stop = Arc::new(AtomicBool::new(false));
        *ticker = Some(Arc::clone(&stop));
        let line = Arc::downgrade(&self.line);
        thread::spawn(move || tick(&line, &stop, period));
    }

    /// The next `times` answers to requests whose path begins with `path` are thrown away, after the
    /// server has given them: what a lost acknowledgement is.
    pub fn lose_answers(&self, path: &str, times: u32) {
        lock(&self.line.rules).lose = Some((path.to_owned(), times));
    }

    /// What went over it so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let [up, down] = &self.line.moved;
        Traffic {
            up: up.load(Ordering::SeqCst),
            down: down.load(Ordering::SeqCst),
            connections: self.line.connections.load(Ordering::SeqCst),
            cuts: self.line.cuts.load(Ordering::SeqCst),
            lost_answers: self.line.lost.load(Ordering::SeqCst),
        }
    }

    /// Waits until `bytes` more have gone over the line (both ways), or the time is over.
    /// Tells whether they have.
    #[must_use]
    pub fn wait_for_bytes(&self, bytes: u64, at_most: Duration) -> bool {
        let (count, flowed) = &self.line.flowed;
        let mut seen = lock(count);
        let goal = *seen + bytes;
        let end = Instant::now() + at_most;
        while *seen < goal {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            seen = flowed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.cut_each(None);
        self.line.closing.store(true, Ordering::SeqCst);
        self.line.hang_up();
        // Wakes the thread that takes connections, which then sees that it is over.
        let _ = TcpStream::connect(self.addr);
    }
}

impl Line {
    fn hang_up(&self) {
        let mut open = lock(&self.open);
        if !open.is_empty() {
            self.cuts.fetch_add(1, Ordering::SeqCst);
        }
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits until the line can take `len` more bytes that way.
    fn pace(&self, way: Way, len: usize) {
        let Some(rate) = lock(&self.rules).bytes_per_second else { return };
        let takes = Duration::from_secs_f64(len as f64 / rate.max(1) as f64);
        let until = {
            let [up, down] = &self.free_at;
            let mut free_at = lock(if way == Way::Up { up } else { down });
            *free_at = (*free_at).max(Instant::now()) + takes;
            *free_at
        };
        thread::sleep(until.saturating_duration_since(Instant::now()));
    }

    /// Counts bytes that are about to pass. How many may pass before the line is cut, if it is to be.
    fn count(&self, way: Way, len: usize) -> Option<usize> {
        let len = len as u64;
        let [up, down] = &self.moved;
        let before = up.load(Ordering::SeqCst) + down.load(Ordering::SeqCst);
        let counter = if way == Way::Up { up } else { down };
        counter.fetch_add(len, Ordering::SeqCst);
        let (count, flowed) = &self.flowed;
        *lock(count) += len;
        flowed.notify_all();
        let each = lock(&self.rules).cut_each_bytes?.max(1);
        let rest = each - before % each;
        (len >= rest).then(|| usize::try_from(rest).unwrap_or(usize::MAX))
    }

    /// Whether the answer to the request that begins with `head` is to be thrown away.
    fn loses(&self, head: &[u8]) -> bool {
        let mut rules = lock(&self.rules);
        let Some((path, times)) = rules.lose.as_mut() else { return false };
        let asked = head.split(|b| *b == b' ').nth(1).unwrap_or_default();
        if *times == 0 || !asked.starts_with(path.as_bytes()) {
            return false;
        }
        *times -= 1;
        self.lost.fetch_add(1, Ordering::SeqCst);
        true
    }
}

fn take(listener: &TcpListener, line: &Arc<Line>) {
    for client in listener.incoming() {
        if line.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let rules = lock(&line.rules).clone();
        if rules.down {
            let _ = client.shutdown(Shutdown::Both);
            continue;
        }
        let line = Arc::clone(line);
        thread::spawn(move || {
            thread::sleep(rules.delay);
            // A connection that cannot be made is closed: to the tablet the server is away.
            let _ = connect(&client, &line);
        });
    }
}

/// Ends the connection after this answer, so that the next exchange may go to another server.
const LAST: &[u8] = b"connection: close\r\n";

fn connect(client: &TcpStream, line: &Arc<Line>) -> io::Result<()> {
    let (upstream, hops) = {
        let all = lock(&line.upstream);
        let at = lock(&line.dice).below(all.len().max(1) as u64) as usize;
        (all.get(at).copied().ok_or(io::ErrorKind::NotConnected)?, all.len() > 1)
    };
    let Ok(server) = TcpStream::connect_timeout(&upstream, Duration::from_secs(5)) else {
        return client.shutdown(Shutdown::Both);
    };
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    {
        let mut open = lock(&line.open);
        open.retain(|s| s.peer_addr().is_ok());
        open.push(client.try_clone()?);
        open.push(server.try_clone()?);
    }
    line.connections.fetch_add(1, Ordering::SeqCst);
    // The latest request line on this connection, so that the answer's fate can be told.
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (from, to) = (client.try_clone()?, server.try_clone()?);
    let (up_line, up_asked) = (Arc::clone(line), Arc::clone(&asked));
    thread::spawn(move || pump(from, to, &up_line, Way::Up, &up_asked, None));
    let told = if hops { Some(LAST) } else { None };
    pump(server, client.try_clone()?, line, Way::Down, &asked, told);
    Ok(())
}

/// `header`: put behind the first line of what goes that way.
fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    line: &Line,
    way: Way,
    asked: &Mutex<Vec<u8>>,
    mut header: Option<&[u8]>,
) {
    let mut chunk = [0; CHUNK];
    while let Ok(len) = from.read(&mut chunk) {
        let Some(read) = chunk.get(..len).filter(|b| !b.is_empty()) else { break };
        let bytes = &*header.take().map_or(Cow::Borrowed(read), |header| Cow::Owned(with(header, read)));
        match way {
            Way::Up if [b"GET ".as_slice(), b"PUT ", b"POST "].iter().any(|m| bytes.starts_with(m)) => {
                *lock(asked) = bytes.iter().copied().take_while(|b| *b != b'\r').collect();
            }
            Way::Down if bytes.starts_with(b"HTTP/1.") && line.loses(&lock(asked)) => break,
            _ => {}
        }
        line.pace(way, bytes.len());
        match line.count(way, bytes.len()) {
            Some(rest) => {
                let _ = to.write_all(bytes.get(..rest).unwrap_or(bytes));
                line.hang_up();
                break;
            }
            None if to.write_all(bytes).is_err() => break,
            None => {}
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// An answer's beginning with one more header behind its first line.
fn with(header: &[u8], answer: &[u8]) -> Vec<u8> {
    let first = answer.iter().position(|b| *b == b'\n').map_or(answer.len(), |end| end + 1);
    let (line, rest) = answer.split_at(first);
    [line, header, rest].concat()
}

fn tick(line: &Weak<Line>, stop: &AtomicBool, period: Duration) {
    let mut next = Instant::now() + period;
    loop {
        // In small steps, so that a line that is no longer wanted is let go soon.
        thread::sleep(next.saturating_duration_since(Instant::now()).min(Duration::from_millis(50)));
        let Some(line) = line.upgrade() else { return };
        if stop.load(Ordering::SeqCst) {
            return;
        }
        if Instant::now() >= next {
            line.hang_up();
            next += period;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that answers each line with itself.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || {
                    let mut to = stream.try_clone().unwrap();
                    let _ = io::copy(&mut { stream }, &mut to);
                });
            }
        });
        addr
    }

    fn ask(network: &Network, words: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(network.addr)?;
        stream.write_all(words)?;
        let mut back = vec![0; words.len()];
        stream.read_exact(&mut back)?;
        Ok(back)
    }

    #[test]
    fn a_good_line_carries_everything() {
        let network = Network::to(echo()).unwrap();
        let words = vec![7; 300_000];
        let mut stream = TcpStream::connect(network.addr).unwrap();
        let mut writing = stream.try_clone().unwrap();
        let sent = words.clone();
        let writer = thread::spawn(move || writing.write_all(&sent));
        let mut back = vec![0; words.len()];
        stream.read_exact(&mut back).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(back, words);
        assert_eq!(network.traffic().up, 300_000);
        assert_eq!(network.traffic().down, 300_000);
    }

    #[test]
    fn a_cut_line_fails_at_once_and_comes_back() {
        let network = Network::to(echo()).unwrap();
        assert_eq!(ask(&network, b"selam").unwrap(), b"selam");
        network.cut();
        assert!(ask(&network, b"selam").is_err());
        network.restore();
        assert_eq!(ask(&network, b"selam").unwrap(), b"selam");
    }

    #[test]
    fn it_is_cut_after_so_many_bytes() {
        let network = Network::to(echo()).unwrap();
        network.cut_each_bytes(Some(1_000));
        assert!(ask(&network, &[1; 5_000]).is_err());
        assert!(network.traffic().cuts > 0);
        // What is still on its way may cut the line once more.
        network.cut_each_bytes(None);
        assert!((0..100).any(|_| ask(&network, &[1; 100]).is_ok_and(|back| back == [1; 100])));
    }

    #[test]
    fn an_answer_is_lost_after_the_server_gave_it() {
        let network = Network::to(echo()).unwrap();
        network.lose_answers("HTTP", 1);
        // The echo answers `POST HTTP…` with itself, which is no answer; the second time with one.
        let mut stream = TcpStream::connect(network.addr).unwrap();
        stream.write_all(b"POST HTTP/x HTTP/1.1\r\n").unwrap();
        let mut back = [0; 22];
        stream.read_exact(&mut back).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        assert_eq!(stream.read(&mut back).unwrap(), 0);
        assert_eq!(network.traffic().lost_answers, 1);
    }
}
