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
use crate::decide::Actor;
use crate::load::{Arrival, arrivals};
use crate::rates::Rates;
use crate::town::Town;

const TEXTS: &str = include_str!("../../../shared/data/text/requests_synthetic.jsonl");
/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;
/// When a play begins unless it is told otherwise: midnight of 1 June 2023 in Istanbul, Unix ms.
pub const BEGIN: i64 = 1_685_566_800_000;

#[derive(Deserialize)]
struct Text {
    text: String,
    category: String,
    lat: f64,
    lon: f64,
    neighbourhood_code: String,
}

/// Days a play goes on after the last request came.
pub const AFTER: i64 = 62;

/// How a play goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Requests.
    pub requests: usize,
    /// Midnight of its first day in Istanbul, Unix ms.
    pub begin: i64,
    /// Days over which they come.
    pub days: i64,
    /// How often what happens.
    pub rates: Rates,
    /// What is drawn.
    pub seed: u64,
}

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Filed {
    /// Which.
    pub id: RequestId,
    /// When it was filed, Unix ms.
    pub received: i64,
    /// By which tablet.
    pub tablet: usize,
    /// Whether it comes to an answer.
    resolved: bool,
    /// What was filed.
    pub words: Request,
    /// Whether somebody had filed the same before.
    repeated: bool,
    /// The request's page as the desk last had it.
    page: Value,
}

enum Happening {
    File(Arrival),
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
    /// Days of storm, counted from the first.
    pub storms: Vec<i64>,
    /// When it began, Unix ms.
    pub begin: i64,
    /// When it ended, Unix ms.
    pub end: i64,
}

pub(crate) struct Play<'a> {
    pub(crate) town: &'a mut Town,
    pub(crate) chance: Chance,
    pub(crate) options: Options,
    texts: Vec<Text>,
    /// Which of them tell of what a storm does.
    about_storms: Vec<usize>,
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
    let chance = Chance::new(options.seed ^ 0x706c_6179);
    let Options { requests, begin, days, .. } = options;
    let came = arrivals(&chance, begin, days, requests, options.rates.storms_a_year)?;
    let about_storms = texts.iter().enumerate().filter(|(_, text)| came.categories.contains(&text.category));
    let about_storms = about_storms.map(|(at, _)| at).collect();
    let mut play = Play {
        town,
        chance,
        options,
        texts,
        about_storms,
        heap: BinaryHeap::new(),
        happenings: Vec::new(),
        played: Played { storms: came.storms, begin, ..Played::default() },
    };
    play.begin().await?;
    for arrival in came.all {
        play.at(arrival.at, Happening::File(arrival));
    }
    let end = begin + (days + AFTER) * DAY;
    let mut day = begin;
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

    /// A tablet for every twenty requests, spread over the city; and whose answers are approved.
    async fn begin(&mut self) -> Result<()> {
        for unit in istanbul::directory().units.iter().filter(|unit| !unit.retired) {
            if self.chance.happens(self.options.rates.approved_units) {
                self.town.approve_answers_of(&unit.code).await?;
            }
        }
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
            Some(Happening::File(arrival)) => self.file(*arrival).await,
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

    async fn file(&mut self, arrival: Arrival) -> Result<()> {
        let rates = self.options.rates.clone();
        let texts = if arrival.storm { self.about_storms.len() } else { self.texts.len() };
        let at = usize::try_from(self.chance.below(texts as u64))?;
        let text = if arrival.storm { *self.about_storms.get(at).context("a storm")? } else { at };
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
            category: if self.chance.happens(rates.uncategorised) { String::new() } else { category.clone() },
            kind: Kind::Complaint,
            gps: self.chance.happens(rates.placed).then_some(fix),
            addr: String::new(),
            // Some waited on the tablet for days.
            at: now - if self.chance.happens(rates.waited) { self.chance.hours(1, 100) } else { 60_000 },
            no: mbs_shared::id::CaseNo::new(mbs_shared::id::Prefix::new(0), 0, 0),
            discreet: self.chance.happens(rates.discreet),
            rel: None,
            blobs: Vec::new(),
        };
        let (words, repeated) = match self.lately(tablet) {
            Some(before) if self.chance.happens(rates.repeated) => (before, true),
            _ => (words, false),
        };
        let id = self.town.file(tablet, words.clone()).await?;
        let resolved = self.chance.happens(rates.resolved);
        let n = self.played.filed.len();
        self.played.filed.push(Filed { id, received: now, tablet, resolved, words, repeated, page: Value::Null });
        self.count("file");
        self.later(1, 30, Happening::Desk(n));
        if self.chance.happens(rates.withdrawn) {
            self.later(1, 200, Happening::Muhtar(n));
        }
        Ok(())
    }

    /// The page of a request as the desk has it open, or as it is now.
    async fn page(&mut self, request: usize) -> Result<Value> {
        let Filed { id, page, .. } = self.played.filed.get(request).context("a request")?;
        if page.is_null() {
            let page = self.town.json(&self.town.of_triage()?, &format!("requests/{id}")).await?;
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
        let holder = page["row"]["unit"]["code"].as_str().unwrap_or_default().to_owned();
        let decided = match state.as_str() {
            "received" | "in_review" => self.triage(request, &page, resolved).await?.map(|act| (Actor::Triage, act)),
            "external" => self.outside(&page, &holder, resolved),
            "assigned" | "in_progress" | "planned" | "answer_pending" => {
                let decided = self.unit(&page, &state, &holder, resolved);
                let answers = decided.as_ref().is_some_and(|(_, act)| act["action"] == "answer");
                match if answers { self.parent(request).await? } else { None } {
                    None => decided,
                    Some(parent) => Some((
                        Actor::Unit(holder),
                        json!({ "action": "answer", "outcome": "duplicate", "other": parent }),
                    )),
                }
            }
            _ => return Ok(()),
        };
        let Some((actor, mut act)) = decided else { return Ok(()) };
        act["n"] = page["n"].clone();
        let cookie = match &actor {
            Actor::Triage => self.town.of_triage()?,
            Actor::Unit(unit) => self.town.of_unit(unit, false)?,
            Actor::Approver(unit) => self.town.of_unit(unit, true)?,
            Actor::Program(unit) => {
                let taken = self.town.program_acts(unit, id, &act).await?;
                self.forget(request);
                let page = self.page(request).await?;
                self.went_on(request, if taken { "program_answer" } else { "stale" }, page);
                return Ok(());
            }
        };
        match self.town.act(&cookie, id, &act).await? {
            Some(after) => {
                let what = match (&actor, act["action"].as_str().unwrap_or_default()) {
                    (Actor::Triage, "answer") => "recorded_answer",
                    (_, action) => action,
                };
                self.went_on(request, what, after);
            }
            // Somebody, or the clock, was faster: he looks again.
            None => {
                self.count("stale");
                self.forget(request);
                self.later(1, 3, Happening::Desk(request));
            }
        }
        Ok(())
    }

    /// A request went on, and somebody looks at it again.
    fn went_on(&mut self, request: usize, what: &str, after: Value) {
        self.count(what);
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
    }

    /// Number of the request that the desk shows as likely the same, where it is one and somebody notices.
    async fn parent(&self, request: usize) -> Result<Option<Value>> {
        let Filed { id, repeated, .. } = self.played.filed.get(request).context("a request")?;
        if !repeated || !self.chance.happens(self.options.rates.noticed) {
            return Ok(None);
        }
        let like = self.town.json(&self.town.of_triage()?, &format!("requests/{id}/similar")).await?;
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
        if resolved && self.chance.happens(self.options.rates.out_of_remit) {
            return Ok(Some(
                json!({ "action": "conclude", "outcome": "out_of_remit", "unit": "ib-kadikoy", "note": "İlçe belediyesinin görevidir." }),
            ));
        }
        if self.chance.happens(self.options.rates.triage_asks) {
            return Ok(Some(json!({ "action": "ask", "note": "Yeri tam olarak neresi?" })));
        }
        Ok(Some(match suggested {
            Some(unit) if unit["external"] == true => json!({ "action": "send_out", "unit": unit["unit"]["code"] }),
            Some(unit) => json!({ "action": "route", "unit": unit["unit"]["code"] }),
            None => json!({ "action": "route", "unit": "md-zabita-anadolu", "category": "yol.cukur" }),
        }))
    }

    /// The muhtar answers a question, confirms or objects, or withdraws.
    async fn muhtar(&mut self, request: usize) -> Result<()> {
        let Filed { id, tablet, .. } = self.played.filed.get(request).context("a request")?.clone();
        self.forget(request);
        let page = self.page(request).await?;
        let rates = self.options.rates.clone();
        let (kind, text, what) = match page["row"]["state"].as_str().unwrap_or_default() {
            "awaiting_muhtar" if self.chance.happens(rates.replied) => {
                (EntryKind::Answer, "14 numaranın önü.", "reply")
            }
            "concluded" if self.chance.happens(rates.objected) => (EntryKind::Object, "Hâlâ duruyor.", "object"),
            "concluded" if self.chance.happens(rates.confirmed) => (EntryKind::Confirm, "", "confirm"),
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
