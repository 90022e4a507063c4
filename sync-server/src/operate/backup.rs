//! A backup beside a running server: everything of the data folder as one stream, with the hash of each part.
//!
//! The order makes it consistent: the database first, of one moment; then the photos it names, which are
//! never changed; then keys and journal, which only grow. The manifest comes last, so a stream that ends
//! early is no backup.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use mbs_shared::id::BlobHash;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::blob_store::{BlobStore, Key};
use crate::database::{Database, blobs, meta};
use crate::{journal, secrets};

/// Format of what is written; a newer one is told apart.
pub const FORMAT: u32 = 1;
/// Name of the manifest within the stream.
pub const MANIFEST: &str = "manifest.json";
/// Name of the database within the stream.
pub const DATABASE: &str = "database";
/// What photos' names begin with.
pub const PHOTOS: &str = "blobs/";

/// What is backed up.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The database.
    pub db: &'a dyn Database,
    /// The photos.
    pub store: &'a dyn BlobStore,
    /// Folder with keys and journal; the copy of the database lies in it for a moment.
    pub dir: &'a Path,
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the server that wrote it.
    pub version: String,
    /// Engine of the database.
    pub engine: String,
    /// When, Unix ms, before the database was copied.
    pub at: i64,
    /// Epoch of the server.
    pub epoch: u64,
    /// SHA-256 and size of each part, by name.
    pub parts: BTreeMap<String, Part>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// SHA-256, hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// Name of a photo within the stream.
#[must_use]
pub fn photo_name(key: Key) -> String {
    match key {
        Key::Full(hash) => format!("{PHOTOS}{hash}"),
        Key::Thumb(hash) => format!("{PHOTOS}{hash}.thumb"),
    }
}

/// The photo of such a name.
#[must_use]
pub fn photo_of(name: &str) -> Option<Key> {
    let name = name.strip_prefix(PHOTOS)?;
    match name.strip_suffix(".thumb") {
        Some(hash) => hash.parse().ok().map(Key::Thumb),
        None => name.parse().ok().map(Key::Full),
    }
}

struct Writer<W: Write> {
    tar: tar::Builder<W>,
    parts: BTreeMap<String, Part>,
    at: i64,
}

impl<W: Write> Writer<W> {
    fn head(&self, size: u64) -> tar::Header {
        let mut head = tar::Header::new_gnu();
        head.set_size(size);
        head.set_mode(0o600);
        head.set_mtime(u64::try_from(self.at / 1_000).unwrap_or(0));
        head
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let part = Part { sha256: hex::encode(secrets::sha256(bytes)), size: bytes.len() as u64 };
        let mut head = self.head(part.size);
        self.tar.append_data(&mut head, name, bytes).with_context(|| format!("writing {name}"))?;
        self.parts.insert(name.to_owned(), part);
        Ok(())
    }

    fn file(&mut self, name: &str, path: &Path) -> Result<()> {
        let file = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let size = file.metadata()?.len();
        let mut reader = Hashing { inner: file, hash: Sha256::new() };
        let mut head = self.head(size);
        self.tar.append_data(&mut head, name, &mut reader).with_context(|| format!("writing {name}"))?;
        let part = Part { sha256: hex::encode(reader.hash.finalize()), size };
        self.parts.insert(name.to_owned(), part);
        Ok(())
    }
}

/// Hashes what passes.
pub(super) struct Hashing<R> {
    pub(super) inner: R,
    pub(super) hash: Sha256,
}

impl<R: std::io::Read> std::io::Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(out)?;
        self.hash.update(out.get(..n).unwrap_or_default());
        Ok(n)
    }
}

/// Writes everything to `out`, which the caller seals ([`super::seal`]).
///
/// # Errors
/// When something cannot be read or written; a photo whose bytes do not have its hash is named, and none
/// of the stream is a backup then.
pub fn backup(source: Source<'_>, now: i64, out: impl Write) -> Result<Manifest> {
    let Source { db, store, dir } = source;
    let mut writer = Writer { tar: tar::Builder::new(out), parts: BTreeMap::new(), at: now };
    let epoch = db.ask(|s| meta::get(s, "epoch"))?.cast_unsigned();
    let copy = dir.join(format!("backup-{}.tmp", std::process::id()));
    let copied = (|| {
        db.copy_to(&copy)?;
        // Asked after the copy: every photo the copy names is among them, unless it was erased since.
        let photos = db.ask(photos)?;
        writer.file(DATABASE, &copy)?;
        anyhow::Ok(photos)
    })();
    if copy.try_exists()? {
        std::fs::remove_file(&copy)?;
    }
    for (hash, thumb) in copied? {
        let Some(bytes) = store.get(Key::Full(hash))? else {
            // Erased since: the journal, which comes later, says so too.
            if db.ask(|s| blobs::by_hash(s, hash))?.is_none() {
                continue;
            }
            bail!("photo {hash} is missing from the store: copy it back from an earlier backup");
        };
        if secrets::sha256(&bytes) != hash.0 {
            bail!("the bytes of photo {hash} are damaged: copy them back from an earlier backup");
        }
        writer.bytes(&photo_name(Key::Full(hash)), &bytes)?;
        if thumb && let Some(bytes) = store.get(Key::Thumb(hash))? {
            writer.bytes(&photo_name(Key::Thumb(hash)), &bytes)?;
        }
    }
    for name in [secrets::FILE, journal::FILE] {
        let path = dir.join(name);
        if path.try_exists()? {
            writer.bytes(name, &std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?)?;
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        engine: db.engine().into(),
        at: now,
        epoch,
        parts: std::mem::take(&mut writer.parts),
    };
    writer.bytes(MANIFEST, &serde_json::to_vec_pretty(&manifest)?)?;
    writer.tar.into_inner()?.flush()?;
    Ok(manifest)
}

fn photos(s: &mut dyn crate::database::Session) -> crate::database::DbResult<Vec<(BlobHash, bool)>> {
    s.all(blobs::ALL_WITH_THUMBS, &[], |r| Ok((BlobHash(r.bytes32(0)?), r.int(1)? != 0)))
}
