//! The rules a category is routed by: the directory's, or what the desk made of them since.

use std::collections::{BTreeMap, HashMap};

use mbs_shared::directory::{Category, Directory, Priority, Route, Unit};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::database::versions::Versioned;
use crate::database::{DbResult, Session};
use crate::error::Fault;

/// Longest target of a category, in working days: law 3071 wants an answer long before.
const MAX_DAYS: u16 = 90;
/// Other units a category may name.
const MAX_ALTERNATIVES: usize = 8;

/// How one category is routed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Rule {
    /// Where its requests go.
    pub route: Route,
    /// Other units that may be right.
    pub alternatives: Vec<Route>,
    /// Whether triage looks first.
    pub triage_first: bool,
    /// Working days within which it should be done.
    pub target_days: u16,
    /// Urgency.
    pub priority: Priority,
}

impl Rule {
    /// Codes of the units it names.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.route).chain(&self.alternatives).flat_map(units_of)
    }
}

impl From<&Category> for Rule {
    fn from(category: &Category) -> Self {
        Self {
            route: category.route.clone(),
            alternatives: category.alternatives.clone(),
            triage_first: false,
            target_days: category.target_days,
            priority: category.priority,
        }
    }
}

/// Rules by category code.
pub type Changes = BTreeMap<String, Rule>;

/// The rules of every category.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Number of the version; 0: as the directory has them.
    pub version: i64,
    /// A retired category has its successor's; one that nothing succeeds has none.
    rules: HashMap<String, Rule>,
    changes: Changes,
}

impl Rules {
    /// The directory's, with `changes`.
    #[must_use]
    pub fn new(directory: &Directory, version: i64, changes: Changes) -> Self {
        let rule = |category: &Category| {
            let current = directory.current_category(&category.code)?;
            let rule = changes.get(&current.code).cloned().unwrap_or_else(|| current.into());
            Some((category.code.clone(), rule))
        };
        Self { version, rules: directory.categories.iter().filter_map(rule).collect(), changes }
    }

    /// The newest version.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn load(session: &mut dyn Session, directory: &Directory) -> DbResult<Self> {
        let newest = Versioned::Rules.newest(session)?;
        Ok(match Versioned::Rules.by_id(session, newest)? {
            Some(version) => Self::new(directory, version.id, version.read()?),
            None => Self::new(directory, 0, Changes::new()),
        })
    }

    /// How a category is routed.
    #[must_use]
    pub fn of(&self, category: &str) -> Option<&Rule> {
        self.rules.get(category)
    }

    /// Where they differ from the directory's.
    #[must_use]
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The priority of a category; normal for one that is not known.
    #[must_use]
    pub fn priority(&self, category: &str) -> Priority {
        self.of(category).map_or(Priority::Normal, |rule| rule.priority)
    }

    /// The unit a request goes to by itself; `None`: triage looks first.
    #[must_use]
    pub fn target<'a>(&self, directory: &'a Directory, category: &str, place: &str) -> Option<&'a Unit> {
        let rule = self.of(category).filter(|rule| !rule.triage_first)?;
        directory.resolve(&rule.route, place)
    }

    /// These rules with some of them replaced. One that is as the directory's is a change no more.
    #[must_use]
    pub fn with(&self, directory: &Directory, replaced: Changes) -> Self {
        let mut changes = self.changes.clone();
        changes.extend(replaced);
        changes.retain(|code, rule| directory.category(code).is_some_and(|category| *rule != Rule::from(category)));
        Self::new(directory, self.version, changes)
    }
}

/// Refuses rules that name what is not there.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::BadInput`] with the category and what is wrong.
pub fn check(directory: &Directory, changes: &Changes) -> Result<(), Fault> {
    for (code, rule) in changes {
        let wrong = |why: String| Fault::bad_input(format!("{code}: {why}"));
        let category = directory.category(code).ok_or_else(|| wrong("Bu konu dizinde yok.".into()))?;
        if category.retired {
            return Err(wrong("Bu konu kaldırılmış; yerine geçen konunun kuralını değiştirin.".into()));
        }
        if rule.target_days > MAX_DAYS {
            return Err(wrong(format!("Hedef süre en çok {MAX_DAYS} iş günü olabilir.")));
        }
        if rule.alternatives.len() > MAX_ALTERNATIVES {
            return Err(wrong(format!("En çok {MAX_ALTERNATIVES} seçenek yazılabilir.")));
        }
        for unit in rule.units() {
            match directory.unit(unit) {
                None => return Err(wrong(format!("{unit} kodlu birim dizinde yok."))),
                Some(unit) if unit.retired => return Err(wrong(format!("{} kapatılmış bir birim.", unit.name))),
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// The units a route names.
fn units_of(route: &Route) -> Vec<&str> {
    match route {
        Route::Fixed { code } => vec![code],
        Route::BySide { europe, anatolia } => vec![europe, anatolia],
        Route::DistrictMunicipality => Vec::new(),
    }
}
