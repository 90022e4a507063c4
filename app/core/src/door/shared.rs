//! Photos that another app handed over (Android's "share"): the host lays them into a folder, and they become a draft.

use mbs_shared::blob::MAX_PER_REQUEST;
use mbs_shared::id::RequestId;

use crate::Tablet;
use crate::capture::facts::facts;
use crate::capture::photo::{MAX_ORIGINAL, shrink};
use crate::error::{Code, Result, fail};

/// The folder in the tablet's own, in which the host lays them as `1`, `2`, … whole.
pub const FOLDER: &str = "shared";

impl Tablet {
    /// A draft with the photos that were handed over; `None`: there are none. Each is removed once it is kept, or was found to
    /// be no photo: the app it came from has it.
    pub(crate) fn take_shared(&self) -> Result<Option<RequestId>> {
        let (files, folder) = {
            let inner = self.lock();
            (inner.ports.files.clone(), inner.store.dir().join(FOLDER))
        };
        let (mut draft, mut failed) = (None, None);
        let waiting = (1..=MAX_PER_REQUEST).map(|n| folder.join(n.to_string()));
        for file in waiting.filter(|file| files.exists(file)) {
            let original = files.read(&file, MAX_ORIGINAL as u64 + 1)?;
            let facts = facts(&original);
            let made = shrink(&original, facts.orientation);
            drop(original);
            match made {
                Ok(shrunk) => {
                    let mut inner = self.lock();
                    let id = draft.map_or_else(|| inner.new_draft(), Ok)?;
                    draft = Some(id);
                    match inner.keep_photo(id, &shrunk, facts) {
                        // The same picture twice is there already.
                        Err(error) if error.code != Code::PhotoTwice => return Err(error),
                        _ => {}
                    }
                }
                Err(error) => failed = failed.or(Some(error)),
            }
            files.remove(&file)?;
        }
        match (draft, failed) {
            (None, Some(error)) => Err(fail(error.code, error.detail)),
            (draft, _) => Ok(draft),
        }
    }
}
