//! Photos that are coming in: one upload of each from each tablet. A line that broke without a word leaves an upload behind that
//! waits for bytes; when the tablet comes again, what that one has is kept first, so that nothing of it is sent twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mbs_shared::id::{BlobHash, DeviceNo};
use tokio::sync::{Notify, OwnedMutexGuard};

/// Whose upload, and of what.
pub type Of = (DeviceNo, BlobHash);

/// The uploads of this process.
#[derive(Debug, Default)]
pub struct Uploads(Mutex<HashMap<Of, Arc<Under>>>);

#[derive(Debug, Default)]
struct Under {
    overtaken: Notify,
    /// Held until what came is kept.
    keeping: Arc<tokio::sync::Mutex<()>>,
}

/// An upload under way.
#[derive(Debug)]
pub struct Upload {
    of: Of,
    under: Arc<Under>,
    keeping: OwnedMutexGuard<()>,
}

impl Uploads {
    /// Begins one. An older one of the same tablet and photo ends, and what it has is kept by then.
    pub async fn begin(&self, of: Of) -> Upload {
        let under = Arc::new(Under::default());
        let keeping = under.keeping.clone().lock_owned().await;
        let older = self.all().insert(of, under.clone());
        if let Some(older) = older {
            older.overtaken.notify_one();
            drop(older.keeping.lock().await);
        }
        Upload { of, under, keeping }
    }

    /// Ends one: what came is kept.
    pub fn end(&self, upload: Upload) {
        let mut all = self.all();
        if all.get(&upload.of).is_some_and(|now| Arc::ptr_eq(now, &upload.under)) {
            all.remove(&upload.of);
        }
        drop(upload.keeping);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Of, Arc<Under>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upload {
    /// Returns when the tablet has begun the same upload again.
    pub async fn overtaken(&self) {
        self.under.overtaken.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newer_upload_waits_until_the_older_one_has_kept_what_it_has() {
        let uploads = Arc::new(Uploads::default());
        let of = (DeviceNo(1), BlobHash([2; 32]));
        let older = uploads.begin(of).await;
        let other = uploads.begin((DeviceNo(2), BlobHash([2; 32]))).await;
        let again = tokio::spawn({
            let uploads = uploads.clone();
            async move { uploads.begin(of).await }
        });
        older.overtaken().await;
        assert!(!again.is_finished());
        uploads.end(older);
        let newer = again.await.unwrap();
        assert_eq!(uploads.all().len(), 2, "the older one's end is not the newer one's");
        uploads.end(newer);
        uploads.end(other);
        assert!(uploads.all().is_empty());
    }
}
