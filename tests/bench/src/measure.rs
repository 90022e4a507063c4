//! What a server process has cost: CPU, memory, disk, fsyncs.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::phases::Running;

/// Clock ticks a second of `/proc/PID/stat` on Linux.
const TICKS: f64 = 100.0;

/// CPU seconds (user and system, all threads) a process has used.
pub(crate) fn cpu(pid: u32) -> Result<f64> {
    // schedstat counts nanoseconds where stat counts hundredths; it is a line a thread.
    let mut nanos = 0_u64;
    let mut fine = true;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        match fs::read_to_string(task?.path().join("schedstat")) {
            Ok(line) => nanos += line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0),
            Err(_) => fine = false,
        }
    }
    if fine && nanos > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a reading, not a sum of money")]
        return Ok(nanos as f64 / 1e9);
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let tick = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((tick(11) + tick(12)) / TICKS)
}

/// CPU seconds of the server process, and of the database's processes where they are others.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    pub(crate) server: f64,
    pub(crate) database: f64,
}

impl Cpu {
    fn read(server: &Running) -> Result<Self> {
        let database = server.database.map_or(Ok(0.0), cpu_of_tree)?;
        Ok(Self { server: cpu(server.child.id())?, database })
    }

    const fn sum(self) -> f64 {
        self.server + self.database
    }

    /// What was used since, times `factor`.
    pub(crate) fn since(self, before: Self, factor: f64) -> Self {
        Self { server: (self.server - before.server) * factor, database: (self.database - before.database) * factor }
    }
}

/// CPU seconds of a process, of its children and of those that have ended.
fn cpu_of_tree(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let tick = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    let mut sum = cpu(pid)? + (tick(13) + tick(14)) / TICKS;
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    for child in children.split_whitespace() {
        // One that ends at this moment is counted among the ended next time.
        sum += cpu(child.parse()?).unwrap_or(0.0);
    }
    Ok(sum)
}

/// CPU seconds once the processes have been quiet for a while.
pub(crate) async fn cpu_when_quiet(server: &Running) -> Result<Cpu> {
    cpu_after(server, 4).await
}

/// The same once it has also done what a server does when nothing has come for some seconds.
pub(crate) async fn cpu_at_rest(server: &Running) -> Result<Cpu> {
    cpu_after(server, 70).await
}

async fn cpu_after(server: &Running, quiet: u32) -> Result<Cpu> {
    let mut last = Cpu::read(server)?;
    let mut still = 0;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = Cpu::read(server)?;
        // Timers tick even in a quiet server; half a millisecond in 50 is quiet.
        still = if now.sum() - last.sum() < 0.0005 { still + 1 } else { 0 };
        last = now;
        if still >= quiet {
            break;
        }
    }
    Ok(last)
}

/// Peak resident memory, MiB.
pub(crate) fn peak_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .and_then(|v| v.split_whitespace().next())
        .and_then(|v| v.parse::<f64>().ok())
        .context("VmHWM")?;
    Ok(kib / 1024.0)
}

/// Bytes of all files named `*.db`, `*.sqlite*` and their journals below a folder.
pub(crate) fn database_bytes(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && (name.contains(".db") || name.contains(".sqlite")) {
            sum += entry.metadata()?.len();
        }
    }
    Ok(sum)
}

/// Counts fsyncs of a running process until [`Fsyncs::finish`].
pub(crate) struct Fsyncs {
    strace: Child,
    log: std::path::PathBuf,
}

impl Fsyncs {
    /// Attaches strace.
    pub(crate) async fn attach(pid: u32, log: &Path) -> Result<Self> {
        let strace = Command::new("strace")
            .args(["-f", "-q", "-e", "trace=fsync,fdatasync", "-p", &pid.to_string(), "-o"])
            .arg(log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("strace cannot be started")?;
        // Attached once the kernel says who traces the process.
        for _ in 0..200 {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            if status.lines().any(|l| l.starts_with("TracerPid:") && !l.ends_with("\t0")) {
                return Ok(Self { strace, log: log.to_owned() });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::bail!("strace could not attach")
    }

    /// Detaches and tells how many there were.
    pub(crate) fn finish(mut self) -> Result<u64> {
        Command::new("kill").args(["-INT", &self.strace.id().to_string()]).status()?;
        self.strace.wait()?;
        let log = fs::read_to_string(&self.log)?;
        Ok(
            log.lines()
                .filter(|l| (l.contains("fsync(") || l.contains("fdatasync(")) && !l.contains("resumed>"))
                .count() as u64,
        )
    }
}
