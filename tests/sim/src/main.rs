//! `cargo sim --runs N --seed S`: plays runs, prints what went wrong on purpose, and each seed that failed
//! with the command that plays it again.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Parser;
use mbs_sim::heap::Counting;
use mbs_sim::report::Report;
use mbs_sim::template::Template;

/// So that a run sees what it holds.
#[global_allocator]
static COUNTING: Counting = Counting;

/// Plays simulated days of the real tablet and the real server.
#[derive(Parser)]
struct Options {
    /// How many runs.
    #[arg(long, default_value_t = 100)]
    runs: u64,
    /// Seed of the first run; the others follow it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints everything that happens.
    #[arg(long)]
    trace: bool,
    /// Prints the sums as JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Adds the sums to those this file has, and prints the table of all of them; `--runs 0` prints what it has.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rot", "sabotage"])]
    played: Option<PathBuf>,
    /// Processes side by side; SQLite's chance is one a process, so runs are never shared among threads.
    #[arg(long, default_value_t = 1)]
    processes: u64,
    /// Stops at the first run that fails.
    #[arg(long)]
    until_found: bool,
    /// Lets a bit of a tablet's database change by itself, too.
    #[arg(long)]
    rot: bool,
    /// Plants a bug by name; the simulation must find it.
    #[arg(long)]
    sabotage: Option<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(name) = &options.sabotage
        && !mbs_sim::plant(name)
    {
        eprintln!("There is no planted bug {name:?}; there are: {}.", mbs_sim::SABOTAGES.join(", "));
        return ExitCode::FAILURE;
    }
    mbs_sim::LET_ROT.store(options.rot, Ordering::Relaxed);
    let begun = Instant::now();
    let report = if options.processes > 1 { shared(&options) } else { alone(&options) };
    let seconds = begun.elapsed().as_secs_f64();
    let report = report.and_then(|now| {
        let speed = now.runs as f64 / seconds.max(0.001);
        Ok((speed, options.played.as_ref().map_or(Ok(now.clone()), |file| played(file, now))?))
    });
    let (speed, report) = match report {
        Ok(report) => report,
        Err(why) => {
            eprintln!("{why:#}");
            return ExitCode::FAILURE;
        }
    };
    if options.json {
        println!("{}", serde_json::to_string(&report).unwrap_or_default());
    } else {
        println!("{}", report.table());
        println!("{seconds:.0} s, {speed:.1} runs/s");
        let planted = options.sabotage.as_ref().map(|n| format!(" --sabotage {n}")).unwrap_or_default();
        for (seed, why) in report.failed.iter().take(20) {
            let rot = if options.rot { " --rot" } else { "" };
            println!("FAILED {why}\n  cargo sim --runs 1 --seed {seed} --trace{rot}{planted}");
        }
        println!("{} passed, {} failed", report.runs - report.failed.len() as u64, report.failed.len());
    }
    let lacking = report.lacking(options.rot);
    lacking.iter().for_each(|what| eprintln!("TOO LITTLE {what}"));
    if report.failed.is_empty() && lacking.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the file had and what was played now. The file is never half written: hours stand in it.
fn played(file: &Path, now: Report) -> anyhow::Result<Report> {
    let mut all: Report = match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Report::default(),
        Err(why) => return Err(why.into()),
    };
    if now.runs > 0 {
        all.take(now);
        let beside = file.with_extension("new");
        std::fs::write(&beside, serde_json::to_string_pretty(&all)? + "\n")?;
        std::fs::rename(beside, file)?;
    }
    Ok(all)
}

fn alone(options: &Options) -> anyhow::Result<Report> {
    let template = Template::make()?;
    let mut report = Report::default();
    for seed in options.seed..options.seed.saturating_add(options.runs) {
        report.add(&mbs_sim::run(&template, seed, options.trace));
        if options.until_found && !report.failed.is_empty() {
            break;
        }
    }
    Ok(report)
}

/// A part of the runs in each of several processes.
fn shared(options: &Options) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let each = options.runs.div_ceil(options.processes);
    let mut children = Vec::new();
    for n in 0..options.processes {
        let runs = each.min(options.runs.saturating_sub(n * each));
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--json", "--runs", &runs.to_string(), "--seed", &(options.seed + n * each).to_string()]);
        command.args(options.sabotage.iter().flat_map(|name| ["--sabotage", name]));
        command.args(options.rot.then_some("--rot"));
        children.push(command.stdout(Stdio::piped()).spawn()?);
    }
    for child in children {
        let out = child.wait_with_output()?;
        report.take(serde_json::from_slice(&out.stdout)?);
    }
    Ok(report)
}
