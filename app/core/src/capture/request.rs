//! The request: from fields of a draft to a document's first change, and from fields to edits.

use mbs_shared::request::{Edit, MAX_ADDR, MAX_CATEGORY, MAX_DESC, MAX_ENTRY, MAX_TITLE, Request};

use super::place;
use crate::door::Fields;
use crate::error::{Code, Result, fail};

/// Checks lengths and place; categories only for their length, because an old code stays valid.
///
/// # Errors
/// [`Code::TooLong`] or [`Code::BadPlace`].
pub fn check(fields: &Fields) -> Result<()> {
    let limits = [
        ("title", &fields.title, MAX_TITLE),
        ("desc", &fields.desc, MAX_DESC),
        ("category", &fields.category, MAX_CATEGORY),
        ("addr", &fields.addr, MAX_ADDR),
    ];
    for (name, value, max) in limits {
        if value.as_ref().is_some_and(|v| v.len() > max) {
            return Err(fail(Code::TooLong, format!("{name} has more than {max} bytes")));
        }
    }
    fields.fix.map_or(Ok(()), |fix| place::check(fix).map(drop))
}

/// Checks the words of a thread entry.
///
/// # Errors
/// [`Code::TooLong`].
pub fn check_entry(text: &str) -> Result<()> {
    if text.len() > MAX_ENTRY {
        return Err(fail(Code::TooLong, format!("more than {MAX_ENTRY} bytes")));
    }
    Ok(())
}

/// Puts fields into a request.
pub fn apply(request: &mut Request, set: &Fields) {
    let Fields { title, desc, category, kind, fix, addr, discreet } = set;
    let put = |to: &mut String, from: &Option<String>| {
        if let Some(text) = from {
            to.clone_from(text);
        }
    };
    put(&mut request.title, title);
    put(&mut request.desc, desc);
    put(&mut request.category, category);
    put(&mut request.addr, addr);
    request.kind = kind.unwrap_or(request.kind);
    request.gps = fix.or(request.gps);
    request.discreet = discreet.unwrap_or(request.discreet);
}

/// The edits that say the same.
#[must_use]
pub fn edits(set: &Fields) -> Vec<Edit> {
    let mut out = Vec::new();
    out.extend(set.title.clone().map(Edit::Title));
    out.extend(set.desc.clone().map(Edit::Desc));
    out.extend(set.category.clone().map(Edit::Category));
    out.extend(set.kind.map(Edit::Kind));
    out.extend(set.fix.map(|fix| Edit::Gps(Some(fix))));
    out.extend(set.addr.clone().map(Edit::Addr));
    out.extend(set.discreet.map(Edit::Discreet));
    out
}

/// The fields that edits set, as a person can set them; of two edits of one field the later counts.
#[must_use]
pub fn fields(edits: &[Edit]) -> Fields {
    let mut out = Fields::default();
    for edit in edits.iter().cloned() {
        match edit {
            Edit::Title(title) => out.title = Some(title),
            Edit::Desc(desc) => out.desc = Some(desc),
            Edit::Category(category) => out.category = Some(category),
            Edit::Kind(kind) => out.kind = Some(kind),
            Edit::Gps(fix) => out.fix = fix.or(out.fix),
            Edit::Addr(addr) => out.addr = Some(addr),
            Edit::Discreet(discreet) => out.discreet = Some(discreet),
            _ => {}
        }
    }
    out
}

/// The edits that lead from `before` to `after`: how a change is made anew under another actor.
#[must_use]
pub fn difference(before: &Request, after: &Request) -> Vec<Edit> {
    let mut out = Vec::new();
    let mut put = |changed: bool, edit: Edit| {
        if changed {
            out.push(edit);
        }
    };
    put(before.title != after.title, Edit::Title(after.title.clone()));
    put(before.desc != after.desc, Edit::Desc(after.desc.clone()));
    put(before.category != after.category, Edit::Category(after.category.clone()));
    put(before.kind != after.kind, Edit::Kind(after.kind));
    put(before.gps != after.gps, Edit::Gps(after.gps));
    put(before.addr != after.addr, Edit::Addr(after.addr.clone()));
    put(before.discreet != after.discreet, Edit::Discreet(after.discreet));
    put(before.rel != after.rel, Edit::Rel(after.rel));
    for blob in &after.blobs {
        put(!before.blobs.iter().any(|b| b.hash == blob.hash), Edit::AddBlob(*blob));
    }
    for blob in &before.blobs {
        put(!after.blobs.iter().any(|b| b.hash == blob.hash), Edit::RemoveBlob(blob.hash));
    }
    out
}

/// The line shown in lists: the title, or the beginning of the words.
#[must_use]
pub fn headline(title: &str, desc: &str) -> String {
    if !title.trim().is_empty() {
        return title.trim().to_owned();
    }
    let line = desc.trim().lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(80).collect();
    if short.len() < line.len() {
        // Whole words, where there are any.
        if let Some((words, _)) = short.rsplit_once(' ').filter(|(w, _)| w.len() > 40) {
            short = words.to_owned();
        }
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_is_the_title_or_the_first_words() {
        assert_eq!(headline(" Çukur ", "x"), "Çukur");
        assert_eq!(headline("", "İlk satır\nikinci"), "İlk satır");
        let long = headline("", &"kaldırım ".repeat(20));
        assert!(long.ends_with("kaldırım…") && long.chars().count() <= 81, "{long}");
    }

    #[test]
    fn too_long_and_impossible_are_refused_at_the_door() {
        let long = Fields { title: Some("x".repeat(MAX_TITLE + 1)), ..Fields::default() };
        assert_eq!(check(&long).unwrap_err().code, Code::TooLong);
    }
}
