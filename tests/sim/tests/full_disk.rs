//! A tablet whose disk is full: said plainly, nothing half done, everything kept for when there is room.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use mbs_shared::id::RequestId;
use mbs_sim::chance::{Chance, SeededRandom};
use mbs_sim::vfs::{self, Disk, Machine};
use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;
use mbs_tablet::ports::{Files, Ports, system};
use serde_json::Value;

const MACHINE: Machine = 1;
/// Far more words than the reserve of eight megabytes would let through one by one.
const WORDS: usize = 3_000;

fn open() -> Tablet {
    let dir = vfs::folder(MACHINE);
    let ports = Ports {
        random: Arc::new(SeededRandom::new(Chance::new(5))),
        files: Arc::new(vfs::files::TabletFiles),
        key: Arc::new(system::FileKey::in_dir(&dir)),
        vfs: Some(vfs::NAME.into()),
        ..Ports::system(&dir)
    };
    Tablet::open(&dir, ports).unwrap()
}

fn call(tablet: &Tablet, call: Call) -> Value {
    tablet.call(call).unwrap()
}

fn draft(tablet: &Tablet, words: &str) -> RequestId {
    let id = call(tablet, Call::NewDraft)["row"]["id"].as_str().unwrap().parse().unwrap();
    let set = Fields { desc: Some(words.repeat(WORDS / words.len())), ..Fields::default() };
    call(tablet, Call::SetDraft { id, set });
    id
}

/// How many drafts there are, and how many that are sent.
fn stages(tablet: &Tablet) -> (usize, usize) {
    let rows = call(tablet, Call::Requests { query: String::new() });
    let rows = rows.as_array().unwrap();
    let drafts = rows.iter().filter(|r| r["transport"] == "draft").count();
    (drafts, rows.len() - drafts)
}

#[test]
fn what_cannot_be_sent_for_want_of_room_stays_a_draft_and_goes_when_there_is_some() {
    vfs::register();
    vfs::reseed(1);
    vfs::insert(MACHINE, Disk::new(Chance::new(1).fork("disk")));
    let tablet = open();
    call(&tablet, Call::EnrolPractice);
    let drafts: Vec<RequestId> = (0..40).map(|n| draft(&tablet, &format!("çukur {n} "))).collect();

    // No room for a byte, and the reserve has been used up before.
    let reserve = vfs::folder(MACHINE).join("mbs.reserve");
    vfs::files::TabletFiles.remove(&reserve).unwrap();
    vfs::tell(MACHINE, |disk| disk.set_room(disk.used()));
    let mut sent = 0;
    let refused = loop {
        match tablet.call(Call::Send { id: drafts[sent] }) {
            Ok(_) => sent += 1,
            Err(e) => break e,
        }
    };
    assert_eq!(refused.code, Code::DiskFull, "{refused}");
    let kept = call(&tablet, Call::Request { id: drafts[sent] });
    assert_eq!(kept["row"]["transport"], "draft");
    assert!(kept["desc"].as_str().unwrap().starts_with(&format!("çukur {sent} ")));
    // Nothing of it waits to be sent, and asking again is refused the same way.
    assert_eq!(tablet.call(Call::Send { id: drafts[sent] }).unwrap_err().code, Code::DiskFull);
    assert_eq!(stages(&tablet), (40 - sent, sent));
    let outbox = call(&tablet, Call::Outbox);
    assert_eq!(outbox["items"].as_array().unwrap().len(), sent);

    // The battery too: what was said to be sent is, what was not is a draft with its words.
    drop(tablet);
    vfs::tell(MACHINE, Disk::power_cut);
    vfs::tell(MACHINE, |disk| disk.set_room(u64::MAX));
    let tablet = open();
    assert!(!has_damaged());
    assert_eq!(stages(&tablet), (40 - sent, sent));
    for id in &drafts[sent..] {
        call(&tablet, Call::Send { id: *id });
    }
    assert_eq!(stages(&tablet), (0, 40));
}

#[test]
fn the_reserve_lets_the_words_go_that_are_being_written() {
    vfs::register();
    vfs::reseed(2);
    vfs::insert(MACHINE, Disk::new(Chance::new(2).fork("disk")));
    let tablet = open();
    call(&tablet, Call::EnrolPractice);
    let drafts: Vec<RequestId> = (0..40).map(|n| draft(&tablet, &format!("çukur {n} "))).collect();
    vfs::tell(MACHINE, |disk| disk.set_room(disk.used()));
    for id in &drafts {
        call(&tablet, Call::Send { id: *id });
    }
    assert!(!vfs::files::TabletFiles.exists(Path::new("/1/mbs.reserve")), "it was needed");
    let photo = Call::AddPhoto { id: drafts[0], upload: 1, offset: 0, total: 10, data: String::new() };
    assert_eq!(tablet.call(photo).unwrap_err().code, Code::DiskFull, "and it is for words");
    assert_eq!(stages(&tablet), (0, 40));
}

fn has_damaged() -> bool {
    vfs::tell(MACHINE, |disk| disk.list("/1")).iter().any(|name| name.contains("damaged"))
}
