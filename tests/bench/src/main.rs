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
    /// Print the figures once more as one line of JSON, last.
    #[arg(long)]
    json: bool,
    /// (internal) Serve the bare loop from this folder.
    #[arg(long, hide = true)]
    bare: Option<PathBuf>,
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
    eprintln!("» ours, {} tablets", options.tablets);
    let mut ours = run(&ours::Ours, options.tablets, options.requests).await?;
    eprintln!("» bare loop, {} tablets", options.tablets);
    let mut bare = run(&theirs::Bare, options.tablets, options.requests).await?;
    // The first few would be noise: at 50 tablets the morning is played several times over.
    eprintln!("» both, 50 tablets, for growth");
    ours.growth = ours.cpu_s_per_1000 / phases::small(&ours::Ours, options.requests).await?;
    bare.growth = bare.cpu_s_per_1000 / phases::small(&theirs::Bare, options.requests).await?;
    eprintln!("» ours, fsyncs");
    ours.fsyncs_per_push = phases::fsyncs(&ours::Ours, options.tablets, options.requests).await?;
    eprintln!("» bare loop, fsyncs");
    bare.fsyncs_per_push = phases::fsyncs(&theirs::Bare, options.tablets, options.requests).await?;
    table(&ours, &bare);
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

fn table(ours: &Figures, bare: &Figures) {
    println!("{:<44} {:>10} {:>10} {:>8}", "", "ours", "bare", "ratio");
    let row = |name: &str, a: f64, b: f64, digits: usize| {
        println!("{name:<44} {a:>10.digits$} {b:>10.digits$} {:>8.2}", a / b);
    };
    row("server CPU s / 1,000 requests", ours.cpu_s_per_1000, bare.cpu_s_per_1000, 4);
    row("growth of that against 50 tablets", ours.growth, bare.growth, 2);
    row("acknowledged / s", ours.acked_per_s, bare.acked_per_s, 0);
    row("a tablet's morning, median, s", ours.p50_s, bare.p50_s, 3);
    row("a tablet's morning, p99, s", ours.p99_s, bare.p99_s, 3);
    row("bytes up + down a request, headers included", ours.bytes_per_request, bare.bytes_per_request, 0);
    row("idle poll, server CPU ms", ours.idle_poll_cpu_ms, bare.idle_poll_cpu_ms, 3);
    row("idle poll, bytes", ours.idle_poll_bytes, bare.idle_poll_bytes, 0);
    row("photo, verified and durable, CPU ms", ours.photo_cpu_ms, bare.photo_cpu_ms, 3);
    row("photo, bytes on the line / bytes", ours.photo_bytes_ratio, bare.photo_bytes_ratio, 4);
    row("fresh tablet, 300 requests, CPU ms", ours.fresh_cpu_ms, bare.fresh_cpu_ms, 2);
    row("fresh tablet, 300 requests, bytes", ours.fresh_bytes, bare.fresh_bytes, 0);
    row("peak server memory, MiB", ours.peak_mib, bare.peak_mib, 0);
    row("disk MiB / 1,000 requests", ours.disk_mib_per_1000, bare.disk_mib_per_1000, 2);
    row("fsyncs a push", ours.fsyncs_per_push, bare.fsyncs_per_push, 3);
}
