//! What an operator does beside a running server: plain functions over a database, a photo store and a data
//! folder, without sockets. The command line is thin on top.

pub mod backup;
pub mod erase;
pub mod restore;
pub mod seal;
pub mod verify;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use crate::journal::{Journal, Record};
use crate::service::Service;

/// Makes the database say what the journal says: what was erased or revoked and came back with a backup, or
/// was written down and cut off before it was done, is erased and revoked now. How many there were.
///
/// # Errors
/// When the journal is damaged or the database does not answer.
pub fn replay(service: &Arc<Service>, dir: &Path) -> Result<usize> {
    let mut done = 0;
    for record in Journal::of(dir).read()? {
        let new = match record {
            Record::Erased { request, at, photos, .. } => erase::carry_out(service, request, at, &photos)?,
            Record::Revoked { device, at } => {
                service.db.change(|tx| crate::handlers::enrol::revoke_no(tx, device, at))?
            }
        };
        done += usize::from(new);
    }
    if done > 0 {
        tracing::warn!(done, "erasures and revocations of the journal were carried out again");
        service.refresh_devices()?;
    }
    Ok(done)
}
