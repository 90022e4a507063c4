//! Many changes, few looks: while photos are sent, something changes several times a second, and each ring
//! makes every screen ask anew. At most one ring in [`PAUSE`] is passed on, and the last one never gets lost.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(150);

/// Rings; the thread behind it ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Bell(Sender<()>);

impl Bell {
    /// A bell that calls `heard` from its own thread.
    pub(crate) fn new(heard: impl Fn() + Send + 'static) -> Self {
        let (ring, rings) = channel();
        let ear = thread::Builder::new().name("bell".into()).spawn(move || {
            while rings.recv().is_ok() {
                while rings.try_recv().is_ok() {}
                heard();
                thread::sleep(PAUSE);
            }
        });
        if let Err(error) = ear {
            tracing::error!(%error, "screens will not be told of changes");
        }
        Self(ring)
    }

    /// Something changed.
    pub(crate) fn ring(&self) {
        let _ = self.0.send(());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_storm_is_heard_and_so_is_its_end() {
        let (heard, hears) = channel();
        let bell = Bell::new(move || heard.send(()).unwrap());
        for _ in 0..1000 {
            bell.ring();
        }
        hears.recv().unwrap();
        bell.ring();
        hears.recv().unwrap();
        drop(bell);
        // Ends with the bell, after at most one more look for what was rung in between.
        assert!(hears.iter().count() <= 2);
    }
}
