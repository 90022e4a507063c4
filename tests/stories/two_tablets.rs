//! Story 5: one muhtar, two tablets, the same request edited on both without signal. Both end with the
//! same; versions of one field stand side by side; no sentence comes out that nobody wrote.

use mbs_tablet::door::view::Request;
use mbs_tablet::door::{Call, Fields};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::tablet::{Door, New};
use mbs_tests::world::World;

const ONE: &str = "Okul önündeki çukur derinleşti, iki bisikletli düştü.";
const OTHER: &str = "Çukurun yanındaki kaldırım da çöktü; okul servisi geçemiyor.";

#[test]
fn both_versions_stand_side_by_side() {
    let mut world = World::begin();
    let office = world.tablet(RASIMPASA);
    let street = world.tablet(RASIMPASA);
    let words = words_about("yol.cukur", 5);
    let id = office.file(&New::of(words).at(RASIMPASA_PLACE)).unwrap().row.id;
    office.settle();
    street.settle();
    assert_eq!(street.request(id).desc, words.text, "the other tablet of the mandate has it");

    // Both without signal: the same field twice, and one field each.
    world.network.cut();
    office
        .edit(id, Fields { desc: Some(ONE.into()), addr: Some("Rıhtım Caddesi, okul önü".into()), ..Fields::default() })
        .unwrap();
    street
        .edit(id, Fields { desc: Some(OTHER.into()), title: Some("Okul önünde çukur".into()), ..Fields::default() })
        .unwrap();
    world.network.restore();
    for _ in 0..2 {
        office.settle();
        street.settle();
    }

    let (a, b) = (office.request(id), street.request(id));
    same(&a, &b);
    for request in [&a, &b] {
        assert_eq!(request.row.addr, "Rıhtım Caddesi, okul önü");
        assert_eq!(request.title, "Okul önünde çukur");
        assert_eq!(request.conflicts.len(), 1, "{:?}", request.conflicts);
        let texts: Vec<_> = request.conflicts[0].versions.iter().map(|v| v.text.as_str()).collect();
        assert_eq!(request.conflicts[0].field, "desc");
        assert_eq!(texts.len(), 2);
        assert!(texts.contains(&ONE) && texts.contains(&OTHER), "{texts:?}");
        assert_eq!(request.desc, texts[0], "the version that counts comes first and is one of them, word for word");
        assert_eq!(request.conflicts[0].versions.iter().filter(|v| v.mine).count(), 1);
    }
    // The desk sees the same two.
    let seen = world.triage().open(id).unwrap();
    assert_eq!(seen["desc"], a.desc.as_str());
    assert_eq!(seen["conflicts"][0]["versions"].as_array().unwrap().len(), 2, "{}", seen["conflicts"]);

    // The muhtar keeps the one that did not count: then it is the only one, everywhere.
    let kept = a.conflicts[0].versions[1].text.clone();
    let seen: Vec<String> = a.conflicts[0].versions.iter().map(|version| version.name.clone()).collect();
    office.call::<Request>(Call::Keep { id, field: "desc".into(), version: seen[1].clone(), seen }).unwrap();
    office.settle();
    street.settle();
    for tablet in [office.reopened(), street.reopened()] {
        let request = tablet.request(id);
        assert_eq!(request.desc, kept);
        assert!(request.conflicts.is_empty(), "{:?}", request.conflicts);
    }
    assert_eq!(world.server.record(id).changes, 4);
    assert_eq!(world.triage_again().open(id).unwrap()["desc"], kept.as_str());
    assert_eq!(world.server.number("select count(*) from quarantine"), 0);
}

/// Edits made while the other keeps on editing: whatever the order of exchanges, both end the same.
#[test]
fn any_order_of_exchanges_ends_the_same() {
    let mut world = World::begin();
    let tablets = [world.tablet(RASIMPASA), world.tablet(RASIMPASA)];
    let id = tablets[0].file(&New::of(words_about("yol.cukur", 6)).at(RASIMPASA_PLACE)).unwrap().row.id;
    tablets.iter().for_each(|t| t.settle());
    let mut dice = mbs_tests::people::Dice::new(55);
    for round in 0..12 {
        let tablet = &tablets[dice.below(2) as usize];
        let text = format!("Sürüm {round}: kaldırım {} metre boyunca kırık.", 3 + dice.below(40));
        let set = match dice.below(3) {
            0 => Fields { title: Some(text), ..Fields::default() },
            1 => Fields { desc: Some(text), ..Fields::default() },
            _ => Fields { addr: Some(text), ..Fields::default() },
        };
        tablet.edit(id, set).unwrap();
        if dice.below(3) == 0 {
            tablets[dice.below(2) as usize].sync();
        }
    }
    for _ in 0..2 {
        tablets.iter().for_each(|t| t.settle());
    }
    same(&tablets[0].request(id), &tablets[1].request(id));
    assert_eq!(world.server.record(id).changes, 13);
}

fn same(a: &Request, b: &Request) {
    let fields = |r: &Request| {
        let mut conflicts: Vec<_> = r
            .conflicts
            .iter()
            .map(|c| (c.field.clone(), c.versions.iter().map(|v| v.text.clone()).collect::<Vec<_>>()))
            .collect();
        conflicts.sort();
        (r.title.clone(), r.desc.clone(), r.row.addr.clone(), r.row.category.clone(), conflicts)
    };
    assert_eq!(fields(a), fields(b));
}
