//! Requests that have to do with each other: what one is told because another went on.
//!
//! A duplicate is concluded with its parent's number, and the parent notes it ([`What::Joined`]). When the parent is
//! concluded, each of its duplicates is told how ([`What::Followed`]); one that is opened again is parted from it. A link
//! stands on both; a muhtar makes one when he files a request as an addition to another. All of it is appended in the transaction of the decision it follows from.

use mbs_shared::id::{OfficialNo, RequestId};
use mbs_shared::routing::case::Answer;
use mbs_shared::routing::{Case, Event, State, What, Who};

use super::apply::{Loaded, Origin, append_steps, load};
use super::decide::Step;
use crate::database::requests::{self, Head};
use crate::database::{DbResult, Session};
use crate::service::Service;
use crate::writer::Tx;

/// Longest way from a duplicate to the request that is worked on; nobody builds one on purpose.
const FAR: usize = 16;

/// The request with that number; of a duplicate the one that is worked on.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn root(session: &mut dyn Session, no: OfficialNo) -> DbResult<Option<OfficialNo>> {
    let mut no = no;
    for _ in 0..FAR {
        let Some(head) = requests::by_no(session, no)? else { return Ok(None) };
        match load(session, head)?.case.parent() {
            Some(parent) => no = parent,
            None => return Ok(Some(no)),
        }
    }
    Ok(None)
}

/// Tells the others what `events` of `loaded` mean for them, and the request itself what its parent was told already.
/// `parent`: of which it was a duplicate before.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn tell(
    tx: &mut Tx<'_>,
    service: &Service,
    loaded: &mut Loaded,
    parent: Option<OfficialNo>,
    events: &[Event],
) -> DbResult<()> {
    let Some(own) = loaded.case.no else { return Ok(()) };
    for event in events {
        match &event.what {
            What::Linked { no } if event.by != Who::System => {
                note(tx, service, *no, event.at, |_, _| Some(said(What::Linked { no: own })))?;
            }
            What::Concluded { parent, .. } => {
                if let Some(parent) = parent {
                    note(tx, service, *parent, event.at, |_, _| Some(said(What::Joined { no: own })))?;
                    if let Some(step) = ended(tx.session(), *parent)? {
                        append_steps(tx, service, loaded, vec![step], &by_server(event.at))?;
                    }
                }
                let step = loaded.case.answer.as_ref().map(|answer| following(&loaded.head, own, answer));
                for duplicate in loaded.case.duplicates.clone() {
                    let step = |_: &Head, case: &Case| step.clone().filter(|_| case.parent() == Some(own));
                    note(tx, service, duplicate, event.at, step)?;
                }
            }
            What::Objected | What::Reopened => {
                if let Some(parent) = parent {
                    note(tx, service, parent, event.at, |_, _| Some(said(What::Parted { no: own })))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The request a muhtar adds a new one to, by its number; `None` where it is not here, or was cancelled.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn to_link(session: &mut dyn Session, id: RequestId) -> DbResult<Option<OfficialNo>> {
    Ok(requests::by_id(session, id)?.filter(|head| head.state != State::Cancelled).map(|head| head.no))
}

/// Notes at the one with number `no` that `own` was added to it.
///
/// # Errors
/// [`crate::database::DbError`].
pub fn link_back(tx: &mut Tx<'_>, service: &Service, no: OfficialNo, own: OfficialNo, at: i64) -> DbResult<()> {
    note(tx, service, no, at, |_, _| Some(said(What::Linked { no: own })))
}

/// What a duplicate is told of a request that has ended.
fn ended(session: &mut dyn Session, no: OfficialNo) -> DbResult<Option<Step>> {
    let Some(head) = requests::by_no(session, no)? else { return Ok(None) };
    let Loaded { head, case } = load(session, head)?;
    Ok(case.answer.as_ref().map(|answer| following(&head, no, answer)))
}

/// The answer's words go along, but not those about a discreet request: they are its own muhtar's.
fn following(head: &Head, no: OfficialNo, answer: &Answer) -> Step {
    let note = if head.flags & requests::DISCREET == 0 { answer.text.clone() } else { String::new() };
    Step { what: What::Followed { no, outcome: answer.outcome }, note }
}

fn said(what: What) -> Step {
    Step { what, note: String::new() }
}

const fn by_server(at: i64) -> Origin {
    Origin { by: Who::System, author: 0, entry: None, at }
}

/// Appends what the server notes at another request; nothing at one that is not there any more.
fn note(
    tx: &mut Tx<'_>,
    service: &Service,
    no: OfficialNo,
    at: i64,
    step: impl FnOnce(&Head, &Case) -> Option<Step>,
) -> DbResult<()> {
    let Some(head) = requests::by_no(tx.session(), no)? else { return Ok(()) };
    let mut loaded = load(tx.session(), head)?;
    match step(&loaded.head, &loaded.case) {
        Some(step) => append_steps(tx, service, &mut loaded, vec![step], &by_server(at)).map(drop),
        None => Ok(()),
    }
}
