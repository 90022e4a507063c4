//! How the server is, for operators: its own jobs and theirs, told from real runs.

use crate::common::*;
use crate::http::desk;
use mbs_server::handlers::desk::view::Role;
use mbs_server::jobs::{Job, noted};
use mbs_server::operate::backup::{Source, backup};
use mbs_server::ports::Clock;
use serde_json::{Value, json};

fn job(health: &Value, code: &str) -> Value {
    health["jobs"].as_array().unwrap().iter().find(|job| job["job"] == code).unwrap().clone()
}

async fn health(town: &Town, cookie: &str) -> Value {
    desk(town, cookie, "health", None).await.1
}

#[tokio::test]
async fn each_job_says_when_it_ran_and_one_that_stands_still_is_late() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    let before = health(&town, &cookie).await;
    assert_eq!(before["jobs"].as_array().unwrap().len(), Job::ALL.len());
    assert_eq!((&job(&before, "lapses")["at"], &job(&before, "lapses")["late"]), (&Value::Null, &json!(true)));
    town.pass(60_000);
    let now = town.clock.now();
    town.service.tick(now).await.unwrap();
    let health_now = health(&town, &cookie).await;
    for code in ["contacts", "lapses", "moves", "anchor", "tidy"] {
        let ran = job(&health_now, code);
        assert_eq!((&ran["at"], &ran["good"]), (&json!(now), &json!(now)), "{code}");
        assert_eq!((&ran["trouble"], &ran["late"]), (&json!(""), &json!(false)), "{code}");
    }
    assert_eq!(job(&health_now, "backup")["late"], true, "nobody ever made one");
    assert!(health_now["database"].as_u64().unwrap() > 0);
    assert!(health_now["room"].as_u64().unwrap() > 0);
    assert_eq!(health_now["engine"], town.service.db.engine());
    // The server is there, and its clockwork is not.
    town.pass(11 * 60_000);
    let later = health(&town, &cookie).await;
    assert_eq!((&job(&later, "lapses")["late"], &job(&later, "lapses")["good"]), (&json!(true), &json!(now)));
}

#[tokio::test]
async fn where_nothing_happens_nothing_is_written_and_whoever_looks_reads_the_same() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    let noted = || town.count("select coalesce(max(at), 0) from job");
    let began = town.clock.now();
    let mut writes = std::collections::BTreeSet::new();
    for _ in 0..30 {
        town.service.tick(town.clock.now()).await.unwrap();
        writes.insert(noted());
        assert_eq!(job(&health(&town, &cookie).await, "tidy")["late"], false);
        town.pass(60_000);
    }
    let every_five = (0..6).map(|five| began + five * 5 * 60_000).collect();
    assert_eq!(writes, every_five);
    // What failed is told at once, each time, and that it is well again too.
    town.service.db.change(|s| s.send("alter table enrol_code rename to enrol_code_gone", &[])).unwrap();
    for _ in 0..2 {
        town.pass(60_000);
        assert!(town.service.tick(town.clock.now()).await.is_err());
        assert_eq!(job(&health(&town, &cookie).await, "tidy")["at"], town.clock.now());
    }
    town.service.db.change(|s| s.send("alter table enrol_code_gone rename to enrol_code", &[])).unwrap();
    town.pass(60_000);
    town.service.tick(town.clock.now()).await.unwrap();
    assert_eq!(job(&health(&town, &cookie).await, "tidy")["good"], town.clock.now());
}

#[tokio::test]
async fn a_job_that_fails_says_why_and_holds_up_no_other() {
    let town = Town::new();
    let cookie = signed_in(&town, Role::Operator);
    let now = town.clock.now();
    // A table that is not there any more: the anchors' job cannot do its work.
    town.service.db.change(|s| s.send("alter table anchor rename to anchor_gone", &[])).unwrap();
    assert!(town.service.tick(now).await.is_err());
    let ill = health(&town, &cookie).await;
    let anchor = job(&ill, "anchor");
    assert_eq!((&anchor["good"], &anchor["late"]), (&Value::Null, &json!(true)));
    assert_ne!(anchor["trouble"], "");
    assert_eq!(job(&ill, "tidy")["good"], now, "what comes behind it ran");
    town.service.db.change(|s| s.send("alter table anchor_gone rename to anchor", &[])).unwrap();
    town.pass(60_000);
    town.service.tick(town.clock.now()).await.unwrap();
    assert_eq!(job(&health(&town, &cookie).await, "anchor")["trouble"], "");
}

#[tokio::test]
async fn backups_are_noted_with_their_age_and_one_that_failed_does_not_count() {
    let town = Town::new();
    if !town.is_one_folder() {
        return;
    }
    let cookie = signed_in(&town, Role::Operator);
    let made = |dir: &std::path::Path| {
        let source = Source { db: &*town.service.db, store: &*town.service.store, dir };
        noted(&*town.service.db, &*town.clock, Job::Backup, || backup(source, town.clock.now(), Vec::new()))
    };
    made(town.dir.path()).unwrap();
    let first = town.clock.now();
    assert_eq!(job(&health(&town, &cookie).await, "backup")["good"], first);
    town.pass(27 * 3_600_000);
    assert_eq!(job(&health(&town, &cookie).await, "backup")["late"], true, "a day without one");
    made(&town.dir.path().join("yok")).unwrap_err();
    let failed = job(&health(&town, &cookie).await, "backup");
    assert_eq!((&failed["at"], &failed["good"]), (&json!(town.clock.now()), &json!(first)), "{failed}");
    assert_ne!(failed["trouble"], "");
    made(town.dir.path()).unwrap();
    let again = job(&health(&town, &cookie).await, "backup");
    assert_eq!((&again["trouble"], &again["late"]), (&json!(""), &json!(false)));
}
