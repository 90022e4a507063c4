//! A page of a scope's feed.

use mbs_shared::id::{BlobHash, Mac, RequestId};
use mbs_shared::pack::plainly;
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire::entry::Stamp;
use mbs_shared::wire::sync::{Cursor, Decided, MAX_PAGE, Row, RowBody};
use mbs_shared::wire::version::Abilities;

use crate::database::feed::{self, ItemRow, kind};
use crate::database::{DbError, DbResult, Go, Session, staff_name};

/// Rows of a page at most, however small they are.
const MAX_ROWS: u32 = 2_048;
/// What a row costs beside what it carries.
pub const ROW_OVERHEAD: usize = 48;

/// What a page holds.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Everything up to here was given.
    pub cursor: Cursor,
    /// Whether more waits.
    pub more: bool,
    /// Whether the cursor is of no use: take a snapshot.
    pub snapshot: bool,
}

/// The page of `scope` after `cursor`, of about `size` bytes and at least one row; rows that the session
/// `own` pushed are passed over.
///
/// # Errors
/// [`DbError`].
pub fn page(session: &mut dyn Session, epoch: u64, scope: u32, cursor: Cursor, size: u32, own: i64) -> DbResult<Page> {
    let after = i64::try_from(cursor.seq).unwrap_or(i64::MAX);
    if cursor.epoch != epoch {
        return Ok(Page { cursor, snapshot: true, ..Page::default() });
    }
    let cap = size.min(MAX_PAGE) as usize;
    let mut page = Page::default();
    let (mut used, mut seen, mut last) = (0, 0_u32, after);
    // The request of the row before, where that was passed over.
    let mut passed = None;
    let mut authors = Vec::new();
    feed::page(session, scope, after, MAX_ROWS, &mut |r| {
        seen += 1;
        let with_it = r.session == feed::AS_BEFORE && passed == Some(r.request);
        let is_own = own != 0 && (r.session == own || with_it);
        passed = is_own.then_some(r.request);
        if !is_own {
            let cost = ROW_OVERHEAD + r.packed.len();
            if used + cost > cap && !page.rows.is_empty() {
                page.more = true;
                return Ok(Go::Stop);
            }
            used += cost;
            let item =
                ItemRow { seq: r.seq, kind: r.kind, n: r.n, author: r.author, at: r.at, mac: r.mac, packed: r.packed };
            if r.kind == kind::ENTRY && r.author > 0 {
                authors.push((page.rows.len(), r.author));
            }
            page.rows.extend(row(RequestId(r.request), &item)?);
        }
        last = r.seq;
        Ok(Go::On)
    })?;
    page.more |= seen >= MAX_ROWS;
    name_authors(session, &mut page.rows, &authors)?;
    if sabotaged("cursor-before-page") {
        last = feed::last(session)?;
    }
    page.cursor = Cursor { epoch, seq: last.cast_unsigned() };
    Ok(page)
}

/// Writes the names of people at the desk into the stamps of their entries.
///
/// # Errors
/// [`DbError`].
pub fn name_authors(session: &mut dyn Session, rows: &mut [Row], authors: &[(usize, i64)]) -> DbResult<()> {
    for (at, author) in authors {
        let name = staff_name(session, *author)?;
        if let Some(Row { body: RowBody::Entry { stamp, .. }, .. }) = rows.get_mut(*at) {
            stamp.author = name;
        }
    }
    Ok(())
}

/// Rows go down as they were packed, but to a tablet that cannot unpack them: then plainly.
pub fn for_abilities(rows: &mut [Row], abilities: Abilities) {
    if abilities.has(Abilities::DICTIONARY_1) {
        return;
    }
    for row in rows {
        if let RowBody::Change { packed, .. } | RowBody::Entry { packed, .. } | RowBody::Event(Decided { packed, .. }) =
            &mut row.body
        {
            *packed = plainly(packed, MAX_PAGE as usize).into();
        }
    }
}

/// A stored item as it goes down; `None` for rows that are not a tablet's.
///
/// # Errors
/// [`DbError::Unexpected`].
pub fn row(request: RequestId, r: &ItemRow<'_>) -> DbResult<Option<Row>> {
    let mac = || Mac::from_slice(r.mac).map_err(|e| DbError::Unexpected(e.to_string()));
    let packed = || r.packed.to_vec().into();
    let body = match r.kind {
        kind::CHANGE => RowBody::Change { packed: packed(), mac: mac()? },
        kind::ENTRY => {
            RowBody::Entry { packed: packed(), stamp: Stamp { at: r.at, author: String::new() }, mac: mac()? }
        }
        kind::EVENT => RowBody::Event(Decided { packed: packed(), mac: mac()? }),
        kind::BLOB => {
            RowBody::Blob { hash: BlobHash::from_slice(r.packed).map_err(|e| DbError::Unexpected(e.to_string()))? }
        }
        kind::ERASED => RowBody::Erased,
        _ => return Ok(None),
    };
    Ok(Some(Row { request, body }))
}
