//! Files that come back to a server from outside: its journal, its backups.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use mbs_server::database::sqlite::Sqlite;
use mbs_server::journal::{Journal, Record};
use mbs_server::operate::backup::{FORMAT, MANIFEST, Manifest, Part};
use mbs_server::operate::restore::restore;
use mbs_server::ports::Random;
use mbs_server::secrets::sha256;

/// Lines with whatever marks they have; and the records they could hold, marked as the server marks them.
pub(crate) fn journal(bytes: &[u8]) {
    if let Ok((records, good)) = Journal::records_of(bytes) {
        assert!(good <= bytes.len());
        whole_and_torn(&records);
    }
    let line = |line: &[u8]| serde_json::from_slice::<Record>(line).ok();
    whole_and_torn(&bytes.split(|b| *b == b'\n').filter_map(line).collect::<Vec<_>>());
}

/// What was written reads the same; cut anywhere in its last line it reads the same but for that.
fn whole_and_torn(records: &[Record]) {
    let text = Journal::text_of(records);
    assert!(text.is_ok(), "records are written");
    let text = text.unwrap_or_default();
    let read = |bytes: &[u8]| Journal::records_of(bytes).ok().map(|(records, _)| records);
    assert_eq!(read(text.as_bytes()).as_deref(), Some(records));
    if let Some((_, before)) = records.split_last() {
        for cut in [1, 2, text.len().saturating_sub(1)] {
            let torn = text.as_bytes().get(..text.len() - cut).unwrap_or_default();
            let from = Journal::text_of(before).map_or(0, |text| text.len());
            if torn.len() >= from {
                assert_eq!(read(torn).as_deref(), Some(before), "{cut}");
            }
        }
    }
}

/// Chance that is none.
struct Same;

impl Random for Same {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

/// An archive as it came; and one of parts (name, zero byte, bytes, zero byte) whose manifest is right, so that what lies
/// behind the hashes is reached.
pub(crate) fn backup(bytes: &[u8]) {
    if let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) {
        let written = serde_json::to_vec(&manifest).unwrap_or_default();
        assert_eq!(serde_json::from_slice::<Manifest>(&written).ok(), Some(manifest));
    }
    restored(bytes);
    if let Ok(archive) = archive_of(bytes) {
        restored(&archive);
    }
}

/// Whatever it is, it is refused where the database does not open, and leaves nothing.
fn restored(archive: &[u8]) {
    let Ok(dir) = tempfile::tempdir() else { return };
    let done = restore(archive, &dir.path().join("new"), None, 0, &Same, |path| -> Result<Sqlite> {
        assert!(path.exists(), "a backup without a database is none");
        bail!("not opened here")
    });
    assert!(done.is_err());
    assert_eq!(std::fs::read_dir(dir.path()).map(Iterator::count).ok(), Some(0), "half a restore stays");
}

fn archive_of(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| -> Result<()> {
        let mut head = tar::Header::new_gnu();
        head.set_size(bytes.len() as u64);
        head.set_mode(0o600);
        Ok(tar.append_data(&mut head, name, bytes)?)
    };
    let mut parts = BTreeMap::new();
    let mut pieces = bytes.split(|b| *b == 0);
    while let (Some(name), Some(bytes)) = (pieces.next(), pieces.next()) {
        let name = std::str::from_utf8(name)?;
        add(name, bytes)?;
        parts.insert(name.to_owned(), Part { sha256: hex::encode(sha256(bytes)), size: bytes.len() as u64 });
    }
    let manifest = Manifest { format: FORMAT, version: String::new(), engine: "sqlite".into(), at: 0, epoch: 1, parts };
    add(MANIFEST, &serde_json::to_vec(&manifest)?)?;
    Ok(tar.into_inner()?)
}
