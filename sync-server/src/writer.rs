//! The one writer: a bounded queue, everything that waits in one transaction, a reply only after COMMIT.
//!
//! * A job runs inside a savepoint of its own: one that fails or panics takes back only itself.
//! * A job is answered when the whole group is durable, never before.
//! * A full queue refuses at once ([`Code::Busy`]), so that memory stays bounded.
//! * A COMMIT that failed leaves the outcome unknown: every job of the group is answered
//!   [`Code::Busy`], and repeating it is harmless because everything pushed has a name of its own.
//!
//! [`Writer::step`] can be called without a thread, which is how a simulated server writes.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire::error::Code;
use tokio::sync::oneshot;

use crate::database::{Database, DbError, DbResult, News, Session, Transaction, meta};
use crate::error::Fault;
use crate::wake::Wakes;

/// Jobs that may wait.
pub const QUEUE: usize = 4_096;
/// Jobs of one group at most, so that no reply waits too long.
pub const GROUP: usize = 512;

/// After so long without a job the database may rest.
const QUIET: Duration = Duration::from_secs(2);

/// What the writer's thread does next.
enum Next {
    Work,
    Rest,
    Stop,
}

/// The write transaction as a job sees it.
pub struct Tx<'a> {
    /// The transaction.
    pub db: &'a mut dyn Transaction,
    counters: &'a mut Counters,
    wakes: &'a mut Vec<(u32, i64)>,
}

/// Counters that are read once and written once a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counters {
    seq: i64,
    rid: i64,
    /// Year of `number`; 0 when it was not needed in this group.
    year: u16,
    number: u32,
}

fn number_name(year: u16) -> String {
    format!("number:{year}")
}

impl Counters {
    fn load(db: &mut dyn Session) -> DbResult<Self> {
        Ok(Self { seq: meta::get(db, "seq")?, rid: meta::get(db, "rid")?, year: 0, number: 0 })
    }

    fn store(&self, before: &Self, db: &mut dyn Session) -> DbResult<()> {
        if self.seq != before.seq {
            meta::set(db, "seq", self.seq)?;
        }
        if self.rid != before.rid {
            meta::set(db, "rid", self.rid)?;
        }
        if self.year != 0 && !sabotaged("counter-not-persisted") {
            meta::set(db, &number_name(self.year), i64::from(self.number))?;
        }
        Ok(())
    }
}

impl Tx<'_> {
    /// The transaction as a session.
    pub fn session(&mut self) -> &mut dyn Session {
        self.db
    }

    /// The next place in the feed.
    pub fn next_seq(&mut self) -> i64 {
        self.counters.seq += if sabotaged("feed-with-gaps") { 2 } else { 1 };
        self.counters.seq
    }

    /// The next request's row number.
    pub const fn next_rid(&mut self) -> i64 {
        self.counters.rid += 1;
        self.counters.rid
    }

    /// The next official number of `year`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn next_number(&mut self, year: u16) -> DbResult<u32> {
        if self.counters.year != year {
            if self.counters.year != 0 {
                meta::set(self.db, &number_name(self.counters.year), i64::from(self.counters.number))?;
            }
            let at = meta::get(self.db, &number_name(year))?;
            self.counters.year = year;
            self.counters.number =
                u32::try_from(at).map_err(|_| DbError::Unexpected("a number out of range".into()))?;
        }
        self.counters.number += 1;
        Ok(self.counters.number)
    }

    /// Wakes the scope's listeners once the group is durable. Called right after a row of the scope was
    /// appended: they are told its place.
    pub fn wake(&mut self, scope: u32) {
        let seq = self.counters.seq;
        match self.wakes.last_mut() {
            Some((last, at)) if *last == scope => *at = seq,
            _ => self.wakes.push((scope, seq)),
        }
    }
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("counters", &self.counters).finish_non_exhaustive()
    }
}

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Durable,
    Lost,
}

trait Job: Send {
    /// Runs inside the savepoint; `false` asks to take it back.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// It panicked, or what it wrote was refused after it ran.
    fn failed(&mut self, fault: Fault);
    /// Answers whoever waits.
    fn finish(self: Box<Self>, verdict: Verdict);
}

struct Typed<T, F> {
    body: Option<F>,
    out: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T: Send, F: FnOnce(&mut Tx<'_>) -> Result<T, Fault> + Send> Job for Typed<T, F> {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(body) = self.body.take() else { return false };
        let out = body(tx);
        let keep = out.is_ok();
        self.out = Some(out);
        keep
    }

    fn failed(&mut self, fault: Fault) {
        self.out = Some(Err(fault));
    }

    fn finish(self: Box<Self>, verdict: Verdict) {
        let answer = match (verdict, self.out) {
            (Verdict::Durable, Some(out)) => out,
            // A refusal stands whether the group was written or not.
            (Verdict::Lost, Some(Err(fault))) => Err(fault),
            (Verdict::Lost, _) | (_, None) => Err(Fault::new(Code::Busy)),
        };
        // Nobody may be waiting any more: the caller's line was cut.
        let _ = self.reply.send(answer);
    }
}

/// An answer that comes when the job is durable.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<Result<T, Fault>>);

impl<T> Pending<T> {
    /// Waits for it.
    ///
    /// # Errors
    /// The job's own refusal, or [`Code::Busy`] when the group was lost.
    pub async fn wait(self) -> Result<T, Fault> {
        self.0.await.unwrap_or_else(|_| Err(Fault::new(Code::Busy)))
    }

    /// Takes it, where the writer has been stepped already.
    ///
    /// # Errors
    /// As [`Self::wait`]; also when it is not there yet.
    pub fn take(mut self) -> Result<T, Fault> {
        self.0.try_recv().unwrap_or_else(|_| Err(Fault::new(Code::Busy)))
    }
}

/// The one writer.
pub struct Writer {
    db: Arc<dyn Database>,
    wakes: Arc<Wakes>,
    queue: Mutex<VecDeque<Box<dyn Job>>>,
    filled: Condvar,
    stopping: AtomicBool,
    /// Rows of the feed this writer has written.
    rows: AtomicI64,
    capacity: usize,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Writer {
    /// A writer with room for `capacity` waiting jobs. It does nothing until it is run or stepped.
    #[must_use]
    pub fn new(db: Arc<dyn Database>, wakes: Arc<Wakes>, capacity: usize) -> Self {
        Self {
            db,
            wakes,
            queue: Mutex::new(VecDeque::new()),
            filled: Condvar::new(),
            stopping: AtomicBool::new(false),
            rows: AtomicI64::new(0),
            capacity,
        }
    }

    /// Queues a job.
    ///
    /// # Errors
    /// [`Code::Busy`] when the queue is full or the server stops.
    pub fn submit<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<Pending<T>, Fault> {
        let (reply, pending) = oneshot::channel();
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() >= self.capacity || self.stopping.load(Ordering::Acquire) {
            metrics::counter!("mbs_writer_refused_total").increment(1);
            return Err(Fault::new(Code::Busy));
        }
        queue.push_back(Box::new(Typed { body: Some(body), out: None, reply }));
        drop(queue);
        self.filled.notify_one();
        Ok(Pending(pending))
    }

    /// Jobs that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Rows of the feed this writer has written so far.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.rows.load(Ordering::Acquire)
    }

    /// Writes what waits, as one group; how many jobs that were.
    pub fn step(&self) -> usize {
        let mut jobs: Vec<Box<dyn Job>> = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let n = queue.len().min(GROUP);
            queue.drain(..n).collect()
        };
        if jobs.is_empty() {
            return 0;
        }
        let mut woken = Vec::new();
        let mut rows = 0;
        let result = self.db.write(&mut |db| {
            rows = run_group(db, &mut jobs, &mut woken)?;
            Ok(())
        });
        let verdict = match result {
            Ok(()) => {
                self.rows.fetch_add(rows, Ordering::AcqRel);
                Verdict::Durable
            }
            Err(e) => {
                tracing::error!(error = %e, jobs = jobs.len(), "a group was not written");
                metrics::counter!("mbs_writer_lost_groups_total").increment(1);
                if sabotaged("ack-before-commit") { Verdict::Durable } else { Verdict::Lost }
            }
        };
        let count = jobs.len();
        metrics::counter!("mbs_writer_groups_total").increment(1);
        metrics::counter!("mbs_writer_jobs_total").increment(count as u64);
        for job in jobs {
            job.finish(verdict);
        }
        if verdict == Verdict::Durable {
            for (scope, seq) in woken {
                self.wakes.wake(scope, seq);
            }
        }
        count
    }

    /// Writes group after group until [`Self::stop`] was called and nothing waits any more. Lets the database rest
    /// when nothing has come for a while.
    pub fn run(&self) {
        let mut wrote = false;
        loop {
            match self.await_work(wrote) {
                Next::Work => {
                    self.step();
                    wrote = true;
                }
                Next::Rest => {
                    if let Err(error) = self.db.rest() {
                        tracing::warn!(%error, "the database could not tidy up");
                    }
                    wrote = false;
                }
                Next::Stop => return,
            }
        }
    }

    fn await_work(&self, wrote: bool) -> Next {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while queue.is_empty() {
            if self.stopping.load(Ordering::Acquire) {
                return Next::Stop;
            }
            if !wrote {
                queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (back, waited) = self.filled.wait_timeout(queue, QUIET).unwrap_or_else(PoisonError::into_inner);
            queue = back;
            if waited.timed_out() && queue.is_empty() {
                return Next::Rest;
            }
        }
        Next::Work
    }

    /// Takes no more jobs; what waits is still written.
    pub fn stop(&self) {
        // Under the lock, so that the thread cannot miss it between looking and sleeping.
        let _queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.stopping.store(true, Ordering::Release);
        self.filled.notify_all();
    }
}

/// Runs one job in a transaction of its own, for commands beside a running server: counters are read and
/// written within it, so the server's groups go on from there.
///
/// # Errors
/// The job's own refusal, or what the database says.
pub fn alone<T>(db: &dyn Database, job: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
    let (mut refused, mut out, mut job) = (None, None, Some(job));
    let written = db.write(&mut |db| {
        let before = Counters::load(db)?;
        let mut counters = before;
        let Some(job) = job.take() else { return Err(DbError::Other("a job runs once".into())) };
        match job(&mut Tx { db, counters: &mut counters, wakes: &mut Vec::new() }) {
            Ok(done) => out = Some(done),
            Err(fault) => {
                refused = Some(fault);
                return Err(DbError::Other("the job refused".into()));
            }
        }
        counters.store(&before, db)
    });
    match (written, refused, out) {
        (_, Some(fault), _) => Err(fault),
        (Ok(()), None, Some(out)) => Ok(out),
        (Err(e), None, _) => Err(DbError::from(e).into()),
        (Ok(()), None, None) => Err(Fault::new(Code::Internal)),
    }
}

fn run_group(db: &mut dyn Transaction, jobs: &mut [Box<dyn Job>], woken: &mut Vec<(u32, i64)>) -> DbResult<i64> {
    woken.clear();
    let before = Counters::load(db)?;
    let mut counters = before;
    for job in jobs {
        db.savepoint()?;
        let (mark, wakes) = (counters, woken.len());
        let kept = catch_unwind(AssertUnwindSafe(|| job.run(&mut Tx { db, counters: &mut counters, wakes: woken })));
        let kept = match kept {
            // What an engine did not wait for may fail only now: with its job, not with the others.
            Ok(true) => db.release().map_err(|e| job.failed(e.into())).is_ok(),
            Ok(false) => false,
            Err(_) => {
                job.failed(Fault::internal(anyhow::anyhow!("a write job panicked")));
                false
            }
        };
        if !kept {
            counters = mark;
            woken.truncate(wakes);
            db.roll_back()?;
        }
    }
    // Of each scope the last place.
    woken.sort_unstable_by_key(|(scope, seq)| (*scope, Reverse(*seq)));
    woken.dedup_by_key(|(scope, _)| *scope);
    for (scope, _) in woken {
        db.announce(News::Scope(*scope));
    }
    counters.store(&before, db)?;
    Ok(counters.seq - before.seq)
}
