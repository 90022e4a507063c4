//! What the server decided about each case, in its order.

use mbs_shared::id::{Mac, RequestId};
use mbs_shared::pack;
use mbs_shared::routing::Event;
use mbs_shared::wire;
use rusqlite::Connection;

use crate::error::{Code, Result, fail};

/// Largest event, unpacked, in bytes.
pub const MAX_EVENT: usize = 64 * 1024;

/// Keeps an event. One that is known already stays as it is.
///
/// # Errors
/// [`Code::Storage`] or [`Code::DiskFull`].
pub fn add(conn: &Connection, request: RequestId, n: u32, packed: &[u8], mac: &Mac, epoch: u64) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO events (request, n, packed, mac, epoch) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (request, n) DO UPDATE SET packed = ?3, mac = ?4, epoch = ?5",
    )?
    .execute((request.0, n, packed, mac.0, epoch.cast_signed()))?;
    Ok(())
}

/// All events of a request, in their order.
///
/// # Errors
/// [`Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Vec<Event>> {
    let mut statement = conn.prepare_cached("SELECT packed FROM events WHERE request = ?1 ORDER BY n")?;
    let mut rows = statement.query([request.0])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(&row.get::<_, Vec<u8>>(0)?).map_err(|c| fail(Code::Storage, format!("a kept event: {c:?}")))?);
    }
    Ok(out)
}

/// Reads a packed event.
///
/// # Errors
/// The wire's code.
pub fn read(packed: &[u8]) -> std::result::Result<Event, wire::error::Code> {
    wire::decode(&pack::unpack(packed, MAX_EVENT)?)
}
