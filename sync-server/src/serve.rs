//! The listener: connections with limits, a graceful end, and what is done every second.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use crate::router::Peer;
use crate::service::Service;

/// Connections at a time; the next ones wait to be accepted.
pub const MAX_CONNECTIONS: usize = 8_192;
/// A connection that says nothing for so long is closed.
pub const IDLE: Duration = Duration::from_secs(120);
/// Calls in flight get so long to finish when the server stops.
pub const GRACE: Duration = Duration::from_secs(20);

/// Serves `app` until `stop` resolves and the calls in flight have finished.
///
/// # Errors
/// When the machine takes no more connections at all.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    proxied: bool,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (stopping, _) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        let slot = tokio::select! {
            slot = slots.clone().acquire_owned() => slot.map_err(std::io::Error::other)?,
            () = &mut stop => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                // Too many open files, or a caller that left: it passes.
                tracing::warn!(error = %e, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        // Small answers go out at once.
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!(error = %e, "no nodelay");
        }
        let peer = Peer { address, proxied };
        let (app, mut stopping) = (app.clone(), stopping.subscribe());
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(peer);
                let app = app.clone();
                async move { Ok::<_, Infallible>(app.oneshot(request.map(Body::new)).await.unwrap_or_else(|e| match e {})) }
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(IDLE).auto_date_header(false).max_buf_size(64 * 1024);
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                _ = stopping.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(e) = ended {
                tracing::debug!(error = %e, "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    stopping.send_replace(true);
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    if tokio::time::timeout(GRACE, slots.acquire_many(all)).await.is_err() {
        tracing::warn!("some calls did not finish in time");
    }
    Ok(())
}

/// Runs the service on `listener` until `stop` resolves; then finishes what is in flight and writes what waits.
///
/// # Errors
/// When the writer's thread cannot start or the listener fails.
pub async fn run(
    service: Arc<Service>,
    listener: TcpListener,
    proxied: bool,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let writer = service.start_writer()?;
    let ticking = tokio::spawn(tick(service.clone()));
    let searching = service.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(e) = searching.search.begin(&searching) {
            tracing::warn!(error = %e, "the search was not begun; the first question does it");
        }
    });
    let app = crate::router::router(service.clone());
    let wakes = service.wakes.clone();
    let stop = async move {
        stop.await;
        tracing::info!("stopping");
        // Wake-up streams would otherwise hold their connections for ever.
        wakes.close();
    };
    let served = serve(listener, app, proxied, stop).await;
    ticking.abort();
    if let Err(e) = service.write_news().await {
        tracing::warn!(error = %e, "last contacts of tablets were not written");
    }
    service.writer.stop();
    if tokio::task::spawn_blocking(move || writer.join()).await.is_err() {
        tracing::error!("the writer did not end well");
    }
    served
}

async fn tick(service: Arc<Service>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let now = service.clock.now();
        if let Err(e) = service.tick(now).await {
            tracing::warn!(error = %e, "a tick failed");
        }
        metrics::gauge!("mbs_writer_waiting").set(service.writer.waiting() as f64);
    }
}

/// `GET /metrics`, on a listener of its own: counts of a whole city are nobody else's business.
pub fn metrics_router(handle: PrometheusHandle) -> Router {
    Router::new().route(
        "/metrics",
        get(move || {
            let handle = handle.clone();
            async move { handle.render() }
        }),
    )
}

/// Resolves when the process is asked to end.
pub async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
