//! `GET /open-data` and `GET /open-data/{quarter}.csv`: for everybody, without a sign-in, where the settings say so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mbs_shared::wire::error::Code;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::database::reports;
use crate::error::Fault;
use crate::handlers::blob::off_thread;
use crate::handlers::input::{Json, Path};
use crate::handlers::nearby::may_be_told;
use crate::report::public::{Counting, Quarter};
use crate::router::address;
use crate::secrets::sha256;
use crate::service::Service;
use crate::tries::Tries;

/// Calls from one address in a quarter of an hour.
const PER_ADDRESS: u32 = 60;
/// Calls from everywhere in a quarter of an hour.
const IN_ALL: u32 = 6_000;
/// How long a table that was made is given out, in ms: what was erased since is gone from the next one.
const FRESH: i64 = 60 * 60_000;
/// Quarters that are told of.
const MOST: usize = 40;
const CACHED: &str = "public, max-age=3600";

/// A table and its mark.
#[derive(Debug, Clone)]
struct Table {
    made: i64,
    bytes: Bytes,
    tag: HeaderValue,
}

/// What is published: where the settings say so.
#[derive(Debug)]
pub struct OpenData {
    tables: Mutex<BTreeMap<Quarter, Table>>,
    /// One table is made at a time; who asks meanwhile waits without a thread.
    turn: Arc<Semaphore>,
    asked: Tries,
}

impl Default for OpenData {
    fn default() -> Self {
        Self { tables: Mutex::default(), turn: Arc::new(Semaphore::new(1)), asked: Tries::at_most(PER_ADDRESS, IN_ALL) }
    }
}

/// A quarter that can be fetched.
#[derive(Debug, Serialize)]
struct File {
    /// `2026-Q3`.
    quarter: String,
    /// First day.
    from: String,
    /// Last day.
    until: String,
    /// Its address on this server.
    path: String,
}

/// Every route of it.
pub fn routes() -> Router<Arc<Service>> {
    Router::new().route("/open-data", get(index)).route("/open-data/{file}", get(file))
}

/// Counts who asks; refuses where nothing is published, or too much is asked for.
fn admit(service: &Service, request: &Request) -> Result<(), Fault> {
    let Some(open) = &service.open_data else { return Err(Code::NotFound.into()) };
    let (from, now) = (address(request.extensions(), request.headers()), service.clock.now());
    if !open.asked.allowed(from, now) {
        return Err(Code::SlowDown.into());
    }
    open.asked.wrong(from, now);
    Ok(())
}

/// Quarters that are over, from the first one with a request.
fn quarters(service: &Service) -> Result<Vec<Quarter>, Fault> {
    let current = Quarter::of(service.clock.now());
    let first = service.db.ask(|s| s.first(reports::FIRST_RECEIVED, &[], |r| r.int(0)))?.map(Quarter::of);
    let mut quarters: Vec<Quarter> =
        std::iter::successors(first, |quarter| Some(quarter.next())).take_while(|quarter| *quarter < current).collect();
    quarters.drain(..quarters.len().saturating_sub(MOST));
    Ok(quarters)
}

async fn index(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Fault> {
    admit(&service, &request)?;
    let file = |quarter: Quarter| File {
        quarter: quarter.to_string(),
        from: quarter.period().from.to_string(),
        until: quarter.period().until.to_string(),
        path: format!("/open-data/{quarter}.csv"),
    };
    let files: Vec<File> = quarters(&service)?.into_iter().map(file).collect();
    let headers = [(header::CACHE_CONTROL, CACHED), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    Ok((headers, Json(files)).into_response())
}

async fn file(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Fault> {
    admit(&service, &request)?;
    let quarter = name.strip_suffix(".csv").and_then(Quarter::read).ok_or(Code::NotFound)?;
    let open = service.open_data.as_ref().ok_or(Code::NotFound)?;
    let now = service.clock.now();
    if let Some(table) = open.fresh(quarter, now) {
        return Ok(answer(&table, request.headers()));
    }
    let turn = open.turn.clone().acquire_owned().await.map_err(Fault::internal)?;
    let made = move || {
        let _turn = turn;
        Ok(table(&service, quarter, now))
    };
    let table = off_thread(made).await.map_err(Fault::internal)??;
    Ok(answer(&table, request.headers()))
}

fn answer(table: &Table, asked: &HeaderMap) -> Response {
    let known = asked.get(header::IF_NONE_MATCH) == Some(&table.tag);
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => table.bytes.clone().into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, CACHED),
        // Whoever shows it on a page of his own may read it there: there is no session to borrow.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ETAG, table.tag.clone());
    response
}

impl OpenData {
    /// A table that was made a short time ago.
    fn fresh(&self, quarter: Quarter, now: i64) -> Option<Table> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.get(&quarter).filter(|table| (now - table.made).abs() < FRESH).cloned()
    }
}

/// The table of a quarter that is over, made once an hour at most.
fn table(service: &Service, quarter: Quarter, now: i64) -> Result<Table, Fault> {
    let Some(open) = &service.open_data else { return Err(Code::NotFound.into()) };
    if !quarters(service)?.contains(&quarter) {
        return Err(Code::NotFound.into());
    }
    // Whoever had the turn before may have made it.
    if let Some(table) = open.fresh(quarter, now) {
        return Ok(table);
    }
    let bytes = count(service, quarter)?;
    let tag = format!("\"{}\"", hex::encode(sha256(&bytes)));
    let tag = HeaderValue::from_str(&tag).map_err(Fault::internal)?;
    let table = Table { made: now, bytes: bytes.into(), tag };
    open.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(quarter, table.clone());
    Ok(table)
}

fn count(service: &Service, quarter: Quarter) -> Result<Vec<u8>, Fault> {
    let directory = service.directory();
    let mut counting = Counting::default();
    let mut after = 0;
    loop {
        let heads = service.db.ask(|s| reports::page(s, after, quarter.period().range(), PAGE))?;
        let Some(last) = heads.last() else { break };
        after = last.rid;
        for head in heads.iter().filter(|head| may_be_told(service, head)) {
            let place = if head.place == 0 { head.scope } else { head.place };
            let code = service.scopes.code(place);
            let district = directory.neighbourhood(code).map_or("", |n| n.district_code.as_str());
            counting.add(head, district, code);
        }
    }
    counting.table().map_err(Fault::internal)
}

/// Requests read at once.
const PAGE: u32 = 500;
