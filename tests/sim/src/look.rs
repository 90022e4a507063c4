//! Looking into databases from outside, past the product's own code.

use std::collections::{BTreeMap, BTreeSet};

use mbs_shared::id::RequestId;
use mbs_shared::pack::unpack;
use rusqlite::{Connection, OpenFlags};

use crate::tablet::KEY;
use crate::vfs::{self, Machine};

/// Longest thing unpacked.
const CAP: usize = 256 * 1024;

/// One thing of a request, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// 0 change, 1 entry, 2 event.
    pub kind: u8,
    /// Hash, id or number; of events that were decided at once the first one's.
    pub key: Vec<u8>,
    /// Its raw bytes.
    pub raw: Vec<u8>,
    /// Its proof.
    pub mac: Vec<u8>,
}

/// Everything of each request.
pub type Requests = BTreeMap<RequestId, BTreeSet<Item>>;

/// What lies on a tablet.
#[derive(Debug, Default)]
pub struct Tablet {
    /// Announcements that are kept there.
    pub announcements: BTreeSet<i64>,
    /// By request.
    pub requests: Requests,
    /// Things that wait: kind, key.
    pub outbox: Vec<(i64, Vec<u8>)>,
    /// Things refused: kind, reason, whether made here.
    pub quarantine: Vec<(i64, String, bool)>,
    /// Photos that requests refer to and have not removed: request, hash, whether the bytes are here.
    pub photos: BTreeSet<(RequestId, String, bool)>,
}

/// A tablet's database, opened past the product's own code.
///
/// # Errors
/// What SQLite says.
pub fn open(machine: Machine) -> rusqlite::Result<Connection> {
    let path = vfs::folder(machine).join("mbs.db");
    let db = Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_WRITE, vfs::NAME)?;
    db.execute_batch(&format!("pragma key = \"x'{}'\"; pragma locking_mode = exclusive;", hex::encode(KEY)))?;
    Ok(db)
}

fn request(bytes: &[u8]) -> RequestId {
    RequestId::from_slice(bytes).unwrap_or(RequestId([0; 16]))
}

/// Reads a tablet that is closed.
///
/// # Errors
/// What SQLite says.
pub fn tablet(machine: Machine) -> rusqlite::Result<Tablet> {
    let db = open(machine)?;
    let mut out = Tablet::default();
    let queries = [
        (0, "select request, hash, packed, mac from changes"),
        (1, "select request, id, packed, mac from entries"),
        (2, "select request, cast(n as text), packed, mac from events"),
    ];
    for (kind, sql) in queries {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let bytes = |at: usize| row.get_ref(at)?.as_bytes().map(<[u8]>::to_vec).map_err(rusqlite::Error::from);
            let raw = unpack(&bytes(2)?, CAP).unwrap_or_default();
            let item = Item { kind, key: bytes(1)?, raw, mac: bytes(3)? };
            out.requests.entry(request(&bytes(0)?)).or_default().insert(item);
        }
    }
    let mut statement = db.prepare("select id from announcements order by id")?;
    out.announcements = statement.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut statement = db.prepare("select kind, key from outbox order by n")?;
    out.outbox = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut statement = db.prepare("select kind, reason, own from quarantine order by n")?;
    out.quarantine =
        statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut statement = db.prepare(
        "select p.request, p.hash, exists (select 1 from blobs b where b.hash = p.hash) from photos p
         join requests r on r.id = p.request and r.stage = 1 where p.removed = 0",
    )?;
    let photos = statement
        .query_map([], |r| Ok((request(&r.get::<_, Vec<u8>>(0)?), hex::encode(r.get::<_, Vec<u8>>(1)?), r.get(2)?)))?;
    out.photos = photos.collect::<rusqlite::Result<_>>()?;
    Ok(out)
}

/// Marks (`<17>`) in some bytes.
pub fn marks(raw: &[u8]) -> impl Iterator<Item = String> + '_ {
    let starts = raw.iter().enumerate().filter(|(_, b)| **b == b'<').map(|(at, _)| at);
    starts.filter_map(|at| {
        let rest = raw.get(at..)?;
        let end = rest.iter().take(10).position(|b| *b == b'>')?;
        let digits = rest.get(1..end)?;
        (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
            .then(|| String::from_utf8_lossy(rest.get(..=end).unwrap_or_default()).into_owned())
    })
}

/// Marks and photos on a tablet that no server is known to have; `None` when it cannot be read.
#[must_use]
pub fn unsent(machine: Machine) -> Option<Vec<String>> {
    let found = tablet(machine).ok()?;
    let mut out = Vec::new();
    for item in found.requests.values().flatten().filter(|i| i.mac.is_empty()) {
        out.extend(marks(&item.raw));
    }
    out.extend(
        found.outbox.iter().filter(|(kind, _)| *kind == 2).filter_map(|(_, key)| Some(hex::encode(key.get(..32)?))),
    );
    Some(out)
}

/// Marks and photos of everything that lies on a tablet, refused or not; `None` when it cannot be read.
#[must_use]
pub fn everything(machine: Machine) -> Option<BTreeSet<String>> {
    let found = tablet(machine).ok()?;
    let mut out: BTreeSet<String> = found.requests.values().flatten().flat_map(|i| marks(&i.raw)).collect();
    out.extend(found.photos.into_iter().filter(|(.., here)| *here).map(|(_, hash, _)| hash));
    let db = open(machine).ok()?;
    let mut statement = db.prepare("select packed from quarantine").ok()?;
    let mut rows = statement.query([]).ok()?;
    while let Ok(Some(row)) = rows.next() {
        let packed = row.get_ref(0).ok()?.as_bytes().ok()?;
        out.extend(unpack(packed, CAP).iter().flat_map(|raw| marks(raw)));
    }
    Some(out)
}
