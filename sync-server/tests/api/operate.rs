//! Backup, restore, verify and erasure, as functions beside a running service.

use crate::common::*;
use mbs_server::database::feed::kind;
use mbs_server::database::people;
use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_server::handlers::blob;
use mbs_server::journal::{Journal, Record};
use mbs_server::operate::backup::{Source, backup};
use mbs_server::operate::restore::{NUMBERS_A_DAY, restore};
use mbs_server::operate::seal::{Opener, Seal};
use mbs_server::operate::verify::verify;
use mbs_server::operate::{end_mandate, erase::erase, replay};
use mbs_server::ports::Clock;
use mbs_server::routing::decide::Command;
use mbs_shared::id::RequestId;
use mbs_shared::routing::{Action, Who};
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::sync::{ItemResult, RowBody};

fn source(town: &Town) -> Source<'_> {
    Source { db: &*town.service.db, store: &*town.service.store, dir: town.dir.path() }
}

fn backed_up(town: &Town) -> Vec<u8> {
    let mut out = Vec::new();
    backup(source(town), town.clock.now(), &mut out).unwrap();
    out
}

/// The town as it is restored from `backup`, at the time it is in `town`.
fn restored(town: &Town, backup: &[u8], journal: bool) -> Result<Town, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = town.dir.path().join("journal");
    let journal = journal.then_some(path.as_path());
    restore(backup, dir.path(), journal, town.clock.now(), &*town.random, |path| {
        Ok(Sqlite::open(&Options { readers: 0, ..Options::new(path) })?)
    })
    .map_err(|e| format!("{e:#}"))?;
    let town = town.on(dir);
    replay(&town.service).unwrap();
    Ok(town)
}

async fn with_photo(town: &Town, tablet: &mut Tablet, seed: u8) -> (RequestId, mbs_shared::id::BlobHash) {
    let (bytes, photo) = photo(seed, 3_000);
    let mut words = tablet.words("yol.cukur");
    words.blobs.push(photo);
    let item = tablet.file_words(&words);
    let request = item.request;
    ok(&tablet.push(item).await);
    let slice = blob::Slice { hash: photo.hash, request, offset: 0, size: photo.size };
    blob::put(&town.service, &tablet.caller, slice, bytes).await.unwrap();
    (request, photo.hash)
}

async fn lively() -> (Town, Tablet, Vec<RequestId>) {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let mut filed = Vec::new();
    for n in 0..5 {
        filed.push(with_photo(&town, &mut tablet, n).await.0);
        let entry = tablet.entry(filed[n as usize], EntryKind::Message, "Bir de şunu ekleyeyim.");
        ok(&tablet.push(entry).await);
    }
    let act = |command| mbs_server::routing::apply::Act { request: filed[0], author: 0, seen: None, command };
    town.service.act(act(Command::new(Who::Unit, Action::Accept))).await.unwrap();
    (town, tablet, filed)
}

#[tokio::test]
async fn a_backup_comes_back_whole_as_a_new_life() {
    let (town, tablet, filed) = lively().await;
    if !town.is_one_folder() {
        return;
    }
    let proven = verify(&town.service).unwrap();
    assert_eq!((proven.requests, proven.photos), (5, 5));
    let backup = backed_up(&town);
    town.pass(3 * DAY);
    let back = restored(&town, &backup, false).unwrap();
    assert_eq!(verify(&back.service).unwrap(), proven);
    assert_ne!(back.service.epoch, town.service.epoch);
    for id in &filed {
        assert_eq!(back.head(*id), town.head(*id));
        assert_eq!(back.events(*id), town.events(*id));
    }
    // The tablet is known, and told to compare; the next number lies behind anything three days can have given.
    let mut again = tablet.again(&back);
    assert!(again.sync(Vec::new()).await.snapshot);
    let id = again.filed("yol.cukur").await;
    assert!(i64::from(back.head(id).no.n) > 5 + 3 * NUMBERS_A_DAY);
    // And it can be backed up and restored again.
    let twice = restored(&back, &backed_up(&back), false).unwrap();
    assert_eq!(verify(&twice.service).unwrap().requests, 6);
    assert!(twice.head(id).no.n < 10 * NUMBERS_A_DAY as u32);
}

#[tokio::test]
async fn the_first_number_of_a_new_year_is_not_given_twice() {
    let (town, ..) = lively().await;
    if !town.is_one_folder() {
        return;
    }
    let backup = backed_up(&town);
    town.pass(60 * DAY);
    let mut tablet = town.tablet("besiktas-bebek").await;
    let lost = tablet.filed("yol.cukur").await;
    assert_eq!(town.head(lost).no.to_string(), "2027-000001");
    let back = restored(&town, &backup, false).unwrap();
    let mut tablet = back.tablet("besiktas-bebek").await;
    let id = tablet.filed("yol.cukur").await;
    assert_eq!(back.head(id).no.year, 2027);
    assert!(back.head(id).no.n > 1);
}

#[tokio::test]
async fn a_backup_that_was_cut_or_changed_is_none_and_a_full_folder_is_refused() {
    let (town, ..) = lively().await;
    if !town.is_one_folder() {
        return;
    }
    let whole = backed_up(&town);
    for cut in [0, 511, whole.len() / 3, whole.len() / 2, whole.len() - 2_048] {
        let error = restored(&town, &whole[..cut], false).err().unwrap_or_else(|| panic!("cut at {cut}"));
        assert!(error.contains("backup"), "{error}");
    }
    for at in (700..whole.len()).step_by(whole.len() / 40) {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        // A changed byte in the padding between parts changes nothing.
        if let Ok(back) = restored(&town, &changed, false) {
            verify(&back.service).unwrap();
        }
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "x").unwrap();
    let refused = restore(whole.as_slice(), dir.path(), None, MORNING, &*town.random, |path| {
        Ok(Sqlite::open(&Options::new(path))?)
    });
    assert!(refused.unwrap_err().to_string().contains("not empty"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_sealed_opens_with_its_key_only_and_a_cut_shows() {
    let key = age::x25519::Identity::generate();
    let seal = Seal::recipients(&[key.to_public().to_string()]).unwrap();
    let mut sealed = seal.seal(Vec::new()).unwrap();
    std::io::Write::write_all(&mut sealed, &[7; 200_000]).unwrap();
    let sealed = sealed.finish().unwrap();
    let text = age::secrecy::ExposeSecret::expose_secret(&key.to_string()).to_owned();
    let read = |opener: &Opener, bytes: &[u8]| {
        let mut out = Vec::new();
        opener.open(bytes).map_err(|e| e.to_string())?;
        std::io::Read::read_to_end(&mut opener.open(bytes).unwrap(), &mut out).map_err(|e| e.to_string())?;
        Ok::<_, String>(out)
    };
    let opener = Opener::identities(&format!("# mine\n{text}\n")).unwrap();
    assert_eq!(read(&opener, &sealed).unwrap(), [7; 200_000]);
    assert!(read(&opener, &sealed[..sealed.len() - 1]).is_err());
    assert!(read(&opener, &sealed[..70_000]).is_err());
    let other = age::x25519::Identity::generate();
    let text = age::secrecy::ExposeSecret::expose_secret(&other.to_string()).to_owned();
    assert!(read(&Opener::identities(&text).unwrap(), &sealed).unwrap_err().contains("another key"));
    assert!(Seal::passphrase("kısa").is_err());
    assert!(Seal::recipients(&["age1nobody".into()]).is_err());
}

/// Breaks the database as `sql` says, and what `verify` then names.
async fn broken(sql: &'static str) -> String {
    let (town, ..) = lively().await;
    town.service.db.change(|tx| tx.execute(sql, &[])).unwrap();
    verify(&town.service).unwrap_err().to_string()
}

#[tokio::test]
async fn verify_names_the_first_break() {
    if !Town::new().is_one_folder() {
        return;
    }
    for (sql, told) in [
        ("delete from feed where seq = 7", "feed 7"),
        ("update meta set value = 3 where name = 'seq'", "counter seq"),
        ("update meta set value = 1 where name = 'rid'", "counter rid"),
        ("update meta set value = 2 where name = 'number:2026'", "counter number:2026"),
        ("update feed set mac = zeroblob(16) where seq = 2", "feed 2, request 2026-000001"),
        (
            "update feed set packed = x'00', key = 0 where kind = 1 and seq = (select min(seq) from feed where kind = 1)",
            "no entry",
        ),
        ("update request set title = 'başka' where rid = 3", "request 2026-000003"),
        ("update request set state = 9 where rid = 1", "not where the events lead"),
        ("update request set changes = 4 where rid = 2", "4 changes counted, 1 there"),
        ("update request set no = no + 1000 where rid = 5", "number"),
    ] {
        let found = broken(sql).await;
        assert!(found.contains(told), "{sql}: {found}");
    }
    let (town, ..) = lively().await;
    let files = || walk(&town.dir.path().join("blobs"));
    let one = files().into_iter().next().unwrap();
    let bytes = std::fs::read(&one).unwrap();
    std::fs::write(&one, &bytes[1..]).unwrap();
    assert!(verify(&town.service).unwrap_err().to_string().contains("damaged"));
    std::fs::remove_file(&one).unwrap();
    assert!(verify(&town.service).unwrap_err().to_string().contains("missing from the store"));
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[tokio::test]
async fn an_erased_request_leaves_a_tombstone_and_nothing_else() {
    let town = Town::new();
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (id, photo) = with_photo(&town, &mut tablet, 1).await;
    // The same photo in another request stays for that one.
    let (other, shared) = with_photo(&town, &mut tablet, 2).await;
    let (bytes, reference) = self::photo(2, 3_000);
    let mut words = tablet.words("yol.cukur");
    words.desc = "Ayşe Teyze'nin kapısı, 0555 000 00 00".into();
    words.blobs.push(reference);
    let item = tablet.file_words(&words);
    let third = item.request;
    ok(&tablet.push(item.clone()).await);
    let slice = blob::Slice { hash: shared, request: third, offset: 0, size: reference.size };
    blob::put(&town.service, &tablet.caller, slice, bytes).await.unwrap();
    let entry = tablet.entry(third, EntryKind::Message, "Ayşe Teyze evde.");
    ok(&tablet.push(entry.clone()).await);
    tablet.sync(Vec::new()).await;
    let old = tablet.cursor;
    let digest = |tablet: &Tablet| {
        let mut frame = tablet.frame(Vec::new());
        frame.digest = Some(mbs_shared::digest::Digest(1));
        frame
    };
    assert_eq!(tablet.send(&digest(&tablet)).await.unwrap().differs, Some(true));

    assert!(erase(&town.service, third, "  ").is_err());
    erase(&town.service, third, "Dilekçe, 25.11.2026").unwrap();
    erase(&town.service, id, "Dilekçe, 25.11.2026").unwrap();
    assert!(erase(&town.service, id, "yine").is_err());

    let feed = tablet.sync(Vec::new()).await;
    let gone: Vec<RequestId> = feed.rows.iter().filter(|r| r.body == RowBody::Erased).map(|r| r.request).collect();
    assert_eq!(gone, [third, id]);
    // A tablet that was long away passes over them too.
    let mut away = town.tablet("kadikoy-rasimpasa").await;
    let all = away.sync(Vec::new()).await;
    assert!(all.rows.iter().filter(|r| r.request != other).all(|r| r.body == RowBody::Erased));
    assert!(old.seq > 0);
    // Units hear of it, from wherever they read.
    let unit = town.unit_rows("md-yol-bakim-anadolu");
    assert_eq!(unit.iter().filter(|(k, _)| *k == kind::ERASED).count(), unit.len() - 2);
    // Pushed again, words and thread: a final success.
    assert_eq!(tablet.push(item).await, ItemResult::Erased);
    assert_eq!(tablet.push(entry).await, ItemResult::Erased);
    // Bytes: the photo of one is gone, the shared one stays; nothing of the words is left in the files.
    use mbs_server::blob_store::Key;
    assert!(!town.service.store.has(Key::Full(photo)).unwrap());
    assert!(town.service.store.has(Key::Full(shared)).unwrap());
    for name in ["mbs.db", "mbs.db-wal", "journal"] {
        let bytes = std::fs::read(town.dir.path().join(name)).unwrap_or_default();
        assert!(bytes.windows(5).all(|w| w != b"Teyze"), "{name}");
    }
    if town.is_one_folder() {
        assert_eq!(verify(&town.service).unwrap().records, 2);
    }
}

#[tokio::test]
async fn what_was_erased_or_revoked_after_the_backup_stays_so() {
    let (town, tablet, filed) = lively().await;
    if !town.is_one_folder() {
        return;
    }
    let backup = backed_up(&town);
    erase(&town.service, filed[2], "Mahkeme kararı").unwrap();
    let no = tablet.identity.device;
    town.service.journal.append(&Record::Revoked { device: no, at: MORNING + 5 }).unwrap();

    let without = restored(&town, &backup, false).unwrap();
    assert!(without.service.db.ask(|s| mbs_server::database::requests::by_id(s, filed[2])).unwrap().is_some());
    let back = restored(&town, &backup, true).unwrap();
    assert!(back.service.db.ask(|s| mbs_server::database::requests::by_id(s, filed[2])).unwrap().is_none());
    assert_eq!(device_row(&back, &tablet).revoked, MORNING + 5);
    assert_eq!(verify(&back.service).unwrap().records, 2);
    assert_eq!(replay(&back.service).unwrap(), 0, "once is enough");
    // A journal of another server is not taken.
    let other = Town::new();
    Journal::of(other.dir.path()).append(&Record::Revoked { device: no, at: 1 }).unwrap();
    erase(&back.service, filed[1], "Dilekçe").unwrap();
    let newer = backed_up(&back);
    let dir = tempfile::tempdir().unwrap();
    let strange = other.dir.path().join("journal");
    let refused = restore(newer.as_slice(), dir.path(), Some(&strange), MORNING, &*town.random, |path| {
        Ok(Sqlite::open(&Options::new(path))?)
    });
    assert!(refused.unwrap_err().to_string().contains("not the journal of this server"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Private notes of a muhtarlık that are readable at the server.
fn notes(town: &Town, scope: u32) -> i64 {
    let note = EntryKind::Note as u32;
    let all = "select count(*) from feed where scope = $1 and kind = 1 and n = $2";
    town.service.db.ask(|s| s.first(all, &[scope.into(), note.into()], |r| r.int(0))).unwrap().unwrap()
}

#[tokio::test]
async fn the_notes_of_a_muhtar_who_left_do_not_come_back_with_a_backup() {
    let (town, mut tablet, filed) = lively().await;
    if !town.is_one_folder() {
        return;
    }
    let scope = town.service.scopes.number("kadikoy-rasimpasa");
    let note = tablet.entry(filed[1], EntryKind::Note, "Yalnız kendim için.");
    ok(&tablet.push(note).await);
    let backup = backed_up(&town);
    town.pass(60_000);
    end_mandate(&town.service, scope).unwrap();
    assert_eq!(notes(&town, scope), 0);

    let without = restored(&town, &backup, false).unwrap();
    assert_eq!(notes(&without, scope), 1);
    let back = restored(&town, &backup, true).unwrap();
    assert_eq!(notes(&back, scope), 0);
    assert!(device_row(&back, &tablet).revoked > 0);
    assert!(back.service.db.ask(|s| people::current(s, scope)).unwrap().is_none(), "the mandate has ended");
    assert_eq!(verify(&back.service).unwrap().records, 2);

    // The successor's own stay, however often the server is started.
    back.pass(60_000);
    let mut successor = back.tablet("kadikoy-rasimpasa").await;
    let own = successor.entry(filed[1], EntryKind::Note, "Devralındı.");
    ok(&successor.push(own).await);
    assert_eq!(replay(&back.service).unwrap(), 0, "once is enough");
    assert_eq!(notes(&back, scope), 1);
}

/// Seed 26555692958002 of the simulation, 2026-11-28: the successor could not be enrolled after a restore.
#[tokio::test]
async fn a_mandate_stays_ended_though_the_clock_had_been_set_back() {
    let (town, ..) = lively().await;
    if !town.is_one_folder() {
        return;
    }
    let scope = town.service.scopes.number("kadikoy-rasimpasa");
    let backup = backed_up(&town);
    town.pass(-300_000);
    end_mandate(&town.service, scope).unwrap();
    let back = restored(&town, &backup, true).unwrap();
    let running = || back.service.db.ask(|s| people::current(s, scope)).unwrap();
    assert_eq!(running(), None);
    // And the successor's is not ended by it, at whatever time it began.
    back.pass(-600_000);
    back.tablet("kadikoy-rasimpasa").await;
    assert_eq!(replay(&back.service).unwrap(), 0);
    assert!(running().is_some());
}

#[tokio::test]
async fn an_erasure_cut_off_half_way_is_finished_at_the_next_start() {
    let (town, _, filed) = lively().await;
    let at = MORNING + 1;
    let photos = town.service.db.ask(|s| mbs_server::database::blobs::of_request(s, town.head(filed[1]).rid)).unwrap();
    let hash = photos[0].0;
    let record = Record::Erased { request: filed[1], at, reason: "Dilekçe".into(), photos: vec![hash] };
    town.service.journal.append(&record).unwrap();
    // The PostgreSQL of the tests runs without fsync, which `verify` would name first.
    let look = || verify(&town.service);
    assert!(!town.is_one_folder() || look().unwrap_err().to_string().contains("start the server once"));
    assert_eq!(replay(&town.service).unwrap(), 1);
    assert!(!town.service.store.has(mbs_server::blob_store::Key::Full(hash)).unwrap());
    assert!(!town.is_one_folder() || look().is_ok());
}

/// A sparse part says that it is 8 GiB of zeros, in half a kilobyte: it would have filled the disk.
#[tokio::test]
async fn a_part_that_is_no_plain_file_is_refused() {
    let sparse = include_bytes!("../../../tests/fuzz/corpus/backup/sparse-database");
    let Err(why) = restored(&Town::new(), sparse, false) else { panic!("it was restored") };
    assert!(why.contains("no plain file"), "{why}");
}
