//! Requests as the map shows them.

use mbs_shared::id::RequestId;
use mbs_shared::routing::{Outcome, State};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::id;
use super::requests::{containing, of_list, text};
use crate::door::List;
use crate::error::Result;

/// A request on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Which.
    pub id: RequestId,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lon: f64,
    /// State of the case; `None` until the server has it.
    pub state: Option<State>,
    /// Outcome, once concluded.
    pub outcome: Option<Outcome>,
    /// Title as typed.
    pub title: String,
    /// The beginning of its words.
    pub words: String,
    /// Case number.
    pub no: String,
    /// To be handled discreetly.
    pub discreet: bool,
}

/// Requests of a list with a place between south, west, north and east, newest first.
///
/// # Errors
/// [`crate::error::Code::Storage`].
pub fn between(conn: &Connection, query: &str, list: List, window: [f64; 4]) -> Result<Vec<Placed>> {
    let (found, words) = containing(query);
    let (of_list, n) = (of_list(list), words.len());
    let sql = format!(
        "SELECT r.id, r.lat, r.lon, r.state, r.outcome, r.title, substr(r.words, 1, 200), r.no, r.discreet FROM requests r
         WHERE {of_list}{found} AND r.placed = 1 AND r.lat BETWEEN ?{} AND ?{} AND r.lon BETWEEN ?{} AND ?{}
         ORDER BY r.at DESC, r.id",
        n + 1,
        n + 3,
        n + 2,
        n + 4
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let values = words.into_iter().map(Value::from).chain(window.map(Value::from));
    let all = statement.query_map(params_from_iter(values), |row| {
        Ok(Placed {
            id: RequestId(id(row, 0)?),
            lat: row.get(1)?,
            lon: row.get(2)?,
            state: text(row, 3)?.and_then(|t| State::from_code(&t)),
            outcome: text(row, 4)?.and_then(|t| Outcome::from_code(&t)),
            title: row.get(5)?,
            words: row.get(6)?,
            no: row.get(7)?,
            discreet: row.get(8)?,
        })
    })?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}
