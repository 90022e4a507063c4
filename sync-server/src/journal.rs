//! What must survive a restore: revocations, erasures and ends of mandates, in a file of their own beside the
//! database.
//!
//! A backup brings the database of yesterday back; what was erased, revoked or ended since must not come back
//! with it. So all three are written here first, durably, and read again at every start and after a restore. One line
//! a record: JSON, a space, and the first 16 hex characters of a hash chained over every line before. A last
//! line that was cut (power) is as if it had never been begun; a line changed further up is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use mbs_shared::id::{BlobHash, DeviceNo, RequestId};
use mbs_shared::sabotage::sabotaged;
use serde::{Deserialize, Serialize};

use crate::ports::files::{Files, SystemFiles};
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
    /// The mandate that ran in a neighbourhood ended, and with it its private notes.
    MandateEnded {
        /// Code of the neighbourhood.
        neighbourhood: String,
        /// When the mandate had begun, Unix ms: tells it from its successors, whatever a clock said. 0: none ran.
        since: i64,
        /// When, Unix ms.
        at: i64,
        /// The last place of the feed then: notes up to there are those of the muhtar who left, whatever a clock said.
        place: i64,
    },
}

/// The file.
#[derive(Clone)]
pub struct Journal {
    path: PathBuf,
    files: Arc<dyn Files>,
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
        Self::on(Arc::new(SystemFiles), dir)
    }

    /// The journal of a folder of these files.
    #[must_use]
    pub fn on(files: Arc<dyn Files>, dir: &Path) -> Self {
        Self { path: dir.join(FILE), files }
    }

    /// Bytes left on the disk it lies on, which is the data folder's; `None`: unknown.
    #[must_use]
    pub fn room(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(self.path.parent()?).ok()?;
        stat.f_bavail.checked_mul(stat.f_frsize)
    }

    /// Every record, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read, or a line in it was changed.
    pub fn read(&self) -> Result<Vec<Record>> {
        Ok(self.parse(&self.bytes()?)?.records)
    }

    /// The records of such bytes, and how many of the bytes are theirs: a torn end is not.
    ///
    /// # Errors
    /// When a line was changed.
    pub fn records_of(bytes: &[u8]) -> Result<(Vec<Record>, usize)> {
        let read = Self::of(Path::new("")).parse(bytes)?;
        Ok((read.records, read.good))
    }

    /// Those records as they are written.
    ///
    /// # Errors
    /// Never for what was read.
    pub fn text_of(records: &[Record]) -> Result<String> {
        let mut text = String::new();
        let mut chain = [0; 32];
        for record in records {
            let (more, next) = line(&chain, record)?;
            text.push_str(&more);
            chain = next;
        }
        Ok(text)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        match self.files.read(&self.path) {
            Ok(bytes) => Ok(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(e).with_context(|| format!("reading {}", self.path.display())),
        }
    }

    /// Appends a record. `Ok` means: it survives a power cut.
    ///
    /// # Errors
    /// When the file cannot be written, or is damaged.
    pub fn append(&self, record: &Record) -> Result<()> {
        let told = || format!("writing {}", self.path.display());
        // A command and a server may both want to write.
        let _alone = self.files.lock(&self.path).with_context(told)?;
        let Read_ { chain, good, .. } = self.parse(&self.bytes()?)?;
        let (line, _) = line(&chain, record)?;
        self.write(good, line.as_bytes()).with_context(told)
    }

    /// [`Self::read`], and what was read survives a power cut: a process that died, or was refused, between writing a
    /// record and making it durable leaves one that only looks so.
    ///
    /// # Errors
    /// As [`Self::read`], and when the file cannot be written.
    pub fn read_certain(&self) -> Result<Vec<Record>> {
        let told = || format!("writing {}", self.path.display());
        let bytes = self.bytes()?;
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        let _alone = self.files.lock(&self.path).with_context(told)?;
        let bytes = self.bytes()?;
        let Read_ { records, good, .. } = self.parse(&bytes)?;
        // The last line once more: after a sync that failed, another one without a write says nothing.
        let whole = bytes.get(..good).unwrap_or_default();
        let last = whole.split_inclusive(|b| *b == b'\n').next_back().unwrap_or_default();
        if !sabotaged("journal-not-certain") {
            self.write(good - last.len(), last).with_context(told)?;
        }
        Ok(records)
    }

    /// Writes from there to the end, durably.
    fn write(&self, at: usize, bytes: &[u8]) -> std::io::Result<()> {
        self.files.write_at(&self.path, at as u64, bytes)?.sync()?;
        self.path.parent().map_or(Ok(()), |dir| self.files.sync_dir(dir))
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
