//! Lists of the command line: `units`, `neighbourhoods`, `tablets`, `user list`, `key list`,
//! `map list`.

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use mbs_shared::directory::{Directory, Unit};
use mbs_shared::fold::fold;
use mbs_shared::id::Prefix;
use mbs_shared::istanbul;
use serde_json::Value;

use crate::config::Settings;
use crate::database::versions::Versioned;
use crate::database::{DbResult, api_keys, devices, staff};
use crate::directory::table::code_of;
use crate::handlers::desk::view::Role;
use crate::knowledge::{Knowledge, Scopes};
use crate::map::pack_of;

/// Options of every list.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Show only lines with these words; capitals and Turkish letters do not matter ("sisli" finds Şişli)
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// One JSON array of objects, for programs
    #[arg(long)]
    json: bool,
}

impl List {
    /// Prints the lines that have all words, under `heads`.
    fn print<const N: usize>(
        &self,
        heads: [&'static str; N],
        lines: impl IntoIterator<Item = [String; N]>,
    ) -> Result<()> {
        let words: Vec<String> = self.words.iter().map(|w| fold(w)).collect();
        let lines: Vec<[String; N]> = lines.into_iter().filter(|line| has(&line.join(" "), &words)).collect();
        let text = if self.json { json(heads, &lines) } else { columns(heads, &lines) };
        match io::stdout().write_all(text.as_bytes()) {
            // Whoever reads it has seen enough (`| head`).
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            written => written?,
        }
        if lines.is_empty() {
            eprintln!("Nothing{}.", if words.is_empty() { " yet" } else { " with these words" });
        }
        Ok(())
    }
}

fn has(text: &str, words: &[String]) -> bool {
    let text = fold(text);
    words.iter().all(|w| text.contains(w.as_str()))
}

fn json<const N: usize>(heads: [&'static str; N], lines: &[[String; N]]) -> String {
    let object = |line: &[String; N]| -> Value {
        heads.iter().zip(line).map(|(head, cell)| (head.replace(' ', "_"), Value::from(cell.as_str()))).collect()
    };
    format!("{:#}\n", lines.iter().map(object).collect::<Value>())
}

fn columns<const N: usize>(heads: [&'static str; N], lines: &[[String; N]]) -> String {
    let mut widths = heads.map(|h| h.chars().count());
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let heads = heads.map(str::to_owned);
    for line in std::iter::once(&heads).chain(lines) {
        let cells: Vec<String> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// A time as a person reads it, empty for none.
fn when(ms: i64) -> String {
    if ms == 0 {
        return String::new();
    }
    jiff::Timestamp::from_millisecond(ms).map(|t| format!("{t:.0}")).unwrap_or_default()
}

/// Neighbourhoods with one of these words in code, name or district, for whoever mistyped one.
pub(super) fn near<'a>(directory: &'a Directory, code: &str) -> Vec<&'a str> {
    let words: Vec<String> = fold(code).split(' ').map(str::to_owned).collect();
    let about = |n: &mbs_shared::directory::Neighbourhood| format!("{} {} {}", n.code, n.district, n.name);
    directory.neighbourhoods.iter().filter(|n| has(&about(n), &words)).map(|n| n.code.as_str()).take(10).collect()
}

pub(super) fn neighbourhoods(list: &List) -> Result<()> {
    let lines = istanbul::directory().neighbourhoods.iter();
    list.print(["code", "district", "name"], lines.map(|n| [n.code.clone(), n.district.clone(), n.name.clone()]))
}

pub(super) fn units(settings: &Settings, list: &List) -> Result<()> {
    let knowledge = super::database(settings)?.ask(|s| Knowledge::load(s))?;
    let line = |u: &Unit| {
        let state = if u.retired { format!("retired: {}", u.successors.join(", ")) } else { String::new() };
        [u.code.clone(), code_of(u.kind), u.parent.clone().unwrap_or_default(), u.name.clone(), state]
    };
    list.print(["code", "kind", "parent", "name", "state"], knowledge.directory().units.iter().map(line))
}

pub(super) fn tablets(settings: &Settings, list: &List) -> Result<()> {
    let db = super::database(settings)?;
    let (fleet, scopes) = db.ask(|s| Ok((devices::fleet(s)?, Scopes::load(s)?)))?;
    let line = |t: &devices::FleetRow| {
        let state = match t {
            t if t.revoked != 0 => format!("revoked {}", when(t.revoked)),
            t if t.twin != 0 => "runs twice".to_owned(),
            _ => String::new(),
        };
        let missing = t.created.saturating_sub(t.arrived).to_string();
        [
            Prefix::new(t.prefix).to_string(),
            scopes.code(t.scope).to_owned(),
            t.app.clone(),
            when(t.seen),
            missing,
            state,
        ]
    };
    list.print(["tablet", "neighbourhood", "app", "last contact", "missing", "state"], fleet.iter().map(line))
}

pub(super) fn users(settings: &Settings, list: &List) -> Result<()> {
    let all = super::database(settings)?.ask(staff::all)?;
    let line = |u: staff::Account| {
        let state = if u.disabled == 0 { String::new() } else { format!("disabled {}", when(u.disabled)) };
        let place = if u.person.unit.is_empty() { u.person.districts.join(" ") } else { u.person.unit };
        let external = if u.bound { format!("{} (bound)", u.external) } else { u.external };
        [u.login, u.person.name, Role::code(u.person.role).to_owned(), place, external, when(u.created), state]
    };
    list.print(
        ["login", "name", "role", "unit or districts", "identity provider", "since", "state"],
        all.into_iter().map(line),
    )
}

pub(super) fn keys(settings: &Settings, list: &List, now: i64) -> Result<()> {
    let all = super::database(settings)?.ask(api_keys::all)?;
    let line = |k: api_keys::Listed| {
        let state = match &k {
            k if k.revoked != 0 => format!("revoked {}", when(k.revoked)),
            k if k.expires <= now => "expired".to_owned(),
            _ => String::new(),
        };
        let writes = if k.writes { "writes" } else { "reads" };
        [k.name, k.unit, writes.to_owned(), when(k.created), when(k.expires), state]
    };
    list.print(["name", "unit", "right", "since", "good until", "state"], all.into_iter().map(line))
}

/// Versions of the map that are shown.
const MAPS: u32 = 100;

pub(super) fn maps(settings: &Settings, list: &List) -> Result<()> {
    let all = super::database(settings)?.ask(|s| {
        let all = Versioned::Map.last(s, MAPS)?;
        all.into_iter().map(|version| Ok((pack_of(&version)?, version.at))).collect::<DbResult<Vec<_>>>()
    })?;
    let lines = all.into_iter().enumerate().map(|(n, (pack, at))| {
        let name = if pack.parts.is_empty() { "(of the app)".to_owned() } else { pack.version };
        let state = if n == 0 { "counts" } else { "" };
        [name, when(at), format!("{} KiB", pack.size.div_ceil(1024)), state.to_owned()]
    });
    list.print(["map", "since", "size", "state"], lines)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_list_is_found_by_words_without_turkish_letters_and_stands_in_columns() {
        let lines =
            [["sisli-bomonti".to_owned(), "Şişli".to_owned()], ["kadikoy-moda".to_owned(), "Kadıköy".to_owned()]];
        assert!(has(&lines[0].join(" "), &[fold("SISLI"), fold("bomonti")]));
        assert!(!has(&lines[1].join(" "), &[fold("şişli")]));
        assert_eq!(
            columns(["code", "district"], &lines),
            "code           district\nsisli-bomonti  Şişli\nkadikoy-moda   Kadıköy\n"
        );
        let read: Vec<BTreeMap<String, String>> =
            serde_json::from_str(&json(["code", "the district"], &lines)).unwrap();
        assert_eq!(read[1]["the_district"], "Kadıköy");
    }

    #[test]
    fn a_mistyped_neighbourhood_finds_its_like() {
        let directory = istanbul::directory();
        assert!(near(directory, "Kadıköy Rasimpaşa").contains(&"kadikoy-rasimpasa"));
        assert!(near(directory, "nowhere at all").is_empty());
    }
}
