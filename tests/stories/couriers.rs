//! A tablet that never has a network: what it filed comes on a stick, or through a neighbour's tablet; twice, cut off,
//! altered, after a revocation.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mbs_shared::id::RequestId;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{CarryStep, Transport};
use mbs_tablet::error::Code;
use mbs_tests::people::{CAFERAGA, RASIMPASA, RASIMPASA_PLACE, fixture_bytes, words_about};
use mbs_tests::tablet::{Device, Door, New, is_delivered};
use mbs_tests::world::World;

/// A tablet with two requests and three photos, without a network, and its bundle.
fn in_a_dead_spot(world: &mut World) -> (Device, Vec<RequestId>, PathBuf) {
    let tablet = world.tablet(RASIMPASA);
    world.network.cut();
    let file = |n: usize, photos: &[&str]| {
        let new = New::of(words_about("yol.cukur", n)).at(RASIMPASA_PLACE);
        tablet.file(&new.with_photos(photos.iter().map(|p| fixture_bytes(p)))).unwrap().row.id
    };
    let ids =
        vec![file(0, &["generated/g-ist-01.jpg", "generated/g-ist-02.jpg"]), file(1, &["generated/g-ist-03.jpg"])];
    assert!(tablet.sync().cut);
    let stick = world.folder("stick");
    let written = tablet.tablet.write_courier(&stick).unwrap();
    assert_eq!((written.words, written.photos, written.files.len()), (2, 3, 1));
    assert_eq!(tablet.outbox().items.len(), 5, "nothing leaves the outbox by it");
    let bundle = stick.join(&written.files[0]);
    (tablet, ids, bundle)
}

/// Both requests and all photos, once, byte for byte.
fn all_is_here(world: &World, tablet: &Device, ids: &[RequestId]) {
    assert_eq!(world.server.records().len(), ids.len());
    for id in ids {
        let (record, here) = (world.server.record(*id), tablet.request(*id));
        assert_eq!((record.changes, record.here), (1, u32::try_from(here.photos.len()).unwrap()));
        assert!(here.photos.iter().all(|p| world.server.photo(p.hash) == tablet.photo(p.hash)));
    }
    assert_eq!(world.server.doubled(), Vec::<String>::new());
    drop(world.server.run(&["verify"]));
}

fn import(world: &World, file: &Path) -> String {
    world.server.run(&["import-courier", file.to_str().unwrap()])
}

#[test]
fn a_stick_brings_everything_and_bringing_it_again_changes_nothing() {
    let mut world = World::begin();
    let (tablet, ids, bundle) = in_a_dead_spot(&mut world);
    let sealed = fs::read(&bundle).unwrap();
    let words = &tablet.request(ids[0]).desc;
    assert!(!sealed.windows(20).any(|w| words.as_bytes().windows(20).any(|t| t == w)), "nobody on the way reads it");

    let said = import(&world, &bundle);
    assert!(said.contains("2 words") && !said.contains("NOT"), "{said}");
    all_is_here(&world, &tablet, &ids);
    // Beside the running server, which serves it at once: the muhtar's second tablet has the official numbers.
    import(&world, &bundle);
    all_is_here(&world, &tablet, &ids);

    // The tablet learns of it when it finds the network again, and sends no photo twice.
    world.network.restore();
    tablet.settle();
    assert!(ids.iter().all(|id| is_delivered(&tablet.request(*id).row)));
    all_is_here(&world, &tablet, &ids);
    assert_eq!(tablet.tablet.write_courier(&world.folder("empty")).unwrap_err().code, Code::Empty);
    let doctor = world.server.run(&["doctor"]);
    assert!(doctor.contains("0 with something missing"), "{doctor}");
}

#[test]
fn a_neighbours_tablet_carries_it_without_being_able_to_read_it() {
    let mut world = World::begin();
    let (tablet, ids, bundle) = in_a_dead_spot(&mut world);
    world.network.restore();
    let neighbour = world.tablet(CAFERAGA);
    let carried = neighbour.tablet.carry_courier(&bundle).unwrap();
    assert!(carried.parts >= 2 && !carried.cut, "{carried:?}");
    assert_eq!(neighbour.tablet.carry_courier(&bundle).unwrap(), carried, "taking it along twice is harmless");
    // It goes on where it was after a pulled battery.
    let neighbour = neighbour.reopened();
    assert_eq!(neighbour.sync().carried, carried.parts);
    all_is_here(&world, &tablet, &ids);
    assert!(neighbour.requests().is_empty(), "what it carried is not its own");
    assert_eq!(neighbour.sync().carried, 0);
    let bad = world.folder("list.txt");
    fs::write(&bad, "milk, bread").unwrap();
    assert_eq!(neighbour.tablet.carry_courier(&bad).unwrap_err().code, Code::NotABundle);
}

/// Hands a file in as the screens do.
fn handed(tablet: &Device, bytes: &[u8], number: u32) -> Result<CarryStep, Code> {
    let (total, mut offset) = (bytes.len() as u64, 0);
    loop {
        let data = STANDARD.encode(bytes[offset as usize..].iter().copied().take(100_000).collect::<Vec<_>>());
        let step = tablet.call(Call::CarryCourier { upload: number, offset, total, data }).map_err(|e| e.code)?;
        match step {
            CarryStep::More { offset: next } if next > offset => offset = next,
            step => return Ok(step),
        }
    }
}

#[test]
fn a_screen_takes_it_along_slice_by_slice() {
    let mut world = World::begin();
    let (tablet, ids, bundle) = in_a_dead_spot(&mut world);
    world.network.restore();
    let neighbour = world.tablet(CAFERAGA);
    let bytes = fs::read(&bundle).unwrap();
    // One that breaks off in the middle is no obstacle to the next.
    let half =
        Call::CarryCourier { upload: 1, offset: 0, total: bytes.len() as u64, data: STANDARD.encode(&bytes[..9_000]) };
    assert_eq!(neighbour.call::<CarryStep>(half).unwrap(), CarryStep::More { offset: 9_000 });
    let CarryStep::Done { parts, cut: false } = handed(&neighbour, &bytes, 2).unwrap() else { panic!("it is whole") };
    assert_eq!(
        (neighbour.outbox().carried, handed(&neighbour, &bytes, 3)),
        (parts, Ok(CarryStep::Done { parts, cut: false }))
    );
    assert_eq!(handed(&neighbour, b"milk, bread", 4), Err(Code::NotABundle));
    assert_eq!(handed(&neighbour, b"", 5), Err(Code::NotABundle));
    let neighbour = neighbour.reopened();
    neighbour.settle();
    all_is_here(&world, &tablet, &ids);
    assert_eq!(neighbour.outbox().carried, 0);
    // Cut off, it gives what is whole.
    let Ok(CarryStep::Done { cut: true, .. }) = handed(&neighbour, &bytes[..bytes.len() - 5], 6) else { panic!("cut") };
}

#[test]
fn a_bundle_that_was_cut_or_altered_gives_what_is_sound_and_says_what_is_not() {
    let mut world = World::begin();
    let (tablet, ids, bundle) = in_a_dead_spot(&mut world);
    let whole = fs::read(&bundle).unwrap();
    let damaged = world.folder("mbs-kurye-damaged.mbsk");
    let path = damaged.to_str().unwrap();

    fs::write(&damaged, &whole[..whole.len() - 1]).unwrap();
    let said = world.server.run_badly(&["import-courier", path]);
    assert!(
        said.contains("2 words") && said.contains("NOT taken") && said.contains("the tablet still has it"),
        "{said}"
    );
    assert_eq!(world.server.records().len(), 2, "the words came before the cut");

    let mut altered = whole.clone();
    altered[200] ^= 1;
    fs::write(&damaged, &altered).unwrap();
    let said = world.server.run_badly(&["import-courier", path]);
    assert!(said.contains("part 1: NOT taken: BadValue"), "{said}");
    fs::write(&damaged, "no bundle").unwrap();
    assert!(world.server.run_badly(&["import-courier", path]).contains("is no courier bundle"));

    // A neighbour that carries the altered one is not held up by it: it brings what is sound, and its own.
    world.network.restore();
    fs::write(&damaged, &altered).unwrap();
    let neighbour = world.tablet(CAFERAGA);
    let parts = neighbour.tablet.carry_courier(&damaged).unwrap().parts;
    let own = neighbour.file(&New::of(words_about("yol.cukur", 4))).unwrap().row.id;
    assert_eq!(neighbour.sync().carried, parts - 1);
    assert_eq!(neighbour.request(own).row.transport, Transport::Delivered);
    // And another municipality's server opens none of it.
    let stranger = World::begin();
    let said = stranger.server.run_badly(&["import-courier", bundle.to_str().unwrap()]);
    assert!(said.contains("BadValue") && stranger.server.records().is_empty(), "{said}");

    import(&world, &bundle);
    assert_eq!(world.server.record(ids[0]).here, u32::try_from(tablet.request(ids[0]).photos.len()).unwrap());
}

#[test]
fn what_a_revoked_tablet_gave_to_a_courier_waits_for_a_person() {
    let mut world = World::begin();
    let (_, ids, bundle) = in_a_dead_spot(&mut world);
    let prefix = world.server.run(&["tablets", "--json"]);
    let tablets: serde_json::Value = serde_json::from_str(&prefix).unwrap();
    drop(world.server.run(&["revoke", "--tablet", tablets[0]["tablet"].as_str().unwrap()]));
    let said = import(&world, &bundle);
    assert!(said.contains("0 words and 0 photos are here, 2 refused"), "{said}");
    assert!(world.server.records().is_empty());
    let held = world.server.run(&["quarantine", "list"]);
    assert!(ids.iter().all(|id| held.contains(&id.to_string())), "{held}");
}
