//! Anchors: what was signed for of each request's decisions, and when.

use mbs_shared::id::RequestId;

use super::{DbResult, Row, Session, statements};

statements! {
    /// The last one.
    LAST = "select id, seq, at, root, key, signature from anchor order by id desc limit 1";
    /// Those after one.
    AFTER = "select id, seq, at, root, key, signature from anchor where id > $1 order by id limit 50";
    /// A new one.
    ADD = "insert into anchor (id, seq, at, root, key, signature) values ($1, $2, $3, $4, $5, $6)";
    /// One of its lines.
    ADD_LINE = "insert into anchored (anchor, request, n, head) values ($1, $2, $3, $4)";
    /// Its lines.
    LINES = "select request, n, head from anchored where anchor = $1 order by request";
    /// What was anchored of a request.
    OF_REQUEST = "select request, n, head from anchored where request = $1 order by anchor";
    /// Requests about which something was decided in a part of the feed.
    MOVED = "select distinct request from feed where seq > $1 and seq <= $2 and kind = 2";
    /// A request's salt.
    SALT = "select salt from salt where request = $1";
    /// Gives it one.
    ADD_SALT = "insert into salt (request, salt) values ($1, $2)";
    /// Takes it away, after an erasure.
    DROP_SALT = "delete from salt where request = $1";
}

/// An anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Its number, from 1.
    pub id: i64,
    /// The feed's place up to which it speaks.
    pub seq: i64,
    /// When, Unix ms.
    pub at: i64,
    /// What it comes to.
    pub root: [u8; 32],
    /// Number of the key that signed it.
    pub key: u32,
    /// The signature.
    pub signature: Vec<u8>,
}

fn anchor(r: &dyn Row) -> DbResult<Anchor> {
    Ok(Anchor {
        id: r.int(0)?,
        seq: r.int(1)?,
        at: r.int(2)?,
        root: r.bytes32(3)?,
        key: r.count(4)?,
        signature: r.blob(5)?.to_vec(),
    })
}

/// How far the decisions of a request were chained, and to what that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The request.
    pub request: RequestId,
    /// Rows of decisions.
    pub n: u32,
    /// The chain's end.
    pub head: [u8; 32],
}

fn line(r: &dyn Row) -> DbResult<Line> {
    Ok(Line { request: RequestId(r.bytes16(0)?), n: r.count(1)?, head: r.bytes32(2)? })
}

/// The last anchor.
///
/// # Errors
/// [`super::DbError`].
pub fn last(session: &mut dyn Session) -> DbResult<Option<Anchor>> {
    session.first(LAST, &[], anchor)
}

/// Some of those after number `after`, in their order.
///
/// # Errors
/// [`super::DbError`].
pub fn after(session: &mut dyn Session, after: i64) -> DbResult<Vec<Anchor>> {
    session.all(AFTER, &[after.into()], anchor)
}

/// Keeps an anchor with its lines.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, new: &Anchor, lines: &[Line]) -> DbResult<()> {
    let args = [
        new.id.into(),
        new.seq.into(),
        new.at.into(),
        (&new.root).into(),
        new.key.into(),
        new.signature.as_slice().into(),
    ];
    session.execute(ADD, &args)?;
    for line in lines {
        let args = [new.id.into(), line.request.as_bytes().into(), line.n.into(), (&line.head).into()];
        session.execute(ADD_LINE, &args)?;
    }
    Ok(())
}

/// The lines of an anchor, by request.
///
/// # Errors
/// [`super::DbError`].
pub fn lines(session: &mut dyn Session, id: i64) -> DbResult<Vec<Line>> {
    session.all(LINES, &[id.into()], line)
}

/// What was anchored of a request, in its order.
///
/// # Errors
/// [`super::DbError`].
pub fn of_request(session: &mut dyn Session, request: RequestId) -> DbResult<Vec<Line>> {
    session.all(OF_REQUEST, &[request.as_bytes().into()], line)
}

/// Row numbers of requests about which something was decided behind place `from`, up to `to`.
///
/// # Errors
/// [`super::DbError`].
pub fn moved(session: &mut dyn Session, from: i64, to: i64) -> DbResult<Vec<i64>> {
    session.all(MOVED, &[from.into(), to.into()], |r| r.int(0))
}

/// A request's salt.
///
/// # Errors
/// [`super::DbError`].
pub fn salt(session: &mut dyn Session, request: RequestId) -> DbResult<Option<[u8; 16]>> {
    session.first(SALT, &[request.as_bytes().into()], |r| r.bytes16(0))
}

/// Gives a request its salt.
///
/// # Errors
/// [`super::DbError`].
pub fn add_salt(session: &mut dyn Session, request: RequestId, salt: &[u8; 16]) -> DbResult<()> {
    session.execute(ADD_SALT, &[request.as_bytes().into(), salt.as_slice().into()]).map(drop)
}

/// Takes it away: what was anchored can be proven still, and guessed back no more.
///
/// # Errors
/// [`super::DbError`].
pub fn drop_salt(session: &mut dyn Session, request: RequestId) -> DbResult<()> {
    session.execute(DROP_SALT, &[request.as_bytes().into()]).map(drop)
}
