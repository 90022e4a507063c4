//! The simulation itself: it replays, and it can fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use mbs_sim::template::Template;

#[test]
fn the_same_seed_plays_the_same_run() {
    let template = Template::make().unwrap();
    let runs: Vec<u64> = [3, 4, 3, 4].map(|seed| mbs_sim::run(&template, seed, false).trace).to_vec();
    assert_eq!(runs[0], runs[2]);
    assert_eq!(runs[1], runs[3]);
    assert_ne!(runs[0], runs[1]);
}

/// Runs within which every planted bug must show.
#[cfg(feature = "sabotage")]
const BOUND: u64 = 120;

#[cfg(feature = "sabotage")]
#[test]
fn every_planted_bug_is_found() {
    use std::process::Command;
    // A process each: a bug stays planted, and SQLite's chance is one a process.
    let missed: Vec<&str> = mbs_sim::SABOTAGES
        .into_iter()
        .filter(|name| {
            let mut sim = Command::new(env!("CARGO_BIN_EXE_mbs-sim"));
            sim.args(["--json", "--until-found", "--seed", "1", "--runs", &BOUND.to_string(), "--sabotage", name]);
            let out = sim.output().unwrap();
            let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
            println!("{name}: {} after {} runs", report["failed"], report["runs"]);
            report["failed"].as_array().unwrap().is_empty()
        })
        .collect();
    assert!(missed.is_empty(), "not found within {BOUND} runs: {missed:?}");
}
