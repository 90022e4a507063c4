//! `serve`.

use std::io::Write;

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use crate::config::Settings;
use crate::engines::Place;
use crate::serve;

/// Bounds of the histogram of answers' times, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Open files, connections among them, that a city of tablets and its desks need.
const FILES: u64 = 8_192;

/// Threads that may wait for PostgreSQL beside those that work.
const ASKING: usize = 8;

pub(super) fn run(settings: &Settings) -> Result<()> {
    start_log(&settings.log)?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if settings.database != Place::DataFolder {
        // A thread that asks PostgreSQL waits for its answer: others must go on meanwhile.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        builder.worker_threads(cores + ASKING);
    }
    let runtime = builder.enable_all().build().context("starting the runtime")?;
    runtime.block_on(run_async(settings))
}

async fn run_async(settings: &Settings) -> Result<()> {
    allow_files();
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .context("the buckets of the metrics")?
        .install_recorder();
    let service = super::begin(settings)?;
    crate::operate::prepare(&service)?;
    let listener = TcpListener::bind(settings.listen).await.with_context(|| {
        format!("listening at {}: is another server running there? Choose another with --listen", settings.listen)
    })?;
    let address = listener.local_addr()?;
    if let Some(at) = settings.metrics_listen {
        let handle = metrics.context("starting the metrics")?;
        let listener = TcpListener::bind(at).await.with_context(|| format!("listening for metrics at {at}"))?;
        tracing::info!(address = %listener.local_addr()?, "metrics");
        let app = serve::metrics_router(handle);
        tokio::spawn(async move {
            if let Err(e) = serve::serve(listener, app, false, std::future::pending()).await {
                tracing::error!(error = %e, "the metrics listener ended");
            }
        });
    }
    // The one line on the standard output; whoever started us waits for it.
    println!("listening on http://{address}");
    std::io::stdout().flush()?;
    tracing::info!(%address, engine = service.db.engine(), version = env!("CARGO_PKG_VERSION"), "started");
    serve::run(service, listener, settings.proxied, serve::asked_to_stop()).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Every connection is an open file: takes as many as the system allows this process.
fn allow_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let have = getrlimit(Resource::Nofile);
    let all = Rlimit { current: have.maximum, ..have };
    let now = if setrlimit(Resource::Nofile, all).is_ok() { have.maximum } else { have.current };
    if now.is_some_and(|n| n < FILES) {
        tracing::warn!(
            files = now,
            wanted = FILES,
            "few open files are allowed: raise the limit of the service (LimitNOFILE)"
        );
    }
}

fn start_log(filter: &str) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .with_context(|| format!("--log {filter:?} is no log level: use error, warn, info or debug"))?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init()
        .map_err(|e| anyhow::anyhow!("starting the log: {e}"))
}
