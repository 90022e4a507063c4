//! `cargo bench-sync`: the server's cost for a morning of the whole city, beside a bare loop.
//!
//! Both servers run in turn as processes of their own with the same workload; all frames are
//! prepared before the clock starts. CPU of the server process decides; wall time stands beside it.

mod bare;
mod client;
mod floor;
mod measure;
mod ours;
mod phases;
mod report;
mod theirs;
mod workload;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use mbs_engines::postgres::{Care, Cluster};
use serde_json::json;

use phases::run;

/// A run in which the bare loop needs more than this many CPU seconds per 1,000 requests is void.
const VOID: f64 = 0.08;

/// Measures the sync server beside a bare axum + rusqlite loop.
#[derive(Parser)]
struct Options {
    /// Tablets that come online at one instant.
    #[arg(long, default_value_t = 959)]
    tablets: usize,
    /// Requests each of them has filed offline.
    #[arg(long, default_value_t = 20)]
    requests: usize,
    /// Measure our server on that engine: `postgres` stands beside SQLite, and PostgreSQL's own processes count too.
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    engine: Engine,
    /// Print the figures once more as one line of JSON, last.
    #[arg(long)]
    json: bool,
    /// (internal) Serve the bare loop from this folder.
    #[arg(long, hide = true)]
    bare: Option<PathBuf>,
}

/// An engine of our server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(dir) = options.bare {
        return bare::serve(&dir).await;
    }
    if options.tablets < workload::PHOTO_TABLETS
        || options.tablets > 959
        || options.requests == 0
        || options.requests > 64
    {
        bail!("between {} and 959 tablets and between 1 and 64 requests, please", workload::PHOTO_TABLETS);
    }
    if options.engine == Engine::Postgres {
        return engines(&options).await;
    }
    eprintln!("» ours, {} tablets", options.tablets);
    let mut ours = run(&ours::Ours::default(), options.tablets, options.requests).await?;
    eprintln!("» bare loop, {} tablets", options.tablets);
    let mut bare = run(&theirs::Bare, options.tablets, options.requests).await?;
    // The first few would be noise: at 50 tablets the morning is played several times over.
    eprintln!("» both, 50 tablets, for growth");
    ours.growth = ours.cpu_s_per_1000 / phases::small(&ours::Ours::default(), options.requests).await?;
    let bare_small = phases::small(&theirs::Bare, options.requests).await?;
    bare.growth = bare.cpu_s_per_1000 / bare_small;
    eprintln!("» ours, fsyncs");
    ours.fsyncs_per_push = phases::fsyncs(&ours::Ours::default(), options.tablets, options.requests).await?;
    eprintln!("» bare loop, fsyncs");
    bare.fsyncs_per_push = phases::fsyncs(&theirs::Bare, options.tablets, options.requests).await?;
    let beyond = report::print(["ours", "bare"], &ours, &bare);
    if options.json {
        println!("{}", json!({"ours": ours, "bare": bare}));
    }
    let busiest = bare.cpu_s_per_1000.max(bare_small);
    if busiest > VOID {
        bail!(
            "Void: the bare loop needed {busiest:.3} CPU s per 1,000, more than {VOID}: the machine was busy. Run again."
        );
    }
    if !beyond.is_empty() {
        bail!("Beyond the limit: {}.", beyond.join("; "));
    }
    Ok(())
}

/// Our server on both engines.
async fn engines(options: &Options) -> Result<()> {
    eprintln!("» on PostgreSQL, {} tablets", options.tablets);
    let cluster = Some(Cluster::start(Care::Durable));
    let postgres = run(&ours::Ours { cluster }, options.tablets, options.requests).await?;
    eprintln!("» on SQLite, {} tablets", options.tablets);
    let sqlite = run(&ours::Ours::default(), options.tablets, options.requests).await?;
    report::print(["postgres", "sqlite"], &postgres, &sqlite);
    if options.json {
        println!("{}", json!({"postgres": postgres, "sqlite": sqlite}));
    }
    Ok(())
}
