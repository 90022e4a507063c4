//! How many bytes of photos may go over a line whose bytes are paid for.
//!
//! Words and previews always go and come. Full sizes stop when the day's allowance is used up, and wait for Wi-Fi, for
//! tomorrow, or for a person who sends them all the same.

use mbs_shared::routing::deadline::istanbul_day;
use rusqlite::Connection;

use super::plan::MIN_SLICE;
use crate::error::Result;
use crate::store::settings::{self, MOBILE_LIMIT, MOBILE_SPENT};

/// Bytes of one megabyte as bills count it.
pub(crate) const MB: u64 = 1_000_000;

/// Megabytes a day, as the muhtar chose; `None`: as many as there are, 0: only over Wi-Fi.
pub(crate) fn limit(conn: &Connection) -> Result<Option<u32>> {
    Ok(settings::get(conn, MOBILE_LIMIT)?.and_then(|v| v.try_into().ok()).map(u32::from_le_bytes))
}

/// Chooses it.
pub(crate) fn set_limit(conn: &Connection, mb: Option<u32>) -> Result<()> {
    settings::set(conn, MOBILE_LIMIT, mb.map(u32::to_le_bytes).as_ref().map_or(&[], |v| v.as_slice()))
}

/// Bytes of photos that have gone over paid lines today, the day counted in Istanbul.
pub(crate) fn spent(conn: &Connection, now: i64) -> Result<u64> {
    let kept = settings::get(conn, MOBILE_SPENT)?.unwrap_or_default();
    let Some((day, bytes)) = kept.split_at_checked(8) else { return Ok(0) };
    let bytes = u64::try_from(settings::number_of(bytes)).unwrap_or(0);
    Ok(if settings::number_of(day) == istanbul_day(now) { bytes } else { 0 })
}

/// Counts what has left or come, whether or not it arrived: that is what is paid for. Written with the answer, or at the cut;
/// what is under way when the app is killed, 400 KiB at most, is not counted.
pub(crate) fn spend(conn: &Connection, bytes: usize, now: i64) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    let all = i64::try_from(spent(conn, now)?.saturating_add(bytes as u64)).unwrap_or(i64::MAX);
    settings::set(conn, MOBILE_SPENT, &[istanbul_day(now).to_le_bytes(), all.to_le_bytes()].concat())
}

/// Bytes of full sizes that may still go today; less than [`MIN_SLICE`] is none.
pub(crate) fn left(conn: &Connection, now: i64) -> Result<u32> {
    let Some(mb) = limit(conn)? else { return Ok(u32::MAX) };
    let left = (u64::from(mb) * MB).saturating_sub(spent(conn, now)?);
    Ok(if left < u64::from(MIN_SLICE) { 0 } else { u32::try_from(left).unwrap_or(u32::MAX) })
}
