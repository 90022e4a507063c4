//! `cargo fuzz-all`: coverage-guided fuzzing of every decoder that meets foreign bytes.
//!
//! The compiler marks the branches, libFuzzer follows them. Targets are the folders of `tests/fuzz/corpus`.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::needs::{self, For};
use crate::run;

/// Longest input that is made, in bytes; a target may want less.
const LONGEST: &str = "-max_len=16384";
/// Memory of the whole process, in MiB; each target has a narrower bound of its own.
const MEMORY: &str = "-rss_limit_mb=1024";
/// An input that takes longer, in seconds, counts as found.
const SLOW: &str = "-timeout=20";

/// Marks branches for libFuzzer. The condition has a name of its own: other libraries change what they do under `fuzzing`.
const FLAGS: &str = "--cfg mbs_fuzzing --cap-lints warn -Cpasses=sancov-module \
                     -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What became of a target.
struct Played {
    name: String,
    inputs: String,
    branches: String,
    found: bool,
}

/// Fuzzes all targets, or those named, each for so many seconds, two side by side.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let usage = || "usage: cargo fuzz-all [--seconds N] [TARGET…]".to_owned();
    let (seconds, names) = match args {
        [flag, n, names @ ..] if flag == "--seconds" => (n.parse::<u32>().map_err(|_| usage())?, names),
        names => (60, names),
    };
    let corpora = run::root().join("tests/fuzz/corpus");
    let mut all = targets(&corpora)?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(format!("There is no target {unknown:?}; there are: {}.", all.join(", ")));
    }
    all.retain(|name| names.is_empty() || names.contains(name));
    needs::system(For::Building)?;
    let program = build()?;
    let work = run::target().join("fuzzing");
    canaries(&program, &work)?;
    let (queue, played) = (Mutex::new(VecDeque::from(all)), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(name) = queue.lock().ok().and_then(|mut queue| queue.pop_front()) {
                    let done = play(&program, &corpora.join(&name), &work, &name, seconds);
                    if let Ok(mut played) = played.lock() {
                        played.push(done);
                    }
                }
            });
        }
    });
    let played = played.into_inner().unwrap_or_default().into_iter().collect::<Result<Vec<_>, _>>()?;
    println!("{:<16} {:>12} {:>10}", "target", "inputs", "branches");
    for one in &played {
        println!("{:<16} {:>12} {:>10}{}", one.name, one.inputs, one.branches, if one.found { "  FOUND" } else { "" });
    }
    match played.iter().find(|one| one.found) {
        None => Ok(()),
        Some(one) => Err(format!(
            "{}: an input does harm; it lies in {}, with the log. Play it again: cargo run -p mbs-fuzz {} FILE",
            one.name,
            work.join("found").display(),
            one.name
        )),
    }
}

/// Bugs made on purpose are found first: else "nothing found" would say nothing.
fn canaries(program: &Path, work: &Path) -> Result<(), String> {
    let work = work.join("canaries");
    // Found once, the input would lie there.
    let _ = std::fs::remove_dir_all(&work);
    let none = work.join("none");
    std::fs::create_dir_all(&none).map_err(|e| format!("{}: {e}", none.display()))?;
    for name in ["canary-branches", "canary-memory"] {
        if !play(program, &none, &work, name, 120)?.found {
            return Err(format!("{name} was not found within two minutes: this build fuzzes nothing."));
        }
    }
    Ok(())
}

fn targets(corpora: &Path) -> Result<Vec<String>, String> {
    let folders = std::fs::read_dir(corpora).map_err(|e| format!("{}: {e}", corpora.display()))?;
    let mut all: Vec<String> = folders.flatten().filter_map(|folder| folder.file_name().into_string().ok()).collect();
    all.sort();
    Ok(all)
}

fn build() -> Result<PathBuf, String> {
    // Named, so that build scripts and macros are not marked.
    let version = Command::new("rustc").arg("-vV").output().map_err(|e| format!("rustc cannot be asked: {e}"))?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    let folder = run::target().join("fuzzing/build");
    let mut build = run::cargo(&["build", "--profile", "fuzz", "--package", "mbs-fuzz", "--target", host]);
    run::must("building for fuzzing", build.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(host).join("fuzz/mbs-fuzz"))
}

fn play(program: &Path, corpus: &Path, work: &Path, name: &str, seconds: u32) -> Result<Played, String> {
    let (grown, found) = (work.join("corpus").join(name), work.join("found"));
    for folder in [&grown, &found] {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    run::say(&format!("fuzzing {name} for {seconds} s"));
    let log = found.join(format!("{name}.log"));
    let file = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
    let status = Command::new(program)
        .args([LONGEST, MEMORY, SLOW, "-print_final_stats=1", &format!("-max_total_time={seconds}")])
        .arg(format!("-artifact_prefix={}/{name}-", found.display()))
        .args([&grown, corpus])
        .env("MBS_FUZZ_TARGET", name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .status()
        .map_err(|e| format!("{} cannot be started: {e}", program.display()))?;
    let said = std::fs::read(&log).map_err(|e| format!("{}: {e}", log.display()))?;
    let said = String::from_utf8_lossy(&said);
    let after =
        |mark: &str| said.rsplit(mark).next().and_then(|rest| rest.split_whitespace().next()).unwrap_or("?").to_owned();
    let (inputs, branches) = (after("stat::number_of_executed_units:"), after(" cov: "));
    Ok(Played { name: name.to_owned(), inputs, branches, found: !status.success() })
}
