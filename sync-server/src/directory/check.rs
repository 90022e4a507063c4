//! What makes units impossible: told for all of them at once, each with its line.

use std::collections::HashMap;

use mbs_shared::directory::{Directory, Unit};

use super::{Changes, Given, Problem};

/// Problems that are told at once; more say the same.
const MOST: usize = 100;
/// Longest code, in bytes.
const MAX_CODE: usize = 64;
/// Longest name, in bytes.
const MAX_NAME: usize = 200;
/// Units that take over another's work, at most.
const MAX_SUCCESSORS: usize = 8;
/// Levels of the organisation, at most.
const DEEPEST: usize = 16;

/// What `given` changes in `before`, by code, or why it cannot be taken over. Nothing is told of units that were there and are
/// not given.
///
/// # Errors
/// Everything that is wrong, at most so much that it can be read.
pub fn checked(before: &Directory, given: &[Given]) -> Result<Changes, Vec<Problem>> {
    let changes = super::changes(before, given);
    let after = before.with_units(&changes);
    let mut first: HashMap<&str, u32> = HashMap::new();
    let mut found = Vec::new();
    for Given { line, unit } in given {
        let mut tell = |why: String| found.push(Problem { line: *line, code: unit.code.clone(), why });
        if let Some(earlier) = first.get(unit.code.as_str()) {
            tell(format!("Bu kod {earlier}. satırda da var; her birim bir kez yazılır."));
            continue;
        }
        first.insert(&unit.code, *line);
        form(unit).into_iter().for_each(&mut tell);
        kind(before, unit).into_iter().for_each(&mut tell);
        above(&after, unit).into_iter().for_each(&mut tell);
        after_it(&after, unit).into_iter().for_each(&mut tell);
    }
    found.truncate(MOST);
    if found.is_empty() { Ok(changes) } else { Err(found) }
}

/// What each must look like.
fn form(unit: &Unit) -> Vec<String> {
    let mut out = Vec::new();
    let spelled = unit.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if unit.code.is_empty() || unit.code.len() > MAX_CODE || !spelled {
        out.push(format!("Kod yalnız a–z, 0–9 ve tireden oluşur, en çok {MAX_CODE} harftir; boş bırakılamaz."));
    }
    let names = [("Ad", &unit.name), ("İngilizce ad", &unit.name_en)];
    for (what, _) in names.iter().filter(|(_, name)| name.trim().is_empty()) {
        out.push(format!("{what} boş bırakılamaz."));
    }
    if names.iter().any(|(_, name)| name.len() > MAX_NAME) || unit.short.as_ref().is_some_and(|s| s.len() > MAX_NAME) {
        out.push(format!("Adlar en çok {MAX_NAME} bayttır."));
    }
    out
}

/// What lies outside stays outside: its requests went another way.
fn kind(before: &Directory, unit: &Unit) -> Option<String> {
    let was = before.unit(&unit.code)?;
    (was.is_external() != unit.is_external())
        .then(|| "Belediye birimi dış kuruma, dış kurum birime çevrilemez; yeni bir kod açıp bunu kapatın.".to_owned())
}

/// The units above it.
fn above(after: &Directory, unit: &Unit) -> Option<String> {
    let parent = unit.parent.as_deref()?;
    let mut at = Some(parent);
    for _ in 0..DEEPEST {
        let code = at?;
        if code == unit.code {
            return Some(format!("Üst birimler bir daire çiziyor: {} kendi altında kalıyor.", unit.code));
        }
        let Some(found) = after.unit(code) else {
            return (code == parent).then(|| format!("Üst birim {code} dizinde de tabloda da yok."));
        };
        if code == parent && found.retired && !unit.retired {
            return Some(format!("Üst birim {code} kapatılmış; açık bir birim seçin."));
        }
        at = found.parent.as_deref();
    }
    Some(format!("Üst birimler {DEEPEST} basamaktan derin."))
}

/// The units that take its work over.
fn after_it(after: &Directory, unit: &Unit) -> Option<String> {
    if !unit.retired {
        return (!unit.successors.is_empty())
            .then(|| "Yerine geçen birim yalnız kapatılan birimde yazılır.".to_owned());
    }
    if unit.successors.len() > MAX_SUCCESSORS {
        return Some(format!("Yerine en çok {MAX_SUCCESSORS} birim geçebilir."));
    }
    if let Some(strange) = unit.successors.iter().find(|code| after.unit(code).is_none()) {
        return Some(format!("Yerine geçecek {strange} dizinde de tabloda da yok."));
    }
    if unit.successors.contains(&unit.code) {
        return Some("Bir birim kendi yerine geçemez.".to_owned());
    }
    let crosses = |code: &String| after.unit(code).is_some_and(|to| to.is_external() != unit.is_external());
    if unit.successors.iter().any(crosses) {
        return Some("Belediye biriminin açık işi dış kuruma, dış kurumunki birime kendiliğinden geçmez; yerine aynı taraftan bir birim yazın.".to_owned());
    }
    let lost = !unit.successors.is_empty() && after.working(&unit.code).is_none();
    lost.then(|| "Yerine geçenler de kapatılmış; açık bir birime varılmıyor.".to_owned())
}
