//! One tablet: the facade hosts hold.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mbs_shared::id::{Actor, BlobHash, CaseNo, RequestId};
use mbs_shared::sabotage::sabotaged;
use serde_json::Value;

use crate::courier;
use crate::door::{Bundle, Call, Upload, has_pin};
use crate::error::{Code, Result, fail};
use crate::ports::{Account, Listening, Ports, Transport, random};
use crate::store::open::Mended;
use crate::store::settings::{self, Identity};
use crate::store::{Store, blobs, outbox, quarantine};
use crate::sync::rebuild::{ask_unread, rebuild_rescued};
use crate::sync::round::Round;
use crate::sync::{Effect, Event, Nudge};

/// One tablet. Shared between threads; calls are answered one after another, and never wait for the network
/// (except [`Call::Enrol`], which is about nothing else).
pub struct Tablet {
    ports: Ports,
    inner: Mutex<Inner>,
    wake: Mutex<Vec<Sender<Nudge>>>,
}

/// Everything behind the one lock.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) round: Round,
    pub(crate) ports: Ports,
    /// Second half of the actor: fresh at each process start, never written down.
    pub(crate) tail: [u8; 8],
    /// The photo that is coming in.
    pub(crate) upload: Option<Upload>,
    /// The courier file that is coming in.
    pub(crate) bundle: Option<Bundle>,
    /// Whether the screen is locked.
    pub(crate) locked: bool,
    /// Calls that failed lately, for the diagnosis.
    pub(crate) failed: VecDeque<Failed>,
}

/// Failed calls that are remembered.
const MOST_FAILED: usize = 40;

/// A call that failed: when (Unix ms), and why.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Failed {
    at: i64,
    code: Code,
}

impl std::fmt::Debug for Tablet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tablet").finish_non_exhaustive()
    }
}

impl Tablet {
    /// Opens (or begins) the tablet that keeps its data in `dir`. One process at a time.
    ///
    /// # Errors
    /// [`Code::Storage`] when another process has it open, or the folder cannot be used.
    pub fn open(dir: &Path, ports: Ports) -> Result<Self> {
        let (mut store, _) = Store::open(dir, &ports)?;
        let now = ports.clock.now();
        let locked = match has_pin(store.read()) {
            Err(error) => {
                store.mend(&error);
                has_pin(store.read())?
            }
            Ok(locked) => locked,
        };
        if let Err(error) = rebuild_rescued(&mut store, now) {
            if store.mend(&error) == Mended::Not {
                return Err(error);
            }
            rebuild_rescued(&mut store, now)?;
        }
        // Both tried again at the next start: nobody is kept from his tablet by them.
        let _ = ask_unread(&mut store);
        if let Ok(Some(identity)) = settings::identity(store.read()) {
            let _ = store.keep_recovery(&identity);
        }
        let mut inner = Inner {
            store,
            round: Round::new(&*ports.random),
            tail: if sabotaged("actor-reused") { [7; 8] } else { random(&*ports.random) },
            upload: None,
            bundle: None,
            locked,
            failed: VecDeque::new(),
            ports: ports.clone(),
        };
        inner.say_intended();
        Ok(Self { ports, inner: Mutex::new(inner), wake: Mutex::new(Vec::new()) })
    }

    /// Answers one call of a screen, as JSON.
    ///
    /// # Errors
    /// The code says why.
    pub fn call(&self, call: Call) -> Result<Value> {
        // A question may be asked again: whoever only looks does not hear of what was mended, damage or one refused read.
        let again = call.is_question().then(|| call.clone());
        let answer = self.answer(call);
        if let Err(error) = &answer {
            self.lock().remember(error.code);
        }
        match again {
            Some(call) if self.mend_after(&answer) => self.answer(call),
            Some(_) => answer,
            None => self.mended(answer),
        }
    }

    /// The same; where the store refused it is mended, so that the next time it may not.
    fn mended<T>(&self, done: Result<T>) -> Result<T> {
        self.mend_after(&done);
        done
    }

    /// Mends the store where it refused; whether it may be asked again.
    fn mend_after<T>(&self, done: &Result<T>) -> bool {
        let Err(error) = done else { return false };
        if error.code != Code::Storage {
            return false;
        }
        let mut inner = self.lock();
        let Inner { store, round, ports, .. } = &mut *inner;
        round.mend(store, ports.clock.now(), error) != Mended::Not
    }

    /// As [`Self::call`], with the call as JSON too.
    ///
    /// # Errors
    /// [`Code::BadCall`] when it is no call; else the code says why.
    pub fn call_json(&self, call: Value) -> Result<Value> {
        let call = serde_json::from_value(call).map_err(|e| fail(Code::BadCall, e.to_string()))?;
        self.call(call)
    }

    /// Bytes of a photo (or its preview), for a host's image address; `None` when they are not here, the screen is locked or
    /// the tablet revoked.
    ///
    /// # Errors
    /// [`Code::Storage`].
    pub fn photo(&self, hash: BlobHash, thumb: bool) -> Result<Option<Vec<u8>>> {
        let read = || {
            let inner = self.lock();
            if inner.locked || inner.is_revoked()? {
                return Ok(None);
            }
            if thumb { blobs::thumb(inner.store.read(), hash) } else { blobs::bytes(inner.store.read(), hash) }
        };
        let photo = read();
        if self.mend_after(&photo) { read() } else { photo }
    }

    /// Writes everything that is not on the server, refused things included, into a folder.
    ///
    /// # Errors
    /// [`Code::Storage`] or [`Code::DiskFull`].
    pub fn export(&self, dir: &Path) -> Result<crate::export::Exported> {
        self.export_of(dir, None)
    }

    /// The same, of one request or of all.
    pub(crate) fn export_of(&self, dir: &Path, only: Option<RequestId>) -> Result<crate::export::Exported> {
        let done = crate::export::export(&self.lock().store, dir, only);
        self.mended(done)
    }

    /// Writes everything that waits into files of a folder, for a courier: a stick, or another tablet that has a
    /// network. They are sealed for the server; nothing leaves the outbox by it.
    ///
    /// # Errors
    /// [`Code::NotEnrolled`], [`Code::ServerTooOld`], [`Code::Empty`], [`Code::Storage`] or [`Code::DiskFull`].
    pub fn write_courier(&self, dir: &Path) -> Result<courier::Written> {
        let inner = self.lock();
        courier::write(&inner.store, &inner.identity()?, dir)
    }

    /// Takes another tablet's courier file along: it is brought to the server with what this tablet sends.
    ///
    /// # Errors
    /// [`Code::NotEnrolled`], [`Code::NotABundle`], [`Code::Storage`] or [`Code::DiskFull`].
    pub fn carry_courier(&self, file: &Path) -> Result<courier::Carried> {
        let now = self.now();
        let mut inner = self.lock();
        inner.identity()?;
        let bundle = inner.store.ports.files.read(file, courier::MAX_CARRIED)?;
        let taken = courier::carry(&mut inner.store, &bundle, now)?;
        drop(inner);
        self.wake(Nudge::Work);
        Ok(taken)
    }

    /// The sync engine, for hosts that step it themselves.
    #[must_use]
    pub fn engine(&self) -> Engine<'_> {
        Engine { tablet: self }
    }

    /// Steps the engine over `line` until it would wait: everything is sent and fetched, or the line is cut.
    /// Begins as `Şimdi gönder` does, whatever the back-off says.
    ///
    /// # Errors
    /// [`Code::NotEnrolled`] without an identity.
    pub fn sync_until_idle(&self, line: &mut dyn Transport) -> Result<Summary> {
        let known = self.lock().identity().map(drop);
        self.mended(known)?;
        self.lock().round.summary = Summary::default();
        let mut event = Event::Nudge(Nudge::Now);
        while let Effect::Http(request) = self.engine().step(self.now(), event) {
            let ticket = request.ticket;
            event = match line.send(request) {
                Ok(reply) => Event::Reply(ticket, reply),
                Err(_) => Event::Cut(ticket),
            };
        }
        let inner = self.lock();
        let mut summary = inner.round.summary;
        summary.waiting = outbox::count(inner.store.read())?;
        summary.quarantined = quarantine::count(inner.store.read())?;
        Ok(summary)
    }

    /// The tablet's clock, Unix ms.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.ports.clock.now()
    }

    /// Address of the server this tablet belongs to.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        let inner = self.lock();
        settings::identity(inner.store.read()).ok().flatten().filter(|i| !i.practice).map(|i| i.server)
    }

    /// A line to a server, over the port given at construction.
    ///
    /// # Errors
    /// [`Code::BadCall`] when it is no address that may be used.
    pub fn connect(&self, server: &str) -> Result<Box<dyn Transport>> {
        self.ports.connect.connect(server)
    }

    /// Whose wake-ups this tablet wants; none before enrolment, for practice, and while the link is closed.
    pub(crate) fn account(&self) -> Option<Account> {
        let inner = self.lock();
        let store = inner.store.read();
        let identity = settings::identity(store).ok().flatten().filter(|i| !i.practice)?;
        let closed = settings::number(store, settings::CLOSED).unwrap_or(0) != 0;
        (!closed).then_some(Account { server: identity.server, token: identity.token })
    }

    pub(crate) fn listen(&self, account: &Account, driver: Sender<Nudge>) -> Option<Box<dyn Listening>> {
        self.ports.connect.listen(account, self.ports.random.clone(), driver)
    }

    pub(crate) fn wake_with(&self, wake: Sender<Nudge>) {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner).push(wake);
    }

    /// Tells whoever drives the engine; those that are gone are forgotten.
    pub(crate) fn wake(&self, nudge: Nudge) {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner).retain(|w| w.send(nudge).is_ok());
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves nothing half done: what counts is in transactions.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn ports(&self) -> &Ports {
        &self.ports
    }
}

impl Inner {
    fn remember(&mut self, code: Code) {
        if self.failed.len() >= MOST_FAILED {
            self.failed.pop_front();
        }
        self.failed.push_back(Failed { at: self.now(), code });
    }

    pub(crate) fn identity(&self) -> Result<Identity> {
        settings::identity(self.store.read())?.ok_or_else(|| fail(Code::NotEnrolled, "no identity yet"))
    }

    /// The actor of this process.
    pub(crate) fn actor(&self) -> Result<Actor> {
        Ok(Actor::new(self.identity()?.device, self.tail))
    }

    pub(crate) fn now(&self) -> i64 {
        self.ports.clock.now()
    }

    /// The next case number. Its counter is safe from being given twice before this returns.
    pub(crate) fn next_case(&self) -> Result<(CaseNo, i64)> {
        let counter = settings::number(self.store.read(), settings::CASES)? + 1;
        self.store.raise(settings::CASES, counter)?;
        let prefix = self.identity()?.prefix;
        let number = u32::try_from(counter).map_err(|_| fail(Code::Storage, "counter"))?;
        Ok((CaseNo::new(prefix, number, u16::from_le_bytes(random(&*self.ports.random))), counter))
    }

    /// The count of the next thing that is made, for the loss detector; the caller writes it down.
    pub(crate) fn next_made(&self) -> Result<u32> {
        let count = settings::number(self.store.read(), settings::MADE)? + 1;
        self.store.raise(settings::MADE, count)?;
        u32::try_from(count).map_err(|_| fail(Code::Storage, "count"))
    }
}

/// A handle on the sync engine.
#[derive(Debug, Clone, Copy)]
pub struct Engine<'a> {
    tablet: &'a Tablet,
}

impl Engine<'_> {
    /// Takes in what happened and says what to do now. `now` is Unix ms.
    #[must_use]
    pub fn step(&self, now: i64, event: Event) -> Effect {
        let mut guard = self.tablet.lock();
        let inner = &mut *guard;
        let fresh = random(&*inner.ports.random);
        let effect = inner.round.step(&mut inner.store, now, event, fresh);
        if std::mem::take(&mut inner.round.forked) {
            // Another tablet uses this actor: never again from here.
            inner.tail = fresh;
        }
        inner.resend();
        effect
    }
}

/// What a sync did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Summary {
    /// Requests that were answered.
    pub exchanges: u32,
    /// Changes and entries the server now has.
    pub pushed: u32,
    /// Feed rows taken.
    pub pulled: u32,
    /// Photos the server now has whole.
    pub photos: u32,
    /// Parts of other tablets' courier bundles that were brought.
    pub carried: u32,
    /// Things that still wait.
    pub waiting: u32,
    /// Things in quarantine.
    pub quarantined: u32,
    /// Whether the line was cut or the server wanted to be left alone.
    pub cut: bool,
    /// Bytes of bodies sent.
    pub bytes_up: u64,
    /// Bytes of bodies received.
    pub bytes_down: u64,
}
