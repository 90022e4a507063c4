//! Which part answers which call.

use serde::Serialize;
use serde_json::Value;

use super::{Call, words};
use crate::Tablet;
use crate::error::{Code, Result, fail};
use crate::store::begun::Begun;
use crate::store::requests::Stage;
use crate::store::settings;
use crate::sync::{Nudge, allowance};

fn json<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|e| fail(Code::Storage, e.to_string()))
}

impl Tablet {
    pub(crate) fn answer(&self, call: Call) -> Result<Value> {
        if !call.is_open_to_all() && self.lock().locked {
            return Err(fail(Code::Locked, "the screen is locked"));
        }
        if !call.is_open_when_revoked() && self.lock().is_revoked()? {
            return Err(fail(Code::Revoked, "the municipality revoked this tablet"));
        }
        match call {
            Call::Enrol { server, code } => self.enrol(&server, &code)?,
            Call::AddPhoto { id, upload, offset, total, data } => {
                let step = self.add_photo(id, upload, offset, total, &data)?;
                self.wake(Nudge::Work);
                return json(&step);
            }
            Call::CoverPhoto { id, hash, areas } => {
                self.cover_photo(id, hash, &areas)?;
                return json(&self.lock().show(id)?);
            }
            Call::ExpectPhoto { id } => {
                self.lock().expect_photo(id)?;
                return Ok(Value::Null);
            }
            Call::TakeShared => {
                let draft = self.take_shared()?;
                return json(&draft.map(|id| self.lock().show(id)).transpose()?);
            }
            Call::FetchPhoto { id, hash } => {
                if self.lock().fetch_photo(id, hash)? {
                    self.wake(Nudge::Work);
                }
                return Ok(Value::Null);
            }
            Call::FetchAnnouncedPhoto { id, hash } => {
                if self.lock().fetch_announced_photo(id, hash)? {
                    self.wake(Nudge::Work);
                }
                return Ok(Value::Null);
            }
            Call::SyncNow => {
                {
                    let mut guard = self.lock();
                    let inner = &mut *guard;
                    let now = inner.now();
                    inner.round.nudged(&mut inner.store, now, Nudge::Now);
                }
                self.wake(Nudge::Now);
            }
            Call::Line { online, metered } => {
                self.lock().round.on_line(metered);
                if online {
                    self.wake(Nudge::Connectivity);
                }
            }
            Call::Battery { percent } => {
                self.lock().round.battery = Some(percent.min(100));
                return Ok(Value::Null);
            }
            Call::MobileLimit { mb } => {
                self.lock().store.write(|c| allowance::set_limit(c, mb))?;
                self.wake(Nudge::Work);
            }
            Call::ReadAnnouncement { id } => {
                self.lock().read_announcement(id)?;
                self.wake(Nudge::Work);
            }
            Call::ReadNotices => self.lock().store.write(settings::drop_notices)?,
            Call::CarryCourier { upload, offset, total, data } => {
                return json(&self.carry_slice(upload, offset, total, &data)?);
            }
            Call::WriteCourier => return json(&self.write_courier_for_people()?),
            Call::WriteUnsent { only } => return json(&self.write_unsent_for_people(only)?),
            Call::Categories => return json(&words::categories()),
            Call::SuggestCategory { text } => return json(&words::suggest(&text)),
            Call::ReadCode { data } => return json(&words::read_code(&data)?),
            call => return self.answer_locked(call),
        }
        json(&self.lock().status()?)
    }

    /// The calls that need only the store.
    fn answer_locked(&self, call: Call) -> Result<Value> {
        let mut inner = self.lock();
        let (id, queued) = match call {
            Call::Status => return json(&inner.status()?),
            Call::EnrolPractice => {
                inner.enrol_practice()?;
                return json(&inner.status()?);
            }
            Call::Lock => {
                inner.lock_screen()?;
                return json(&inner.status()?);
            }
            Call::Unlock { pin } => {
                inner.unlock(&pin)?;
                return json(&inner.status()?);
            }
            Call::SetPin { pin, old } => {
                inner.set_pin(&pin, &old)?;
                return json(&inner.status()?);
            }
            Call::Map => return json(&inner.map()?),
            Call::MapPart { mark, part } => return json(&inner.map_part(mark, part)?),
            Call::Health => return json(&inner.health()?),
            Call::Diagnose => return json(&inner.diagnose()?),
            Call::Requests { query } => return json(&inner.list(&query)?),
            Call::Home { query, list, from, most } => return json(&inner.home(&query, list, from, most)?),
            Call::Outbox => return json(&inner.outbox()?),
            Call::Announcements => return json(&inner.announcements()?),
            Call::Receipt { id } => return json(&inner.receipt(id)?),
            Call::WriteReceipt { id, file } => return json(&inner.write_receipt(id, &file)?),
            Call::VerifyReceipt { text } => return json(&inner.verify_receipt(&text)?),
            Call::Templates => return json(&inner.templates()?),
            Call::MakeTemplate { id } => {
                inner.make_template(id)?;
                return json(&inner.templates()?);
            }
            Call::RemoveTemplate { key } => {
                inner.set_template(&key, true)?;
                return json(&inner.templates()?);
            }
            Call::RestoreTemplate { key } => {
                inner.set_template(&key, false)?;
                return json(&inner.templates()?);
            }
            Call::Similar { id } => return json(&inner.similar(id)?),
            Call::Pins { query, list, window } => return json(&inner.pins(&query, list, &window)?),
            Call::Halves { id } => return json(&words::halves(&inner.record(id, Stage::Draft)?.request.desc)),
            Call::Locate { fix } => return json(&inner.locate(&fix)?),
            Call::Begin { id, kind, text, photos } => {
                inner.keep_begun(id, &Begun { kind, text, photos })?;
                return Ok(Value::Null);
            }
            Call::BeginEdit { id, set } => {
                inner.keep_edit(id, &set)?;
                return Ok(Value::Null);
            }
            Call::BeginCombine { id, field, text } => {
                inner.keep_combined(id, &field, &text)?;
                return Ok(Value::Null);
            }
            Call::Intend { id, kind } => {
                inner.intend(id, kind)?;
                return Ok(Value::Null);
            }
            Call::DiscardDraft { id } => {
                inner.discard_draft(id)?;
                return Ok(Value::Null);
            }
            Call::Request { id } => (id, false),
            Call::NewDraft => (inner.new_draft()?, false),
            Call::DraftLike { id } => (inner.draft_like(id)?, false),
            Call::SplitDraft { id, first, second } => (inner.split_draft(id, &first, &second)?, false),
            Call::PracticeDraft => (inner.practice_draft()?, false),
            Call::SetDraft { id, set } => (inner.set_draft(id, &set)?, false),
            Call::Relate { id, to } => (inner.relate(id, to)?, false),
            Call::RestoreDraft { id } => (inner.restore_draft(id)?, false),
            Call::AddVoice { id, data } => (inner.add_voice(id, &data)?, true),
            Call::MovePhoto { id, hash, before } => (inner.move_photo(id, hash, before)?, false),
            Call::RemovePhoto { id, hash } => (inner.remove_photo(id, hash)?, true),
            Call::RestorePhoto { id, hash } => (inner.restore_photo(id, hash)?, true),
            Call::Send { id } => (inner.send(id)?, true),
            Call::Mend { id } => (inner.mend(id)?, true),
            Call::Renew { id } => (inner.renew(id)?, false),
            Call::Edit { id, set } => (inner.edit_fields(id, &set)?, true),
            Call::Keep { id, field, version, seen } => (inner.keep(id, &field, &version, &seen)?, true),
            Call::Combine { id, field, text, seen } => (inner.combine(id, &field, &text, &seen)?, true),
            Call::Say { id, kind, text, photos } => (inner.say(id, kind, &text, &photos)?, true),
            // Answered without the lock, above.
            Call::Enrol { .. }
            | Call::AddPhoto { .. }
            | Call::CoverPhoto { .. }
            | Call::FetchPhoto { .. }
            | Call::ExpectPhoto { .. }
            | Call::TakeShared
            | Call::FetchAnnouncedPhoto { .. }
            | Call::SyncNow
            | Call::ReadAnnouncement { .. }
            | Call::ReadNotices
            | Call::Line { .. }
            | Call::Battery { .. }
            | Call::MobileLimit { .. }
            | Call::CarryCourier { .. }
            | Call::WriteCourier
            | Call::WriteUnsent { .. }
            | Call::ReadCode { .. }
            | Call::Categories
            | Call::SuggestCategory { .. } => {
                return Err(fail(Code::BadCall, "not answered here"));
            }
        };
        let shown = json(&inner.show(id)?)?;
        drop(inner);
        if queued {
            self.wake(Nudge::Work);
        }
        Ok(shown)
    }
}
