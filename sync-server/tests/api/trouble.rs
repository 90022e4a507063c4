//! Disks that are full or damaged: nothing is acknowledged that is not kept, nothing is written over, and the words
//! say what helps.

use std::path::Path;
use std::process::{Command, Output};

use crate::common::*;
use mbs_server::database::Go;
use mbs_server::error::status;
use mbs_shared::id::RequestId;
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
    mbs_server::operate::verify::verify(&town.service, town.dir.path()).unwrap();
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
