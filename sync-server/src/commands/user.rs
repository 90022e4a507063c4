//! `user`: people at the desk.

use std::io::{IsTerminal, Write};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::auth::password;
use crate::config::Settings;
use crate::database::staff;
use crate::handlers::desk::view::Role;
use crate::knowledge::Knowledge;
use crate::ports::{Clock, Random, SystemClock, SystemRandom};

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a person. The password is read from the standard input
    Add(Add),
}

/// Options of `user add`.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Name to sign in with
    #[arg(long)]
    login: String,
    /// Name to show
    #[arg(long)]
    name: String,
    /// Role: triage, unit, approver, auditor or operator
    #[arg(long)]
    role: String,
    /// Code of the unit the person works in, for unit and approver
    #[arg(long, default_value = "")]
    unit: String,
}

pub(super) fn run(settings: &Settings, User::Add(add): &User) -> Result<()> {
    let Some(role) = Role::from_code(&add.role) else {
        bail!("--role is one of {}", Role::ALL.map(Role::code).join(", "));
    };
    if matches!(role, Role::Unit | Role::Approver) && Knowledge::istanbul().directory.unit(&add.unit).is_none() {
        bail!("--unit must be a unit of the directory, e.g. md-yol-bakim-anadolu");
    }
    let mut line = String::new();
    if std::io::stdin().is_terminal() {
        eprint!("Password (shown as you type): ");
        std::io::stderr().flush()?;
    }
    std::io::stdin().read_line(&mut line)?;
    let random: &dyn Random = &SystemRandom;
    let hash = password::hash(line.trim_end_matches(['\r', '\n']), random.bytes()).map_err(anyhow::Error::msg)?;
    let db = super::database(settings)?;
    let now = SystemClock.now();
    if !db.change(|tx| staff::add(tx, &add.login, &add.name, role, &add.unit, &hash, now))? {
        bail!("someone signs in as {:?} already", add.login);
    }
    println!("{} can sign in as {}.", add.name, add.login);
    Ok(())
}
