//! What no server can do without: the same rows, files and bytes with nothing around them, on this machine and in this run.
//!
//! A target that is missed stands beside these, so that one sees how much of it is ours to save.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use mbs_server::database::sqlite::{Options, Sqlite};
use mbs_shared::document::schema::MAX_CHANGE;
use mbs_shared::document::verify_first;
use mbs_shared::pack::unpack;
use rusqlite::Connection;
use rusqlite::types::Value;
use sha2::{Digest as _, Sha256};

use crate::bare;
use crate::workload::{FRESH_REQUESTS, photos};

/// Rows that share a commit, about as many as a group of pushes has.
const GROUP: usize = 2_000;

/// CPU of the bare deeds.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(crate) struct Floor {
    /// Seconds a 1,000 requests: the rows of the run's own database, put into an empty one of the same schema.
    pub(crate) rows: f64,
    /// Seconds a 1,000 requests: their changes unpacked and verified, which the bare loop does not do.
    pub(crate) verified: f64,
    /// Milliseconds a photo: hashed, written beside its name, synced, named, the folder synced.
    pub(crate) photo: f64,
    /// Milliseconds a fresh tablet: its stored rows read and laid one behind the other.
    pub(crate) fresh: f64,
}

/// CPU seconds of this thread so far.
fn cpu() -> Result<f64> {
    let line = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: u64 = line.split_whitespace().next().context("no figure")?.parse()?;
    #[expect(clippy::cast_precision_loss, reason = "a reading")]
    Ok(nanos as f64 / 1e9)
}

/// Does the same with nothing around it, beside the folder `dir` that a run of our server left.
pub(crate) fn ours(dir: &Path) -> Result<Floor> {
    let from = Connection::open(dir.join("mbs.db"))?;
    let empty = tempfile::tempdir()?;
    // The schema is the product's; the connection is as plain as the bare loop's.
    let path = empty.path().join("mbs.db");
    drop(Sqlite::open(&Options { readers: 0, ..Options::new(&path) })?);
    let rows = rows(&from, &path, &["request", "feed"])?;
    Ok(Floor { rows, verified: verified(&from)?, photo: photo()?, fresh: fresh(&from)? })
}

/// The bare loop's own rows, alone.
pub(crate) fn bare(dir: &Path) -> Result<Floor> {
    let empty = tempfile::tempdir()?;
    bare::prepare(empty.path(), &[], |_, _| String::new(), |_| 0)?;
    let from = Connection::open(dir.join(bare::DATABASE))?;
    Ok(Floor { rows: rows(&from, &empty.path().join(bare::DATABASE), &["row"])?, ..Floor::default() })
}

/// Seconds for the rows of 1,000 requests: all rows of those tables, the first of which has a row a request.
#[expect(clippy::cast_precision_loss, reason = "a count")]
fn rows(from: &Connection, to: &Path, tables: &[&str]) -> Result<f64> {
    let mut to = Connection::open(to)?;
    to.pragma_update(None, "synchronous", "full")?;
    to.pragma_update(None, "foreign_keys", "off")?;
    let (mut spent, mut requests) = (0.0, None);
    for table in tables {
        let mut reading = from.prepare(&format!("select * from {table} order by 1"))?;
        let columns = reading.column_count();
        let all = reading
            .query_map([], |row| (0..columns).map(|at| row.get::<_, Value>(at)).collect::<rusqlite::Result<Vec<_>>>())?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        requests.get_or_insert(all.len());
        let places = vec!["?"; columns].join(", ");
        let insert = format!("insert into {table} values ({places})");
        let begun = cpu()?;
        for group in all.chunks(GROUP) {
            let tx = to.transaction()?;
            let mut writing = tx.prepare_cached(&insert)?;
            for row in group {
                writing.execute(rusqlite::params_from_iter(row))?;
            }
            drop(writing);
            tx.commit()?;
        }
        spent += cpu()? - begun;
    }
    Ok(spent * 1_000.0 / requests.unwrap_or_default().max(1) as f64)
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn verified(from: &Connection) -> Result<f64> {
    let mut reading = from.prepare("select packed from feed where kind = 0")?;
    let all = reading.query_map([], |row| row.get::<_, Vec<u8>>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let begun = cpu()?;
    for packed in &all {
        let raw = unpack(packed, MAX_CHANGE).map_err(|code| anyhow!("{code:?}"))?;
        verify_first(&raw).map_err(|code| anyhow!("{code:?}"))?;
    }
    Ok((cpu()? - begun) * 1_000.0 / all.len().max(1) as f64)
}

fn photo() -> Result<f64> {
    const TABLETS: usize = 50;
    let dir = tempfile::tempdir()?;
    let all: Vec<_> = (0..TABLETS).flat_map(photos).collect();
    let begun = cpu()?;
    for (n, (_, bytes)) in all.iter().enumerate() {
        let name = hex::encode(Sha256::digest(bytes));
        let folder = dir.path().join(name.get(..2).unwrap_or_default());
        fs::create_dir_all(&folder)?;
        let temporary = dir.path().join(format!("{n}.part"));
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, folder.join(&name))?;
        File::open(&folder)?.sync_all()?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    Ok((cpu()? - begun) * 1_000.0 / all.len() as f64)
}

fn fresh(from: &Connection) -> Result<f64> {
    const ROUNDS: u32 = 20;
    const LARGEST: &str = "select scope from request group by scope order by count(*) desc limit 1";
    const ROWS: &str = "select f.kind, f.at, f.mac, f.packed, r.id from request r join feed f on f.request = r.rid \
                        where r.scope = ?1 and f.kind < 16 order by r.id, f.seq";
    let scope: i64 = from.query_row(LARGEST, [], |row| row.get(0))?;
    let mut reading = from.prepare(ROWS)?;
    let (mut out, mut rows) = (Vec::new(), 0);
    let begun = cpu()?;
    for _ in 0..ROUNDS {
        out.clear();
        let mut found = reading.query([scope])?;
        while let Some(row) = found.next()? {
            rows += 1;
            for at in 2..5 {
                out.extend_from_slice(row.get_ref(at)?.as_blob()?);
            }
        }
    }
    let spent = cpu()? - begun;
    anyhow::ensure!(rows >= FRESH_REQUESTS, "a fresh tablet's rows are missing");
    Ok(spent * 1_000.0 / f64::from(ROUNDS))
}
