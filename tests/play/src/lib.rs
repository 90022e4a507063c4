//! Years of the city in minutes: tablets, triage, units and a directorate's program call the server's own routes, under a
//! clock that is moved. Then everything is counted again by other code than the product's.
#![expect(clippy::indexing_slicing, reason = "a field that JSON does not have reads as null")]

pub mod chance;
pub mod check;
pub mod cost;
mod decide;
pub mod load;
pub mod rates;
pub mod recount;
pub mod script;
pub mod town;

use std::path::{Path, PathBuf};

use anyhow::Result;

use check::Found;
use script::{Options, Played};
use town::Town;

/// The server's own folder in the folder of a city, where `cargo demo` looks for it.
#[must_use]
pub fn in_folder(dir: &Path) -> PathBuf {
    dir.join("server")
}

/// Plays and checks; the town is left as it ended.
///
/// # Errors
/// What went wrong first.
pub async fn play(dir: &Path, options: Options) -> Result<(Town, Played, Found)> {
    let mut town = Town::new(dir, options.seed, options.begin)?;
    let played = script::play(&mut town, options).await?;
    let found = check::check(&town, &played).await?;
    Ok((town, played, found))
}
