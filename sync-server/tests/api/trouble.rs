//! Disks that are full or damaged: nothing is acknowledged that is not kept, nothing is written over, and the words
//! say what helps.

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::*;

use mbs_server::blob_store::{Folder, Key};
use mbs_server::database::Go;
use mbs_server::error::status;
use mbs_server::handlers::blob;
use mbs_server::ports::files::{Files, SystemFiles, Written};
use mbs_shared::id::RequestId;
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::ItemResult;

/// Lets the database take no page more, or as many as it likes.
fn room(town: &Town, pragma: &'static str) {
    town.service.db.change(|tx| tx.query(pragma, &[], &mut |_| Ok(Go::On))).unwrap();
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_keeps_no_half_and_takes_it_when_there_is_room() {
    let town = Town::new();
    if !town.is_one_folder() {
        return;
    }
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let before = tablet.filed("yol.cukur").await;
    room(&town, "pragma max_page_count = 1");
    let mut acknowledged = vec![before];
    let refused = loop {
        let item = tablet.file("yol.cukur");
        let id = item.request;
        let frame = tablet.frame(vec![item]);
        match tablet.send(&frame).await {
            Ok(reply) => {
                ok(&reply.results[0]);
                acknowledged.push(id);
            }
            Err(fault) => break (id, frame, fault),
        }
        assert!(acknowledged.len() < 2_000, "the disk never fills");
    };
    let (id, frame, fault) = refused;
    assert_eq!((fault.code, status(fault.code).as_u16()), (Code::Busy, 503));
    let there = |id: RequestId| town.service.db.ask(|s| mbs_server::database::requests::by_id(s, id)).unwrap();
    assert!(there(id).is_none());
    assert!(acknowledged.iter().all(|id| there(*id).is_some()), "what was acknowledged is there");
    // Reading goes on, and so does the tablet once there is room again: the very same push.
    assert!(tablet.sync(Vec::new()).await.results.is_empty());
    room(&town, "pragma max_page_count = 1073741823");
    let reply = tablet.send(&frame).await.unwrap();
    assert!(matches!(reply.results[..], [ItemResult::Ok { .. }]));
    assert_eq!(town.count("select count(*) from request"), i64::try_from(acknowledged.len()).unwrap() + 1);
    mbs_server::operate::verify::verify(&town.service).unwrap();
}

/// The system's files on a disk that can be full.
struct Brim(Arc<AtomicBool>);

impl Files for Brim {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        SystemFiles.make_dir(dir)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        SystemFiles.list(dir)
    }
    fn exists(&self, path: &Path) -> io::Result<bool> {
        SystemFiles.exists(path)
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        SystemFiles.read(path)
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn Written>> {
        if self.0.load(Ordering::SeqCst) {
            // As a disk does it: a part of the file is there.
            SystemFiles.write(path, &bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        SystemFiles.write(path, bytes)
    }
    fn write_at(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<Box<dyn Written>> {
        SystemFiles.write_at(path, at, bytes)
    }
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any>> {
        SystemFiles.lock(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemFiles.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        SystemFiles.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        SystemFiles.sync_dir(dir)
    }
}

#[tokio::test]
async fn a_full_photo_store_asks_to_come_back_and_takes_the_photo_when_there_is_room() {
    let full = Arc::new(AtomicBool::new(true));
    let brim = Brim(full.clone());
    let town = Town::with_store(move |root| Arc::new(Folder::open_on(Box::new(brim), root).unwrap()));
    let mut tablet = town.tablet("kadikoy-rasimpasa").await;
    let (bytes, wanted) = photo(1, 5_000);
    let mut words = tablet.words("yol.cukur");
    words.blobs.push(wanted);
    let item = tablet.file_words(&words);
    let request = item.request;
    ok(&tablet.push(item).await);
    let slice = blob::Slice { hash: wanted.hash, request, offset: 0, size: wanted.size };
    let caller = tablet.caller.clone();
    let put = || blob::put(&town.service, &caller, slice, bytes.clone());

    let refused = put().await.unwrap_err();
    assert_eq!((refused.code, status(refused.code).as_u16()), (Code::Busy, 503));
    assert_eq!(town.head(request).here, 0);
    assert!(!town.service.store.has(Key::Full(wanted.hash)).unwrap(), "a name stands for all its bytes");
    assert_eq!(std::fs::read_dir(town.dir.path().join("blobs/tmp")).unwrap().count(), 0, "no half is left over");
    // Words go on meanwhile.
    tablet.filed("yol.cukur").await;

    full.store(false, Ordering::SeqCst);
    assert_eq!(put().await.unwrap(), blob::Put::Taken(BlobStatus::of(wanted.hash, 5_000, true)));
    assert_eq!(town.head(request).here, 1);
    assert_eq!(town.service.store.get(Key::Full(wanted.hash)).unwrap().unwrap(), bytes);
}

fn serve(data: &Path, listen: &str) -> Output {
    let mut server = Command::new(env!("CARGO_BIN_EXE_mbs-server"));
    server.arg("serve").arg("--data").arg(data).args(["--listen", listen]).output().unwrap()
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn a_damaged_database_is_named_with_what_helps_and_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let made =
        Command::new(env!("CARGO_BIN_EXE_mbs-server")).arg("init").arg("--data").arg(dir.path()).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let file = dir.path().join("mbs.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let end = bytes.len().min(40_000);
    bytes[20..end].fill(0x5a);
    std::fs::write(&file, &bytes).unwrap();
    let out = serve(dir.path(), "127.0.0.1:0");
    assert!(!out.status.success());
    let text = said(&out);
    assert!(text.contains("damaged") && text.contains("mbs-server restore"), "{text}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "nothing was written over");
}

#[test]
fn an_occupied_port_and_a_folder_that_is_none_are_said_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let out = serve(dir.path(), &taken.local_addr().unwrap().to_string());
    assert!(!out.status.success() && said(&out).contains("is another server running there?"), "{}", said(&out));
    let file = dir.path().join("a-file");
    std::fs::write(&file, "no folder").unwrap();
    let out = serve(&file, "127.0.0.1:0");
    assert!(!out.status.success() && said(&out).contains(&file.display().to_string()), "{}", said(&out));
}
