//! Story 3: the tablet is killed at random moments while capturing and sending, the server while
//! receiving. Nothing the tablet called saved, and nothing the server acknowledged, is lost or doubled.
//!
//! 20 + 20 kills; 200 + 200 with `MBS_LONG=1`, more by `cargo kills`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mbs_shared::blob::name_of;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_tablet::door::view::{Request, Transport};
use mbs_tablet::door::{Call, Fields};
use mbs_tests::people::{Dice, RASIMPASA, RASIMPASA_PLACE, new_photo, words};
use mbs_tests::process::{self, wait_until};
use mbs_tests::tablet::{Asker, Device, Door, New, TabletProcess, is_delivered};
use mbs_tests::world::World;

fn kills() -> u64 {
    process::kills(20)
}

/// What the tablet called saved, as far as it went.
#[derive(Debug, Clone, Default)]
struct Saved {
    text: Option<String>,
    photos: Vec<BlobHash>,
    sent: bool,
}

type Book = Arc<Mutex<BTreeMap<RequestId, Saved>>>;

/// Files requests one after another until the process is gone; writes down only what was answered.
fn capture(asker: &Asker, book: &Book, seed: u64, answered: &AtomicU64) {
    let mut dice = Dice::new(seed);
    for n in 0_u32.. {
        let words = &words()[dice.below(words().len() as u64) as usize];
        let note = |id: RequestId, what: &dyn Fn(&mut Saved)| {
            what(book.lock().unwrap().entry(id).or_default());
            answered.fetch_add(1, Ordering::SeqCst);
        };
        let Ok(draft) = asker.call::<Request>(Call::NewDraft) else { return };
        let id = draft.row.id;
        note(id, &|_| {});
        let set = Fields {
            desc: Some(words.text.clone()),
            category: Some(words.category.clone()),
            fix: Some(RASIMPASA_PLACE),
            ..Fields::default()
        };
        if asker.call::<Request>(Call::SetDraft { id, set }).is_err() {
            return;
        }
        note(id, &|s| s.text = Some(words.text.clone()));
        let Ok(with) = asker.add_photo(id, n + 1, &new_photo(seed << 16 | u64::from(n), 10)) else { return };
        let hashes: Vec<_> = with.photos.iter().map(|p| p.hash).collect();
        note(id, &|s| s.photos.clone_from(&hashes));
        if asker.call::<Request>(Call::Send { id }).is_err() {
            return;
        }
        note(id, &|s| s.sent = true);
    }
}

#[test]
fn a_killed_tablet_loses_nothing_it_called_saved() {
    let mut world = World::begin();
    let dir = world.tablet(RASIMPASA).dir;
    let book = Book::default();
    let mut dice = Dice::new(process::seed(3));
    for life in 0..kills() {
        let mut process = TabletProcess::start(&dir);
        let (asker, notes, answered) = (process.asker(), Arc::clone(&book), Arc::new(AtomicU64::new(0)));
        let counting = Arc::clone(&answered);
        let hands = thread::spawn(move || capture(&asker, &notes, life + 1, &counting));
        // A random moment: after some answers (while capturing), or after some bytes on the line (while
        // sending), and a little later.
        if dice.below(2) == 0 {
            let goal = dice.below(12);
            wait_until("some calls were answered", || answered.load(Ordering::SeqCst) >= goal);
        } else {
            let _ = world.network.wait_for_bytes(1 + dice.below(60_000), Duration::from_secs(20));
        }
        thread::sleep(Duration::from_micros(dice.below(30_000)));
        process.kill();
        hands.join().unwrap();
    }

    let book = book.lock().unwrap().clone();
    let sent: Vec<_> = book.iter().filter(|(_, s)| s.sent).collect();
    println!("{} kills; {} requests begun, {} sent", kills(), book.len(), sent.len());
    assert!(sent.len() as u64 >= kills() / 4, "too few were sent for the kills to mean something");

    let tablet = Device::open(&dir);
    for (id, saved) in &book {
        let request = tablet.request(*id);
        if let Some(text) = &saved.text {
            assert_eq!(&request.desc, text);
        }
        for hash in &saved.photos {
            assert!(request.photos.iter().any(|p| p.hash == *hash), "photo {hash} of {id}");
            assert_eq!(name_of(&tablet.photo(*hash)), *hash);
        }
        assert!(!saved.sent || request.row.transport != Transport::Draft, "{id} was sent and is a draft again");
    }
    tablet.settle();
    // A Send that was done but not answered is there too: everything that is no draft is on the server, once.
    let rows: Vec<_> = tablet.requests().into_iter().filter(|r| r.transport != Transport::Draft).collect();
    for (id, _) in sent {
        assert!(rows.iter().any(|r| r.id == *id), "{id}");
    }
    everything_once(&world, &tablet, &rows.iter().map(|r| r.id).collect::<Vec<_>>());
}

#[test]
fn a_killed_server_loses_nothing_it_acknowledged() {
    let mut world = World::begin();
    let tablet = world.tablet(RASIMPASA);
    let mut dice = Dice::new(process::seed(33));
    let mut filed = Vec::new();
    for life in 0..kills() {
        for n in 0..3 {
            let words = &words()[dice.below(words().len() as u64) as usize];
            let photo = new_photo(1 << 40 | life << 8 | n, 10 + dice.below(20) as u32);
            filed.push(tablet.file(&New::of(words).at(RASIMPASA_PLACE).with_photos([photo])).unwrap().row.id);
        }
        // The tablet sends in its own thread, over and over; the server is killed after so many bytes.
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    tablet.sync();
                }
            });
            let _ = world.network.wait_for_bytes(1 + dice.below(90_000), Duration::from_secs(5));
            thread::sleep(Duration::from_micros(dice.below(3_000)));
            world.server.kill();
            stop.store(true, Ordering::SeqCst);
            sending.join().unwrap();
        });
        world.server.restart();
        world.network.lead_to(world.server.addr());
        // At this moment, before anything is sent again: what the tablet was told is there.
        let there: BTreeMap<_, _> = world.server.records().into_iter().map(|r| (r.id, r)).collect();
        for row in tablet.requests().iter().filter(|r| r.transport == Transport::Delivered) {
            let record = &there[&row.id];
            assert!(record.here >= u32::from(row.photos_delivered), "{row:?} {record:?}");
            assert!(row.official_no.as_ref().is_none_or(|no| *no == record.no));
        }
    }
    tablet.settle();
    println!("{} kills; {} requests", kills(), filed.len());
    everything_once(&world, &tablet.reopened(), &filed);
}

fn everything_once(world: &World, tablet: &Device, filed: &[RequestId]) {
    let records: BTreeMap<_, _> = world.server.records().into_iter().map(|r| (r.id, r)).collect();
    assert_eq!(records.len(), filed.len());
    let mut numbers: Vec<_> = records.values().map(|r| r.no.clone()).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), filed.len(), "official numbers are never given twice");
    let files = world.server.files();
    for id in filed {
        let (record, request) = (&records[id], tablet.request(*id));
        assert!(is_delivered(&request.row), "{:?}", request.row);
        assert_eq!((record.changes, record.here), (1, record.photos), "{record:?}");
        assert_eq!(record.photos as usize, request.photos.len());
        for photo in &request.photos {
            let there = std::fs::read(&files[&photo.hash.to_string()]).unwrap();
            assert_eq!(name_of(&there), photo.hash);
        }
    }
    assert_eq!(world.server.doubled(), Vec::<String>::new());
    assert_eq!(world.server.number("select count(*) from quarantine"), 0);
}
