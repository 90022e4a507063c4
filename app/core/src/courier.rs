//! Courier bundles: what waits, in files for a stick or another tablet; and carrying those of others.
//!
//! Nothing leaves the outbox by it. The server takes a thing once, whoever brings it and however often; the tablet
//! learns so at its next contact.

use std::path::Path;

use age::x25519::Recipient;
use ed25519_dalek::SigningKey;
use mbs_shared::blob::MAX_BYTES;
use mbs_shared::wire::courier::{Enclosed, Letter, MAX_PART, MAX_PHOTOS, MAX_WORDS, Parts, add_part};
use mbs_shared::wire::sync::{Item, MAX_ITEMS, MAX_UNPACKED};
use mbs_shared::wire::version::PROTOCOL;
use rusqlite::Connection;
use serde::Serialize;

use crate::error::{Code, Result, fail};
use crate::store::outbox::{self, What};
use crate::store::settings::{self, Identity};
use crate::store::{PHOTO_NEEDS, Store, blobs, carried};
use crate::sync::exchange;

/// Bytes of one file; a bundle that is larger goes on in the next one, so that old sticks and memory suffice.
const MAX_FILE: usize = 32 * 1024 * 1024;
/// Bytes of photos in one letter: what signature, seal and frame need is left free.
const MAX_PHOTO_BYTES: usize = MAX_PART - 32 * 1024;
const _: () = assert!(MAX_PHOTO_BYTES > MAX_BYTES as usize, "every photo finds room");
/// Largest file that is carried for another tablet, in bytes.
pub(crate) const MAX_CARRIED: u64 = 2 * MAX_FILE as u64;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Written {
    /// Names of the files.
    pub files: Vec<String>,
    /// Requests, edits and entries.
    pub words: u32,
    /// Photos.
    pub photos: u32,
    /// Bytes of all files.
    pub bytes: u64,
}

/// What was taken along for another tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Carried {
    /// Parts that are here now and wait to be brought.
    pub parts: u32,
    /// Whether the file was cut off: the parts before the cut are good.
    pub cut: bool,
}

/// Writes everything that waits into files of `dir`, sealed for the tablet's server.
///
/// # Errors
/// [`Code::NotEnrolled`], [`Code::ServerTooOld`] when the server takes no bundles, [`Code::Empty`] when nothing waits,
/// [`Code::Storage`] or [`Code::DiskFull`].
pub(crate) fn write(store: &Store, identity: &Identity, dir: &Path) -> Result<Written> {
    if identity.practice {
        return Err(fail(Code::NotEnrolled, "practice is never sent"));
    }
    let recipient = identity.courier.as_deref().and_then(|text| text.parse::<Recipient>().ok());
    let recipient = recipient.ok_or_else(|| fail(Code::ServerTooOld, "it takes no courier bundles"))?;
    let mut seed = [0; 32];
    hex::decode_to_slice(&identity.seed, &mut seed).map_err(|e| fail(Code::Storage, e.to_string()))?;
    let mut files =
        Files { store, dir, name: identity.prefix.to_string(), bundle: Vec::new(), done: Written::default() };
    let c = store.read();
    let created = u32::try_from(settings::number(c, settings::MADE)?).unwrap_or(u32::MAX);
    let key = SigningKey::from_bytes(&seed);
    letters(c, &mut |items, photos| {
        files.done.words += u32::try_from(items.len()).unwrap_or(0);
        files.done.photos += u32::try_from(photos.iter().filter(|p| !p.thumb).count()).unwrap_or(0);
        let letter = Letter { version: PROTOCOL, device: identity.device, created, items, photos };
        let sealed = age::encrypt(&recipient, &letter.sign(&key)).map_err(|e| fail(Code::Storage, e.to_string()))?;
        files.add(&sealed)
    })?;
    files.finish()
}

/// The files that are being written.
struct Files<'a> {
    store: &'a Store,
    dir: &'a Path,
    name: String,
    bundle: Vec<u8>,
    done: Written,
}

impl Files<'_> {
    fn add(&mut self, sealed: &[u8]) -> Result<()> {
        if self.bundle.len() + sealed.len() > MAX_FILE {
            self.write()?;
        }
        add_part(&mut self.bundle, sealed);
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let files = &*self.store.ports.files;
        files.make_dir(self.dir)?;
        let name = format!("mbs-kurye-{}-{:02}.mbsk", self.name, self.done.files.len() + 1);
        files.write(&self.dir.join(&name), &self.bundle)?;
        self.done.bytes += self.bundle.len() as u64;
        self.done.files.push(name);
        self.bundle.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Written> {
        if !self.bundle.is_empty() {
            self.write()?;
        }
        if self.done.files.is_empty() {
            return Err(fail(Code::Empty, "nothing waits to be sent"));
        }
        Ok(self.done)
    }
}

/// Everything that waits, letter by letter: words in their order, then photos behind them, previews first.
fn letters(c: &Connection, out: &mut dyn FnMut(Vec<Item>, Vec<Enclosed>) -> Result<()>) -> Result<()> {
    let waiting = outbox::all(c)?;
    let (mut items, mut packed, mut raw) = (Vec::new(), 0, 0);
    for wait in waiting.iter().filter(|w| w.what != What::Photo) {
        let Some((item, _, size)) = exchange::item(c, wait)? else { continue };
        let len =
            item.packed.len() + item.past.iter().flat_map(|p| &p.events).map(|e| e.packed.len() + 24).sum::<usize>();
        if items.len() == MAX_ITEMS || packed + len > MAX_WORDS || raw + size > MAX_UNPACKED {
            out(std::mem::take(&mut items), Vec::new())?;
            (packed, raw) = (0, 0);
        }
        (packed, raw) = (packed + len, raw + size);
        items.push(item);
    }
    if !items.is_empty() {
        out(items, Vec::new())?;
    }
    let (mut photos, mut bytes) = (Vec::new(), 0);
    for wait in waiting.iter().filter(|w| w.what == What::Photo) {
        let Some(hash) = outbox::photo_of(&wait.key) else { continue };
        let Some(photo) = blobs::bytes(c, hash)? else { continue };
        for (thumb, part) in [(true, blobs::thumb(c, hash)?), (false, Some(photo))] {
            let Some(part) = part else { continue };
            if photos.len() == MAX_PHOTOS || bytes + part.len() > MAX_PHOTO_BYTES {
                out(Vec::new(), std::mem::take(&mut photos))?;
                bytes = 0;
            }
            bytes += part.len();
            photos.push(Enclosed { hash, request: wait.request, thumb, bytes: part.into() });
        }
    }
    if photos.is_empty() { Ok(()) } else { out(Vec::new(), photos) }
}

/// Takes a bundle along: its parts are brought to this tablet's server with what this tablet sends. It cannot read
/// them.
///
/// # Errors
/// [`Code::NotABundle`], [`Code::DiskFull`] where too little room would be left for words, [`Code::Storage`].
pub(crate) fn carry(store: &mut Store, bundle: &[u8], now: i64) -> Result<Carried> {
    let parts = Parts::of(bundle).map_err(|_| fail(Code::NotABundle, format!("{} bytes", bundle.len())))?;
    if store.free() < PHOTO_NEEDS + bundle.len() as u64 {
        return Err(fail(Code::DiskFull, "no room to carry a bundle"));
    }
    let mut done = Carried::default();
    store.write(|c| {
        for part in parts {
            match part {
                Ok(part) => {
                    carried::add(c, part, now)?;
                    done.parts += 1;
                }
                Err(_) => done.cut = true,
            }
        }
        Ok(())
    })?;
    Ok(done)
}
