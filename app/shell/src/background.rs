//! What the platform starts while nobody looks: one round of the core. Android's `SyncWorker.kt` calls it (see
//! [`crate::android`]); it decides nothing, and knows nothing of Android.

use std::path::Path;

use mbs_tablet::sync::background::{Around, Came, round};

use crate::opened::{self, Opened};
use crate::trouble::Trouble;

/// How long a round may begin requests, in ms: the system ends background work after ten minutes.
const LASTS: i64 = 7 * 60_000;

/// The tablet, taken for a round: opened, or the one that the window has open. A window that comes meanwhile takes it over.
pub(crate) struct Ready(Opened);

/// Makes ready. Only this asks the platform's key store.
pub(crate) fn begin(dir: &Path, documents: Option<&Path>) -> Result<Ready, Trouble> {
    opened::open(dir, documents).map(Ready)
}

impl Ready {
    /// Sends what waits and fetches what there is; waits for the network.
    pub(crate) fn round(self, metered: bool, looking: bool) -> Result<Came, Trouble> {
        let tablet = self.0.tablet()?;
        let until = tablet.now().saturating_add(LASTS);
        round(tablet, Around { metered, looking, until }).map_err(Trouble::Core)
    }
}

#[cfg(test)]
mod tests {
    use mbs_tablet::door::Call;

    use super::*;

    #[test]
    fn a_round_before_and_beside_a_window_ends_and_leaves_the_tablet_open_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let ready = begin(dir.path(), None).unwrap();
        // The window comes while it is ready, and takes the tablet over.
        let window = opened::open(dir.path(), None).unwrap();
        let quiet = |came: Came| (came.tell, came.summary.exchanges) == (false, 0);
        assert!(quiet(ready.round(true, false).unwrap()), "a tablet that belongs to nobody has nothing to send");
        window.tablet().unwrap().call(Call::EnrolPractice).unwrap();
        let beside = begin(dir.path(), None).unwrap();
        drop(window);
        assert!(quiet(beside.round(false, true).unwrap()), "nor has one for practice");
        // Nobody has it any more.
        drop(crate::folder::hold(dir.path()).unwrap());
    }
}
