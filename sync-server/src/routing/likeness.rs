//! How much two requests seem to be about one matter: by place, time, category and words. A person decides; this only says
//! which ones are worth a look, and why.

use std::collections::HashSet;

use mbs_shared::fold::fold;
use mbs_shared::place::Fix;

/// Further apart than this, two places have nothing to do with each other, in metres.
const FAR: f64 = 300.0;
/// Older than this, a report is another one, in days.
pub const LONG_AGO: i64 = 60;
/// From this on a request is worth a look.
pub const WORTH_A_LOOK: f64 = 0.55;
/// Letters of a word that count: Turkish puts its endings behind.
const STEM: usize = 5;

const DAY: i64 = 86_400_000;

/// What is compared of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Matter {
    /// Category code; empty: none.
    pub category: String,
    /// Place, where it has one.
    pub fix: Option<Fix>,
    /// When it came, Unix ms.
    pub at: i64,
    /// Beginnings of its words, folded.
    words: HashSet<String>,
}

impl Matter {
    /// Of words as they were written.
    #[must_use]
    pub fn new(category: &str, fix: Option<Fix>, at: i64, text: &str) -> Self {
        let stem = |word: &str| word.get(..STEM).unwrap_or(word).to_owned();
        // Folded text is plain ASCII but for other scripts; short words say little.
        let words = fold(text).split(' ').filter(|word| word.chars().count() > 3).map(stem).collect();
        Self { category: category.to_owned(), fix, at, words }
    }

    /// Metres between the two, where both have a place.
    #[must_use]
    pub fn metres_to(&self, other: &Self) -> Option<f64> {
        Some(self.fix?.metres_to(&other.fix?))
    }

    /// Days between the two.
    #[must_use]
    pub const fn days_to(&self, other: &Self) -> i64 {
        (self.at - other.at).abs() / DAY
    }

    /// Whether both are of the same category, and of one at all.
    #[must_use]
    pub fn same_category(&self, other: &Self) -> bool {
        !self.category.is_empty() && self.category == other.category
    }

    /// From 0 to 1. Weights and bounds are tried on labelled pairs: see the test.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> f64 {
        if self.days_to(other) > LONG_AGO {
            return 0.0;
        }
        let near = match self.metres_to(other) {
            Some(metres) if metres > FAR => return 0.0,
            Some(metres) => 1.0 - metres / FAR,
            // The same or a bordering neighbourhood, and no more is known.
            None => 0.4,
        };
        let category = f64::from(u8::from(self.same_category(other)));
        0.45f64.mul_add(near, 0.3f64.mul_add(category, 0.25 * self.words_shared(other)))
    }

    /// The share of the shorter one's words that the other one has too.
    #[expect(clippy::cast_precision_loss, reason = "some hundred words")]
    fn words_shared(&self, other: &Self) -> f64 {
        let shared = self.words.intersection(&other.words).count();
        shared as f64 / self.words.len().min(other.words.len()).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use mbs_shared::place::FixSource;

    use super::*;

    /// Pairs somebody labelled (CC0, `shared/data/README.md`), over the synthetic texts.
    const PAIRS: &str = include_str!("../../../shared/data/text/dup_pairs.csv");
    const TEXTS: &str = include_str!("../../../shared/data/text/requests_synthetic.jsonl");

    fn matters() -> HashMap<String, Matter> {
        let read = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| value[key].as_str().unwrap().to_owned();
            let at: jiff::Timestamp = text("created_at").parse().unwrap();
            let number = |key: &str| value[key].as_f64().unwrap();
            let fix = Fix { lat: number("lat"), lon: number("lon"), accuracy: 8.0, source: FixSource::Gps };
            (text("id"), Matter::new(&text("category"), Some(fix), at.as_millisecond(), &text("text")))
        };
        TEXTS.lines().map(read).collect()
    }

    #[test]
    fn labelled_duplicates_are_worth_a_look_and_the_rest_is_not() {
        let matters = matters();
        let (mut found, mut duplicates, mut wrong, mut others) = (0, 0, 0, 0);
        for line in PAIRS.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let worth = matters[cells[0]].likeness(&matters[cells[1]]) >= WORTH_A_LOOK;
            if cells[2] == "1" {
                duplicates += 1;
                found += usize::from(worth);
            } else {
                others += 1;
                wrong += usize::from(worth);
            }
        }
        println!("{found} of {duplicates} duplicates, {wrong} of {others} others");
        assert!(duplicates > 300 && others > 100);
        assert!(found * 100 >= duplicates * 97, "{found} of {duplicates}");
        assert!(wrong * 100 <= others * 2, "{wrong} of {others}");
    }

    #[test]
    fn without_a_place_only_the_same_category_and_words_count() {
        let of = |category: &str, text: &str| Matter::new(category, None, 0, text);
        let one = of("yol.cukur", "Fırının önünde derin çukur var, motosikletler düşüyor.");
        let same = of("yol.cukur", "Fırının önündeki çukurda motosiklet düştü.");
        assert!(one.likeness(&same) >= WORTH_A_LOOK, "{}", one.likeness(&same));
        for other in
            [of("park.agac", "Ağaç devrilmiş."), of("", "Fırının önünde çukur"), of("yol.cukur", "Köprü yanı çökmüş")]
        {
            assert!(one.likeness(&other) < WORTH_A_LOOK, "{other:?}");
        }
        assert!(one.likeness(&Matter { at: 61 * DAY, ..same }).abs() < f64::EPSILON);
    }
}
