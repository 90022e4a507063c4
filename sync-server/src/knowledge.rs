//! What the server knows of the city: directory, calendar, borders; and the small numbers of codes.

use std::collections::HashMap;

use mbs_shared::directory::Directory;
use mbs_shared::istanbul;
use mbs_shared::place::{Fix, Found, Neighbourhoods};
use mbs_shared::routing::deadline::Calendar;

use crate::database::{DbResult, Session, meta};

/// Directory, calendar and borders.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge {
    /// Units, categories, districts, neighbourhoods.
    pub directory: &'static Directory,
    /// Working days.
    pub calendar: &'static Calendar,
    /// From a point to a neighbourhood.
    pub borders: &'static Neighbourhoods,
}

impl Knowledge {
    /// Istanbul's, as compiled in.
    #[must_use]
    pub fn istanbul() -> Self {
        Self { directory: istanbul::directory(), calendar: istanbul::calendar(), borders: istanbul::borders() }
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

/// Codes of neighbourhoods and units as small numbers, from 1; 0 is nobody.
#[derive(Debug, Clone, Default)]
pub struct Scopes {
    codes: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Scopes {
    /// All that the database has.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn load(session: &mut dyn Session) -> DbResult<Self> {
        let mut scopes = Self { codes: vec![String::new()], numbers: HashMap::new() };
        for (id, code) in session.all(meta::SCOPES, &[], |r| Ok((r.count(0)?, r.text(1)?.to_owned())))? {
            let at = id as usize;
            if scopes.codes.len() <= at {
                scopes.codes.resize(at + 1, String::new());
            }
            if let Some(slot) = scopes.codes.get_mut(at) {
                slot.clone_from(&code);
            }
            scopes.numbers.insert(code, id);
        }
        Ok(scopes)
    }

    /// Gives every code of the directory a number, for ever.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn seed(session: &mut dyn Session, directory: &Directory) -> DbResult<Self> {
        let known = Self::load(session)?;
        let mut next = known.codes.len() as i64;
        let codes = directory.neighbourhoods.iter().map(|n| &n.code).chain(directory.units.iter().map(|u| &u.code));
        let mut added = false;
        for code in codes {
            if known.number(code) == 0 {
                session.send(meta::ADD_SCOPE, &[next.into(), code.as_str().into()])?;
                next += 1;
                added = true;
            }
        }
        if added { Self::load(session) } else { Ok(known) }
    }

    /// The number of a code; 0 when it has none.
    #[must_use]
    pub fn number(&self, code: &str) -> u32 {
        self.numbers.get(code).copied().unwrap_or(0)
    }

    /// The code of a number; empty for 0 and unknown ones.
    #[must_use]
    pub fn code(&self, number: u32) -> &str {
        self.codes.get(number as usize).map_or("", String::as_str)
    }
}
