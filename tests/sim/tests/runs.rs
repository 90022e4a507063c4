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
const BOUND: u64 = 240;

/// By which checks each bug may be found first, as parts of what they say: one that is found by another was not found.
#[cfg(feature = "sabotage")]
const FOUND_BY: [(&str, &[&str]); 15] = [
    ("ack-before-commit", &["the desk was told of event", "is stuck with", "is not at the server", "other_series"]),
    ("actor-reused", &["made two changes with one number"]),
    ("counter-not-persisted", &["the server failed with a sound disk", "is stuck with", "official numbers"]),
    (
        "cursor-before-page",
        &["requests, the server", "and server differ in", "is not at the server", "replicas had to be healed"],
    ),
    ("duplicate-stored-twice", &["twice (kind", "is there more than once"]),
    ("event-order-swapped", &["shows"]),
    ("feed-with-gaps", &["verify: feed", "after the restore: feed"]),
    ("journal-not-certain", &["the journal forgot", "was taken out and is there", "was erased and is there"]),
    ("mac-ignored", &["is stuck with", "is not at the server"]),
    ("outbox-row-dropped-on-cut", &["is stuck with", "is not at the server"]),
    (
        "photo-hash-not-proven",
        &["bytes are damaged", "other bytes than its name", "is not at the server", "a backup failed"],
    ),
    ("program-told-twice", &["the program was told"]),
    ("rename-before-fsync", &["bytes are damaged", "other bytes than its name", "a backup failed"]),
    ("session-not-checked", &["is not at the server", "other_series", "had to be healed"]),
    (
        "wal-not-full",
        &[
            "is stuck with",
            "other_series",
            "the program was told",
            "verify: counter",
            "did not come back",
            "does not start",
            "is not at the server",
            "was told of event",
            "cannot be restored",
            "a backup failed",
            "is refused, and nobody forged any",
        ],
    ),
];

/// What a process of its own says of the runs from seed 1 on: a bug stays planted, and SQLite's chance is one a process.
#[cfg(feature = "sabotage")]
fn played(runs: u64, more: &[&str]) -> mbs_sim::report::Report {
    let mut sim = std::process::Command::new(env!("CARGO_BIN_EXE_mbs-sim"));
    sim.args(["--json", "--seed", "1", "--runs", &runs.to_string()]).args(more);
    serde_json::from_slice(&sim.output().unwrap().stdout).unwrap()
}

#[cfg(feature = "sabotage")]
#[test]
fn every_planted_bug_is_found_by_a_check_that_is_for_it() {
    assert_eq!(FOUND_BY.map(|(name, _)| name), mbs_sim::SABOTAGES, "each has its checks");
    let mut needed = 0;
    let mut missed = Vec::new();
    for (name, checks) in FOUND_BY {
        let report = played(BOUND, &["--until-found", "--sabotage", name]);
        println!("{name}: {:?} after {} runs", report.failed, report.runs);
        match report.failed.first() {
            None => missed.push(format!("{name}: not found within {BOUND} runs")),
            Some((_, why)) if !checks.iter().any(|check| why.contains(check)) => {
                missed.push(format!("{name}: {why}"));
            }
            Some((seed, _)) => needed = needed.max(*seed),
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    // It was the bugs: without them the same seeds pass.
    assert_eq!(played(needed, &[]).failed, []);
}
