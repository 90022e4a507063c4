//! `enrol-code`.

use anyhow::{Result, bail};
use clap::Args;

use crate::config::Settings;
use crate::database::people;
use crate::handlers::enrol::{NoCode, make_code, qr_text};
use crate::knowledge::Scopes;
use crate::operate;
use crate::ports::{Clock, SystemClock, SystemRandom};

/// Options of `enrol-code`.
#[derive(Debug, Args)]
pub(super) struct EnrolCode {
    /// Code of the neighbourhood, e.g. kadikoy-rasimpasa
    #[arg(long, value_name = "CODE")]
    neighbourhood: String,
    /// The muhtar's name, or the office, e.g. "Rasimpaşa Muhtarı"
    #[arg(long, value_name = "NAME")]
    person: String,
    /// The neighbourhood has a new muhtar: end the mandate before
    #[arg(long)]
    successor: bool,
    /// Print the code and nothing else
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(settings: &Settings, options: &EnrolCode) -> Result<()> {
    let EnrolCode { neighbourhood, person, successor, quiet } = options;
    let service = super::open(settings)?;
    let db = &*service.db;
    let directory = service.directory();
    let Some(place) = directory.neighbourhood(neighbourhood) else {
        let near = super::list::near(directory, neighbourhood);
        if near.is_empty() {
            bail!("there is no neighbourhood {neighbourhood:?}; `mbs-server neighbourhoods WORD` finds its code");
        }
        bail!("there is no neighbourhood {neighbourhood:?}; did you mean {}?", near.join(", "));
    };
    let scope = service.scopes.number(neighbourhood);
    if *successor && db.ask(|s| people::current(s, scope))?.is_some_and(|m| m.person != person.trim()) {
        operate::end_mandate(&service, scope)?;
    }
    let now = SystemClock.now();
    let made = db.change(|tx| {
        let scope = Scopes::load(tx)?.number(neighbourhood);
        make_code(tx, &SystemRandom, scope, person, *successor, now)
    })?;
    let new = match made {
        Ok(new) => new,
        Err(NoCode::UnknownNeighbourhood) => {
            bail!("the database does not know {neighbourhood:?} yet: run `mbs-server init`")
        }
        Err(NoCode::NoName) => bail!("--person must be a name"),
        Err(NoCode::HeldBy(name)) => bail!(
            "{} is registered for {name:?}. The same name gives that muhtar another tablet; \
             --successor ends that mandate and begins a new one",
            place.name
        ),
    };
    if *quiet {
        println!("{}", new.text);
        return Ok(());
    }
    println!("{}, {} ({})", place.name, place.district, new.person);
    println!("Code: {}   (good for 15 minutes, for one tablet)", new.text);
    if settings.url.is_empty() {
        println!("With --url https://… a QR code with the server's address is shown here.");
    } else {
        let text = qr_text(&settings.url, &new.text);
        match fast_qr::QRBuilder::new(text.as_str()).build() {
            Ok(qr) => println!("{}\n{text}", qr.to_str()),
            Err(e) => println!("{text}\n(no QR code: {e})"),
        }
    }
    Ok(())
}
