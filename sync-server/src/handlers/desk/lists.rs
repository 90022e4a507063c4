//! `GET queue`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use mbs_shared::routing::State as CaseState;
use mbs_shared::wire::error::Code;
use serde::Deserialize;

use crate::auth::rights::{self, Right, sees_everything};
use crate::auth::sight::{Sight, own_units};
use crate::database::lists::{self, Place};
use crate::database::requests::{self, Head};
use crate::database::staff::{self, Person};
use crate::database::{DbResult, Session, tasks};
use crate::error::Fault;
use crate::handlers::input::{Json, Query};
use crate::service::Service;

use super::view::{Queue, QueueRow, Role};
use super::{Seat, aside, build, with_names};

/// Rows of a page.
const PAGE: u32 = 100;
/// Rows that are read at once where all are taken along.
const EXPORTED: u32 = 500;
/// Requests a search goes through at most: who finds more has to say more.
const MOST_FOUND: usize = 2_000;

/// Parts of the work of one unit that are looked through; those within its own units are not shown.
const MOST_OWED: u32 = 2_000;

/// Waits for triage.
const TRIAGE: &[CaseState] = &[CaseState::Received, CaseState::InReview];
/// Waits for a unit.
pub(super) const INBOX: &[CaseState] = &[
    CaseState::Assigned,
    CaseState::InProgress,
    CaseState::Planned,
    CaseState::AnswerPending,
    CaseState::AwaitingMuhtar,
];

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// What triage has to decide.
    Triage,
    /// What lies at the person's unit, and what it owes a part of.
    Inbox,
    /// What lies elsewhere, and the person's unit owes a part of.
    Tasks,
    /// What is late or was returned twice.
    Late,
    /// Everything the person may see, newest first.
    All,
}

/// The query of `GET queue`.
#[derive(Debug, Deserialize)]
pub struct Ask {
    /// Which list.
    pub list: List,
    /// Only in this state.
    #[serde(default)]
    pub state: Option<CaseState>,
    /// Only what has all these words.
    #[serde(default)]
    pub q: String,
    /// Only what this muhtarlık filed, by its neighbourhood's code; empty: any.
    #[serde(default)]
    pub muhtarlik: String,
    /// For the watch list: how much of the time is gone, in percent.
    #[serde(default = "whole")]
    pub percent: u8,
    /// For a unit's inbox: only what this person of the unit has in hand, by staff id; 0: what nobody has.
    #[serde(default)]
    pub hand: Option<i64>,
    /// Where the page before ended; empty: the beginning.
    #[serde(default)]
    pub after: String,
}

/// All of the time, in percent.
#[must_use]
pub const fn whole() -> u8 {
    100
}

impl Ask {
    /// Refuses who may not see the list.
    fn allowed(&self, seat: &Seat) -> Result<(), Fault> {
        match self.list {
            List::Triage if !sees_everything(seat.0.role) => Err(Code::Forbidden.into()),
            _ => Ok(()),
        }
    }

    /// Whether only some of the list is looked for.
    fn looks_for_some(&self) -> bool {
        !self.q.trim().is_empty() || !self.muhtarlik.is_empty()
    }

    /// Row numbers of what has the words and was filed by the muhtarlık, where either is asked for, newest first. Persons are
    /// looked for by who sees whose tablets there are.
    fn found(&self, service: &Service, role: Role) -> Result<Option<Vec<i64>>, Fault> {
        let own = match self.muhtarlik.as_str() {
            "" => None,
            code if service.directory().neighbourhood(code).is_none() => {
                return Err(Fault::bad_input("muhtarlik: Mahalle dizinde yok."));
            }
            code => Some(service.db.ask(|s| lists::of_muhtarlik(s, service.scopes.number(code)))?),
        };
        let mut rids = match (own, self.q.trim()) {
            (own, "") => own,
            (own, words) => {
                let mut found = service.search.find(service, words, rights::has(role, Right::Fleet))?;
                // Row numbers go down in both.
                found.retain(|rid| own.as_ref().is_none_or(|own| own.binary_search_by(|one| rid.cmp(one)).is_ok()));
                Some(found)
            }
        };
        if let Some(rids) = &mut rids {
            rids.truncate(MOST_FOUND);
        }
        Ok(rids)
    }
}

/// All of a list, page by page, for who takes it along.
#[derive(Debug)]
pub struct Pages {
    person: Person,
    ask: Ask,
    /// Looked for with the first page.
    found: Option<Option<Vec<i64>>>,
    /// Where the next page begins; `None`: there is none.
    at: Option<Mark>,
}

impl Pages {
    /// The list as asked for, from its beginning.
    ///
    /// # Errors
    /// [`Code::Forbidden`].
    pub fn begin(seat: Seat, ask: Ask) -> Result<Self, Fault> {
        ask.allowed(&seat)?;
        let at = Mark::read(&ask)?;
        Ok(Self { person: seat.0, ask, found: None, at: Some(at) })
    }

    /// The next page; empty behind the last one.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub fn next(&mut self, service: &Service) -> Result<Vec<Head>, Fault> {
        let Self { person, ask, found, at } = self;
        let Some(after) = *at else { return Ok(Vec::new()) };
        let found = match found {
            Some(found) => found,
            None => found.insert(ask.found(service, person.role)?),
        };
        let (own, sight) = (own_units(service, &person.unit), Sight::of(service, person));
        let heads = service.db.ask(|s| {
            let owed = tasks::elsewhere(s, &own, MOST_OWED)?;
            let now = service.clock.now();
            let view = View { service, person, ask, sight: &sight, owed: &owed, now, most: EXPORTED };
            Ok(view.heads(s, found.as_deref(), after)?.0)
        })?;
        *at = heads.last().filter(|_| heads.len() == EXPORTED as usize).map(|head| Mark::after(ask, head));
        Ok(heads)
    }
}

/// A page of a list.
///
/// # Errors
/// [`Code::BadInput`], [`Code::Forbidden`].
pub async fn queue(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Json<Queue>, Fault> {
    ask.allowed(&seat)?;
    let person = &seat.0;
    let everything = sees_everything(person.role);
    let (own, sight) = (own_units(&service, &person.unit), Sight::of(&service, person));
    let now = service.clock.now();
    let after = Mark::read(&ask)?;
    let (inner, ask) = (service.clone(), Arc::new(ask));
    let rids = if ask.looks_for_some() {
        let (ask, role) = (ask.clone(), person.role);
        aside(move || ask.found(&inner, role)).await?
    } else {
        None
    };
    let (heads, total, counts, owed, hands) = service.db.ask(|s| {
        let tasks = tasks::count(s, &own)?;
        let owed = if tasks == 0 { Vec::new() } else { tasks::elsewhere(s, &own, MOST_OWED)? };
        let view = View { service: &service, person, ask: &ask, sight: &sight, owed: &owed, now, most: PAGE };
        let (heads, total) = view.heads(s, rids.as_deref(), after)?;
        let triage = if everything { lists::count(s, TRIAGE, &sight)? } else { 0 };
        let inbox = lists::count(s, INBOX, &sight)? + tasks;
        let owed: Vec<i64> = owed.iter().map(|head| head.rid).collect();
        let hands = if everything { HashMap::new() } else { hands(s, &service, &heads)? };
        Ok((heads, total, (triage, inbox, tasks, service.watch.lately(s, &sight, now)?), owed, hands))
    })?;
    let (triage, inbox, tasks, late) = counts;
    let next = heads.last().filter(|_| heads.len() == PAGE as usize).map(|head| Mark::after(&ask, head).to_string());
    let rows = with_names(&service, |names| {
        heads
            .iter()
            .map(|h| QueueRow { task: owed.contains(&h.rid), hand: hands.get(&h.rid).cloned(), ..names.row(h) })
            .collect()
    });
    Ok(Json(Queue { rows, next, total, triage, inbox, tasks, late }))
}

/// Names of those who have these requests in hand, by row number.
fn hands(s: &mut dyn Session, service: &Service, heads: &[Head]) -> DbResult<HashMap<i64, String>> {
    let (mut names, mut out) = (HashMap::<i64, String>::new(), HashMap::new());
    for head in heads.iter().filter(|head| head.state.is_open()) {
        let who = service.hands.of(s, head)?;
        if who == 0 {
            continue;
        }
        let name = match names.get(&who) {
            Some(name) => name.clone(),
            None => names.entry(who).or_insert(staff::name(s, who)?).clone(),
        };
        out.insert(head.rid, name);
    }
    Ok(out)
}

/// Everything, and what is finished, stands newest first; open work most urgent first.
fn by_age(ask: &Ask) -> bool {
    ask.list == List::All || ask.state.is_some_and(|state| !state.is_open())
}

/// Where a page goes on.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Urgency(Place),
    /// Before this row.
    Age(i64),
}

impl Mark {
    fn read(ask: &Ask) -> Result<Self, Fault> {
        let number = |text: &str| text.parse::<i64>().ok();
        let read = match (by_age(ask), ask.after.as_str()) {
            (true, "") => Some(Self::Age(i64::MAX)),
            (true, text) => number(text).map(Self::Age),
            (false, "") => Some(Self::Urgency(Place::BEGIN)),
            (false, text) => text
                .split_once('.')
                .and_then(|(urgency, rid)| Some(Self::Urgency(Place { urgency: number(urgency)?, rid: number(rid)? }))),
        };
        read.ok_or_else(|| Fault::bad_input("Sayfa işareti anlaşılamadı."))
    }

    fn after(ask: &Ask, head: &Head) -> Self {
        if by_age(ask) { Self::Age(head.rid) } else { Self::Urgency(Place::of(head)) }
    }

    fn precedes(self, head: &Head) -> bool {
        match self {
            Self::Urgency(place) => place < Place::of(head),
            Self::Age(rid) => rid > head.rid,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Urgency(Place { urgency, rid }) => write!(f, "{urgency}.{rid}"),
            Self::Age(rid) => write!(f, "{rid}"),
        }
    }
}

/// What a page is made of.
struct View<'a> {
    service: &'a Service,
    person: &'a Person,
    ask: &'a Ask,
    /// Which requests the person sees.
    sight: &'a Sight,
    /// What lies elsewhere, and one of the person's units owes a part of.
    owed: &'a [Head],
    now: i64,
    /// Rows of a page.
    most: u32,
}

impl View<'_> {
    /// A page of the list, or of what of it was found, and how many there are in all.
    fn heads(&self, s: &mut dyn Session, found: Option<&[i64]>, after: Mark) -> DbResult<(Vec<Head>, u32)> {
        match found {
            None => self.page(s, after),
            Some(rids) => self.found(s, rids, after),
        }
    }

    /// A page of the list, and how many it has in all.
    fn page(&self, s: &mut dyn Session, after: Mark) -> DbResult<(Vec<Head>, u32)> {
        let Self { ask, sight, now, most, .. } = *self;
        let place = match after {
            Mark::Age(before) => {
                let heads = lists::newest(s, ask.state, sight, before, most)?;
                return Ok((heads, lists::total(s, ask.state, sight)?));
            }
            Mark::Urgency(place) => place,
        };
        let owed = || self.owed.iter().filter(|head| place < Place::of(head)).cloned();
        let tasks = self.owed.len() as u32;
        Ok(match ask.list {
            List::Tasks => (lists::page(owed().collect(), most), tasks),
            List::Late => {
                let percent = u32::from(ask.percent);
                let total = if percent == 100 {
                    self.service.watch.count(s, sight, now)?
                } else {
                    lists::in_sight(&lists::count_late(s, lists::by(sight), now, percent)?, sight)
                };
                (lists::late(s, sight, now, percent, place, most)?, total)
            }
            List::Triage | List::Inbox | List::All => {
                if let Some(hand) = self.hand() {
                    return self.in_hand(s, hand, place);
                }
                let states = self.states();
                let mut heads = lists::urgent(s, &states, sight, place, most)?;
                let mut total = lists::count(s, &states, sight)?;
                if ask.list == List::Inbox && ask.state.is_none() {
                    heads.extend(owed());
                    heads = lists::page(heads, most);
                    total += tasks;
                }
                (heads, total)
            }
        })
    }

    /// What of the list has all the words that were typed in, and how many there are of it.
    fn found(&self, s: &mut dyn Session, rids: &[i64], after: Mark) -> DbResult<(Vec<Head>, u32)> {
        let (mut heads, mut total) = (Vec::new(), 0);
        for rid in rids {
            let Some(head) = s.first(requests::OF_RID, &[(*rid).into()], requests::head)? else { continue };
            if !self.stands_in(&head) || !build::sees_now(s, self.service, self.person, &head)? {
                continue;
            }
            if let Some(hand) = self.hand()
                && self.service.hands.of(s, &head)? != hand
            {
                continue;
            }
            total += 1;
            if after.precedes(&head) {
                heads.push(head);
            }
        }
        match after {
            // They come newest first.
            Mark::Age(_) => heads.truncate(self.most as usize),
            Mark::Urgency(_) => heads = lists::page(heads, self.most),
        }
        Ok((heads, total))
    }

    /// Whose work alone is asked for: in a unit's inbox.
    fn hand(&self) -> Option<i64> {
        let in_unit = matches!(self.sight, Sight::Units(_)) && self.ask.list == List::Inbox;
        self.ask.hand.filter(|_| in_unit)
    }

    /// What somebody has in hand behind a place, and how much there is of it. It is told by events, so all that is open is
    /// looked through.
    fn in_hand(&self, s: &mut dyn Session, hand: i64, after: Place) -> DbResult<(Vec<Head>, u32)> {
        let mut heads = Vec::new();
        for head in lists::urgent(s, &self.states(), self.sight, Place::BEGIN, u32::MAX)? {
            if self.service.hands.of(s, &head)? == hand {
                heads.push(head);
            }
        }
        let total = u32::try_from(heads.len()).unwrap_or(u32::MAX);
        heads.retain(|head| after < Place::of(head));
        Ok((lists::page(heads, self.most), total))
    }

    /// Whether a row belongs to the list.
    fn stands_in(&self, head: &Head) -> bool {
        let here = self.sight.has_head(head);
        let owed = || self.owed.iter().any(|owed| owed.rid == head.rid);
        let in_state = || self.states().contains(&head.state);
        match self.ask.list {
            List::Triage => in_state(),
            List::Inbox => (here && in_state()) || (self.ask.state.is_none() && owed()),
            List::Tasks => owed(),
            List::Late => here && head.state.is_open() && self.is_late(head),
            List::All => self.ask.state.is_none_or(|state| state == head.state),
        }
    }

    fn is_late(&self, head: &Head) -> bool {
        requests::is_late(head.received, head.due, head.paused, head.returns, self.now, self.ask.percent)
    }

    /// The list's own states, or the one that is asked for: a unit also looks at what it has finished.
    fn states(&self) -> Vec<CaseState> {
        let own = if self.ask.list == List::Triage { TRIAGE } else { INBOX };
        self.ask.state.map_or_else(|| own.to_vec(), |state| vec![state])
    }
}
