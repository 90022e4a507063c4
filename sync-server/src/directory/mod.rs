//! The organisation as the desk changes it: units over those of the release, version by version. A unit is never taken out,
//! because its code stands in histories: it is closed, and others take its work over.

mod check;
pub mod table;

use std::collections::BTreeMap;

use mbs_shared::directory::{Directory, Unit};
use serde::Serialize;
use ts_rs::TS;

pub use check::checked;

/// Units by their code.
pub type Changes = BTreeMap<String, Unit>;

/// A unit as somebody gave it, with the line of his table it stands in; 0: it was not a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// From 1, the heading included.
    pub line: u32,
    /// The unit.
    pub unit: Unit,
}

/// Why units cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Problem {
    /// Line of the table, from 1, the heading included; 0: none.
    pub line: u32,
    /// The unit's code, where it has one.
    pub code: String,
    /// What is wrong and what to do, in Turkish.
    pub why: String,
}

/// What given units would change in a directory, by code.
fn changes(directory: &Directory, given: &[Given]) -> Changes {
    let differs = |given: &&Given| directory.unit(&given.unit.code) != Some(&given.unit);
    given.iter().filter(differs).map(|given| (given.unit.code.clone(), given.unit.clone())).collect()
}

/// All that differs from the release once `changes` were made to what differed before.
#[must_use]
pub fn over_release(released: &Directory, current: &Directory, changes: Changes) -> Changes {
    let differs = |unit: &&Unit| released.unit(&unit.code) != Some(*unit);
    let mut all: Changes = current.units.iter().filter(differs).map(|unit| (unit.code.clone(), unit.clone())).collect();
    all.extend(changes);
    all.retain(|code, unit| released.unit(code) != Some(unit));
    all
}
