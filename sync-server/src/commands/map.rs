//! `map`: the map that tablets show.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use super::list::{self, List};
use crate::config::Settings;
use crate::map;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Map {
    /// Give tablets another map, as `node ui/scripts/map.mjs FILE` writes one. They fetch it by themselves, after everything else
    Add(Add),
    /// Take it back: tablets show the map of their app again
    Drop,
    /// Show what was given so far: the first one counts
    List(List),
}

/// Options of `map add`.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The map, JSON or gzipped JSON
    file: PathBuf,
    /// How people call it, e.g. 2026-12
    #[arg(long, value_name = "NAME")]
    version: String,
}

pub(super) fn run(settings: &Settings, what: &Map) -> Result<()> {
    match what {
        Map::Add(Add { file, version }) => {
            let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
            // The folder may not have been served yet.
            super::database(settings)?;
            let pack = map::add(&*super::open(settings)?, &bytes, version)?;
            println!("Map {}: {} KiB for each tablet.", pack.version, pack.size.div_ceil(1024));
        }
        Map::Drop => {
            super::database(settings)?;
            if !map::drop_current(&*super::open(settings)?)? {
                bail!("tablets already show the map of their app");
            }
            println!("Tablets show the map of their app again.");
        }
        Map::List(options) => list::maps(settings, options)?,
    }
    Ok(())
}
