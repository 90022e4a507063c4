//! Which category fits the words: counting of the directory's keywords and of a vocabulary, offline and explained.
//!
//! Nothing is learned and nothing is guessed. An entry is one or more beginnings of words (Turkish adds its endings
//! behind), which must all occur, in any order; each beginning counts once a category, more the fewer categories share
//! it. A word that only says where (`caminin arkasında`) counts less than one that says what.

use std::collections::{BTreeMap, HashMap};

use mbs_shared::directory::Directory;
use mbs_shared::fold::{fold, softening};

use crate::door::view::Suggestion;

/// Suggestions at most.
const MOST: usize = 5;
/// What a word counts that names a place beside the thing.
const WHERE: f64 = 0.3;
/// Words of the vocabulary, as its file says.
const VOCABULARY: &str = include_str!("../../../../shared/data/text/vocabulary.txt");

/// Folded words behind the name of a place: "behind", "in front of", "at the corner of" …
const PLACES: [&str; 15] = [
    "onunde",
    "arkasinda",
    "yaninda",
    "karsisinda",
    "kosesinde",
    "girisinde",
    "uzerinde",
    "basinda",
    "sonunda",
    "kesisiminde",
    "civarinda",
    "cevresinde",
    "yakininda",
    "hizasinda",
    "bitisiginde",
];

/// Endings that a short stem may have, so that `kar` is found in `karda` and not in `karşı`: number, owner, case.
const NUMBERS: [&str; 3] = ["", "lar", "ler"];
const OWNERS: [&str; 13] = ["", "i", "u", "si", "su", "im", "um", "in", "un", "li", "lu", "siz", "suz"];
const CASES: [&str; 27] = [
    "", "i", "u", "a", "e", "yi", "yu", "ya", "ye", "ni", "nu", "na", "ne", "nin", "nun", "da", "de", "dan", "den",
    "nda", "nde", "ndan", "nden", "ta", "te", "la", "le",
];

/// Vocabulary ready for counting; made once.
#[derive(Debug)]
pub struct Suggester {
    codes: Vec<String>,
    stems: Vec<Stem>,
    /// For each category its entries, each the stems that must all occur.
    entries: Vec<Vec<Vec<usize>>>,
}

/// The beginning of a word, folded.
#[derive(Debug)]
struct Stem {
    text: String,
    /// What it counts.
    weight: f64,
}

/// Where a stem was found: which word of the text, and what that counts.
#[derive(Clone, Copy)]
struct Found {
    word: usize,
    weight: f64,
}

impl Suggester {
    /// Reads the keywords of a directory, and the vocabulary beside them.
    #[must_use]
    pub fn new(directory: &Directory) -> Self {
        let mut stems: Vec<String> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut entry = |text: &str| {
            let mut entry: Vec<usize> = Vec::new();
            for word in text.split(|c: char| !c.is_alphanumeric()).map(fold).filter(|word| !word.is_empty()) {
                let number = *numbers.entry(word.clone()).or_insert_with(|| {
                    stems.push(word);
                    stems.len() - 1
                });
                if !entry.contains(&number) {
                    entry.push(number);
                }
            }
            entry
        };
        let more: BTreeMap<&str, &str> =
            VOCABULARY.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':')).collect();
        let mut entries = Vec::new();
        let offered = || directory.categories.iter().filter(|category| !category.retired);
        for category in offered() {
            let own = category.keywords.iter().chain([&category.name]).map(String::as_str);
            let more = more.get(category.code.as_str()).into_iter().flat_map(|line| line.split(','));
            let all = more.chain(own).map(&mut entry).filter(|entry| !entry.is_empty());
            entries.push(all.collect::<Vec<_>>());
        }
        let mut shared = vec![0_u32; stems.len()];
        for entries in &entries {
            let mut all: Vec<usize> = entries.iter().flatten().copied().collect();
            all.sort_unstable();
            all.dedup();
            for stem in all {
                if let Some(count) = shared.get_mut(stem) {
                    *count += 1;
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a hundred categories")]
        let weight = |shared: u32| (entries.len() as f64 / f64::from(shared.max(1))).ln() + 0.3;
        let stems = stems.into_iter().zip(shared).map(|(text, shared)| Stem { text, weight: weight(shared) }).collect();
        Self { codes: offered().map(|c| c.code.clone()).collect(), stems, entries }
    }

    /// Fitting categories, best first, with the words that led to them.
    #[must_use]
    pub fn suggest(&self, text: &str) -> Vec<Suggestion> {
        let written = words(text);
        let mut best = self.scored(&written);
        best.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.category.cmp(&b.category)));
        best.into_iter()
            .take(MOST)
            .filter_map(|Scored { category, words, .. }| {
                let because = words.iter().filter_map(|at| Some((*written.get(*at)?).to_owned())).collect();
                Some(Suggestion { code: self.codes.get(category)?.clone(), because })
            })
            .collect()
    }

    /// Two troubles in one text: the sentence from which on it is about another one. `None` where that is not plain.
    #[must_use]
    pub fn split(&self, text: &str) -> Option<Split> {
        let begins = sentences(text);
        let ends = begins.iter().skip(1).copied().chain([text.len()]);
        let sentences: Vec<Sentence> =
            begins.iter().zip(ends).filter_map(|(at, end)| self.sentence(*at, text.get(*at..end)?)).collect();
        let mut best: Option<(f64, Split)> = None;
        for (i, one) in sentences.iter().enumerate().filter(|(_, one)| one.score >= PLAIN) {
            for two in sentences.iter().skip(i + 1).filter(|two| two.category != one.category) {
                let wanted = PLAIN * if two.adds { SAID } else { UNSAID };
                // Neither may be what the other sentence is about as well.
                let about = |sentence: &Sentence, other: &Sentence| {
                    sentence.all.get(&other.category).is_some_and(|score| *score > other.score / 2.0)
                };
                if two.score < wanted || about(one, two) || about(two, one) {
                    continue;
                }
                let weight = one.score.min(two.score) * if two.adds { 2.0 } else { 1.0 };
                if best.as_ref().is_none_or(|(most, _)| weight > *most) {
                    let code = |category: usize| self.codes.get(category).cloned().unwrap_or_default();
                    best = Some((weight, Split { at: two.at, first: code(one.category), second: code(two.category) }));
                }
            }
        }
        best.map(|(_, split)| split)
    }

    /// What the sentence that begins at byte `at` is about; `None` where no word leads anywhere.
    fn sentence(&self, at: usize, text: &str) -> Option<Sentence> {
        let all: BTreeMap<usize, f64> =
            self.scored(&words(text)).iter().map(|found| (found.category, found.score)).collect();
        let (category, score) = all.iter().map(|(c, s)| (*c, *s)).max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Sentence { at, adds: adds(text), category, score, all })
    }

    /// Every category that any word leads to.
    fn scored(&self, written: &[&str]) -> Vec<Scored> {
        let folded: Vec<String> = written.iter().map(|w| fold(w)).collect();
        let counts: Vec<f64> = (0..folded.len()).map(|at| counts(&folded, at)).collect();
        // For each stem the first of the words that count most: alone, and together with others.
        let mut alone: Vec<Option<Found>> = vec![None; self.stems.len()];
        let mut together = alone.clone();
        let more = |than: &Option<Found>, weight: f64| than.is_none_or(|found| weight > found.weight);
        for ((stem, alone), together) in self.stems.iter().zip(&mut alone).zip(&mut together) {
            for (word, (text, weight)) in folded.iter().zip(counts.iter().copied()).enumerate() {
                let Some(fit) = begins(text, &stem.text) else { continue };
                let found = Some(Found { word, weight });
                if more(together, weight) {
                    *together = found;
                }
                if fit == Fit::Alone && more(alone, weight) {
                    *alone = found;
                }
            }
        }
        let mut all = Vec::new();
        for (at, entries) in self.entries.iter().enumerate() {
            // Each stem once, with the most it counts in any entry.
            let mut got: BTreeMap<usize, Found> = BTreeMap::new();
            for entry in entries {
                let found = if entry.len() > 1 { &together } else { &alone };
                let all: Option<Vec<_>> = entry.iter().map(|s| Some((*s, (*found.get(*s)?)?))).collect();
                for (stem, found) in all.into_iter().flatten() {
                    let known = got.entry(stem).or_insert(found);
                    if found.weight > known.weight {
                        *known = found;
                    }
                }
            }
            let score: f64 = got.iter().filter_map(|(s, found)| Some(self.stems.get(*s)?.weight * found.weight)).sum();
            if score > 0.0 {
                let mut words: Vec<usize> = got.values().map(|found| found.word).collect();
                words.sort_unstable();
                words.dedup();
                all.push(Scored { score, category: at, words });
            }
        }
        all
    }
}

/// A sentence of a text.
struct Sentence {
    /// Byte where it begins.
    at: usize,
    /// Whether it says that it is about something else than what stood before it.
    adds: bool,
    /// What it is most plainly about.
    category: usize,
    /// How plainly.
    score: f64,
    /// The score of every category that a word leads to.
    all: BTreeMap<usize, f64>,
}

/// A category and what speaks for it.
struct Scored {
    score: f64,
    category: usize,
    /// Which words of the text.
    words: Vec<usize>,
}

/// Where a text begins to be about something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Byte at which the second trouble begins.
    pub at: usize,
    /// Category of the first.
    pub first: String,
    /// Category of the second.
    pub second: String,
}

/// Score from which on a sentence is plainly about a category: about that of a word that no other category has.
const PLAIN: f64 = 4.0;
/// Share of it that is enough where the text itself says that something else follows.
const SAID: f64 = 0.6;
/// Share of it that is asked for otherwise.
const UNSAID: f64 = 2.0;
/// Folded words by which a text goes on to something else.
const MORE: [&str; 6] = ["ayrica", "bir de", "bunun disinda", "bundan baska", "ote yandan", "ikinci"];

/// Whether a sentence says that it is about something else.
fn adds(sentence: &str) -> bool {
    let folded = format!(" {} ", fold(sentence));
    MORE.iter().any(|more| folded.contains(&format!(" {more} ")))
}

/// Where sentences begin, in bytes: the first, and each behind a full stop (or a line's end) that goes on in capitals.
fn sentences(text: &str) -> Vec<usize> {
    let mut begins = vec![0];
    let (mut ended, mut broken) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '.' | '!' | '?' | '…' => ended = true,
            '\n' => (ended, broken) = (true, true),
            c if c.is_whitespace() => {}
            c => {
                if ended
                    && (broken
                        || (c.is_uppercase() && text.get(..at).is_some_and(|t| t.ends_with(char::is_whitespace))))
                {
                    begins.push(at);
                }
                (ended, broken) = (false, false);
            }
        }
    }
    begins
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect()
}

/// What the word there counts: little when one of the next two says that it names a place.
fn counts(words: &[String], at: usize) -> f64 {
    let names_a_place = |word: &String| PLACES.contains(&word.as_str());
    let behind = words.get(at + 1..words.len().min(at + 3)).unwrap_or_default();
    let itself = words.get(at).is_some_and(names_a_place);
    if behind.iter().any(names_a_place) && !itself { WHERE } else { 1.0 }
}

/// How much a word that begins with a stem says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Enough by itself.
    Alone,
    /// Enough where the entry's other stems stand in the text as well.
    Together,
}

/// How a word begins with the stem, whose last consonant may have softened (`köpek`, `köpeği`). A short one must
/// be a whole word with its endings to say anything by itself.
fn begins(word: &str, stem: &str) -> Option<Fit> {
    let ending = word.strip_prefix(stem).or_else(|| softened(word, stem))?;
    match stem.len() {
        4.. => Some(Fit::Alone),
        _ if is_ending(stem, ending) => Some(Fit::Alone),
        3 => Some(Fit::Together),
        _ => None,
    }
}

/// The ending behind a stem whose last letter became soft; of short ones only a k does.
fn softened<'a>(word: &'a str, stem: &str) -> Option<&'a str> {
    let (begin, soft) = softening(stem)?;
    if stem.len() > 3 || soft == 'g' { word.strip_prefix(begin)?.strip_prefix(soft) } else { None }
}

fn is_ending(stem: &str, ending: &str) -> bool {
    // `-sı` stands behind a vowel only: `karşı` is not the snow of somebody.
    if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) && ["si", "su"].contains(&ending) {
        return false;
    }
    let behind = |rest: &str| CASES.contains(&rest);
    NUMBERS
        .iter()
        .filter_map(|number| ending.strip_prefix(number))
        .any(|rest| OWNERS.iter().filter_map(|owner| rest.strip_prefix(owner)).any(behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_stems_are_whole_words_with_their_endings() {
        for (word, stem, fits) in [
            ("kar", "kar", true),
            ("karda", "kar", true),
            ("karsi", "kar", false),
            ("karanlik", "kar", false),
            ("dallari", "dal", true),
            ("suyu", "su", true),
            ("sunmak", "su", false),
            ("copleri", "cop", true),
            ("rampasi", "rampa", true),
        ] {
            assert_eq!(begins(word, stem) == Some(Fit::Alone), fits, "{word} {stem}");
        }
        assert_eq!(begins("kesiliyor", "kes"), Some(Fit::Together));
    }

    #[test]
    fn a_last_consonant_may_soften() {
        for (word, stem) in [("kopegi", "kopek"), ("cardagin", "cardak")] {
            assert_eq!(begins(word, stem), Some(Fit::Alone), "{word} {stem}");
        }
        assert_eq!(begins("kope", "kopek"), None);
    }

    #[test]
    fn sentences_begin_behind_a_stop_that_goes_on_in_capitals() {
        assert_eq!(sentences("Akasya Sk. üzerinde çukur var. Lamba yanmıyor!\nsu yok"), [0, 33, 50]);
        assert_eq!(sentences(""), [0]);
    }

    #[test]
    fn the_name_of_a_place_counts_less() {
        let words: Vec<String> = ["caminin", "arkasinda", "cukur"].map(str::to_owned).into();
        assert_eq!([0, 1, 2].map(|at| counts(&words, at)), [WHERE, 1.0, 1.0]);
    }
}
