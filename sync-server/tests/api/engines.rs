//! PostgreSQL and S3: the whole suite once more on them, and what only they can get wrong.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mbs_engines::postgres::{Care, Cluster};
use mbs_engines::s3::S3;
use mbs_server::blob_store::Key;
use mbs_server::database::feed::{self, NewRow};
use mbs_server::database::postgres::Postgres;
use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_server::database::{
    Database, DbError, DbResult, Session, Transaction, WriteError, all_statements, devices, meta, people,
};
use mbs_server::engines::{Opener, Photos, Place};
use mbs_server::error::Fault;
use mbs_server::handlers::enrol::revoke;
use mbs_server::service::{Parts, Service};
use mbs_server::writer::Tx;
use mbs_shared::id::Prefix;

use crate::common::ENGINE;

/// How long something that must happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// This very program again, every other test in it, on the other engine. One alone:
/// `MBS_ENGINE=postgres cargo test -p mbs-server --features packaged --test api NAME`.
#[test]
fn the_whole_suite_passes_on_postgresql_and_s3() {
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "engines::", "--skip", "upgrades::", "--skip", "decide::"])
        .env(ENGINE, "postgres")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success(), "{said}{}", String::from_utf8_lossy(&again.stderr));
    println!("{said}");
}

#[test]
fn each_statement_prepares_on_postgresql_too() {
    let db = Postgres::open(&Cluster::shared().database()).unwrap();
    for (name, sql) in all_statements() {
        db.prepare(sql).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn both_schemas_have_the_same_tables_and_columns() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&Options::new(&dir.path().join("mbs.db"))).unwrap();
    const COLUMNS: &str = "select m.name || '.' || c.name || ' ' || lower(c.type) \
                           from sqlite_master m, pragma_table_info(m.name) c \
                           where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.cid";
    let ours: Vec<String> =
        sqlite.with_connection(|c| c.prepare(COLUMNS)?.query_map([], |r| r.get(0))?.collect()).unwrap();
    let theirs: Vec<String> = Postgres::open(&Cluster::shared().database())
        .unwrap()
        .columns()
        .unwrap()
        .into_iter()
        .map(|c| c.replace(" bigint", " integer").replace(" bytea", " blob"))
        .collect();
    assert!(ours.len() > 60, "{ours:?}");
    assert_eq!(ours, theirs);
}

fn session(tx: &mut dyn Transaction) -> &mut dyn Session {
    tx
}

/// Two services on one new database and store, as two processes on two machines are.
fn two() -> (tempfile::TempDir, [Arc<Service>; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::Postgres(Cluster::shared().database());
    let photos = Photos::S3(S3::shared().photos());
    let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
    let first = Service::new(Parts::open(&one, &place, &photos).unwrap()).unwrap();
    std::fs::create_dir(&two).unwrap();
    std::fs::copy(one.join("keys.json"), two.join("keys.json")).unwrap();
    let second = Service::new(Parts::open(&two, &place, &photos).unwrap()).unwrap();
    (dir, [first, second])
}

fn add_row(tx: &mut Tx<'_>, scope: u32) -> Result<i64, Fault> {
    let seq = tx.next_seq();
    let row = NewRow {
        scope,
        rid: 0,
        kind: 16,
        n: tx.next_number(2026)?,
        key: 0,
        session: 0,
        author: 0,
        at: 0,
        mac: b"",
        packed: b"",
    };
    feed::add(tx.session(), seq, &row)?;
    tx.wake(scope);
    Ok(seq)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_writers_share_one_feed_without_gap_or_double() {
    let (_dir, services) = two();
    let writers: Vec<_> = services.iter().map(|s| s.start_writer().unwrap()).collect();
    let mut tasks = Vec::new();
    for n in 0..200_usize {
        let service = services[n % 2].clone();
        tasks.push(tokio::spawn(async move { service.write(|tx| add_row(tx, 7)).await.unwrap() }));
    }
    let mut seqs = Vec::new();
    for task in tasks {
        seqs.push(task.await.unwrap());
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=200).collect::<Vec<_>>());
    let numbers = services[0].db.ask(|s| s.all("select n from feed order by n", &[], |r| r.int(0))).unwrap();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
    for (service, writer) in services.iter().zip(writers) {
        service.writer.stop();
        writer.join().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_instance_writes_wakes_who_listens_at_the_other() {
    let (_dir, [writing, listening]) = two();
    let mut heard = listening.wakes.listen(7);
    // The first may be heard as "look at everything", which a listener is told when its line stands.
    for _ in 0..3 {
        let pending = writing.writer.submit(|tx| add_row(tx, 7)).unwrap();
        writing.writer.step();
        pending.take().unwrap();
        tokio::time::timeout(PATIENCE, heard.changed()).await.unwrap().unwrap();
    }
}

#[test]
fn a_tablet_revoked_beside_the_servers_is_refused_at_once() {
    let (_dir, services) = two();
    let [one, other] = &services;
    let now = one.clock.now();
    let token = one
        .db
        .change(|tx| {
            let mandate = people::begin(tx, 1, "Mahalle Muhtarı", now)?;
            let token = [9; 32];
            let hash = mbs_server::secrets::sha256(&token);
            let args = [
                5_u32.into(),
                77_u32.into(),
                mandate.id.into(),
                (&hash).into(),
                (&[1; 32]).into(),
                "".into(),
                now.into(),
            ];
            session(tx).first(devices::ADD, &args, |r| r.int(0))?;
            Ok(token)
        })
        .unwrap();
    assert_eq!(other.devices.find(&token, &*other.db).unwrap().device.revoked, 0);
    one.db.change(|tx| revoke(tx, Prefix::new(77), now)).unwrap();
    // No tick is called here: only the announcement can tell.
    let end = Instant::now() + PATIENCE;
    while other.devices.find(&token, &*other.db).unwrap().device.revoked == 0 {
        assert!(Instant::now() < end, "never refused");
        std::thread::yield_now();
    }
}

#[test]
fn a_lost_commit_is_unknown_and_a_lost_server_comes_back() {
    let cluster = Cluster::start(Care::Durable);
    let address = cluster.database();
    let (db, other) = (Postgres::open(&address).unwrap(), Postgres::open(&address).unwrap());
    let (db, other): (&dyn Database, &dyn Database) = (&db, &other);
    const PID: &str = "select pg_backend_pid()::bigint";
    const END: &str = "select pg_terminate_backend($1::bigint::integer)::text";
    let end = |pid: i64| other.ask(|s| s.all(END, &[pid.into()], |r| Ok(r.text(0)?.to_owned()))).unwrap();

    // The server process ends between the last statement and COMMIT: nobody can know from here.
    let outcome = db.change(|tx| {
        meta::set(tx, "x", 1)?;
        let pid = session(tx).first(PID, &[], |r| r.int(0))?.unwrap();
        end(pid);
        Ok(())
    });
    assert!(matches!(outcome, Err(WriteError::Unknown(DbError::Unavailable(_)))), "{outcome:?}");
    // While it still asks, it is known: nothing was written.
    let outcome = db.change(|tx| {
        let pid = session(tx).first(PID, &[], |r| r.int(0))?.unwrap();
        end(pid);
        meta::get(tx, "x")
    });
    assert!(matches!(outcome, Err(WriteError::NotWritten(DbError::Unavailable(_)))), "{outcome:?}");
    // A statement that failed and was passed over is never committed as if nothing were.
    let outcome = db.change(|tx| {
        meta::set(tx, "x", 2)?;
        assert!(session(tx).first("select 1/(value-value) from meta", &[], |r| r.int(0)).is_err());
        Ok(())
    });
    assert!(matches!(outcome, Err(WriteError::NotWritten(_))), "{outcome:?}");
    assert_eq!(db.ask(|s| meta::get(s, "x")).unwrap(), 0);

    db.change(|tx| meta::set(tx, "x", 3)).unwrap();
    cluster.kill();
    let down = db.ask(|s| meta::get(s, "x"));
    assert!(matches!(down, Err(DbError::Unavailable(_))), "{down:?}");
    cluster.start_again();
    assert_eq!(db.ask(|s| meta::get(s, "x")).unwrap(), 3, "what was committed survived the kill");
    db.change(|tx| meta::set(tx, "x", 4)).unwrap();
}

#[test]
fn a_server_with_other_keys_is_told_to_copy_them() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::Postgres(Cluster::shared().database());
    let open = |name: &str| Parts::open(&dir.path().join(name), &place, &Photos::DataFolder).map(drop);
    open("one").unwrap();
    let missing = format!("{:#}", open("two").unwrap_err());
    assert!(missing.contains("copy keys.json"), "{missing}");
    drop(Parts::folder(&dir.path().join("three")).unwrap());
    let other = format!("{:#}", open("three").unwrap_err());
    assert!(other.contains("other keys"), "{other}");
}

#[test]
fn both_stores_keep_the_same_promises() {
    let dir = tempfile::tempdir().unwrap();
    for photos in [Photos::DataFolder, Photos::S3(S3::shared().photos())] {
        let store = photos.open(dir.path(), Opener::Server).unwrap();
        let bytes = vec![0xab; 300_000];
        let name = mbs_shared::blob::name_of(&bytes);
        let (full, thumb) = (Key::Full(name), Key::Thumb(name));
        assert_eq!((store.has(full).unwrap(), store.get(full).unwrap()), (false, None), "{photos:?}");
        store.put(full, &bytes).unwrap();
        store.put(full, &bytes).unwrap();
        store.put(thumb, b"small").unwrap();
        store.put(thumb, b"another").unwrap();
        assert_eq!(store.get(full).unwrap().unwrap(), bytes);
        assert_eq!(store.get(thumb).unwrap().unwrap(), b"small", "the first one stays: {photos:?}");
        assert!(store.has(full).unwrap() && store.has(thumb).unwrap());
        // Another process sees it.
        assert!(photos.open(dir.path(), Opener::Command).unwrap().has(full).unwrap());
    }
}

#[test]
fn a_store_that_refuses_or_is_gone_is_an_error_and_not_a_missing_photo() {
    let key = Key::Full(mbs_shared::id::BlobHash([1; 32]));
    let wrong = S3::shared().photos().replace("secret_access_key=", "secret_access_key=x");
    let refused = Photos::S3(wrong).open(Path::new(""), Opener::Server).unwrap();
    assert!(refused.put(key, b"x").is_err() && refused.get(key).is_err() && refused.has(key).is_err());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!(
        "s3://b?endpoint=http://{}&allow_http=true&access_key_id=a&secret_access_key=b",
        listener.local_addr().unwrap()
    );
    drop(listener);
    let gone = Photos::S3(gone).open(Path::new(""), Opener::Server).unwrap();
    assert!(gone.put(key, b"x").is_err() && gone.get(key).is_err() && gone.has(key).is_err());
}

/// The server's program itself, on a database and store like those of two instances.
#[test]
fn the_command_line_works_on_postgresql_and_s3() {
    let dir = tempfile::tempdir().unwrap();
    let (database, photos) = (Cluster::shared().database(), S3::shared().photos());
    let run = |database: &str, words: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_mbs-server"))
            .args(words)
            .arg("--data")
            .arg(dir.path())
            .env("MBS_DATABASE", database)
            .env("MBS_PHOTOS", &photos)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        (out.status.success(), said)
    };
    let enrol = ["enrol-code", "--quiet", "--neighbourhood", "kadikoy-rasimpasa", "--person", "Rasimpaşa Muhtarı"];
    let (ok, code) = run(&database, &enrol);
    assert!(ok && code.trim().len() == 9, "{code}");
    let (ok, said) = run(&database, &["doctor"]);
    // This cluster does not care for power cuts, and the doctor sees it.
    assert!(!ok && said.contains("fsync = off") && said.contains("ok       photos"), "{said}");
    assert!(!dir.path().join("mbs.db").exists() && !dir.path().join("blobs").exists());
    for (address, what) in [
        ("postgres://nobody:secret@127.0.0.1:1/none", "cannot be reached"),
        ("mysql://root:secret@h/db", "begins with postgres://"),
        ("postgres://u:secret@h", "no database name"),
    ] {
        let (ok, said) = run(address, &["init"]);
        assert!(!ok && said.contains(what) && !said.contains("secret"), "{address}: {said}");
    }
}

#[test]
fn the_line_is_encrypted_and_the_server_is_who_it_says() {
    const SSL: &str = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()";
    let cluster = Cluster::encrypted();
    let address = cluster.database();
    let encrypted = |address: &str| -> DbResult<String> {
        let db = Postgres::open_with(address, 0)?;
        let db: &dyn Database = &db;
        Ok(db.ask(|s| s.first(SSL, &[], |r| Ok(r.text(0)?.to_owned())))?.unwrap())
    };
    let authority = cluster.certificate();
    let tls = format!("{address}?sslmode=require&sslrootcert={}", authority.display());
    assert_eq!(encrypted(&tls).unwrap(), "true");
    assert_eq!(encrypted(&address).unwrap(), "false", "nothing was said and it is this machine");
    let unknown = encrypted(&format!("{address}?sslmode=require")).unwrap_err().to_string();
    assert!(unknown.contains("certificate"), "{unknown}");
    let other_name = encrypted(&tls.replace("localhost", "127.0.0.1")).unwrap_err().to_string();
    assert!(other_name.contains("certificate"), "{other_name}");
}
