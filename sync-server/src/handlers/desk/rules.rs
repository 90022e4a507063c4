//! How categories are routed: `GET rules`, `GET rules/{id}`, `POST rules/preview`, `POST rules`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use mbs_shared::routing::deadline::calendar_days;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::auth::sight::Sight;
use crate::database::versions::Versioned;
use crate::database::{DbResult, News, Session, lists, requests, rules as stored};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::routing::rules::{Changes, Rule, Rules, check};
use crate::service::Service;

use super::directory::change::{DeskVersion, told};
use super::view::UnitRef;
use super::{Seat, aside, with_names};

/// Days over which new rules are rehearsed.
const REHEARSED: i64 = 365;
/// Ways that are told of a rehearsal, the most frequent first.
const WAYS: usize = 30;
/// Requests that are looked at for how often a suggestion is taken.
const LOOKED_AT: u32 = 1_000;
/// Versions that are shown.
const VERSIONS: u32 = 50;
/// Longest reason, in bytes.
const MAX_NOTE: usize = 1_000;

/// How categories are routed now, and how they were.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct DeskRules {
    /// Number of the version: send it back with [`NewRules::base`].
    #[ts(type = "number")]
    pub version: i64,
    /// Every category's rule, by its code.
    pub rules: BTreeMap<String, Rule>,
    /// Categories whose rule is not the directory's.
    pub changed: Vec<String>,
    /// Versions, newest first.
    pub versions: Vec<DeskVersion>,
    /// Of the last [`LOOKED_AT`] requests, how many a person routed for which the rules name a unit…
    pub suggested: u32,
    /// …and how many of them to that unit.
    pub taken: u32,
}

/// New rules for some categories.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewRules {
    /// The version they were made from.
    #[ts(type = "number")]
    pub base: i64,
    /// Rules by category code.
    pub changes: Changes,
    /// Why.
    pub note: String,
}

/// What new rules would have done to the requests of the last year.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Rehearsal {
    /// Requests of the last year.
    pub requests: u32,
    /// How many of them would have gone elsewhere.
    pub elsewhere: u32,
    /// How many would have had another date.
    pub dates: u32,
    /// From where to where, the most frequent first.
    pub ways: Vec<Way>,
}

/// Requests that would have gone another way.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct Way {
    /// Category code.
    pub category: String,
    /// Where they went; `null`: triage looked first.
    pub from: Option<UnitRef>,
    /// Where they would have gone.
    pub to: Option<UnitRef>,
    /// How many.
    pub count: u32,
}

/// The rules.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn show(State(service): State<Arc<Service>>, _: Seat) -> Result<Json<DeskRules>, Fault> {
    page(&service, &service.rules()).map(Json)
}

/// The rules as an earlier version had them, to be looked at or taken up again.
///
/// # Errors
/// [`Code::NotFound`].
pub async fn version(
    State(service): State<Arc<Service>>,
    _: Seat,
    Path(id): Path<i64>,
) -> Result<Json<DeskRules>, Fault> {
    let directory = service.directory();
    // 0: as the directory has them.
    let changes = match service.db.ask(|s| Versioned::Rules.by_id(s, id))? {
        Some(version) => version.read()?,
        None if id == 0 => Changes::new(),
        None => return Err(Code::NotFound.into()),
    };
    page(&service, &Rules::new(directory, id, changes)).map(Json)
}

/// What new rules would have done to the last year's requests. Nothing is changed.
///
/// # Errors
/// [`Code::BadInput`] with the category.
pub async fn preview(
    State(service): State<Arc<Service>>,
    _: Seat,
    Json(new): Json<NewRules>,
) -> Result<Json<Rehearsal>, Fault> {
    check(service.directory(), &new.changes)?;
    let inner = service.clone();
    aside(move || rehearse(&inner, new.changes)).await.map(Json)
}

/// New rules take effect: for what comes from now on. What was routed before stays where it is.
///
/// # Errors
/// [`Code::Stale`] when others changed them meanwhile; [`Code::BadInput`] with the category, or without a reason.
pub async fn change(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(NewRules { base, changes, note }): Json<NewRules>,
) -> Result<Json<DeskRules>, Fault> {
    let directory = service.directory();
    let note = note.trim().to_owned();
    if note.is_empty() || note.len() > MAX_NOTE {
        return Err(Fault::bad_input("note: Neden değiştirdiğinizi yazın; sonradan bakan anlasın."));
    }
    check(directory, &changes)?;
    let (author, at) = (seat.0.id, service.clock.now());
    service
        .write(move |tx| {
            let before = Rules::load(tx.session(), directory)?;
            if before.version != base {
                return Err(Code::Stale.into());
            }
            let after = before.with(directory, changes);
            if after.changes() == before.changes() {
                return Err(Fault::bad_input("changes: Hiçbir kural değişmemiş."));
            }
            let body = serde_json::to_string(after.changes()).map_err(Fault::internal)?;
            Versioned::Rules.add(tx.session(), at, author, &note, &body)?;
            for category in &directory.categories {
                let (was, is) = (before.priority(&category.code), after.priority(&category.code));
                if was != is {
                    stored::set_priority(tx.session(), &category.code, requests::urgency_of(is))?;
                }
            }
            tx.db.announce(News::Settings);
            Ok(())
        })
        .await?;
    service.refresh_settings()?;
    tracing::info!(by = author, version = service.rules().version, "the rules of routing were changed");
    page(&service, &service.rules()).map(Json)
}

fn page(service: &Service, rules: &Rules) -> Result<DeskRules, Fault> {
    let categories = &service.directory().categories;
    let offered = categories.iter().filter(|c| !c.retired);
    let all = offered.filter_map(|c| Some((c.code.clone(), rules.of(&c.code)?.clone()))).collect();
    let versions = service.db.ask(|s| told::<Rule>(s, Versioned::Rules, VERSIONS))?;
    let changed = rules.changes().keys().cloned().collect();
    let (suggested, taken) = service.db.ask(|s| suggestions(s, service, rules))?;
    Ok(DeskRules { version: rules.version, rules: all, changed, versions, suggested, taken })
}

/// How often a person routed what the rules name a unit for, and how often to that unit.
fn suggestions(s: &mut dyn Session, service: &Service, rules: &Rules) -> DbResult<(u32, u32)> {
    let (mut suggested, mut taken) = (0, 0);
    for head in lists::newest(s, None, &Sight::All, i64::MAX, LOOKED_AT)? {
        let place = service.scopes.code(if head.place == 0 { head.scope } else { head.place });
        let named = rules.of(&head.category).and_then(|rule| service.directory().resolve(&rule.route, place));
        let Some(named) = named else { continue };
        let routed = service.by_hand.unit(s, &head)?;
        suggested += u32::from(routed.is_some());
        taken += u32::from(routed.as_ref() == Some(&named.code));
    }
    Ok((suggested, taken))
}

fn rehearse(service: &Service, changes: Changes) -> Result<Rehearsal, Fault> {
    let directory = service.directory();
    let before = service.rules();
    let after = before.with(directory, changes);
    let since = calendar_days(service.clock.now(), -REHEARSED);
    let mut rehearsal = Rehearsal { requests: 0, elsewhere: 0, dates: 0, ways: Vec::new() };
    let mut ways: BTreeMap<(String, &str, &str), u32> = BTreeMap::new();
    for came in service.db.ask(|s| stored::came(s, since))? {
        rehearsal.requests += came.count;
        let days = |rules: &Rules| rules.of(&came.category).map(|rule| rule.target_days);
        rehearsal.dates += if days(&before) == days(&after) { 0 } else { came.count };
        let place = service.scopes.code(came.place);
        let target =
            |rules: &Rules| rules.target(directory, &came.category, place).map_or("", |unit| unit.code.as_str());
        let (from, to) = (target(&before), target(&after));
        if from != to {
            rehearsal.elsewhere += came.count;
            *ways.entry((came.category, from, to)).or_default() += came.count;
        }
    }
    rehearsal.ways = with_names(service, |names| {
        let way = |((category, from, to), count)| Way { category, from: names.unit(from), to: names.unit(to), count };
        ways.into_iter().map(way).collect()
    });
    rehearsal.ways.sort_by_key(|way| std::cmp::Reverse(way.count));
    rehearsal.ways.truncate(WAYS);
    Ok(rehearsal)
}
