//! The database's key in the platform's key store: the secret service of a Linux desktop, Android's Keystore.
//!
//! Where no such store answers when a tablet begins, its key lies in a file beside the database ([`FileKey`]). Where it
//! lies is decided once: a store that is closed later is told in words, and never taken for a new tablet.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(target_os = "linux")]
use std::{sync::mpsc, thread, time::Duration};

use keyring_core::{CredentialStore, Entry};
use mbs_tablet::error::{Code, Result, fail};
use mbs_tablet::ports::system::{FileKey, SystemFiles};
use mbs_tablet::ports::{Files, KeySource, Random, random};
use mbs_tablet::store;

/// Present where the key lies in the platform's store: the name it has there.
const NAME: &str = "mbs.keyname";
/// What keeps it, as the store's own screens show it.
const SERVICE: &str = "tr.istanbul.mbs";

/// How long a desktop's service may take to answer at all; a person it asks for a password has all the time he wants.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_secs(5);

/// The key of the tablet in one folder.
pub(crate) struct PlatformKey {
    dir: PathBuf,
    store: Option<Arc<CredentialStore>>,
    /// Asked for once: the store may ask a person each time.
    known: Mutex<Option<[u8; 32]>>,
}

impl PlatformKey {
    /// With the key store of this platform, where it has one that answers. Where a file has the key it is not asked.
    pub(crate) fn in_dir(dir: &Path) -> Self {
        let in_file = FileKey::in_dir(dir).is_there(&SystemFiles);
        Self::with_store(dir, if in_file { None } else { platform() })
    }

    fn with_store(dir: &Path, store: Option<Arc<CredentialStore>>) -> Self {
        Self { dir: dir.to_owned(), store, known: Mutex::new(None) }
    }

    fn find(&self, files: &dyn Files, source: &dyn Random) -> Result<[u8; 32]> {
        let (file, name) = (FileKey::in_dir(&self.dir), self.dir.join(NAME));
        // Also what the municipality put there for a tablet whose store was lost.
        if file.is_there(files) {
            return file.key(files, source);
        }
        if files.exists(&name) {
            let name = String::from_utf8(files.read(&name, 64)?).map_err(|e| lost(e.to_string()))?;
            let secret = self.entry(&name).and_then(|entry| entry.get_secret());
            let secret = secret.map_err(|e| lost(e.to_string()))?;
            return secret.try_into().map_err(|_| lost("not 32 bytes"));
        }
        if files.exists(&self.dir.join(store::FILE)) {
            return Err(lost("neither a key nor its name is beside the database"));
        }
        let (name_of, key) = (hex::encode(random::<16>(source)), random::<32>(source));
        if self.keeps(&name_of, &key) {
            files.write(&name, name_of.as_bytes())?;
            Ok(key)
        } else {
            file.key(files, source)
        }
    }

    fn entry(&self, name: &str) -> keyring_core::Result<Entry> {
        let store = self.store.as_ref().ok_or(keyring_core::Error::NoDefaultStore)?;
        Entry::new_in_store(store, SERVICE, name)
    }

    /// Whether the store has it now and gives it back.
    fn keeps(&self, name: &str, key: &[u8; 32]) -> bool {
        let kept = self.entry(name).and_then(|entry| {
            entry.set_secret(key)?;
            entry.get_secret()
        });
        match kept {
            Ok(secret) => secret == key,
            Err(error) => {
                tracing::warn!(%error, "no key store: the key lies in a file");
                false
            }
        }
    }
}

impl KeySource for PlatformKey {
    fn key(&self, files: &dyn Files, source: &dyn Random) -> Result<[u8; 32]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some(key) => Ok(key),
            None => Ok(*known.insert(self.find(files, source)?)),
        }
    }
}

fn lost(detail: impl Into<String>) -> mbs_tablet::door::CallError {
    fail(Code::KeyStore, detail)
}

#[cfg(target_os = "linux")]
fn platform() -> Option<Arc<CredentialStore>> {
    // Without a session there is no service, and the library would start a bus of its own to look for one.
    let at_home = std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|dir| Path::new(&dir).join("bus").exists());
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() && !at_home {
        return None;
    }
    // Asked beside this thread: a bus whose services hang would keep the window away for half a minute.
    let (found, waits) = mpsc::channel();
    thread::spawn(move || drop(found.send(dbus_secret_service_keyring_store::Store::new())));
    match waits.recv_timeout(PATIENCE) {
        Ok(Ok(store)) => Some(store),
        Ok(Err(error)) => {
            tracing::warn!(%error, "no secret service");
            None
        }
        Err(_) => {
            tracing::warn!("the secret service does not answer");
            None
        }
    }
}

#[cfg(target_os = "android")]
fn platform() -> Option<Arc<CredentialStore>> {
    let store = android_native_keyring_store::Store::new();
    store.inspect_err(|error| tracing::warn!(%error, "no Keystore")).ok().map(|store| store as _)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn platform() -> Option<Arc<CredentialStore>> {
    None
}

#[cfg(test)]
mod tests {
    use keyring_core::mock;
    use mbs_tablet::ports::system::SystemRandom;

    use super::*;

    fn key(source: &PlatformKey) -> Result<[u8; 32]> {
        source.key(&SystemFiles, &SystemRandom)
    }

    fn store() -> Option<Arc<CredentialStore>> {
        Some(mock::Store::new().unwrap())
    }

    #[test]
    fn the_store_has_the_key_and_the_folder_only_its_name() {
        let (dir, store) = (tempfile::tempdir().unwrap(), store());
        let made = key(&PlatformKey::with_store(dir.path(), store.clone())).unwrap();
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(names, [NAME]);
        assert_eq!(key(&PlatformKey::with_store(dir.path(), store)).unwrap(), made, "the next start has it again");
    }

    #[test]
    fn a_store_that_is_gone_is_told_and_no_new_key_is_made() {
        let (dir, kept) = (tempfile::tempdir().unwrap(), store());
        let made = key(&PlatformKey::with_store(dir.path(), kept)).unwrap();
        for gone in [None, store()] {
            assert_eq!(key(&PlatformKey::with_store(dir.path(), gone)).unwrap_err().code, Code::KeyStore);
        }
        // What the municipality recovers is a file, and comes first.
        std::fs::write(dir.path().join("mbs.key"), made).unwrap();
        assert_eq!(key(&PlatformKey::with_store(dir.path(), None)).unwrap(), made);
    }

    #[test]
    fn without_a_store_the_key_is_a_file_for_good() {
        let dir = tempfile::tempdir().unwrap();
        let made = key(&PlatformKey::with_store(dir.path(), None)).unwrap();
        assert_eq!(std::fs::read(dir.path().join("mbs.key")).unwrap(), made);
        assert_eq!(key(&PlatformKey::with_store(dir.path(), store())).unwrap(), made);
    }

    #[test]
    fn a_database_without_any_key_is_no_new_tablet() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(store::FILE), "sealed").unwrap();
        assert_eq!(key(&PlatformKey::with_store(dir.path(), store())).unwrap_err().code, Code::KeyStore);
    }
}
