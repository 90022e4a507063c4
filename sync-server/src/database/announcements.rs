//! Announcements, and who has read them.

use std::collections::{HashMap, HashSet};

use mbs_shared::id::BlobHash;

use super::{DbResult, Row, Session, meta, statements};

/// Under which name the last `seq` stands in `meta`. A restore jumps over what may have been given out since.
pub const SEQ: &str = "announced";

statements! {
    /// A new one.
    ADD = "insert into announcement (id, seq, at, author, unit, audience, urgent, title, body) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// How far each audience's reach.
    REACH = "select audience, max(seq) from announcement group by audience";
    /// Behind a place, in their order.
    AFTER = "select id, seq, at, author, unit, audience, urgent, title, body, withdrawn from announcement \
             where seq > $1 order by seq limit $2";
    /// Before one, the newest first.
    BEFORE = "select id, seq, at, author, unit, audience, urgent, title, body, withdrawn from announcement \
              where id < $1 order by id desc limit $2";
    /// One.
    OF_ID = "select id, seq, at, author, unit, audience, urgent, title, body, withdrawn from announcement where id = $1";
    /// A photo goes with one.
    ADD_PHOTO = "insert into announcement_photo (announcement, place, hash) values ($1, $2, $3)";
    /// Photos of those from one number to another.
    PHOTOS = "select announcement, hash from announcement_photo where announcement >= $1 and announcement <= $2 \
              order by announcement, place";
    /// Those that stand and have a photo.
    WITH_PHOTO = "select a.id, a.seq, a.at, a.author, a.unit, a.audience, a.urgent, a.title, a.body, a.withdrawn \
                  from announcement_photo p join announcement a on a.id = p.announcement \
                  where p.hash = $1 and a.withdrawn = 0";
    /// Takes one back.
    WITHDRAW = "update announcement set withdrawn = $1, seq = $2 where id = $3 and withdrawn = 0";
    /// A muhtarlık has read one.
    SEE = "insert into announcement_seen (announcement, scope, at) values ($1, $2, $3) on conflict do nothing";
    /// Who has read one.
    SEEN_BY = "select scope from announcement_seen where announcement = $1";
    /// Who has read which, of all from one on.
    SEEN_BY_EACH = "select announcement, scope from announcement_seen where announcement >= $1";
    /// How many have, of each from one on.
    SEEN = "select announcement, count(*) from announcement_seen where announcement >= $1 group by announcement";
    /// Muhtarlıks with a mandate that is running and a tablet that is not revoked.
    REACHED = "select distinct m.scope from mandate m join device d on d.mandate = m.id where m.until = 0 and d.revoked = 0";
}

/// An announcement as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub id: i64,
    /// Its place in what tablets ask for.
    pub seq: i64,
    /// When, Unix ms.
    pub at: i64,
    /// Staff id.
    pub author: i64,
    /// Unit that speaks; empty: Muhtarlıklar Müdürlüğü.
    pub unit: String,
    /// Whom it is for, as stored: see [`crate::announcements::Audience`].
    pub audience: String,
    /// To be seen before anything else.
    pub urgent: bool,
    /// First line.
    pub title: String,
    /// Text.
    pub body: String,
    /// When it was taken back; 0: it was not.
    pub withdrawn: i64,
    /// Photos that go with it.
    pub photos: Vec<BlobHash>,
}

fn stored(r: &dyn Row) -> DbResult<Stored> {
    Ok(Stored {
        id: r.int(0)?,
        seq: r.int(1)?,
        at: r.int(2)?,
        author: r.int(3)?,
        unit: r.text(4)?.to_owned(),
        audience: r.text(5)?.to_owned(),
        urgent: r.int(6)? != 0,
        title: r.text(7)?.to_owned(),
        body: r.text(8)?.to_owned(),
        withdrawn: r.int(9)?,
        photos: Vec::new(),
    })
}

/// Keeps a new one; its number and place are given here.
///
/// # Errors
/// [`super::DbError`].
pub fn add(session: &mut dyn Session, new: &Stored) -> DbResult<Stored> {
    let seq = meta::next(session, SEQ)?;
    let args = [
        seq.into(),
        seq.into(),
        new.at.into(),
        new.author.into(),
        new.unit.as_str().into(),
        new.audience.as_str().into(),
        new.urgent.into(),
        new.title.as_str().into(),
        new.body.as_str().into(),
    ];
    session.execute(ADD, &args)?;
    for (place, hash) in (1_i64..).zip(&new.photos) {
        session.send(ADD_PHOTO, &[seq.into(), place.into(), hash.as_bytes().into()])?;
    }
    session.send(meta::BUMP, &["devices".into()])?;
    Ok(Stored { id: seq, seq, ..new.clone() })
}

/// How far the announcements of each audience reach.
///
/// # Errors
/// [`super::DbError`].
pub fn reach(session: &mut dyn Session) -> DbResult<Vec<(String, i64)>> {
    session.all(REACH, &[], |r| Ok((r.text(0)?.to_owned(), r.int(1)?)))
}

/// Those behind place `after`, in their order.
///
/// # Errors
/// [`super::DbError`].
pub fn after(session: &mut dyn Session, after: i64, limit: u32) -> DbResult<Vec<Stored>> {
    let found = session.all(AFTER, &[after.into(), limit.into()], stored)?;
    with_photos(session, found)
}

fn with_photos(session: &mut dyn Session, mut all: Vec<Stored>) -> DbResult<Vec<Stored>> {
    let ids = || all.iter().map(|one| one.id);
    let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(all) };
    let mut photos: HashMap<i64, Vec<BlobHash>> = HashMap::new();
    for (id, hash) in session.all(PHOTOS, &[first.into(), last.into()], |r| Ok((r.int(0)?, BlobHash(r.bytes32(1)?))))? {
        photos.entry(id).or_default().push(hash);
    }
    for one in &mut all {
        one.photos = photos.remove(&one.id).unwrap_or_default();
    }
    Ok(all)
}

/// Those that stand and have a photo, without their photos.
///
/// # Errors
/// [`super::DbError`].
pub fn with_photo(session: &mut dyn Session, hash: BlobHash) -> DbResult<Vec<Stored>> {
    session.all(WITH_PHOTO, &[hash.as_bytes().into()], stored)
}

/// Those before number `before`, the newest first.
///
/// # Errors
/// [`super::DbError`].
pub fn before(session: &mut dyn Session, before: i64, limit: u32) -> DbResult<Vec<Stored>> {
    let found = session.all(BEFORE, &[before.into(), limit.into()], stored)?;
    with_photos(session, found)
}

/// The one with that number, without its photos.
///
/// # Errors
/// [`super::DbError`].
pub fn by_id(session: &mut dyn Session, id: i64) -> DbResult<Option<Stored>> {
    session.first(OF_ID, &[id.into()], stored)
}

/// Takes one back; whether it stood until now.
///
/// # Errors
/// [`super::DbError`].
pub fn withdraw(session: &mut dyn Session, id: i64, now: i64) -> DbResult<bool> {
    let seq = meta::next(session, SEQ)?;
    session.send(meta::BUMP, &["devices".into()])?;
    Ok(session.execute(WITHDRAW, &[now.into(), seq.into(), id.into()])? > 0)
}

/// Notes that a muhtarlık has read one.
///
/// # Errors
/// [`super::DbError`].
pub fn see(session: &mut dyn Session, id: i64, scope: u32, at: i64) -> DbResult<()> {
    session.send(SEE, &[id.into(), scope.into(), at.into()])
}

/// Muhtarlıks that have read one.
///
/// # Errors
/// [`super::DbError`].
pub fn seen_by(session: &mut dyn Session, id: i64) -> DbResult<Vec<u32>> {
    session.all(SEEN_BY, &[id.into()], |r| r.count(0))
}

/// Which of some muhtarlıks have read each from number `first` on, counted; those that none of them has read are not among
/// them.
///
/// # Errors
/// [`super::DbError`].
pub fn seen_among(session: &mut dyn Session, first: i64, some: &HashSet<u32>) -> DbResult<HashMap<i64, u32>> {
    let mut counted: HashMap<i64, u32> = HashMap::new();
    for (id, scope) in session.all(SEEN_BY_EACH, &[first.into()], |r| Ok((r.int(0)?, r.count(1)?)))? {
        if some.contains(&scope) {
            *counted.entry(id).or_default() += 1;
        }
    }
    Ok(counted)
}

/// How many have read each from number `first` on; those that nobody has read are not among them.
///
/// # Errors
/// [`super::DbError`].
pub fn seen(session: &mut dyn Session, first: i64) -> DbResult<HashMap<i64, u32>> {
    Ok(session.all(SEEN, &[first.into()], |r| Ok((r.int(0)?, r.count(1)?)))?.into_iter().collect())
}

/// Muhtarlıks with a tablet.
///
/// # Errors
/// [`super::DbError`].
pub fn reached(session: &mut dyn Session) -> DbResult<Vec<u32>> {
    session.all(REACHED, &[], |r| r.count(0))
}
