//! The command line: serving, and what an operator does beside it. Every command works on the data
//! folder while a server runs on it.

mod code;
mod device;
mod doctor;
mod key;
mod serve;
mod user;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::config::{Common, Serve, Settings};
use crate::database::sqlite::{Options, Sqlite};

/// Takes what muhtars' tablets file, numbers it, routes it to the units of the municipality, and gives
/// back what was decided.
///
/// Everything lives in one folder. To begin:
///
///   mbs-server serve --data /var/lib/mbs --listen 127.0.0.1:8480
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
    /// Revoke a tablet: it can send no more, and what it sends is kept apart for a person to look at
    Revoke(device::Revoke),
    /// People at the desk
    #[command(subcommand)]
    User(user::User),
    /// Keys of programs that read the units' updates
    #[command(subcommand)]
    Key(key::Key),
    /// Look whether the data folder is sound; says what to do where it is not
    Doctor,
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
        Command::Revoke(options) => device::run(&settings, &options),
        Command::User(options) => user::run(&settings, &options),
        Command::Key(options) => key::run(&settings, &options),
        Command::Doctor => doctor::run(&settings),
        Command::Version => {
            println!("mbs-server {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

fn init(settings: &Settings) -> Result<()> {
    crate::service::Service::open(&settings.data)?;
    println!("The data folder {} is ready.", settings.data.display());
    Ok(())
}

/// The database of the data folder, for one command beside a running server.
fn database(settings: &Settings) -> Result<Sqlite> {
    let file = settings.data.join("mbs.db");
    if !file.try_exists()? {
        // The folder need not have been served yet.
        crate::service::Service::open(&settings.data)?;
    }
    let options = Options { readers: 0, exclusive: false, ..Options::new(&file) };
    Sqlite::open(&options).with_context(|| format!("opening {}", file.display()))
}
