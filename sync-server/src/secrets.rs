//! The server's own keys, in one file outside the database; and the hashes of other people's secrets.
//!
//! `keys.json` is made at the first start and read-only to others. Keys have ids; the newest of a
//! use signs, and old ones verify for ever. Losing the file costs the proofs of acceptance that tablets
//! hold, so it belongs into every backup, and to every instance.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use hmac::{Hmac, KeyInit, Mac as _};
use mbs_shared::id::{Mac, RequestId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::ports::Random;

/// Name of the file in the data folder.
pub const FILE: &str = "keys.json";

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[derive(Debug, Serialize, Deserialize)]
struct KeyFile {
    keys: Vec<KeyEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeyEntry {
    id: u32,
    #[serde(rename = "use")]
    purpose: String,
    secret: String,
}

/// The server's keys, ready for use.
pub struct Secrets {
    /// Keyed once; the last one signs.
    macs: Vec<Hmac<Sha256>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("macs", &self.macs.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Keys for proofs of acceptance, oldest first.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(mac_keys: &[[u8; 32]]) -> Result<Self> {
        let macs = mac_keys
            .iter()
            .map(|key| Hmac::new_from_slice(key).map_err(|e| anyhow::anyhow!("a MAC key cannot be used: {e}")))
            .collect::<Result<Vec<_>>>()?;
        if macs.is_empty() {
            bail!("there is no MAC key");
        }
        Ok(Self { macs })
    }

    /// Reads the data folder's keys; makes them when the file is missing.
    ///
    /// # Errors
    /// When the file cannot be read or made, or is not what it should be.
    pub fn open(dir: &Path, random: &dyn Random) -> Result<Self> {
        let path = dir.join(FILE);
        if !path.try_exists().with_context(|| format!("looking for {}", path.display()))? {
            let key = KeyEntry { id: 1, purpose: "mac".into(), secret: hex::encode(random.bytes::<32>()) };
            write_private(&path, &serde_json::to_vec_pretty(&KeyFile { keys: vec![key] })?)?;
        }
        let text = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut file: KeyFile =
            serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
        file.keys.sort_by_key(|k| k.id);
        let mut macs = Vec::new();
        for key in file.keys.iter().filter(|k| k.purpose == "mac") {
            let mut secret = [0; 32];
            hex::decode_to_slice(&key.secret, &mut secret)
                .with_context(|| format!("key {} in {} is damaged", key.id, path.display()))?;
            macs.push(secret);
        }
        Self::new(&macs)
    }

    fn tag(key: &Hmac<Sha256>, request: RequestId, hash: &[u8; 32]) -> Mac {
        let mut mac = key.clone();
        mac.update(request.as_bytes());
        mac.update(hash);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut tag = [0; 16];
        tag.copy_from_slice(full.split_at(16).0);
        Mac(tag)
    }

    /// Proof that this server accepted the thing with that hash for that request.
    ///
    /// The hash is a change's own, and the SHA-256 of the raw bytes for entries and events.
    #[must_use]
    pub fn mac(&self, request: RequestId, hash: &[u8; 32]) -> Mac {
        self.macs.last().map_or(Mac([0; 16]), |key| Self::tag(key, request, hash))
    }

    /// Whether a proof is one of ours, by any key we ever had.
    #[must_use]
    pub fn proves(&self, mac: &[u8], request: RequestId, hash: &[u8; 32]) -> bool {
        self.macs.iter().rev().any(|key| bool::from(Self::tag(key, request, hash).0.as_slice().ct_eq(mac)))
    }
}

/// Writes a new file only its owner may read, durably.
fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("making {}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    if let Some(dir) = path.parent() {
        std::fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;

    #[test]
    fn keys_are_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (request, hash) = (RequestId([1; 16]), [2; 32]);
        let first = Secrets::open(dir.path(), &SystemRandom).unwrap().mac(request, &hash);
        let again = Secrets::open(dir.path(), &SystemRandom).unwrap();
        assert_eq!(again.mac(request, &hash), first);
        assert!(again.proves(&first.0, request, &hash));
        assert!(!again.proves(&first.0, RequestId([3; 16]), &hash));
        assert!(!again.proves(b"", request, &hash));
    }

    #[test]
    fn an_old_key_still_verifies_and_the_newest_signs() {
        let (request, hash) = (RequestId([1; 16]), [2; 32]);
        let old = Secrets::new(&[[1; 32]]).unwrap().mac(request, &hash);
        let both = Secrets::new(&[[1; 32], [2; 32]]).unwrap();
        assert!(both.proves(&old.0, request, &hash));
        assert_ne!(both.mac(request, &hash), old);
    }
}
