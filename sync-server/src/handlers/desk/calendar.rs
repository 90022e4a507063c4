//! Days off, and what the desk says of them: `GET calendar`, `POST calendar`, `POST calendar/{date}/drop`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use jiff::Span;
use jiff::civil::Date;
use mbs_shared::istanbul;
use mbs_shared::routing::deadline::date_of;
use mbs_shared::wire::error::Code;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::database::days::{self, Day, DayKind};
use crate::database::{News, staff};
use crate::error::Fault;
use crate::handlers::input::{Json, Path};
use crate::service::Service;

use super::Seat;

/// Days that are shown before today and after it.
const BEFORE: i64 = 31;
/// The calendar's own years end in 2031.
const AFTER: i64 = 550;
/// Longest name of a day, in bytes.
const MAX_NAME: usize = 120;

/// A day that is not like every other.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(export)]
pub struct CalendarDay {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// What it is.
    pub kind: DayKind,
    /// Its name.
    pub name: String,
    /// Who said so at the desk, by name; `null`: it stands in the calendar.
    pub author: Option<String>,
}

/// What a day is from now on.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(export)]
pub struct NewDay {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// What it is.
    pub kind: DayKind,
    /// Its name.
    pub name: String,
}

/// Days off of this time.
///
/// # Errors
/// [`Code::Forbidden`].
pub async fn list(State(service): State<Arc<Service>>, _: Seat) -> Result<Json<Vec<CalendarDay>>, Fault> {
    shown(&service).map(Json)
}

/// The desk says what a day is. It holds for dates that are worked out from then on.
///
/// # Errors
/// [`Code::BadInput`] with the field.
pub async fn set(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Json(new): Json<NewDay>,
) -> Result<Json<Vec<CalendarDay>>, Fault> {
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Fault::bad_input("name: Günün adını yazın, örneğin İdari izin."));
    }
    let today = date_of(service.clock.now());
    let date: Date = parse(&new.date)?;
    if date < today || date > today.saturating_add(Span::new().days(AFTER)) {
        return Err(Fault::bad_input("date: Bugünden başlayarak bir buçuk yıl içinde bir gün seçin."));
    }
    let (day, at) = (Day { date: date.to_string(), kind: new.kind, name, author: seat.0.id }, service.clock.now());
    service
        .write(move |tx| {
            tx.db.announce(News::Settings);
            Ok(days::set(tx.session(), &day, at)?)
        })
        .await?;
    service.refresh_settings()?;
    tracing::info!(by = seat.0.id, %date, "a day of the calendar was set");
    shown(&service).map(Json)
}

/// The desk says nothing of a day any more: it is as the calendar has it.
///
/// # Errors
/// [`Code::NotFound`].
pub async fn remove(
    State(service): State<Arc<Service>>,
    _: Seat,
    Path(date): Path<String>,
) -> Result<Json<Vec<CalendarDay>>, Fault> {
    let date = parse(&date)?.to_string();
    let dropped = service
        .write(move |tx| {
            tx.db.announce(News::Settings);
            Ok(days::drop_one(tx.session(), &date)?)
        })
        .await?;
    if !dropped {
        return Err(Code::NotFound.into());
    }
    service.refresh_settings()?;
    shown(&service).map(Json)
}

fn parse(text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| Fault::bad_input("date: Tarih YYYY-AA-GG biçiminde olmalı."))
}

fn shown(service: &Service) -> Result<Vec<CalendarDay>, Fault> {
    let today = date_of(service.clock.now());
    let (from, until) = (today.saturating_sub(Span::new().days(BEFORE)), today.saturating_add(Span::new().days(AFTER)));
    let shipped = istanbul::calendar().off(from, until).map(|(date, off)| {
        let kind = if off.half { DayKind::Half } else { DayKind::Off };
        (date.to_string(), CalendarDay { date: date.to_string(), kind, name: off.name.clone(), author: None })
    });
    let mut days: BTreeMap<String, CalendarDay> = shipped.collect();
    let (from, until) = (from.to_string(), until.to_string());
    service.db.ask(|s| {
        for Day { date, kind, name, author } in days::all(s)? {
            if date >= from && date <= until {
                let author = Some(staff::name(s, author)?);
                days.insert(date.clone(), CalendarDay { date, kind, name, author });
            }
        }
        Ok(())
    })?;
    Ok(days.into_values().collect())
}
