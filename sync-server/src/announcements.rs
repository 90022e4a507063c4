//! Announcements: whom each is for, and how far they reach for each muhtarlık, so that a poll asks no table.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use mbs_shared::directory::Directory;
use mbs_shared::wire::announcement::Reach;
use tokio::sync::watch;

use crate::auth::sight::in_districts;
use crate::database::staff::Person;
use crate::database::{DbResult, announcements};
use crate::service::Service;

/// Whom an announcement is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every muhtar.
    All,
    /// The muhtars of a district, by its code.
    District(String),
    /// One muhtar, by the code of his neighbourhood.
    Muhtarlik(String),
}

impl Audience {
    /// As it is stored and stands in JSON: empty, `district:CODE`, `muhtarlik:CODE`.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::District(code) => format!("district:{code}"),
            Self::Muhtarlik(code) => format!("muhtarlik:{code}"),
        }
    }

    /// Reads it; `None` for what the directory does not have.
    #[must_use]
    pub fn read(text: &str, directory: &Directory) -> Option<Self> {
        match text.split_once(':') {
            None => text.is_empty().then_some(Self::All),
            Some(("district", code)) => directory.district(code).map(|_| Self::District(code.to_owned())),
            Some(("muhtarlik", code)) => directory.neighbourhood(code).map(|_| Self::Muhtarlik(code.to_owned())),
            Some(_) => None,
        }
    }

    /// How far it reaches.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        match self {
            Self::All => Reach::All,
            Self::District(_) => Reach::District,
            Self::Muhtarlik(_) => Reach::Muhtarlik,
        }
    }

    /// Whether everybody it is for lies in a person's districts.
    #[must_use]
    pub fn is_within(&self, person: &Person, directory: &Directory) -> bool {
        match self {
            Self::All => person.districts.is_empty(),
            Self::District(code) => person.districts.is_empty() || person.districts.contains(code),
            Self::Muhtarlik(code) => in_districts(directory, person, code),
        }
    }

    /// Whether anybody it is for lies in a person's districts.
    #[must_use]
    pub fn touches(&self, person: &Person, directory: &Directory) -> bool {
        *self == Self::All || self.is_within(person, directory)
    }

    /// Whether it is for the muhtar of that neighbourhood.
    #[must_use]
    pub fn includes(&self, neighbourhood: &str, directory: &Directory) -> bool {
        match self {
            Self::All => true,
            Self::District(code) => {
                directory.neighbourhood(neighbourhood).is_some_and(|found| found.district_code == *code)
            }
            Self::Muhtarlik(code) => code == neighbourhood,
        }
    }
}

/// How far they reach for each audience.
#[derive(Debug, Default)]
struct Reaches {
    all: u64,
    /// By code.
    districts: HashMap<String, u64>,
    /// By code of the neighbourhood.
    muhtarliks: HashMap<String, u64>,
}

impl Reaches {
    fn of(stored: Vec<(String, i64)>) -> Self {
        let mut out = Self::default();
        for (audience, seq) in stored {
            let seq = seq.cast_unsigned();
            match audience.split_once(':') {
                Some(("district", code)) => drop(out.districts.insert(code.to_owned(), seq)),
                Some((_, code)) => drop(out.muhtarliks.insert(code.to_owned(), seq)),
                None => out.all = seq,
            }
        }
        out
    }
}

/// How far announcements reach.
#[derive(Debug)]
pub struct Announced {
    reach: RwLock<Reaches>,
    /// The furthest of all, for who listens.
    all: watch::Sender<u64>,
}

impl Default for Announced {
    fn default() -> Self {
        Self { reach: RwLock::default(), all: watch::Sender::new(0) }
    }
}

impl Announced {
    /// How far they reach for the muhtar of a neighbourhood; 0: there is none.
    #[must_use]
    pub fn to(&self, neighbourhood: &str, directory: &Directory) -> u64 {
        let reach = self.reach.read().unwrap_or_else(PoisonError::into_inner);
        let district = directory.neighbourhood(neighbourhood).and_then(|n| reach.districts.get(&n.district_code));
        let own = [Some(&reach.all), district, reach.muhtarliks.get(neighbourhood)];
        own.into_iter().flatten().copied().max().unwrap_or(0)
    }

    /// Listens to new ones.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.all.subscribe()
    }
}

impl Service {
    /// Looks how far announcements reach now: after one was made here, or the version of tablets and what is for them all
    /// tells that another process made one.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn refresh_announced(&self) -> DbResult<()> {
        let seq = self.db.ask(|s| crate::database::meta::get(s, announcements::SEQ))?.cast_unsigned();
        if *self.announced.all.borrow() == seq {
            return Ok(());
        }
        let reach = Reaches::of(self.db.ask(announcements::reach)?);
        *self.announced.reach.write().unwrap_or_else(PoisonError::into_inner) = reach;
        self.announced.all.send_replace(seq);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mbs_shared::istanbul::directory;

    #[test]
    fn an_audience_is_read_as_it_is_written_and_includes_whom_it_names() {
        for (text, includes, not) in [
            ("", Some("kadikoy-rasimpasa"), None),
            ("district:kadikoy", Some("kadikoy-rasimpasa"), Some("besiktas-bebek")),
            ("muhtarlik:kadikoy-rasimpasa", Some("kadikoy-rasimpasa"), Some("kadikoy-caferaga")),
        ] {
            let audience = Audience::read(text, directory()).unwrap();
            assert_eq!(audience.code(), text);
            assert!(includes.is_none_or(|place| audience.includes(place, directory())), "{text}");
            assert!(not.is_none_or(|place| !audience.includes(place, directory())), "{text}");
        }
        for bad in ["all", "district:", "district:yok", "muhtarlik:yok", "unit:md-zabita-avrupa", ":"] {
            assert_eq!(Audience::read(bad, directory()), None, "{bad}");
        }
    }
}
