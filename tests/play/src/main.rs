//! `cargo play`: plays a city and says what was found.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use mbs_play::script::Options;
use mbs_play::{cost, play};

/// Plays years of the city through the server's own routes, and checks everything afterwards.
#[derive(Parser)]
struct Asked {
    /// Requests.
    #[arg(long, default_value_t = 2_000)]
    requests: usize,
    /// Years over which they come.
    #[arg(long, default_value_t = 3.5)]
    years: f64,
    /// Percent of them that come to an answer.
    #[arg(long, default_value_t = 97)]
    resolved: u64,
    /// What is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the database in this folder; it must be empty or missing.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Measure what the desk's pages cost over it.
    #[arg(long)]
    measure: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let asked = Asked::parse();
    if asked.resolved > 100 || asked.requests == 0 || !(0.1..=10.0).contains(&asked.years) {
        bail!("at most 100 percent, at least one request, between 0.1 and 10 years, please");
    }
    let folder = tempfile::tempdir()?;
    let dir = asked.data.clone().unwrap_or_else(|| folder.path().to_owned());
    if dir.join("mbs.db").exists() {
        bail!("{} has a database already: choose an empty folder", dir.display());
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most ten years")]
    let days = (asked.years * 365.25) as i64;
    let options = Options { requests: asked.requests, days, resolved: asked.resolved * 10, seed: asked.seed };
    let begun = Instant::now();
    let (town, played, found) = play(&dir, options).await?;
    println!("{} requests in {:.0} s; every check passed", found.requests, begun.elapsed().as_secs_f64());
    println!("{} events obeyed the machine, {} due dates were counted again", found.events, found.dates);
    let (answered, of) = found.resolved;
    println!("{answered} of {of} answered ({:.1} %)", 100.0 * answered as f64 / of.max(1) as f64);
    println!("\n| state | requests |\n|---|---|");
    found.states.iter().for_each(|(state, count)| println!("| {state} | {count} |"));
    println!("\n| outcome | requests |\n|---|---|");
    found.outcomes.iter().for_each(|(outcome, count)| println!("| {outcome} | {count} |"));
    println!("\n| done | times |\n|---|---|");
    played.done.iter().for_each(|(what, count)| println!("| {what} | {count} |"));
    if asked.measure {
        println!("\n| page | CPU ms | wall ms | KB | limit, CPU ms |\n|---|---|---|---|---|");
        for cost in cost::measure(&town, &played).await? {
            println!(
                "| {} | {:.1} | {:.1} | {} | {} |",
                cost.page,
                cost.cpu,
                cost.wall,
                cost.bytes / 1_000,
                cost.limit
            );
        }
    }
    if let Some(dir) = asked.data {
        println!("\nThe database stays in {}: `mbs-server serve --data {0}`.", dir.display());
    }
    Ok(())
}
