//! Who listens, and waking them: "pull now", nothing more. Data always comes by the feed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The scope that is woken by everything: the desk.
pub const EVERYTHING: u32 = 0;

/// Listeners by scope.
#[derive(Debug, Default)]
pub struct Wakes {
    scopes: Mutex<HashMap<u32, watch::Sender<u64>>>,
}

impl Wakes {
    /// Listens to a scope.
    pub fn listen(&self, scope: u32) -> watch::Receiver<u64> {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.entry(scope).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Wakes a scope's listeners, if there are any.
    pub fn wake(&self, scope: u32) {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        for scope in [scope, EVERYTHING] {
            if let Some(sender) = scopes.get(&scope) {
                if sender.receiver_count() == 0 {
                    scopes.remove(&scope);
                } else {
                    sender.send_modify(|n| *n += 1);
                }
            }
        }
    }

    /// Wakes everyone: some news may have been missed.
    pub fn wake_all(&self) {
        let scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in scopes.values() {
            sender.send_modify(|n| *n += 1);
        }
    }

    /// Ends every listener's wait: the server stops.
    pub fn close(&self) {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
