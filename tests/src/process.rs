//! Real processes of this repository's own programs.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long anything that a story waits for may take; generous, because machines are busy.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// The built program of that name, beside the running one.
///
/// # Panics
/// When it is not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let me = std::env::current_exe().unwrap_or_else(|e| panic!("this program does not know where it lies: {e}"));
    let found = me.ancestors().skip(1).take(2).map(|dir| dir.join(name)).find(|p| p.is_file());
    found.unwrap_or_else(|| {
        let package = if name == "mbs-server" { "mbs-server" } else { "mbs-tests" };
        panic!("{name} is not built beside {}: run `cargo build -p {package} --bins` first.", me.display())
    })
}

/// How many kills a story plays: `usual` ones, 200 in a long run (`MBS_LONG=1`), or as many as `MBS_KILLS` says.
///
/// # Panics
/// When `MBS_KILLS` is no number.
#[must_use]
pub fn kills(usual: u64) -> u64 {
    if let Ok(said) = std::env::var("MBS_KILLS") {
        return said.parse().unwrap_or_else(|e| panic!("MBS_KILLS={said}: {e}"));
    }
    if std::env::var_os("MBS_LONG").is_some_and(|v| v == "1") { 200 } else { usual }
}

/// What a story that kills is drawn from: `usual`, or with `MBS_KILLS_SEED` another sequence of moments.
///
/// # Panics
/// When `MBS_KILLS_SEED` is no number.
#[must_use]
pub fn seed(usual: u64) -> u64 {
    match std::env::var("MBS_KILLS_SEED") {
        Ok(said) => said.parse::<u64>().unwrap_or_else(|e| panic!("MBS_KILLS_SEED={said}: {e}")) ^ usual,
        Err(_) => usual,
    }
}

/// Waits until `done` says so, looking again and again.
///
/// # Panics
/// When it never does.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A program that serves something and says where.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Serving {
    /// Starts it and waits until it says `listening on http://…`.
    ///
    /// # Panics
    /// When it ends or stays silent instead; with what it said.
    pub fn start(command: &mut Command) -> Self {
        Self::try_start(command).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Starts it and waits until it says `listening on http://…`.
    ///
    /// # Errors
    /// A sentence with what it said, when it ends or stays silent instead.
    pub fn try_start(command: &mut Command) -> Result<Self, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{name} cannot be started: {e}"))?;
        let said = Arc::new(Mutex::new(String::new()));
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
            child.stderr.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
        ];
        let read = |stream| {
            let said = Arc::clone(&said);
            thread::spawn(move || listen(stream, &said))
        };
        let readers = streams.into_iter().flatten().map(read).collect();
        let mut serving = Self { child, addr: SocketAddr::from(([0, 0, 0, 0], 0)), said, readers };
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(addr) = serving.said().lines().find_map(address_in) {
                serving.addr = addr;
                return Ok(serving);
            }
            if let Ok(Some(status)) = serving.child.try_wait() {
                serving.readers.drain(..).for_each(|r| drop(r.join()));
                return Err(format!("{name} ended ({status}) before it listened. It said:\n{}", serving.said()));
            }
            if Instant::now() > end {
                return Err(format!("{name} does not say where it listens. It said:\n{}", serving.said()));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Everything it printed so far, both streams.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at this very instruction (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.readers.drain(..).for_each(|r| drop(r.join()));
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// When it does not.
    pub fn stop(&mut self) -> ExitStatus {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return status,
                _ if Instant::now() > end => {
                    self.kill();
                    panic!("it was asked to end and did not. It said:\n{}", self.said());
                }
                _ => thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}

fn listen(stream: impl Read, said: &Mutex<String>) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push_str(&String::from_utf8_lossy(&line));
        said.push('\n');
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    rest.split(|c: char| c.is_whitespace() || c == '/').next()?.parse().ok()
}

/// Runs a program to its end.
///
/// # Errors
/// Its sentence (what it wrote to the error output), when it ends badly.
pub fn run(command: &mut Command) -> Result<String, String> {
    run_with(command, "")
}

/// Runs a program to its end, with `input` to read.
///
/// # Errors
/// Its sentence (what it wrote to the error output), when it ends badly.
pub fn run_with(command: &mut Command, input: &str) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let wrong = |e: std::io::Error| format!("{name} cannot be started: {e}");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(wrong)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads nothing has closed its end, which is its own affair.
        let _ = stdin.write_all(input.as_bytes());
    }
    let out = child.wait_with_output().map_err(wrong)?;
    if out.status.success() {
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&out.stderr).trim().to_owned())
    }
}
