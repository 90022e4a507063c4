//! What happens: who files what when, and what each person does about it. Rates are inputs; what may be done, the server says.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use anyhow::{Context, Result};
use mbs_shared::id::RequestId;
use mbs_shared::istanbul;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Kind, Request, SCHEMA};
use mbs_shared::wire::entry::EntryKind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::town::Town;

const TEXTS: &str = include_str!("../../../shared/data/text/requests_synthetic.jsonl");
const DAY: i64 = 86_400_000;
/// When the play begins: 1 June 2023, Unix ms.
pub const BEGIN: i64 = 1_685_566_800_000;

#[derive(Deserialize)]
struct Text {
    text: String,
    category: String,
    lat: f64,
    lon: f64,
    neighbourhood_code: String,
}

/// How a play goes.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Requests.
    pub requests: usize,
    /// Days over which they come.
    pub days: i64,
    /// How many of a thousand come to an answer.
    pub resolved: u64,
    /// What is drawn.
    pub seed: u64,
}

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Filed {
    /// Which.
    pub id: RequestId,
    /// By which tablet.
    pub tablet: usize,
    /// Whether it comes to an answer.
    resolved: bool,
    /// What was filed, for who files the same again.
    words: Request,
    /// Whether somebody had filed the same before.
    repeated: bool,
    /// The request's page as the desk last had it.
    page: Value,
}

enum Happening {
    File(usize),
    Desk(usize),
    Muhtar(usize),
    Day,
}

/// What was played.
#[derive(Debug, Default)]
pub struct Played {
    /// Every request.
    pub filed: Vec<Filed>,
    /// How often each action was done.
    pub done: BTreeMap<String, u64>,
    /// When it ended, Unix ms.
    pub end: i64,
}

struct Play<'a> {
    town: &'a mut Town,
    chance: Chance,
    options: Options,
    texts: Vec<Text>,
    heap: BinaryHeap<Reverse<(i64, u64, usize)>>,
    happenings: Vec<Happening>,
    played: Played,
}

/// Plays it: until two months after the last request came.
///
/// # Errors
/// When the server refuses what the machine allows.
pub async fn play(town: &mut Town, options: Options) -> Result<Played> {
    let texts: Vec<Text> =
        TEXTS.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("reading the texts")?;
    let mut play = Play {
        town,
        chance: Chance::new(options.seed ^ 0x706c_6179),
        options,
        texts,
        heap: BinaryHeap::new(),
        happenings: Vec::new(),
        played: Played::default(),
    };
    play.enrol().await?;
    let span = options.days * DAY;
    for _ in 0..options.requests {
        let text = usize::try_from(play.chance.below(play.texts.len() as u64))?;
        let at = BEGIN + i64::try_from(play.chance.below(span.unsigned_abs()))?;
        // Offices are open by day: nights are moved into the morning.
        let hour = at.rem_euclid(DAY) / 3_600_000;
        play.at(
            if (5..15).contains(&hour) { at } else { at - at.rem_euclid(DAY) + play.chance.hours(5, 15) },
            Happening::File(text),
        );
    }
    let end = BEGIN + span + 62 * DAY;
    let mut day = BEGIN;
    while day < end {
        play.at(day, Happening::Day);
        day += DAY;
    }
    while let Some(Reverse((at, _, which))) = play.heap.pop() {
        if at > end {
            break;
        }
        play.town.at(at);
        play.happens(which).await?;
    }
    play.town.at(end);
    play.town.service.tick(end).await.map_err(|e| anyhow::anyhow!("the last tick: {e:?}"))?;
    for tablet in 0..play.town.tablets.len() {
        play.town.sync(tablet, Vec::new()).await?;
    }
    play.town.poll().await?;
    play.played.end = end;
    Ok(play.played)
}

impl Play<'_> {
    fn at(&mut self, at: i64, what: Happening) {
        let n = self.happenings.len();
        self.happenings.push(what);
        self.heap.push(Reverse((at, n as u64, n)));
    }

    /// A tablet for every twenty requests, spread over the city.
    async fn enrol(&mut self) -> Result<()> {
        let all = &istanbul::directory().neighbourhoods;
        let count = (self.options.requests / 20).clamp(4, all.len());
        for i in 0..count {
            let neighbourhood = all.get(i * all.len() / count).context("a neighbourhood")?;
            self.town.enrol(&neighbourhood.code).await?;
        }
        Ok(())
    }

    async fn happens(&mut self, which: usize) -> Result<()> {
        match self.happenings.get(which) {
            Some(Happening::File(text)) => self.file(*text).await,
            Some(Happening::Desk(request)) => self.desk(*request).await,
            Some(Happening::Muhtar(request)) => self.muhtar(*request).await,
            Some(Happening::Day) => {
                let now = self.town.now();
                self.town.service.tick(now).await.map_err(|e| anyhow::anyhow!("a tick: {e:?}"))?;
                self.town.poll().await
            }
            None => Ok(()),
        }
    }

    /// What somebody filed with the same tablet a little while ago.
    fn lately(&self, tablet: usize) -> Option<Request> {
        let since = self.town.now() - 20 * DAY;
        let before = self.played.filed.iter().rev().take(400).find(|filed| filed.tablet == tablet)?;
        (before.words.at > since).then(|| Request { at: self.town.now(), ..before.words.clone() })
    }

    fn later(&mut self, from: u64, to: u64, what: Happening) {
        let at = self.town.now() + self.chance.hours(from, to);
        self.at(at, what);
    }

    async fn file(&mut self, text: usize) -> Result<()> {
        let tablet = usize::try_from(self.chance.below(self.town.tablets.len() as u64))?;
        let now = self.town.now();
        let Text { text, category, lat, lon, neighbourhood_code } = self.texts.get(text).context("a text")?;
        let home = self.town.tablets.get(tablet).map(|t| t.neighbourhood.clone()).unwrap_or_default();
        let directory = istanbul::directory();
        let around = directory.neighbourhood(&home).context("a neighbourhood")?;
        // The words are of another place: here they are said of this one.
        let (lat, lon) = if *neighbourhood_code == home { (*lat, *lon) } else { (around.lat, around.lon) };
        let spread = |chance: &Chance| (i64::try_from(chance.below(2_000)).unwrap_or(0) - 1_000) as f64 / 300_000.0;
        let fix = Fix {
            lat: lat + spread(&self.chance),
            lon: lon + spread(&self.chance),
            accuracy: 8.0,
            source: FixSource::Gps,
        };
        let words = Request {
            schema: SCHEMA,
            title: String::new(),
            desc: text.clone(),
            category: if self.chance.happens(120) { String::new() } else { category.clone() },
            kind: Kind::Complaint,
            gps: self.chance.happens(900).then_some(fix),
            addr: String::new(),
            // Some waited on the tablet for days.
            at: now - if self.chance.happens(100) { self.chance.hours(1, 100) } else { 60_000 },
            no: mbs_shared::id::CaseNo::new(mbs_shared::id::Prefix::new(0), 0, 0),
            discreet: self.chance.happens(20),
            rel: None,
            blobs: Vec::new(),
        };
        let (words, repeated) = match self.lately(tablet) {
            Some(before) if self.chance.happens(80) => (before, true),
            _ => (words, false),
        };
        let id = self.town.file(tablet, words.clone()).await?;
        let resolved = self.chance.happens(self.options.resolved);
        let n = self.played.filed.len();
        self.played.filed.push(Filed { id, tablet, resolved, words, repeated, page: Value::Null });
        self.count("file");
        self.later(1, 30, Happening::Desk(n));
        if self.chance.happens(15) {
            self.later(1, 200, Happening::Muhtar(n));
        }
        Ok(())
    }

    /// The page of a request as the desk has it open, or as it is now.
    async fn page(&mut self, request: usize) -> Result<Value> {
        let Filed { id, page, .. } = self.played.filed.get(request).context("a request")?;
        if page.is_null() {
            let page = self.town.json(&self.town.triage, &format!("requests/{id}")).await?;
            if let Some(filed) = self.played.filed.get_mut(request) {
                filed.page = page.clone();
            }
            return Ok(page);
        }
        Ok(page.clone())
    }

    fn forget(&mut self, request: usize) {
        if let Some(filed) = self.played.filed.get_mut(request) {
            filed.page = Value::Null;
        }
    }

    fn count(&mut self, what: &str) {
        *self.played.done.entry(what.to_owned()).or_default() += 1;
    }

    /// Whoever holds a request takes the next step with it.
    async fn desk(&mut self, request: usize) -> Result<()> {
        let Filed { id, resolved, .. } = self.played.filed.get(request).context("a request")?.clone();
        let page = self.page(request).await?;
        let state = page["row"]["state"].as_str().unwrap_or_default().to_owned();
        let (cookie, act) = match state.as_str() {
            "received" | "in_review" => (self.town.triage.clone(), self.triage(request, &page, resolved).await?),
            "external" => (
                self.town.triage.clone(),
                if resolved { Some(json!({ "action": "take_back", "note": "Cevap geldi." })) } else { None },
            ),
            "assigned" | "in_progress" | "planned" | "answer_pending" => {
                let mut act = self.unit(&page, &state, resolved);
                let answers = act.as_ref().is_some_and(|act| act["action"] == "answer");
                if let Some(parent) = if answers { self.parent(request).await? } else { None } {
                    act = Some(json!({ "action": "answer", "outcome": "duplicate", "other": parent }));
                }
                (self.town.unit.clone(), act)
            }
            _ => return Ok(()),
        };
        let Some(mut act) = act else { return Ok(()) };
        act["n"] = page["n"].clone();
        let after = match self.town.act(&cookie, id, &act).await? {
            Some(after) => after,
            // Somebody, or the clock, was faster: he looks again.
            None => {
                self.count("stale");
                self.forget(request);
                self.later(1, 3, Happening::Desk(request));
                return Ok(());
            }
        };
        self.count(act["action"].as_str().unwrap_or_default());
        let next = after["row"]["state"].as_str().unwrap_or_default().to_owned();
        if let Some(filed) = self.played.filed.get_mut(request) {
            filed.page = after;
        }
        match next.as_str() {
            "concluded" => self.later(2, 400, Happening::Muhtar(request)),
            "awaiting_muhtar" => self.later(1, 300, Happening::Muhtar(request)),
            "external" => self.later(100, 700, Happening::Desk(request)),
            "in_progress" | "planned" => self.later(4, 150, Happening::Desk(request)),
            _ => self.later(1, 40, Happening::Desk(request)),
        }
        Ok(())
    }

    /// Number of the request that the desk shows as likely the same, where it is one and somebody notices.
    async fn parent(&self, request: usize) -> Result<Option<Value>> {
        let Filed { id, repeated, .. } = self.played.filed.get(request).context("a request")?;
        if !repeated || !self.chance.happens(700) {
            return Ok(None);
        }
        let like = self.town.json(&self.town.triage, &format!("requests/{id}/similar")).await?;
        let open = like.as_array().into_iter().flatten().find(|one| one["row"]["outcome"] != "duplicate");
        Ok(open.map(|parent| parent["row"]["no"].clone()))
    }

    async fn triage(&mut self, request: usize, page: &Value, resolved: bool) -> Result<Option<Value>> {
        let suggested = page["suggestions"].as_array().and_then(|all| all.first()).cloned();
        let (hops, returns) = (page["row"]["hops"].as_u64().unwrap_or(0), page["row"]["returns"].as_u64().unwrap_or(0));
        if let Some(parent) = self.parent(request).await? {
            return Ok(Some(json!({ "action": "conclude", "outcome": "duplicate", "other": parent })));
        }
        if resolved && (hops > 2 || returns > 1) {
            return Ok(Some(
                json!({ "action": "conclude", "outcome": "informed", "note": "Yapılan işlem muhtara bildirildi." }),
            ));
        }
        if resolved && self.chance.happens(30) {
            return Ok(Some(
                json!({ "action": "conclude", "outcome": "out_of_remit", "unit": "ib-kadikoy", "note": "İlçe belediyesinin görevidir." }),
            ));
        }
        if self.chance.happens(40) {
            return Ok(Some(json!({ "action": "ask", "note": "Yeri tam olarak neresi?" })));
        }
        Ok(Some(match suggested {
            Some(unit) if unit["external"] == true => json!({ "action": "send_out", "unit": unit["unit"]["code"] }),
            Some(unit) => json!({ "action": "route", "unit": unit["unit"]["code"] }),
            None => json!({ "action": "route", "unit": "md-zabita-anadolu", "category": "yol.cukur" }),
        }))
    }

    fn unit(&self, page: &Value, state: &str, resolved: bool) -> Option<Value> {
        let chance = &self.chance;
        if page["wish"].is_string() {
            return Some(if chance.happens(600) {
                json!({ "action": "release" })
            } else {
                json!({ "action": "decline", "note": "Ekip yola çıktı." })
            });
        }
        let answer = || {
            let outcome = match chance.below(100) {
                0..70 => "done",
                70..80 => "partly",
                80..90 => "refused",
                _ => "informed",
            };
            json!({ "action": "answer", "outcome": outcome, "note": "Yerinde incelendi, gereği yapıldı." })
        };
        Some(match state {
            "assigned" if chance.happens(60) => json!({ "action": "return", "note": "Birimimizin görevi değil." }),
            "assigned" => json!({ "action": "accept" }),
            "answer_pending" if chance.happens(50) => json!({ "action": "correct", "note": "Tarih yazılmalı." }),
            "answer_pending" => json!({ "action": "approve" }),
            "in_progress" if chance.happens(60) => json!({ "action": "ask", "note": "Hangi kapı numarası?" }),
            "in_progress" if chance.happens(80) => json!({ "action": "interim", "note": "Malzeme bekleniyor." }),
            "in_progress" if chance.happens(120) => json!({ "action": "plan", "date": day(self.town.now() + 5 * DAY) }),
            _ if !resolved => return None,
            "planned" if chance.happens(500) => json!({ "action": "start" }),
            _ => answer(),
        })
    }

    /// The muhtar answers a question, confirms or objects, or withdraws.
    async fn muhtar(&mut self, request: usize) -> Result<()> {
        let Filed { id, tablet, .. } = self.played.filed.get(request).context("a request")?.clone();
        self.forget(request);
        let page = self.page(request).await?;
        let (kind, text, what) = match page["row"]["state"].as_str().unwrap_or_default() {
            "awaiting_muhtar" if self.chance.happens(800) => (EntryKind::Answer, "14 numaranın önü.", "reply"),
            "concluded" if self.chance.happens(80) => (EntryKind::Object, "Hâlâ duruyor.", "object"),
            "concluded" if self.chance.happens(760) => (EntryKind::Confirm, "", "confirm"),
            "closed" | "cancelled" | "concluded" | "awaiting_muhtar" => {
                // He says nothing: what waits for him lapses, and its holder looks again.
                self.later(245, 260, Happening::Desk(request));
                return Ok(());
            }
            _ => (EntryKind::Withdraw, "Kendileri yapmış.", "withdraw"),
        };
        self.town.say(tablet, id, kind, text).await?;
        self.count(what);
        self.forget(request);
        if what != "confirm" {
            self.later(1, 40, Happening::Desk(request));
        }
        Ok(())
    }
}

/// The day in Istanbul, `YYYY-MM-DD`.
fn day(at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::TimeZone::fixed(jiff::tz::offset(3)).to_datetime(at).date().to_string()
}
