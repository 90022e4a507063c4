//! `quarantine`: what was refused, for a person's decision.

use anyhow::Result;
use clap::Subcommand;
use mbs_shared::id::Prefix;

use crate::config::Settings;
use crate::operate::quarantine;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Quarantine {
    /// Show everything that waits
    List,
    /// Take one in after all, as its tablet's
    Accept {
        /// Its number in the list
        number: i64,
    },
    /// Put one away for good
    Dismiss {
        /// Its number in the list
        number: i64,
    },
}

pub(super) fn run(settings: &Settings, what: &Quarantine) -> Result<()> {
    let service = super::open(settings)?;
    match what {
        Quarantine::List => {
            for held in quarantine::list(&service)? {
                let at = jiff::Timestamp::from_millisecond(held.at)?;
                let (tablet, said) = (Prefix::new(held.prefix), quarantine::describe(&held));
                println!("{}  {at:.0}  tablet {tablet}  {:?}  {}  {said}", held.id, held.code, held.request);
            }
        }
        Quarantine::Accept { number } => {
            quarantine::accept(&service, *number)?;
            println!("Item {number} is taken in.");
        }
        Quarantine::Dismiss { number } => {
            quarantine::dismiss(&service, *number)?;
            println!("Item {number} is put away.");
        }
    }
    Ok(())
}
