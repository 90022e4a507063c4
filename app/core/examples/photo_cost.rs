//! What one photo costs: `cargo run --release -p mbs-tablet --example photo_cost -- FILE…`
//!
//! Prints CPU time (of this process, all threads) and the peak of its memory, from `/proc`.

use mbs_tablet::capture::{facts, photo};

fn cpu_ms() -> u64 {
    // utime and stime are the 12th and 13th fields after the name, in hundredths of a second.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum::<u64>() * 10
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    const TIMES: u64 = 5;
    for file in std::env::args().skip(1) {
        let Ok(bytes) = std::fs::read(&file) else {
            println!("{file}: cannot be read");
            continue;
        };
        let before = cpu_ms();
        let mut said = String::new();
        for _ in 0..TIMES {
            said = match photo::shrink(&bytes, facts::facts(&bytes).orientation) {
                Ok(p) => format!("{}×{}, {} B, preview {} B", p.width, p.height, p.bytes.len(), p.thumb.len()),
                Err(e) => e.to_string(),
            };
        }
        println!("{file}: {said}; {} ms CPU each; peak {} MiB", (cpu_ms() - before) / TIMES, peak_mib());
    }
}
