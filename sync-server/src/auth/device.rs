//! Tablets: an opaque token, checked against a map in memory, so that a poll costs no query and a
//! revocation works at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mbs_shared::id::DeviceNo;
use mbs_shared::wire::error::Code;
use tokio::sync::watch;

use crate::database::devices::{self, Device};
use crate::database::{Database, DbResult};
use crate::error::Fault;
use crate::secrets::sha256;

/// A tablet that calls.
#[derive(Debug)]
pub struct Caller {
    /// What the database says.
    pub device: Device,
    /// What it said last, not yet written.
    created: AtomicU32,
    seen: AtomicI64,
    dirty: AtomicBool,
    /// Whether two tablets have this identity.
    twin: AtomicBool,
    /// Counts its wake-up streams.
    streams: watch::Sender<u64>,
}

impl Caller {
    fn new(device: Device) -> Self {
        Self {
            device,
            created: AtomicU32::new(device.created),
            seen: AtomicI64::new(0),
            dirty: AtomicBool::new(false),
            twin: AtomicBool::new(device.twin != 0),
            streams: watch::Sender::new(0),
        }
    }

    /// A tablet in whose name something is done at the server.
    #[must_use]
    pub fn of(device: Device) -> Self {
        Self::new(device)
    }

    /// Notes a contact; written with its next push, or by the next tick.
    pub fn saw(&self, now: i64, created: u32) {
        self.seen.store(now, Ordering::Relaxed);
        self.created.fetch_max(created, Ordering::Relaxed);
        self.dirty.store(true, Ordering::Release);
    }

    /// Whether two tablets have this identity.
    #[must_use]
    pub fn is_twin(&self) -> bool {
        self.twin.load(Ordering::Relaxed)
    }

    /// Two tablets have this identity.
    pub(crate) fn set_twin(&self) {
        self.twin.store(true, Ordering::Relaxed);
    }

    /// Begins a wake-up stream and ends those before it; changes when a newer one begins.
    pub(crate) fn one_stream(&self) -> watch::Receiver<u64> {
        self.streams.send_modify(|n| *n += 1);
        self.streams.subscribe()
    }

    /// Takes what is to be written: last contact, and things it says it made.
    pub(crate) fn take_news(&self) -> Option<(i64, u32)> {
        self.dirty
            .swap(false, Ordering::AcqRel)
            .then(|| (self.seen.load(Ordering::Relaxed), self.created.load(Ordering::Relaxed)))
    }

    /// Last contact of this process's life and things it says it made.
    #[must_use]
    pub fn news(&self) -> (i64, u32) {
        (self.seen.load(Ordering::Relaxed), self.created.load(Ordering::Relaxed))
    }
}

/// All tablets, by the hash of their token.
#[derive(Debug, Default)]
pub struct Devices {
    map: RwLock<HashMap<[u8; 32], Arc<Caller>>>,
}

impl Devices {
    /// Takes over what the database says now; what tablets said meanwhile is kept.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn reload(&self, db: &dyn Database) -> DbResult<()> {
        let all = db.ask(devices::all)?;
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = all
            .into_iter()
            .map(|device| {
                let kept = map
                    .get(&device.token)
                    .filter(|c| Device { created: 0, twin: 0, ..c.device } == Device { created: 0, twin: 0, ..device });
                if let Some(kept) = kept {
                    kept.twin.store(device.twin != 0, Ordering::Relaxed);
                }
                (device.token, kept.cloned().unwrap_or_else(|| Arc::new(Caller::new(device))))
            })
            .collect();
        *map = fresh;
        Ok(())
    }

    /// Adds one that was just enrolled.
    pub fn add(&self, device: Device) -> Arc<Caller> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        map.entry(device.token).or_insert_with(|| Arc::new(Caller::new(device))).clone()
    }

    /// The tablet with that token. One that is not in the map may have been enrolled by another
    /// instance: then the database knows it.
    ///
    /// # Errors
    /// [`Code::UnknownDevice`]; a revoked tablet is found, and refused by who asks.
    pub fn find(&self, token: &[u8], db: &dyn Database) -> Result<Arc<Caller>, Fault> {
        let hash = sha256(token);
        if let Some(caller) = self.map.read().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return Ok(caller.clone());
        }
        match db.ask(|s| devices::by_token(s, &hash))? {
            Some(device) => Ok(self.add(device)),
            None => Err(Fault::new(Code::UnknownDevice)),
        }
    }

    /// The tablet of that number; `None` when there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn by_no(&self, no: DeviceNo, db: &dyn Database) -> DbResult<Option<Arc<Caller>>> {
        let known = self.all().into_iter().find(|caller| caller.device.no == no);
        match known {
            Some(caller) => Ok(Some(caller)),
            None => Ok(db.ask(|s| devices::by_no(s, no))?.map(|device| self.add(device))),
        }
    }

    /// Everyone there is.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Caller>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// The token of an `Authorization` header.
///
/// # Errors
/// [`Code::UnknownDevice`] when there is none that could be one.
pub fn token_of(header: Option<&str>) -> Result<[u8; 32], Fault> {
    let unknown = || Fault::new(Code::UnknownDevice);
    let text = header.and_then(|h| h.strip_prefix("Bearer ")).ok_or_else(unknown)?;
    let mut token = [0; 32];
    match URL_SAFE_NO_PAD.decode_slice(text.trim(), &mut token) {
        Ok(32) => Ok(token),
        _ => Err(unknown()),
    }
}

/// A token as it travels.
#[must_use]
pub fn token_text(token: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(token)
}
