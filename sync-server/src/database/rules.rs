//! What the rules of routing are rehearsed on, and what a change of them does to open work.

use mbs_shared::routing::State;

use super::requests::state_no;
use super::{DbResult, Session, Value, statements};

statements! {
    /// How many requests of a kind came since a moment, and from where.
    CAME = "select category, place, scope, count(*) from request where received >= $1 group by category, place, scope";
    /// Another priority of a category: the place of its open work, see [`super::requests::urgency`].
    SET_PRIORITY = "update request set urgency = urgency % 17592186044416 + $1 \
                    where state = $2 and state < 8 and category = $3";
}

/// Requests that came alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// Category code, as it was routed by last.
    pub category: String,
    /// Number of the neighbourhood it lies in, or of the muhtarlık that filed it.
    pub place: u32,
    /// How many.
    pub count: u32,
}

/// What came since a moment (Unix ms), category by category and place by place.
///
/// # Errors
/// [`super::DbError`].
pub fn came(session: &mut dyn Session, since: i64) -> DbResult<Vec<Came>> {
    session.all(CAME, &[since.into()], |r| {
        let (place, scope) = (r.count(1)?, r.count(2)?);
        Ok(Came { category: r.text(0)?.to_owned(), place: if place == 0 { scope } else { place }, count: r.count(3)? })
    })
}

/// Gives the open requests of a category their new place; `begins`: what their urgency begins with.
///
/// # Errors
/// [`super::DbError`].
pub fn set_priority(session: &mut dyn Session, category: &str, begins: i64) -> DbResult<()> {
    for state in State::ALL.into_iter().filter(|state| state.is_open()) {
        session.execute(SET_PRIORITY, &[Value::Int(begins), state_no(state).into(), category.into()])?;
    }
    Ok(())
}
