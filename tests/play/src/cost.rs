//! What the desk's pages cost over a played database: CPU of the process that serves them and nothing else, its wall time
//! beside it, and its memory at the end. The process is this one, with the server's router in it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use mbs_server::auth::sight::Sight;
use mbs_server::database::{lists, meta};
use serde::{Deserialize, Serialize};

use crate::town::Town;

/// Times each page is asked for.
const TIMES: u32 = 20;
/// Less than this is not compared: it is the clock's own error, in CPU ms.
const SMALL: f64 = 2.0;
/// How much a list or a single page may grow while requests grow tenfold.
pub const MOST_GROWTH: f64 = 1.5;
/// What the memory is called among the pages.
const MEMORY: &str = "memory, MiB";

/// A page and its cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Which.
    pub page: String,
    /// CPU, ms; for the memory, MiB.
    pub cpu: f64,
    /// Wall time, ms.
    pub wall: f64,
    /// Bytes of the answer.
    pub bytes: usize,
    /// CPU it may take, ms.
    pub limit: f64,
    /// Whether it is a list or a single page, which must not grow with what lies there.
    pub steady: bool,
}

/// CPU this process has used, ms.
fn cpu() -> f64 {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
    let ms = usage.tv_sec as f64 * 1_000.0 + usage.tv_nsec as f64 / 1_000_000.0;
    ms
}

/// The most memory this process has held, MiB.
fn memory() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("the process's own status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1_024.0)
}

/// Asks for every kind of page again and again.
///
/// # Errors
/// When the desk refuses one.
pub async fn measure(dir: &Path) -> Result<Vec<Cost>> {
    let mut town = Town::open(dir)?;
    // In the middle: much lies before it, and much came after.
    let (middle, busiest) = town.service.db.ask(|s| {
        let rid = meta::get(s, "rid")? / 2;
        let middle = lists::newest(s, None, &Sight::All, rid.max(2), 1)?.into_iter().next();
        Ok((middle, lists::open_at_units(s)?.into_iter().filter(|(unit, _)| *unit != 0).max_by_key(|(_, open)| *open)))
    })?;
    let middle = middle.context("a request")?;
    let year = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::from_millisecond(middle.received)?).date().year();
    let quarter = format!("from={year}-07-01&until={year}-09-30");
    let middle = middle.id;
    let triage = town.of_triage()?;
    let operator = town.operator().to_owned();
    let unit = town.service.scopes.code(busiest.context("a unit that has work")?.0).to_owned();
    let of_unit = town.of_unit(&unit, false)?;
    let page = |name: &'static str, who: &str, path: String, limit: f64, steady: bool| {
        (name, who.to_owned(), path, limit, steady)
    };
    let pages = [
        page("triage list", &triage, "queue?list=triage".into(), 20.0, true),
        page("unit inbox", &of_unit, "queue?list=inbox".into(), 20.0, true),
        page("a unit's watch list", &of_unit, "queue?list=late".into(), 20.0, true),
        page("watch list", &triage, "queue?list=late".into(), 20.0, true),
        page("watch list, four fifths gone", &triage, "queue?list=late&percent=80".into(), 20.0, false),
        page("all requests", &triage, "queue?list=all".into(), 20.0, true),
        page("search, two words", &triage, "queue?list=all&q=kald%C4%B1r%C4%B1m%20okul".into(), 150.0, false),
        page("one request", &triage, format!("requests/{middle}"), 50.0, true),
        page("around a request", &triage, format!("requests/{middle}/around"), 50.0, true),
        page("possible duplicates", &triage, format!("requests/{middle}/similar"), 50.0, true),
        page("units", &triage, "units".into(), 50.0, false),
        page("tablets", &operator, "tablets".into(), 50.0, true),
        page("announcements", &triage, "announcements".into(), 50.0, true),
        page("accounts", &operator, "accounts".into(), 50.0, true),
        page("calendar", &triage, "calendar".into(), 50.0, true),
        page("rules", &triage, "rules".into(), 50.0, true),
        page("directory", &triage, "directory".into(), 50.0, true),
        page("dashboard, a quarter", &triage, format!("report?{quarter}"), 150.0, false),
        page("a unit's dashboard", &of_unit, format!("report?{quarter}"), 150.0, false),
        page("quarterly report, XLSX", &triage, format!("report.xlsx?{quarter}"), 3_000.0, false),
        page("a quarter's requests, CSV", &triage, format!("requests.csv?{quarter}"), 3_000.0, false),
        page("a quarter's requests, GeoJSON", &triage, format!("requests.geojson?{quarter}"), 3_000.0, false),
        page("a quarter's open data, CSV", &triage, format!("open-data.csv?{quarter}"), 3_000.0, false),
    ];
    let mut costs = Vec::new();
    for (page, who, path, limit, steady) in pages {
        // The first question of a kind may have to read what the others find in memory.
        let bytes = town.get(&who, &path).await?.len();
        let (begun, used) = (Instant::now(), cpu());
        for _ in 0..TIMES {
            town.get(&who, &path).await?;
        }
        let each = |ms: f64| ms / f64::from(TIMES);
        let (cpu, wall) = (each(cpu() - used), each(begun.elapsed().as_secs_f64() * 1_000.0));
        costs.push(Cost { page: page.to_owned(), cpu, wall, bytes, limit, steady });
    }
    costs.push(Cost { page: MEMORY.to_owned(), cpu: memory()?, wall: 0.0, bytes: 0, limit: 200.0, steady: false });
    Ok(costs)
}

/// How much a page grew, where that can be said.
fn growth(cost: &Cost, fewer: Option<&[Cost]>) -> Option<f64> {
    let before = fewer?.iter().find(|before| before.page == cost.page)?;
    (cost.cpu >= SMALL).then(|| cost.cpu / before.cpu.max(SMALL / 2.0))
}

/// The table.
pub fn print(costs: &[Cost], fewer: Option<&[Cost]>) {
    println!("\n| page | CPU ms | with fewer | growth | wall ms | KB | limit, CPU ms |\n|---|---|---|---|---|---|---|");
    for cost in costs {
        let before = fewer.and_then(|fewer| fewer.iter().find(|before| before.page == cost.page));
        let before = before.map_or(String::new(), |before| format!("{:.1}", before.cpu));
        let grown = growth(cost, fewer).map_or(String::new(), |growth| format!("{growth:.1}"));
        let Cost { page, cpu, wall, bytes, limit, .. } = cost;
        println!("| {page} | {cpu:.1} | {before} | {grown} | {wall:.1} | {} | {limit} |", bytes / 1_000);
    }
}

/// What costs more than it may, or grows faster.
#[must_use]
pub fn beyond(costs: &[Cost], fewer: Option<&[Cost]>) -> Vec<String> {
    let mut wrong = Vec::new();
    for cost in costs {
        let Cost { page, cpu, limit, steady, .. } = cost;
        if cpu > limit {
            wrong.push(format!("{page} {cpu:.1} of {limit}"));
        }
        if let Some(growth) = growth(cost, fewer).filter(|growth| *steady && *growth > MOST_GROWTH) {
            wrong.push(format!("{page} grew {growth:.1} times, {MOST_GROWTH} at most"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(page: &str, cpu: f64, limit: f64, steady: bool) -> Cost {
        Cost { page: page.into(), cpu, wall: cpu, bytes: 1, limit, steady }
    }

    #[test]
    fn what_costs_too_much_or_grows_too_fast_is_named() {
        let now = [
            cost("a", 19.0, 20.0, true),
            cost("b", 21.0, 20.0, false),
            cost("c", 1.9, 20.0, true),
            cost("d", 9.0, 20.0, false),
        ];
        let fewer = [
            cost("a", 10.0, 20.0, true),
            cost("b", 20.0, 20.0, false),
            cost("c", 0.1, 20.0, true),
            cost("d", 1.0, 20.0, false),
        ];
        assert_eq!(beyond(&now, None), ["b 21.0 of 20"]);
        assert_eq!(beyond(&now, Some(&fewer)), ["a grew 1.9 times, 1.5 at most", "b 21.0 of 20"]);
        assert!(beyond(&fewer, Some(&fewer)).is_empty());
    }
}
