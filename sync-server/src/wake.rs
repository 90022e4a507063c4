//! Who listens, and waking them: "the feed reaches so far", nothing more. Data always comes by the feed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The scope that is woken by everything: the desk.
pub const EVERYTHING: u32 = 0;

/// Listeners by scope; each sees the last place of its scope's feed.
#[derive(Debug, Default)]
pub struct Wakes {
    scopes: Mutex<HashMap<u32, watch::Sender<i64>>>,
}

impl Wakes {
    /// Listens to a scope.
    pub fn listen(&self, scope: u32) -> watch::Receiver<i64> {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.entry(scope).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Tells a scope's listeners, if there are any, that its feed reaches to `seq`. What they were told
    /// already wakes nobody.
    pub fn wake(&self, scope: u32, seq: i64) {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        for scope in [scope, EVERYTHING] {
            if let Some(sender) = scopes.get(&scope) {
                if sender.receiver_count() == 0 {
                    scopes.remove(&scope);
                } else {
                    sender.send_if_modified(|at| {
                        let more = seq > *at;
                        *at = seq.max(*at);
                        more
                    });
                }
            }
        }
    }

    /// Ends every listener's wait: the server stops.
    pub fn close(&self) {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
