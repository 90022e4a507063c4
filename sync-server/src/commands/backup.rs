//! `backup`, `restore` and `verify`.

use std::fs::File;
use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::config::Settings;
use crate::database::sqlite::{Options, Sqlite};
use crate::engines::{FILE, Photos, Place};
use crate::jobs::{self, Job};
use crate::operate::backup::Source;
use crate::operate::seal::{Opener, Seal};
use crate::operate::{self};
use crate::ports::{Clock, SystemClock, SystemRandom};

/// Options of `backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// File to write; it must not exist
    dest: PathBuf,
    /// Seal it for this age recipient (age1…; may be given several times). Without one a passphrase is read
    /// from the standard input
    #[arg(long, value_name = "AGE1")]
    recipient: Vec<String>,
}

/// Options of `note-backup`.
#[derive(Debug, Args)]
pub(super) struct Note {
    /// It failed, and why; without this it went well
    #[arg(long, value_name = "WHY")]
    failed: Option<String>,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    source: PathBuf,
    /// age identity file that opens it. Without one the passphrase is read from the standard input
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// The file `journal` of the lost data folder, where it can still be read: what was erased or revoked since
    /// the backup stays so
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

fn passphrase() -> Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("Passphrase (shown as you type): ");
        std::io::stderr().flush()?;
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn only_the_folder(settings: &Settings) -> Result<()> {
    if settings.database != Place::DataFolder || settings.photos != Photos::DataFolder {
        bail!(
            "this backs up and restores the data folder with SQLite; PostgreSQL is backed up by pg_dump or its own \
             archive, photos by the S3 store's means, and keys.json and journal by copying them"
        );
    }
    Ok(())
}

pub(super) fn backup(settings: &Settings, options: &Backup) -> Result<()> {
    let dest = &options.dest;
    if dest.try_exists()? {
        bail!("{} is there already: a backup is never overwritten", dest.display());
    }
    let seal = if options.recipient.is_empty() {
        Seal::passphrase(&passphrase()?)?
    } else {
        Seal::recipients(&options.recipient)?
    };
    only_the_folder(settings)?;
    let service = super::open(settings)?;
    // Under another name until it is whole: half a backup never looks like one.
    let partial = dest.with_extension("partial");
    let written = jobs::noted(&*service.db, &SystemClock, Job::Backup, || {
        let mut out = File::options();
        out.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut out, 0o600);
        let file = out.open(&partial).with_context(|| format!("making {}", partial.display()))?;
        let mut sealed = seal.seal(BufWriter::new(file))?;
        let source = Source { db: &*service.db, store: &*service.store, dir: &settings.data };
        let manifest = operate::backup::backup(source, SystemClock.now(), &mut sealed)?;
        let file = sealed.finish()?.into_inner()?;
        file.sync_all()?;
        std::fs::rename(&partial, dest)?;
        if let Some(dir) = dest.parent().filter(|p| !p.as_os_str().is_empty()) {
            File::open(dir)?.sync_all()?;
        }
        Ok(manifest)
    });
    match written {
        Ok(manifest) => {
            let bytes: u64 = manifest.parts.values().map(|p| p.size).sum();
            println!("{}: {} parts, {bytes} bytes before sealing.", dest.display(), manifest.parts.len());
            println!("Try it now and then: mbs-server restore {} --data some-new-folder", dest.display());
            Ok(())
        }
        Err(e) => {
            // What is left of it is of no use to anyone.
            let _ = std::fs::remove_file(&partial);
            Err(e)
        }
    }
}

pub(super) fn note(settings: &Settings, options: &Note) -> Result<()> {
    let why = options.failed.as_deref().map(str::trim).map(|why| if why.is_empty() { "?" } else { why });
    let db = super::database(settings)?;
    // It ran elsewhere: how long it took is not known here.
    db.change(|tx| jobs::note(tx, Job::Backup, SystemClock.now(), why.unwrap_or_default()))?;
    println!("Noted: a backup {}.", if why.is_some() { "failed" } else { "ran" });
    Ok(())
}

pub(super) fn restore(settings: &Settings, options: &Restore) -> Result<()> {
    let opener = match &options.identity {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            Opener::identities(&text)?
        }
        None => Opener::passphrase(&passphrase()?),
    };
    let source = &options.source;
    let file = File::open(source).with_context(|| format!("opening {}", source.display()))?;
    let input = opener.open(BufReader::new(file))?;
    only_the_folder(settings)?;
    let now = SystemClock.now();
    let journal = options.journal.as_deref();
    let restored = operate::restore::restore(input, &settings.data, journal, now, &SystemRandom, |path| {
        let options = Options { readers: 0, ..Options::new(path) };
        Sqlite::open(&options).with_context(|| format!("opening {}", path.display()))
    })?;
    let service = super::open(settings)?;
    operate::index::bring_up_to_date(&service)?;
    let done = operate::replay(&service)?;
    println!(
        "{} is restored from {} ({} parts); {done} erasures and revocations were carried out again.",
        settings.data.display(),
        source.display(),
        restored.manifest.parts.len()
    );
    println!("Official numbers go on far behind the last one that can have been given. Tablets bring what is newer.");
    println!("Tablets enrolled since the backup are unknown: they keep everything, and need a new code.");
    Ok(())
}

pub(super) fn verify(settings: &Settings) -> Result<()> {
    if settings.database == Place::DataFolder && !settings.data.join(FILE).try_exists()? {
        bail!("there is no database in {}", settings.data.display());
    }
    let service = super::open(settings)?;
    let proven = operate::verify::verify(&service)?;
    println!(
        "Proven: {} requests, {} items, {} photos, {} records of the journal, {} anchors.",
        proven.requests, proven.items, proven.photos, proven.records, proven.anchors
    );
    Ok(())
}
