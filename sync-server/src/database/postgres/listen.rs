//! What other instances announce: a thread with a connection of its own that listens and calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::connect::Target;
use super::line::Closer;
use crate::database::{DbResult, Hear, News};

/// A silent line is tried after so long.
const SILENCE: Duration = Duration::from_secs(30);
/// Between two tries to connect.
const RETRY: Duration = Duration::from_secs(1);

/// The listening thread; dropping it ends it.
pub(super) struct Listener {
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Control {
    stopping: AtomicBool,
    line: Mutex<Option<Closer>>,
}

impl Control {
    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn hold(&self, line: Option<Closer>) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }
}

impl Listener {
    pub(super) fn start(target: Target, instance: u64, hear: Box<Hear>) -> std::io::Result<Self> {
        let control = Arc::new(Control::default());
        let inner = control.clone();
        let thread = thread::Builder::new().name("listener".into()).spawn(move || {
            while !inner.stopping() {
                if let Err(e) = listen(&inner, &target, instance, &*hear)
                    && !inner.stopping()
                {
                    tracing::warn!(error = %e, "not hearing other instances; trying again");
                    thread::park_timeout(RETRY);
                }
            }
        })?;
        Ok(Self { control, thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.control.stopping.store(true, Ordering::Release);
        if let Some(line) = &*self.control.line.lock().unwrap_or_else(PoisonError::into_inner) {
            line.close();
        }
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread itself may be what lets go of the last handle.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::warn!("the listener had panicked");
            }
        }
    }
}

fn listen(control: &Control, target: &Target, instance: u64, hear: &Hear) -> DbResult<()> {
    let mut conn = target.connect(instance)?;
    conn.run("listen mbs")?;
    control.hold(Some(conn.closer()));
    // Whatever was announced while nobody listened.
    hear(News::Missed);
    while !control.stopping() {
        let heard = conn.line.listen(SILENCE).map_err(|lost| conn.lost(&lost))?;
        if heard.is_empty() {
            conn.run("select 1")?;
        }
        for notification in heard {
            for news in read(notification.payload(), instance) {
                hear(news);
            }
        }
    }
    Ok(())
}

/// Announcements as payloads: who speaks, then numbers of scopes and `s` for settings.
pub(super) fn payloads(instance: u64, news: &[News], max: usize) -> Vec<String> {
    let mut payloads: Vec<String> = Vec::new();
    for one in news {
        let word = match one {
            News::Scope(scope) => format!(" {scope}"),
            News::Settings => " s".to_owned(),
            News::Missed => " m".to_owned(),
        };
        match payloads.last_mut() {
            Some(last) if last.len() + word.len() <= max => last.push_str(&word),
            _ => payloads.push(format!("{instance:x}{word}")),
        }
    }
    payloads
}

/// What a payload says to us; nothing when we said it ourselves. A word of a newer server is "look at everything".
fn read(payload: &str, instance: u64) -> Vec<News> {
    let mut words = payload.split(' ');
    if words.next() == Some(&format!("{instance:x}")) {
        return Vec::new();
    }
    words
        .map(|word| match (word, word.parse()) {
            (_, Ok(scope)) => News::Scope(scope),
            ("s", _) => News::Settings,
            _ => News::Missed,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_heard_by_others_only_and_fits() {
        let mut news: Vec<News> = (1..3_000).map(News::Scope).collect();
        news.push(News::Settings);
        let payloads = payloads(7, &news, 7_900);
        assert_eq!(payloads.len(), 2);
        assert!(payloads.iter().all(|p| p.len() <= 7_900));
        let heard: Vec<News> = payloads.iter().flat_map(|p| read(p, 8)).collect();
        assert_eq!(heard, news);
        assert!(payloads.iter().all(|p| read(p, 7).is_empty()));
        assert_eq!(read("a something-new", 7), [News::Missed]);
    }
}
