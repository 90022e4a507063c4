//! `GET report`, `GET report.xlsx`, `GET requests.csv`, `GET requests.geojson`, `GET open-data.csv`.

use std::sync::Arc;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use mbs_shared::routing::Outcome;
use serde::Deserialize;

use crate::auth::rights::{Right, sees_everything};
use crate::database::requests::{self, Head};
use crate::database::{DbResult, Session, changes, events, reports};
use crate::error::Fault;
use crate::handlers::input::{Json, Query};
use crate::handlers::nearby::may_be_told;
use crate::report::{self, Period, Report, book, map, open, table};
use crate::service::Service;

use super::{Seat, aside, own_units, with_names};

/// The query of every report.
#[derive(Debug, Default, Deserialize)]
pub struct Ask {
    /// First day, `YYYY-MM-DD`.
    #[serde(default)]
    from: String,
    /// Last day, `YYYY-MM-DD`.
    #[serde(default)]
    until: String,
}

impl Ask {
    /// The period; the last thirteen weeks when nothing is said.
    fn period(&self, now: i64) -> Result<Period, Fault> {
        if self.from.is_empty() && self.until.is_empty() {
            return Ok(Period::lately(now));
        }
        Period::read(&self.from, &self.until)
            .ok_or_else(|| Fault::bad_input("Dönem anlaşılamadı: iki gün verin, en çok beş yıl arayla."))
    }
}

/// What is counted: the requests of a period that these units hold; `None`: whoever holds them.
struct Counted {
    period: Period,
    units: Option<Vec<u32>>,
}

impl Counted {
    /// As asked for, within what the person may see.
    fn of(service: &Service, seat: &Seat, ask: &Ask) -> Result<Self, Fault> {
        seat.needs(Right::Report)?;
        let period = ask.period(service.clock.now())?;
        let units = (!sees_everything(seat.0.role)).then(|| own_units(service, &seat.0.unit));
        Ok(Self { period, units })
    }

    fn has(&self, head: &Head) -> bool {
        self.units.as_ref().is_none_or(|units| units.contains(&head.unit))
    }

    /// The name of a file about it.
    fn file(&self, about: &str, ending: &str) -> String {
        format!("{about}-{}-{}.{ending}", self.period.from, self.period.until)
    }
}

/// A period in figures.
///
/// # Errors
/// [`mbs_shared::wire::error::Code::BadInput`], [`mbs_shared::wire::error::Code::Forbidden`].
pub async fn show(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Json<Report>, Fault> {
    let Counted { period, units } = Counted::of(&service, &seat, &ask)?;
    let now = service.clock.now();
    let mut report =
        aside(move || Ok(service.db.ask(|s| report::count(s, &service, period, units.as_deref(), now))?)).await?;
    // A thousand lines that no screen shows; the workbook has them.
    report.neighbourhoods.truncate(SHOWN);
    Ok(Json(report))
}

/// Neighbourhoods a screen is told.
const SHOWN: usize = 20;

/// The same as a workbook, with the reasons of refusals.
///
/// # Errors
/// As [`show`].
pub async fn workbook(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Response, Fault> {
    let counted = Counted::of(&service, &seat, &ask)?;
    let now = service.clock.now();
    let name = counted.file("muhtarlik-basvurulari", "xlsx");
    let bytes = aside(move || {
        let (report, refused) = service.db.ask(|s| {
            let report = report::count(s, &service, counted.period, counted.units.as_deref(), now)?;
            Ok((report, refused(s, &service, &counted)?))
        })?;
        book::write(&report, &refused).map_err(Fault::internal)
    })
    .await?;
    Ok(download(&name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Body::from(bytes)))
}

/// Every request of the period as a table, written while it is read.
///
/// # Errors
/// As [`show`].
pub async fn requests_table(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Response, Fault> {
    let counted = Counted::of(&service, &seat, &ask)?;
    let name = counted.file("basvurular", "csv");
    let mut first = Vec::new();
    table::begin(&mut first).map_err(Fault::internal)?;
    let body = streamed(service, counted, first, Vec::new(), move |service, heads| {
        let mut out = Vec::with_capacity(heads.len() * 200);
        with_names(service, |names| {
            for head in heads {
                let record =
                    table::Record { row: names.row(head), concluded: head.concluded, confirmed: head.confirmed };
                table::add(&mut out, &record).map_err(Fault::internal)?;
            }
            Ok(out)
        })
    });
    Ok(download(&name, CSV, body))
}

/// Every request of the period that has a place, as a map (GeoJSON, RFC 7946), written while it is read.
///
/// # Errors
/// As [`show`].
pub async fn requests_map(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Response, Fault> {
    let counted = Counted::of(&service, &seat, &ask)?;
    let name = counted.file("basvurular", "geojson");
    let mut first = true;
    let body = streamed(service, counted, map::BEGIN.into(), map::END.into(), move |service, heads| {
        let mut out = Vec::with_capacity(heads.len() * 300);
        for head in heads {
            let raws = service.db.ask(|s| changes::of_request(s, head.rid))?;
            let Some(fix) = changes::read(&raws)?.request.gps else { continue };
            let row = with_names(service, |names| names.row(head));
            map::add(&mut out, &row, &fix, std::mem::take(&mut first)).map_err(Fault::internal)?;
        }
        Ok(out)
    });
    Ok(download(&name, "application/geo+json", body))
}

/// What of the period can be published: no words, numbers, photos or persons, places rounded, days for moments, and
/// nothing discreet or sensitive.
///
/// # Errors
/// As [`show`].
pub async fn open_data(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Response, Fault> {
    let counted = Counted::of(&service, &seat, &ask)?;
    let name = counted.file("acik-veri", "csv");
    let mut first = Vec::new();
    open::begin(&mut first).map_err(Fault::internal)?;
    let body = streamed(service, counted, first, Vec::new(), move |service, heads| {
        let mut out = Vec::with_capacity(heads.len() * 100);
        for head in heads.iter().filter(|head| may_be_told(service, head)) {
            let raws = service.db.ask(|s| changes::of_request(s, head.rid))?;
            let row = with_names(service, |names| names.row(head));
            let fix = changes::read(&raws)?.request.gps;
            open::add(&mut out, &row, fix.as_ref(), head.concluded).map_err(Fault::internal)?;
        }
        Ok(out)
    });
    Ok(download(&name, CSV, body))
}

const CSV: &str = "text/csv; charset=utf-8";

/// A body that is written while it is read: `begin`, each page of what is counted as `lines` has it, `end`.
fn streamed(
    service: Arc<Service>,
    counted: Counted,
    begin: Vec<u8>,
    end: Vec<u8>,
    lines: impl FnMut(&Service, &[Head]) -> Result<Vec<u8>, Fault> + Send + 'static,
) -> Body {
    let once = |bytes: Vec<u8>| stream::once(async move { Ok::<_, std::io::Error>(Bytes::from(bytes)) });
    let rows =
        stream::try_unfold((service, counted, lines, 0_i64), |(service, counted, mut lines, after)| async move {
            let page = aside(move || {
                let mut heads = service.db.ask(|s| page(s, counted.period, after))?;
                let Some(last) = heads.last().map(|head| head.rid) else { return Ok(None) };
                heads.retain(|head| counted.has(head));
                let bytes = lines(&service, &heads)?;
                Ok(Some((Bytes::from(bytes), (service, counted, lines, last))))
            });
            page.await.map_err(|fault| std::io::Error::other(fault.message))
        });
    Body::from_stream(once(begin).chain(rows).chain(once(end)))
}

/// Requests read at once.
const PAGE: u32 = 500;

fn page(s: &mut dyn Session, period: Period, after: i64) -> DbResult<Vec<Head>> {
    let (from, until) = period.range();
    s.all(reports::PAGE, &[after.into(), from.into(), until.into(), PAGE.into()], requests::head)
}

/// Requests of the period that were refused, with the answer that says why.
fn refused(s: &mut dyn Session, service: &Service, counted: &Counted) -> DbResult<Vec<book::Refused>> {
    let (mut out, mut after) = (Vec::new(), 0);
    loop {
        let heads = page(s, counted.period, after)?;
        let Some(last) = heads.last() else { return Ok(out) };
        after = last.rid;
        for head in heads.iter().filter(|head| head.outcome == Some(Outcome::Refused) && counted.has(head)) {
            let reason = if out.len() < book::MAX_REFUSED {
                let stored = events::of_request(s, head.rid)?;
                mbs_shared::routing::Case::fold(stored.iter().map(|e| &e.event)).answer.map(|answer| answer.text)
            } else {
                None
            };
            let row = with_names(service, |names| names.row(head));
            out.push(book::Refused {
                no: row.no,
                title: row.title,
                place: row.place,
                unit: row.unit.map(|unit| unit.name).unwrap_or_default(),
                at: head.concluded,
                reason: reason.unwrap_or_default(),
            });
        }
    }
}

fn download(name: &str, kind: &'static str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
