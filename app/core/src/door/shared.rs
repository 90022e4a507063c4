//! Photos that the host lays into a folder: those that another app handed over (Android's "share"), which become a draft, and
//! the one that the camera took while the system had ended the app, which goes where it was meant to go.

use std::path::Path;

use mbs_shared::blob::MAX_PER_REQUEST;
use mbs_shared::id::RequestId;

use crate::Tablet;
use crate::capture::facts::{Facts, facts};
use crate::capture::photo::{MAX_ORIGINAL, Shrunk, shrink};
use crate::error::{Code, Result, fail};
use crate::ports::Files;
use crate::store::settings::{self, Expected};
use crate::tablet::Inner;

/// The folder in the tablet's own, in which the host lays them as `1`, `2`, … whole.
pub const FOLDER: &str = "shared";
/// There too: what the camera took last, where the app was ended while it was open. It may have come before that.
pub const TAKEN: &str = "taken";

/// Whoever comes back with a photo longer than this after he opened the camera, in ms, had gone on without it.
const HOUR: i64 = 60 * 60_000;
/// File systems of memory cards know the time of a file to two seconds only, in ms.
const ROUNDED: i64 = 2_000;

impl Tablet {
    /// What the host found, put where it belongs: the request whose photo it was, or else a draft of what was handed over;
    /// `None`: there is nothing. Each is removed once it is kept, or was found to be no photo: the app it came from has it.
    /// One for which there is no room just now stays until the next look.
    pub(crate) fn take_shared(&self) -> Result<Option<RequestId>> {
        let (files, folder) = {
            let inner = self.lock();
            (inner.ports.files.clone(), inner.store.dir().join(FOLDER))
        };
        // What was handed over is then found at the next look.
        if let Some(id) = self.take_taken(&*files, &folder.join(TAKEN))? {
            return Ok(Some(id));
        }
        let (mut draft, mut failed) = (None, None);
        let waiting = (1..=MAX_PER_REQUEST).map(|n| folder.join(n.to_string()));
        for file in waiting.filter(|file| files.exists(file)) {
            match made(&*files, &file)? {
                Ok(photo) => {
                    let id = draft.map_or_else(|| self.lock().new_draft(), Ok)?;
                    draft = Some(id);
                    self.keep_found(id, photo)?;
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

    /// What the camera took, put into the request it was opened for.
    fn take_taken(&self, files: &dyn Files, file: &Path) -> Result<Option<RequestId>> {
        if !files.exists(file) {
            return Ok(None);
        }
        let meant = self.lock().meant(files.modified(file)?)?;
        let mut unreadable = None;
        if let Some(id) = meant {
            match made(files, file)? {
                Ok(photo) => self.keep_found(id, photo)?,
                Err(error) => unreadable = Some(error),
            }
        }
        files.remove(file)?;
        unreadable.map_or(Ok(meant), Err)
    }

    fn keep_found(&self, id: RequestId, (shrunk, facts): (Shrunk, Facts)) -> Result<()> {
        match self.lock().keep_photo(id, &shrunk, facts) {
            // The same picture twice is there already.
            Err(error) if error.code != Code::PhotoTwice => Err(error),
            _ => Ok(()),
        }
    }
}

/// The picture in a file, if it is one; without the lock, so that screens go on meanwhile.
fn made(files: &dyn Files, file: &Path) -> Result<Result<(Shrunk, Facts)>> {
    let original = files.read(file, MAX_ORIGINAL as u64 + 1)?;
    let facts = facts(&original);
    Ok(shrink(&original, facts.orientation).map(|shrunk| (shrunk, facts)))
}

impl Inner {
    pub(crate) fn expect_photo(&mut self, id: Option<RequestId>) -> Result<()> {
        let Some(id) = id else { return self.store.write(|c| settings::photo_came(c, true)) };
        self.may_add_blob(id)?;
        let expected = Expected { request: id, since: self.now() };
        self.store.write(|c| settings::expect(c, expected))
    }

    /// For which request a photo was taken at that time. The newest one that the camera left may be an earlier one's, where
    /// none was taken since; and a request may be gone, or full.
    fn meant(&self, taken: i64) -> Result<Option<RequestId>> {
        let expected = settings::expected(self.store.read())?;
        let meant = expected.filter(|e| (e.since - ROUNDED..e.since + HOUR).contains(&taken));
        let Some(Expected { request, .. }) = meant else { return Ok(None) };
        match self.may_add_blob(request) {
            Ok(_) => Ok(Some(request)),
            Err(error) if matches!(error.code, Code::DiskFull | Code::Storage) => Err(error),
            Err(_) => Ok(None),
        }
    }
}
