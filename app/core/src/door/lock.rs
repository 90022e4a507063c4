//! The screen's lock: a PIN of four to eight digits, and longer and longer waits after wrong ones.
//!
//! It keeps a finder of the tablet from reading; the database is encrypted with another key. While it is locked the
//! tablet goes on sending and fetching.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::Call;
use super::view::Lock;
use crate::error::{Code, Result, fail};
use crate::ports::random;
use crate::store::settings;
use crate::tablet::Inner;

/// Memory of the hash in KiB, and rounds: about 20 ms on a small tablet.
const COST: (u32, u32) = (8 * 1024, 2);
/// How long one waits after the third, fourth … wrong PIN in a row, in ms; then always the last.
const WAITS: [i64; 4] = [30_000, 60_000, 5 * 60_000, 15 * 60_000];
/// Wrong ones that cost nothing.
const FREE: u32 = 2;

/// What is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    /// Argon2id, PHC string.
    hash: String,
    /// Wrong ones in a row.
    wrong: u32,
    /// When the last one was tried, Unix ms.
    since: i64,
}

impl Kept {
    /// Milliseconds that are left to wait. A clock that was set back begins the wait anew, and no more than that.
    fn wait(&self, now: i64) -> i64 {
        let Some(step) = self.wrong.checked_sub(FREE + 1) else { return 0 };
        let whole = WAITS.get(step as usize).or(WAITS.last()).copied().unwrap_or(0);
        let passed = now - self.since;
        if passed < 0 { whole } else { (whole - passed).max(0) }
    }

    fn is(&self, pin: &str) -> bool {
        PasswordHash::new(&self.hash).is_ok_and(|hash| argon().verify_password(pin.as_bytes(), &hash).is_ok())
    }
}

fn argon() -> Argon2<'static> {
    let params = Params::new(COST.0, COST.1, 1, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl Call {
    /// Whether it is answered while the screen is locked.
    pub(crate) const fn is_open_to_all(&self) -> bool {
        matches!(
            self,
            Self::Status
                | Self::Lock
                | Self::Unlock { .. }
                | Self::Line { .. }
                | Self::Battery { .. }
                | Self::Categories
                | Self::ReadCode { .. }
                // A code that the municipality gave just now opens a tablet whose PIN was forgotten.
                | Self::Enrol { .. }
        )
    }
}

impl Call {
    /// Whether it is answered while the tablet is revoked: how it stands, the way in again, and what was not sent.
    pub(crate) const fn is_open_when_revoked(&self) -> bool {
        self.is_open_to_all()
            || matches!(
                self,
                Self::WriteUnsent { .. }
                    | Self::Health
                    | Self::Diagnose
                    // The last words of a page that was open when it came.
                    | Self::SetDraft { .. }
                    | Self::AddPhoto { .. }
                    | Self::Begin { .. }
                    | Self::BeginEdit { .. }
                    | Self::BeginCombine { .. }
            )
    }
}

/// Whether there is a PIN: the tablet begins locked then.
pub(crate) fn has_pin(conn: &Connection) -> Result<bool> {
    Ok(settings::get(conn, settings::PIN)?.is_some_and(|json| !json.is_empty()))
}

impl Inner {
    fn pin(&self) -> Result<Option<Kept>> {
        let json = settings::get(self.store.read(), settings::PIN)?.filter(|json| !json.is_empty());
        json.map(|json| serde_json::from_slice(&json).map_err(|e| fail(Code::Storage, e.to_string()))).transpose()
    }

    fn keep_pin(&mut self, kept: Option<&Kept>) -> Result<()> {
        let json = kept.map(serde_json::to_vec).transpose().map_err(|e| fail(Code::Storage, e.to_string()))?;
        self.store.write_words(|c| settings::set(c, settings::PIN, json.as_deref().unwrap_or_default()))
    }

    /// How it stands with the lock, for the status.
    pub(crate) fn lock_state(&self) -> Result<Lock> {
        let kept = self.pin()?;
        let wait = kept.as_ref().map_or(0, |kept| kept.wait(self.now()));
        let seconds = u32::try_from(wait.unsigned_abs().div_ceil(1_000)).unwrap_or(u32::MAX);
        Ok(Lock { pin: kept.is_some(), locked: self.locked, wait: seconds })
    }

    /// Locks the screen, where there is a PIN.
    pub(crate) fn lock_screen(&mut self) -> Result<()> {
        self.locked = self.pin()?.is_some();
        Ok(())
    }

    /// Opens it with the right PIN.
    pub(crate) fn unlock(&mut self, pin: &str) -> Result<()> {
        if let Some(kept) = self.pin()? {
            self.prove(kept, pin)?;
        }
        self.locked = false;
        Ok(())
    }

    /// Sets a PIN, changes it, or takes it away (an empty one).
    pub(crate) fn set_pin(&mut self, pin: &str, old: &str) -> Result<()> {
        let fits = (4..=8).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit());
        if !fits && !pin.is_empty() {
            return Err(fail(Code::BadPin, "four to eight digits"));
        }
        if let Some(kept) = self.pin()? {
            self.prove(kept, old)?;
        }
        if pin.is_empty() {
            return self.keep_pin(None);
        }
        let salt: [u8; 16] = random(&*self.ports.random);
        let hash = argon().hash_password_with_salt(pin.as_bytes(), &salt);
        let hash = hash.map_err(|e| fail(Code::Storage, e.to_string()))?.to_string();
        self.keep_pin(Some(&Kept { hash, wrong: 0, since: self.now() }))
    }

    /// Whether it is this PIN. Each try is written down before it is answered, so that starting anew saves no wait.
    fn prove(&mut self, mut kept: Kept, pin: &str) -> Result<()> {
        let now = self.now();
        if kept.wait(now) > 0 {
            if now < kept.since {
                kept.since = now;
                self.keep_pin(Some(&kept))?;
            }
            return Err(fail(Code::PinWait, format!("{} ms", kept.wait(now))));
        }
        let right = kept.is(pin);
        kept.wrong = if right { 0 } else { kept.wrong.saturating_add(1) };
        kept.since = now;
        self.keep_pin(Some(&kept))?;
        if right { Ok(()) } else { Err(fail(Code::WrongPin, format!("{} in a row", kept.wrong))) }
    }
}
