//! `quarantine`: what was refused, for a person's decision.

use anyhow::{Result, bail};
use clap::Subcommand;
use mbs_shared::id::Prefix;

use crate::config::Settings;
use crate::operate::quarantine::{self, HeldKind, NotTaken};
use crate::writer;

/// Words of an item that are shown, in characters.
const SHOWN: usize = 80;

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
                let (what, words) = quarantine::describe(&held, SHOWN);
                let (tablet, what) = (Prefix::new(held.prefix), name(what));
                println!("{}  {at:.0}  tablet {tablet}  {:?}  {}  {what} {words:?}", held.id, held.code, held.request);
            }
        }
        Quarantine::Accept { number } => {
            let ready = quarantine::ready(&service, *number)?;
            if let Some(why) = writer::alone(&*service.db, |tx| quarantine::take(tx, &service, ready))? {
                bail!(why);
            }
            println!("Item {number} is taken in.");
        }
        Quarantine::Dismiss { number } => {
            if !writer::alone(&*service.db, |tx| quarantine::put_away(tx, *number))? {
                bail!(NotTaken::Unknown(*number));
            }
            println!("Item {number} is put away.");
        }
    }
    Ok(())
}

const fn name(what: HeldKind) -> &'static str {
    match what {
        HeldKind::Request => "request",
        HeldKind::Edit => "edit",
        HeldKind::Entry => "entry",
        HeldKind::Decision => "decision",
        HeldKind::Item => "item",
    }
}
