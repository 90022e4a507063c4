//! `revoke`.

use anyhow::{Context, Result, bail};
use clap::Args;
use mbs_shared::id::Prefix;

use crate::config::Settings;
use crate::operate;

/// Options of `revoke`.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// First part of the tablet's case numbers, e.g. 4KR7
    #[arg(long, value_name = "PREFIX")]
    tablet: String,
}

pub(super) fn run(settings: &Settings, options: &Revoke) -> Result<()> {
    let prefix: Prefix =
        options.tablet.parse().context("a tablet is named by the four characters its case numbers begin with")?;
    let service = super::open(settings)?;
    if !operate::revoke(&service, prefix)? {
        bail!("there is no tablet {prefix}, or it is revoked already");
    }
    println!("Tablet {prefix} is revoked. A running server notices within a second.");
    Ok(())
}
