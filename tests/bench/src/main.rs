//! `cargo bench-sync`: the server's cost for a morning of the whole city, beside a bare loop.
//!
//! Both servers run in turn as processes of their own with the same workload; all frames are
//! prepared before the clock starts. CPU of the server process decides; wall time stands beside it.

mod bare;
mod client;
mod measure;
mod ours;
mod phases;
mod theirs;
mod workload;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use mbs_engines::postgres::{Care, Cluster};
use serde_json::json;

use phases::{Figures, run};

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
    bare.growth = bare.cpu_s_per_1000 / phases::small(&theirs::Bare, options.requests).await?;
    eprintln!("» ours, fsyncs");
    ours.fsyncs_per_push = phases::fsyncs(&ours::Ours::default(), options.tablets, options.requests).await?;
    eprintln!("» bare loop, fsyncs");
    bare.fsyncs_per_push = phases::fsyncs(&theirs::Bare, options.tablets, options.requests).await?;
    table(["ours", "bare"], &ours, &bare);
    if options.json {
        println!("{}", json!({"ours": ours, "bare": bare}));
    }
    if bare.cpu_s_per_1000 > VOID {
        bail!(
            "Void: the bare loop needed {:.3} CPU s per 1,000, more than {VOID}: the machine was busy. Run again.",
            bare.cpu_s_per_1000
        );
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
    table(["postgres", "sqlite"], &postgres, &sqlite);
    if options.json {
        println!("{}", json!({"postgres": postgres, "sqlite": sqlite}));
    }
    Ok(())
}

fn table([ours, bare]: [&str; 2], a: &Figures, b: &Figures) {
    println!("{:<44} {ours:>10} {bare:>10} {:>8}", "", "ratio");
    let row = |name: &str, a: f64, b: f64, digits: usize| {
        if a > 0.0 || b > 0.0 {
            println!("{name:<44} {a:>10.digits$} {b:>10.digits$} {:>8.2}", a / b);
        }
    };
    // A database with processes of its own: both together first, then what was its own.
    let cpu = |name: &str, a: [f64; 2], b: [f64; 2], digits: usize| {
        row(name, a.iter().sum(), b.iter().sum(), digits);
        if a[1] > 0.0 {
            println!("{:<44} {:>10.digits$}", "  of that PostgreSQL itself", a[1]);
        }
    };
    cpu(
        "server CPU s / 1,000 requests",
        [a.cpu_s_per_1000, a.database_cpu_s_per_1000],
        [b.cpu_s_per_1000, b.database_cpu_s_per_1000],
        4,
    );
    row("growth of that against 50 tablets", a.growth, b.growth, 2);
    row("acknowledged / s", a.acked_per_s, b.acked_per_s, 0);
    row("a tablet's morning, median, s", a.p50_s, b.p50_s, 3);
    row("a tablet's morning, p99, s", a.p99_s, b.p99_s, 3);
    row("bytes up + down a request, headers included", a.bytes_per_request, b.bytes_per_request, 0);
    cpu(
        "idle poll, server CPU ms",
        [a.idle_poll_cpu_ms, a.database_idle_poll_cpu_ms],
        [b.idle_poll_cpu_ms, b.database_idle_poll_cpu_ms],
        3,
    );
    row("idle poll, bytes", a.idle_poll_bytes, b.idle_poll_bytes, 0);
    cpu(
        "photo, verified and durable, CPU ms",
        [a.photo_cpu_ms, a.database_photo_cpu_ms],
        [b.photo_cpu_ms, b.database_photo_cpu_ms],
        3,
    );
    row("photo, bytes on the line / bytes", a.photo_bytes_ratio, b.photo_bytes_ratio, 4);
    cpu(
        "fresh tablet, 300 requests, CPU ms",
        [a.fresh_cpu_ms, a.database_fresh_cpu_ms],
        [b.fresh_cpu_ms, b.database_fresh_cpu_ms],
        2,
    );
    row("fresh tablet, 300 requests, bytes", a.fresh_bytes, b.fresh_bytes, 0);
    row("peak server memory, MiB", a.peak_mib, b.peak_mib, 0);
    row("disk MiB / 1,000 requests", a.disk_mib_per_1000, b.disk_mib_per_1000, 2);
    row("fsyncs a push", a.fsyncs_per_push, b.fsyncs_per_push, 3);
}
