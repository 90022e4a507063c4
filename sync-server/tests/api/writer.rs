//! The one writer: groups, savepoints, a full queue, an unknown commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::common::{Town, empty_database};
use mbs_server::database::feed::{self, NewRow};
use mbs_server::database::{Database, DbError, DbResult, ReadBody, WriteBody, WriteError, meta};
use mbs_server::error::Fault;
use mbs_server::wake::Wakes;
use mbs_server::writer::{Tx, Writer};
use mbs_shared::wire::error::Code;

/// A database that counts its commits and can fail them.
struct Watched {
    inner: Arc<dyn Database>,
    commits: AtomicU32,
    lose: AtomicBool,
}

impl Database for Watched {
    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), WriteError> {
        self.inner.write(body)?;
        self.commits.fetch_add(1, Ordering::SeqCst);
        if self.lose.load(Ordering::SeqCst) {
            return Err(WriteError::Unknown(DbError::Other("the disk went away".into())));
        }
        Ok(())
    }
    fn read(&self, body: &mut ReadBody<'_>) -> DbResult<()> {
        self.inner.read(body)
    }
    fn engine(&self) -> &'static str {
        "watched"
    }
}

fn writer(capacity: usize) -> (tempfile::TempDir, Arc<Watched>, Arc<Wakes>, Writer) {
    let (dir, inner) = empty_database();
    let db = Arc::new(Watched { inner, commits: AtomicU32::new(0), lose: AtomicBool::new(false) });
    let wakes = Arc::new(Wakes::default());
    let writer = Writer::new(db.clone(), wakes.clone(), capacity);
    (dir, db, wakes, writer)
}

fn value(db: &Watched, name: &str) -> i64 {
    let db: &dyn Database = db;
    db.ask(|s| meta::get(s, name)).unwrap()
}

#[test]
fn everything_that_waits_is_one_commit_and_answered_after_it() {
    let (_dir, db, _, writer) = writer(100);
    let pending: Vec<_> = (0..50_i64)
        .map(|i| writer.submit(move |tx| Ok(meta::set(tx.session(), "x", i).map(|()| i)?)).unwrap())
        .collect();
    assert_eq!(writer.waiting(), 50);
    assert_eq!(db.commits.load(Ordering::SeqCst), 0);
    assert_eq!(writer.step(), 50);
    assert_eq!(db.commits.load(Ordering::SeqCst), 1);
    for (i, answer) in pending.into_iter().enumerate() {
        assert_eq!(answer.take().unwrap(), i as i64);
    }
    assert_eq!(value(&db, "x"), 49);
    assert_eq!(writer.step(), 0);
}

#[test]
fn a_job_that_fails_or_panics_takes_back_only_itself() {
    let (_dir, db, wakes, writer) = writer(100);
    let woken = wakes.listen(7);
    let good = writer.submit(|tx| Ok((meta::set(tx.session(), "a", 1)?, tx.next_seq()))).unwrap();
    let bad = writer
        .submit(|tx| {
            meta::set(tx.session(), "a", 2)?;
            tx.next_seq();
            tx.wake(7);
            Err::<(), _>(Fault::new(Code::BadInput))
        })
        .unwrap();
    let worse = writer
        .submit(|tx| {
            meta::set(tx.session(), "a", 3)?;
            if tx.next_seq() > 0 {
                panic!("planned");
            }
            Ok(())
        })
        .unwrap();
    let last = writer.submit(|tx| Ok((meta::set(tx.session(), "b", 4)?, tx.next_seq()))).unwrap();
    writer.step();
    assert_eq!(good.take().unwrap().1, 1);
    assert_eq!(bad.take().unwrap_err().code, Code::BadInput);
    assert_eq!(worse.take().unwrap_err().code, Code::Internal);
    assert_eq!(last.take().unwrap().1, 2, "what was taken back left no hole");
    assert_eq!((value(&db, "a"), value(&db, "b"), value(&db, "seq")), (1, 4, 2));
    assert!(!woken.has_changed().unwrap());
}

#[test]
fn a_full_queue_refuses_at_once_and_a_stopped_one_writes_what_waits() {
    let (_dir, db, _, writer) = writer(2);
    let job = |tx: &mut mbs_server::writer::Tx<'_>| Ok(meta::set(tx.session(), "x", 5)?);
    let first = writer.submit(job).unwrap();
    writer.submit(job).unwrap();
    assert_eq!(writer.submit(job).unwrap_err().code, Code::Busy);
    writer.stop();
    writer.run();
    first.take().unwrap();
    assert_eq!(value(&db, "x"), 5);
    assert_eq!(writer.submit(job).unwrap_err().code, Code::Busy);
}

#[test]
fn a_commit_of_unknown_outcome_is_answered_busy() {
    let (_dir, db, wakes, writer) = writer(10);
    let woken = wakes.listen(7);
    db.lose.store(true, Ordering::SeqCst);
    let lost = writer
        .submit(|tx| {
            tx.next_seq();
            tx.wake(7);
            Ok(meta::set(tx.session(), "x", 1)?)
        })
        .unwrap();
    let refused = writer.submit(|_| Err::<(), _>(Fault::new(Code::NotNow))).unwrap();
    writer.step();
    assert_eq!(lost.take().unwrap_err().code, Code::Busy);
    assert_eq!(refused.take().unwrap_err().code, Code::NotNow);
    assert!(!woken.has_changed().unwrap());
    db.lose.store(false, Ordering::SeqCst);
    let next = writer
        .submit(|tx| {
            tx.next_seq();
            tx.wake(7);
            Ok(meta::set(tx.session(), "x", 2)?)
        })
        .unwrap();
    writer.step();
    next.take().unwrap();
    assert!(woken.has_changed().unwrap());
}

#[tokio::test]
async fn a_push_is_answered_only_when_the_writer_has_written() {
    let town = Town::stepped();
    let code = town.code("kadikoy-rasimpasa", "Rasimpaşa Muhtarı");
    let frame = mbs_shared::wire::enrol::EnrolRequest { version: 1, code, public_key: [0; 32], app: "0.1.0".into() };
    let bytes = mbs_shared::wire::encode(&frame);
    let mut enrolling = Box::pin(mbs_server::handlers::enrol::enrol(&town.service, None, &bytes));
    assert!(futures_util::poll!(&mut enrolling).is_pending());
    assert_eq!(town.service.writer.step(), 1);
    assert!(futures_util::poll!(&mut enrolling).is_ready());
}

#[test]
fn rows_that_are_written_together_are_seen_at_once_and_fail_with_their_job() {
    let (_dir, db, _, writer) = writer(100);
    fn rows(tx: &mut Tx<'_>, seqs: impl IntoIterator<Item = i64>) -> Result<(), Fault> {
        for seq in seqs {
            let packed = seq.to_le_bytes();
            let row = NewRow {
                scope: 7,
                rid: 0,
                kind: 16,
                n: 1,
                key: 0,
                session: 0,
                author: 0,
                at: 0,
                mac: b"",
                packed: &packed,
            };
            feed::add(tx.session(), seq, &row)?;
        }
        Ok(())
    }
    let seen = writer
        .submit(|tx| {
            rows(tx, 1..=3)?;
            Ok(feed::last_of(tx.session(), 7)?)
        })
        .unwrap();
    // A place that is taken: whoever asks, or at the latest the end of the job, is told.
    let taken = writer.submit(|tx| rows(tx, [4, 2, 5])).unwrap();
    let own_fault = writer
        .submit(|tx| {
            rows(tx, 4..=5)?;
            Err::<(), _>(Fault::new(Code::BadInput))
        })
        .unwrap();
    let many = writer.submit(|tx| rows(tx, 4..2_500)).unwrap();
    writer.step();
    assert_eq!(seen.take().unwrap(), 3);
    assert!(taken.take().is_err());
    assert_eq!(own_fault.take().unwrap_err().code, Code::BadInput);
    many.take().unwrap();
    let db: &dyn Database = &*db;
    let there =
        db.ask(|s| s.all("select seq, packed from feed order by seq", &[], |r| Ok((r.int(0)?, r.blob(1)?.to_vec()))));
    let expected: Vec<_> = (1..2_500_i64).map(|seq| (seq, seq.to_le_bytes().to_vec())).collect();
    assert_eq!(there.unwrap(), expected);
}
