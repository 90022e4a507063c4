//! `key`: keys of programs.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::list::{self, List};
use crate::auth::keys;
use crate::config::Settings;
use crate::database::api_keys;
use crate::ports::{Clock, Random, SystemClock, SystemRandom};

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a key that reads the updates of a unit and everything below it. It is shown once
    Add(Add),
    /// Revoke the keys of a name
    Revoke {
        /// Name they were made with
        #[arg(long)]
        name: String,
    },
    /// Show all keys: their unit, until when they are good. The keys themselves are kept nowhere
    List(List),
}

/// Options of `key add`.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// What it is for, e.g. "yol-bakim-programi"
    #[arg(long)]
    name: String,
    /// Code of the unit
    #[arg(long)]
    unit: String,
    /// Days until it expires
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// The program may also write what the unit decides: accept, answer, give back
    #[arg(long)]
    writes: bool,
}

pub(super) fn run(settings: &Settings, key: &Key) -> Result<()> {
    let now = SystemClock.now();
    match key {
        Key::Add(add) => {
            let db = super::database(settings)?;
            super::known_unit(&*db, &add.unit)?;
            let random: &dyn Random = &SystemRandom;
            let text = keys::text(&random.bytes());
            let expires = now + i64::from(add.days) * 86_400_000;
            db.change(|tx| api_keys::add(tx, &keys::hash(&text), &add.name, &add.unit, now, expires, add.writes))?;
            println!("{text}");
        }
        Key::Revoke { name } => {
            if super::database(settings)?.change(|tx| api_keys::revoke(tx, name, now))? == 0 {
                bail!("there is no key of the name {name:?}: `mbs-server key list` shows all");
            }
            println!("The keys of {name} are revoked.");
        }
        Key::List(options) => list::keys(settings, options, now)?,
    }
    Ok(())
}
