//! `import-courier`: bundles that tablets without a network wrote to a stick.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use mbs_shared::wire::courier::Parts;

use crate::config::Settings;
use crate::error::Fault;
use crate::handlers::courier;

/// Options of `import-courier`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Bundle files (mbs-kurye-….mbsk). Bringing one again is harmless
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(settings: &Settings, options: &Import) -> Result<()> {
    let service = super::open(settings)?;
    let writer = service.start_writer().context("starting the writer")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut damaged = 0;
    for file in &options.files {
        let bundle = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let parts = Parts::of(&bundle).map_err(|_| anyhow::anyhow!("{} is no courier bundle", file.display()))?;
        for (n, part) in parts.enumerate() {
            let n = n + 1;
            match part.map_err(Fault::from).and_then(|part| runtime.block_on(courier::take(&service, part))) {
                Ok(taken) => println!(
                    "{} part {n}: tablet {}, {} words and {} photos are here, {} refused",
                    file.display(),
                    taken.tablet,
                    taken.words,
                    taken.photos,
                    taken.refused
                ),
                Err(fault) => {
                    damaged += 1;
                    let cause = fault.cause.as_ref().map_or_else(String::new, |cause| format!(" ({cause:#})"));
                    println!("{} part {n}: NOT taken: {:?}{cause}", file.display(), fault.code);
                }
            }
        }
    }
    service.writer.stop();
    writer.join().map_err(|_| anyhow::anyhow!("the writer did not end well"))?;
    if damaged > 0 {
        bail!(
            "{damaged} parts were not taken: damaged on the way, cut off, or sealed for another server. Everything else is \
             here; nothing is lost, the tablet still has it"
        );
    }
    Ok(())
}
