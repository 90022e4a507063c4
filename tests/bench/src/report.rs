//! The table of a run: each figure beside the other side's, and beside what it may not exceed.

use crate::phases::Figures;

/// What a figure must keep to.
#[derive(Clone, Copy)]
enum Limit {
    None,
    /// At most so much.
    Most(f64),
    /// At most so many times the other side's.
    MostTimes(f64),
    /// At least so many times the other side's.
    LeastTimes(f64),
}

/// One line of the table: what our side measured, what the other did.
struct Row {
    name: &'static str,
    ours: f64,
    theirs: f64,
    /// What of `ours` the database's own processes used.
    database: f64,
    digits: usize,
    /// The run fails beyond it.
    limit: Limit,
    /// Where the figure is meant to be.
    aim: Limit,
}

impl Limit {
    fn kept(self, ours: f64, theirs: f64) -> bool {
        match self {
            Limit::None => true,
            Limit::Most(most) => ours <= most,
            Limit::MostTimes(times) => ours <= times * theirs,
            Limit::LeastTimes(times) => ours >= times * theirs,
        }
    }

    fn told(self) -> String {
        match self {
            Limit::None => String::new(),
            Limit::Most(most) => format!("≤ {most}"),
            Limit::MostTimes(times) => format!("≤ {times} ×"),
            Limit::LeastTimes(times) => format!("≥ {times} ×"),
        }
    }
}

/// The figures of two sides, and the columns' names. Gives the names of the figures beyond their limits.
pub(crate) fn print([ours, theirs]: [&str; 2], a: &Figures, b: &Figures) -> Vec<&'static str> {
    println!("{:<44} {ours:>10} {theirs:>10} {:>7} {:>9} {:>9}", "", "ratio", "limit", "aim");
    let mut beyond = Vec::new();
    for row in rows(a, b).iter().filter(|row| row.ours > 0.0 || row.theirs > 0.0) {
        let Row { name, ours, theirs, database, digits, limit, aim } = *row;
        let missed = if aim.kept(ours, theirs) { "" } else { " missed" };
        let (limit_told, aim) = (limit.told(), aim.told());
        println!(
            "{name:<44} {ours:>10.digits$} {theirs:>10.digits$} {:>7.2} {limit_told:>9} {aim:>9}{missed}",
            ours / theirs
        );
        if database > 0.0 {
            println!("{:<44} {database:>10.digits$}", "  of that the database's own processes");
        }
        if !limit.kept(ours, theirs) {
            beyond.push(name);
        }
    }
    if let (Some(ours), Some(bare)) = (a.floor, b.floor) {
        println!("with nothing around it, on this machine:");
        let with_rows = b.cpu_s_per_1000 - bare.rows + ours.rows;
        for (name, least, digits) in [
            ("  our rows of 1,000 requests alone, CPU s", ours.rows, 4),
            ("  the bare loop's rows alone, CPU s", bare.rows, 4),
            ("  their changes unpacked and verified alone, CPU s", ours.verified, 4),
            ("  so the bare loop with our rows, CPU s", with_rows, 4),
            ("  and with what it does not verify, CPU s", with_rows + ours.verified, 4),
            ("  a photo hashed, written, synced, named, CPU ms", ours.photo, 3),
            ("  a fresh tablet's stored rows read, CPU ms", ours.fresh, 2),
        ] {
            println!("{name:<50} {least:>4.digits$}");
        }
    }
    beyond
}

fn rows(a: &Figures, b: &Figures) -> Vec<Row> {
    use Limit::{LeastTimes, Most, MostTimes, None};
    let row = |name, ours, theirs, digits, limit, aim| Row { name, ours, theirs, database: 0.0, digits, limit, aim };
    // A database with processes of its own: both together first, then what was its own.
    let cpu = |name, a: [f64; 2], b: [f64; 2], digits, limit, aim| Row {
        database: a[1],
        ..row(name, a.iter().sum(), b.iter().sum(), digits, limit, aim)
    };
    vec![
        cpu(
            "server CPU s / 1,000 requests",
            [a.cpu_s_per_1000, a.database_cpu_s_per_1000],
            [b.cpu_s_per_1000, b.database_cpu_s_per_1000],
            4,
            Most(0.06),
            MostTimes(1.35),
        ),
        row("growth of that against 50 tablets", a.growth, b.growth, 2, Most(1.2), None),
        row("acknowledged / s", a.acked_per_s, b.acked_per_s, 0, LeastTimes(0.8), LeastTimes(1.0)),
        row("a tablet's morning, median, s", a.p50_s, b.p50_s, 3, None, None),
        row("a tablet's morning, p99, s", a.p99_s, b.p99_s, 3, MostTimes(1.25), MostTimes(0.9)),
        row(
            "bytes up + down a request, headers included",
            a.bytes_per_request,
            b.bytes_per_request,
            0,
            Most(480.0),
            None,
        ),
        cpu(
            "idle poll, server CPU ms",
            [a.idle_poll_cpu_ms, a.database_idle_poll_cpu_ms],
            [b.idle_poll_cpu_ms, b.database_idle_poll_cpu_ms],
            3,
            None,
            Most(0.06),
        ),
        row("idle poll, bytes", a.idle_poll_bytes, b.idle_poll_bytes, 0, Most(300.0), None),
        cpu(
            "photo, verified and durable, CPU ms",
            [a.photo_cpu_ms, a.database_photo_cpu_ms],
            [b.photo_cpu_ms, b.database_photo_cpu_ms],
            3,
            None,
            Most(0.8),
        ),
        row("photo, bytes on the line / bytes", a.photo_bytes_ratio, b.photo_bytes_ratio, 4, Most(1.005), None),
        cpu(
            "fresh tablet, 300 requests, CPU ms",
            [a.fresh_cpu_ms, a.database_fresh_cpu_ms],
            [b.fresh_cpu_ms, b.database_fresh_cpu_ms],
            2,
            None,
            Most(1.0),
        ),
        row("fresh tablet, 300 requests, bytes", a.fresh_bytes, b.fresh_bytes, 0, Most(130_000.0), None),
        row("peak server memory, MiB", a.peak_mib, b.peak_mib, 0, Most(100.0), None),
        row("disk MiB / 1,000 requests", a.disk_mib_per_1000, b.disk_mib_per_1000, 2, None, Most(0.9)),
        row("fsyncs a push", a.fsyncs_per_push, b.fsyncs_per_push, 3, Most(0.1), None),
    ]
}
