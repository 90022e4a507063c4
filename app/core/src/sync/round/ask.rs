//! What is sent, and what a tablet says of itself beside it.

use mbs_shared::wire::sync::About;

use crate::ports::{HttpRequest, Method};
use crate::sync::plan::Line;
use crate::sync::snapshot::Snapshot;

/// A question without a body; its answer has at most `cap` bytes.
pub(in crate::sync) fn get(path: impl Into<String>, query: Vec<(&'static str, String)>, cap: usize) -> HttpRequest {
    HttpRequest { ticket: 0, method: Method::Get, path: path.into(), query, headers: Vec::new(), body: Vec::new(), cap }
}

/// A frame; its answer has at most `cap` bytes. The path says what it is: no header repeats it over a line that is paid for.
pub(in crate::sync) fn post(path: &str, body: Vec<u8>, cap: usize) -> HttpRequest {
    HttpRequest {
        ticket: 0,
        method: Method::Post,
        path: path.into(),
        query: Vec::new(),
        headers: Vec::new(),
        body,
        cap,
    }
}

pub(super) fn snapshot_request(snapshot: &Snapshot, line: &Line) -> HttpRequest {
    let mut query = vec![("page", line.page.to_string())];
    query.extend(snapshot.after.map(|after| ("after", after.to_string())));
    // Whole requests: the last one of a page may reach past it.
    get("/v1/snapshot", query, 8 * 1024 * 1024)
}

/// What is to be told of this tablet, where the server may not know it: at the first exchange of a process, and when a quarter
/// of the room was taken up or given back, or a fifth of the battery.
pub(super) fn about(free: u64, battery: Option<u8>, told: Option<&About>) -> Option<About> {
    // The largest number stands for "the system does not say".
    let free = if free == u64::MAX { 0 } else { u32::try_from(free >> 20).unwrap_or(u32::MAX) };
    let known = told.is_some_and(|told| {
        let fuller = battery.zip(told.battery).map_or(0, |(now, then)| now.abs_diff(then));
        told.free.abs_diff(free) <= told.free / 4 && fuller < 20 && told.battery.is_some() >= battery.is_some()
    });
    (!known).then(|| About { app: env!("CARGO_PKG_VERSION").to_owned(), free, battery })
}
