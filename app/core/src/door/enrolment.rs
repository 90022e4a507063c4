//! Getting an identity: by a one-time code, or for practice.

use mbs_shared::id::{Actor, DeviceNo, Prefix};
use mbs_shared::wire::sync::Cursor;
use rusqlite::Connection;

use super::sent::queue_photo;
use crate::Tablet;
use crate::error::{Code, Result, fail};
use crate::ports::{Random, random};
use crate::store::outbox::What;
use crate::store::requests::Stage;
use crate::store::settings::{self, Identity};
use crate::store::{
    announcements, begun, blobs, changes, copies, cursor, entries, outbox, quarantine, requests, templates,
};
use crate::sync::intake::refuse_own;
use crate::sync::replay::replay;
use crate::sync::round::Round;
use crate::sync::{Nudge, enrol, nearby};
use crate::tablet::Inner;

/// Neighbourhood of a practising tablet.
const PRACTICE_PLACE: &str = "kadikoy-rasimpasa";

impl Tablet {
    pub(crate) fn enrol(&self, server: &str, code: &str) -> Result<()> {
        let own = {
            let inner = self.lock();
            inner.may_enrol()?;
            // Behind a PIN only the municipality it belongs to is asked: anybody may run a server of his own.
            if inner.locked { Some(inner.identity()?.server).filter(|own| !own.is_empty()) } else { None }
        };
        let server = own.as_deref().unwrap_or(server);
        let mut line = self.connect(server)?;
        let seed: [u8; 32] = random(&*self.ports().random);
        // Without the lock: this waits for the network.
        let reply = line.send(enrol::ask(code, &seed)).map_err(|cut| fail(Code::Offline, cut.0))?;
        let (identity, _) = enrol::take(server, &seed, &reply)?;
        let mut inner = self.lock();
        inner.may_enrol()?;
        inner.become_(&identity)?;
        drop(inner);
        self.wake(Nudge::Connectivity);
        Ok(())
    }
}

fn serves_the_same(old: &Identity, new: &Identity) -> bool {
    (old.mandate, &old.neighbourhood, &old.person) == (new.mandate, &new.neighbourhood, &new.person)
}

/// The mandate before ended: its private notes go, and of another place everything but what was never handed over.
fn hand_over(c: &Connection, same_place: bool) -> Result<()> {
    copies::outdate(c)?;
    entries::drop_notes(c)?;
    quarantine::of_other_mandate(c)?;
    if !same_place {
        for request in requests::accepted_after(c, None, usize::MAX)? {
            if quarantine::of_request(c, request)?.is_empty() {
                requests::drop_all(c, request)?;
            }
        }
    }
    Ok(())
}

/// Photos that could not be handed over when the tablet was revoked go after all.
fn photos_again(c: &Connection, now: i64) -> Result<()> {
    for refused in quarantine::all(c, true)? {
        let hash = outbox::photo_of(&refused.key).filter(|_| refused.what == What::Photo);
        let (Some(hash), quarantine::REVOKED) = (hash, refused.reason.as_str()) else { continue };
        let photo = blobs::find(c, refused.request, hash)?.filter(|(_, removed)| !removed);
        let last = changes::of_request(c, refused.request)?.pop();
        if let (Some((photo, _)), Some(last)) = (photo, last) {
            quarantine::take_out(c, What::Photo, &refused.key)?;
            queue_photo(c, refused.request, hash, photo.size, last.hash, now)?;
        }
    }
    Ok(())
}

fn json(identity: &Identity) -> Result<Vec<u8>> {
    serde_json::to_vec(identity).map_err(|e| fail(Code::Storage, e.to_string()))
}

impl Inner {
    /// Without identity, while practising, when the server does not know this tablet any more or revoked it, or when
    /// another one has its identity; and when its PIN was forgotten.
    fn may_enrol(&self) -> Result<()> {
        let have = settings::identity(self.store.read())?;
        let unknown = matches!(settings::number(self.store.read(), settings::CLOSED)?, 1 | 4);
        let twin = settings::number(self.store.read(), settings::TWIN)? != 0;
        if have.is_some_and(|i| !i.practice) && !unknown && !twin && !self.locked {
            return Err(fail(Code::AlreadyEnrolled, "has an identity"));
        }
        Ok(())
    }

    /// Takes an identity on. What was made under an earlier one of the same mandate is signed anew and
    /// goes out; of another mandate it lies in quarantine; what was made for practice is put away.
    fn become_(&mut self, identity: &Identity) -> Result<()> {
        let before = settings::identity(self.store.read())?;
        let tail = random(&*self.ports.random);
        let actor = Actor::new(identity.device, tail);
        let now = self.now();
        let value = json(identity)?;
        let (cases, made) = self.store.write_words(|c| {
            match &before {
                Some(old) if old.practice => {
                    outbox::clear(c)?;
                    requests::move_stage(c, Stage::Sent, Stage::Practice)?;
                    requests::move_stage(c, Stage::Draft, Stage::Practice)?;
                }
                // A restored server may give a number twice: a mandate is known by its place and person too.
                Some(old) if serves_the_same(old, identity) => {
                    for request in requests::unaccepted(c)? {
                        replay(c, request, actor, now)?;
                    }
                    photos_again(c, now)?;
                }
                Some(_) => {
                    for item in outbox::all(c)? {
                        refuse_own(c, item.what, &item.key, quarantine::OTHER_MANDATE, now)?;
                    }
                    hand_over(c, before.as_ref().is_none_or(|old| old.neighbourhood == identity.neighbourhood))?;
                }
                None => {}
            }
            let practised = before.as_ref().is_none_or(|b| b.practice);
            let cases = if practised { 0 } else { settings::number(c, settings::CASES)? };
            let made = outbox::recount(c)?;
            settings::set_number(c, settings::CASES, cases)?;
            settings::set_number(c, settings::MADE, made)?;
            settings::set_number(c, settings::CLOSED, 0)?;
            settings::set_number(c, settings::TWIN, 0)?;
            settings::set(c, settings::IDENTITY, &value)?;
            settings::set(c, settings::PIN, &[])?;
            cursor::set(c, Cursor::default())?;
            nearby::forget(c)?;
            if !before.as_ref().is_some_and(|old| serves_the_same(old, identity)) {
                announcements::forget(c)?;
                begun::forget_all(c)?;
                templates::forget_all(c)?;
            }
            Ok((cases, made))
        })?;
        self.store.side.keep(settings::IDENTITY, &value)?;
        self.store.side.keep(settings::CASES, &cases.to_le_bytes())?;
        self.store.side.keep(settings::MADE, &made.to_le_bytes())?;
        // Where it does not work now, the next start tries again.
        let _ = self.store.drop_copies(false);
        let _ = self.store.keep_recovery(identity);
        self.tail = tail;
        self.locked = false;
        // The line is the same one.
        let metered = self.round.metered;
        self.round = Round::new(&*self.ports.random);
        self.round.on_line(metered);
        Ok(())
    }

    pub(crate) fn enrol_practice(&mut self) -> Result<()> {
        if settings::identity(self.store.read())?.is_some() {
            return Err(fail(Code::AlreadyEnrolled, "has an identity"));
        }
        let identity = Identity {
            server: String::new(),
            device: practice_device(&*self.ports.random),
            prefix: Prefix::PRACTICE,
            token: String::new(),
            seed: String::new(),
            mandate: 0,
            neighbourhood: PRACTICE_PLACE.into(),
            person: "Deneme".into(),
            practice: true,
            server_keys: Vec::new(),
            courier: None,
        };
        self.become_(&identity)
    }
}

/// Any number but the server's own.
fn practice_device(source: &dyn Random) -> DeviceNo {
    DeviceNo((u64::from_le_bytes(random(source)) >> 1).max(1))
}
