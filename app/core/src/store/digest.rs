//! Everything accepted that this tablet has, as one number, kept in step with the rows in their own
//! transactions: what the server can be asked about for a few bytes.

use mbs_shared::digest::Digest;
use mbs_shared::id::{Mac, RequestId};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

/// Proofs of a request: of what was taken in, and of what came from the server and did not pass.
const PROOFS: &str = "SELECT mac FROM changes WHERE request = ?1 AND length(mac) > 0
     UNION ALL SELECT mac FROM entries WHERE request = ?1 AND length(mac) > 0
     UNION ALL SELECT mac FROM events WHERE request = ?1 AND length(mac) > 0
     UNION ALL SELECT mac FROM quarantine WHERE request = ?1 AND own = 0 AND length(mac) > 0";

/// The digest of everything.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn get(conn: &Connection) -> Result<Digest> {
    let digest: i64 = conn.prepare_cached("SELECT digest FROM cursor")?.query_row([], |r| r.get(0))?;
    Ok(Digest(digest.cast_unsigned()))
}

fn set(conn: &Connection, digest: Digest) -> Result<()> {
    conn.prepare_cached("UPDATE cursor SET digest = ?1")?.execute([digest.0.cast_signed()])?;
    Ok(())
}

/// The proof of a row is another now; `None`: it has none.
///
/// # Errors
/// [`crate::error::Code::Storage`] or [`crate::error::Code::DiskFull`].
pub(super) fn moved(conn: &Connection, from: Option<&Mac>, to: Option<&Mac>) -> Result<()> {
    if from == to {
        return Ok(());
    }
    let mut digest = get(conn)?;
    if let Some(mac) = from {
        digest.remove(mac);
    }
    if let Some(mac) = to {
        digest.add(mac);
    }
    set(conn, digest)
}

/// The proof a query finds.
pub(super) fn proof(conn: &Connection, sql: &str, key: impl rusqlite::Params) -> Result<Option<Mac>> {
    let found: Option<Vec<u8>> = conn.prepare_cached(sql)?.query_row(key, |r| r.get(0)).optional()?;
    Ok(found.and_then(|mac| Mac::from_slice(&mac).ok()))
}

/// The digest of one request, read from its rows.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn of_request(conn: &Connection, request: RequestId) -> Result<Digest> {
    let mut statement = conn.prepare_cached(PROOFS)?;
    let mut rows = statement.query([request.0])?;
    let mut digest = Digest::default();
    while let Some(row) = rows.next()? {
        if let Ok(mac) = Mac::from_slice(&row.get::<_, Vec<u8>>(0)?) {
            digest.add(&mac);
        }
    }
    Ok(digest)
}

/// All of a request goes.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub(super) fn without(conn: &Connection, request: RequestId) -> Result<()> {
    let (all, gone) = (get(conn)?, of_request(conn, request)?);
    set(conn, Digest(all.0.wrapping_sub(gone.0)))
}

/// Works the digest out anew from every row: after a rescue, and where it is to be proven.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn recount(conn: &Connection) -> Result<Digest> {
    let mut statement = conn.prepare(
        "SELECT request FROM changes UNION SELECT request FROM entries UNION SELECT request FROM events
         UNION SELECT request FROM quarantine",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Digest::default();
    while let Some(row) = rows.next()? {
        all.0 = all.0.wrapping_add(of_request(conn, RequestId(row.get(0)?))?.0);
    }
    set(conn, all)?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use mbs_shared::id::{Actor, ChangeHash};
    use proptest::prelude::*;

    use super::*;
    use crate::store::outbox::What;
    use crate::store::quarantine::Refused;
    use crate::store::{changes, events, migrate, quarantine, requests};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_done_it_is_what_the_rows_say(steps in prop::collection::vec((0..7_u8, 0..6_u8, 0..4_u8), 0..60)) {
            let mut conn = Connection::open_in_memory().unwrap();
            migrate::migrate(&mut conn).unwrap();
            for (what, item, mac) in steps {
                let request = RequestId([item / 3; 16]);
                let (hash, proof) = (ChangeHash([item; 32]), Mac([mac + 1; 16]));
                match what {
                    0 if changes::find(&conn, hash).unwrap().is_none() => {
                        let mac = Some(proof).filter(|_| mac > 0);
                        let kept = changes::Kept { hash, actor: Actor([1; 16]), packed: vec![0, 1], mac };
                        changes::add(&conn, request, &kept, 1, 1).unwrap();
                    }
                    1 => changes::accepted(&conn, hash, &proof, 2).unwrap(),
                    2 => changes::take_out(&conn, hash).unwrap(),
                    3 => events::add(&conn, request, u32::from(item), &[0, 1], &proof, 1).unwrap(),
                    4 => {
                        let own = item % 2 == 0;
                        let key = vec![item; 32];
                        let mac = Some(proof);
                        let refused = Refused {
                            what: What::Change, key, request, own, reason: "fork".into(), at: 1, packed: vec![0], mac,
                        };
                        quarantine::add(&conn, &refused).unwrap();
                    }
                    5 => quarantine::take_out(&conn, What::Change, &[item; 32]).unwrap(),
                    6 if mac == 0 => requests::erase(&conn, request).unwrap(),
                    _ => drop(events::take_out_other(&conn, request, u32::from(item), &proof, 2).unwrap()),
                }
                let kept = get(&conn).unwrap();
                prop_assert_eq!(kept, recount(&conn).unwrap());
            }
        }
    }
}
