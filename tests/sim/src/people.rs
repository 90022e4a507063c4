//! Muhtars, people at the desk, and the directorate's program.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mbs_server::database::announcements::{self, Stored};
use mbs_server::database::requests;
use mbs_server::error::Fault as Refusal;
use mbs_server::handlers::api::updates::{Ask, updates};
use mbs_server::handlers::input;
use mbs_server::routing::apply::{self, Act, Done};
use mbs_server::routing::decide::Command;
use mbs_server::service::Service;
use mbs_shared::id::OfficialNo;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::istanbul;
use mbs_shared::ogg;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::routing::{Action, Case, Outcome, Who};
use mbs_shared::wire::entry::EntryKind;
use mbs_shared::wire::error::Code;
use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::sync::{Event, Nudge};
use serde_json::Value;

use crate::server::{self, Work};
use crate::template::{PROGRAM, categories};
use crate::world::{Happening, Saved, UnderWay, What, World};

const WORDS: [&str; 6] = [
    "Kaldırım taşları sökülmüş, çocuklar takılıp düşüyor",
    "Okulun önündeki çukur yağmurda görünmüyor",
    "Çöp konteyneri üç gündür boşaltılmadı",
    "Sokak lambası yanmıyor, akşamları geçilmiyor",
    "Ağacın dalı elektrik teline değiyor",
    "Rögar kapağı kırık, araçlar için tehlikeli",
];

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Photos and voice notes of a request that was shown.
fn photos(shown: &Value) -> Vec<BlobHash> {
    let all = shown.get("photos").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(|photo| text(photo, "/hash").parse().ok()).collect()
}

impl World {
    fn mark(&mut self) -> String {
        self.marks += 1;
        // Long enough that no hash or number looks like one.
        format!("<{}>", 1_000_000 + self.marks)
    }

    fn words(&mut self, mark: &str) -> String {
        let words = self.chance.one(&WORDS).copied().unwrap_or_default();
        format!("{words} {mark}")
    }

    fn app(&self, tablet: usize) -> Option<&Tablet> {
        self.tablets.get(tablet)?.app.as_ref()
    }

    /// Asks a tablet; `None` when it says no or stopped meanwhile: then nothing was called saved.
    fn ask(&mut self, tablet: usize, call: Call) -> Option<Value> {
        let answer = self.app(tablet)?.call(call);
        let machine = self.tablets.get(tablet)?.machine;
        if crate::vfs::tell(machine, |disk| disk.is_off()) {
            return None;
        }
        match answer {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(format_args!("tablet {tablet} says {:?}", error.code));
                None
            }
        }
    }

    fn save(&mut self, tablet: usize, request: RequestId, mark: String, what: What) {
        self.note(format_args!("tablet {tablet} saved {mark} {what:?} of {request}"));
        let private = false;
        self.saved.push(Saved { tablet, request, mark, what, away: false, excused: false, private });
        self.step(tablet, Event::Nudge(Nudge::Work));
    }

    /// A muhtar does something.
    pub(crate) fn muhtar(&mut self, tablet: usize) {
        if self.calm {
            return;
        }
        if self.app(tablet).is_none() {
            // When the tablet is back.
            self.plan(7_000, Happening::Muhtar(tablet));
            return;
        }
        let known = self.tablets.get(tablet).map(|t| t.known.clone()).unwrap_or_default();
        let mandate = self.tablets.get(tablet).map_or(0, |t| t.mandate);
        // Also what the other tablet of the same muhtar filed.
        let all: Vec<RequestId> =
            self.tablets.iter().filter(|t| t.mandate == mandate).flat_map(|t| t.known.clone()).collect();
        let one = if self.chance.happens(600) { self.chance.one(&known) } else { self.chance.one(&all) }.copied();
        match (self.chance.below(10), one) {
            (0..=5, _) | (_, None) => self.begin(tablet),
            (6, Some(id)) => self.edit(tablet, id),
            (7, Some(id)) => self.photo(tablet, id),
            (8, Some(id)) => self.say(tablet, id),
            (_, Some(id)) => self.settle(tablet, id),
        }
    }

    pub(crate) fn begin(&mut self, tablet: usize) {
        let Some(draft) = self.ask(tablet, Call::NewDraft) else { return };
        let Ok(id) = text(&draft, "/row/id").parse::<RequestId>() else { return };
        let life = self.tablets.get(tablet).map_or(0, |t| u64::from(t.life));
        let by = self.chance.between(100, 20_000);
        self.plan(by, Happening::Finish(tablet, id, life));
    }

    /// Writes the draft, perhaps with a photo, and sends it.
    pub(crate) fn finish(&mut self, tablet: usize, id: RequestId, _: u64) {
        let mark = self.mark();
        let desc = self.words(&mark);
        let category = self.chance.one(&categories()).cloned().unwrap_or_default();
        let place = self.chance.happens(700);
        let (lat, lon) = if self.chance.happens(500) { (40.9962, 29.0295) } else { (41.0063, 28.976) };
        let fix = place.then_some(Fix { lat, lon, accuracy: 8.0, source: FixSource::Gps });
        let set = Fields { desc: Some(desc), category: Some(category), fix, ..Fields::default() };
        if self.ask(tablet, Call::SetDraft { id, set }).is_none() {
            return;
        }
        if self.chance.happens(400) {
            self.photo(tablet, id);
            if self.chance.happens(300) {
                self.photo(tablet, id);
                self.turn_round(tablet, id);
            }
        }
        if self.ask(tablet, Call::Send { id }).is_some() {
            if let Some(t) = self.tablets.get_mut(tablet) {
                t.known.push(id);
            }
            self.filed.push(id);
            self.save(tablet, id, mark, What::Words);
        }
    }

    pub(crate) fn edit(&mut self, tablet: usize, id: RequestId) {
        let mark = self.mark();
        let words = self.words(&mark);
        let set = match self.chance.below(3) {
            0 => Fields { title: Some(mark.clone()), ..Fields::default() },
            1 => Fields { addr: Some(words), ..Fields::default() },
            _ => Fields { desc: Some(words), ..Fields::default() },
        };
        if self.ask(tablet, Call::Edit { id, set }).is_some() {
            self.save(tablet, id, mark, What::Words);
        }
    }

    fn photo(&mut self, tablet: usize, id: RequestId) {
        if self.chance.happens(150) {
            return self.voice(tablet, id);
        }
        let jpeg = picture(self.chance.number());
        let total = u32::try_from(jpeg.len()).unwrap_or(0);
        let upload = u32::try_from(self.chance.below(1 << 30)).unwrap_or(1);
        let call = Call::AddPhoto { id, upload, offset: 0, total, data: STANDARD.encode(&jpeg) };
        let Some(done) = self.ask(tablet, call) else { return };
        self.saved_last(tablet, id, done.pointer("/request/photos"));
    }

    /// Puts a draft's last photo before all others.
    fn turn_round(&mut self, tablet: usize, id: RequestId) {
        let Some(draft) = self.ask(tablet, Call::Request { id }) else { return };
        if let [first, .., last] = photos(&draft).as_slice() {
            self.ask(tablet, Call::MovePhoto { id, hash: *last, before: Some(*first) });
        }
    }

    /// A few seconds of noise, spoken.
    fn voice(&mut self, tablet: usize, id: RequestId) {
        let mut chance = crate::chance::Chance::new(self.chance.number());
        let (seconds, len) = (chance.between(1, 12), chance.between(200, 2_500));
        let noise = || u8::try_from(chance.below(256)).unwrap_or(0);
        let ogg = ogg::of_noise(u16::try_from(seconds).unwrap_or(1), usize::try_from(len).unwrap_or(0), noise);
        let Some(done) = self.ask(tablet, Call::AddVoice { id, data: STANDARD.encode(&ogg) }) else { return };
        self.tally.reached("voice note", "recorded");
        self.saved_last(tablet, id, done.get("photos"));
    }

    /// The last of a request's photos and voice notes is saved.
    fn saved_last(&mut self, tablet: usize, id: RequestId, photos: Option<&Value>) {
        if let Some(hash) =
            photos.and_then(Value::as_array).and_then(|all| all.last()).map(|p| text(p, "/hash").to_owned())
            && hash.parse::<BlobHash>().is_ok()
        {
            self.save(tablet, id, hash, What::Photo);
        }
    }

    fn say(&mut self, tablet: usize, id: RequestId) {
        let Some(shown) = self.ask(tablet, Call::Request { id }) else { return };
        let can: Vec<EntryKind> =
            shown.get("can").cloned().and_then(|c| serde_json::from_value(c).ok()).unwrap_or_default();
        let Some(kind) = self.chance.one(&can).copied() else { return };
        let mark = self.mark();
        let text = self.words(&mark);
        let photos = if self.chance.happens(300) { photos(&shown) } else { Vec::new() };
        if self.ask(tablet, Call::Say { id, kind, text, photos }).is_some() {
            self.save(tablet, id, mark, if kind == EntryKind::Note { What::Note } else { What::Entry });
        }
    }

    /// Looks at a request, and chooses between two versions where there are two.
    fn settle(&mut self, tablet: usize, id: RequestId) {
        let Some(shown) = self.ask(tablet, Call::Request { id }) else { return };
        let field = text(&shown, "/conflicts/0/field").to_owned();
        if !field.is_empty() {
            let versions = shown.pointer("/conflicts/0/versions").and_then(Value::as_array);
            let seen: Vec<String> = versions.into_iter().flatten().map(|v| text(v, "/name").to_owned()).collect();
            let Some(version) = self.chance.one(&seen).cloned() else { return };
            self.tally.reached("document", "two versions settled");
            self.ask(tablet, Call::Keep { id, field, version, seen });
            self.step(tablet, Event::Nudge(Nudge::Work));
        }
    }

    /// Someone at the desk takes the next step of some case.
    pub(crate) fn desk(&mut self) {
        let Some(service) = self.server.clone() else { return };
        if self.chance.happens(60) {
            return self.announce(service);
        }
        let Some(request) = self.chance.one(&self.filed.clone()).copied() else { return };
        let Some(other) = self.chance.one(&self.filed.clone()).copied() else { return };
        let loaded = service.db.ask(|s| {
            let other = requests::by_id(s, other)?.map(|head| head.no);
            let head = requests::by_id(s, request)?;
            head.map(|head| Ok((apply::load(s, head)?, other))).transpose()
        });
        let Ok(Some((loaded, other))) = loaded else { return };
        let case = loaded.case;
        if self.chance.happens(60)
            && let Some(unit) = case.unit.clone()
        {
            return self.approve(service, unit);
        }
        let who = [Who::Triage, Who::Unit, Who::External, Who::Approver, Who::Helper];
        let steps: Vec<(Who, Action)> =
            who.into_iter().flat_map(|who| case.may(who).map(move |action| (who, action))).collect();
        let Some((who, action)) = self.chance.one(&steps).copied() else { return };
        let command = self.command(who, action, &case, other);
        // Now and then someone decides on what he saw some time ago.
        let seen = Some(if self.chance.happens(100) { case.n.saturating_sub(1) } else { case.n });
        let mut work: Work<Result<Done, Refusal>> =
            Box::pin(async move { service.act(Act { request, author: 1, seen, command }).await });
        match server::poll(&mut work) {
            Some(done) => self.desk_done(request, done),
            None => self.under_way.push(UnderWay::Desk { request, work }),
        }
        self.write_soon();
    }

    /// Something is announced, to all or to one of the two muhtars; or the last of it is taken back.
    fn announce(&mut self, service: Arc<Service>) {
        let (n, back) = (self.chance.below(3), self.chance.happens(250));
        let audience = ["", "muhtarlik:kadikoy-rasimpasa", "muhtarlik:fatih-binbirdirek"]
            .get(usize::try_from(n).unwrap_or(0))
            .copied()
            .unwrap_or_default();
        let at = self.server_clock.read();
        let new = Stored {
            id: 0,
            seq: 0,
            at,
            author: 1,
            unit: String::new(),
            audience: audience.to_owned(),
            urgent: n == 0,
            title: "Fırtına uyarısı".to_owned(),
            body: "Çatıları denetleyin.".to_owned(),
            withdrawn: 0,
            photos: Vec::new(),
        };
        self.tally.reached("desk", if back { "took an announcement back" } else { "announced" });
        self.under_way.push(UnderWay::Other {
            work: Box::pin(async move {
                // What was refused was not announced; nobody was told that it was.
                let _ = service
                    .write(move |tx| {
                        let last = announcements::before(tx.session(), i64::MAX, 1)?;
                        match last.first().filter(|last| back && last.withdrawn == 0) {
                            Some(last) => announcements::withdraw(tx.session(), last.id, at).map(drop)?,
                            None => announcements::add(tx.session(), &new).map(drop)?,
                        }
                        Ok(())
                    })
                    .await;
                // As the desk's route does it; the next tick would, too.
                let _ = service.refresh_devices();
            }),
        });
        self.go_on();
        self.write_soon();
    }

    /// Answers of a unit go to an approver from now on, or not any more.
    fn approve(&mut self, service: Arc<Service>, unit: String) {
        let on = self.chance.happens(750);
        self.tally.reached("desk", if on { "asked for approval" } else { "asked for none any more" });
        self.under_way.push(UnderWay::Other {
            // What was refused changes nothing.
            work: Box::pin(async move { drop(service.set_approval(&unit, on).await) }),
        });
        self.go_on();
        self.write_soon();
    }

    fn command(&mut self, who: Who, action: Action, case: &Case, other: Option<OfficialNo>) -> Command {
        let mark = self.mark();
        let mut command = Command::new(who, action).saying(&mark);
        let units = &istanbul::directory().units;
        match action {
            Action::Route => command.unit = Some(crate::template::program_unit()),
            Action::SendOut => command.unit = units.iter().find(|u| u.is_external()).map(|u| u.code.clone()),
            Action::Forward => {
                let holder = case.unit.clone().unwrap_or_default();
                let below = |u: &&mbs_shared::directory::Unit| {
                    u.code != holder && istanbul::directory().is_within(&u.code, &holder)
                };
                command.unit = units.iter().find(below).map(|u| u.code.clone());
            }
            Action::Plan => command.date = Some("2027-03-01".into()),
            Action::Answer | Action::Conclude if self.chance.happens(250) => {
                command.outcome = Some(Outcome::Duplicate);
                command.other = other;
            }
            Action::Answer | Action::Conclude => command.outcome = Some(Outcome::Done),
            Action::Link => command.other = other,
            Action::Task => {
                let free = |code: &str| case.unit.as_deref() != Some(code) && case.owed().all(|owed| owed.unit != code);
                let program = crate::template::program_unit();
                let others = units.iter().filter(|u| !u.retired).map(|u| &u.code);
                command.unit = std::iter::once(&program).chain(others).find(|code| free(code)).cloned();
            }
            Action::FinishTask | Action::ReturnTask | Action::CallOff => {
                let owed: Vec<u32> = case.owed().map(|task| task.n).collect();
                command.task = self.chance.one(&owed).copied();
            }
            _ => {}
        }
        command
    }

    pub(crate) fn desk_done(&mut self, request: RequestId, done: Result<Done, Refusal>) {
        match done {
            Ok(done) => {
                self.note(format_args!("desk: {request} is {} with {}", done.state.code(), done.n));
                self.acts.push((request, done.n));
            }
            Err(refusal) => {
                self.note(format_args!("desk: {request} refused {:?}", refusal.code));
                let sound = server::disks_are_sound();
                if refusal.code == Code::Internal && sound {
                    self.violated(format!("the desk met {refusal}"));
                }
            }
        }
    }

    /// The directorate's program reads on from its cursor.
    pub(crate) fn poll_updates(&mut self) {
        for _ in 0..100 {
            let Some(service) = self.server.clone() else { return };
            let mut headers = HeaderMap::new();
            let key = format!("Bearer {}", mbs_server::auth::keys::text(&PROGRAM));
            if let Ok(value) = HeaderValue::from_str(&key) {
                headers.insert(header::AUTHORIZATION, value);
            }
            let uri = format!("/api/v1/updates?after={}&limit=20", self.cursor);
            let Ok(uri) = uri.parse::<Uri>() else { return };
            let Ok(Query(ask)) = Query::<Ask>::try_from_uri(&uri) else { return };
            let mut work: Work<_> = Box::pin(updates(State(service), headers, input::Query(ask)));
            let told = match server::poll(&mut work) {
                Some(Ok(input::Json(told))) => told,
                // A cursor of an earlier life of the server: as its answer says, from the beginning.
                Some(Err(fault)) if fault.code == Code::BadInput && self.restored && !self.cursor.is_empty() => {
                    self.cursor.clear();
                    self.updates.clear();
                    continue;
                }
                _ => {
                    self.note(format_args!("the program was told nothing"));
                    return;
                }
            };
            self.note(format_args!("the program was told {} updates", told.updates.len()));
            self.updates.extend(told.updates.iter().map(|u| u.seq));
            self.cursor = told.next;
            if !told.more {
                return;
            }
        }
    }
}

/// A small picture unlike any other.
fn picture(seed: u64) -> Vec<u8> {
    let mut chance = crate::chance::Chance::new(seed);
    let side = usize::try_from(chance.between(16, 72)).unwrap_or(16);
    let mut pixels = vec![0; side * side * 3];
    chance.fill(&mut pixels);
    let mut out = Vec::new();
    let side = u16::try_from(side).unwrap_or(16);
    let _ = jpeg_encoder::Encoder::new(&mut out, 80).encode(&pixels, side, side, jpeg_encoder::ColorType::Rgb);
    out
}
