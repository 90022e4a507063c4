//! The table at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mbs_shared::routing::State;
use serde::{Deserialize, Serialize};

use crate::tally::Fault;
use crate::{Outcome, Size};

/// Runs from which on each kind of fault must have been injected in one of a hundred, and each state reached.
pub const MANY: u64 = 1_000;
/// Requests of a run, at least.
pub(crate) const FEWEST: usize = 20;
/// What one run has at least.
const FLOOR: Size = Size { steps: 200, requests: FEWEST as u64, tablets: 3, faults: 5, held: 0, moment: 0 };

/// Sums over runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// Runs.
    pub runs: u64,
    /// Steps in all.
    pub steps: u64,
    /// Requests in all.
    pub requests: u64,
    /// The least a run had that passed, and the most memory one took.
    pub bounds: Option<Size>,
    /// By name: how often, in how many runs.
    pub faults: BTreeMap<String, (u64, u64)>,
    /// By name: how often, in how many runs.
    pub states: BTreeMap<String, (u64, u64)>,
    /// Seeds that failed, and why.
    pub failed: Vec<(u64, String)>,
}

/// The least of two, and the most memory.
fn bounds(a: Size, b: Size) -> Size {
    Size {
        steps: a.steps.min(b.steps),
        requests: a.requests.min(b.requests),
        tablets: a.tablets.min(b.tablets),
        faults: a.faults.min(b.faults),
        held: a.held.max(b.held),
        moment: a.moment.max(b.moment),
    }
}

impl Report {
    /// One run more.
    pub fn add(&mut self, run: &Outcome) {
        let mut one = Self { runs: 1, steps: run.size.steps, requests: run.size.requests, ..Self::default() };
        one.faults = run.tally.faults.iter().map(|(fault, n)| (fault.name().to_owned(), (*n, 1))).collect();
        one.states = run.tally.states.iter().map(|(state, n)| (state.clone(), (*n, 1))).collect();
        match run.violations.first() {
            Some(why) => one.failed.push((run.seed, why.clone())),
            // One that failed ended early.
            None => one.bounds = Some(run.size),
        }
        self.take(one);
    }

    /// Takes in what others counted.
    pub fn take(&mut self, other: Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.requests += other.requests;
        self.bounds = match (self.bounds, other.bounds) {
            (Some(a), Some(b)) => Some(bounds(a, b)),
            (a, b) => a.or(b),
        };
        for (into, from) in [(&mut self.faults, other.faults), (&mut self.states, other.states)] {
            for (key, (n, runs)) in from {
                let entry = into.entry(key).or_default();
                *entry = (entry.0 + n, entry.1 + runs);
            }
        }
        self.failed.extend(other.failed);
    }

    /// What the runs should have had and had not: they prove less than is said of them. Bits rot only where it is asked for.
    #[must_use]
    pub fn lacking(&self, rot: bool) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(had) = self.bounds {
            let least = [
                ("steps", had.steps, FLOOR.steps),
                ("requests", had.requests, FLOOR.requests),
                ("tablets", had.tablets, FLOOR.tablets),
                ("faults", had.faults, FLOOR.faults),
            ];
            out.extend(
                least
                    .iter()
                    .filter(|(_, had, floor)| had < floor)
                    .map(|(what, had, floor)| format!("a run had {had} {what}, and at least {floor} are promised")),
            );
        }
        if self.runs >= MANY {
            let kinds = Fault::ALL.iter().filter(|fault| rot || **fault != Fault::TabletRots);
            out.extend(kinds.filter_map(|fault| {
                let (_, runs) = self.faults.get(fault.name()).copied().unwrap_or_default();
                (runs * 100 < self.runs)
                    .then(|| format!("{:?} was injected in {runs} of {} runs", fault.name(), self.runs))
            }));
            let cases = State::ALL.iter().map(|state| format!("case: {}", state.code()));
            out.extend(
                cases.filter(|name| !self.states.contains_key(name)).map(|name| format!("{name:?} was never reached")),
            );
        }
        out
    }

    /// As a table in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = String::new();
        let Size { steps, requests, tablets, faults, held, moment } = self.bounds.unwrap_or(FLOOR);
        let _ = writeln!(
            out,
            "{} runs, {} steps, {} requests; at least {steps} steps, {requests} requests, {tablets} tablets and {faults} faults \
             a run; at most {:.1} MiB held, {:.1} MiB more for a moment\n",
            self.runs,
            self.steps,
            self.requests,
            held as f64 / 1_048_576.0,
            moment as f64 / 1_048_576.0,
        );
        let _ = writeln!(out, "| fault | injected | % of runs |\n|---|---|---|");
        let share = |runs: u64| runs as f64 * 100.0 / self.runs.max(1) as f64;
        for fault in Fault::ALL {
            let (n, runs) = self.faults.get(fault.name()).copied().unwrap_or_default();
            let _ = writeln!(out, "| {} | {n} | {:.1} |", fault.name(), share(runs));
        }
        let _ = writeln!(out, "\n| state reached | times | % of runs |\n|---|---|---|");
        for (state, (n, runs)) in &self.states {
            let _ = writeln!(out, "| {state} | {n} | {:.1} |", share(*runs));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report of so many runs, in each of which everything was.
    fn full(runs: u64) -> Report {
        let faults = Fault::ALL.iter().map(|fault| (fault.name().to_owned(), (runs, runs))).collect();
        let states = State::ALL.iter().map(|state| (format!("case: {}", state.code()), (runs, runs))).collect();
        Report { runs, bounds: Some(FLOOR), faults, states, ..Report::default() }
    }

    #[test]
    fn what_is_promised_of_runs_is_asked_of_them() {
        assert_eq!(full(MANY).lacking(true), [""; 0]);
        for (size, what) in [
            (Size { steps: 199, ..FLOOR }, "steps"),
            (Size { requests: 19, ..FLOOR }, "requests"),
            (Size { tablets: 2, ..FLOOR }, "tablets"),
            (Size { faults: 4, ..FLOOR }, "faults"),
        ] {
            let mut report = full(1);
            report.take(Report { bounds: Some(size), ..full(1) });
            let lacking = report.lacking(true);
            assert!(lacking.len() == 1 && lacking[0].contains(what), "{lacking:?}");
        }
        for fault in Fault::ALL {
            let mut rare = full(MANY);
            rare.faults.insert(fault.name().to_owned(), (9, 9));
            assert_eq!(rare.lacking(true).len(), 1, "{fault:?}");
            assert_eq!(rare.lacking(false).len(), usize::from(*fault != Fault::TabletRots), "{fault:?}");
            rare.runs = MANY - 1;
            assert_eq!(rare.lacking(true), [""; 0], "a few runs need not meet everything");
        }
        for state in State::ALL {
            let mut never = full(MANY);
            never.states.remove(&format!("case: {}", state.code()));
            assert_eq!(never.lacking(true).len(), 1, "{state:?}");
        }
    }
}
