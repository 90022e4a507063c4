//! What the desk's pages cost over a played database: CPU of this process for each, wall time beside it.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::script::Played;
use crate::town::Town;

/// Times each page is asked for.
const TIMES: u32 = 20;

/// A page and its cost.
#[derive(Debug)]
pub struct Cost {
    /// Which.
    pub page: &'static str,
    /// CPU, ms.
    pub cpu: f64,
    /// Wall time, ms.
    pub wall: f64,
    /// Bytes of the answer.
    pub bytes: usize,
    /// CPU it may take, ms.
    pub limit: f64,
}

/// CPU this process has used, ms.
fn cpu() -> f64 {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
    let ms = usage.tv_sec as f64 * 1_000.0 + usage.tv_nsec as f64 / 1_000_000.0;
    ms
}

/// Asks for every kind of page again and again.
///
/// # Errors
/// When the desk refuses one.
pub async fn measure(town: &Town, played: &Played) -> Result<Vec<Cost>> {
    let middle = played.filed.get(played.filed.len() / 2).context("a request")?.id;
    let (year, _) = (2025, ());
    let pages: [(&'static str, String, f64); 9] = [
        ("triage list", "queue?list=triage".into(), 20.0),
        ("unit inbox", "queue?list=inbox".into(), 50.0),
        ("watch list", "queue?list=late".into(), 50.0),
        ("all requests", "queue?list=all".into(), 50.0),
        ("search, two words", "queue?list=all&q=kald%C4%B1r%C4%B1m%20okul".into(), 150.0),
        ("one request", format!("requests/{middle}"), 50.0),
        ("possible duplicates", format!("requests/{middle}/similar"), 50.0),
        ("dashboard, a quarter", format!("report?from={year}-07-01&until={year}-09-30"), 150.0),
        ("quarterly report, XLSX", format!("report.xlsx?from={year}-07-01&until={year}-09-30"), 3_000.0),
    ];
    let mut costs = Vec::new();
    for (page, path, limit) in pages {
        // The first question of a kind may have to read what the others find in memory.
        let bytes = town.get(&town.triage, &path).await?.len();
        let (begun, used) = (Instant::now(), cpu());
        for _ in 0..TIMES {
            town.get(&town.triage, &path).await?;
        }
        let each = |ms: f64| ms / f64::from(TIMES);
        costs.push(Cost {
            page,
            cpu: each(cpu() - used),
            wall: each(begun.elapsed().as_secs_f64() * 1_000.0),
            bytes,
            limit,
        });
    }
    Ok(costs)
}
