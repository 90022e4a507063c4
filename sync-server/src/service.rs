//! The service: everything a handler needs, without a socket. Handlers are plain functions over it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use anyhow::{Context, Result};
use mbs_shared::directory::Directory;
use mbs_shared::routing::deadline::Calendar;

use crate::announcements::Announced;
use crate::auth::device::Devices;
use crate::auth::provider::Provider;
use crate::blob_store::BlobStore;
use crate::database::versions::Versioned;
use crate::database::{Database, DbResult, News, Session, days, gaps, meta, people};
use crate::digest::Digests;
use crate::engines::{Opener, Photos, Place};
use crate::error::Fault;
use crate::handlers::desk;
use crate::handlers::nearby::Reports;
use crate::handlers::open_data::OpenData;
use crate::jobs::{Job, Noted, Round};
use crate::journal::Journal;
use crate::knowledge::{Knowledge, Scopes};
use crate::map;
use crate::ports::{Clock, Random, SystemClock, SystemRandom};
use crate::presence::Presence;
use crate::routing::by_hand::ByHand;
use crate::routing::hands::Hands;
use crate::routing::rules::Rules;
use crate::search::Search;
use crate::secrets::Secrets;
use crate::tries::Tries;
use crate::uploads::Uploads;
use crate::wake::Wakes;
use crate::watch::Watch;
use crate::writer::{self, Tx, Writer};
use tokio::sync::Semaphore;

/// Pushes that are worked on at once. Checked and waiting for the writer, one takes several times its bytes. *Measured* with
/// 959 at once (`cargo bench-sync`): under 90 MiB, against 98 to 100 without a bound, and nobody waits longer.
const PUSHES: usize = 192;

/// What a service is made of.
pub struct Parts {
    /// The database.
    pub db: Arc<dyn Database>,
    /// Where photos lie.
    pub store: Arc<dyn BlobStore>,
    /// What must survive a restore.
    pub journal: Journal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// The server's keys.
    pub secrets: Secrets,
    /// What it knows of the city.
    pub knowledge: Knowledge,
    /// Write jobs that may wait.
    pub queue: usize,
    /// Address tablets and programs reach it at, e.g. `https://mbs.example.org`; empty when not set.
    pub url: String,
    /// Whether everyone at the desk must sign in with a second factor.
    pub second_factor: bool,
    /// Whether everybody may fetch what is anonymous, without a sign-in.
    pub open_data: bool,
    /// Who else says who somebody is, where the settings name one.
    pub provider: Option<Arc<dyn Provider>>,
}

impl Parts {
    /// The embedded default: everything in one folder, the machine's clock and chance.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn folder(dir: &Path) -> Result<Self> {
        Self::open(dir, &Place::DataFolder, &Photos::DataFolder)
    }

    /// The machine's clock and chance; database and photos where the settings say, keys in the folder.
    ///
    /// # Errors
    /// When something cannot be opened, or the keys are not those of the database.
    pub fn open(dir: &Path, database: &Place, photos: &Photos) -> Result<Self> {
        Self::opened_by(Opener::Server, dir, database, photos)
    }

    /// The same for a command beside a running server, whose half-written photos it leaves alone.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn beside(dir: &Path, database: &Place, photos: &Photos) -> Result<Self> {
        Self::opened_by(Opener::Command, dir, database, photos)
    }

    fn opened_by(opener: Opener, dir: &Path, database: &Place, photos: &Photos) -> Result<Self> {
        make_private(dir).with_context(|| format!("making the data folder {}", dir.display()))?;
        let db = database.open(dir, opener)?;
        let store = photos.open(dir, opener)?;
        let random = Arc::new(SystemRandom);
        let secrets = match database {
            Place::DataFolder => Secrets::open(dir, &*random)?,
            Place::Postgres(_) => Secrets::shared(dir, &*random, &*db)?,
        };
        Ok(Self {
            db,
            store,
            journal: Journal::of(dir),
            clock: Arc::new(SystemClock),
            secrets,
            random,
            knowledge: Knowledge::istanbul(),
            queue: writer::QUEUE,
            url: String::new(),
            second_factor: false,
            open_data: false,
            provider: None,
        })
    }
}

/// Makes a folder that only its owner looks into.
pub(crate) fn make_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// The service.
pub struct Service {
    /// The database; handlers read it directly and write by [`Self::write`].
    pub db: Arc<dyn Database>,
    /// Where photos lie.
    pub store: Arc<dyn BlobStore>,
    /// What must survive a restore.
    pub journal: Journal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// The server's keys.
    pub secrets: Secrets,
    /// What it knows of the city.
    pub knowledge: Knowledge,
    /// Small numbers of neighbourhoods and units.
    pub scopes: Scopes,
    /// Tablets.
    pub devices: Devices,
    /// Who listens.
    pub wakes: Arc<Wakes>,
    /// The one writer.
    pub writer: Arc<Writer>,
    /// The server's epoch; a restore begins a new one.
    pub epoch: u64,
    /// Address it is reached at; may be empty.
    pub url: String,
    /// Whether everyone at the desk must sign in with a second factor.
    pub second_factor: bool,
    /// What everybody may fetch, where the settings say so.
    pub open_data: Option<OpenData>,
    /// Who else says who somebody is.
    pub provider: Option<Arc<dyn Provider>>,
    /// What each muhtarlık has, for polls.
    pub digests: Digests,
    /// What was reported in each muhtarlık, for its neighbours.
    pub reports: Reports,
    /// What the desk searches.
    pub search: Search,
    /// Day in Istanbul on which decisions were last anchored, as far as this process knows.
    pub anchored: AtomicI64,
    /// How far announcements reach.
    pub announced: Arc<Announced>,
    /// Pushes that are worked on at once; the others wait as they came.
    pub(crate) turns: Semaphore,
    /// Photos that are coming in.
    pub(crate) uploads: Uploads,
    /// Who is looking at what.
    pub presence: Presence,
    /// How much is late.
    pub watch: Watch,
    /// Where people routed what came to triage.
    pub by_hand: ByHand,
    /// Who has what in hand.
    pub hands: Hands,
    /// What was noted of its jobs.
    pub noted: Noted,
    /// Enrolment tries.
    pub tries: Tries,
    /// Streams that wake desks.
    pub desk_streams: desk::events::Open,
    approvals: RwLock<HashMap<String, bool>>,
    rules: RwLock<Arc<Rules>>,
    map: RwLock<Arc<map::Current>>,
    /// With how often it was changed.
    calendar: RwLock<(i64, Arc<Calendar>)>,
    /// Version of the tablets in memory. Held while settings are taken over, so that what was read earlier never
    /// replaces what was read, or written, later.
    devices_version: Mutex<i64>,
    heard: Heard,
}

/// How far the feed was when listeners were last woken for what other processes wrote.
#[derive(Debug)]
struct Heard {
    seq: AtomicI64,
    /// Rows of our own by then.
    own: AtomicI64,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("engine", &self.db.engine()).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Service {
    /// Puts the parts together; seeds a new database.
    ///
    /// # Errors
    /// When the database cannot be read or seeded.
    pub fn new(parts: Parts) -> Result<Arc<Self>> {
        let Parts { db, store, journal, clock, random, secrets, knowledge, queue, .. } = parts;
        let Parts { url, second_factor, open_data, provider, .. } = parts;
        let (epoch, scopes) = db.change(|tx| {
            let mut epoch = meta::get(tx, "epoch")?;
            if epoch == 0 {
                epoch = (random.number() >> 1).cast_signed().max(1);
                meta::set(tx, "epoch", epoch)?;
            }
            knowledge.refresh(tx)?;
            let scopes = Scopes::load(tx)?;
            scopes.seed(tx, knowledge.directory())?;
            scopes.refresh(tx)?;
            Ok((epoch.cast_unsigned(), scopes))
        })?;
        let devices = Devices::default();
        // The versions first: what comes between the two is taken over by the first tick.
        let (version, approvals, rules, map, calendar, seq) = db.ask(|s| {
            let (rules, (changed, calendar)) = (Rules::load(s, knowledge.directory())?, days::calendar(s)?);
            let (map, calendar) = (Arc::new(map::Current::load(s)?), (changed, Arc::new(calendar)));
            Ok((meta::get(s, "devices")?, load_approvals(s)?, Arc::new(rules), map, calendar, meta::get(s, "seq")?))
        })?;
        devices.reload(&*db)?;
        let wakes = Arc::new(Wakes::default());
        let writer = Arc::new(Writer::new(db.clone(), wakes.clone(), queue));
        let service = Arc::new(Self {
            db,
            store,
            journal,
            clock,
            random,
            secrets,
            knowledge,
            scopes,
            devices,
            wakes,
            writer,
            epoch,
            url,
            second_factor,
            open_data: open_data.then(OpenData::default),
            provider,
            digests: Digests::default(),
            reports: Reports::default(),
            search: Search::default(),
            anchored: AtomicI64::new(0),
            announced: Arc::default(),
            turns: Semaphore::new(PUSHES),
            uploads: Uploads::default(),
            presence: Presence::default(),
            watch: Watch::default(),
            by_hand: ByHand::default(),
            hands: Hands::default(),
            noted: Noted::default(),
            tries: Tries::default(),
            desk_streams: desk::events::Open::default(),
            approvals: RwLock::new(approvals),
            rules: RwLock::new(rules),
            map: RwLock::new(map),
            calendar: RwLock::new(calendar),
            devices_version: Mutex::new(version),
            heard: Heard { seq: seq.into(), own: AtomicI64::new(0) },
        });
        service.refresh_announced().context("reading how far announcements reach")?;
        let weak = Arc::downgrade(&service);
        let hear = move |news| {
            if let Some(service) = weak.upgrade() {
                service.hear(news);
            }
        };
        service.db.listen(Box::new(hear)).context("starting to listen to other instances")?;
        Ok(service)
    }

    /// Takes what another instance announced.
    fn hear(&self, news: News) {
        let taken = match news {
            News::Scope(_) => self.wake_for_others(),
            News::Settings => self.refresh_settings(),
            News::Missed => self.refresh_settings().and_then(|()| self.wake_for_others()),
        };
        if let Err(e) = taken {
            tracing::warn!(error = %e, "other instances' news could not be read; the next tick tries again");
        }
    }

    /// Opens the embedded default on a folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(dir: &Path) -> Result<Arc<Self>> {
        Self::new(Parts::folder(dir)?)
    }

    /// Starts the writer's thread. It ends after [`Writer::stop`], with everything written.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start_writer(&self) -> std::io::Result<std::thread::JoinHandle<()>> {
        let writer = self.writer.clone();
        std::thread::Builder::new().name("writer".into()).spawn(move || writer.run())
    }

    /// Runs `job` in the writer; the answer comes when it is durable.
    ///
    /// # Errors
    /// The job's own refusal, or [`mbs_shared::wire::error::Code::Busy`].
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.writer.submit(job)?.wait().await
    }

    /// Whether answers of that unit need an approver. Off unless switched on.
    #[must_use]
    pub fn needs_approval(&self, unit: &str) -> bool {
        self.approvals.read().unwrap_or_else(PoisonError::into_inner).get(unit).copied().unwrap_or(false)
    }

    /// How categories are routed now.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The map pack of tablets.
    #[must_use]
    pub fn map(&self) -> Arc<map::Current> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Working days, with what the desk says of them.
    #[must_use]
    pub fn calendar(&self) -> Arc<Calendar> {
        self.calendar.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Units, categories, districts, neighbourhoods.
    #[must_use]
    pub fn directory(&self) -> &'static Directory {
        self.knowledge.directory()
    }

    /// Switches a unit's approval on or off.
    ///
    /// # Errors
    /// [`mbs_shared::wire::error::Code::Busy`].
    pub async fn set_approval(&self, unit: &str, on: bool) -> Result<(), Fault> {
        if self.directory().unit(unit).is_none() {
            return Err(Fault::bad_input("Birim dizinde yok."));
        }
        let code = unit.to_owned();
        self.write(move |tx| {
            tx.db.announce(News::Settings);
            Ok(tx.session().execute(meta::SET_UNIT, &[code.as_str().into(), on.into()])?)
        })
        .await?;
        let _taking_over = self.taking_over();
        self.approvals.write().unwrap_or_else(PoisonError::into_inner).insert(unit.to_owned(), on);
        Ok(())
    }

    /// Looks whether another process enrolled or revoked a tablet, and takes that over.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn refresh_devices(&self) -> DbResult<()> {
        self.reload_devices(&mut self.taking_over())
    }

    fn taking_over(&self) -> MutexGuard<'_, i64> {
        self.devices_version.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload_devices(&self, known: &mut i64) -> DbResult<()> {
        let version = self.db.ask(|s| meta::get(s, "devices"))?;
        if *known != version {
            self.devices.reload(&*self.db)?;
            self.refresh_announced()?;
            *known = version;
        }
        Ok(())
    }

    /// Takes over what other processes changed: tablets, units' switches, rules, the map, days off.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn refresh_settings(&self) -> DbResult<()> {
        let mut known = self.taking_over();
        self.reload_devices(&mut known)?;
        self.db.ask(|s| {
            // A unit has its number before anybody hears of it.
            if Versioned::Directory.newest(s)? != self.knowledge.version() {
                self.scopes.refresh(s)?;
                self.knowledge.refresh(s)?;
            }
            Ok(())
        })?;
        let approvals = self.db.ask(load_approvals)?;
        *self.approvals.write().unwrap_or_else(PoisonError::into_inner) = approvals;
        if self.db.ask(|s| Versioned::Rules.newest(s))? != self.rules().version {
            let rules = Arc::new(self.db.ask(|s| Rules::load(s, self.directory()))?);
            *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        }
        if self.db.ask(|s| Versioned::Map.newest(s))? != self.map().id {
            let map = Arc::new(self.db.ask(map::Current::load)?);
            *self.map.write().unwrap_or_else(PoisonError::into_inner) = map;
        }
        let known_days = self.calendar.read().unwrap_or_else(PoisonError::into_inner).0;
        if self.db.ask(|s| meta::get(s, days::COUNTER))? != known_days {
            let (changed, calendar) = self.db.ask(days::calendar)?;
            *self.calendar.write().unwrap_or_else(PoisonError::into_inner) = (changed, Arc::new(calendar));
        }
        Ok(())
    }

    /// Wakes the listeners of scopes to which another process (an instance, a command) has written.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn wake_for_others(&self) -> DbResult<()> {
        // Our own count first: rows written in between wake once too often, never too rarely.
        let own = self.writer.rows();
        let seq = self.db.ask(|s| meta::get(s, "seq"))?;
        let before = self.heard.seq.load(Ordering::Acquire);
        if seq - before != own - self.heard.own.load(Ordering::Acquire) {
            for (scope, seq) in self.db.ask(|s| crate::database::feed::scopes_after(s, before))? {
                self.wakes.wake(scope, seq);
            }
        }
        self.heard.seq.store(seq, Ordering::Release);
        self.heard.own.store(own, Ordering::Release);
        Ok(())
    }

    /// What is to be done now and then: tablets' last contacts, cases whose time has passed, old slices.
    /// Called every second; what is rarer looks at the time itself.
    ///
    /// # Errors
    /// When the database does not answer; the next call tries again.
    pub async fn tick(self: &Arc<Self>, now: i64) -> Result<(), Fault> {
        self.refresh_settings()?;
        self.wake_for_others()?;
        if self.tries.every_minute(now) {
            let mut round = Round::default();
            round.run(self, Job::Contacts, self.write_news()).await;
            round.run(self, Job::Lapses, crate::routing::apply::lapses(self, now)).await;
            round.run(self, Job::Moves, crate::routing::closed::move_on(self)).await;
            round.run(self, Job::Anchor, crate::anchor::daily(self, now)).await;
            round.run(self, Job::Tidy, self.tidy(now)).await;
            round.done(self).await?;
        }
        Ok(())
    }

    /// Forgets slices of uploads that were cut long ago, and codes that nobody used.
    async fn tidy(&self, now: i64) -> Result<(), Fault> {
        self.write(move |tx| {
            let old = now - 30 * 86_400_000;
            tx.session().send(crate::database::blobs::DROP_OLD_CHUNKS, &[old.into()])?;
            tx.session().execute(people::DROP_CODES, &[old.into()])?;
            Ok(())
        })
        .await
    }

    /// Writes what tablets said of themselves while they only polled.
    ///
    /// # Errors
    /// [`mbs_shared::wire::error::Code::Busy`].
    pub async fn write_news(&self) -> Result<(), Fault> {
        let news: Vec<(i64, i64, u32)> = self
            .devices
            .all()
            .iter()
            .filter_map(|c| c.take_news().map(|(seen, created)| (c.device.id, seen, created)))
            .collect();
        if news.is_empty() {
            return Ok(());
        }
        self.write(move |tx| {
            for (device, now, created) in news {
                gaps::heard(tx.session(), &gaps::News { device, now, created, came: &[] })?;
            }
            Ok(())
        })
        .await
    }
}

fn load_approvals(session: &mut dyn Session) -> DbResult<HashMap<String, bool>> {
    Ok(session.all(meta::UNIT_SETTINGS, &[], |r| Ok((r.text(0)?.to_owned(), r.int(1)? != 0)))?.into_iter().collect())
}
