//! Categories and suggestions, from the directory the tablet carries; and what a QR code says.

use std::sync::OnceLock;

use mbs_shared::istanbul;

use super::given;
use super::view::{Categories, Category, Group, Halves, ReadCode, Suggestion};
use crate::capture::code;
use crate::capture::suggest::Suggester;
use crate::error::{Code, Result, fail};

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
                retired: c.retired,
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
    suggester().suggest(text)
}

fn suggester() -> &'static Suggester {
    static SUGGESTER: OnceLock<Suggester> = OnceLock::new();
    SUGGESTER.get_or_init(|| Suggester::new(istanbul::directory()))
}

/// The halves of a text that tells of two troubles.
pub(crate) fn halves(text: &str) -> Option<Halves> {
    let split = suggester().split(text)?;
    let (first, second) = text.split_at_checked(split.at)?;
    let (first, second) = (first.trim().to_owned(), second.trim().to_owned());
    Some(Halves { first, second, first_category: split.first, second_category: split.second })
}

/// Largest photo of a code, in bytes.
const MAX_CODE: usize = 1024 * 1024;

/// The text of the QR code in a photo.
pub(crate) fn read_code(data: &str) -> Result<ReadCode> {
    let photo = given::bytes(data, MAX_CODE, Code::PhotoTooLarge)?;
    let text = code::read(&photo).ok_or_else(|| fail(Code::NoCode, "no code that could be read"))?;
    Ok(ReadCode { text })
}
