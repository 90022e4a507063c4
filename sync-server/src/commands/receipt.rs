//! `verify-receipt`: whether a receipt was given by this server and says what it said then.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use mbs_shared::id::PublicKey;
use mbs_shared::receipt::{PREFIX, SignedReceipt};
use mbs_shared::signature::ServerKey;

use crate::config::Settings;
use crate::ports::SystemRandom;
use crate::secrets::{FILE, Secrets};

/// Longest file read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// Options of `verify-receipt`.
#[derive(Debug, Args)]
pub(super) struct VerifyReceipt {
    /// The text of the QR code (MBS1:…), or a file that holds it; without it, the standard input
    #[arg(value_name = "TEXT|FILE", required_unless_present = "keys")]
    receipt: Option<String>,
    /// A public key to check with, as --keys prints it (NUMBER:HEX); without it, the data folder's own
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Print the data folder's public keys, for whoever checks receipts elsewhere, and end
    #[arg(long)]
    keys: bool,
}

pub(super) fn run(settings: &Settings, options: &VerifyReceipt) -> Result<()> {
    let keys = if options.key.is_empty() {
        if !settings.data.join(FILE).try_exists()? {
            bail!("there is no {FILE} in {}: give the server's public key with --key", settings.data.display());
        }
        Secrets::open(&settings.data, &SystemRandom)?.server_keys()
    } else {
        options.key.iter().map(|text| key(text)).collect::<Result<_>>()?
    };
    if options.keys {
        for key in keys {
            println!("{}:{}", key.id, key.public);
        }
        return Ok(());
    }
    let text = text(options.receipt.as_deref())?;
    let receipt = SignedReceipt::read(&text).and_then(|signed| signed.verify(&keys)).context("not a valid receipt")?;
    let at = jiff::Timestamp::from_millisecond(receipt.received)?.in_tz("Europe/Istanbul")?;
    println!("valid: given by this server, unchanged");
    println!("official number  {}", receipt.no);
    println!("case number      {}", receipt.case_no);
    println!("received         {}", at.strftime("%d.%m.%Y %H:%M (Istanbul)"));
    println!("subject          {}", receipt.subject);
    println!("content          {}", receipt.content);
    Ok(())
}

fn key(text: &str) -> Result<ServerKey> {
    let wrong = || format!("{text:?} is no key; they look like 2:3b6a27bc…, as `verify-receipt --keys` prints them");
    let (id, public) = text.split_once(':').with_context(wrong)?;
    Ok(ServerKey { id: id.parse().with_context(wrong)?, public: public.parse::<PublicKey>().with_context(wrong)? })
}

fn text(given: Option<&str>) -> Result<String> {
    let mut text = String::new();
    match given {
        Some(given) if given.trim_start().starts_with(PREFIX) => text.push_str(given),
        None | Some("-") => {
            std::io::stdin().take(MAX_FILE).read_to_string(&mut text).context("reading the standard input")?;
        }
        Some(file) => {
            let open = std::fs::File::open(Path::new(file)).with_context(|| format!("opening {file}"))?;
            open.take(MAX_FILE).read_to_string(&mut text).with_context(|| format!("reading {file}"))?;
        }
    }
    Ok(text)
}
