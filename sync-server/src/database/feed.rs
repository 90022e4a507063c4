//! The feed: one sequence in commit order. See the schema for what a row is.

use super::{DbResult, Go, Row, Session, Value, statements, together};

/// Row kinds; those of a muhtarlık are the kinds on the wire.
pub mod kind {
    /// A change of the document.
    pub const CHANGE: u32 = 0;
    /// A thread entry.
    pub const ENTRY: u32 = 1;
    /// A routing event.
    pub const EVENT: u32 = 2;
    /// A photo is whole.
    pub const BLOB: u32 = 3;
    /// Erased by law.
    pub const ERASED: u32 = 4;
    /// Taken out: a private note whose mandate ended.
    pub const GONE: u32 = 5;
    /// Unit: the request came, with its state as of event `n`.
    pub const ENTERED: u32 = 16;
    /// Unit: the request went elsewhere.
    pub const LEFT: u32 = 17;
    /// Unit: event `n`.
    pub const STEP: u32 = 18;
    /// Unit: words, thread or photos changed.
    pub const CONTENT: u32 = 19;
}

statements! {
    /// Requests that something was written about after a place and up to another.
    TOUCHED = "select distinct request from feed where seq > $1 and seq <= $2";
    /// Appends a row.
    ADD = "insert into feed (seq, scope, request, kind, n, key, session, author, at, mac, packed) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// A scope's rows after a place. Of a request that was erased only rows that carry its id are left.
    PAGE = "select f.seq, coalesce(r.id, f.packed), f.kind, f.n, f.session, f.author, f.at, f.mac, f.packed \
            from feed f left join request r on r.rid = f.request \
            where f.scope = $1 and f.seq > $2 order by f.seq limit $3";
    /// Everything of one request, in order.
    OF_REQUEST = "select seq, kind, n, author, at, mac, packed from feed where request = $1 and kind < 16 order by seq";
    /// Everything of [`super::TOGETHER`] requests, in order, with the request in the last column.
    OF_REQUESTS = "select seq, kind, n, author, at, mac, packed, request from feed where request in \
                   ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) and kind < 16 \
                   order by request, seq";
    /// Kinds and proofs of a scope's rows after a place.
    PROOFS = "select kind, mac from feed where scope = $1 and seq > $2 order by seq";
    /// Rows with that key.
    BY_KEY = "select seq, request, kind, mac, packed from feed where key = $1 and key <> 0";
    /// Takes out what rows of a request carry, and leaves its id.
    BLANK = "update feed set kind = $1, n = 0, key = 0, session = 0, author = 0, mac = $2, packed = $3 \
             where request = $4 and kind < 16";
    /// The same for the rows of a unit.
    BLANK_UNIT = "update feed set kind = $1, n = 0, key = 0, session = 0, author = 0, mac = $2, packed = $3 \
                  where scope = $4 and request = $5";
    /// The request of one note of a muhtarlık up to a place.
    A_NOTE = "select request from feed where scope = $1 and kind = 1 and n = $2 and seq <= $3 order by seq limit 1";
    /// Takes out what the notes of a muhtarlık carry up to a place.
    DROP_NOTES = "update feed set kind = $1, n = 0, key = 0, session = 0, author = 0, mac = $2, packed = $2 \
                  where scope = $3 and kind = 1 and n = $4 and seq <= $5";
    /// Every place, for `verify`.
    PLACES = "select seq from feed order by seq";
    /// The last place of a scope.
    LAST_OF = "select coalesce(max(seq), 0) from feed where scope = $1";
    /// Scopes with rows after a place, each with its last.
    SCOPES_AFTER = "select scope, max(seq) from feed where seq > $1 group by scope";
    /// The last place.
    LAST = "select value from meta where name = 'seq'";
}

/// In place of a row's session: that of the row before, which is of the same request. One byte instead of eight.
pub const AS_BEFORE: i64 = -1;

/// The first 8 bytes as an index key; never 0, which means "none".
#[must_use]
pub fn key_of(bytes: &[u8]) -> i64 {
    let mut head = [0; 8];
    for (to, from) in head.iter_mut().zip(bytes) {
        *to = *from;
    }
    match i64::from_be_bytes(head) {
        0 => 1,
        key => key,
    }
}

/// A row to append.
#[derive(Debug, Clone, Copy)]
pub struct NewRow<'a> {
    /// Scope number.
    pub scope: u32,
    /// Request's row.
    pub rid: i64,
    /// See [`kind`].
    pub kind: u32,
    /// See the schema.
    pub n: u32,
    /// See the schema.
    pub key: i64,
    /// See the schema.
    pub session: i64,
    /// See the schema.
    pub author: i64,
    /// Server time.
    pub at: i64,
    /// Proof of acceptance; empty where there is none.
    pub mac: &'a [u8],
    /// What it carries.
    pub packed: &'a [u8],
}

/// Appends a row at `seq`.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, seq: i64, row: &NewRow<'_>) -> DbResult<()> {
    session.insert(
        ADD,
        &[
            Value::Int(seq),
            row.scope.into(),
            Value::Int(row.rid),
            row.kind.into(),
            row.n.into(),
            Value::Int(row.key),
            Value::Int(row.session),
            Value::Int(row.author),
            Value::Int(row.at),
            Value::Blob(row.mac),
            Value::Blob(row.packed),
        ],
    )
}

/// A row of a scope's feed, borrowed while it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct PageRow<'a> {
    /// Its place.
    pub seq: i64,
    /// The request.
    pub request: [u8; 16],
    /// See [`kind`].
    pub kind: u32,
    /// See the schema.
    pub n: u32,
    /// See the schema.
    pub session: i64,
    /// See the schema.
    pub author: i64,
    /// Server time.
    pub at: i64,
    /// Proof of acceptance.
    pub mac: &'a [u8],
    /// What it carries.
    pub packed: &'a [u8],
}

/// Shows the rows of `scope` after `seq`, at most `limit`, until `each` has enough.
///
/// # Errors
/// [`super::DbError`].
pub fn page(
    session: &mut dyn Session,
    scope: u32,
    after: i64,
    limit: u32,
    each: &mut dyn FnMut(&PageRow<'_>) -> DbResult<Go>,
) -> DbResult<()> {
    session.query(PAGE, &[scope.into(), after.into(), limit.into()], &mut |r| {
        each(&PageRow {
            seq: r.int(0)?,
            request: r.bytes16(1)?,
            kind: r.count(2)?,
            n: r.count(3)?,
            session: r.int(4)?,
            author: r.int(5)?,
            at: r.int(6)?,
            mac: r.blob(7)?,
            packed: r.blob(8)?,
        })
    })
}

/// An item of one request, borrowed while it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct ItemRow<'a> {
    /// Its place.
    pub seq: i64,
    /// See [`kind`].
    pub kind: u32,
    /// See the schema.
    pub n: u32,
    /// See the schema.
    pub author: i64,
    /// Server time.
    pub at: i64,
    /// Proof of acceptance.
    pub mac: &'a [u8],
    /// What it carries.
    pub packed: &'a [u8],
}

/// Shows everything a request consists of, in order: changes, entries, events, photos.
///
/// # Errors
/// [`super::DbError`].
pub fn of_request(
    session: &mut dyn Session,
    rid: i64,
    each: &mut dyn FnMut(&ItemRow<'_>) -> DbResult<Go>,
) -> DbResult<()> {
    session.query(OF_REQUEST, &[rid.into()], &mut |r| each(&item(r)?))
}

/// The same of up to [`super::TOGETHER`] requests in one question, the request before its item.
///
/// # Errors
/// [`super::DbError`].
pub fn of_requests(
    session: &mut dyn Session,
    rids: &[i64],
    each: &mut dyn FnMut(i64, &ItemRow<'_>) -> DbResult<()>,
) -> DbResult<()> {
    let Some(args) = together(rids, |rid| Value::Int(*rid)) else { return Ok(()) };
    session.query(OF_REQUESTS, &args, &mut |r| each(r.int(7)?, &item(r)?).map(|()| Go::On))
}

fn item(r: &dyn Row) -> DbResult<ItemRow<'_>> {
    Ok(ItemRow {
        seq: r.int(0)?,
        kind: r.count(1)?,
        n: r.count(2)?,
        author: r.int(3)?,
        at: r.int(4)?,
        mac: r.blob(5)?,
        packed: r.blob(6)?,
    })
}

/// A stored item found by its key.
#[derive(Debug, Clone)]
pub struct Twin {
    /// Its place.
    pub seq: i64,
    /// The request's row.
    pub rid: i64,
    /// See [`kind`].
    pub kind: u32,
    /// Proof of acceptance.
    pub mac: Vec<u8>,
    /// What it carries.
    pub packed: Vec<u8>,
}

/// Items with that key: nearly always none or one.
///
/// # Errors
/// [`super::DbError`].
pub fn twins(session: &mut dyn Session, key: i64) -> DbResult<Vec<Twin>> {
    session.all(BY_KEY, &[key.into()], |r: &dyn Row| {
        Ok(Twin {
            seq: r.int(0)?,
            rid: r.int(1)?,
            kind: r.count(2)?,
            mac: r.blob(3)?.to_owned(),
            packed: r.blob(4)?.to_owned(),
        })
    })
}

/// The last place of a scope's feed.
///
/// # Errors
/// [`super::DbError`].
pub fn last_of(session: &mut dyn Session, scope: u32) -> DbResult<i64> {
    Ok(session.first(LAST_OF, &[scope.into()], |r| r.int(0))?.unwrap_or(0))
}

/// Scopes with rows after `seq`, each with its last place.
///
/// # Errors
/// [`super::DbError`].
pub fn scopes_after(session: &mut dyn Session, seq: i64) -> DbResult<Vec<(u32, i64)>> {
    session.all(SCOPES_AFTER, &[seq.into()], |r| Ok((r.count(0)?, r.int(1)?)))
}

/// The last place of the whole feed.
///
/// # Errors
/// [`super::DbError`].
pub fn last(session: &mut dyn Session) -> DbResult<i64> {
    Ok(session.first(LAST, &[], |r| r.int(0))?.unwrap_or(0))
}
