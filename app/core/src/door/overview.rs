//! The tablet as a whole: status, list, what waits.

use mbs_shared::id::ChangeHash;
use mbs_shared::istanbul;

use super::announcements::Announcement;
use super::view::{Identity, Link, Mobile, Notice, Outbox, OutboxItem, OutboxKind, Row, Status};
use crate::capture::request::headline;
use crate::error::Result;
use crate::store::outbox::{self, What};
use crate::store::{announcements, blobs, changes, quarantine, requests, settings};
use crate::sync::allowance;
use crate::tablet::Inner;

/// Free bytes below which a person is warned.
const LOW: u64 = 200 * 1024 * 1024;
/// Difference of clocks from which a person is told, in ms.
const WRONG: i64 = 5 * 60 * 1_000;

impl Inner {
    pub(crate) fn status(&self) -> Result<Status> {
        let c = self.store.read();
        let now = self.now();
        let identity = settings::identity(c)?;
        let link = match settings::number(c, settings::CLOSED)? {
            1 | 4 => Link::Unknown,
            2 => Link::Outdated,
            3 => Link::ServerOutdated,
            _ if self.round.busy() => Link::Busy,
            _ if self.round.online => Link::Online,
            _ => Link::Offline,
        };
        let contact = self.round.contact.max(settings::number(c, settings::LAST_CONTACT)?);
        let mut notices = settings::notices(c, now)?;
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
        Ok(Status {
            link,
            last_contact: Some(contact).filter(|t| *t != 0),
            next_try: self.round.next_try(now).filter(|_| sends),
            waiting: outbox::count(c)?,
            needs_me: requests::needing_me(c)?,
            quarantined: quarantine::count(c)?,
            unread: announcements::unread(c)?,
            urgent: if self.locked { None } else { announcements::urgent(c)?.map(Announcement::from) },
            notices,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            identity: identity.map(|i| shown(&i)),
            mobile: Mobile {
                limit_mb: allowance::limit(c)?,
                today: allowance::spent(c, now)?,
                held: if self.round.photo_bytes_left(&self.store, now)? == 0 { outbox::count_photos(c)? } else { 0 },
            },
            lock: self.lock_state()?,
        })
    }

    pub(crate) fn list(&self, query: &str) -> Result<Vec<Row>> {
        Ok(requests::list(self.store.read(), query)?.iter().map(|line| self.row(line)).collect())
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
        let mut out = Outbox { items: Vec::with_capacity(items.len()), bytes: 0, status: self.status()? };
        for (since, what, key, request, bytes, quarantine) in items {
            let record = requests::get(c, request)?;
            let title = record.map(|r| headline(&r.request.title, &r.request.desc)).unwrap_or_default();
            let mut item = OutboxItem {
                request,
                title,
                what: OutboxKind::Entry,
                since,
                bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
                sent: 0,
                quarantine,
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
