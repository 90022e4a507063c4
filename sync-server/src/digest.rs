//! What a muhtarlık has, as one number ([`Digest`]), at hand for every poll.
//!
//! Worked out from its feed when it is first asked for, and from then on only from the rows that came
//! since. So a write costs nothing, a poll of a quiet muhtarlık is a look into a map, and it is right
//! whichever process or instance wrote. An erasure takes rows out: its own row in the feed tells, and the
//! number is worked out anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mbs_shared::digest::Digest;
use mbs_shared::id::Mac;

use crate::database::feed::{self, kind};
use crate::database::{DbError, DbResult, Go, Session};

/// A digest, and the last place of the feed it covers.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    seq: i64,
    digest: Digest,
}

/// The digests of all muhtarlıks that polled.
#[derive(Debug, Default)]
pub struct Digests(Mutex<HashMap<u32, Known>>);

impl Digests {
    /// The digest of `scope`, of which the caller knows that no row lies behind `seq`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn of(&self, session: &mut dyn Session, scope: u32, seq: i64) -> DbResult<Digest> {
        let had = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&scope).copied().unwrap_or_default();
        if had.seq >= seq {
            return Ok(had.digest);
        }
        // Read without the lock: others poll meanwhile, and at worst two read the same.
        let now = extend(session, scope, seq, had)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(scope, now);
        Ok(now.digest)
    }
}

fn extend(session: &mut dyn Session, scope: u32, seq: i64, had: Known) -> DbResult<Known> {
    let mut now = Known { seq, ..had };
    let mut erased = false;
    session.query(feed::PROOFS, &[scope.into(), had.seq.into()], &mut |r| {
        if matches!(r.count(0)?, kind::ERASED | kind::GONE) && had.seq > 0 {
            erased = true;
            return Ok(Go::Stop);
        }
        let mac = r.blob(1)?;
        if !mac.is_empty() {
            now.digest.add(&Mac::from_slice(mac).map_err(|e| DbError::Unexpected(e.to_string()))?);
        }
        Ok(Go::On)
    })?;
    if erased { extend(session, scope, seq, Known::default()) } else { Ok(now) }
}
