//! Working-day arithmetic, against a plain count that walks day by day and minute by minute.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::sync::OnceLock;

use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use mbs_shared::routing::deadline::{Calendar, calendar_days, date_of, from_wall_clock, istanbul_year};
use proptest::prelude::*;
use serde::Deserialize;

const HOLIDAYS: &str = include_str!("../data/org/holidays.json");
const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

fn calendar() -> &'static Calendar {
    static CALENDAR: OnceLock<Calendar> = OnceLock::new();
    CALENDAR.get_or_init(|| Calendar::from_json(HOLIDAYS).unwrap())
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Istanbul").unwrap()
}

fn ms(text: &str) -> i64 {
    let at: DateTime = text.parse().unwrap();
    zone().to_timestamp(at).unwrap().as_millisecond()
}

fn text(at: i64) -> String {
    let at = zone().to_datetime(Timestamp::from_millisecond(at).unwrap());
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

#[rstest::rstest]
// Monday: Tuesday is day one.
#[case::the_next_day("2026-11-23T09:00", 1, "2026-11-24T18:00")]
#[case::the_hour_does_not_matter("2026-11-23T23:59", 1, "2026-11-24T18:00")]
#[case::five_days_are_a_week("2026-11-23T09:00", 5, "2026-11-30T18:00")]
#[case::a_friday("2026-11-20T17:59", 1, "2026-11-23T18:00")]
#[case::received_on_saturday("2026-11-21T12:00", 1, "2026-11-23T18:00")]
// Wednesday 28 October is half a day, Thursday the 29th a holiday.
#[case::half_a_day_leaves_half_open("2026-10-27T10:00", 1, "2026-10-30T18:00")]
#[case::half_a_day_completes_nothing_alone("2026-10-26T10:00", 2, "2026-10-30T18:00")]
// Kurban Bayramı 2026: half a Tuesday, Wednesday to Saturday off; the week before has 19 May off.
#[case::over_bayram("2026-05-25T10:00", 1, "2026-06-01T18:00")]
#[case::new_year("2026-12-31T10:00", 1, "2027-01-04T18:00")]
// Two half days (26 May and 28 October) make one whole: 13:00 is when the second one closes.
#[case::ends_on_a_half_day("2026-05-25T10:00", 107, "2026-10-28T13:00")]
#[case::no_day_at_all("2026-11-23T09:00", 0, "2026-11-23T18:00")]
#[case::no_day_at_all_as_work_ends("2026-11-23T18:00", 0, "2026-11-23T18:00")]
#[case::no_day_at_all_in_the_evening("2026-11-23T19:00", 0, "2026-11-24T18:00")]
#[case::no_day_at_all_at_the_weekend("2026-11-21T09:00", 0, "2026-11-23T18:00")]
// Summer time: until 2016 Istanbul went back an hour in autumn.
#[case::within_summer_time("2016-07-20T10:00", 1, "2016-07-21T18:00")]
#[case::beyond_the_calendar("2040-12-31T10:00", 1, "2041-01-01T18:00")]
fn due_is(#[case] from: &str, #[case] days: u16, #[case] due: &str) {
    assert_eq!(text(calendar().due(ms(from), days)), due);
}

#[rstest::rstest]
#[case::an_hour_or_two("2026-11-24T18:00", "2026-11-23T10:00", "2026-11-23T12:00", "2026-11-25T10:00")]
#[case::over_the_weekend("2026-11-24T18:00", "2026-11-20T17:00", "2026-11-23T09:00", "2026-11-25T10:00")]
#[case::a_whole_day_ends_with_a_day("2026-11-24T18:00", "2026-11-23T08:00", "2026-11-23T18:00", "2026-11-25T18:00")]
#[case::over_night("2026-11-24T18:00", "2026-11-23T19:00", "2026-11-24T07:00", "2026-11-24T18:00")]
#[case::at_the_weekend("2026-11-24T18:00", "2026-11-21T10:00", "2026-11-22T10:00", "2026-11-24T18:00")]
#[case::a_half_day_is_five_hours("2026-10-27T18:00", "2026-10-28T08:00", "2026-10-30T08:00", "2026-10-28T13:00")]
#[case::backwards("2026-11-24T18:00", "2026-11-23T12:00", "2026-11-23T10:00", "2026-11-24T18:00")]
#[case::already_late("2026-11-20T18:00", "2026-11-23T10:00", "2026-11-23T12:00", "2026-11-23T10:00")]
fn resuming_moves(#[case] due: &str, #[case] paused: &str, #[case] resumed: &str, #[case] to: &str) {
    assert_eq!(text(calendar().resume(ms(due), ms(paused), ms(resumed))), to);
}

#[test]
fn the_official_year_changes_at_midnight_in_istanbul() {
    assert_eq!(istanbul_year(ms("2026-12-31T23:59")), 2026);
    assert_eq!(istanbul_year(ms("2027-01-01T00:00")), 2027);
    // Still 2026 in Greenwich.
    assert_eq!(istanbul_year(1_798_750_800_000), 2027);
}

#[test]
fn absurd_times_do_no_harm() {
    for at in [i64::MIN, i64::MIN / 2, i64::MAX / 2, i64::MAX] {
        let _ = (calendar().due(at, 30), calendar().due(at, 0), calendar().resume(at, 0, HOUR), istanbul_year(at));
    }
    assert_eq!(calendar_days(0, 15), 15 * 24 * HOUR);
    assert_eq!((date_of(i64::MIN).year(), date_of(i64::MAX).year()), (-9999, 9999));
}

#[test]
fn a_wall_clock_is_istanbuls() {
    assert_eq!(from_wall_clock("2026-12-31 23:59:00"), Some(ms("2026-12-31T23:59")));
    for none in ["", "2026-12-31", "2026-12-32 10:00:00", "31.12.2026 10:00:00"] {
        assert_eq!(from_wall_clock(none), None, "{none}");
    }
}

#[rstest::rstest]
#[case("")]
#[case("{}")]
#[case(r#"{"days":[{"date":"2026-13-01","half_day":false}]}"#)]
#[case(r#"{"days":[{"date":"2026-01-01"}]}"#)]
fn a_bad_file_is_refused(#[case] text: &str) {
    assert!(Calendar::from_json(text).is_err());
}

#[test]
fn a_whole_day_off_wins_over_half_a_one() {
    for days in [[true, false], [false, true]] {
        let days = days.map(|half| format!(r#"{{"date":"2026-11-24","name":"x","half_day":{half}}}"#)).join(",");
        let calendar = Calendar::from_json(&format!(r#"{{"days":[{days}]}}"#)).unwrap();
        assert_eq!(text(calendar.due(ms("2026-11-23T09:00"), 1)), "2026-11-25T18:00");
        // On half a day off the day itself would close at one.
        assert_eq!(text(calendar.due(ms("2026-11-24T08:00"), 0)), "2026-11-25T18:00");
    }
}

/// The plain count: its own table, its own weekday, hours written out.
struct Plain(Vec<(Date, bool)>);

impl Plain {
    fn new() -> Self {
        #[derive(Deserialize)]
        struct File {
            days: Vec<Day>,
        }
        #[derive(Deserialize)]
        struct Day {
            date: String,
            half_day: bool,
        }
        let file: File = serde_json::from_str(HOLIDAYS).unwrap();
        Self(file.days.into_iter().map(|d| (d.date.parse().unwrap(), d.half_day)).collect())
    }

    /// Hour at which work ends; 0 for none.
    fn closes(&self, day: Date) -> i8 {
        if day.weekday() == Weekday::Saturday || day.weekday() == Weekday::Sunday {
            return 0;
        }
        self.0.iter().find(|(date, _)| *date == day).map_or(18, |(_, half)| if *half { 13 } else { 0 })
    }

    fn due(&self, mut day: Date, target: f64) -> DateTime {
        let mut sum = 0.0;
        loop {
            day = day.checked_add(1.day()).unwrap();
            let closes = self.closes(day);
            sum += match closes {
                18 => 1.0,
                13 => 0.5,
                _ => 0.0,
            };
            if sum >= target {
                return day.at(closes, 0, 0, 0);
            }
        }
    }

    fn works(&self, minute: DateTime) -> bool {
        minute.hour() >= 8 && minute.hour() < self.closes(minute.date())
    }

    fn resume(&self, due: DateTime, paused: DateTime, resumed: DateTime) -> DateTime {
        let mut owed = 0;
        let mut at = paused;
        while at < resumed {
            owed += i32::from(self.works(at));
            at = at.checked_add(1.minute()).unwrap();
        }
        let mut at = due;
        while owed > 0 {
            owed -= i32::from(self.works(at));
            at = at.checked_add(1.minute()).unwrap();
        }
        at
    }
}

fn civil(minutes: i64) -> DateTime {
    // Istanbul keeps UTC+3 all year since September 2016.
    date(2018, 1, 1).at(0, 0, 0, 0).checked_add(minutes.minutes()).unwrap()
}

fn stamp(at: DateTime) -> i64 {
    zone().to_timestamp(at).unwrap().as_millisecond()
}

const FOUR_YEARS: i64 = 4 * 365 * 24 * 60;

proptest! {
    #[test]
    fn due_agrees_with_the_plain_count(minute in 0..3 * FOUR_YEARS, days in 1_u16..90) {
        let plain = Plain::new();
        let from = civil(minute);
        prop_assert_eq!(text(calendar().due(stamp(from), days)), text(stamp(plain.due(from.date(), f64::from(days)))));
    }

    #[test]
    fn due_never_comes_earlier_for_more_days_or_later_receipt(minute in 0..FOUR_YEARS, days in 0_u16..60, later in 0..10_000_i64) {
        let from = stamp(civil(minute));
        let due = calendar().due(from, days);
        prop_assert!(due >= from);
        let next = calendar().due(from, days + 1);
        // Where no day is asked for, a weekend may stand in for the first one.
        let holds = if days == 0 { next >= due } else { next > due };
        prop_assert!(holds, "{} after {}", next, due);
        prop_assert!(calendar().due(from + later * MINUTE, days) >= due);
    }

    #[test]
    fn two_pauses_are_as_long_as_one(start in 0..FOUR_YEARS, a in 0..20_000_i64, b in 0..20_000_i64, due in 0..20_000_i64) {
        let (t0, t1, t2) = (start, start + a, start + a + b);
        let [t0, t1, t2, due] = [t0, t1, t2, start + due].map(|m| stamp(civil(m)));
        let whole = calendar().resume(due, t0, t2);
        prop_assert_eq!(calendar().resume(calendar().resume(due, t0, t1), t1, t2), whole);
        prop_assert_eq!(calendar().working_time(due, whole), calendar().working_time(t0, t2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn resuming_agrees_with_the_plain_count(start in 0..FOUR_YEARS, pause in 0..12_000_i64, due in 0..12_000_i64) {
        let plain = Plain::new();
        let (paused, resumed, due) = (civil(start), civil(start + pause), civil(start + due));
        let expected = plain.resume(due, paused, resumed);
        prop_assert_eq!(
            text(calendar().resume(stamp(due), stamp(paused), stamp(resumed))),
            text(stamp(expected))
        );
    }
}
