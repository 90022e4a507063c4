//! `doctor`: whether database, photos and keys are sound.

use std::cell::Cell;

use anyhow::{Result, bail};

use crate::config::Settings;
use crate::engines::{FILE, Opener, Place};
use crate::jobs::{self, Job};
use crate::operate::doctor::look;
use crate::ports::{Clock, SystemClock, SystemRandom};
use crate::secrets::Secrets;

pub(super) fn run(settings: &Settings) -> Result<()> {
    let dir = &settings.data;
    if settings.database == Place::DataFolder && !dir.join(FILE).try_exists()? {
        bail!("there is no database in {}: `mbs-server init` makes one", dir.display());
    }
    let troubles = Cell::new(0);
    let say = |name: &str, found: Result<String>| match found {
        Ok(text) => println!("ok       {name}: {text}"),
        Err(e) => {
            troubles.set(troubles.get() + 1);
            println!("TROUBLE  {name}: {e:#}");
        }
    };
    let db = super::database(settings);
    let keys = match (&settings.database, &db) {
        (Place::Postgres(_), Ok(db)) => Secrets::shared(dir, &SystemRandom, &**db),
        _ => Secrets::open(dir, &SystemRandom),
    };
    say("keys", keys.map(|_| "readable".into()));
    let db = match db {
        Ok(db) => db,
        Err(e) => {
            say("database", Err(e));
            bail!("{} found", troubles.get());
        }
    };
    jobs::noted(&*db, &SystemClock, Job::Doctor, || {
        let store = settings.photos.open(dir, Opener::Command);
        let store = store.as_deref().map_err(|e| anyhow::anyhow!("{e:#}"));
        for (name, found) in look(&*db, store, SystemClock.now()) {
            say(name, found);
        }
        if troubles.get() > 0 {
            bail!("{} found", troubles.get());
        }
        Ok(())
    })
}
