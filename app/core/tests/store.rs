//! What the screen calls saved is on the disk, encrypted, and survives.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

mod support;

use std::path::Path;
use std::sync::atomic::Ordering;

use mbs_tablet::Tablet;
use mbs_tablet::door::view::{self, Notice, PhotoStep};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;
use support::{Line, Rig, Server, copy, ports};

const WORDS: &str = "Çöp konteyneri kırık, koku dayanılmaz hale geldi.";

#[test]
fn nothing_readable_lies_on_the_disk() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    rig.add_photo(id, "generated/g-ist-01.jpg");
    let _: view::Request = rig.call(Call::Send { id });
    for file in std::fs::read_dir(rig.dir.path()).unwrap() {
        let file = file.unwrap();
        let bytes = std::fs::read(file.path()).unwrap();
        for plain in [WORDS.as_bytes(), b"SQLite format 3", b"konteyner", &[0xff, 0xd8, 0xff, 0xe0]] {
            let found = bytes.windows(plain.len()).any(|w| w == plain);
            assert!(
                !found || file.file_name() == "mbs.reserve",
                "{:?} shows {:?}",
                file.file_name(),
                String::from_utf8_lossy(plain)
            );
        }
    }
    assert!(rig.dir.path().join("mbs.db").exists());
}

#[cfg(unix)]
#[test]
fn the_key_file_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new();
    let mode = std::fs::metadata(rig.dir.path().join("mbs.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn every_keystroke_survives_a_pulled_battery() {
    let mut rig = Rig::new();
    let id = rig.draft("");
    let mut text = String::new();
    for c in WORDS.chars().take(12) {
        text.push(c);
        let set = Fields { desc: Some(text.clone()), ..Fields::default() };
        let _: view::Request = rig.call(Call::SetDraft { id, set });
        rig = rig.pulled();
        assert_eq!(rig.show(id).desc, text);
    }
}

#[test]
fn photos_and_queue_survive_together() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    let PhotoStep::Done { request, fix, .. } = rig.add_photo(id, "generated/g-ist-02.jpg") else { panic!("not done") };
    assert!(fix.is_some() && request.fix == fix, "the photo's place becomes the request's");
    let _: view::Request = rig.call(Call::Send { id });
    let rig = rig.pulled();
    let shown = rig.show(id);
    let photo = &shown.photos[0];
    let bytes = rig.tablet.photo(photo.hash, false).unwrap().unwrap();
    assert_eq!(mbs_shared::blob::name_of(&bytes), photo.hash);
    assert_eq!(rig.status().waiting, 2);
    rig.sync();
    assert_eq!(rig.server().blobs[&photo.hash], bytes);
}

#[test]
fn case_numbers_never_repeat_across_starts() {
    let mut rig = Rig::new();
    let mut seen = Vec::new();
    for _ in 0..5 {
        for _ in 0..3 {
            let new: view::Request = rig.call(Call::NewDraft);
            assert!(!seen.contains(&new.row.case_no));
            seen.push(new.row.case_no);
        }
        rig = rig.pulled();
    }
    assert!(seen[14].starts_with("4KR1-15-"), "{seen:?}");
}

#[test]
fn one_process_at_a_time() {
    let rig = Rig::new();
    let (other, _) = ports(rig.dir.path(), &rig.server, 3);
    let error = Tablet::open(rig.dir.path(), other).unwrap_err();
    assert_eq!(error.code, Code::Storage);
    assert!(error.detail.contains("another process"), "{error}");
}

/// Closes, lets `harm` do its work on the files, opens again.
fn harmed(rig: Rig, harm: impl Fn(&Path)) -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let Rig { dir: old, server, tablet, .. } = rig;
    drop(tablet);
    copy(old.path(), dir.path());
    harm(dir.path());
    let (ports, clock) = ports(dir.path(), &server, 5);
    let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
    Rig { dir, clock, server, ports, tablet }
}

fn set_aside(rig: &Rig) -> String {
    let notices = rig.status().notices;
    let file = notices.iter().find_map(|n| match n {
        Notice::DatabaseSetAside { file, .. } => Some(file.clone()),
        _ => None,
    });
    file.unwrap_or_else(|| panic!("nobody was told: {notices:?}"))
}

#[test]
fn a_database_damaged_at_its_head_is_set_aside_and_the_tablet_is_still_itself() {
    let rig = Rig::new();
    let id = rig.send(WORDS);
    let number = rig.show(id).row.case_no;
    let rig = harmed(rig, |dir| {
        let mut bytes = std::fs::read(dir.join("mbs.db")).unwrap();
        bytes[..6000].fill(0x5a);
        std::fs::write(dir.join("mbs.db"), bytes).unwrap();
    });
    let file = set_aside(&rig);
    assert!(file.starts_with("mbs-damaged-2026") && rig.dir.path().join(&file).exists(), "{file}");
    let status = rig.status();
    assert_eq!(status.identity.unwrap().prefix, "4KR1");
    let next: view::Request = rig.call(Call::NewDraft);
    assert_ne!(next.row.case_no, number);
    let counter: u32 = next.row.case_no.split('-').nth(1).unwrap().parse().unwrap();
    assert!(counter > 1, "a number that was given is not given again");
    rig.send("yeni");
    assert_eq!(rig.sync().waiting, 0, "it can still sync");
}

#[test]
fn that_a_database_was_set_aside_is_told_until_somebody_has_read_it() {
    let rig = Rig::new();
    rig.send(WORDS);
    let rig = harmed(rig, |dir| std::fs::write(dir.join("mbs.key"), [7; 32]).unwrap());
    let file = set_aside(&rig);
    // It was found on a Friday evening, and he was away until Monday.
    rig.clock.pass(3 * 24 * 3_600_000);
    assert_eq!(set_aside(&rig), file);
    let rig = harmed(rig, |_| {});
    assert_eq!(set_aside(&rig), file, "the app's end is no reading");
    let status: view::Status = rig.call(Call::ReadNotices);
    assert!(status.notices.is_empty(), "{:?}", status.notices);
    assert!(harmed(rig, |_| {}).status().notices.is_empty());
}

/// A tablet on a copy of `whole` with page `page` of its file damaged; `known`: the next opening looks at all pages.
fn with_damage(whole: &Path, page: usize, known: bool) -> Rig {
    let dir = tempfile::tempdir().unwrap();
    copy(whole, dir.path());
    let file = dir.path().join("mbs.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[page * PAGE..(page + 1) * PAGE].fill(0x33);
    std::fs::write(&file, bytes).unwrap();
    if known {
        std::fs::write(dir.path().join("mbs.suspect"), b"").unwrap();
    }
    let server = Server::new();
    let (ports, clock) = ports(dir.path(), &server, 5);
    let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
    Rig { dir, clock, server, ports, tablet }
}

/// Sent, or kept as a draft to be sent again.
fn kept(rig: &Rig) -> (usize, usize) {
    let rows: Vec<view::Row> = rig.call(Call::Requests { query: String::new() });
    let drafts = rows.iter().filter(|row| row.transport == view::Transport::Draft).count();
    let arrived = rig.server().changes.len();
    (arrived, drafts)
}

/// The folder of a tablet with twenty requests that wait and one draft, and the pages of its database.
fn twenty_and_a_draft() -> (tempfile::TempDir, usize) {
    let rig = Rig::new();
    for n in 0..20 {
        rig.send(&format!("{WORDS} {n}"));
    }
    rig.draft("yarım kalan");
    let Rig { dir, tablet, .. } = rig;
    drop(tablet);
    let pages = std::fs::metadata(dir.path().join("mbs.db")).unwrap().len() as usize / PAGE;
    assert!(pages > 30, "{pages}");
    (dir, pages)
}

const PAGE: usize = 4_096;

#[test]
fn a_damaged_page_costs_no_words_wherever_it_lies_but_in_the_schema() {
    let (dir, pages) = twenty_and_a_draft();
    let mut lost = Vec::new();
    for page in 1..pages {
        let rig = with_damage(dir.path(), page, true);
        set_aside(&rig);
        rig.sync();
        match kept(&rig) {
            (20, 1) | (0, 21) => {}
            // A damaged leaf of the requests: what was sent is read from the documents, a draft has none.
            (20, 0) => {}
            (arrived, drafts) => lost.push((page, arrived, drafts)),
        }
    }
    // Without the schema nothing can be read: its three pages, and the head (tested above), are the weak ones.
    assert!(lost.len() <= 3 && lost.iter().all(|(_, arrived, drafts)| arrived + drafts == 0), "{lost:?}");
}

/// Names of damaged databases in a tablet's folder, and of their journals.
fn damaged(rig: &Rig) -> Vec<String> {
    let files = std::fs::read_dir(rig.dir.path()).unwrap().map(|file| file.unwrap().file_name());
    files.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with("mbs-damaged-")).collect()
}

/// The same folder, opened anew some days later, after a contact where the server is to be met.
fn later(rig: Rig, days: i64, met: bool) -> Rig {
    let Rig { dir, clock, server, ports, tablet } = rig;
    clock.pass(days * 24 * 3_600_000);
    server.lock().unwrap().now += days * 24 * 3_600_000;
    let rig = Rig { dir, clock, server, ports, tablet };
    if met {
        rig.sync();
    }
    let Rig { dir, clock, server, ports, tablet } = rig;
    drop(tablet);
    let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
    Rig { dir, clock, server, ports, tablet }
}

#[test]
fn a_damaged_database_goes_a_month_after_everything_of_it_has_arrived() {
    let (dir, pages) = twenty_and_a_draft();
    let mut rig = with_damage(dir.path(), pages / 2, true);
    let file = set_aside(&rig);
    assert!(damaged(&rig).contains(&file));
    // A clock that jumps, and no contact at all: nothing has arrived.
    rig = later(rig, 400, false);
    assert!(damaged(&rig).contains(&file));
    // The month begins with the first contact.
    for (days, met) in [(0, true), (29, true), (10, false)] {
        rig = later(rig, days, met);
        assert!(damaged(&rig).contains(&file), "{days}");
    }
    // Something waits: it may be what was rescued.
    rig.server().verdict = Some(|_| Some(mbs_shared::wire::sync::ItemResult::Later));
    rig.send("bekleyen");
    rig = later(rig, 30, true);
    assert!(damaged(&rig).contains(&file));
    rig.server().verdict = None;
    rig = later(rig, 1, true);
    assert_eq!((damaged(&rig), kept(&rig)), (Vec::<String>::new(), (21, 1)));
}

#[test]
fn a_damaged_database_that_could_not_be_read_stays_for_ever() {
    let rig = Rig::new();
    rig.send(WORDS);
    let mut rig = harmed(rig, |dir| std::fs::write(dir.join("mbs.key"), [7; 32]).unwrap());
    let _: view::Status = rig.call(Call::Enrol { server: "https://mbs.example".into(), code: "X".into() });
    for days in [0, 40, 400] {
        rig = later(rig, days, true);
        assert!(!damaged(&rig).is_empty(), "what it holds is nowhere else");
    }
}

/// The simulation of 2026-11-28 (seed 3206 with rot): the disk refused the rescue, and the next start began with nothing.
#[test]
fn a_rescue_that_was_cut_off_is_finished_at_the_next_start() {
    let (whole, _) = twenty_and_a_draft();
    for renamed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        std::fs::write(dir.path().join("mbs.rescue"), "mbs-damaged-20261128T200000Z.db").unwrap();
        if renamed {
            std::fs::rename(dir.path().join("mbs.db"), dir.path().join("mbs-damaged-20261128T200000Z.db")).unwrap();
        }
        let server = Server::new();
        let (ports, clock) = ports(dir.path(), &server, 5);
        let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
        let rig = Rig { dir, clock, server, ports, tablet };
        assert_eq!(set_aside(&rig), "mbs-damaged-20261128T200000Z.db");
        assert!(!rig.dir.path().join("mbs.rescue").exists());
        assert_eq!(rig.status().identity.unwrap().prefix, "4KR1");
        rig.sync();
        assert_eq!(kept(&rig), (20, 1));
    }
}

/// The simulation of 2026-11-28: one changed bit, and the tablet refused everything until it was started anew, or did not
/// start at all.
#[test]
fn damage_that_is_met_while_the_app_runs_is_mended_at_once() {
    let (dir, pages) = twenty_and_a_draft();
    let mut met = 0;
    for page in 1..pages {
        let rig = with_damage(dir.path(), page, false);
        // Whoever meets it is refused once, or not at all; what goes on by itself tries again.
        let _ = rig.tablet.call(Call::Requests { query: String::new() });
        let tries = (0..4).find(|_| {
            let done = rig.tablet.sync_until_idle(&mut Line(rig.server.clone()));
            done.is_ok_and(|summary| summary.waiting == 0)
        });
        assert!(tries.is_some(), "page {page}: it does not get rid of what waits");
        let (arrived, drafts) = kept(&rig);
        let told = rig.status().notices.iter().any(|n| matches!(n, Notice::DatabaseSetAside { .. }));
        assert!(
            told || arrived + drafts == 21,
            "page {page}: {arrived} arrived and {drafts} drafts, and nobody was told"
        );
        met += usize::from(told);
    }
    assert!(met > 10, "{met} of {pages}");
}

#[test]
fn a_database_of_an_earlier_version_is_rescued_too() {
    let release = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/releases/0.1/tablet");
    let rows = |dir: tempfile::TempDir| {
        let server = Server::new();
        let (ports, clock) = ports(dir.path(), &server, 5);
        let tablet = Tablet::open(dir.path(), ports.clone()).unwrap();
        let rig = Rig { dir, clock, server, ports, tablet };
        let rows: Vec<view::Row> = rig.call(Call::Requests { query: String::new() });
        (rig, rows)
    };
    let whole = tempfile::tempdir().unwrap();
    copy(&release, whole.path());
    let (_, before) = rows(whole);
    let damaged = tempfile::tempdir().unwrap();
    copy(&release, damaged.path());
    let file = damaged.path().join("mbs.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // The last page holds a part of a photo.
    let last = bytes.len() - PAGE;
    bytes[last..].fill(0x33);
    std::fs::write(&file, bytes).unwrap();
    std::fs::write(damaged.path().join("mbs.suspect"), b"").unwrap();
    let (rig, after) = rows(damaged);
    set_aside(&rig);
    let told = rig.status().notices.into_iter().find_map(|n| match n {
        Notice::DatabaseSetAside { requests, .. } => Some(requests as usize),
        _ => None,
    });
    assert_eq!(told, Some(before.len()), "what was taken over is told");
    assert!(!before.is_empty());
    assert_eq!(
        after.iter().map(|r| &r.case_no).collect::<Vec<_>>(),
        before.iter().map(|r| &r.case_no).collect::<Vec<_>>()
    );
}

#[test]
fn another_key_is_damage_too_and_nothing_is_deleted() {
    let rig = Rig::new();
    rig.send(WORDS);
    let rig = harmed(rig, |dir| {
        std::fs::write(dir.join("mbs.key"), [7; 32]).unwrap();
    });
    let file = set_aside(&rig);
    assert!(rig.dir.path().join(file).exists());
    assert!(
        std::fs::read_dir(rig.dir.path()).unwrap().any(|f| f
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("mbs-identity-damaged"))
    );
    assert!(rig.status().identity.is_none());
}

#[test]
fn a_full_disk_refuses_photos_plainly_and_keeps_words() {
    let (rig, free) = Rig::on_a_disk();
    assert_eq!(std::fs::metadata(rig.dir.path().join("mbs.reserve")).unwrap().len(), 8 * 1024 * 1024);
    let id = rig.draft(WORDS);
    let low = || rig.status().notices.iter().any(|n| matches!(n, Notice::DiskLow { .. }));
    for (bytes, warned) in [(1_000_000_000, false), (999_999_999, true)] {
        free.store(bytes, Ordering::SeqCst);
        assert_eq!(low(), warned, "{bytes}");
    }
    free.store(1024 * 1024, Ordering::SeqCst);
    let refused =
        rig.tablet.call(Call::AddPhoto { id, upload: 1, offset: 0, total: 10, data: String::new() }).unwrap_err();
    assert_eq!(refused.code, Code::DiskFull);
    assert_eq!(rig.show(id).desc, WORDS);
    assert!(rig.status().notices.iter().any(|n| matches!(n, Notice::DiskLow { free_mb: 1 })));
    let set = Fields { title: Some("Çöp".into()), ..Fields::default() };
    let _: view::Request = rig.call(Call::SetDraft { id, set });
}

#[test]
fn the_reserve_is_given_up_for_words_and_for_nothing_else() {
    use mbs_tablet::store::{Store, settings};
    let dir = tempfile::tempdir().unwrap();
    let (ports, _) = ports(dir.path(), &Server::new(), 1);
    let (mut store, _) = Store::open(dir.path(), &ports).unwrap();
    let reserve = dir.path().join("mbs.reserve");
    let limit = |c: &rusqlite::Connection, pages: u32| {
        c.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap()
    };
    let pages: u32 = store.read().query_row("PRAGMA page_count", [], |r| r.get(0)).unwrap();
    limit(store.read(), pages);
    let much = vec![7; 100_000];
    let photo = store.write(|c| settings::set(c, "photo", &much));
    assert_eq!(photo.unwrap_err().code, Code::DiskFull);
    assert!(reserve.exists(), "not for photos");
    let mut tries = 0;
    store
        .write_words(|c| {
            tries += 1;
            if tries == 2 {
                assert!(!reserve.exists(), "given up before the second try");
                limit(c, pages + 1000);
            }
            settings::set(c, "words", &much)
        })
        .unwrap();
    assert_eq!(tries, 2);
    assert_eq!(settings::get(store.read(), "words").unwrap().unwrap(), much);
    store.keep_reserve();
    assert!(reserve.exists(), "set aside again when there is room");
}

#[test]
fn discarded_drafts_come_back_until_the_next_start() {
    let rig = Rig::new();
    let id = rig.draft(WORDS);
    assert!(rig.call::<Option<()>>(Call::DiscardDraft { id }).is_none());
    assert!(rig.call::<Vec<view::Row>>(Call::Requests { query: String::new() }).is_empty());
    let back: view::Request = rig.call(Call::RestoreDraft { id });
    assert_eq!(back.desc, WORDS);
    let _: Option<()> = rig.call(Call::DiscardDraft { id });
    let rig = rig.pulled();
    assert_eq!(rig.tablet.call(Call::RestoreDraft { id }).unwrap_err().code, Code::NotFound);
}
