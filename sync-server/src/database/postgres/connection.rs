//! One connection: statements prepared once, those whose outcome nobody needs yet sent ahead.
//!
//! A statement that is sent ahead ([`Session::send`]) is answered in order with the next one that is waited
//! for; so a whole write job costs the round trips of its questions and one at its end. PostgreSQL refuses
//! everything after a failure until the savepoint is rolled back, so none can hide.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Statement};

use super::line::{Closer, Line, Lost};
use super::values::{Bound, Kept, PgRow, db_error};
use crate::database::{DbError, DbResult, Each, Go, News, Session, Transaction, Value, WriteError};

/// How long one statement may take; the server is told a little less.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// How long COMMIT may take, a slow disk and a waiting standby included.
const COMMIT_LIMIT: Duration = Duration::from_secs(60);
/// What each session says first. A writer that hangs is ended by the server, so that others can write. Statements are
/// planned once, often while tables are empty: without the first setting such a plan reads the whole table ever after.
pub(super) const SETTINGS: &str = "\
set enable_seqscan = off; set statement_timeout = '25s'; set lock_timeout = '20s'; set idle_in_transaction_session_timeout = '20s'; \
set client_min_messages = 'warning'";
/// The advisory lock ("MBS" as a number) is held to the end of the transaction: one writer at a time over all
/// instances, so that the order of the feed is the order of commits and the counters are right.
const BEGIN_WRITE: &str = "begin isolation level read committed read write; select pg_advisory_xact_lock(5063251)";
const BEGIN_READ: &str = "begin isolation level repeatable read read only";
const SAVEPOINT: &str = "savepoint job";
const RELEASE: &str = "release savepoint job";
const ROLLBACK_TO: &str = "rollback to savepoint job; release savepoint job";
const NOTIFY: &str = "select pg_notify('mbs', $1)";
/// Longest payload of one notification; PostgreSQL takes less than 8,000 bytes.
const MAX_PAYLOAD: usize = 7_900;

/// Rows held at most: what a push brings, several times over.
const MOST_HELD: usize = 1_000;

type Row = Vec<Kept>;
type Sent = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;

/// A connection of the pool.
pub(super) struct Conn {
    client: Arc<Client>,
    pub(super) line: Line,
    statements: HashMap<&'static str, Statement>,
    /// The same for many rows at once, of plain inserts.
    many: HashMap<&'static str, Statement>,
    /// Rows that have not been sent yet, by their insert.
    held: Vec<(&'static str, Vec<Row>)>,
    /// Sent and not answered yet, in order.
    sent: VecDeque<Sent>,
    /// Something in this transaction failed; nothing after it counts until the savepoint is rolled back.
    failed: bool,
    /// The line is gone or nobody knows what it would say next.
    broken: bool,
    /// What other instances are told at COMMIT, and by whom.
    news: Vec<News>,
    instance: u64,
}

impl Conn {
    pub(super) fn new(client: Client, line: Line, instance: u64) -> Self {
        Self {
            client: Arc::new(client),
            line,
            statements: HashMap::new(),
            many: HashMap::new(),
            held: Vec::new(),
            sent: VecDeque::new(),
            failed: false,
            broken: false,
            news: Vec::new(),
            instance,
        }
    }

    pub(super) fn client(&self) -> Arc<Client> {
        self.client.clone()
    }

    pub(super) fn closer(&self) -> Closer {
        self.line.closer()
    }

    /// Whether it can be used; looks at what has come meanwhile (the server may have said goodbye) and takes the
    /// answer to the end of the transaction before.
    pub(super) fn is_sound(&mut self) -> bool {
        if !self.broken
            && let Err(lost) = self.line.turn()
        {
            tracing::info!(error = %lost, "a connection to PostgreSQL ended");
            self.broken = true;
        }
        if !self.broken
            && let Err(e) = self.settle(LIMIT)
        {
            // A rollback that is refused: nobody knows where it stands.
            tracing::info!(error = %e, "a connection to PostgreSQL is given up");
            self.broken = true;
        }
        !self.broken
    }

    pub(super) fn lost(&mut self, lost: &Lost) -> DbError {
        self.broken = true;
        self.failed = true;
        self.sent.clear();
        match lost {
            Lost::Postgres(e) => db_error(e),
            Lost::Socket(e) => DbError::Unavailable(format!("the connection to PostgreSQL was lost: {e}")),
        }
    }

    pub(super) fn wait<F: Future + ?Sized>(&mut self, future: Pin<&mut F>, limit: Duration) -> DbResult<F::Output> {
        self.line.finish(future, limit).map_err(|lost| self.lost(&lost))
    }

    /// Waits until everything that was sent is answered; the count of the last one, or the first failure.
    fn settle(&mut self, limit: Duration) -> DbResult<u64> {
        let (mut last, mut first_failure) = (0, None);
        while let Some(mut sent) = self.sent.pop_front() {
            match self.wait(sent.as_mut(), limit)? {
                Ok(count) => last = count,
                Err(e) => {
                    self.failed = true;
                    first_failure.get_or_insert(e);
                }
            }
        }
        match first_failure {
            Some(e) => Err(db_error(&e)),
            None => Ok(last),
        }
    }

    fn ahead(&mut self, mut sent: Sent) {
        if let Poll::Ready(done) = self.line.begin(sent.as_mut()) {
            sent = Box::pin(std::future::ready(done));
        }
        self.sent.push_back(sent);
    }

    /// Puts plain words of SQL in line.
    fn say(&mut self, sql: &'static str) {
        let client = self.client.clone();
        self.ahead(Box::pin(async move { client.batch_execute(sql).await.map(|()| 0) }));
    }

    /// Runs plain words of SQL and waits for them.
    pub(super) fn run(&mut self, sql: &str) -> DbResult<()> {
        self.run_within(sql, LIMIT)
    }

    /// The same for what may take longer.
    pub(super) fn run_within(&mut self, sql: &str, limit: Duration) -> DbResult<()> {
        let client = self.client.clone();
        let done = self.wait(pin!(client.batch_execute(sql)), limit)?;
        done.map_err(|e| db_error(&e))
    }

    fn statement(&mut self, sql: &'static str) -> DbResult<Statement> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.prepared(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn prepared(&mut self, sql: &str) -> DbResult<Statement> {
        self.settle(LIMIT)?;
        let client = self.client.clone();
        let prepared = self.wait(pin!(client.prepare(sql)), LIMIT)?;
        prepared.map_err(|e| {
            self.failed = true;
            db_error(&e)
        })
    }

    /// The statement that inserts many rows as `sql` inserts one: a column comes as one array.
    fn statement_for_many(&mut self, sql: &'static str) -> DbResult<Statement> {
        if let Some(known) = self.many.get(sql) {
            return Ok(known.clone());
        }
        let one = self.statement(sql)?;
        let head = sql.split(" values (").next().unwrap_or(sql);
        let arrays: Vec<String> =
            one.params().iter().enumerate().map(|(n, ty)| format!("${}::{ty}[]", n + 1)).collect();
        let statement = self.prepared(&format!("{head} select * from unnest({})", arrays.join(", ")))?;
        self.many.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Sends the rows that are held.
    fn flush(&mut self) -> DbResult<()> {
        for (sql, mut rows) in std::mem::take(&mut self.held) {
            if rows.len() == 1 {
                self.send_row(sql, rows.remove(0))?;
                continue;
            }
            let statement = self.statement_for_many(sql)?;
            let client = self.client.clone();
            self.ahead(Box::pin(async move {
                let columns = 0..statement.params().len();
                let column = |n| rows.iter().filter_map(|row| row.get(n)).map(Kept::bound).collect::<Vec<_>>();
                client.execute_raw(&statement, columns.map(column)).await
            }));
        }
        Ok(())
    }

    fn send_row(&mut self, sql: &'static str, row: Row) -> DbResult<()> {
        let statement = self.statement(sql)?;
        let client = self.client.clone();
        self.ahead(Box::pin(async move { client.execute_raw(&statement, row.iter().map(Kept::bound)).await }));
        Ok(())
    }

    /// Prepares a statement now.
    pub(super) fn prepare(&mut self, sql: &'static str) -> DbResult<()> {
        self.statement(sql).map(drop)
    }

    pub(super) fn begin_write(&mut self) {
        self.clean();
        self.say(BEGIN_WRITE);
    }

    pub(super) fn begin_read(&mut self) {
        self.clean();
        self.say(BEGIN_READ);
    }

    fn clean(&mut self) {
        self.failed = false;
        self.news.clear();
        self.held.clear();
    }

    /// Ends a transaction and keeps it, durably.
    pub(super) fn commit(&mut self) -> Result<(), WriteError> {
        let told = self.flush().and_then(|()| self.tell());
        let settled = told.and_then(|()| self.settle(LIMIT));
        if let Err(e) = settled {
            self.abandon();
            return Err(WriteError::NotWritten(e));
        }
        if self.failed {
            // PostgreSQL would answer such a COMMIT with a rollback, and no error.
            self.abandon();
            return Err(WriteError::NotWritten(DbError::Other("a statement before COMMIT failed".into())));
        }
        let client = self.client.clone();
        let answer = match self.line.finish(pin!(client.batch_execute("commit")), COMMIT_LIMIT) {
            Ok(answer) => answer,
            Err(lost) => return Err(WriteError::Unknown(self.lost(&lost))),
        };
        answer.map_err(|e| {
            self.broken = true;
            match e.code().map(SqlState::code) {
                // Refused by a rule or a conflict: rolled back for certain.
                Some(code) if code.starts_with("23") || code.starts_with("40") => WriteError::NotWritten(db_error(&e)),
                _ => WriteError::Unknown(db_error(&e)),
            }
        })
    }

    /// Ends whatever transaction is open, keeping nothing, without waiting for the answer.
    pub(super) fn abandon(&mut self) {
        self.news.clear();
        self.held.clear();
        if self.broken {
            return;
        }
        self.say("rollback");
        if let Err(lost) = self.line.turn() {
            tracing::info!(error = %lost, "a connection to PostgreSQL ended");
            self.broken = true;
        }
    }

    /// Notifies the other instances, as part of the transaction.
    fn tell(&mut self) -> DbResult<()> {
        if self.news.is_empty() {
            return Ok(());
        }
        let mut news = std::mem::take(&mut self.news);
        news.sort_unstable();
        news.dedup();
        for payload in super::listen::payloads(self.instance, &news, MAX_PAYLOAD) {
            self.send(NOTIFY, &[payload.as_str().into()])?;
        }
        Ok(())
    }
}

impl Session for Conn {
    fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> DbResult<u64> {
        self.send(sql, args)?;
        self.settle(LIMIT)
    }

    fn send(&mut self, sql: &'static str, args: &[Value<'_>]) -> DbResult<()> {
        self.flush()?;
        self.send_row(sql, args.iter().map(Kept::from).collect())
    }

    fn insert(&mut self, sql: &'static str, args: &[Value<'_>]) -> DbResult<()> {
        let row = args.iter().map(Kept::from).collect();
        match self.held.iter_mut().find(|(held, _)| *held == sql) {
            Some((_, rows)) if rows.len() < MOST_HELD => rows.push(row),
            Some(_) => {
                self.flush()?;
                self.held.push((sql, vec![row]));
            }
            None => self.held.push((sql, vec![row])),
        }
        Ok(())
    }

    fn query(&mut self, sql: &'static str, args: &[Value<'_>], each: &mut Each<'_>) -> DbResult<()> {
        self.flush()?;
        let statement = self.statement(sql)?;
        let client = self.client.clone();
        let mut asking = pin!(client.query_raw(&statement, args.iter().map(|a| Bound(*a))));
        // On its way before anything is waited for.
        let begun = self.line.begin(asking.as_mut());
        self.settle(LIMIT)?;
        let asked = match begun {
            Poll::Ready(rows) => rows,
            Poll::Pending => self.wait(asking, LIMIT)?,
        };
        let failed = |conn: &mut Self, e: &Error| {
            conn.failed = true;
            db_error(e)
        };
        let mut rows = pin!(asked.map_err(|e| failed(self, &e))?);
        while let Some(row) = self.wait(pin!(rows.next()), LIMIT)? {
            let row = row.map_err(|e| failed(self, &e))?;
            if each(&PgRow(&row))? == Go::Stop {
                break;
            }
        }
        Ok(())
    }
}

impl Transaction for Conn {
    fn savepoint(&mut self) -> DbResult<()> {
        self.say(SAVEPOINT);
        Ok(())
    }

    fn release(&mut self) -> DbResult<()> {
        self.flush()?;
        self.say(RELEASE);
        self.settle(LIMIT).map(drop)
    }

    fn roll_back(&mut self) -> DbResult<()> {
        self.held.clear();
        if self.settle(LIMIT).is_err() && self.broken {
            return Err(DbError::Unavailable("the connection to PostgreSQL was lost".into()));
        }
        self.say(ROLLBACK_TO);
        self.settle(LIMIT)?;
        self.failed = false;
        Ok(())
    }

    fn announce(&mut self, news: News) {
        self.news.push(news);
    }
}
