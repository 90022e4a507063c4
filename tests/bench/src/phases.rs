//! The phases of a run, the same for both servers.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use tokio::sync::Barrier;

use crate::client::Line;
use crate::floor::Floor;
use crate::measure::{self, Cpu};
use crate::workload::{FRESH, PHOTO_BYTES, PHOTO_TABLETS, PHOTOS};

/// What a run measured. Keys are part of the benchmark's interface.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) cpu_s_per_1000: f64,
    /// Of the database's own processes, where it has some; the server's do not contain them.
    pub(crate) database_cpu_s_per_1000: f64,
    pub(crate) growth: f64,
    pub(crate) acked_per_s: f64,
    pub(crate) p50_s: f64,
    pub(crate) p99_s: f64,
    pub(crate) bytes_per_request: f64,
    pub(crate) idle_poll_cpu_ms: f64,
    pub(crate) database_idle_poll_cpu_ms: f64,
    pub(crate) idle_poll_bytes: f64,
    pub(crate) photo_cpu_ms: f64,
    pub(crate) database_photo_cpu_ms: f64,
    pub(crate) photo_bytes_ratio: f64,
    pub(crate) fresh_cpu_ms: f64,
    pub(crate) database_fresh_cpu_ms: f64,
    pub(crate) fresh_bytes: f64,
    pub(crate) peak_mib: f64,
    pub(crate) disk_mib_per_1000: f64,
    pub(crate) fsyncs_per_push: f64,
    /// What of it nobody could do without; not on PostgreSQL.
    pub(crate) floor: Option<Floor>,
}

/// A running server process.
pub(crate) struct Running {
    pub(crate) child: std::process::Child,
    pub(crate) address: std::net::SocketAddr,
    /// First process of a database of its own.
    pub(crate) database: Option<u32>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing it holds is needed afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a tablet says in a run, prepared as bytes.
pub(crate) struct Script {
    /// Push and pull of the morning; one HTTP request after another.
    pub(crate) morning: Vec<Vec<u8>>,
    /// Looks whether anything is new.
    pub(crate) poll: Vec<u8>,
    /// Sends its photos.
    pub(crate) photos: Vec<Vec<u8>>,
    /// Names the tablet.
    pub(crate) token: String,
}

/// One of the two servers.
pub(crate) trait Side {
    /// Fills a folder: what every tablet holds beforehand. Gives each tablet's script.
    async fn prepare(&self, dir: &Path, tablets: usize, requests: usize) -> Result<Vec<Script>>;
    /// Starts the server on that folder.
    fn start(&self, dir: &Path) -> Result<Running>;
    /// Bytes its database takes.
    fn disk(&self, dir: &Path) -> Result<u64> {
        measure::database_bytes(dir)
    }
    /// Whether an answer of the morning is complete (everything acknowledged, or rows given).
    fn good(&self, status: u16, body: &[u8], step: usize, requests: usize) -> Result<()>;
    /// The same rows, files and bytes with nothing around them, from the folder a run left.
    fn floor(&self, _dir: &Path) -> Result<Option<Floor>> {
        Ok(None)
    }
    /// Downloads everything of a tablet; tells how many requests came.
    async fn fresh(&self, line: &mut Line, script: &Script) -> Result<usize>;
}

struct Morning {
    cpu_per_1000: Cpu,
    wall: f64,
    times: Vec<f64>,
    bytes: u64,
}

/// All tablets at one instant: push, then pull.
async fn morning<S: Side>(side: &S, server: &Running, scripts: &[Arc<Script>], requests: usize) -> Result<Morning> {
    let before = measure::cpu_when_quiet(server).await?;
    let gate = Arc::new(Barrier::new(scripts.len() + 1));
    let mut tasks = Vec::new();
    for script in scripts {
        let (gate, script, to) = (gate.clone(), script.clone(), server.address);
        tasks.push(tokio::spawn(async move {
            gate.wait().await;
            let begun = Instant::now();
            let mut line = Line::open(to).await?;
            let mut answers = Vec::new();
            for request in &script.morning {
                let answer = line.ask(request).await?;
                answers.push((answer.status, answer.body));
            }
            anyhow::Ok((begun.elapsed().as_secs_f64(), line.up + line.down, answers))
        }));
    }
    gate.wait().await;
    let begun = Instant::now();
    let mut times = Vec::new();
    let mut bytes = 0;
    for task in tasks {
        let (time, b, answers) = task.await??;
        times.push(time);
        bytes += b;
        for (step, (status, body)) in answers.iter().enumerate() {
            side.good(*status, body, step, requests)?;
        }
    }
    let wall = begun.elapsed().as_secs_f64();
    let after = measure::cpu_at_rest(server).await?;
    times.sort_by(f64::total_cmp);
    let cpu_per_1000 = after.since(before, 1000.0 / count(scripts.len() * requests));
    Ok(Morning { cpu_per_1000, wall, times, bytes })
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "byte counts far below 2^52")]
fn bytes(n: u64) -> f64 {
    n as f64
}

fn percentile(sorted: &[f64], p: usize) -> f64 {
    sorted.get((sorted.len() * p / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The whole run.
pub(crate) async fn run<S: Side>(side: &S, tablets: usize, requests: usize) -> Result<Figures> {
    let dir = tempfile::tempdir()?;
    let scripts: Vec<_> = side.prepare(dir.path(), tablets, requests).await?.into_iter().map(Arc::new).collect();
    let server = side.start(dir.path())?;
    let pid = server.child.id();
    let mut figures = Figures::default();

    let disk = side.disk(dir.path())?;
    let m = morning(side, &server, &scripts, requests).await?;
    figures.cpu_s_per_1000 = m.cpu_per_1000.server;
    figures.database_cpu_s_per_1000 = m.cpu_per_1000.database;
    figures.acked_per_s = count(tablets * requests) / m.wall;
    figures.p50_s = percentile(&m.times, 50);
    figures.p99_s = percentile(&m.times, 99);
    figures.bytes_per_request = bytes(m.bytes) / count(tablets * requests);

    let before = measure::cpu_when_quiet(&server).await?;
    let mut polled = 0;
    for batch in scripts.chunks(100) {
        let mut tasks = Vec::new();
        for script in batch {
            let (script, to) = (script.clone(), server.address);
            tasks.push(tokio::spawn(async move {
                let mut line = Line::open(to).await?;
                let answer = line.ask(&script.poll).await?;
                ensure!(answer.status == 200, "poll: status {}", answer.status);
                anyhow::Ok(line.up + line.down)
            }));
        }
        for task in tasks {
            polled += task.await??;
        }
    }
    let after = measure::cpu_when_quiet(&server).await?;
    let cpu = after.since(before, 1000.0 / count(tablets));
    (figures.idle_poll_cpu_ms, figures.database_idle_poll_cpu_ms) = (cpu.server, cpu.database);
    figures.idle_poll_bytes = bytes(polled) / count(tablets);

    let before = after;
    let mut sent = 0;
    let mut tasks = Vec::new();
    for script in scripts.iter().take(PHOTO_TABLETS) {
        let (script, to) = (script.clone(), server.address);
        tasks.push(tokio::spawn(async move {
            let mut line = Line::open(to).await?;
            for photo in &script.photos {
                let answer = line.ask(photo).await?;
                ensure!(matches!(answer.status, 200..=204), "photo: status {}", answer.status);
            }
            anyhow::Ok(line.up + line.down)
        }));
    }
    for task in tasks {
        sent += task.await??;
    }
    let after = measure::cpu_when_quiet(&server).await?;
    let photos = count(PHOTO_TABLETS * PHOTOS);
    let cpu = after.since(before, 1000.0 / photos);
    (figures.photo_cpu_ms, figures.database_photo_cpu_ms) = (cpu.server, cpu.database);
    figures.photo_bytes_ratio = bytes(sent) / (photos * count(PHOTO_BYTES));

    let before = after;
    let mut fresh = 0;
    for script in scripts.iter().take(FRESH) {
        let mut line = Line::open(server.address).await?;
        let came = side.fresh(&mut line, script).await?;
        if came < crate::workload::FRESH_REQUESTS {
            bail!("a fresh tablet got {came} requests only");
        }
        fresh += line.up + line.down;
    }
    let after = measure::cpu_when_quiet(&server).await?;
    let cpu = after.since(before, 1000.0 / count(FRESH));
    (figures.fresh_cpu_ms, figures.database_fresh_cpu_ms) = (cpu.server, cpu.database);
    figures.fresh_bytes = bytes(fresh) / count(FRESH);

    figures.peak_mib = measure::peak_mib(pid)?;
    measure::cpu_at_rest(&server).await?;
    let grown = side.disk(dir.path())?.saturating_sub(disk);
    drop(server);
    figures.floor = side.floor(dir.path())?;
    figures.disk_mib_per_1000 = bytes(grown) / 1_048_576.0 * 1000.0 / count(tablets * requests);
    Ok(figures)
}

/// CPU s per 1,000 requests with 50 tablets: the mean of several mornings, each on a new server.
pub(crate) async fn small<S: Side>(side: &S, requests: usize) -> Result<f64> {
    const ROUNDS: usize = 5;
    let mut sum = 0.0;
    for _ in 0..ROUNDS {
        let dir = tempfile::tempdir()?;
        let scripts: Vec<_> =
            side.prepare(dir.path(), PHOTO_TABLETS, requests).await?.into_iter().map(Arc::new).collect();
        let server = side.start(dir.path())?;
        sum += morning(side, &server, &scripts, requests).await?.cpu_per_1000.server;
    }
    Ok(sum / count(ROUNDS))
}

/// fsyncs a push during the morning; in a run of its own, because counting slows the server.
pub(crate) async fn fsyncs<S: Side>(side: &S, tablets: usize, requests: usize) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let scripts: Vec<_> = side.prepare(dir.path(), tablets, requests).await?.into_iter().map(Arc::new).collect();
    let server = side.start(dir.path())?;
    let log = dir.path().join("strace.log");
    let counter = measure::Fsyncs::attach(server.child.id(), &log).await?;
    morning(side, &server, &scripts, requests).await?;
    Ok(bytes(counter.finish()?) / count(tablets))
}

/// Starts a server process and waits for the line that names its address.
pub(crate) fn start(mut command: std::process::Command) -> Result<Running> {
    use std::io::{BufRead, BufReader};
    let mut child =
        command.stdout(std::process::Stdio::piped()).spawn().with_context(|| format!("{:?}", command.get_program()))?;
    let out = child.stdout.take().context("no stdout")?;
    let mut lines = BufReader::new(out).lines();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let Some(line) = lines.next() else { break };
        if let Some((_, address)) = line?.split_once("listening on http://") {
            let address = address.trim().parse()?;
            // The pipe must be read on, or a talkative server would stand still.
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Ok(Running { child, address, database: None });
        }
    }
    bail!("the server did not say where it listens")
}
