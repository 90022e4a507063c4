//! `GET report`, `GET report/refusals`, `GET report.xlsx`, `GET requests.csv`, `GET requests.xlsx`, `GET requests.geojson`, `GET open-data.csv`.

use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use mbs_shared::routing::deadline::date_of;
use mbs_shared::routing::{Outcome, State as CaseState};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use ts_rs::TS;

use crate::auth::sight::Sight;
use crate::database::requests::Head;
use crate::database::{DbResult, Session, changes, events, reports};
use crate::error::Fault;
use crate::handlers::input::{Json, Query};
use crate::handlers::nearby::may_be_told;
use crate::report::{self, Period, Report, book, map, open, rows, table};
use crate::service::Service;

use super::build::Names;
use super::lists::{self, List, Pages};
use super::{Seat, aside, with_names};

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

/// What is counted: the requests of a period that the person sees.
struct Counted {
    period: Period,
    sight: Sight,
}

impl Counted {
    /// As asked for, within what the person may see.
    fn of(service: &Service, seat: &Seat, ask: &Ask) -> Result<Self, Fault> {
        let period = ask.period(service.clock.now())?;
        Ok(Self { period, sight: Sight::of(service, &seat.0) })
    }

    fn has(&self, head: &Head) -> bool {
        self.sight.has_head(head)
    }

    /// The name of a file about it, without its ending.
    fn file(&self, about: &str) -> String {
        format!("{about}-{}-{}", self.period.from, self.period.until)
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
    let Counted { period, sight } = Counted::of(&service, &seat, &ask)?;
    let now = service.clock.now();
    let count = move || Ok(service.db.ask(|s| report::count(s, &service, period, &sight, now))?);
    aside(count).await.map(Json)
}

/// What was refused in a period.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct Refusals {
    /// How many.
    pub total: u32,
    /// With their reasons, the newest first; not more than a page can show.
    pub rows: Vec<book::Refused>,
}

/// Refusals a screen is told.
const SHOWN: usize = 200;

/// The requests of a period that were refused, with the reasons.
///
/// # Errors
/// As [`show`].
pub async fn refusals(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Json<Refusals>, Fault> {
    let counted = Counted::of(&service, &seat, &ask)?;
    let read = move || {
        Ok(service.db.ask(|s| {
            let heads = refused(s, &counted)?;
            let newest = heads.iter().rev().take(SHOWN);
            let rows = newest.map(|head| with_reason(s, &service, head)).collect::<DbResult<_>>()?;
            Ok(Refusals { total: u32::try_from(heads.len()).unwrap_or(u32::MAX), rows })
        })?)
    };
    aside(read).await.map(Json)
}

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
    let name = counted.file("muhtarlik-basvurulari");
    let bytes = aside(move || {
        let (report, refused, total) = service.db.ask(|s| {
            let report = report::count(s, &service, counted.period, &counted.sight, now)?;
            let heads = refused(s, &counted)?;
            let told = heads.iter().take(book::MAX_REFUSED).map(|head| with_reason(s, &service, head));
            Ok((report, told.collect::<DbResult<Vec<_>>>()?, heads.len()))
        })?;
        book::write(&report, &refused, total).map_err(Fault::internal)
    })
    .await?;
    Ok(download(&format!("{name}.xlsx"), XLSX, Body::from(bytes)))
}

/// The query of an export: a list as the desk shows it, or a period as reports count it.
#[derive(Debug, Deserialize)]
pub struct Export {
    #[serde(default)]
    list: Option<List>,
    #[serde(default)]
    state: Option<CaseState>,
    #[serde(default)]
    q: String,
    #[serde(default)]
    muhtarlik: String,
    #[serde(default = "lists::whole")]
    percent: u8,
    #[serde(default)]
    hand: Option<i64>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

/// Requests that are taken along, page by page.
enum Source {
    /// Of a period, behind a row.
    Period(Counted, i64),
    /// Of a list.
    List(Pages),
}

impl Source {
    /// As asked for, within what the person may see, and the name of its file without an ending.
    fn of(service: &Service, seat: Seat, ask: Export) -> Result<(Self, String), Fault> {
        let Export { list, state, q, muhtarlik, percent, hand, from, until } = ask;
        let Some(list) = list else {
            let counted = Counted::of(service, &seat, &Ask { from, until })?;
            let name = counted.file("basvurular");
            return Ok((Self::Period(counted, 0), name));
        };
        let name = format!("basvurular-{}", date_of(service.clock.now()));
        let pages = Pages::begin(seat, lists::Ask { list, state, q, muhtarlik, percent, hand, after: String::new() })?;
        Ok((Self::List(pages), name))
    }

    /// The next page; `None` behind the last one. One of which nothing counts is empty.
    fn next(&mut self, service: &Service) -> Result<Option<Vec<Head>>, Fault> {
        match self {
            Self::Period(counted, after) => {
                let mut heads = service.db.ask(|s| page(s, counted.period, *after))?;
                let Some(last) = heads.last() else { return Ok(None) };
                *after = last.rid;
                heads.retain(|head| counted.has(head));
                Ok(Some(heads))
            }
            Self::List(pages) => Ok(Some(pages.next(service)?).filter(|heads| !heads.is_empty())),
        }
    }
}

fn records(service: &Service, heads: &[Head]) -> Vec<table::Record> {
    let record = |names: Names<'_>, head: &Head| table::Record {
        row: names.row(head),
        concluded: head.concluded,
        confirmed: head.confirmed,
    };
    with_names(service, |names| heads.iter().map(|head| record(names, head)).collect())
}

/// A list, or every request of a period, as a table, written while it is read.
///
/// # Errors
/// As [`show`], and as the list.
pub async fn requests_table(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Export>,
) -> Result<Response, Fault> {
    let (source, name) = Source::of(&service, seat, ask)?;
    let mut first = Vec::new();
    table::begin(&mut first).map_err(Fault::internal)?;
    let body = streamed(service, source, first, Vec::new(), move |service, heads| {
        let mut out = Vec::with_capacity(heads.len() * 200);
        for record in records(service, heads) {
            table::add(&mut out, &record).map_err(Fault::internal)?;
        }
        Ok(out)
    });
    Ok(download(&format!("{name}.csv"), CSV, body))
}

/// The same as a workbook.
///
/// # Errors
/// As [`requests_table`].
pub async fn requests_workbook(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Export>,
) -> Result<Response, Fault> {
    let (mut source, name) = Source::of(&service, seat, ask)?;
    let (send, pieces) = mpsc::channel(AHEAD);
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = broken.clone();
    tokio::task::spawn_blocking(move || {
        let next = || loop {
            match source.next(&service)? {
                Some(heads) if heads.is_empty() => {}
                heads => return Ok(records(&service, &heads.unwrap_or_default())),
            }
        };
        let pipe = Pipe { send: send.clone(), runtime: Handle::current(), patience: STALLED };
        if let Err(Unwritten(fault)) = rows::write(BufWriter::with_capacity(PIECE, pipe), next) {
            tracing::warn!(error = %fault.message, cause = ?fault.cause, "an export broke off");
            breaks.store(true, Ordering::Release);
        }
        // Open until here, so that the end of the pieces comes after the word how they ended.
        drop(send);
    });
    let pieces = stream::unfold((pieces, broken), |(mut pieces, broken)| async move {
        let piece = match pieces.recv().await {
            Some(piece) => Ok(piece),
            // What has no end is no workbook: the download fails where it stands.
            None if broken.swap(false, Ordering::AcqRel) => Err(std::io::Error::other("the export broke off")),
            None => return None,
        };
        Some((piece, (pieces, broken)))
    });
    Ok(download(&format!("{name}.xlsx"), XLSX, Body::from_stream(pieces)))
}

/// Why a workbook was not written.
struct Unwritten(Fault);

impl From<Fault> for Unwritten {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<rust_xlsxwriter::XlsxError> for Unwritten {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        Self(Fault::internal(error))
    }
}

/// Bytes of a piece of a workbook, and pieces that wait for the line.
const PIECE: usize = 64 * 1024;
const AHEAD: usize = 4;
/// A line that takes no piece for so long is given up: a thread waits for it.
const STALLED: Duration = Duration::from_secs(60);

/// Hands over to the line what is written, and waits for it.
struct Pipe {
    send: mpsc::Sender<Bytes>,
    /// Whose clock the waiting goes by.
    runtime: Handle,
    patience: Duration,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        let sent = self.runtime.block_on(async { self.send.send_timeout(piece, self.patience).await });
        sent.map_err(|e| std::io::Error::other(e.to_string()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What of a list or a period has a place, as a map (GeoJSON, RFC 7946), written while it is read.
///
/// # Errors
/// As [`requests_table`].
pub async fn requests_map(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Export>,
) -> Result<Response, Fault> {
    let (source, name) = Source::of(&service, seat, ask)?;
    let mut first = true;
    let body = streamed(service, source, map::BEGIN.into(), map::END.into(), move |service, heads| {
        let mut out = Vec::with_capacity(heads.len() * 300);
        for head in heads {
            let raws = service.db.ask(|s| changes::of_request(s, head.rid))?;
            let Some(fix) = changes::read(&raws)?.request.gps else { continue };
            let row = with_names(service, |names| names.row(head));
            map::add(&mut out, &row, &fix, std::mem::take(&mut first)).map_err(Fault::internal)?;
        }
        Ok(out)
    });
    Ok(download(&format!("{name}.geojson"), "application/geo+json", body))
}

/// The period's requests without words, numbers, photos or persons, places rounded, days for moments, and nothing discreet or
/// sensitive: for study. A single row may still lead to a person; what can be published is [`crate::report::public`]'s.
///
/// # Errors
/// As [`show`].
pub async fn open_data(
    State(service): State<Arc<Service>>,
    seat: Seat,
    Query(ask): Query<Ask>,
) -> Result<Response, Fault> {
    let counted = Counted::of(&service, &seat, &ask)?;
    let name = counted.file("adsiz-satirlar");
    let mut first = Vec::new();
    open::begin(&mut first).map_err(Fault::internal)?;
    let body = streamed(service, Source::Period(counted, 0), first, Vec::new(), move |service, heads| {
        let mut out = Vec::with_capacity(heads.len() * 100);
        for head in heads.iter().filter(|head| may_be_told(service, head)) {
            let raws = service.db.ask(|s| changes::of_request(s, head.rid))?;
            let row = with_names(service, |names| names.row(head));
            let fix = changes::read(&raws)?.request.gps;
            open::add(&mut out, &row, fix.as_ref(), head.concluded).map_err(Fault::internal)?;
        }
        Ok(out)
    });
    Ok(download(&format!("{name}.csv"), CSV, body))
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV: &str = "text/csv; charset=utf-8";

/// A body that is written while it is read: `begin`, each page of the source as `lines` has it, `end`.
fn streamed(
    service: Arc<Service>,
    source: Source,
    begin: Vec<u8>,
    end: Vec<u8>,
    lines: impl FnMut(&Service, &[Head]) -> Result<Vec<u8>, Fault> + Send + 'static,
) -> Body {
    let once = |bytes: Vec<u8>| stream::once(async move { Ok::<_, std::io::Error>(Bytes::from(bytes)) });
    let rows = stream::try_unfold((service, source, lines), |(service, mut source, mut lines)| async move {
        let page = aside(move || {
            let Some(heads) = source.next(&service)? else { return Ok(None) };
            let bytes = lines(&service, &heads)?;
            Ok(Some((Bytes::from(bytes), (service, source, lines))))
        });
        page.await.map_err(|fault| std::io::Error::other(fault.message))
    });
    Body::from_stream(once(begin).chain(rows).chain(once(end)))
}

/// Requests read at once.
const PAGE: u32 = 500;

fn page(s: &mut dyn Session, period: Period, after: i64) -> DbResult<Vec<Head>> {
    reports::page(s, after, period.range(), PAGE)
}

/// Requests of the period that were refused, in the order they came.
fn refused(s: &mut dyn Session, counted: &Counted) -> DbResult<Vec<Head>> {
    let (mut out, mut after) = (Vec::new(), 0);
    loop {
        let mut heads = page(s, counted.period, after)?;
        let Some(last) = heads.last() else { return Ok(out) };
        after = last.rid;
        heads.retain(|head| head.outcome == Some(Outcome::Refused) && counted.has(head));
        out.append(&mut heads);
    }
}

/// One of them, with the answer that says why.
fn with_reason(s: &mut dyn Session, service: &Service, head: &Head) -> DbResult<book::Refused> {
    let stored = events::of_request(s, head.rid)?;
    let answer = mbs_shared::routing::Case::fold(stored.iter().map(|e| &e.event)).answer;
    let row = with_names(service, |names| names.row(head));
    Ok(book::Refused {
        id: row.id,
        no: row.no,
        title: row.title,
        place: row.place,
        unit: row.unit.map(|unit| unit.name).unwrap_or_default(),
        at: head.concluded,
        reason: answer.map(|answer| answer.text).unwrap_or_default(),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_takes_nothing_is_given_up() {
        let (send, mut pieces) = mpsc::channel(1);
        let mut pipe = Pipe { send, runtime: Handle::current(), patience: Duration::from_millis(1) };
        let written = tokio::task::spawn_blocking(move || (pipe.write(b"one").is_ok(), pipe.write(b"two").is_ok()));
        assert_eq!(written.await.unwrap(), (true, false));
        assert_eq!(pieces.recv().await.as_deref(), Some(&b"one"[..]));
        assert_eq!(pieces.recv().await, None);
    }
}
