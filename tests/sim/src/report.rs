//! The table at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::Outcome;
use crate::tally::Fault;

/// Sums over runs.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Runs.
    pub runs: u64,
    /// Steps in all.
    pub steps: u64,
    /// Requests in all.
    pub requests: u64,
    /// Fewest steps, requests, faults of a run.
    pub least: Option<(u64, u64, u64)>,
    /// By name: how often, in how many runs.
    pub faults: BTreeMap<String, (u64, u64)>,
    /// By name: how often, in how many runs.
    pub states: BTreeMap<String, (u64, u64)>,
    /// Seeds that failed, and why.
    pub failed: Vec<(u64, String)>,
}

impl Report {
    /// One run more.
    pub fn add(&mut self, run: &Outcome) {
        let (steps, requests, _) = run.size;
        let now = (steps, requests as u64, run.tally.all());
        self.runs += 1;
        self.steps += steps;
        self.requests += now.1;
        let least = self.least.unwrap_or(now);
        self.least = Some((least.0.min(now.0), least.1.min(now.1), least.2.min(now.2)));
        for (fault, n) in &run.tally.faults {
            let entry = self.faults.entry(fault.name().to_owned()).or_default();
            *entry = (entry.0 + n, entry.1 + 1);
        }
        for (state, n) in &run.tally.states {
            let entry = self.states.entry(state.clone()).or_default();
            *entry = (entry.0 + n, entry.1 + 1);
        }
        if let Some(why) = run.violations.first() {
            self.failed.push((run.seed, why.clone()));
        }
    }

    /// For other processes.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "runs": self.runs, "steps": self.steps, "requests": self.requests, "least": self.least,
            "faults": self.faults, "states": self.states, "failed": self.failed,
        })
    }

    /// Takes in what another process counted.
    pub fn take_json(&mut self, other: &Value) {
        let number = |name: &str| other.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.runs += number("runs");
        self.steps += number("steps");
        self.requests += number("requests");
        let least: Option<(u64, u64, u64)> =
            other.get("least").cloned().and_then(|l| serde_json::from_value(l).ok()).flatten();
        self.least = match (self.least, least) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.min(b.1), a.2.min(b.2))),
            (a, b) => a.or(b),
        };
        for (name, into) in [("faults", &mut self.faults), ("states", &mut self.states)] {
            let map: BTreeMap<String, (u64, u64)> =
                other.get(name).cloned().and_then(|m| serde_json::from_value(m).ok()).unwrap_or_default();
            for (key, (n, runs)) in map {
                let entry = into.entry(key).or_default();
                *entry = (entry.0 + n, entry.1 + runs);
            }
        }
        let failed: Vec<(u64, String)> =
            other.get("failed").cloned().and_then(|f| serde_json::from_value(f).ok()).unwrap_or_default();
        self.failed.extend(failed);
    }

    /// As a table in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = String::new();
        let (steps, requests, faults) = self.least.unwrap_or_default();
        let _ = writeln!(
            out,
            "{} runs, {} steps, {} requests; at least {steps} steps, {requests} requests and {faults} faults a run\n",
            self.runs, self.steps, self.requests
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
