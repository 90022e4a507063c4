//! `GET queue`.

use std::sync::Arc;

use axum::extract::State;
use mbs_shared::fold::fold;
use mbs_shared::routing::State as CaseState;
use mbs_shared::wire::error::Code;
use serde::Deserialize;

use crate::auth::rights::{Right, sees_everything};
use crate::database::requests::{self, Head};
use crate::database::staff::Person;
use crate::database::{DbResult, Session, lists};
use crate::error::Fault;
use crate::handlers::input::{Json, Query};
use crate::service::Service;

use super::view::Queue;
use super::{Seat, aside, build, own_units, with_names};

/// Rows of a page.
const PAGE: u32 = 100;
/// Requests a search goes through at most: who finds more has to say more.
const MOST_FOUND: usize = 2_000;

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
        text => text.parse().map_err(|_| Fault::bad_input("Sayfa işareti anlaşılamadı."))?,
    };
    let own = own_units(&service, &person.unit);
    let units = if everything { None } else { Some(own.as_slice()) };
    let now = service.clock.now();
    let rids = if ask.list == List::All && !ask.q.trim().is_empty() {
        let (inner, words) = (service.clone(), ask.q.clone());
        let mut rids = aside(move || Ok(inner.search.find(&inner, &words)?)).await?;
        rids.truncate(MOST_FOUND);
        Some(rids)
    } else {
        None
    };
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
            List::Late => (lists::late(s, units, now, after, PAGE)?, service.watch.count(s, units, now)?),
            List::All => match &rids {
                Some(rids) => found(s, &service, person, &ask, after, rids)?,
                None => all(s, units, ask.state, after)?,
            },
        };
        let triage = if everything { lists::count(s, TRIAGE, None)? } else { 0 };
        let inbox = lists::count(s, INBOX, units)?;
        Ok((heads, total, (triage, inbox, service.watch.lately(s, units, now)?)))
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

/// Everything the person may see, newest first, and how many there are.
fn all(s: &mut dyn Session, units: Option<&[u32]>, state: Option<CaseState>, after: i64) -> DbResult<(Vec<Head>, u32)> {
    let before = if after == 0 { i64::MAX } else { after };
    let states = one_of(&CaseState::ALL, state);
    match units {
        Some(units) => Ok((lists::newest_at(s, &states, units, before, PAGE)?, lists::count(s, &states, Some(units))?)),
        None if state.is_none() => Ok((lists::newest(s, before, PAGE)?, lists::total(s)?)),
        None => Ok((lists::newest_in(s, &states, before, PAGE)?, lists::count(s, &states, None)?)),
    }
}

/// What has all the words that were typed in, newest first, and how many the person may see of it.
fn found(
    s: &mut dyn Session,
    service: &Service,
    person: &Person,
    ask: &Ask,
    after: i64,
    rids: &[i64],
) -> DbResult<(Vec<Head>, u32)> {
    let (mut out, mut total) = (Vec::new(), 0);
    for rid in rids {
        let Some(head) = s.first(requests::OF_RID, &[(*rid).into()], requests::head)? else { continue };
        let sees = build::sees(service.knowledge.directory, person, service.scopes.code(head.unit), &[]);
        if !sees || ask.state.is_some_and(|wanted| wanted != head.state) {
            continue;
        }
        total += 1;
        if out.len() < PAGE as usize && (after == 0 || *rid < after) {
            out.push(head);
        }
    }
    Ok((out, total))
}

/// Whether every folded word occurs in number, title, category or place.
fn matches(h: &Head, words: &str, place: &str) -> bool {
    if words.is_empty() {
        return true;
    }
    let text = fold(&format!("{} {} {} {} {place}", h.no, h.case_no, h.title, h.category));
    words.split_whitespace().all(|w| text.contains(w))
}
