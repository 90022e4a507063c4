//! Answers that are about the tablet, the version, the server or somebody between, not about what was sent.

use mbs_shared::wire;
use mbs_shared::wire::blob::BlobStatus;
use mbs_shared::wire::error::{Code as WireCode, Envelope};

use super::{CLOSED_WAIT, Closed, FIRST_WAIT, Flight, Kind, LONGEST_HOLD, LONGEST_WAIT, Round};
use crate::error::Result;
use crate::ports::HttpReply;
use crate::store::{Store, outbox, settings};
use crate::sync::exchange::Pushed;
use crate::sync::intake::{self, refuse_own};
use crate::sync::snapshot::Snapshot;

impl Round {
    /// Answers that are about the tablet, the version or the server, not about what was sent.
    pub(super) fn refused_as_a_whole(
        &mut self,
        store: &mut Store,
        now: i64,
        flight: &Flight,
        reply: &HttpReply,
    ) -> Result<bool> {
        let code = serde_json::from_slice::<Envelope>(&reply.body).ok().map(|e| e.code);
        if code.is_none() && is_a_strangers(&flight.kind, reply) {
            // Something between has answered: nothing that was sent was judged.
            if let (413, Kind::Sync(pushed)) = (reply.status, &flight.kind) {
                self.line.frame_refused(pushed.len());
            }
            if let Kind::Put(put) = &flight.kind {
                self.certain.cut(put.hash());
            }
            self.fail(store, now);
            return Ok(true);
        }
        if code == Some(WireCode::Revoked) && !matches!(flight.kind, Kind::Sync(_)) {
            // The proof comes with the next poll; until then nothing is believed.
            (self.snapshot, self.reconcile, self.poll) = (None, None, now);
            return Ok(true);
        }
        let closed = match (reply.status, code) {
            // Only a signed revocation may close a tablet: whatever this says, everything is kept.
            (401 | 403, Some(WireCode::UnknownDevice | WireCode::Revoked)) | (401, _) => Some(Closed::Unknown),
            (426, Some(WireCode::AppTooNew)) | (_, Some(WireCode::AppTooNew)) => Some(Closed::ServerTooOld),
            (426, _) | (_, Some(WireCode::AppTooOld)) => Some(Closed::AppTooOld),
            _ => None,
        };
        if let Some(closed) = closed {
            store.write(|c| settings::set_number(c, settings::CLOSED, closed as i64))?;
            self.fail(store, now);
            self.not_before = 0;
            self.hold = now + CLOSED_WAIT;
            return Ok(true);
        }
        match reply.status {
            200..=299 => {
                if settings::number(store.read(), settings::CLOSED)? != 0 {
                    store.write(|c| settings::set_number(c, settings::CLOSED, 0))?;
                }
                Ok(false)
            }
            429 | 503 => {
                let seconds = reply.header("retry-after").and_then(|v| v.trim().parse::<i64>().ok()).unwrap_or(0);
                let hold = seconds.clamp(0, LONGEST_HOLD / 1_000) * 1_000;
                // Those who were refused together do not come back together.
                self.hold = now + hold + self.jittered(store, hold);
                match &flight.kind {
                    Kind::Put(put) if hold > 0 => self.photo_later(store, now, &put.key())?,
                    _ => self.fail(store, now),
                }
                Ok(true)
            }
            // About this one photo or this very frame.
            400..=499 => match &flight.kind {
                Kind::Sync(pushed) => {
                    self.frame_refused(store, now, pushed, reply.status, code)?;
                    Ok(true)
                }
                Kind::Put(_)
                | Kind::Fetch(_)
                | Kind::Download(_)
                | Kind::Receipt(_)
                | Kind::Courier(_)
                | Kind::Nearby
                | Kind::Units
                | Kind::Map
                | Kind::Announcements
                | Kind::Seen(_) => Ok(false),
                // A server from before this exchange: everything comes whole.
                Kind::Reconcile if reply.status == 404 => {
                    self.reconcile = None;
                    self.snapshot = Some(Snapshot::default());
                    Ok(true)
                }
                Kind::Snapshot | Kind::Reconcile => {
                    self.fail(store, now);
                    Ok(true)
                }
            },
            _ => {
                match &flight.kind {
                    Kind::Sync(pushed) => match pushed.as_slice() {
                        [] => {}
                        // It may be the one to blame, and nothing else is to wait for it.
                        [one] => {
                            self.word_later(store, now, one)?;
                            return Ok(true);
                        }
                        more => self.line.frame_refused(more.len()),
                    },
                    // Another photo may fare better, and words are no photo.
                    Kind::Put(put) => {
                        self.photo_later(store, now, &put.key())?;
                        return Ok(true);
                    }
                    // It may be this one alone that the server has lost; asked for again, it is tried again.
                    Kind::Download(slice) => self.download.give_up(slice),
                    _ => {}
                }
                self.fail(store, now);
                Ok(true)
            }
        }
    }

    /// One thing the server stumbled over waits, each time twice as long; everything else goes on in a moment.
    fn word_later(&mut self, store: &mut Store, now: i64, one: &Pushed) -> Result<()> {
        self.summary.cut = true;
        self.not_before = now + self.jittered(store, FIRST_WAIT);
        let later = now + self.jittered(store, (FIRST_WAIT << one.tries.min(16)).min(LONGEST_HOLD));
        store.write(|c| outbox::put_off(c, one.what, &one.key, later))
    }

    /// A photo the server could not take waits; everything else goes on.
    fn photo_later(&mut self, store: &mut Store, now: i64, key: &[u8]) -> Result<()> {
        self.summary.cut = true;
        let later = now + self.jittered(store, LONGEST_WAIT);
        store.write(|c| outbox::put_off(c, outbox::What::Photo, key, later))
    }

    /// A frame refused whole: fewer items, until the one to blame stands alone; that one goes to quarantine.
    fn frame_refused(
        &mut self,
        store: &mut Store,
        now: i64,
        pushed: &[Pushed],
        status: u16,
        code: Option<WireCode>,
    ) -> Result<()> {
        match pushed {
            [] => self.fail(store, now),
            [one] => {
                let reason = code.map_or_else(|| format!("http_{status}"), intake::name);
                store.write(|c| refuse_own(c, one.what, &one.key, &reason, now))?;
            }
            more => self.line.frame_refused(more.len()),
        }
        Ok(())
    }
}

/// Whether an answer without our envelope comes from a portal, a proxy or a firewall on the way.
fn is_a_strangers(kind: &Kind, reply: &HttpReply) -> bool {
    // A photo's resume point comes with other statuses than 200 too.
    let resume_point = || matches!(kind, Kind::Put(_)) && wire::decode::<BlobStatus>(&reply.body).is_ok();
    match reply.status {
        200..=299 => matches!(kind, Kind::Put(_)) && !resume_point(),
        // Its wish to be left alone is honoured whoever says so.
        429 | 500.. => false,
        _ => !resume_point(),
    }
}
