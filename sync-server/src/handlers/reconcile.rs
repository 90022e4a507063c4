//! `POST /v1/reconcile`: what of a tablet's requests differs from what is here, page by page.

use mbs_shared::digest::{Digest, photo_mark};
use mbs_shared::id::{BlobHash, Mac, RequestId};
use mbs_shared::wire::decode;
use mbs_shared::wire::error::Code;
use mbs_shared::wire::reconcile::{Known, Lost, MAX_FRAME, MAX_PHOTOS, MAX_REQUESTS, ReconcileReply, ReconcileRequest};
use mbs_shared::wire::sync::{Cursor, MAX_PAGE, Row, RowBody};

use super::sync::check_version;
use super::sync::page::{ROW_OVERHEAD, name_authors, row};
use crate::auth::device::Caller;
use crate::database::feed::{self, kind};
use crate::database::{DbError, DbResult, Go, Session, requests};
use crate::error::Fault;
use crate::service::Service;

/// Requests looked up at a time.
const BATCH: u32 = 256;

/// Reads a frame.
///
/// # Errors
/// Version codes, [`Code::Malformed`], [`Code::TooLarge`], [`Code::TooMany`].
pub fn read(body: &[u8]) -> Result<ReconcileRequest, Code> {
    if body.len() > MAX_FRAME {
        return Err(Code::TooLarge);
    }
    let mut head = minicbor::Decoder::new(body);
    check_version(head.array().and_then(|_| head.u16()).map_err(|_| Code::Malformed)?)?;
    let frame: ReconcileRequest = decode(body)?;
    if frame.requests.len() > MAX_REQUESTS || frame.requests.iter().any(|k| k.photos.len() > MAX_PHOTOS) {
        return Err(Code::TooMany);
    }
    let mut last = frame.after;
    for known in &frame.requests {
        if last.is_some_and(|last| known.request <= last) {
            return Err(Code::Malformed);
        }
        last = Some(known.request);
    }
    Ok(frame)
}

/// The exchange: one page.
///
/// # Errors
/// As [`read`]; and when the database does not answer.
pub fn reconcile(service: &Service, caller: &Caller, body: &[u8]) -> Result<ReconcileReply, Fault> {
    let frame = read(body)?;
    metrics::counter!("mbs_reconcile_pages_total").increment(1);
    Ok(service.db.ask(|s| {
        let cursor = Cursor { epoch: service.epoch, seq: feed::last(s)?.cast_unsigned() };
        let mut page = Page::new(frame.page.min(MAX_PAGE) as usize, cursor);
        page.compare(s, caller.device.scope, &frame)?;
        let authors = std::mem::take(&mut page.authors);
        name_authors(s, &mut page.reply.rows, &authors)?;
        Ok(page.reply)
    })?)
}

struct Page {
    reply: ReconcileReply,
    authors: Vec<(usize, i64)>,
    used: usize,
    cap: usize,
}

impl Page {
    fn new(cap: usize, cursor: Cursor) -> Self {
        let reply = ReconcileReply { differs: Vec::new(), rows: Vec::new(), lost: Vec::new(), through: None, cursor };
        Self { reply, authors: Vec::new(), used: 0, cap }
    }

    /// Walks both lists in the order of ids, until the page is full or the tablet's list ends.
    fn compare(&mut self, s: &mut dyn Session, scope: u32, frame: &ReconcileRequest) -> DbResult<()> {
        let end = if frame.last { None } else { Some(frame.requests.last().map_or(RequestId([0; 16]), |k| k.request)) };
        let mut theirs = frame.requests.iter().peekable();
        let mut from = frame.after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
        loop {
            let ours = requests::after(s, scope, &from, BATCH)?;
            let more = ours.len() == BATCH as usize;
            for (rid, id) in ours {
                if end.is_some_and(|end| id > end) {
                    break;
                }
                while let Some(unknown) = theirs.next_if(|k| k.request < id) {
                    self.unknown(s, unknown)?;
                    if self.full(unknown.request) {
                        return Ok(());
                    }
                }
                let known = theirs.next_if(|k| k.request == id);
                self.one(s, rid, id, known)?;
                if self.full(id) {
                    return Ok(());
                }
                from = id.as_bytes().to_vec();
            }
            if !more || end.is_some_and(|end| from.as_slice() >= end.as_bytes().as_slice()) {
                break;
            }
        }
        for unknown in theirs {
            self.unknown(s, unknown)?;
            if self.full(unknown.request) {
                return Ok(());
            }
        }
        self.reply.through = end;
        Ok(())
    }

    fn full(&mut self, at: RequestId) -> bool {
        let full = self.used >= self.cap;
        if full {
            self.reply.through = Some(at);
        }
        full
    }

    /// A request the tablet has and the server does not.
    fn unknown(&mut self, s: &mut dyn Session, known: &Known) -> DbResult<()> {
        let request = known.request;
        self.used += ROW_OVERHEAD;
        self.reply.differs.push(request);
        if crate::database::erased::is_erased(s, request)? {
            self.reply.rows.push(Row { request, body: RowBody::Erased });
        } else {
            self.reply.lost.extend(known.photos.iter().map(|photo| Lost { request, photo: *photo }));
        }
        Ok(())
    }

    /// A request the server has; `known`: as the tablet has it.
    fn one(&mut self, s: &mut dyn Session, rid: i64, request: RequestId, known: Option<&Known>) -> DbResult<()> {
        let mut digest = Digest::default();
        let mut photos = Vec::new();
        feed::of_request(s, rid, &mut |item| {
            match item.kind {
                kind::BLOB => {
                    let hash = BlobHash::from_slice(item.packed).map_err(|e| DbError::Unexpected(e.to_string()))?;
                    photos.push(photo_mark(&hash));
                }
                _ if item.mac.is_empty() => {}
                _ => digest.add(&Mac::from_slice(item.mac).map_err(|e| DbError::Unexpected(e.to_string()))?),
            }
            Ok(Go::On)
        })?;
        if let Some(known) = known {
            let lost = known.photos.iter().filter(|p| !photos.contains(p));
            self.reply.lost.extend(lost.map(|photo| Lost { request, photo: *photo }));
            if known.digest == digest {
                return Ok(());
            }
        }
        self.reply.differs.push(request);
        let Self { reply, authors, used, .. } = self;
        feed::of_request(s, rid, &mut |item| {
            *used += ROW_OVERHEAD + item.packed.len();
            if item.kind == kind::ENTRY && item.author > 0 {
                authors.push((reply.rows.len(), item.author));
            }
            reply.rows.extend(row(request, item)?);
            Ok(Go::On)
        })
    }
}
