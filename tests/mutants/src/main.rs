//! `cargo mutants-all`: changes one thing at a time in what may not be wrong, and looks whether a test falls.
//!
//! All changes of a package are woven into one copy of the repository, each behind a question that the environment answers, and
//! built once; then every change is played against just those tests that pass its place.

mod find;
mod play;
mod tree;
mod values;
mod weave;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use play::{Outcome, Tests};
use tree::Tree;

const USAGE: &str = "\
usage: cargo mutants-all [--tests PACKAGE]… [--workers N] [--runs N] [--list] FILE…
  --tests     mbs-shared, mbs-server, mbs-tablet: whose tests are played (those the files belong to)
  --workers   as many tests at once (2)
  --runs      what survives the tests is played in so many runs of the simulation (0)
  --list      only says what would be changed
  FILE…       files or folders, from the repository's root";

/// Nothing that runs at a muhtar's or a server's: builders of forged changes, planted bugs.
const NOT_THESE: [&str; 2] = ["shared/src/document/forge.rs", "shared/src/sabotage.rs"];

struct Asked {
    tests: Vec<String>,
    workers: usize,
    runs: usize,
    list: bool,
    files: Vec<String>,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| go(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e:#}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked> {
    let mut args = std::env::args().skip(1);
    let mut asked = Asked { tests: Vec::new(), workers: 2, runs: 0, list: false, files: Vec::new() };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--workers" => asked.workers = args.next().context(USAGE)?.parse().context(USAGE)?,
            "--runs" => asked.runs = args.next().context(USAGE)?.parse().context(USAGE)?,
            "--tests" => asked.tests.push(args.next().context(USAGE)?),
            "--list" => asked.list = true,
            _ if arg.starts_with("--") => bail!(USAGE),
            path => sources(Path::new(path), &mut asked.files)?,
        }
    }
    asked.files.retain(|f| !NOT_THESE.contains(&f.as_str()));
    if asked.files.is_empty() {
        bail!(USAGE);
    }
    if asked.tests.is_empty() {
        let owners = [("shared/", "mbs-shared"), ("sync-server/", "mbs-server"), ("app/core/", "mbs-tablet")];
        let owners = owners.iter().filter(|(folder, _)| asked.files.iter().any(|f| f.starts_with(folder)));
        asked.tests = owners.map(|(_, package)| (*package).to_owned()).collect();
    }
    Ok(asked)
}

fn sources(path: &Path, into: &mut Vec<String>) -> Result<()> {
    if path.is_dir() {
        let mut inside: Vec<_> = std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        inside.sort();
        return inside.iter().try_for_each(|p| sources(p, into));
    }
    let name = path.to_str().context("a file's name")?;
    let tests = name.ends_with("tests.rs") || name.contains("/tests/");
    if name.ends_with(".rs") && !tests {
        into.push(name.to_owned());
    }
    Ok(())
}

fn go(asked: &Asked) -> Result<()> {
    let root = std::env::current_dir()?;
    let mut tree = Tree::new(&root, &asked.files)?;
    if asked.list {
        for m in tree.mutants() {
            println!("{}:{}: {}", m.file, m.mutant.line, m.mutant.what);
        }
        println!("{} changes", tree.mutants().count());
        return Ok(());
    }
    eprintln!("{} changes; building", tree.mutants().count());
    let programs = tree.build(&asked.tests, asked.runs > 0)?;
    let scratch = root.join("target/mutants");
    let tests = Tests::learn(programs, &scratch, asked.workers)?;
    eprintln!("{} tests pass a change; playing", tests.count());
    let to_play: Vec<usize> = tree.mutants().filter(|m| m.compiles).map(|m| m.number).collect();
    let outcomes = Mutex::new(BTreeMap::new());
    let simulation = tree.program("sim", "mbs-sim");
    play::share(&to_play, asked.workers, |i, &number| {
        let mut outcome = tests.play(number)?;
        if outcome != Outcome::Found && asked.runs > 0 && simulated(&simulation, number, asked.runs)? {
            outcome = Outcome::Found;
        }
        outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(number, outcome);
        if i % 100 == 99 {
            eprintln!("{} of {}", i + 1, to_play.len());
        }
        Ok(())
    })?;
    report(&tree, &outcomes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    Ok(())
}

/// Whether the simulation finds a change.
fn simulated(program: &Path, number: usize, runs: usize) -> Result<bool> {
    let mut command: Command = play::bounded(program);
    command.env("MBS_MUTANT", number.to_string()).args(["--runs", &runs.to_string(), "--seed", "1"]);
    Ok(!play::ends(&mut command, Duration::from_secs(10 * runs as u64 + 60))?)
}

/// A row a file, then what nobody found.
fn report(tree: &Tree, outcomes: &BTreeMap<usize, Outcome>) {
    let mut rows: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut left = Vec::new();
    for m in tree.mutants() {
        let column = match outcomes.get(&m.number) {
            Some(Outcome::Found) => 0,
            Some(Outcome::Survives) => 1,
            Some(Outcome::Unreached) => 2,
            None => 3,
        };
        if let Some(count) = rows.entry(m.file).or_default().get_mut(column) {
            *count += 1;
        }
        if column == 1 || column == 2 {
            let how = if column == 1 { "survives" } else { "unreached" };
            left.push(format!("{}:{}: {how}: {}", m.file, m.mutant.line, m.mutant.what));
        }
    }
    println!("| File | Changes | Found | Survive | Passed by no test | Do not compile |\n|---|---|---|---|---|---|");
    for (file, [found, survive, unreached, not]) in &rows {
        println!("| `{file}` | {} | {found} | {survive} | {unreached} | {not} |", found + survive + unreached + not);
    }
    println!();
    for line in left {
        println!("{line}");
    }
}
