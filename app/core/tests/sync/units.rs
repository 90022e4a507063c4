//! The organisation changes: units are called as the server has them now.

use super::WORDS;
use super::support::{Fault, MORNING, Rig};
use mbs_shared::istanbul;
use mbs_shared::routing::{What, Who};
use mbs_shared::wire::units::{UnitName, Units};

fn asked(rig: &Rig) -> usize {
    let asked = rig.server().log.iter().filter(|line| line.contains("/v1/units")).count();
    rig.server().log.clear();
    asked
}

#[test]
fn a_unit_that_came_after_the_release_has_its_name_and_is_asked_for_once() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    let mut units = Units::of(istanbul::directory());
    rig.server().units = Some(units.clone());
    rig.sync();
    let routed = |unit: &str| What::Routed { unit: unit.into(), due: MORNING + 86_400_000 };
    rig.server().decide(id, Who::Triage, routed("md-yol-bakim-anadolu"), "");
    rig.sync();
    assert_eq!(asked(&rig), 0, "the release knows them all");

    units.list.push(UnitName { code: "md-cukur".into(), name: "Çukur Müdürlüğü".into() });
    rig.server().units = Some(units.clone());
    rig.server().decide(id, Who::Triage, routed("md-cukur"), "");
    // The list is lost on the way: until it comes, the code stands there, and the next rows bring it.
    rig.server().faults = [Fault::Pass, Fault::Lost].into();
    rig.sync();
    assert_eq!(rig.show(id).unit.as_deref(), Some("md-cukur"));
    rig.server().decide(id, Who::Unit, What::Accepted, "");
    rig.sync();
    assert_eq!(asked(&rig), 1, "the server heard the second question only");
    let shown = rig.show(id);
    assert_eq!(shown.unit.as_deref(), Some("Çukur Müdürlüğü"));
    assert!(shown.timeline.iter().any(|step| step.unit.as_deref() == Some("Çukur Müdürlüğü")));
    rig.server().decide(id, Who::Unit, What::Planned { date: "2026-12-02".into() }, "");
    rig.sync();
    assert_eq!(asked(&rig), 0, "it is here");

    // Renamed; and kept when the battery was pulled.
    units.list.last_mut().unwrap().name = "Çukur ve Kasis Müdürlüğü".into();
    rig.server().units = Some(units);
    rig.server().decide(id, Who::Unit, What::Planned { date: "2026-12-03".into() }, "");
    rig.sync();
    assert_eq!(rig.pulled().show(id).unit.as_deref(), Some("Çukur ve Kasis Müdürlüğü"));
}
