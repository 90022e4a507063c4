//! A period's requests as a map: GeoJSON (RFC 7946), one point a request.

use std::io::{self, Write};

use mbs_shared::place::Fix;
use serde_json::json;

use crate::handlers::desk::view::QueueRow;

/// What stands before the requests.
pub const BEGIN: &str = "{\"type\":\"FeatureCollection\",\"features\":[\n";
/// What stands behind them.
pub const END: &str = "\n]}\n";

/// Writes one request with its place; `first` has no comma before it.
///
/// # Errors
/// When it cannot be written.
pub fn add(out: &mut impl Write, row: &QueueRow, fix: &Fix, first: bool) -> io::Result<()> {
    if !first {
        out.write_all(b",\n")?;
    }
    let feature = json!({
        "type": "Feature",
        // Longitude first, as the standard has it.
        "geometry": { "type": "Point", "coordinates": [fix.lon, fix.lat] },
        "properties": {
            "no": row.no, "title": row.title, "place": row.place, "category": row.category, "state": row.state,
            "outcome": row.outcome, "unit": row.unit.as_ref().map(|unit| &unit.code), "received": row.received,
            "due": row.due,
        },
    });
    serde_json::to_writer(out, &feature).map_err(io::Error::other)
}
