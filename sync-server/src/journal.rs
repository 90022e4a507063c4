//! What must survive a restore: revocations, erasures and ends of mandates, in a file of their own beside the
//! database.
//!
//! A backup brings the database of yesterday back; what was erased, revoked or ended since must not come back
//! with it. So all three are written here first, durably, and read again at every start and after a restore. One line
//! a record: JSON, a space, and the first 16 hex characters of a hash chained over every line before. A last
//! line that was cut (power) is as if it had never been begun; a line changed further up is told.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mbs_shared::id::{BlobHash, DeviceNo, RequestId};
use serde::{Deserialize, Serialize};

use crate::secrets::sha256;

/// Name of the file in the data folder.
pub const FILE: &str = "journal";

/// One thing that happened and must never be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Record {
    /// A request was erased by law.
    Erased {
        /// Which.
        request: RequestId,
        /// When, Unix ms.
        at: i64,
        /// Why, in the operator's words.
        reason: String,
        /// Photos and notes that nothing else referred to.
        photos: Vec<BlobHash>,
    },
    /// A tablet was revoked.
    Revoked {
        /// Which.
        device: DeviceNo,
        /// When, Unix ms.
        at: i64,
    },
    /// The mandates that ran in a neighbourhood ended, and with them their private notes.
    MandateEnded {
        /// Code of the neighbourhood.
        neighbourhood: String,
        /// When, Unix ms.
        at: i64,
        /// The last place of the feed then: notes up to there are those of the muhtar who left, whatever a clock said.
        place: i64,
    },
}

/// The file.
#[derive(Debug, Clone)]
pub struct Journal {
    path: PathBuf,
}

/// The records of a file, and how far they reach.
struct Read_ {
    records: Vec<Record>,
    chain: [u8; 32],
    /// Bytes of whole lines.
    good: usize,
}

impl Journal {
    /// The journal of a data folder.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self { path: dir.join(FILE) }
    }

    /// Every record, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read, or a line in it was changed.
    pub fn read(&self) -> Result<Vec<Record>> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(e).with_context(|| format!("reading {}", self.path.display())),
        };
        Ok(self.parse(&bytes)?.records)
    }

    /// Appends a record. `Ok` means: it survives a power cut.
    ///
    /// # Errors
    /// When the file cannot be written, or is damaged.
    pub fn append(&self, record: &Record) -> Result<()> {
        let told = || format!("writing {}", self.path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path).with_context(told)?;
        // A command and a server may both want to write.
        file.lock().with_context(told)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(told)?;
        let Read_ { chain, good, .. } = self.parse(&bytes)?;
        let (line, _) = line(&chain, record)?;
        file.set_len(good as u64).with_context(told)?;
        file.seek(SeekFrom::Start(good as u64)).with_context(told)?;
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).with_context(told)?;
        if let Some(dir) = self.path.parent() {
            File::open(dir).and_then(|d| d.sync_all()).with_context(told)?;
        }
        Ok(())
    }

    fn parse(&self, bytes: &[u8]) -> Result<Read_> {
        let mut out = Read_ { records: Vec::new(), chain: [0; 32], good: 0 };
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let text = bytes.get(..whole).unwrap_or_default();
        for (n, raw) in (1..).zip(text.split_inclusive(|b| *b == b'\n')) {
            match read_line(&out.chain, raw) {
                Some((record, chain)) => {
                    out.records.push(record);
                    out.chain = chain;
                    out.good += raw.len();
                }
                // Only the last line can have been torn, and then it is no whole one.
                None if out.good + raw.len() == bytes.len() && !is_whole(raw) => break,
                None => bail!(
                    "{} is damaged at line {n}: put the file of the last backup back and append what happened since",
                    self.path.display()
                ),
            }
        }
        Ok(out)
    }
}

fn link(chain: &[u8; 32], json: &[u8]) -> [u8; 32] {
    sha256(&[chain.as_slice(), json].concat())
}

fn mark(chain: &[u8; 32]) -> String {
    hex::encode(chain.split_at(8).0)
}

fn line(chain: &[u8; 32], record: &Record) -> Result<(String, [u8; 32])> {
    let json = serde_json::to_string(record)?;
    let chain = link(chain, json.as_bytes());
    Ok((format!("{json} {}\n", mark(&chain)), chain))
}

/// Whether a line has everything a line has, right or not.
fn is_whole(raw: &[u8]) -> bool {
    let text = std::str::from_utf8(raw).ok().and_then(|t| t.strip_suffix('\n')).and_then(|t| t.rsplit_once(' '));
    text.is_some_and(|(json, said)| said.len() == 16 && serde_json::from_str::<Record>(json).is_ok())
}

fn read_line(chain: &[u8; 32], raw: &[u8]) -> Option<(Record, [u8; 32])> {
    let text = std::str::from_utf8(raw).ok()?.strip_suffix('\n')?;
    let (json, said) = text.rsplit_once(' ')?;
    let chain = link(chain, json.as_bytes());
    (mark(&chain) == said).then(|| serde_json::from_str(json).ok().map(|record| (record, chain)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u8) -> Record {
        Record::Erased {
            request: RequestId([n; 16]),
            at: i64::from(n),
            reason: "Dilekçe ile\nistendi".into(),
            photos: vec![],
        }
    }

    #[test]
    fn what_was_appended_is_read_and_a_torn_end_is_as_never_begun() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(dir.path());
        assert_eq!(journal.read().unwrap(), []);
        let all: Vec<Record> = (1..=5).map(record).chain([Record::Revoked { device: DeviceNo(7), at: 9 }]).collect();
        for record in &all {
            journal.append(record).unwrap();
        }
        assert_eq!(journal.read().unwrap(), all);
        let path = dir.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        let last = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
        for cut in last..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(journal.read().unwrap(), all[..5], "cut at {cut}");
        }
        // A tear may leave a line's length and not its bytes.
        let mut torn = whole.clone();
        torn[last + 3..last + 20].fill(0);
        std::fs::write(&path, &torn).unwrap();
        assert_eq!(journal.read().unwrap(), all[..5]);
        // The next one takes the torn one's place.
        journal.append(&record(9)).unwrap();
        let read = journal.read().unwrap();
        assert_eq!((read.len(), read.last()), (6, Some(&record(9))));
    }

    #[test]
    fn a_line_that_was_changed_or_taken_out_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(dir.path());
        for n in 1..=4 {
            journal.append(&record(n)).unwrap();
        }
        let path = dir.path().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        for gone in 0..3 {
            let rest: String = lines.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, l)| *l).collect();
            std::fs::write(&path, rest).unwrap();
            assert!(journal.read().unwrap_err().to_string().contains("damaged at line"));
            assert!(journal.append(&record(8)).is_err());
        }
        std::fs::write(&path, whole.replacen("Dilekçe", "Telefon", 1)).unwrap();
        assert!(journal.read().unwrap_err().to_string().contains("line 1"));
    }
}
