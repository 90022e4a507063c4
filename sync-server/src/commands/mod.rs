//! The command line: serving, and what an operator does beside it. Every command works on the data
//! folder while a server runs on it.

mod backup;
mod code;
mod courier;
mod device;
mod doctor;
mod erase;
mod key;
mod list;
mod map;
mod quarantine;
mod receipt;
mod recover;
mod serve;
mod user;

use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

use crate::auth::provider;
use crate::config::{self, Common, Serve, Settings};
use crate::database::{Database, DbError, meta};
use crate::engines::{FILE, Opener, Place};
use crate::knowledge::Knowledge;
use crate::service::{Parts, Service};

/// Takes what muhtars' tablets file, numbers it, routes it to the units of the municipality, and gives
/// back what was decided.
///
/// Everything lives in one folder, unless --database or --photos say otherwise. To begin:
///
///   mbs-server serve --data /var/lib/mbs --listen 127.0.0.1:8480
///   mbs-server neighbourhoods rasimpaşa
///   mbs-server enrol-code --data /var/lib/mbs --neighbourhood kadikoy-rasimpasa --person "Rasimpaşa Muhtarı"
///
/// Each option can also come from the environment (MBS_DATA, MBS_LISTEN …) or from a settings file.
/// Only backups of the whole folder (database, photos, keys.json) bring everything back.
#[derive(Debug, Parser)]
#[command(name = "mbs-server", version, verbatim_doc_comment, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve tablets, the desk and programs. Makes the data folder at the first start
    Serve(Serve),
    /// Make the data folder, seeded with Istanbul's directory, without serving
    Init,
    /// Make a code that enrols one tablet within 15 minutes, and show it as QR
    EnrolCode(code::EnrolCode),
    /// Neighbourhoods and their codes
    Neighbourhoods(list::List),
    /// Units, companies and outside institutions, and their codes
    Units(list::List),
    /// Tablets: last contact, app version, what they made that has not come
    Tablets(list::List),
    /// Revoke a tablet: it can send no more, and what it sends is kept apart for a person to look at
    Revoke(device::Revoke),
    /// Take in courier bundles: what tablets without a network wrote to a stick
    ImportCourier(courier::Import),
    /// What was refused, and what revoked tablets handed over: a person decides
    #[command(subcommand)]
    Quarantine(quarantine::Quarantine),
    /// People at the desk
    #[command(subcommand)]
    User(user::User),
    /// Keys of programs that read the units' updates
    #[command(subcommand)]
    Key(key::Key),
    /// The map that tablets show
    #[command(subcommand)]
    Map(map::Map),
    /// Write a sealed backup of everything into one new file, beside a running server
    Backup(backup::Backup),
    /// Note a backup that other means made (pg_dump, a snapshot, the store's own), so that the desk knows its age: as the last step of that job
    NoteBackup(backup::Note),
    /// Make a new data folder out of a backup. The server begins a new life: tablets bring what is newer
    Restore(backup::Restore),
    /// Prove the data folder: every item, photo, counter and index row. Names the first break
    Verify,
    /// Erase a request by law (6698), here, on every tablet and for every unit. It cannot be undone
    Erase(erase::Erase),
    /// Open a tablet's folder whose key was lost, with this server's own: a broken tablet's records can be read again
    RecoverTablet(recover::Recover),
    /// Look whether the data folder is sound; says what to do where it is not
    Doctor,
    /// Check a receipt (alındı belgesi): who gave it, and whether it is unchanged. Needs no database
    VerifyReceipt(receipt::VerifyReceipt),
    /// Print a settings file with every setting and its default, to begin from
    SampleSettings,
    /// Say which version this is
    Version,
}

/// Runs the command line.
///
/// # Errors
/// With a sentence that says what to do.
pub fn run() -> Result<()> {
    let cli = Cli::parse();
    let serve_options = match &cli.command {
        Command::Serve(options) => options.clone(),
        _ => Serve::default(),
    };
    let settings = Settings::gather(&cli.common, &serve_options)?;
    match cli.command {
        Command::Serve(_) => serve::run(&settings),
        Command::Init => init(&settings),
        Command::EnrolCode(options) => code::run(&settings, &options),
        Command::Neighbourhoods(options) => list::neighbourhoods(&options),
        Command::Units(options) => list::units(&settings, &options),
        Command::Tablets(options) => list::tablets(&settings, &options),
        Command::Revoke(options) => device::run(&settings, &options),
        Command::ImportCourier(options) => courier::run(&settings, &options),
        Command::Quarantine(what) => quarantine::run(&settings, &what),
        Command::User(options) => user::run(&settings, &options),
        Command::Key(options) => key::run(&settings, &options),
        Command::Map(what) => map::run(&settings, &what),
        Command::Backup(options) => backup::backup(&settings, &options),
        Command::NoteBackup(options) => backup::note(&settings, &options),
        Command::Restore(options) => backup::restore(&settings, &options),
        Command::Verify => backup::verify(&settings),
        Command::Erase(options) => erase::run(&settings, &options),
        Command::RecoverTablet(options) => recover::run(&settings, &options),
        Command::Doctor => doctor::run(&settings),
        Command::VerifyReceipt(options) => receipt::run(&settings, &options),
        Command::SampleSettings => {
            print!("{}", config::SAMPLE);
            Ok(())
        }
        Command::Version => {
            println!("mbs-server {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

fn init(settings: &Settings) -> Result<()> {
    begin(settings)?;
    println!("The data folder {} is ready.", settings.data.display());
    Ok(())
}

/// A service by the settings; makes and seeds what is missing.
fn begin(settings: &Settings) -> Result<Arc<Service>> {
    let begun = Parts::open(&settings.data, &settings.database, &settings.photos).and_then(|mut parts| {
        parts.url.clone_from(&settings.url);
        parts.second_factor = settings.second_factor;
        parts.open_data = settings.open_data;
        if let Some(named) = settings.provider.clone() {
            parts.provider = Some(provider::open(named, &settings.url, provider::LIMIT)?);
        }
        Service::new(parts)
    });
    let damaged = |e: &anyhow::Error| e.chain().any(|c| matches!(c.downcast_ref(), Some(DbError::Damaged(_))));
    begun.map_err(|e| {
        if !damaged(&e) {
            return e;
        }
        e.context(format!(
            "{} is damaged and was left as it is: keep it, put the last backup into a new folder with `mbs-server restore`, \
             and tablets bring what is newer",
            settings.data.display()
        ))
    })
}

/// Refuses a unit that the directory does not have.
fn known_unit(db: &dyn Database, unit: &str) -> Result<()> {
    if db.ask(|s| Knowledge::load(s))?.directory().unit(unit).is_none() {
        bail!("--unit must be a unit of the directory: `mbs-server units WORD` finds its code");
    }
    Ok(())
}

/// The database, for one command beside a running server.
fn database(settings: &Settings) -> Result<Arc<dyn Database>> {
    let seeded = match &settings.database {
        Place::DataFolder => settings.data.join(FILE).try_exists()?,
        Place::Postgres(_) => {
            let db = settings.database.open(&settings.data, Opener::Command)?;
            if db.ask(|s| meta::get(s, "epoch"))? != 0 {
                return Ok(db);
            }
            false
        }
    };
    if !seeded {
        // It need not have been served yet.
        begin(settings)?;
    }
    settings.database.open(&settings.data, Opener::Command)
}

/// The service on the data folder, for one command beside a running server.
fn open(settings: &Settings) -> Result<Arc<Service>> {
    Service::new(Parts::beside(&settings.data, &settings.database, &settings.photos)?)
}
