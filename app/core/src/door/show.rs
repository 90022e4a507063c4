//! How one request is shown: from its row, its document, the server's decisions and the way it is on.

use mbs_shared::blob::BlobKind;
use mbs_shared::document::Document;
use mbs_shared::id::{BlobHash, Prefix, RequestId};
use mbs_shared::istanbul;
use mbs_shared::place::Fix;
use mbs_shared::routing::case::{self, CONFIRM_DAYS};
use mbs_shared::routing::deadline::calendar_days;
use mbs_shared::routing::{Action, Case, Event, State, What as Decided, Who};
use mbs_shared::wire::entry::EntryKind;
use rusqlite::Connection;

use super::view::{
    Answer, Begun, Combined, Conflict, Entry, Followed, Interim, Photo, Place, Request, Row, Step, Transport, Version,
};
use crate::capture::{place, request};
use crate::error::{Code, Result, fail};
use crate::store::outbox::{self, What};
use crate::store::requests::{self, Line, Stage};
use crate::store::{begun, blobs, changes, entries, events, proofs, quarantine, receipts, settings, units};
use crate::tablet::Inner;

/// A line of a list that others may look at too: of a discreet request nothing that tells what it is about.
pub(super) fn veil(row: Row) -> Row {
    if !row.discreet {
        return row;
    }
    Row { title: String::new(), addr: String::new(), category: String::new(), cover: None, ..row }
}

impl Photo {
    /// One that the server has, as far as it is here.
    pub(crate) fn from_server(conn: &Connection, hash: BlobHash) -> Result<Self> {
        let size = proofs::size(conn, hash)?;
        let (here, thumb) = (size > 0, blobs::thumb_size(conn, hash)? > 0);
        let kind = BlobKind::Photo;
        Ok(Self { hash, kind, width: 0, height: 0, size, sent: size, delivered: true, here, thumb })
    }
}

impl Inner {
    /// One line of the list.
    pub(crate) fn row(&self, line: &Line) -> Row {
        let record = &line.record;
        let content = &record.request;
        let transport = match record.stage {
            Stage::Draft | Stage::Discarded => Transport::Draft,
            Stage::Renewed => Transport::Renewed,
            Stage::Sent | Stage::Practice if line.quarantined => Transport::Quarantined,
            Stage::Sent | Stage::Practice if !line.waiting => Transport::Delivered,
            _ if self.round.carries_words_of(record.id) => Transport::Sending,
            _ => Transport::Queued,
        };
        let asked = matches!(record.state, Some(State::Concluded | State::AwaitingMuhtar)) && !line.intent;
        Row {
            id: record.id,
            title: request::headline(&content.title, &content.desc),
            addr: content.addr.clone(),
            category: content.category.clone(),
            case_no: content.no.to_string(),
            official_no: record.official.clone(),
            at: content.at,
            transport,
            state: record.state,
            outcome: record.outcome,
            planned: record.planned.clone(),
            photos: line.photos,
            photos_delivered: line.delivered,
            conflicts: record.conflicts,
            needs_me: record.stage != Stage::Renewed && (asked || line.trouble || record.conflicts > 0),
            cover: line.cover,
            discreet: content.discreet,
        }
    }

    /// The request in full.
    pub(crate) fn show(&self, id: RequestId) -> Result<Request> {
        let c = self.store.read();
        let line = requests::one(c, id)?.ok_or_else(|| fail(Code::NotFound, id.to_string()))?;
        let decided = events::of_request(c, id)?;
        let case = Case::fold(&decided);
        let unit = case.unit.as_deref().map(|code| units::name(c, code)).transpose()?;
        let row = self.row(&line);
        let content = &line.record.request;
        let mut timeline = vec![step(content.at, "written")];
        if line.record.stage == Stage::Sent {
            timeline.push(step(content.at, "queued"));
        }
        timeline.extend(steps(c, &decided)?);
        Ok(Request {
            desc: content.desc.clone(),
            title: content.title.clone(),
            kind: content.kind,
            fix: content.gps,
            place: content.gps.as_ref().map(|fix| self.locate(fix)).transpose()?,
            discreet: content.discreet,
            related: content.rel.map(|rel| self.related(rel)).transpose()?,
            photos: self.photos(id)?,
            conflicts: if line.record.conflicts > 0 { self.conflicts(id)? } else { Vec::new() },
            timeline,
            answer: case.answer.as_ref().map(|a| self.official(a, unit.clone())).transpose()?,
            followed: case.followed.as_ref().and_then(|f| {
                let no = f.parent?.to_string();
                Some(Followed { no, outcome: f.outcome, text: f.text.clone(), at: f.at })
            }),
            interim: case.interim.as_ref().filter(|_| case.state.is_open()).map(|interim| {
                let text = interim.text.clone();
                Interim { text, at: interim.at }
            }),
            wish: case.wish.is_some(),
            question: case.question.clone(),
            thread: self.thread(id)?,
            begun: begun::of_request(c, id)?
                .into_iter()
                .map(|b| Begun { kind: b.kind, text: b.text, photos: b.photos })
                .collect(),
            edit: begun::edit(c, id)?,
            combined: begun::combined(c, id)?.into_iter().map(|(field, text)| Combined { field, text }).collect(),
            unit,
            due: case.due,
            paused: case.paused.is_some(),
            can: self.can(id)?,
            quarantine: quarantine::of_request(c, id)?.into_iter().next().map(|q| q.reason),
            remedies: self.remedies(&line.record)?,
            renewed: self.renewed(&line.record)?,
            receipt: receipts::get(c, id)?.is_some(),
            practice: content.no.prefix() == Prefix::PRACTICE,
            row,
        })
    }

    /// The neighbourhood under a point.
    pub(crate) fn locate(&self, fix: &Fix) -> Result<Place> {
        let fix = place::check(*fix)?;
        let own = settings::identity(self.store.read())?.map(|i| i.neighbourhood).unwrap_or_default();
        Ok(place::locate(istanbul::borders(), istanbul::directory(), &fix, &own))
    }

    fn photos(&self, id: RequestId) -> Result<Vec<Photo>> {
        let c = self.store.read();
        blobs::of_request(c, id)?
            .into_iter()
            .map(|b| {
                let upload = blobs::upload(c, b.hash)?;
                Ok(Photo {
                    hash: b.hash,
                    kind: b.kind,
                    width: b.width,
                    height: b.height,
                    size: b.size,
                    sent: if upload.done { b.size } else { upload.sent },
                    delivered: upload.done && !outbox::photo_waits(c, b.hash, id)?,
                    here: blobs::is_here(c, b.hash)?,
                    thumb: blobs::thumb_size(c, b.hash)? > 0,
                })
            })
            .collect()
    }

    fn official(&self, answer: &case::Answer, unit: Option<String>) -> Result<Answer> {
        let c = self.store.read();
        Ok(Answer {
            text: answer.text.clone(),
            outcome: answer.outcome,
            unit,
            photos: answer.photos.iter().map(|hash| Photo::from_server(c, *hash)).collect::<Result<_>>()?,
            at: answer.at,
            until: calendar_days(answer.at, CONFIRM_DAYS),
        })
    }

    fn conflicts(&self, id: RequestId) -> Result<Vec<Conflict>> {
        let raw = changes::raw(self.store.read(), id)?;
        let raw: Vec<&[u8]> = raw.iter().map(Vec::as_slice).collect();
        let device = self.identity()?.device;
        let reading = Document::load(&raw)?.read()?;
        let shown = reading.conflicts.into_iter().map(|conflict| Conflict {
            field: conflict.key,
            versions: conflict
                .versions
                .into_iter()
                .map(|v| Version { name: v.name(), text: v.text, mine: v.actor.device() == device, at: v.at })
                .collect(),
        });
        Ok(shown.collect())
    }

    fn thread(&self, id: RequestId) -> Result<Vec<Entry>> {
        let c = self.store.read();
        entries::of_request(c, id)?
            .into_iter()
            .map(|e| {
                let transport = if e.stamped {
                    Transport::Delivered
                } else if quarantine::reason(c, What::Entry, e.id.as_bytes())?.is_some() {
                    Transport::Quarantined
                } else if self.round.carries(e.id.as_bytes()) {
                    Transport::Sending
                } else {
                    Transport::Queued
                };
                Ok(Entry {
                    kind: e.kind,
                    text: e.text,
                    mine: e.mine,
                    author: Some(e.author).filter(|a| !a.is_empty()),
                    at: e.at,
                    transport,
                    refused: Some(e.refused).filter(|r| !r.is_empty()),
                    photos: e.photos,
                })
            })
            .collect()
    }

    /// What the muhtar may do now: what the transition table lets him, less what is on its way already.
    pub(crate) fn can(&self, id: RequestId) -> Result<Vec<EntryKind>> {
        let c = self.store.read();
        let Some(line) = requests::one(c, id)? else { return Ok(Vec::new()) };
        if line.record.stage != Stage::Sent {
            return Ok(Vec::new());
        }
        let state = line.record.state;
        let case = Case::fold(&events::of_request(c, id)?);
        let decided = state.is_some().then_some(&case);
        let mut can: Vec<EntryKind> = decided.into_iter().flat_map(|c| c.may(Who::Muhtar)).filter_map(intent).collect();
        if state.is_none() {
            // The server does not have it yet, or has not said so: whatever it decides first, this may follow.
            can.push(EntryKind::Withdraw);
        }
        if state.is_none_or(|s| !s.is_final()) {
            can.push(EntryKind::Message);
            if state.is_none_or(State::is_open) {
                can.push(EntryKind::Add);
            }
        }
        can.push(EntryKind::Note);
        for said in entries::of_request(c, id)? {
            let on_its_way = !said.stamped && said.refused.is_empty();
            if on_its_way && quarantine::reason(c, What::Entry, said.id.as_bytes())?.is_none() {
                // One decision at a time; words may always follow words.
                let decides = |k: EntryKind| !matches!(k, EntryKind::Message | EntryKind::Note | EntryKind::Add);
                can.retain(|k| !decides(said.kind) || !decides(*k));
            }
        }
        Ok(can)
    }
}

/// The entry that carries a muhtar's action.
const fn intent(action: Action) -> Option<EntryKind> {
    match action {
        Action::Withdraw => Some(EntryKind::Withdraw),
        Action::Reply => Some(EntryKind::Answer),
        Action::Confirm => Some(EntryKind::Confirm),
        Action::Object => Some(EntryKind::Object),
        _ => None,
    }
}

fn step(at: i64, what: &str) -> Step {
    Step {
        at,
        what: what.to_owned(),
        state: None,
        unit: None,
        note: None,
        date: None,
        outcome: None,
        other: None,
        channel: None,
    }
}

/// What the server decided, in its order, each with the state after it.
fn steps(c: &Connection, decided: &[Event]) -> Result<Vec<Step>> {
    let mut case = Case::default();
    let mut out = Vec::with_capacity(decided.len());
    for event in decided {
        case.apply(event);
        let mut shown = step(event.at, event.what.code());
        shown.state = Some(case.state);
        shown.note = Some(event.note.clone()).filter(|n| !n.is_empty());
        match &event.what {
            Decided::Received { channel, .. } => shown.channel = *channel,
            Decided::Routed { unit, .. }
            | Decided::SentOut { unit, .. }
            | Decided::Forwarded { unit }
            | Decided::Moved { unit, .. } => {
                shown.unit = Some(units::name(c, unit)?);
            }
            Decided::Tasked { unit, until } => {
                shown.unit = Some(units::name(c, unit)?);
                shown.date.clone_from(until);
            }
            Decided::TaskDone { task, .. } | Decided::TaskDropped { task } => {
                let task = case.tasks.iter().find(|t| t.n == *task);
                shown.unit = task.map(|t| units::name(c, &t.unit)).transpose()?;
            }
            Decided::Planned { date } => shown.date = Some(date.clone()),
            Decided::Concluded { outcome, .. } => shown.outcome = Some(*outcome),
            Decided::Followed { no, outcome } => {
                shown.outcome = Some(*outcome);
                shown.other = Some(no.to_string());
            }
            Decided::Linked { no } | Decided::Joined { no } | Decided::Parted { no } => {
                shown.other = Some(no.to_string())
            }
            // An answer that waits for approval is not official: that there is one is all that is shown.
            Decided::Answered { .. } | Decided::Corrected => shown.note = None,
            _ => {}
        }
        out.push(shown);
    }
    Ok(out)
}
