//! When requests come: the week, the year and the day as `shared/data/load` assumes them, and days of storm on which many
//! times as many come, most of them about what a storm does.

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use serde::Deserialize;

use crate::chance::Chance;

const STATISTICS: &str = include_str!("../../../shared/data/load/request_statistics.json");
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[derive(Deserialize)]
struct File {
    assumed_profile: Profile,
}

#[derive(Deserialize)]
struct Profile {
    hour_weights: Vec<f64>,
    weekday_weights_mon_sun: Vec<f64>,
    month_weights_jan_dec: Vec<f64>,
    burst: Burst,
}

#[derive(Deserialize)]
struct Burst {
    /// Least and most.
    multiplier: (u64, u64),
    categories: Vec<String>,
}

/// One that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When, Unix ms.
    pub at: i64,
    /// Whether it is about a storm.
    pub storm: bool,
}

/// What comes in a play.
#[derive(Debug)]
pub struct Arrivals {
    /// Each request.
    pub all: Vec<Arrival>,
    /// Days of storm, counted from the first day.
    pub storms: Vec<i64>,
    /// Categories a storm is told in.
    pub categories: Vec<String>,
}

/// Something drawn by weight.
struct Weighted {
    /// Sums up to each, in thousandths.
    sums: Vec<u64>,
}

impl Weighted {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "weights are small and positive")]
    fn of(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0;
        let sums = weights.into_iter().map(|weight| {
            sum += (weight * 1_000.0).round() as u64;
            sum
        });
        Self { sums: sums.collect() }
    }

    fn draw(&self, chance: &Chance) -> usize {
        let at = chance.below(self.sums.last().copied().unwrap_or(0));
        self.sums.partition_point(|sum| *sum <= at)
    }
}

/// `requests` over `days` from `begin` (midnight in Istanbul, Unix ms), with so many storms a year.
///
/// # Errors
/// When the profile is not whole.
pub fn arrivals(chance: &Chance, begin: i64, days: i64, requests: usize, storms_a_year: u64) -> Result<Arrivals> {
    let File { assumed_profile: profile } = serde_json::from_str(STATISTICS).context("the load profile")?;
    let days = days.unsigned_abs().max(1);
    let wanted = if storms_a_year == 0 { 0 } else { (storms_a_year * days / 365).max(1) };
    let mut storms: Vec<(u64, u64)> = Vec::new();
    while (storms.len() as u64) < wanted.min(days / 2) {
        let day = chance.below(days);
        if storms.iter().all(|(other, _)| *other != day) {
            let (least, most) = profile.burst.multiplier;
            storms.push((day, least + chance.below(most - least + 1)));
        }
    }
    let times = |day: u64| storms.iter().find(|(storm, _)| *storm == day).map_or(1, |(_, times)| *times);
    let weight = |day: u64| {
        let date = date_of(begin + i64::try_from(day).unwrap_or(0) * DAY);
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        let month = usize::try_from(date.month() - 1).unwrap_or(0);
        let of = |weights: &[f64], at: usize| weights.get(at).copied().unwrap_or(1.0);
        #[expect(clippy::cast_precision_loss, reason = "at most fifteen")]
        let times = times(day) as f64;
        of(&profile.weekday_weights_mon_sun, weekday) * of(&profile.month_weights_jan_dec, month) * times
    };
    let (by_day, by_hour) = (Weighted::of((0..days).map(weight)), Weighted::of(profile.hour_weights.iter().copied()));
    let all = (0..requests).map(|_| {
        let day = by_day.draw(chance) as u64;
        let hour = i64::try_from(by_hour.draw(chance)).unwrap_or(0);
        let within = i64::try_from(chance.below(HOUR.unsigned_abs())).unwrap_or(0);
        // What would have come anyhow is about anything.
        let storm = chance.below(times(day)) > 0;
        Arrival { at: begin + i64::try_from(day).unwrap_or(0) * DAY + hour * HOUR + within, storm }
    });
    let all = all.collect();
    let mut storms: Vec<i64> = storms.into_iter().filter_map(|(day, _)| i64::try_from(day).ok()).collect();
    storms.sort_unstable();
    Ok(Arrivals { all, storms, categories: profile.burst.categories })
}

fn date_of(at: i64) -> Date {
    TimeZone::fixed(offset(3)).to_datetime(Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::BEGIN;

    #[test]
    fn days_of_storm_bring_many_times_as_many_and_weekends_few() {
        let came = arrivals(&Chance::new(5), BEGIN, 365, 40_000, 4).unwrap();
        assert_eq!(came.storms.len(), 4);
        let mut counts = vec![0_usize; 365];
        for arrival in &came.all {
            let day = usize::try_from((arrival.at - BEGIN) / DAY).unwrap();
            counts[day] += 1;
            assert!(!arrival.storm || came.storms.contains(&(day as i64)));
        }
        let usual: Vec<usize> =
            (0..365).filter(|day| !came.storms.contains(day)).map(|day| counts[day as usize]).collect();
        let mean = usual.iter().sum::<usize>() / usual.len();
        for storm in &came.storms {
            assert!(
                counts[*storm as usize] > 2 * mean,
                "{} on a storm's day, {mean} on others",
                counts[*storm as usize]
            );
        }
        // 1 June 2023 was a Thursday: the third and fourth day are a weekend.
        let of = |from: usize| (0..50).map(|week| counts[from + week * 7]).sum::<usize>();
        assert!(of(3) * 2 < of(4), "{} on Sundays, {} on Mondays", of(3), of(4));
        let night = came.all.iter().filter(|a| (a.at - BEGIN).rem_euclid(DAY) < 6 * HOUR).count();
        assert!(night > 0 && night * 50 < came.all.len(), "{night} at night");
        assert!(arrivals(&Chance::new(5), BEGIN, 365, 100, 0).unwrap().storms.is_empty());
    }
}
