//! What everybody may have of a quarter that is over: how many requests about what, where and in which month, and what
//! became of them. No line tells of fewer than [`FEWEST`] requests: what is rarer is told of the district, then of the
//! city, then not at all.

use std::collections::BTreeMap;
use std::io;

use jiff::civil::Date;
use mbs_shared::routing::Outcome;
use mbs_shared::routing::deadline::date_of;

use super::Period;
use crate::database::requests::Head;

/// Requests of a line at least.
pub const FEWEST: u32 = 5;

const COLUMNS: [&str; 11] = [
    "ay",
    "konu_kodu",
    "ilce_kodu",
    "mahalle_kodu",
    "alinan",
    "sonuclanan",
    "muhtarin_onayladigi",
    "yapildi",
    "kismen_yapildi",
    "olumsuz",
    "ortanca_gun",
];

/// A quarter of a year: the only periods that are published, so that no two can be subtracted from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    /// Year.
    pub year: i16,
    /// 1 to 4.
    pub nth: i8,
}

impl std::fmt::Display for Quarter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-Q{}", self.year, self.nth)
    }
}

impl Quarter {
    /// `2026-Q3`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (year, nth) = text.split_once("-Q")?;
        let quarter = Self { year: year.parse().ok()?, nth: nth.parse().ok()? };
        ((2000..=9000).contains(&quarter.year) && (1..=4).contains(&quarter.nth) && quarter.to_string() == text)
            .then_some(quarter)
    }

    /// In which a moment (Unix ms) lies, in Istanbul.
    #[must_use]
    pub fn of(at: i64) -> Self {
        let date = date_of(at);
        Self { year: date.year(), nth: (date.month() - 1) / 3 + 1 }
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.nth {
            4 => Self { year: self.year + 1, nth: 1 },
            nth => Self { year: self.year, nth: nth + 1 },
        }
    }

    /// Its days.
    #[must_use]
    pub fn period(self) -> Period {
        let first = |quarter: Self| Date::new(quarter.year, quarter.nth * 3 - 2, 1).unwrap_or(Date::MAX);
        let until = first(self.next()).yesterday().unwrap_or(Date::MAX);
        Period { from: first(self), until }
    }
}

/// Where a request counts: month, category, district, neighbourhood; the last two are empty for larger areas.
type Cell = (String, String, String, String);

#[derive(Debug, Default, Clone)]
struct Sum {
    received: u32,
    concluded: u32,
    confirmed: u32,
    outcomes: [u32; 3],
    /// Days from receipt to answer.
    took: Vec<i64>,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.received += other.received;
        self.concluded += other.concluded;
        self.confirmed += other.confirmed;
        for (sum, more) in self.outcomes.iter_mut().zip(other.outcomes) {
            *sum += more;
        }
        self.took.extend(other.took);
    }
}

/// Counts requests by cell.
#[derive(Debug, Default)]
pub struct Counting(BTreeMap<Cell, Sum>);

impl Counting {
    /// Counts one, by the codes of its district and neighbourhood.
    pub fn add(&mut self, head: &Head, district: &str, neighbourhood: &str) {
        let received = date_of(head.received);
        let month = format!("{:04}-{:02}", received.year(), received.month());
        let cell = (month, head.category.clone(), district.to_owned(), neighbourhood.to_owned());
        let is = |outcome: Outcome| u32::from(head.outcome == Some(outcome));
        self.0.entry(cell).or_default().add(Sum {
            received: 1,
            concluded: u32::from(head.concluded != 0),
            confirmed: u32::from(head.confirmed),
            outcomes: [Outcome::Done, Outcome::Partly, Outcome::Refused].map(is),
            took: (head.concluded != 0).then_some((head.concluded - head.received) / 86_400_000).into_iter().collect(),
        });
    }

    /// The table: UTF-8, commas, a line for each cell that has enough.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn table(self) -> io::Result<Vec<u8>> {
        let mut told = BTreeMap::new();
        let mut rest = self.0;
        for larger in [
            |(month, category, district, _): Cell| (month, category, district, String::new()),
            |(month, category, ..): Cell| (month, category, String::new(), String::new()),
            |_: Cell| Cell::default(),
        ] {
            let mut rarer: BTreeMap<Cell, Sum> = BTreeMap::new();
            for (cell, sum) in rest {
                if sum.received >= FEWEST {
                    told.insert(cell, sum);
                } else {
                    rarer.entry(larger(cell)).or_default().add(sum);
                }
            }
            rest = rarer;
        }
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(COLUMNS).map_err(io::Error::other)?;
        for ((month, category, district, neighbourhood), mut sum) in told {
            sum.took.sort_unstable();
            // Half of fewer would tell of each.
            let median = sum.took.get(sum.took.len() / 2).filter(|_| sum.took.len() >= FEWEST as usize);
            let [done, partly, refused] = sum.outcomes;
            let counts = [sum.received, sum.concluded, sum.confirmed, done, partly, refused].map(|n| n.to_string());
            let median = median.map(ToString::to_string).unwrap_or_default();
            let cells = [month, category, district, neighbourhood].into_iter().chain(counts).chain([median]);
            writer.write_record(cells).map_err(io::Error::other)?;
        }
        writer.into_inner().map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_written_one_way_and_follows_the_one_before() {
        for (text, good) in [
            ("2026-Q3", true),
            ("2026-Q5", false),
            ("2026-Q0", false),
            ("2026-q3", false),
            ("02026-Q3", false),
            ("", false),
            ("2026-Q03", false),
        ] {
            assert_eq!(Quarter::read(text).is_some(), good, "{text}");
        }
        let last = Quarter { year: 2026, nth: 4 };
        let days = |quarter: Quarter| (quarter.period().from.to_string(), quarter.period().until.to_string());
        assert_eq!(days(last), ("2026-10-01".into(), "2026-12-31".into()));
        assert_eq!(days(last.next()), ("2027-01-01".into(), "2027-03-31".into()));
        // Midnight in Istanbul is 21:00 of the day before in UTC.
        let (from, until) = last.period().range();
        assert_eq!((Quarter::of(from), Quarter::of(until - 1), Quarter::of(until)), (last, last, last.next()));
    }

    #[test]
    fn no_line_tells_of_few_and_nothing_is_told_twice() {
        let mut counting = Counting::default();
        let mut put = |many: u32, category: &str, district: &str, place: &str| {
            let cell = ("2026-07".to_owned(), category.to_owned(), district.to_owned(), place.to_owned());
            counting.0.entry(cell).or_default().add(Sum {
                received: many,
                took: vec![1; many as usize],
                ..Sum::default()
            });
        };
        put(7, "a", "d", "d-x");
        put(3, "a", "d", "d-y");
        put(2, "a", "d", "d-z");
        put(4, "a", "e", "e-x");
        put(4, "a", "f", "f-x");
        put(1, "b", "d", "d-x");
        let text = String::from_utf8(counting.table().unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            ["2026-07,a,,,8,0,0,0,0,0,1", "2026-07,a,d,,5,0,0,0,0,0,1", "2026-07,a,d,d-x,7,0,0,0,0,0,1"],
            "the one of b is nowhere"
        );
    }
}
