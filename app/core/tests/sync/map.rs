//! The map: another pack comes by itself, last of all, on from where it was cut, and is shown once it is whole and proven.

use super::WORDS;
use super::support::{Fault, Rig};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mbs_shared::blob::name_of;
use mbs_shared::wire::error::Code as WireCode;
use mbs_shared::wire::map::{FORMAT, MapPack, PART};
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{Health, MapPack as Shown, Status};

/// The server has another map, of so many bytes.
fn give(rig: &Rig, version: &str, size: usize) -> Vec<u8> {
    let salt = version.len() as u8;
    let bytes: Vec<u8> = (0_u32..).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 ^ salt).take(size).collect();
    let mut server = rig.server();
    server.map_parts = bytes.chunks(PART).map(|part| (name_of(part), part.to_vec())).collect();
    let parts = bytes.chunks(PART).map(name_of).collect();
    server.map = Some(MapPack { version: version.into(), format: FORMAT, size: u32::try_from(size).unwrap(), parts });
    bytes
}

fn health(rig: &Rig) -> (Option<String>, Option<u8>) {
    let Health { map, map_coming, .. } = rig.call(Call::Health);
    (map, map_coming)
}

/// The map that the screens are given; `None`: their own.
fn shown(rig: &Rig) -> Option<Vec<u8>> {
    let pack: Option<Shown> = rig.call(Call::Map);
    pack.map(|Shown { mark, parts, .. }| {
        let part = |part| rig.call::<Option<String>>(Call::MapPart { mark, part }).unwrap();
        (0..parts).flat_map(|n| STANDARD.decode(part(n)).unwrap()).collect()
    })
}

fn asked(rig: &Rig, path: &str) -> usize {
    rig.server().log.iter().filter(|line| line.starts_with(path)).count()
}

#[test]
fn it_comes_behind_words_and_photos_and_goes_on_where_the_battery_was_pulled() {
    let rig = Rig::new();
    assert_eq!((shown(&rig), health(&rig)), (None, (None, None)));
    let given = give(&rig, "2026-12", 3 * PART + 77);
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let _: mbs_tablet::door::view::Request = rig.call(Call::Send { id });
    rig.sync();
    let log = rig.server().log.clone();
    let first = log.iter().position(|line| line.starts_with("/v1/map")).unwrap();
    let photo = log.iter().rposition(|line| line.contains(&rig.show(id).photos[0].hash.to_string())).unwrap();
    assert!(photo < first, "{log:?}");
    assert_eq!((shown(&rig).unwrap(), health(&rig)), (given.clone(), (Some("2026-12".into()), None)));
    // It is here: nothing is asked for again, after a pulled battery neither.
    rig.server().log.clear();
    let rig = rig.pulled();
    rig.send(WORDS);
    rig.sync();
    assert_eq!((shown(&rig), asked(&rig, "/v1/map"), asked(&rig, "/v1/blobs")), (Some(given.clone()), 0, 0));

    // The next one: cut again and again, by a process that ends at each cut. Until it is whole the one before is shown.
    let newer = give(&rig, "2027-01-20", 4 * PART);
    let mut rig = rig.pulled();
    for n in 0..4 {
        // The exchange, at the first time the question for it, one part in slices that double, and a cut.
        let slices = [16, 32, 16].len();
        let pass = 1 + usize::from(n == 0) + if n == 0 { slices } else { 0 };
        rig.server().faults = std::iter::repeat_n(Fault::Pass, pass).chain([Fault::Lost]).collect();
        assert!(rig.sync().cut);
        assert_eq!(shown(&rig), Some(given.clone()));
        rig = rig.pulled();
    }
    assert_eq!(health(&rig), (Some("2026-12".into()), Some(25)), "what came whole is kept");
    rig.server().log.clear();
    rig.sync();
    let first = newer.chunks(PART).map(name_of).next().unwrap();
    assert_eq!(asked(&rig, &format!("/v1/blobs/{first}")), 0, "it is not fetched twice");
    assert_eq!((shown(&rig), health(&rig)), (Some(newer), (Some("2027-01-20".into()), None)));

    // The operator takes it back.
    rig.server().map = Some(MapPack::default());
    let rig = rig.pulled();
    rig.sync();
    assert_eq!((shown(&rig), health(&rig)), (None, (None, None)));
}

#[test]
fn what_is_damaged_on_the_way_or_here_is_never_shown() {
    let rig = Rig::new();
    let given = give(&rig, "2026-12", 2 * PART);
    let second = name_of(&given[PART..]);
    rig.server().map_parts.get_mut(&second).unwrap()[5] ^= 1;
    rig.sync();
    assert_eq!((shown(&rig), health(&rig)), (None, (None, Some(50))));
    // In the next process it is tried again.
    rig.server().map_parts.insert(second, given[PART..].to_vec());
    let rig = rig.pulled();
    rig.sync();
    assert_eq!(shown(&rig).unwrap(), given);

    // A page that rots, as nothing else would notice it.
    let pack: Shown = rig.call(Call::Map);
    let dir = rig.dir;
    drop(rig.tablet);
    let (mut store, _) = mbs_tablet::store::Store::open(dir.path(), &rig.ports).unwrap();
    store
        .write(|c| Ok(c.execute("UPDATE map_parts SET bytes = zeroblob(9) WHERE hash = ?1", [second.0]).map(drop)?))
        .unwrap();
    drop(store);
    let tablet = mbs_tablet::Tablet::open(dir.path(), rig.ports.clone()).unwrap();
    let rig = Rig { dir, tablet, clock: rig.clock, server: rig.server, ports: rig.ports };
    rig.sync();
    assert_eq!(rig.call::<Option<String>>(Call::MapPart { mark: pack.mark, part: 1 }), None);
    assert_eq!(rig.call::<Option<Shown>>(Call::Map), None, "the app's own is shown");
    rig.sync();
    assert_eq!(shown(&rig).unwrap(), given, "it has come anew");
    assert_eq!(rig.call::<Option<String>>(Call::MapPart { mark: pack.mark ^ 1, part: 0 }), None);
}

#[test]
fn over_paid_lines_it_keeps_to_what_the_muhtar_chose() {
    let rig = Rig::new();
    let given = give(&rig, "2026-12", 3 * PART);
    let pays = |metered| drop(rig.call::<Status>(Call::Line { online: true, metered: Some(metered) }));
    let choose = |mb| drop(rig.call::<Status>(Call::MobileLimit { mb }));
    let mobile = || rig.status().mobile;
    pays(true);
    choose(Some(0));
    rig.sync();
    assert_eq!((shown(&rig), asked(&rig, "/v1/map"), mobile().today), (None, 1, 0), "only over Wi-Fi");
    // What is left of the day's megabyte is spent to its end, and no further.
    choose(Some(1));
    rig.sync();
    assert_eq!((shown(&rig), mobile().today), (Some(given), 3 * PART as u64));
    let large = give(&rig, "2027-01-20", 16 * PART);
    let rig = rig.pulled();
    let _: Status = rig.call(Call::Line { online: true, metered: Some(true) });
    rig.sync();
    let today = rig.status().mobile.today;
    assert!(today <= 1_000_000 && today > 1_000_000 - 2 * 1024, "{today}");
    assert!(health(&rig).1.is_some());
    // In Wi-Fi nobody pays.
    let _: Status = rig.call(Call::Line { online: true, metered: Some(false) });
    rig.sync();
    assert_eq!((shown(&rig), rig.status().mobile.today), (Some(large), today));
}

#[test]
fn one_that_cannot_be_shown_here_or_had_is_left_alone() {
    let rig = Rig::new();
    // Of a later release.
    give(&rig, "2030-01", PART);
    rig.server().map.as_mut().unwrap().format = FORMAT + 1;
    rig.sync();
    assert_eq!((shown(&rig), health(&rig), asked(&rig, "/v1/blobs")), (None, (None, None), 0));
    // Larger than any.
    give(&rig, "2030-01-01", PART);
    let first = rig.server().map.as_ref().unwrap().parts[0];
    rig.server().map.as_mut().unwrap().parts = vec![first; 129];
    let rig = rig.pulled();
    rig.sync();
    assert_eq!((shown(&rig), health(&rig), asked(&rig, "/v1/blobs")), (None, (None, None), 0));
    // The server lost a part: nothing else suffers from it.
    give(&rig, "2030", 2 * PART);
    let rig = rig.pulled();
    let parts = rig.server().map.as_ref().unwrap().parts.clone();
    let lost = rig.server().map_parts.remove(&parts[1]).unwrap();
    rig.send(WORDS);
    assert_eq!(rig.sync().waiting, 0);
    assert_eq!(health(&rig), (None, Some(50)));
    // A refusal of the question neither, and the mark brings it again.
    rig.server().map_parts.insert(parts[1], lost);
    give(&rig, "2031-01-01-x", PART);
    rig.send(WORDS);
    rig.server().faults = [Fault::Pass, Fault::Pass, Fault::Instead(404, vec![], Some(WireCode::NotFound))].into();
    rig.sync();
    rig.server().faults.clear();
    let rig = rig.pulled();
    assert!(!rig.sync().cut);
    assert_eq!(health(&rig), (Some("2031-01-01-x".into()), None));
}
