//! `user`: people at the desk.

use std::io::{IsTerminal, Write};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use mbs_shared::istanbul;

use super::list::{self, List};
use crate::auth::staff::login;
use crate::auth::{password, provider, rights};
use crate::config::Settings;
use crate::database::staff;
use crate::handlers::desk::view::Role;
use crate::ports::{Clock, Random, SystemClock, SystemRandom};

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a person. The password is read from the standard input
    Add(Add),
    /// Give a person a new password, read from the standard input. They are signed out everywhere
    Passwd(Login),
    /// Take a person's second factor away, e.g. when the telephone is lost: the password alone lets them in until they set up another
    ResetSecondFactor(Login),
    /// Write down the name a person has at the identity provider, by which they may sign in too; an empty one takes that away. They are signed out everywhere
    External(External),
    /// Let a person sign in no more, and sign them out everywhere. What they did stays theirs
    Disable(Login),
    /// Let a person sign in again
    Enable(Login),
    /// Show all: role, unit, who cannot sign in
    List(List),
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
    /// Role: triage, unit, approver, head, auditor or operator
    #[arg(long)]
    role: String,
    /// Code of the unit the person works in, for unit, approver and head
    #[arg(long, default_value = "")]
    unit: String,
    /// Code of a district whose muhtarlıks the person is limited to, for triage and auditor; several: once for each
    #[arg(long = "district", value_name = "CODE")]
    districts: Vec<String>,
}

/// Options of `user external`.
#[derive(Debug, Args)]
pub(super) struct External {
    /// Name the person signs in with
    #[arg(long)]
    login: String,
    /// Name at the identity provider, in the claim of the settings: an e-mail address, as a rule
    #[arg(long)]
    name: String,
}

/// Whom it is about.
#[derive(Debug, Args)]
pub(super) struct Login {
    /// Name the person signs in with
    #[arg(long)]
    login: String,
}

pub(super) fn run(settings: &Settings, user: &User) -> Result<()> {
    let now = SystemClock.now();
    match user {
        User::Add(options) => add(settings, options, now),
        User::Passwd(Login { login }) => {
            let hash = read_password()?;
            done(super::database(settings)?.change(|tx| staff::set_password(tx, login, &hash))?, login)?;
            println!("{login} signs in with the new password from now on.");
            Ok(())
        }
        User::ResetSecondFactor(Login { login }) => {
            done(super::database(settings)?.change(|tx| staff::no_second(tx, login))?, login)?;
            println!("{login} signs in with the password alone until a second factor is set up again.");
            Ok(())
        }
        User::External(External { login, name }) => {
            let name = provider::external(name);
            if !super::database(settings)?.change(|tx| staff::set_external(tx, login, &name))? {
                bail!("there is nobody {login:?}, or that name is somebody else's: `mbs-server user list` shows all");
            }
            println!("{login} signs in by the identity provider as {name:?} from now on.");
            Ok(())
        }
        User::Disable(Login { login }) => {
            done(super::database(settings)?.change(|tx| staff::disable(tx, login, now))?, login)?;
            println!("{login} can sign in no more.");
            Ok(())
        }
        User::Enable(Login { login }) => {
            done(super::database(settings)?.change(|tx| staff::enable(tx, login))?, login)?;
            println!("{login} can sign in again.");
            Ok(())
        }
        User::List(options) => list::users(settings, options),
    }
}

fn done(found: bool, login: &str) -> Result<()> {
    if !found {
        bail!("there is nobody {login:?} with whom that could be done: `mbs-server user list` shows all");
    }
    Ok(())
}

fn add(settings: &Settings, add: &Add, now: i64) -> Result<()> {
    let Some(role) = Role::from_code(&add.role) else {
        bail!("--role is one of {}", Role::ALL.map(Role::code).join(", "));
    };
    let db = super::database(settings)?;
    if rights::works_in_unit(role) {
        super::known_unit(&*db, &add.unit)?;
    }
    if !add.districts.is_empty() && !rights::can_be_limited(role) {
        bail!("--district goes with the roles triage and auditor");
    }
    if let Some(code) = add.districts.iter().find(|code| istanbul::directory().district(code).is_none()) {
        bail!(
            "there is no district {code:?}: `mbs-server neighbourhoods` shows them, a neighbourhood's code begins with its district's"
        );
    }
    let Some(login) = login(&add.login) else {
        bail!("--login has 3 to 64 small letters without Turkish ones, digits, '.', '_' and '-'");
    };
    let hash = read_password()?;
    let added = db.change(|tx| {
        Ok(staff::add(tx, &login, &add.name, role, &add.unit, &hash, now)?
            && staff::set_duty(tx, &login, role, &add.unit, &add.districts)?)
    })?;
    if !added {
        bail!("someone signs in as {login:?} already");
    }
    println!("{} can sign in as {login}.", add.name);
    Ok(())
}

/// The hash of a password from the standard input.
fn read_password() -> Result<String> {
    let mut line = String::new();
    if std::io::stdin().is_terminal() {
        eprint!("Password (shown as you type): ");
        std::io::stderr().flush()?;
    }
    std::io::stdin().read_line(&mut line)?;
    let random: &dyn Random = &SystemRandom;
    password::hash(line.trim_end_matches(['\r', '\n']), random.bytes()).map_err(anyhow::Error::msg)
}
