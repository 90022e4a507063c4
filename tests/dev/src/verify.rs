//! `cargo verify`: lints and every test of every kind, one table, one closing line.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::needs::{self, For};
use crate::{run, ui};

/// What a suite brought.
#[derive(Default, Clone, Copy)]
struct Count {
    passed: u32,
    failed: u32,
    skipped: u32,
}

/// A suite that ran.
struct Ran {
    name: &'static str,
    count: Count,
    time: Duration,
}

/// A suite: its name and the command that runs it.
struct Suite {
    name: &'static str,
    /// Whether it prints counts; then none at all is a failure. One that does not is one test, by its exit code.
    counts: bool,
    long: Long,
    command: fn(long: bool) -> Command,
}

/// What `--long` makes of a suite.
#[derive(PartialEq, Eq)]
enum Long {
    /// Nothing: it is left out.
    Same,
    /// It takes longer.
    Grows,
    /// It is played only then.
    Only,
}

const SUITES: &[Suite] = &[
    Suite { name: "format", counts: false, long: Long::Same, command: |_| run::cargo(&["fmt", "--all", "--check"]) },
    Suite {
        name: "screens: lint",
        counts: false,
        long: Long::Same,
        command: |_| run::npm(&["run", "--silent", "check"]),
    },
    Suite {
        name: "screens: parts",
        counts: true,
        long: Long::Same,
        command: |_| run::npm(&["run", "--silent", "test"]),
    },
    Suite {
        name: "clippy",
        counts: false,
        long: Long::Same,
        command: |_| workspace(&["--all-targets", "--no-run", "--quiet"]),
    },
    Suite { name: "rust", counts: true, long: Long::Grows, command: |_| workspace(&["--no-fail-fast"]) },
    Suite { name: "generated types", counts: false, long: Long::Same, command: |_| fresh_types() },
    Suite { name: "one story", counts: false, long: Long::Same, command: |_| story() },
    Suite { name: "simulation", counts: false, long: Long::Grows, command: simulation },
    Suite { name: "fuzzing", counts: false, long: Long::Only, command: |_| fuzzing() },
    Suite { name: "screens: browser", counts: true, long: Long::Grows, command: browser },
    Suite { name: "screens: tasks", counts: true, long: Long::Same, command: |_| node(&["tests/screens/tasks.mjs"]) },
];

/// Tests of the whole workspace. Clippy compiles its crates, so that what lies below them is compiled once: a
/// `cargo clippy` beside `cargo test` checks all of it a second time, which takes longer than anything else here on a
/// machine that has nothing.
fn workspace(args: &[&str]) -> Command {
    let mut command = run::cargo(&[&["test", "--workspace", "--all-features"], args].concat());
    command.envs([("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"), ("CLIPPY_ARGS", "-Dwarnings")]);
    command
}

fn fresh_types() -> Command {
    // The tests above have just written them again: a difference means the committed ones are stale.
    let mut git = Command::new("git");
    git.args(["diff", "--exit-code", "--stat", "--", "ui/src/wire"]).current_dir(run::root());
    git
}

/// Half a minute for each decoder, beginning with what was learnt here before.
fn fuzzing() -> Command {
    run::cargo(&["fuzz-all", "--seconds", "30"])
}

/// Simulated days whose seeds nobody chose, because they follow from the commit; five times as many with `--long`.
fn simulation(long: bool) -> Command {
    let hash = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(run::root()).output();
    let hash = hash.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    let drawn = hash.get(..12).and_then(|h| u64::from_str_radix(h, 16).ok()).unwrap_or(1);
    let seed = drawn.to_string();
    if long {
        // Worth the build: twice as fast.
        let fast = ["run", "--quiet", "--profile", "sim", "--package", "mbs-sim", "--features", "sabotage", "--"];
        return run::cargo(&[&fast[..], &["--runs", "5000", "--processes", "2", "--seed", &seed]].concat());
    }
    let mut sim = Command::new(run::target().join("debug/mbs-sim"));
    sim.args(["--runs", "1000", "--processes", "2", "--seed", &seed]).current_dir(run::root());
    sim
}

fn story() -> Command {
    let mut story = Command::new(run::target().join("debug/mbs-story"));
    story.current_dir(run::root());
    story
}

/// Every screen in a real browser, with axe: in half of the modes, in which each two of language, theme and size still meet;
/// with `--long` in all of them, as `cargo shots` does it.
fn browser(long: bool) -> Command {
    let mut shots = shots_into(&run::target().join("shots"));
    if !long {
        shots.arg("--pairs");
    }
    shots
}

fn shots_into(dir: &Path) -> Command {
    let mut shots = node(&["tests/screens/shots.mjs"]);
    shots.arg(dir);
    shots
}

fn node(args: &[&str]) -> Command {
    let mut node = Command::new("node");
    node.args(args).current_dir(run::root());
    node
}

/// Runs every suite (or those named; with `--long` alone those that it makes longer or that are only then played), never stops at the first
/// failure, never skips silently.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut ran = Vec::new();
    let done = play(args, &mut ran);
    // Whatever stopped it, the last line tells how far it came.
    let sum = sum(&ran);
    let stopped = u32::from(done.is_err() && sum.failed == 0);
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed + stopped, sum.skipped);
    done
}

fn play(args: &[String], ran: &mut Vec<Ran>) -> Result<(), String> {
    let long = args.iter().any(|a| a == "--long");
    let only: Vec<&String> = args.iter().filter(|a| !a.starts_with("--")).collect();
    if let Some(unknown) = only.iter().find(|o| !SUITES.iter().any(|s| s.name == o.as_str())) {
        let names: Vec<_> = SUITES.iter().map(|s| s.name).collect();
        return Err(format!("There is no suite {unknown:?}; there are: {}.", names.join(", ")));
    }
    needs::system(For::Testing)?;
    ui::build()?;
    let wanted = |s: &Suite| match only.is_empty() {
        true if long => s.long != Long::Same,
        true => s.long != Long::Only,
        false => only.iter().any(|o| *o == s.name),
    };
    if !SUITES.iter().any(|s| wanted(s) && s.name == "clippy") {
        // The suites behind it run what it built.
        run::must("building", &mut workspace(&["--all-targets", "--no-run", "--quiet"]))?;
    }
    for suite in SUITES.iter().filter(|s| wanted(s)) {
        let mut command = (suite.command)(long);
        if long {
            // Kills ten-fold, twenty times the forged frames, and eight times the cases of each property.
            command.envs([("MBS_LONG", "1"), ("MBS_FUZZ", "400000"), ("PROPTEST_CASES", "2048")]);
        }
        ran.push(one(suite, &mut command)?);
    }
    let table = table(ran);
    println!("\n{table}");
    if long && only.is_empty() {
        keep(&table)?;
    }
    close(ran)
}

/// Keeps the table of a long run, to be committed with what it proves.
fn keep(table: &str) -> Result<(), String> {
    let said = |program: &str, args: &[&str]| {
        let out = Command::new(program).args(args).current_dir(run::root()).output();
        out.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default()
    };
    let (date, commit) = (said("date", &["-u", "+%F"]), said("git", &["log", "-1", "--format=%h %s"]));
    let text = format!("# The last long run\n\n`cargo verify --long` on {date}, at {commit}\n\n```\n{table}```\n");
    let file = run::root().join("tests/long-run.md");
    std::fs::write(&file, text).map_err(|e| format!("{} cannot be written: {e}", file.display()))
}

/// Runs one suite, shows its output as it comes and reads the counts out of it.
fn one(suite: &Suite, command: &mut Command) -> Result<Ran, String> {
    let name = suite.name;
    run::say(&format!("suite: {name}"));
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{name}: {:?} cannot be started: {e}", command.get_program()))?;
    let mut count = Count::default();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            match counts_of(&line) {
                // The runner's own closing lines are summed up below; printed, they would read as the end.
                Some(c) => {
                    count = Count {
                        passed: count.passed + c.passed,
                        failed: count.failed + c.failed,
                        skipped: count.skipped + c.skipped,
                    }
                }
                None => println!("{line}"),
            }
        }
    }
    let ok = child.wait().map_err(|e| format!("{name}: {e}"))?.success();
    if !ok && count.failed == 0 {
        count.failed = 1;
    }
    if ok && count.passed == 0 {
        // A runner that found no test has proven nothing.
        let proven = u32::from(!suite.counts);
        count = Count { passed: proven, failed: 1 - proven, ..count };
    }
    let time = begun.elapsed();
    run::say(&format!("suite: {name}: {} in {:.0} s", if ok { "passed" } else { "FAILED" }, time.as_secs_f64()));
    Ok(Ran { name, count, time })
}

/// The counts in a runner's closing line: cargo's `test result: …`, Vitest's `Tests  N passed`, our own `N passed, N failed`.
fn counts_of(line: &str) -> Option<Count> {
    let plain = strip_colour(line);
    let text = plain.trim();
    let rest = text
        .strip_prefix("test result: ok. ")
        .or_else(|| text.strip_prefix("test result: FAILED. "))
        .or_else(|| text.strip_prefix("Tests  "))
        .or_else(|| text.starts_with(|c: char| c.is_ascii_digit()).then_some(text))?;
    let mut count = Count::default();
    let mut found = false;
    for part in rest.split([';', ',', '|']) {
        let mut words = part.split_whitespace();
        let (Some(n), Some(word)) = (words.next().and_then(|n| n.parse::<u32>().ok()), words.next()) else { continue };
        match word {
            "passed" => count.passed = n,
            "failed" => count.failed = n,
            "skipped" | "ignored" => count.skipped = n,
            _ => continue,
        }
        found = true;
    }
    found.then_some(count)
}

fn strip_colour(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// What each suite brought, a line each, and their sum.
fn table(ran: &[Ran]) -> String {
    let mut text = format!("{:<20} {:>7} {:>7} {:>8} {:>8}\n", "suite", "passed", "failed", "skipped", "seconds");
    let mut line = |name: &str, c: Count, time: Duration| {
        let seconds = time.as_secs_f64();
        text += &format!("{name:<20} {:>7} {:>7} {:>8} {seconds:>8.0}\n", c.passed, c.failed, c.skipped);
    };
    ran.iter().for_each(|r| line(r.name, r.count, r.time));
    line("all", sum(ran), ran.iter().map(|r| r.time).sum());
    text
}

fn sum(ran: &[Ran]) -> Count {
    ran.iter().fold(Count::default(), |sum, r| Count {
        passed: sum.passed + r.count.passed,
        failed: sum.failed + r.count.failed,
        skipped: sum.skipped + r.count.skipped,
    })
}

fn close(ran: &[Ran]) -> Result<(), String> {
    if sum(ran).failed > 0 {
        let names: Vec<_> = ran.iter().filter(|r| r.count.failed > 0).map(|r| r.name).collect();
        return Err(format!(
            "Failed: {}. `cargo verify {:?}` runs one suite alone.",
            names.join(", "),
            names.first().unwrap_or(&"")
        ));
    }
    Ok(())
}

/// Pictures of every screen into a folder.
pub(crate) fn shots(args: &[String]) -> Result<(), String> {
    let [dir, only @ ..] = args else { return Err("usage: cargo shots DIR [SCREEN…]".to_owned()) };
    needs::system(For::Testing)?;
    ui::build()?;
    run::must("taking pictures", shots_into(Path::new(dir)).args(only))
}

/// Real processes, killed at random moments: a third of the rounds each the tablet, the server, and two servers with
/// their PostgreSQL.
pub(crate) fn kills(args: &[String]) -> Result<(), String> {
    let usage = || "usage: cargo kills [--rounds N]".to_owned();
    let rounds: u64 = match args {
        [] => 1_000,
        [name, n] if name == "--rounds" => n.parse().map_err(|_| usage())?,
        _ => return Err(usage()),
    };
    needs::system(For::Testing)?;
    ui::build()?;
    let mut test =
        run::cargo(&["test", "--workspace", "--all-features", "--test", "stories", "--", "kill", "--nocapture"]);
    test.env("MBS_KILLS", rounds.div_ceil(3).max(8).to_string());
    // Other moments each time; said, so that they can be played again.
    let seed = std::env::var("MBS_KILLS_SEED").unwrap_or_else(|_| std::process::id().to_string());
    println!("MBS_KILLS_SEED={seed}");
    test.env("MBS_KILLS_SEED", seed);
    run::must(&format!("{rounds} kills"), &mut test)
}

/// The sync benchmark: a release server, built alone, beside the bare loop.
pub(crate) fn bench_sync(args: &[String]) -> Result<(), String> {
    needs::system(For::Measuring)?;
    // SQLite is measured as released alone; PostgreSQL in the packaged build.
    let postgres =
        args.windows(2).any(|pair| pair == ["--engine", "postgres"]) || args.iter().any(|a| a == "--engine=postgres");
    let features: &[&str] = if postgres { &["--features", "packaged"] } else { &[] };
    let mut server = run::cargo(&["build", "--release", "--package", "mbs-server"]);
    run::must("building the release server", server.args(features))?;
    run::must("building the benchmark", &mut run::cargo(&["build", "--release", "--package", "mbs-bench"]))?;
    let status = Command::new(run::target().join("release/mbs-bench"))
        .args(args)
        .current_dir(run::root())
        .status()
        .map_err(|e| format!("the benchmark cannot be started: {e}"))?;
    if status.success() { Ok(()) } else { Err("The benchmark did not end well; the reason stands above.".to_owned()) }
}

/// The tablet's benchmark: its core as released, beside a release server.
pub(crate) fn bench_tablet(args: &[String]) -> Result<(), String> {
    needs::system(For::Testing)?;
    ui::build()?;
    let build = ["build", "--release", "--package", "mbs-server", "--package", "mbs-tests", "--bin", "mbs-server"];
    let bins = ["--bin", "mbs-tablet", "--bin", "mbs-bench-tablet"];
    run::must("building tablet and server", &mut run::cargo(&[&build[..], &bins].concat()))?;
    let mut bench = Command::new(run::target().join("release/mbs-bench-tablet"));
    run::must("measuring the tablet", bench.args(args).current_dir(run::root()))
}

/// The Debian package of the tablet's app, by Tauri's own tool: the release build, or what was built for tests
/// (`--debug`), which is then taken as it lies there.
pub(crate) fn package(args: &[String]) -> Result<(), String> {
    let debug = args.iter().any(|a| a == "--debug");
    if !debug {
        needs::system(For::Building)?;
        ui::build()?;
        let build = ["build", "--release", "--package", "mbs-shell", "--bin", "mbs-app"];
        run::must("building the app", &mut run::cargo(&build))?;
    }
    let mut bundle = Command::new(run::root().join("ui/node_modules/.bin/tauri"));
    bundle.args(["bundle", "--bundles", "deb", "--ci"]).args(debug.then_some("--debug"));
    bundle.current_dir(run::root().join("app/shell")).stdin(Stdio::null());
    run::must("making the package", &mut bundle)?;
    let dir = run::target().join(if debug { "debug" } else { "release" }).join("bundle/deb");
    println!("The package lies in {}.", dir.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::counts_of;

    #[test]
    fn closing_lines_of_every_runner_are_understood() {
        for (line, passed, failed, skipped) in [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.31s",
                12,
                0,
                1,
            ),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", 3, 2, 0),
            ("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m6 passed\u{1b}[39m\u{1b}[22m", 6, 0, 0),
            ("      Tests  1 failed | 5 passed | 2 skipped (8)", 5, 1, 2),
            ("48 passed, 0 failed, 0 skipped", 48, 0, 0),
        ] {
            let c = counts_of(line).expect(line);
            assert_eq!((c.passed, c.failed, c.skipped), (passed, failed, skipped), "{line}");
        }
        for line in ["running 3 tests", "12 things are there", "test a ... ok", ""] {
            assert!(counts_of(line).is_none(), "{line}");
        }
    }
}
