//! Answers that were expected: what they bring is written, and what follows from them is planned.

use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire;
use mbs_shared::wire::reconcile::ReconcileReply;
use mbs_shared::wire::revocation::SignedRevocation;
use mbs_shared::wire::snapshot::SnapshotPage;
use mbs_shared::wire::sync::SyncReply;

use super::{CLOSED_WAIT, COMPARED, Closed, Flight, Kind, NOTE, Round, WEEK};
use crate::error::{Code, Result, fail};
use crate::ports::HttpReply;
use crate::store::settings::{self, Identity};
use crate::store::{Store, announcements as kept, aside, copies, cursor, outbox, quarantine, requests};
use crate::sync::exchange::{self, Pushed};
use crate::sync::intake::refuse_own;
use crate::sync::reconcile::Reconcile;
use crate::sync::snapshot::Snapshot;
use crate::sync::{allowance, announcements, blob, courier, map, nearby, receipt, units};

impl Round {
    pub(super) fn take(
        &mut self,
        store: &mut Store,
        now: i64,
        flight: Flight,
        reply: &HttpReply,
        fresh: [u8; 8],
    ) -> Result<()> {
        self.all_fetched &= match &flight.kind {
            Kind::Sync(_) | Kind::Nearby | Kind::Map | Kind::Announcements | Kind::Seen(_) => true,
            Kind::Download(slice) => slice.is_map(),
            _ => false,
        };
        match flight.kind {
            Kind::Sync(pushed) => self.take_sync(store, now, &pushed, reply, fresh),
            Kind::Snapshot => {
                let page: SnapshotPage =
                    wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
                let mut snapshot = self.snapshot.unwrap_or_default();
                let (rows, last) = store.write(|c| snapshot.take(c, &page, now))?;
                self.summary.pulled += rows;
                self.snapshot = if last { None } else { Some(snapshot) };
                self.line.page_passed();
                if last {
                    self.poll = now;
                }
                Ok(())
            }
            Kind::Reconcile => {
                let page: ReconcileReply =
                    wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
                let mut reconcile = self.reconcile.unwrap_or_default();
                let taken = store.write(|c| {
                    let taken = reconcile.take(c, &page, now)?;
                    if taken.last {
                        settings::set_number(c, settings::RECONCILED, now)?;
                    }
                    Ok(taken)
                })?;
                self.summary.pulled += taken.rows;
                self.reconcile = if taken.last { None } else { Some(reconcile) };
                self.line.page_passed();
                if taken.last {
                    self.poll = now;
                }
                Ok(())
            }
            Kind::Put(put) => {
                let epoch = cursor::get(store.read())?.epoch;
                let (certain, unpaid) = (&mut self.certain, self.unpaid);
                let whole = store.write(|c| {
                    if unpaid > 0 {
                        allowance::spend(c, unpaid, now)?;
                    }
                    blob::take(c, &put, reply, certain, epoch, now)
                })?;
                self.unpaid = 0;
                self.summary.photos += u32::from(whole);
                self.line.slice_passed();
                Ok(())
            }
            Kind::Fetch(hash) => {
                let unpaid = std::mem::take(&mut self.unpaid);
                store.write(|c| {
                    allowance::spend(c, unpaid, now)?;
                    blob::take_fetched(c, hash, reply)
                })
            }
            Kind::Download(slice) => {
                let (unpaid, download) = (std::mem::take(&mut self.unpaid), &mut self.download);
                store.write(|c| {
                    allowance::spend(c, unpaid, now)?;
                    download.take(c, slice, reply)
                })?;
                self.line.slice_passed();
                Ok(())
            }
            Kind::Courier(n) => {
                self.summary.carried += u32::from(store.write(|c| courier::take(c, n, reply, now))?);
                Ok(())
            }
            Kind::Announcements => {
                if store.write(|c| announcements::take(c, reply))? {
                    self.announced = u64::MAX;
                }
                Ok(())
            }
            // One that was taken back meanwhile, or a server that cannot be told: said once.
            Kind::Seen(ids) => store.write(|c| kept::told(c, &ids)),
            Kind::Units => store.write(|c| units::take(c, reply)),
            Kind::Map => {
                self.map_fetched = false;
                store.write(|c| map::take(c, reply))
            }
            Kind::Nearby => store.write(|c| nearby::take(c, reply, now)),
            Kind::Receipt(id) => match settings::identity(store.read())? {
                Some(identity) => store.write(|c| receipt::take(c, &identity, id, reply)),
                None => Ok(()),
            },
        }
    }

    fn take_sync(
        &mut self,
        store: &mut Store,
        now: i64,
        pushed: &[Pushed],
        reply: &HttpReply,
        fresh: [u8; 8],
    ) -> Result<()> {
        let reply: SyncReply = wire::decode(&reply.body).map_err(|c| fail(Code::Protocol, format!("{c:?}")))?;
        if reply.session != self.session && !sabotaged("session-not-checked") {
            // To an earlier process start: its results are not ours.
            return Err(fail(Code::Protocol, "a reply to another session"));
        }
        if reply.results.len() != pushed.len() {
            return Err(fail(Code::Protocol, "results and items differ in number"));
        }
        let known = cursor::get(store.read())?;
        let snapshot = reply.snapshot || (known.epoch != 0 && reply.cursor.epoch != known.epoch);
        let reply = SyncReply { snapshot, ..reply };
        let identity = settings::identity(store.read())?.ok_or_else(|| fail(Code::NotEnrolled, ""))?;
        if let Some(revocation) = &reply.revocation {
            return self.revoked(store, now, pushed, revocation, &identity);
        }
        let twin = i64::from(reply.twin == Some(true));
        let told = reply.made.is_some() || twin != settings::number(store.read(), settings::TWIN)?;
        self.told = self.telling.take().or_else(|| self.told.take());
        let nothing = pushed.is_empty() && reply.rows.is_empty() && reply.cursor == known && !snapshot && !told;
        self.all_fetched &= nothing;
        if !nothing || (now - self.noted).abs() > NOTE {
            self.noted = now;
            let taken = store.write(|c| {
                let taken = exchange::take(c, pushed, &reply, identity.device, fresh, now)?;
                settings::set_number(c, settings::LAST_CONTACT, now)?;
                aside::met(c, reply.now)?;
                if reply.snapshot {
                    // A server that was set back may stand by what it had taken back since: all is told once more.
                    kept::begin_anew(c)?;
                }
                settings::set_number(c, settings::TWIN, twin)?;
                // Put back from a copy: counts that were given are not given again.
                let made = settings::number(c, settings::MADE)?.max(reply.made.map_or(0, i64::from));
                settings::set_number(c, settings::MADE, made)?;
                settings::set_number(c, settings::CLOCK_OFF, now - reply.now)?;
                Ok(taken)
            })?;
            self.summary.pushed += taken.pushed;
            self.summary.pulled += taken.pulled;
            self.forked |= taken.forked;
        }
        self.line.page_passed();
        self.announced = reply.announced.unwrap_or(0);
        self.units = reply.units.or(self.units);
        self.map = reply.map.or(self.map);
        self.more = reply.more && !snapshot;
        self.poll = now + self.pause();
        self.compare(store, now, nothing, reply.differs == Some(true))?;
        if snapshot {
            // A server that asks for it again and again is not followed at once.
            self.snapshots += 1;
            if requests::accepted_after(store.read(), None, 1)?.is_empty() {
                self.snapshot = Some(Snapshot::default());
            } else {
                self.reconcile = Some(Reconcile::default());
            }
            if self.snapshots > 2 {
                return Err(fail(Code::Protocol, "a snapshot is wanted again and again"));
            }
        } else {
            self.snapshots = 0;
        }
        Ok(())
    }

    /// The server says that this tablet is revoked. Believed only with its signature: then what was pushed lies in
    /// the server's quarantine, and when all words are handed over the tablet closes. Otherwise everything stays.
    fn revoked(
        &mut self,
        store: &mut Store,
        now: i64,
        pushed: &[Pushed],
        revocation: &SignedRevocation,
        identity: &Identity,
    ) -> Result<()> {
        let proven = revocation.proven(&identity.server_keys, identity.device);
        store.write(|c| {
            let Some(revocation) = proven else {
                return settings::set_number(c, settings::CLOSED, Closed::Unknown as i64);
            };
            for item in pushed {
                refuse_own(c, item.what, &item.key, quarantine::REVOKED, now)?;
            }
            outbox::hurry(c)?;
            if outbox::texts(c, now, 1)?.is_empty() {
                // Photos cannot be handed over: they stay here, to be read and exported.
                for item in outbox::all(c)? {
                    refuse_own(c, item.what, &item.key, quarantine::REVOKED, now)?;
                }
                settings::set_number(c, settings::REVOKED, revocation.at)?;
                settings::set_number(c, settings::CLOSED, Closed::Revoked as i64)?;
                copies::outdate(c)?;
            }
            Ok(())
        })?;
        (self.more, self.poll) = (false, now);
        if proven.is_some() {
            return Ok(());
        }
        self.hold = now + CLOSED_WAIT;
        Err(fail(Code::Protocol, "a revocation without our server's signature"))
    }

    /// Compares tablet and server whole where a poll gives reason to: their digests differed twice, or a week
    /// went by.
    fn compare(&mut self, store: &mut Store, now: i64, nothing: bool, differs: bool) -> Result<()> {
        self.differed = if differs { self.differed.saturating_add(1) } else { 0 };
        if !nothing || self.more {
            return Ok(());
        }
        let last = settings::number(store.read(), settings::RECONCILED)?;
        if last == 0 {
            return store.write(|c| settings::set_number(c, settings::RECONCILED, now));
        }
        if (now - last).abs() > WEEK {
            self.reconcile = Some(Reconcile::default());
        }
        if self.differed == 0 || (now - settings::number(store.read(), settings::COMPARED)?).abs() <= COMPARED {
            return Ok(());
        }
        if self.differed == 1 {
            // Once more, at once: so a tablet that is opened for a minute finds out too.
            self.poll = now;
            return Ok(());
        }
        self.differed = 0;
        self.reconcile = Some(Reconcile::default());
        store.write(|c| settings::set_number(c, settings::COMPARED, now))
    }
}
