//! Drafts: rows of plain fields, durable with every keystroke; no document before `Gönder`.

use mbs_shared::id::{CaseNo, Prefix, RequestId};
use mbs_shared::istanbul;
use mbs_shared::request::{Kind, Request, SCHEMA};

use super::Fields;
use crate::capture;
use crate::error::{Code, Result, fail};
use crate::ports::random;
use crate::store::requests::{self, Record, Stage};
use crate::store::settings;
use crate::tablet::Inner;

/// Checks fields, and that the category is in the directory.
pub(crate) fn check(set: &Fields) -> Result<()> {
    capture::request::check(set)?;
    match set.category.as_deref() {
        Some(code) if !code.is_empty() && istanbul::directory().category(code).is_none() => {
            Err(fail(Code::UnknownCategory, code))
        }
        _ => Ok(()),
    }
}

/// A request that says nothing yet.
fn empty(no: CaseNo, at: i64) -> Request {
    Request {
        schema: SCHEMA,
        title: String::new(),
        desc: String::new(),
        category: String::new(),
        kind: Kind::default(),
        gps: None,
        addr: String::new(),
        at,
        no,
        discreet: false,
        rel: None,
        blobs: Vec::new(),
    }
}

impl Inner {
    /// The request in that stage.
    pub(crate) fn record(&self, id: RequestId, stage: Stage) -> Result<Record> {
        let record = requests::get(self.store.read(), id)?.ok_or_else(|| fail(Code::NotFound, id.to_string()))?;
        if record.stage == stage { Ok(record) } else { Err(fail(Code::WrongMoment, format!("{:?}", record.stage))) }
    }

    pub(crate) fn new_draft(&mut self) -> Result<RequestId> {
        let (no, counter) = self.next_case()?;
        self.begin(&empty(no, self.now()), Some(counter))
    }

    /// A draft that begins with what another request says; photos are of their day.
    pub(crate) fn draft_like(&mut self, other: RequestId) -> Result<RequestId> {
        let found = requests::get(self.store.read(), other)?;
        let like = found.filter(|record| matches!(record.stage, Stage::Draft | Stage::Sent));
        let like = like.ok_or_else(|| fail(Code::NotFound, other.to_string()))?.request;
        let (no, counter) = self.next_case()?;
        let request = Request { blobs: Vec::new(), rel: None, at: self.now(), no, schema: SCHEMA, ..like };
        self.begin(&request, Some(counter))
    }

    /// Makes two of one, in one transaction: nothing is ever in neither of them. The second has no category yet.
    pub(crate) fn split_draft(&mut self, id: RequestId, first: &str, second: &str) -> Result<RequestId> {
        let whole = self.record(id, Stage::Draft)?.request;
        for half in [first, second] {
            check(&Fields { desc: Some(half.to_owned()), ..Fields::default() })?;
        }
        if second.trim().is_empty() {
            return Err(fail(Code::Empty, "nothing for the second"));
        }
        let practice = whole.no.prefix() == Prefix::PRACTICE;
        let (no, counter) = if practice { (whole.no, None) } else { self.next_case().map(|(no, n)| (no, Some(n)))? };
        let other = RequestId(random(&*self.ports.random));
        let mut one = whole.clone();
        first.clone_into(&mut one.desc);
        let two = Request {
            title: String::new(),
            desc: second.to_owned(),
            category: String::new(),
            rel: None,
            blobs: Vec::new(),
            no,
            at: self.now(),
            ..whole
        };
        self.store.write_words(|c| {
            if let Some(counter) = counter {
                settings::set_number(c, settings::CASES, counter)?;
            }
            requests::put(c, id, Stage::Draft, &one, 0)?;
            requests::put(c, other, Stage::Draft, &two, 0)
        })?;
        Ok(other)
    }

    /// A draft that is thrown away when it is sent; it takes no number from those of real ones.
    pub(crate) fn practice_draft(&mut self) -> Result<RequestId> {
        let no = CaseNo::new(Prefix::PRACTICE, 1, u16::from_le_bytes(random(&*self.ports.random)));
        self.begin(&empty(no, self.now()), None)
    }

    fn begin(&mut self, request: &Request, counter: Option<i64>) -> Result<RequestId> {
        let id = RequestId(random(&*self.ports.random));
        self.store.write_words(|c| {
            if let Some(counter) = counter {
                settings::set_number(c, settings::CASES, counter)?;
            }
            requests::put(c, id, Stage::Draft, request, 0)
        })?;
        Ok(id)
    }

    pub(crate) fn set_draft(&mut self, id: RequestId, set: &Fields) -> Result<RequestId> {
        check(set)?;
        let mut record = self.record(id, Stage::Draft)?;
        capture::request::apply(&mut record.request, set);
        self.store.write_words(|c| requests::put(c, id, Stage::Draft, &record.request, 0))?;
        Ok(id)
    }

    /// Says that the draft adds to another request, one that is here or was told of by neighbours.
    pub(crate) fn relate(&mut self, id: RequestId, to: Option<RequestId>) -> Result<RequestId> {
        let mut record = self.record(id, Stage::Draft)?;
        if let Some(to) = to
            && self.related(to)?.who.is_empty()
        {
            return Err(fail(Code::NotFound, to.to_string()));
        }
        record.request.rel = to;
        self.store.write_words(|c| requests::put(c, id, Stage::Draft, &record.request, 0))?;
        Ok(id)
    }

    pub(crate) fn discard_draft(&mut self, id: RequestId) -> Result<()> {
        self.record(id, Stage::Draft)?;
        self.store.write_words(|c| requests::set_stage(c, id, Stage::Discarded))
    }

    pub(crate) fn restore_draft(&mut self, id: RequestId) -> Result<RequestId> {
        self.record(id, Stage::Discarded)?;
        self.store.write_words(|c| requests::set_stage(c, id, Stage::Draft))?;
        Ok(id)
    }
}
