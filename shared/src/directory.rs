//! The directory: units, categories, districts and neighbourhoods, as operators publish it.
//!
//! Versioned as a whole. Retired codes stay valid for ever: an old tablet may still use them.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whether a category wants a photo or a place. Wanting warns; it never blocks filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Need {
    /// Asked for with a warning.
    Required,
    /// Suggested.
    Recommended,
    /// Possible.
    Optional,
    /// Makes no sense.
    None,
}

/// Urgency of a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Priority {
    /// At once.
    Urgent,
    /// Before others.
    High,
    /// In turn.
    Normal,
    /// When there is time.
    Low,
}

/// Where a category's requests go by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "rule", rename_all = "snake_case")]
#[ts(export)]
pub enum Route {
    /// Always to one unit.
    Fixed {
        /// Unit code.
        code: String,
    },
    /// By the side of the Bosphorus.
    BySide {
        /// Unit code on the European side.
        #[serde(rename = "Avrupa")]
        europe: String,
        /// Unit code on the Anatolian side.
        #[serde(rename = "Anadolu")]
        anatolia: String,
    },
    /// To the municipality of the district: `ib-<district>`.
    DistrictMunicipality,
}

/// Side of the Bosphorus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// European side.
    #[serde(rename = "Avrupa")]
    Europe,
    /// Anatolian side.
    #[serde(rename = "Anadolu")]
    Anatolia,
}

/// A group of categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Code, e.g. `yol`.
    pub code: String,
    /// Turkish name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Place in the list.
    pub order: u16,
}

/// A kind of problem, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Code, e.g. `yol.cukur`.
    pub code: String,
    /// Code of its group.
    pub group: String,
    /// Turkish name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Default route.
    pub route: Route,
    /// Other units that may be right.
    #[serde(default)]
    pub alternatives: Vec<Route>,
    /// Whether a photo is wanted.
    pub photo: Need,
    /// Whether a place is wanted.
    pub location: Need,
    /// Urgency.
    pub priority: Priority,
    /// Hours within which the unit should accept.
    pub ack_hours: u16,
    /// Working days within which it should be done.
    pub target_days: u16,
    /// To be handled discreetly.
    pub sensitive: bool,
    /// Words that lead to it.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Whether it is no longer offered: old tablets may still send it, and it goes the way of its successor.
    #[serde(default)]
    pub retired: bool,
    /// Code of the category that took its place.
    #[serde(default)]
    pub successor: Option<String>,
}

/// What kind of body a unit is (codes of the source data).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum UnitKind {
    /// The municipality itself.
    Kurum,
    /// An office.
    Ofis,
    /// Daire başkanlığı: department.
    Daire,
    /// Müdürlük: directorate.
    Mudurluk,
    /// İştirak: company.
    Istirak,
    /// Bağlı kuruluş: İSKİ, İETT.
    BagliKurulus,
    /// Dış kurum: external institution.
    DisKurum,
    /// İlçe belediyesi: district municipality, an external institution too.
    IlceBelediyesi,
}

/// A unit or institution a request can be routed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Unit {
    /// Code, e.g. `md-yol-bakim-avrupa`.
    pub code: String,
    /// Turkish name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// What kind of body.
    pub kind: UnitKind,
    /// Code of the unit above.
    #[serde(default)]
    pub parent: Option<String>,
    /// Short name.
    #[serde(default)]
    pub short: Option<String>,
    /// Whether it was closed: its code stays valid for what it holds, and nothing new goes there.
    #[serde(default)]
    pub retired: bool,
    /// Codes of the units that took its work over; new requests go to the first.
    #[serde(default)]
    pub successors: Vec<String>,
}

impl Unit {
    /// Whether it lies outside the municipality, so that cases go out to it rather than down.
    #[must_use]
    pub const fn is_external(&self) -> bool {
        matches!(self.kind, UnitKind::DisKurum | UnitKind::IlceBelediyesi)
    }
}

/// A district.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct District {
    /// Code, e.g. `kadikoy`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Side of the Bosphorus.
    pub side: Side,
}

/// A neighbourhood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbourhood {
    /// Code, e.g. `kadikoy-rasimpasa`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Code of its district.
    pub district_code: String,
    /// Name of its district.
    pub district: String,
    /// Latitude of its label, degrees.
    pub lat: f64,
    /// Longitude of its label, degrees.
    pub lon: f64,
}

impl Neighbourhood {
    /// `Rasimpaşa, Kadıköy`: many districts have a neighbourhood of the same name.
    #[must_use]
    pub fn with_district(&self) -> String {
        format!("{}, {}", self.name, self.district)
    }
}

/// The whole directory, ready for look-ups.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Groups in their order.
    pub groups: Vec<Group>,
    /// Categories in the order of their groups.
    pub categories: Vec<Category>,
    /// Units, parents first.
    pub units: Vec<Unit>,
    /// Districts.
    pub districts: Vec<District>,
    /// Neighbourhoods.
    pub neighbourhoods: Vec<Neighbourhood>,
    category_at: HashMap<String, usize>,
    unit_at: HashMap<String, usize>,
    district_at: HashMap<String, usize>,
    neighbourhood_at: HashMap<String, usize>,
}

impl Directory {
    /// A directory of these parts.
    #[must_use]
    pub fn new(
        groups: Vec<Group>,
        categories: Vec<Category>,
        units: Vec<Unit>,
        districts: Vec<District>,
        neighbourhoods: Vec<Neighbourhood>,
    ) -> Self {
        fn index<'a, T: 'a>(items: &'a [T], code: impl Fn(&'a T) -> &'a String) -> HashMap<String, usize> {
            items.iter().enumerate().map(|(i, item)| (code(item).clone(), i)).collect()
        }
        Self {
            category_at: index(&categories, |c| &c.code),
            unit_at: index(&units, |u| &u.code),
            district_at: index(&districts, |d| &d.code),
            neighbourhood_at: index(&neighbourhoods, |n| &n.code),
            groups,
            categories,
            units,
            districts,
            neighbourhoods,
        }
    }

    /// This directory with some units as `changes` have them, by code, and with those of them that are new.
    #[must_use]
    pub fn with_units(&self, changes: &BTreeMap<String, Unit>) -> Self {
        let known = self.units.iter().map(|unit| changes.get(&unit.code).unwrap_or(unit));
        let new = changes.values().filter(|unit| !self.unit_at.contains_key(&unit.code));
        let units = parents_first(known.chain(new).cloned().collect());
        Self::new(
            self.groups.clone(),
            self.categories.clone(),
            units,
            self.districts.clone(),
            self.neighbourhoods.clone(),
        )
    }

    /// The category with that code.
    #[must_use]
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.category_at.get(code).and_then(|i| self.categories.get(*i))
    }

    /// The category with that code or, where it is retired, the one that took its place; `None` when none did.
    #[must_use]
    pub fn current_category(&self, code: &str) -> Option<&Category> {
        let mut category = self.category(code)?;
        // As in `working`.
        for _ in 0..16 {
            if !category.retired {
                return Some(category);
            }
            category = self.category(category.successor.as_deref()?)?;
        }
        None
    }

    /// The unit with that code.
    #[must_use]
    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.unit_at.get(code).and_then(|i| self.units.get(*i))
    }

    /// The unit with that code or, where it is retired, the one that took its work over; `None` when nobody did.
    #[must_use]
    pub fn working(&self, code: &str) -> Option<&Unit> {
        let mut unit = self.unit(code)?;
        // Reorganisations follow each other; the bound keeps a circle of them from hanging us.
        for _ in 0..16 {
            if !unit.retired {
                return Some(unit);
            }
            unit = self.unit(unit.successors.first()?)?;
        }
        None
    }

    /// The district with that code.
    #[must_use]
    pub fn district(&self, code: &str) -> Option<&District> {
        self.district_at.get(code).and_then(|i| self.districts.get(*i))
    }

    /// The neighbourhood with that code.
    #[must_use]
    pub fn neighbourhood(&self, code: &str) -> Option<&Neighbourhood> {
        self.neighbourhood_at.get(code).and_then(|i| self.neighbourhoods.get(*i))
    }

    /// The unit a route leads to for a place in `neighbourhood`; `None` when the neighbourhood or unit is unknown,
    /// or the unit is retired and nobody took its work over.
    #[must_use]
    pub fn resolve(&self, route: &Route, neighbourhood: &str) -> Option<&Unit> {
        let district = || self.neighbourhood(neighbourhood).and_then(|n| self.district(&n.district_code));
        match route {
            Route::Fixed { code } => self.working(code),
            Route::BySide { europe, anatolia } => match district()?.side {
                Side::Europe => self.working(europe),
                Side::Anatolia => self.working(anatolia),
            },
            Route::DistrictMunicipality => self.working(&format!("ib-{}", district()?.code)),
        }
    }

    /// Whether `unit` is `ancestor` or lies below it.
    #[must_use]
    pub fn is_within(&self, unit: &str, ancestor: &str) -> bool {
        let mut at = Some(unit);
        // A directory with a circle is refused at import; the bound keeps a bad one from hanging us.
        for _ in 0..16 {
            match at {
                Some(code) if code == ancestor => return true,
                Some(code) => at = self.unit(code).and_then(|u| u.parent.as_deref()),
                None => return false,
            }
        }
        false
    }
}

/// The same units, each behind the one above it; else in their order. What hangs on a circle comes last.
fn parents_first(units: Vec<Unit>) -> Vec<Unit> {
    let known: HashSet<String> = units.iter().map(|unit| unit.code.clone()).collect();
    let mut placed: HashSet<String> = HashSet::new();
    let (mut out, mut rest) = (Vec::with_capacity(units.len()), units);
    loop {
        let before = out.len();
        let mut waiting = Vec::new();
        for unit in rest {
            let waits = unit.parent.as_ref().is_some_and(|parent| known.contains(parent) && !placed.contains(parent));
            if waits {
                waiting.push(unit);
            } else {
                placed.insert(unit.code.clone());
                out.push(unit);
            }
        }
        rest = waiting;
        if out.len() == before {
            out.append(&mut rest);
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_category_leads_to_the_one_of_today() {
        let category = |code: &str, successor: Option<&str>| Category {
            code: code.into(),
            group: "yol".into(),
            name: code.into(),
            name_en: code.into(),
            route: Route::DistrictMunicipality,
            alternatives: Vec::new(),
            photo: Need::Optional,
            location: Need::Optional,
            priority: Priority::Normal,
            ack_hours: 1,
            target_days: 1,
            sensitive: false,
            keywords: Vec::new(),
            retired: successor.is_some(),
            successor: successor.filter(|code| !code.is_empty()).map(str::to_owned),
        };
        let all = vec![
            category("now", None),
            category("then", Some("now")),
            category("once", Some("then")),
            category("gone", Some("")),
            category("lost", Some("nowhere")),
            category("round", Some("about")),
            category("about", Some("round")),
        ];
        let directory = Directory::new(Vec::new(), all, Vec::new(), Vec::new(), Vec::new());
        let current = |code: &str| directory.current_category(code).map(|category| category.code.as_str());
        for (code, wanted) in [
            ("now", Some("now")),
            ("then", Some("now")),
            ("once", Some("now")),
            ("gone", None),
            ("lost", None),
            ("round", None),
            ("never", None),
        ] {
            assert_eq!(current(code), wanted, "{code}");
        }
    }
}
