//! Categories and suggestions: from the directory the tablet carries.

use std::sync::OnceLock;

use mbs_shared::istanbul;

use super::view::{Categories, Category, Group, Suggestion};
use crate::capture::suggest::Suggester;

/// Groups and categories in the order they are offered.
pub(crate) fn categories() -> Categories {
    let directory = istanbul::directory();
    let mut groups: Vec<_> = directory.groups.iter().collect();
    groups.sort_by_key(|g| g.order);
    let of = |group: &str| {
        directory
            .categories
            .iter()
            .filter(|c| c.group == group)
            .map(|c| Category {
                code: c.code.clone(),
                name: c.name.clone(),
                name_en: c.name_en.clone(),
                photo: c.photo,
                location: c.location,
                keywords: c.keywords.clone(),
                target_days: c.target_days,
                sensitive: c.sensitive,
            })
            .collect()
    };
    let groups = groups.into_iter().map(|g| Group {
        code: g.code.clone(),
        name: g.name.clone(),
        name_en: g.name_en.clone(),
        categories: of(&g.code),
    });
    Categories { groups: groups.collect() }
}

/// Fitting categories, best first.
pub(crate) fn suggest(text: &str) -> Vec<Suggestion> {
    static SUGGESTER: OnceLock<Suggester> = OnceLock::new();
    SUGGESTER.get_or_init(|| Suggester::new(istanbul::directory())).suggest(text)
}
