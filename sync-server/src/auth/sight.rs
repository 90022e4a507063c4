//! Which requests a person sees, as lists and counts ask for it: the scope of what [`super::rights`] allows.

use std::collections::HashSet;

use mbs_shared::directory::Directory;

use super::rights::sees_everything;
use crate::database::requests::Head;
use crate::database::staff::Person;
use crate::service::Service;

/// Which requests somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Every one.
    All,
    /// Those that lie at these units, by number.
    Units(Vec<u32>),
    /// Those that these muhtarlıks filed, by number.
    Muhtarliks(HashSet<u32>),
}

impl Sight {
    /// What a person sees of the lists. Parts of the work that the person's unit owes come beside it.
    #[must_use]
    pub fn of(service: &Service, person: &Person) -> Self {
        if !sees_everything(person.role) {
            return Self::Units(own_units(service, &person.unit));
        }
        if person.districts.is_empty() {
            return Self::All;
        }
        let own = service.directory().neighbourhoods.iter().filter(|n| person.districts.contains(&n.district_code));
        Self::Muhtarliks(own.map(|n| service.scopes.number(&n.code)).collect())
    }

    /// Whether a request is among them that lies at `unit` and was filed by `muhtarlik`, both by number.
    #[must_use]
    pub fn has(&self, unit: u32, muhtarlik: u32) -> bool {
        match self {
            Self::All => true,
            Self::Units(units) => units.contains(&unit),
            Self::Muhtarliks(muhtarliks) => muhtarliks.contains(&muhtarlik),
        }
    }

    /// The same of an index row.
    #[must_use]
    pub fn has_head(&self, head: &Head) -> bool {
        self.has(head.unit, head.scope)
    }
}

/// Whether a muhtarlık, by its neighbourhood's code, lies in a person's districts.
#[must_use]
pub fn in_districts(directory: &Directory, person: &Person, muhtarlik: &str) -> bool {
    let in_own = |district: &str| person.districts.iter().any(|own| own == district);
    person.districts.is_empty() || directory.neighbourhood(muhtarlik).is_some_and(|n| in_own(&n.district_code))
}

/// Numbers of the units in the subtree a person works in.
#[must_use]
pub fn own_units(service: &Service, unit: &str) -> Vec<u32> {
    let directory = service.directory();
    directory
        .units
        .iter()
        .filter(|u| directory.is_within(&u.code, unit))
        .map(|u| service.scopes.number(&u.code))
        .collect()
}
