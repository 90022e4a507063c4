//! `GET queue` and `GET directory`.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::fold::fold;
use mbs_shared::routing::State as CaseState;
use mbs_shared::wire::error::Code;
use serde::Deserialize;

use crate::auth::rights::{Right, sees_everything};
use crate::database::requests::Head;
use crate::database::staff::Person;
use crate::database::{DbResult, Session, lists};
use crate::error::Fault;
use crate::handlers::input::{Json, Query};
use crate::service::Service;

use super::view::{DeskCategory, DeskDirectory, DeskNeighbourhood, DeskUnit, Queue};
use super::{Seat, build, own_units, with_names};

/// Rows of a page.
const PAGE: u32 = 100;
/// Rows a search looks through before it says that there are too many.
const SEARCHED: u32 = 5_000;

/// Waits for triage.
const TRIAGE: &[CaseState] = &[CaseState::Received, CaseState::InReview];
/// Waits for a unit.
const INBOX: &[CaseState] = &[
    CaseState::Assigned,
    CaseState::InProgress,
    CaseState::Planned,
    CaseState::AnswerPending,
    CaseState::AwaitingMuhtar,
];

/// Work is owed.
const OPEN: &[CaseState] = &[
    CaseState::Received,
    CaseState::InReview,
    CaseState::Assigned,
    CaseState::InProgress,
    CaseState::Planned,
    CaseState::External,
    CaseState::AnswerPending,
    CaseState::AwaitingMuhtar,
];

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// What triage has to decide.
    Triage,
    /// What lies at the person's unit.
    Inbox,
    /// What is late or was returned twice.
    Late,
    /// Everything the person may see, newest first.
    All,
}

/// The query of `GET queue`.
#[derive(Debug, Deserialize)]
pub struct Ask {
    list: List,
    #[serde(default)]
    state: Option<CaseState>,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
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
    seat.needs(Right::Read)?;
    let person = &seat.0;
    let everything = sees_everything(person.role);
    if ask.list == List::Triage && !everything {
        return Err(Code::Forbidden.into());
    }
    let after: i64 = match ask.after.as_str() {
        "" => 0,
        text => text.parse().map_err(|_| Fault::because(Code::BadInput, "Sayfa işareti anlaşılamadı."))?,
    };
    let own = own_units(&service, &person.unit);
    let units = if everything { None } else { Some(own.as_slice()) };
    let now = service.clock.now();
    let (heads, total, counts) = service.db.ask(|s| {
        let (heads, total) = match ask.list {
            List::Triage => (
                lists::oldest(s, &one_of(TRIAGE, ask.state), None, after, PAGE)?,
                lists::count(s, &one_of(TRIAGE, ask.state), None)?,
            ),
            List::Inbox => {
                let states = one_of(INBOX, ask.state);
                (lists::oldest(s, &states, units, after, PAGE)?, lists::count(s, &states, units)?)
            }
            List::Late => (lists::late(s, OPEN, units, now, after, PAGE)?, lists::count_late(s, OPEN, units, now)?),
            List::All => (all(s, &service, person, &ask, after)?, lists::total(s)?),
        };
        let triage = if everything { lists::count(s, TRIAGE, None)? } else { 0 };
        let inbox = lists::count(s, INBOX, units)?;
        Ok((heads, total, (triage, inbox, lists::count_late(s, OPEN, units, now)?)))
    })?;
    let (triage, inbox, late) = counts;
    let full = heads.len() == PAGE as usize;
    let next = heads.last().filter(|_| full).map(|h| h.rid.to_string());
    let words = fold(&ask.q);
    let mut rows: Vec<_> = with_names(&service, |names| {
        heads
            .iter()
            .filter(|h| ask.list == List::All || matches(h, &words, &names.row(h).place))
            .map(|h| names.row(h))
            .collect()
    });
    if ask.list != List::All {
        // Urgent first; within that the one with the least time left, then the oldest.
        rows.sort_by(|a, b| {
            a.priority.cmp(&b.priority).then(b.spent.total_cmp(&a.spent)).then(a.received.cmp(&b.received))
        });
    }
    Ok(Json(Queue { rows, next, total, triage, inbox, late }))
}

/// The list's own states, or the one that is asked for: a unit also looks at what it has finished.
fn one_of(states: &[CaseState], wanted: Option<CaseState>) -> Vec<CaseState> {
    wanted.map_or_else(|| states.to_vec(), |w| vec![w])
}

/// Everything the person may see, newest first; a number that was typed in finds its request at once.
fn all(s: &mut dyn Session, service: &Service, person: &Person, ask: &Ask, after: i64) -> DbResult<Vec<Head>> {
    let mut out = Vec::new();
    let sees = |h: &Head| build::sees(service.knowledge.directory, person, service.scopes.code(h.unit), &[]);
    out.extend(lists::by_number(s, &ask.q)?.into_iter().filter(sees));
    if !out.is_empty() {
        return Ok(out);
    }
    let words = fold(&ask.q);
    let mut before = if after == 0 { i64::MAX } else { after };
    let mut looked = 0;
    while out.len() < PAGE as usize && looked < SEARCHED {
        let heads = lists::newest(s, before, PAGE)?;
        let Some(last) = heads.last() else { break };
        before = last.rid;
        looked += PAGE;
        let ended = heads.len() < PAGE as usize;
        for h in heads {
            let place = with_names(service, |n| n.row(&h).place);
            if out.len() < PAGE as usize
                && ask.state.is_none_or(|w| w == h.state)
                && sees(&h)
                && matches(&h, &words, &place)
            {
                out.push(h);
            }
        }
        if ended {
            break;
        }
    }
    Ok(out)
}

/// Whether every folded word occurs in number, title, category or place.
fn matches(h: &Head, words: &str, place: &str) -> bool {
    if words.is_empty() {
        return true;
    }
    let text = fold(&format!("{} {} {} {} {place}", h.no, h.case_no, h.title, h.category));
    words.split_whitespace().all(|w| text.contains(w))
}

/// Units, categories and neighbourhoods for choosing.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn directory(State(service): State<Arc<Service>>, seat: Seat) -> Result<Json<DeskDirectory>, Fault> {
    seat.needs(Right::Read)?;
    let d = service.knowledge.directory;
    Ok(Json(DeskDirectory {
        units: d
            .units
            .iter()
            // Kept by name where they stand in a history; not for choosing.
            .filter(|u| !u.retired)
            .map(|u| DeskUnit {
                code: u.code.clone(),
                name: u.name.clone(),
                kind: u.kind,
                parent: u.parent.clone(),
                external: u.is_external(),
            })
            .collect(),
        categories: d
            .categories
            .iter()
            .map(|c| DeskCategory {
                code: c.code.clone(),
                name: c.name.clone(),
                name_en: c.name_en.clone(),
                photo: c.photo,
            })
            .collect(),
        neighbourhoods: d
            .neighbourhoods
            .iter()
            .map(|n| DeskNeighbourhood { code: n.code.clone(), name: format!("{}, {}", n.name, n.district) })
            .collect(),
    }))
}
