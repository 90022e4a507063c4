//! `erase`.

use anyhow::{Context, Result, bail};
use clap::Args;
use mbs_shared::id::{OfficialNo, RequestId};

use crate::config::Settings;
use crate::database::requests;
use crate::operate;
use crate::service::Service;

/// Options of `erase`.
#[derive(Debug, Args)]
pub(super) struct Erase {
    /// The request: its official number (2026-000142) or its id
    request: String,
    /// Why: the decision or petition, and its date. Kept in the journal; write no personal data into it
    #[arg(long)]
    reason: String,
}

pub(super) fn run(settings: &Settings, options: &Erase) -> Result<()> {
    let service = super::open(settings)?;
    let id = find(&service, &options.request)?;
    operate::erase::erase(&service, id, &options.reason)?;
    println!("Request {} is erased here. Tablets and units drop it with their next contact.", options.request);
    println!("Backups made before still hold it: let them expire, or make a new one and destroy them.");
    Ok(())
}

fn find(service: &Service, text: &str) -> Result<RequestId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let no: OfficialNo = text.parse().context("a request is named by its official number, 2026-000142, or its id")?;
    match service.db.ask(|s| requests::by_no(s, no))? {
        Some(head) => Ok(head.id),
        None => bail!("there is no request {no}"),
    }
}
