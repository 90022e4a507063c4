//! How often what happens: inputs of the play, and no claim about Istanbul.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What is played when no file is given.
const USUAL: &str = include_str!("../rates.json");

/// Of a thousand, where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Requests that come to an answer.
    pub resolved: u64,
    /// Storm days a year (a count).
    pub storms_a_year: u64,
    /// Requests without a category.
    pub uncategorised: u64,
    /// Requests with a place.
    pub placed: u64,
    /// Requests to be handled discreetly.
    pub discreet: u64,
    /// Requests that waited on the tablet for hours or days.
    pub waited: u64,
    /// Requests that say again what the muhtarlık said some days ago, where there is such a one.
    pub repeated: u64,
    /// …of which somebody notices it.
    pub noticed: u64,
    /// Requests the muhtar withdraws, or wishes to.
    pub withdrawn: u64,
    /// Units and institutions whose answers go to an approver.
    pub approved_units: u64,
    /// Times triage asks the muhtar.
    pub triage_asks: u64,
    /// Resolved requests that triage concludes as another's remit.
    pub out_of_remit: u64,
    /// Resolved requests at an institution that it answers; the rest is taken back.
    pub institution_answers: u64,
    /// Answers of institutions that their own program writes; the rest triage records.
    pub institution_by_program: u64,
    /// Times a unit gives back what it was sent.
    pub returned: u64,
    /// Times a unit asks the muhtar.
    pub unit_asks: u64,
    /// Times a unit sends an interim reply.
    pub interim: u64,
    /// Times a unit gives a part of the work away.
    pub tasks: u64,
    /// Times a unit sends to an institution.
    pub sent_out: u64,
    /// Times a unit sets a date.
    pub planned: u64,
    /// Planned work that is begun before it is answered.
    pub started: u64,
    /// Parts of the work that come back undone.
    pub task_returned: u64,
    /// Parts of the work that are called off.
    pub task_called_off: u64,
    /// Answers an approver wants changed.
    pub corrected: u64,
    /// Wishes to withdraw that are granted.
    pub released: u64,
    /// Answers that say it was done.
    pub done: u64,
    /// …partly.
    pub partly: u64,
    /// …refused. The rest informs.
    pub refused: u64,
    /// Questions the muhtar answers.
    pub replied: u64,
    /// Answers he objects to.
    pub objected: u64,
    /// Of the others, those he confirms.
    pub confirmed: u64,
}

impl Rates {
    /// Those of a file, or the usual ones.
    ///
    /// # Errors
    /// When the file is not there, a rate is missing, unknown, or above a thousand.
    pub fn read(file: Option<&Path>) -> Result<Self> {
        let text = match file {
            None => USUAL.to_owned(),
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?,
        };
        let all: std::collections::BTreeMap<String, u64> =
            serde_json::from_str(&text).context("rates: whole numbers")?;
        for (name, rate) in &all {
            ensure!(*rate <= 1_000, "{name} is {rate}: rates are of a thousand");
        }
        let rates: Self = serde_json::from_str(&text).context("rates")?;
        ensure!(
            rates.done + rates.partly + rates.refused <= 1_000,
            "done, partly and refused are more than a thousand"
        );
        Ok(rates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_is_unknown_missing_or_too_high_is_told() {
        let usual = Rates::read(None).unwrap();
        assert_eq!(usual.resolved, 970);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rates.json");
        let said = |text: String| {
            std::fs::write(&file, text).unwrap();
            format!("{:#}", Rates::read(Some(&file)).unwrap_err())
        };
        assert!(said(USUAL.replace("\"tasks\"", "\"taks\"")).contains("taks"));
        assert!(said(USUAL.replace("\"tasks\": 50,", "")).contains("tasks"));
        assert!(said(USUAL.replace("\"tasks\": 50", "\"tasks\": 1050")).contains("tasks is 1050"));
        assert!(said(USUAL.replace("\"partly\": 100", "\"partly\": 400")).contains("more than a thousand"));
        std::fs::write(&file, USUAL.replace("\"tasks\": 50", "\"tasks\": 51")).unwrap();
        assert_eq!(Rates::read(Some(&file)).unwrap(), Rates { tasks: 51, ..usual });
    }
}
