//! Istanbul's compiled-in data parses, hangs together, and routes every category everywhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]
#![cfg(feature = "istanbul")]

use std::collections::HashSet;

use mbs_shared::directory::{Side, Unit};
use mbs_shared::istanbul::{borders, calendar, directory};
use mbs_shared::place::Found;

#[test]
fn the_directory_is_whole() {
    let d = directory();
    assert_eq!((d.groups.len(), d.categories.len(), d.units.len()), (20, 100, 244));
    assert_eq!((d.districts.len(), d.neighbourhoods.len()), (39, 963));
    assert_eq!(d.districts.iter().filter(|d| d.side == Side::Europe).count(), 25);
    let groups: HashSet<_> = d.groups.iter().map(|g| g.code.as_str()).collect();
    for c in &d.categories {
        assert!(groups.contains(c.group.as_str()) && d.category(&c.code) == Some(c), "{}", c.code);
        assert!(c.target_days > 0 && !c.name.is_empty() && !c.name_en.is_empty(), "{}", c.code);
    }
    for n in &d.neighbourhoods {
        assert!(d.district(&n.district_code).is_some_and(|d| d.name == n.district), "{}", n.code);
        assert_eq!(d.neighbourhood(&n.code), Some(n), "no code twice");
    }
}

#[test]
fn every_unit_hangs_below_a_known_one_without_a_circle() {
    let d = directory();
    for unit in &d.units {
        assert_eq!(d.unit(&unit.code), Some(unit), "no code twice");
        let mut above = unit;
        let mut steps = 0;
        while let Some(parent) = &above.parent {
            above = d.unit(parent).unwrap_or_else(|| panic!("{} is below {parent}", above.code));
            assert!(d.is_within(&unit.code, parent));
            steps += 1;
            assert!(steps < 16, "{} is below itself", unit.code);
        }
    }
}

#[test]
fn every_category_has_a_unit_everywhere() {
    let d = directory();
    for category in &d.categories {
        for neighbourhood in &d.neighbourhoods {
            for route in std::iter::once(&category.route).chain(&category.alternatives) {
                let unit = d.resolve(route, &neighbourhood.code);
                assert!(unit.is_some(), "{} in {}: {route:?}", category.code, neighbourhood.code);
            }
        }
    }
}

#[test]
fn borders_and_directory_know_the_same_codes() {
    let d = directory();
    for n in &d.neighbourhoods {
        match borders().locate(n.lat, n.lon) {
            Found::Neighbourhood { neighbourhood, district } => {
                assert_eq!(d.neighbourhood(neighbourhood).map(|n| n.district_code.as_str()), Some(district));
                assert_eq!(district, n.district_code);
            }
            other => panic!("{}: {other:?}", n.code),
        }
    }
}

#[test]
fn the_calendar_is_there() {
    // From Tuesday, 24 November 2026: Wednesday the 25th is the first day.
    assert_eq!(calendar().due(1_795_500_000_000, 1), 1_795_618_800_000);
}

#[test]
fn a_unit_lies_within_those_above_it_and_no_others() {
    let d = directory();
    let unit =
        d.units.iter().find(|u| u.parent.as_deref().is_some_and(|p| d.unit(p).unwrap().parent.is_some())).unwrap();
    let parent = unit.parent.as_deref().unwrap();
    let above = d.unit(parent).unwrap().parent.as_deref().unwrap();
    for (code, ancestor, wanted) in [
        (unit.code.as_str(), unit.code.as_str(), true),
        (&unit.code, parent, true),
        (&unit.code, above, true),
        (parent, &unit.code, false),
        ("atlantis", parent, false),
        (&unit.code, "atlantis", false),
    ] {
        assert_eq!(d.is_within(code, ancestor), wanted, "{code} in {ancestor}");
    }
}

/// New units may hang on each other in any order, and on a circle: each is there once, behind the one above it.
#[test]
fn changed_and_new_units_stand_behind_those_above_them() {
    let d = directory();
    let like = |code: &str, parent: &str| Unit {
        code: code.into(),
        name: format!("{code} Müdürlüğü"),
        parent: Some(parent.into()),
        ..d.units[9].clone()
    };
    let known = d.units[9].clone();
    let renamed = Unit { name: "Yeni Ad".into(), ..known.clone() };
    let new =
        [like("a-yeni", "b-yeni"), like("b-yeni", &known.code), like("x-halka", "y-halka"), like("y-halka", "x-halka")];
    let changes = new.iter().cloned().chain([renamed]).map(|unit| (unit.code.clone(), unit)).collect();
    let after = d.with_units(&changes);
    assert_eq!(after.units.len(), d.units.len() + 4);
    assert_eq!(after.unit(&known.code).unwrap().name, "Yeni Ad");
    let at = |code: &str| after.units.iter().position(|unit| unit.code == code).unwrap();
    assert!(at(&known.code) < at("b-yeni") && at("b-yeni") < at("a-yeni"));
    assert!(at("x-halka").min(at("y-halka")) == after.units.len() - 2, "what hangs on a circle comes last");
}

#[test]
fn a_neighbourhood_is_named_with_its_district() {
    assert_eq!(directory().neighbourhood("kadikoy-rasimpasa").unwrap().with_district(), "Rasimpaşa, Kadıköy");
}
