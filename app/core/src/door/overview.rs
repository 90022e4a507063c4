//! The tablet as a whole: status, list, what waits.

use mbs_shared::id::ChangeHash;
use mbs_shared::istanbul;

use super::List;
use super::announcements::Announcement;
use super::show::veil;
use super::view::{
    Home, Identity, Link, Mobile, Notice, Outbox, OutboxItem, OutboxKind, Request, Revoked, Row, Status,
};
use crate::capture::request::headline;
use crate::error::Result;
use crate::store::outbox::{self, What};
use crate::store::requests::{Record, Stage};
use crate::store::{announcements, begun, blobs, carried, changes, quarantine, requests, settings};
use crate::sync::allowance;
use crate::sync::round::Closed;
use crate::tablet::Inner;

/// Free bytes below which a person is warned.
const LOW: u64 = 1_000_000_000;
/// Requests that are shown in full on the first page.
const MOST_TO_DO: u32 = 20;
/// Difference of clocks from which a person is told, in ms.
const WRONG: i64 = 5 * 60 * 1_000;

impl Inner {
    pub(crate) fn status(&self) -> Result<Status> {
        let c = self.store.read();
        let now = self.now();
        let identity = settings::identity(c)?;
        let link = match settings::number(c, settings::CLOSED)? {
            1 => Link::Unknown,
            4 => Link::Revoked,
            2 => Link::Outdated,
            3 => Link::ServerOutdated,
            _ if self.round.busy() => Link::Busy,
            _ if self.round.online => Link::Online,
            _ => Link::Offline,
        };
        let contact = self.round.contact.max(settings::number(c, settings::LAST_CONTACT)?);
        let mut notices = settings::notices(c)?;
        let off = settings::number(c, settings::CLOCK_OFF)?;
        if off.abs() > WRONG {
            notices.push(Notice::ClockWrong { seconds: off / 1_000 });
        }
        if settings::number(c, settings::TWIN)? != 0 {
            notices.push(Notice::Twin);
        }
        let free = self.store.free();
        if free < LOW {
            notices.push(Notice::DiskLow { free_mb: u32::try_from(free / (1024 * 1024)).unwrap_or(0) });
        }
        let sends = identity.as_ref().is_some_and(|i| !i.practice);
        let revoked = if link == Link::Revoked { Some(self.what_became()?) } else { None };
        let closed = self.locked || revoked.is_some();
        Ok(Status {
            link,
            last_contact: Some(contact).filter(|t| *t != 0),
            next_try: self.round.next_try(now).filter(|_| sends),
            waiting: outbox::count(c)?,
            needs_me: if revoked.is_some() { 0 } else { requests::needing_me(c)? },
            quarantined: quarantine::count(c)?,
            unread: if revoked.is_some() { 0 } else { announcements::unread(c)? },
            urgent: if closed {
                None
            } else {
                announcements::urgent(c)?.map(|kept| Announcement::of(c, kept)).transpose()?
            },
            notices,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            identity: identity.map(|i| shown(&i)),
            mobile: Mobile {
                limit_mb: allowance::limit(c)?,
                today: allowance::spent(c, now)?,
                held: if self.round.photo_bytes_left(&self.store, now)? == 0 { outbox::count_photos(c)? } else { 0 },
            },
            lock: self.lock_state()?,
            revoked,
        })
    }

    /// Whether the municipality revoked this tablet, and proved it.
    pub(crate) fn is_revoked(&self) -> Result<bool> {
        Ok(settings::number(self.store.read(), settings::CLOSED)? == Closed::Revoked as i64)
    }

    /// What became of the words here when it was revoked.
    fn what_became(&self) -> Result<Revoked> {
        let c = self.store.read();
        let mut became =
            Revoked { at: settings::number(c, settings::REVOKED)?, handed: 0, refused: 0, photos: 0, drafts: 0 };
        for refused in quarantine::all(c, true)? {
            match refused.what {
                What::Photo => became.photos += 1,
                _ if refused.reason == quarantine::REVOKED => became.handed += 1,
                _ => became.refused += 1,
            }
        }
        // What was begun about a sent request is as unsent as a draft.
        let begun = u32::try_from(begun::all(c)?.len()).unwrap_or(u32::MAX);
        became.drafts = requests::counts(c, "")?[2].saturating_add(begun);
        Ok(became)
    }

    /// What needs the muhtar, and a piece of one of his lists.
    pub(crate) fn home(&self, query: &str, list: List, from: u32, most: u32) -> Result<Home> {
        let c = self.store.read();
        let [open, done, drafts] = requests::counts(c, query)?;
        let rows = requests::piece(c, query, list, from, most)?.iter().map(|line| veil(self.row(line))).collect();
        let begins = from == 0 && query.trim().is_empty();
        let to_do = if begins { requests::to_do(c, MOST_TO_DO)? } else { Vec::new() };
        let shown = |id| self.show(id).map(|request| Request { row: veil(request.row), ..request });
        let to_do = to_do.into_iter().map(shown).collect::<Result<_>>()?;
        Ok(Home { open, done, drafts, rows, to_do })
    }

    pub(crate) fn list(&self, query: &str) -> Result<Vec<Row>> {
        Ok(requests::list(self.store.read(), query)?.iter().map(|line| veil(self.row(line))).collect())
    }

    pub(crate) fn outbox(&self) -> Result<Outbox> {
        let c = self.store.read();
        let mut items = Vec::new();
        for q in quarantine::all(c, true)? {
            items.push((q.at, q.what, q.key, q.request, q.packed.len(), Some(q.reason)));
        }
        for w in outbox::all(c)? {
            items.push((w.since, w.what, w.key, w.request, w.bytes as usize, None));
        }
        items.sort_by_key(|i| i.0);
        let mut out = Outbox {
            items: Vec::with_capacity(items.len()),
            bytes: 0,
            carried: carried::count(c)?,
            status: self.status()?,
        };
        for (since, what, key, request, bytes, quarantine) in items {
            let record = requests::get(c, request)?;
            if record.as_ref().is_some_and(|r| r.stage == Stage::Renewed) {
                continue;
            }
            let remedies = record.as_ref().filter(|_| quarantine.is_some()).map(|r| self.remedies(r)).transpose()?;
            let title = record.map(|Record { request: r, .. }| match r.discreet {
                true => r.no.to_string(),
                false => headline(&r.title, &r.desc),
            });
            let mut item = OutboxItem {
                request,
                title: title.unwrap_or_default(),
                what: OutboxKind::Entry,
                since,
                bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
                sent: 0,
                quarantine,
                remedies: remedies.unwrap_or_default(),
            };
            match what {
                What::Entry => {}
                What::Photo => {
                    item.what = OutboxKind::Photo;
                    if let Some(hash) = outbox::photo_of(&key) {
                        item.bytes = blobs::find(c, request, hash)?.map_or(item.bytes, |(b, _)| b.size);
                        item.sent = blobs::upload(c, hash)?.sent;
                    }
                }
                What::Change => {
                    let first = changes::of_request(c, request)?.first().map(|k| k.hash);
                    let is_first = first.is_some() && ChangeHash::from_slice(&key).ok() == first;
                    item.what = if is_first { OutboxKind::Request } else { OutboxKind::Edit };
                }
            }
            if item.quarantine.is_none() {
                out.bytes += u64::from(item.bytes.saturating_sub(item.sent));
            }
            out.items.push(item);
        }
        Ok(out)
    }
}

fn shown(identity: &settings::Identity) -> Identity {
    let neighbourhood = istanbul::directory().neighbourhood(&identity.neighbourhood);
    Identity {
        person: identity.person.clone(),
        neighbourhood: identity.neighbourhood.clone(),
        neighbourhood_name: neighbourhood.map_or_else(|| identity.neighbourhood.clone(), |n| n.name.clone()),
        district_name: neighbourhood.map(|n| n.district.clone()).unwrap_or_default(),
        prefix: identity.prefix.to_string(),
        practice: identity.practice,
    }
}
