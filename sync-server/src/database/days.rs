//! Days on which the desk says otherwise than the calendar.

use mbs_shared::istanbul;
use mbs_shared::routing::deadline::{Calendar, Off};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{DbError, DbResult, Session, meta, statements};

statements! {
    /// One, in place of what was said of that day before.
    SET = "insert into calendar_day (date, kind, name, author, at) values ($1, $2, $3, $4, $5) \
           on conflict (date) do update set kind = excluded.kind, name = excluded.name, author = excluded.author, at = excluded.at";
    /// Forgets one.
    DROP = "delete from calendar_day where date = $1";
    /// All.
    ALL = "select date, kind, name, author from calendar_day order by date limit 2000";
}

/// Counts the changes, so that other processes notice.
pub const COUNTER: &str = "calendar";

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DayKind {
    /// Off.
    Off,
    /// Off from 13:00.
    Half,
    /// A working day after all.
    Working,
}

impl DayKind {
    const ALL: [Self; 3] = [Self::Off, Self::Half, Self::Working];
}

/// A day as the desk has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// What it is.
    pub kind: DayKind,
    /// Its name.
    pub name: String,
    /// Staff id.
    pub author: i64,
}

/// Says what a day is.
///
/// # Errors
/// [`DbError`].
pub fn set(session: &mut dyn Session, day: &Day, at: i64) -> DbResult<()> {
    let args =
        [day.date.as_str().into(), (day.kind as i64).into(), day.name.as_str().into(), day.author.into(), at.into()];
    session.execute(SET, &args)?;
    meta::next(session, COUNTER).map(drop)
}

/// Says nothing of a day any more; whether something was said.
///
/// # Errors
/// [`DbError`].
pub fn drop_one(session: &mut dyn Session, date: &str) -> DbResult<bool> {
    let dropped = session.execute(DROP, &[date.into()])? > 0;
    meta::next(session, COUNTER)?;
    Ok(dropped)
}

/// Every day the desk said something of.
///
/// # Errors
/// [`DbError`].
pub fn all(session: &mut dyn Session) -> DbResult<Vec<Day>> {
    session.all(ALL, &[], |r| {
        let kind = usize::try_from(r.int(1)?).ok().and_then(|i| DayKind::ALL.get(i).copied());
        Ok(Day {
            date: r.text(0)?.to_owned(),
            kind: kind.ok_or_else(|| DbError::Unexpected("a kind of day".into()))?,
            name: r.text(2)?.to_owned(),
            author: r.int(3)?,
        })
    })
}

/// The calendar with what the desk says, and how often that changed.
///
/// # Errors
/// [`DbError`].
pub fn calendar(session: &mut dyn Session) -> DbResult<(i64, Calendar)> {
    let version = meta::get(session, COUNTER)?;
    let mut days = Vec::new();
    for Day { date, kind, name, .. } in all(session)? {
        let date = date.parse().map_err(|_| DbError::Unexpected(format!("a day {date:?}")))?;
        let off = Off { half: kind == DayKind::Half, name };
        days.push((date, (kind != DayKind::Working).then_some(off)));
    }
    Ok((version, istanbul::calendar().with(days)))
}
