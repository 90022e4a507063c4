//! `cargo play`: plays a city and says what was found. `cargo bench-desk`: says what the desk's pages cost over it, and fails
//! where one costs more than it may.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use jiff::Timestamp;
use mbs_play::cost::{self, Cost};
use mbs_play::rates::Rates;
use mbs_play::script::{AFTER, BEGIN, Options};
use mbs_play::{in_folder, play};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Plays years of the city through the server's own routes, and checks everything afterwards.
#[derive(Parser)]
struct Asked {
    /// Requests.
    #[arg(long, default_value_t = 2_000)]
    requests: usize,
    /// Years over which they come.
    #[arg(long, default_value_t = 3.5)]
    years: f64,
    /// Percent of them that come to an answer, instead of what the rates say.
    #[arg(long)]
    resolved: Option<u64>,
    /// How often what happens: a file like `tests/play/rates.json`.
    #[arg(long)]
    rates: Option<PathBuf>,
    /// What is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the database in this folder, for `cargo demo --data DIR`; it must be empty or missing. The play then ends today.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Measure what the desk's pages cost over it, and fail where one costs more than it may.
    #[arg(long)]
    measure: bool,
    /// Measure over so many times fewer requests as well, and fail where a page grows by more than half.
    #[arg(long, requires = "measure")]
    growth: Option<usize>,
    /// Only measures a database that was played before, in a process of its own.
    #[arg(long, hide = true)]
    only_measure: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let asked = Asked::parse();
    if let Some(dir) = &asked.only_measure {
        println!("{}", serde_json::to_string(&cost::measure(dir).await?)?);
        return Ok(());
    }
    if asked.resolved.is_some_and(|percent| percent > 100)
        || asked.requests == 0
        || asked.growth == Some(0)
        || !(0.1..=10.0).contains(&asked.years)
    {
        bail!("at most 100 percent, at least one request, between 0.1 and 10 years, please");
    }
    let folder = tempfile::tempdir()?;
    let dir = asked.data.clone().unwrap_or_else(|| folder.path().join("whole"));
    if dir.exists() && dir.read_dir()?.next().is_some() {
        bail!("{} is not empty: choose another folder", dir.display());
    }
    let mut rates = Rates::read(asked.rates.as_deref())?;
    if let Some(percent) = asked.resolved {
        rates.resolved = percent * 10;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most ten years")]
    let days = (asked.years * 365.25) as i64;
    // What is to be looked at ends today; what is only counted is the same whenever it is played.
    let begin =
        if asked.data.is_some() { midnight(Timestamp::now().as_millisecond()) - (days + AFTER) * DAY } else { BEGIN };
    let options = Options { requests: asked.requests, begin, days, rates, seed: asked.seed };
    let fewer = match asked.growth {
        None => None,
        Some(times) => {
            let dir = folder.path().join("fewer");
            let requests = (asked.requests / times).max(1);
            played(&dir, Options { requests, ..options.clone() }).await?;
            Some(measured(&dir)?)
        }
    };
    played(&dir, options).await?;
    if asked.measure {
        let costs = measured(&dir)?;
        cost::print(&costs, fewer.as_deref());
        let wrong = cost::beyond(&costs, fewer.as_deref());
        ensure!(wrong.is_empty(), "more than it may be: {}", wrong.join("; "));
    }
    if let Some(dir) = asked.data {
        println!("\nThe database stays in {}: `cargo demo --data {0}` opens it.", dir.display());
    }
    Ok(())
}

/// Midnight in Istanbul, where the clock is three hours ahead the year round.
const fn midnight(at: i64) -> i64 {
    let ahead = 3 * 3_600_000;
    (at + ahead) - (at + ahead).rem_euclid(DAY) - ahead
}

/// Plays, and says what became of it.
async fn played(dir: &Path, options: Options) -> Result<()> {
    let begun = Instant::now();
    let server = in_folder(dir);
    std::fs::create_dir_all(&server).with_context(|| format!("{} cannot be made", server.display()))?;
    let (town, played, found) = play(&server, options).await?;
    town.service.writer.stop();
    println!("{} requests in {:.0} s; every check passed", found.requests, begun.elapsed().as_secs_f64());
    println!("{} events obeyed the machine, {} due dates were counted again", found.events, found.dates);
    let (answered, of) = found.resolved;
    println!(
        "{answered} of {of} answered ({:.1} %), {} days of storm",
        100.0 * answered as f64 / of.max(1) as f64,
        played.storms.len()
    );
    println!("\n| state | requests |\n|---|---|");
    found.states.iter().for_each(|(state, count)| println!("| {state} | {count} |"));
    println!("\n| outcome | requests |\n|---|---|");
    found.outcomes.iter().for_each(|(outcome, count)| println!("| {outcome} | {count} |"));
    println!("\n| done | times |\n|---|---|");
    played.done.iter().for_each(|(what, count)| println!("| {what} | {count} |"));
    Ok(())
}

/// What pages cost, asked in a process that does nothing but serve them.
fn measured(dir: &Path) -> Result<Vec<Cost>> {
    let me = std::env::current_exe()?;
    let out = std::process::Command::new(me).arg("--only-measure").arg(in_folder(dir)).output()?;
    ensure!(out.status.success(), "measuring: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).context("what was measured")
}
