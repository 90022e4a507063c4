//! Story 9: a tablet's folder is copied, and both go on. Nothing is lost or doubled; the desk and both
//! tablets are told; one is enrolled anew, and then all is well.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mbs_tablet::door::view::Notice;
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::ports::{Ports, Random};
use mbs_tests::people::{RASIMPASA, RASIMPASA_PLACE, words_about};
use mbs_tests::process::wait_until;
use mbs_tests::server::{PASSWORD, User};
use mbs_tests::staff::Staff;
use mbs_tests::tablet::{Device, Door, New};
use mbs_tests::world::World;
use serde_json::Value;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The operator.
fn operator(world: &World) -> Staff {
    world
        .server
        .add_user(User { login: "isletmen", name: "İşletmen", role: "operator", unit: "", password: PASSWORD });
    Staff::sign_in(&world.url(), "isletmen", PASSWORD).unwrap()
}

/// The tablet's line on the desk's page of tablets.
fn on_the_desk(desk: &Staff, prefix: &str) -> Value {
    let all = desk.get("tablets").unwrap();
    all.as_array().unwrap().iter().find(|t| t["prefix"] == prefix).unwrap().clone()
}

fn is_told(device: &Device) -> bool {
    device.status().notices.iter().any(|n| matches!(n, Notice::Twin))
}

#[test]
fn both_copies_are_heard_and_told_and_one_enrolled_anew_settles_it() {
    let mut world = World::begin();
    let one = world.tablet(RASIMPASA);
    one.file(&New::of(words_about("yol.cukur", 0)).at(RASIMPASA_PLACE)).unwrap();
    one.settle();
    // One more is filed and not sent, so that both have it.
    let shared = one.file(&New::of(words_about("yol.cukur", 1)).at(RASIMPASA_PLACE)).unwrap().row.id;
    let prefix = one.status().identity.unwrap().prefix;
    let (dir, copied) = (one.dir.clone(), world.folder("copy"));
    drop(one);
    copy(&dir, &copied);
    let (one, two) = (Device::open(&dir), Device::open(&copied));

    let ours = one.file(&New::of(words_about("yol.cukur", 2)).at(RASIMPASA_PLACE)).unwrap().row;
    let theirs = two.file(&New::of(words_about("yol.cukur", 4)).at(RASIMPASA_PLACE)).unwrap().row;
    assert_ne!(ours.case_no, theirs.case_no, "no case number is given twice");
    one.settle();
    assert!(!is_told(&one), "one tablet alone is none too many");
    two.settle();
    wait_until("both are told", || {
        one.sync();
        two.sync();
        is_told(&one) && is_told(&two)
    });
    let desk = operator(&world);
    assert_eq!(on_the_desk(&desk, &prefix)["twin"], true);
    let said = world.server.run_badly(&["doctor"]);
    assert!(said.contains(&prefix) && said.contains("enrol one of the two anew"), "{said}");
    assert_eq!(world.server.records().len(), 4);
    assert_eq!(world.server.record(shared).changes, 1);

    // What the copy has not sent goes out under its new number.
    let unsent = two.file(&New::of(words_about("yol.cukur", 3)).at(RASIMPASA_PLACE)).unwrap().row.id;
    two.enrol(&world.network.url(), &world.server.enrol_code(RASIMPASA));
    two.settle();
    one.settle();
    // Where there are two servers the other one hears of it within a second.
    wait_until("neither is told any more", || {
        one.sync();
        two.sync();
        !is_told(&one) && !is_told(&two)
    });
    assert_eq!(on_the_desk(&desk, &prefix)["twin"], false);
    assert_eq!(world.server.record(unsent).changes, 1);
    let (a, b) = (one.reopened(), two.reopened());
    assert_eq!((a.requests().len(), b.requests().len()), (5, 5));
    assert_eq!(world.server.doubled(), Vec::<String>::new());
    assert_eq!(world.server.number("select count(*) from quarantine"), 0);
}

/// A device whose chance fails: both copies draw the same second half of their actor.
struct Same {
    drawn: AtomicU64,
    salt: u64,
}

impl Random for Same {
    fn fill(&self, out: &mut [u8]) {
        let salt = if out.len() == 8 { 0 } else { self.salt };
        for byte in out {
            let n = self.drawn.fetch_add(1, Ordering::SeqCst).wrapping_add(salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = (n >> 56) as u8;
        }
    }
}

#[test]
fn two_changes_of_one_actor_with_one_number_are_told_apart_and_both_live() {
    let mut world = World::begin();
    let one = world.tablet(RASIMPASA);
    let id = one.file(&New::of(words_about("yol.cukur", 0)).at(RASIMPASA_PLACE)).unwrap().row.id;
    one.settle();
    let (dir, copied) = (one.dir.clone(), world.folder("copy"));
    drop(one);
    copy(&dir, &copied);
    let open = |dir: &Path, skip: u64| {
        let random = Arc::new(Same { drawn: AtomicU64::new(7_000), salt: skip });
        let device = Device::open_with(dir, Ports { random: random.clone(), ..Ports::system(dir) });
        random.drawn.fetch_add(skip, Ordering::SeqCst);
        device
    };
    let (one, two) = (open(&dir, 0), open(&copied, 5_000));
    let edit = |device: &Device, addr: Option<&str>, title: Option<&str>| {
        let set = Fields { addr: addr.map(Into::into), title: title.map(Into::into), ..Fields::default() };
        device.edit(id, set).unwrap();
    };
    edit(&one, Some("Rıhtım Caddesi 12"), None);
    edit(&two, None, Some("İskele önünde çukur"));
    one.settle();
    two.settle();
    one.settle();
    two.settle();
    for device in [&one, &two] {
        let request = device.request(id);
        assert_eq!(request.row.addr, "Rıhtım Caddesi 12");
        assert_eq!(request.title, "İskele önünde çukur");
        assert!(is_told(device));
        assert_eq!(device.status().quarantined, 0);
    }
    assert_eq!(world.server.record(id).changes, 3);
    assert_eq!(one.call::<Value>(Call::Status).unwrap()["waiting"], 0);
}
