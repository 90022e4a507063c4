//! The server's own keys, in one file outside the database; and the hashes of other people's secrets.
//!
//! `keys.json` is made at the first start and read-only to others. Keys have ids; the newest of a
//! use signs, and old ones verify for ever. Losing the file costs the proofs of acceptance that tablets
//! hold and the signatures they believe, so it belongs into every backup, and to every instance.

use std::io::{Read as _, Write as _};
use std::path::Path;

use age::secrecy::ExposeSecret as _;
use age::x25519;
use anyhow::{Context, Result, bail};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, KeyInit, Mac as _};
use mbs_shared::id::{Mac, PublicKey, RequestId};
use mbs_shared::signature::{self, Purpose, ServerKey, Signature};
use mbs_shared::wire::revocation::{Revocation, SignedRevocation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::database::feed::key_of;
use crate::database::{Database, meta};
use crate::ports::Random;

/// Name of the file in the data folder.
pub const FILE: &str = "keys.json";
/// Where a shared database notes which keys it was begun with.
const KEYS: &str = "keys";

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

/// Proofs of acceptance.
const MAC: &str = "mac";
/// Signatures that tablets and citizens verify.
const SIGN: &str = "sign";
/// What courier bundles are sealed for: an `age` identity.
const COURIER: &str = "courier";

impl KeyFile {
    /// Gives a use that has no key yet one. Whether something was added.
    fn complete(&mut self, random: &dyn Random) -> bool {
        let before = self.keys.len();
        for purpose in [MAC, SIGN, COURIER] {
            if self.keys.iter().all(|k| k.purpose != purpose) {
                let id = self.keys.iter().map(|k| k.id).max().unwrap_or(0) + 1;
                let secret = match purpose {
                    COURIER => x25519::Identity::generate().to_string().expose_secret().to_owned(),
                    _ => hex::encode(random.bytes::<32>()),
                };
                self.keys.push(KeyEntry { id, purpose: purpose.into(), secret });
            }
        }
        self.keys.len() > before
    }

    /// The keys of one use, oldest first.
    fn of(&self, purpose: &str) -> Result<Vec<(u32, [u8; 32])>> {
        let mut keys = Vec::new();
        for key in self.keys.iter().filter(|k| k.purpose == purpose) {
            let mut secret = [0; 32];
            hex::decode_to_slice(&key.secret, &mut secret).with_context(|| format!("key {} is damaged", key.id))?;
            keys.push((key.id, secret));
        }
        keys.sort_by_key(|(id, _)| *id);
        Ok(keys)
    }
}

/// The server's keys, ready for use.
pub struct Secrets {
    /// Keyed once; the last one signs.
    macs: Vec<Hmac<Sha256>>,
    /// By number; the last one signs.
    signing: Vec<(u32, SigningKey)>,
    /// Oldest first; bundles are sealed for the last one.
    courier: Vec<x25519::Identity>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets")
            .field("macs", &self.macs.len())
            .field("signing", &self.signing.len())
            .finish_non_exhaustive()
    }
}

impl Secrets {
    /// Keys for proofs of acceptance and for signatures (seeds, with their numbers), oldest first.
    ///
    /// # Errors
    /// When one of the two is missing.
    pub fn new(mac_keys: &[[u8; 32]], signing_keys: &[(u32, [u8; 32])]) -> Result<Self> {
        let macs = mac_keys
            .iter()
            .map(|key| Hmac::new_from_slice(key).map_err(|e| anyhow::anyhow!("a MAC key cannot be used: {e}")))
            .collect::<Result<Vec<_>>>()?;
        let signing: Vec<_> = signing_keys.iter().map(|(id, seed)| (*id, SigningKey::from_bytes(seed))).collect();
        if macs.is_empty() || signing.is_empty() {
            bail!("the server needs a key for proofs and one for signatures");
        }
        Ok(Self { macs, signing, courier: Vec::new() })
    }

    /// Reads the data folder's keys; makes those that are missing.
    ///
    /// # Errors
    /// When the file cannot be read or made, or is not what it should be.
    pub fn open(dir: &Path, random: &dyn Random) -> Result<Self> {
        let path = dir.join(FILE);
        // One process at a time, or two first starts would each go on with keys of their own.
        let folder = std::fs::File::open(dir).with_context(|| format!("opening {}", dir.display()))?;
        folder.lock().with_context(|| format!("locking {}", dir.display()))?;
        let there = path.try_exists().with_context(|| format!("looking for {}", path.display()))?;
        let mut file = if there { read(&path)? } else { KeyFile { keys: Vec::new() } };
        if file.complete(random) {
            write_private(&path, &serde_json::to_vec_pretty(&file)?)?;
        }
        Self::of_file(&file).with_context(|| format!("{} is damaged", path.display()))
    }

    fn of_file(file: &KeyFile) -> Result<Self> {
        let macs: Vec<_> = file.of(MAC)?.into_iter().map(|(_, secret)| secret).collect();
        let mut secrets = Self::new(&macs, &file.of(SIGN)?)?;
        for key in file.keys.iter().filter(|k| k.purpose == COURIER) {
            let identity = key.secret.parse().map_err(|e| anyhow::anyhow!("key {} is damaged: {e}", key.id))?;
            secrets.courier.push(identity);
        }
        Ok(secrets)
    }

    /// What tablets seal courier bundles for, as it is written: `age1…`; `None` for a server without such a key.
    #[must_use]
    pub fn courier_recipient(&self) -> Option<String> {
        self.courier.last().map(|identity| identity.to_public().to_string())
    }

    /// What lies in a sealed part of a courier bundle, `most` bytes of it at most.
    ///
    /// # Errors
    /// When it is not sealed for this server, damaged, or longer.
    pub fn unseal(&self, sealed: &[u8], most: usize) -> Result<Vec<u8>> {
        let identities = self.courier.iter().map(|i| i as &dyn age::Identity);
        let reader = age::Decryptor::new_buffered(sealed)?.decrypt(identities)?;
        let mut out = Vec::with_capacity(sealed.len().min(most));
        reader.take(most as u64 + 1).read_to_end(&mut out)?;
        if out.len() > most {
            bail!("more than {most} bytes");
        }
        Ok(out)
    }

    /// Signs `body` with the newest key.
    ///
    /// # Errors
    /// When there is none, which [`Self::new`] does not let happen.
    pub fn sign(&self, purpose: Purpose, body: &[u8]) -> Result<Signature> {
        let (id, key) = self.signing.last().context("there is no signing key")?;
        Ok(signature::sign(*id, key, purpose, body))
    }

    /// A revocation, signed with every key there ever was, for a tablet that may know only an old one.
    #[must_use]
    pub fn revocation(&self, revocation: Revocation) -> SignedRevocation {
        SignedRevocation::new(revocation, self.signing.iter().map(|(id, key)| (*id, key)))
    }

    /// The public halves of all signing keys, oldest first.
    #[must_use]
    pub fn server_keys(&self) -> Vec<ServerKey> {
        let public = |key: &SigningKey| PublicKey(key.verifying_key().to_bytes());
        self.signing.iter().map(|(id, key)| ServerKey { id: *id, public: public(key) }).collect()
    }

    /// The keys of a database that several instances share: the first one makes them, and every other one must
    /// have a copy of its file, or the proofs of one would be refused by the other.
    ///
    /// # Errors
    /// As [`Self::open`]; also when the file is missing or is another one than the database was begun with.
    pub fn shared(dir: &Path, random: &dyn Random, db: &dyn Database) -> Result<Self> {
        let path = dir.join(FILE);
        let begun = db.ask(|s| meta::get(s, KEYS))?;
        if begun != 0 && !path.try_exists()? {
            bail!(
                "the database is in use with other keys: copy {FILE} from the first server's data folder to {}",
                path.display()
            );
        }
        let secrets = Self::open(dir, random)?;
        let ours = secrets.mark();
        let theirs = db.change(|tx| {
            let theirs = meta::get(tx, KEYS)?;
            if theirs == 0 {
                meta::set(tx, KEYS, ours)?;
            }
            Ok(if theirs == 0 { ours } else { theirs })
        })?;
        if theirs != ours {
            bail!(
                "{} holds other keys than the database was begun with: copy the file of the first server",
                path.display()
            );
        }
        Ok(secrets)
    }

    /// Tells this set of keys from another one, by its oldest key; never 0.
    fn mark(&self) -> i64 {
        let tag = self.macs.first().map_or(Mac([0; 16]), |key| Self::tag(key, RequestId([0; 16]), &[0; 32]));
        key_of(&tag.0)
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

    /// Bytes that follow from the oldest key, for something small that need not be stored. What they are for keeps them
    /// apart from proofs and from each other.
    ///
    /// # Errors
    /// When there is no key, which [`Self::new`] does not let happen.
    pub fn derived(&self, purpose: &str, of: &[i64]) -> Result<[u8; 20]> {
        let mut mac = self.macs.first().context("there is no key")?.clone();
        mac.update(purpose.as_bytes());
        of.iter().for_each(|part| mac.update(&part.to_be_bytes()));
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut out = [0; 20];
        out.copy_from_slice(full.split_at(20).0);
        Ok(out)
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

fn read(path: &Path) -> Result<KeyFile> {
    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))
}

/// Writes a file only its owner may read, durably and whole: its name never stands for half of it.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().context("a file without a folder")?;
    let temporary = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).with_context(|| format!("making {}", temporary.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path).with_context(|| format!("naming {}", path.display()))?;
    std::fs::File::open(dir)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;
    use mbs_shared::id::DeviceNo;

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
    fn a_courier_bundle_is_opened_by_the_server_it_is_sealed_for() {
        let open = || {
            let dir = tempfile::tempdir().unwrap();
            Secrets::open(dir.path(), &SystemRandom).unwrap()
        };
        let (ours, theirs) = (open(), open());
        let recipient: x25519::Recipient = ours.courier_recipient().unwrap().parse().unwrap();
        let sealed = age::encrypt(&recipient, b"words").unwrap();
        assert_eq!(ours.unseal(&sealed, 5).unwrap(), b"words");
        assert!(ours.unseal(&sealed, 4).is_err(), "a bomb is not unpacked");
        assert!(theirs.unseal(&sealed, 5).is_err());
        assert!(ours.unseal(&sealed[..sealed.len() - 1], 5).is_err());
    }

    #[test]
    fn an_old_key_still_verifies_and_the_newest_signs() {
        let (request, hash) = (RequestId([1; 16]), [2; 32]);
        let signing = [(2, [3; 32])];
        let old = Secrets::new(&[[1; 32]], &signing).unwrap().mac(request, &hash);
        let both = Secrets::new(&[[1; 32], [2; 32]], &signing).unwrap();
        assert!(both.proves(&old.0, request, &hash));
        assert_ne!(both.mac(request, &hash), old);
    }

    #[test]
    fn a_file_from_before_signatures_gets_a_signing_key_and_keeps_its_proofs() {
        let dir = tempfile::tempdir().unwrap();
        let (request, hash) = (RequestId([1; 16]), [2; 32]);
        let key = KeyEntry { id: 1, purpose: MAC.into(), secret: hex::encode([7; 32]) };
        let file = KeyFile { keys: vec![key] };
        std::fs::write(dir.path().join(FILE), serde_json::to_vec(&file).unwrap()).unwrap();
        let opened = Secrets::open(dir.path(), &SystemRandom).unwrap();
        let before = Secrets::new(&[[7; 32]], &[(2, [1; 32])]).unwrap().mac(request, &hash);
        assert!(opened.proves(&before.0, request, &hash));
        let again = Secrets::open(dir.path(), &SystemRandom).unwrap();
        assert_eq!(again.server_keys(), opened.server_keys());
        let signed = opened.sign(Purpose::Receipt, b"words").unwrap();
        assert!(signature::verify(&again.server_keys(), Purpose::Receipt, b"words", &signed));
    }

    #[test]
    fn a_new_key_signs_and_an_old_reader_still_finds_one_it_knows() {
        let mac = [[1; 32]];
        let old = Secrets::new(&mac, &[(2, [3; 32])]).unwrap();
        let new = Secrets::new(&mac, &[(2, [3; 32]), (3, [4; 32])]).unwrap();
        assert_eq!(new.sign(Purpose::Receipt, b"words").unwrap().key, 3);
        let revocation = Revocation { device: DeviceNo(7), at: 1 };
        assert_eq!(new.revocation(revocation).proven(&old.server_keys(), DeviceNo(7)), Some(revocation));
    }
}
