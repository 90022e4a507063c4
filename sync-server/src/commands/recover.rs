//! `recover-tablet`: opens a broken tablet's folder, whose key was lost.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::config::Settings;
use crate::ports::SystemRandom;
use crate::secrets::{FILE, Secrets, write_private};

/// What a tablet keeps beside its database: the key, sealed for its server.
const SEALED: &str = "mbs.recovery";
/// Where a tablet looks for its key first.
const OPEN: &str = "mbs.key";
/// Bytes of a key.
const KEY: usize = 32;

/// Options of `recover-tablet`.
#[derive(Debug, Args)]
pub(super) struct Recover {
    /// The tablet's folder (mbs.db, mbs.recovery …), or a copy of it
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn run(settings: &Settings, options: &Recover) -> Result<()> {
    let (sealed, open) = (options.folder.join(SEALED), options.folder.join(OPEN));
    if !settings.data.join(FILE).try_exists()? {
        bail!("there is no {FILE} in {}: --data names the folder of the tablet's server", settings.data.display());
    }
    if open.try_exists()? {
        bail!("{} is there already: the tablet opens with it", open.display());
    }
    let bytes = std::fs::read(&sealed)
        .with_context(|| format!("reading {}: tablets have it once they are enrolled", sealed.display()))?;
    let key = Secrets::open(&settings.data, &SystemRandom)?.unseal(&bytes, KEY);
    let key = key.with_context(|| format!("{} is damaged, or sealed for another server", sealed.display()))?;
    if key.len() != KEY {
        bail!("{} holds no key", sealed.display());
    }
    write_private(&open, &key)?;
    println!("{} is written: the tablet's app opens the folder now.", open.display());
    println!("Whoever has the folder can read it. Remove the file, or the folder, when what was needed is out of it.");
    Ok(())
}
