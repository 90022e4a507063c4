//! What the server knows of the city: directory and borders; and the small numbers of codes.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use mbs_shared::directory::Directory;
use mbs_shared::istanbul;
use mbs_shared::place::{Fix, Found, Neighbourhoods};
use mbs_shared::wire::units::Units;

use crate::database::versions::Versioned;
use crate::database::{DbResult, Session, meta};
use crate::directory::Changes;

/// Directory and borders.
#[derive(Debug)]
pub struct Knowledge {
    /// As the release has it.
    released: &'static Directory,
    /// The version that counts, and what it makes of it. It changes a few times a year, and whoever works with the one
    /// before goes on with it: earlier ones stay in memory until the server ends.
    current: RwLock<Current>,
    /// From a point to a neighbourhood.
    pub borders: &'static Neighbourhoods,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    version: i64,
    directory: &'static Directory,
    /// Mark of its units' names.
    units: u32,
}

impl Current {
    fn new(version: i64, directory: &'static Directory) -> Self {
        Self { version, directory, units: Units::of(directory).mark() }
    }
}

impl Knowledge {
    /// Istanbul's, as compiled in.
    #[must_use]
    pub fn istanbul() -> Self {
        Self::of(istanbul::directory())
    }

    /// Istanbul's borders, with that release's directory.
    #[must_use]
    pub fn of(released: &'static Directory) -> Self {
        Self { released, current: RwLock::new(Current::new(0, released)), borders: istanbul::borders() }
    }

    /// Istanbul's, with what the desk made of it.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn load(session: &mut dyn Session) -> DbResult<Self> {
        let knowledge = Self::istanbul();
        knowledge.refresh(session)?;
        Ok(knowledge)
    }

    /// Takes over the newest version of the directory, if it is another one.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn refresh(&self, session: &mut dyn Session) -> DbResult<()> {
        let newest = Versioned::Directory.newest(session)?;
        if newest == self.version() {
            return Ok(());
        }
        let Some(version) = Versioned::Directory.by_id(session, newest)? else { return Ok(()) };
        let directory = Box::leak(Box::new(self.released.with_units(&version.read::<Changes>()?)));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Current::new(newest, directory);
        Ok(())
    }

    /// Units, categories, districts, neighbourhoods.
    #[must_use]
    pub fn directory(&self) -> &'static Directory {
        self.current().directory
    }

    /// The same as the release has them.
    #[must_use]
    pub const fn released(&self) -> &'static Directory {
        self.released
    }

    /// Number of the directory's version; 0: as the release has it.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.current().version
    }

    /// The mark of the units' names, for tablets.
    #[must_use]
    pub fn units(&self) -> u32 {
        self.current().units
    }

    fn current(&self) -> Current {
        *self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Code of the neighbourhood a fix lies in, or of the nearest one of its district.
    #[must_use]
    pub fn neighbourhood_at(&self, fix: &Fix) -> Option<&'static str> {
        match self.borders.locate(fix.lat, fix.lon) {
            Found::Neighbourhood { neighbourhood, .. } => Some(neighbourhood),
            Found::Special { nearest, .. } => Some(nearest),
            Found::Outside => None,
        }
    }
}

/// Codes of neighbourhoods and units as small numbers, from 1; 0 is nobody. A code keeps its number for ever, so what was
/// read once stays in memory.
#[derive(Debug, Default)]
pub struct Scopes {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By number.
    codes: Vec<&'static str>,
    numbers: HashMap<&'static str, u32>,
}

impl Scopes {
    /// All that the database has.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn load(session: &mut dyn Session) -> DbResult<Self> {
        let scopes = Self::default();
        scopes.refresh(session)?;
        Ok(scopes)
    }

    /// Takes over those that came since.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn refresh(&self, session: &mut dyn Session) -> DbResult<()> {
        let all = session.all(meta::SCOPES, &[], |r| Ok((r.count(0)?, r.text(1)?.to_owned())))?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (id, code) in all {
            if known.numbers.contains_key(code.as_str()) {
                continue;
            }
            let (at, code) = (id as usize, for_ever(code));
            if known.codes.len() <= at {
                known.codes.resize(at + 1, "");
            }
            if let Some(slot) = known.codes.get_mut(at) {
                *slot = code;
            }
            known.numbers.insert(code, id);
        }
        Ok(())
    }

    /// Gives every code of the directory that has none a number, for ever; [`Self::refresh`] takes them over.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn seed(&self, session: &mut dyn Session, directory: &Directory) -> DbResult<()> {
        // A newer release beside this one may have given some already.
        self.refresh(session)?;
        let codes = directory.neighbourhoods.iter().map(|n| &n.code).chain(directory.units.iter().map(|u| &u.code));
        for (number, code) in (self.count().max(1)..).zip(codes.filter(|code| self.number(code) == 0)) {
            session.send(meta::ADD_SCOPE, &[number.into(), code.as_str().into()])?;
        }
        Ok(())
    }

    /// Places in the list of codes, the empty first one included.
    fn count(&self) -> i64 {
        i64::try_from(self.known.read().unwrap_or_else(PoisonError::into_inner).codes.len()).unwrap_or(i64::MAX)
    }

    /// The number of a code; 0 when it has none.
    #[must_use]
    pub fn number(&self, code: &str) -> u32 {
        self.known.read().unwrap_or_else(PoisonError::into_inner).numbers.get(code).copied().unwrap_or(0)
    }

    /// The code of a number; empty for 0 and unknown ones.
    #[must_use]
    pub fn code(&self, number: u32) -> &'static str {
        self.known.read().unwrap_or_else(PoisonError::into_inner).codes.get(number as usize).copied().unwrap_or("")
    }
}

/// The release's own copy of a code; one that came since is kept until the server ends.
fn for_ever(code: String) -> &'static str {
    let released = istanbul::directory();
    let unit = released.unit(&code).map(|unit| unit.code.as_str());
    unit.or_else(|| released.neighbourhood(&code).map(|n| n.code.as_str())).unwrap_or_else(|| code.leak())
}
