//! Plays each change against the tests that pass it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::tree::Program;

/// What became of a change.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Outcome {
    /// A test fell, or never ended.
    Found,
    /// Tests pass the place, and none fell.
    Survives,
    /// No test passes the place.
    Unreached,
}

/// One test, and what it passes.
struct Test {
    program: usize,
    name: String,
    took: Duration,
    reached: HashSet<usize>,
}

/// All tests of some programs.
pub(crate) struct Tests {
    programs: Vec<Program>,
    tests: Vec<Test>,
}

/// Tests that take longer are not played: they play others again, on another engine.
const LONGEST: Duration = Duration::from_secs(30);

/// At least this long is waited for tests that take less.
const PATIENCE: Duration = Duration::from_secs(6);

impl Tests {
    /// Runs every test once and alone, without a change, and notes which changes it passes. Tests that fail are told and left out.
    pub(crate) fn learn(programs: Vec<Program>, scratch: &Path, workers: usize) -> Result<Self> {
        let mut names = Vec::new();
        for (program, Program { path, home }) in programs.iter().enumerate() {
            let listed = Command::new(path).current_dir(home).args(["--list", "--format", "terse"]).output()?;
            for line in String::from_utf8_lossy(&listed.stdout).lines() {
                if let Some(name) = line.strip_suffix(": test") {
                    names.push((program, name.to_owned()));
                }
            }
        }
        let mut all = Self { programs, tests: Vec::new() };
        let tests = Mutex::new(Vec::new());
        let said = share(&names, workers, |i, (program, name)| {
            let file = scratch.join(format!("reached-{i}"));
            let began = Instant::now();
            let mut command = all.command(*program, 0, &[name.as_str()])?;
            command.env("MBS_MUTANTS_REACHED", &file);
            let passed = ends(&mut command, Duration::from_secs(600))?;
            let took = began.elapsed();
            let bytes = std::fs::read(&file).unwrap_or_default();
            let _ = std::fs::remove_file(&file);
            let numbers = bytes.chunks_exact(4).filter_map(|b| <[u8; 4]>::try_from(b).ok());
            let reached: HashSet<usize> = numbers.map(|b| u32::from_le_bytes(b) as usize).collect();
            if !passed {
                eprintln!("left out, because it fails without a change: {name}");
            } else if took > LONGEST {
                eprintln!("left out, because it takes {} s: {name}", took.as_secs());
            } else if !reached.is_empty() {
                let test = Test { program: *program, name: name.clone(), took, reached };
                tests.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(test);
            }
            Ok(())
        });
        said?;
        all.tests = tests.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.tests.sort_by_key(|t| t.took);
        Ok(all)
    }

    pub(crate) fn count(&self) -> usize {
        self.tests.len()
    }

    /// Plays one change: quick tests first, and no more once one fell.
    pub(crate) fn play(&self, mutant: usize) -> Result<Outcome> {
        let passing: Vec<&Test> = self.tests.iter().filter(|t| t.reached.contains(&mutant)).collect();
        if passing.is_empty() {
            return Ok(Outcome::Unreached);
        }
        let mut rest = passing.as_slice();
        let mut budget = Duration::from_millis(200);
        while !rest.is_empty() {
            let mut sum = Duration::ZERO;
            let fits = rest.iter().take_while(|t| {
                sum += t.took;
                sum <= budget
            });
            let count = fits.count().max(1);
            let (now, later) = rest.split_at(count.min(rest.len()));
            rest = later;
            budget *= 6;
            let mut by_program: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
            for test in now {
                by_program.entry(test.program).or_default().push(&test.name);
            }
            let took: HashMap<usize, Duration> =
                by_program.keys().map(|p| (*p, now.iter().filter(|t| t.program == *p).map(|t| t.took).sum())).collect();
            for (program, names) in by_program {
                let patience = PATIENCE.max(took.get(&program).copied().unwrap_or_default() * 5);
                if !ends(&mut self.command(program, mutant, &names)?, patience)? {
                    return Ok(Outcome::Found);
                }
            }
        }
        Ok(Outcome::Survives)
    }

    fn command(&self, program: usize, mutant: usize, names: &[&str]) -> Result<Command> {
        let program = self.programs.get(program).context("a program")?;
        let mut command = bounded(&program.path);
        command.current_dir(&program.home).env("MBS_MUTANT", mutant.to_string());
        command.args(["--exact", "--test-threads", "1"]).args(names);
        Ok(command)
    }
}

/// A program that may not take more than 8 GiB of addresses: a change can let it grow without end.
pub(crate) fn bounded(program: &Path) -> Command {
    let mut command = Command::new("prlimit");
    command.arg("--as=8589934592").arg("--").arg(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a command ends well before its time is over.
pub(crate) fn ends(command: &mut Command, patience: Duration) -> Result<bool> {
    let mut child = command.spawn()?;
    let until = Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() > until {
            stop(&mut child);
            return Ok(false);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Does something for each, as many at once as there are workers.
pub(crate) fn share<T: Sync>(all: &[T], workers: usize, each: impl Fn(usize, &T) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let each = &each;
    let next = &next;
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..workers.max(1))
            .map(|_| {
                scope.spawn(move || {
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = all.get(i) else { return Ok(()) };
                        each(i, one)?;
                    }
                })
            })
            .collect();
        hands.into_iter().try_for_each(|h| h.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker fell"))))
    })
}
