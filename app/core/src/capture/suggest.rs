//! Which category fits the words: plain counting of the directory's own keywords, offline and explained.
//!
//! A keyword counts when its folded words begin the folded words of the text in a row (Turkish adds its
//! endings behind). Longer and rarer keywords count more. Nothing is learned and nothing is guessed.

use std::collections::HashMap;

use mbs_shared::directory::Directory;
use mbs_shared::fold::fold;

use crate::door::view::Suggestion;

/// Suggestions at most.
const MOST: usize = 5;

/// Keywords ready for counting; made once.
#[derive(Debug)]
pub struct Suggester {
    /// Folded words of a keyword, its category, its weight.
    keywords: Vec<(Vec<String>, usize, f64)>,
    codes: Vec<String>,
}

impl Suggester {
    /// Reads the keywords of a directory.
    #[must_use]
    pub fn new(directory: &Directory) -> Self {
        let mut shared: HashMap<String, u32> = HashMap::new();
        let mut all = Vec::new();
        for (at, category) in directory.categories.iter().enumerate() {
            for (text, trust) in category.keywords.iter().map(|k| (k, 1.0)).chain([(&category.name, 0.6)]) {
                let folded = fold(text);
                *shared.entry(folded.clone()).or_default() += 1;
                all.push((folded, at, trust));
            }
        }
        let keywords = all
            .into_iter()
            .map(|(folded, at, trust)| {
                let words: Vec<String> = words(&folded).map(|(w, _)| w.to_owned()).collect();
                let letters: usize = words.iter().map(String::len).sum();
                let rarity = 1.0 / f64::from(shared.get(&folded).copied().unwrap_or(1));
                #[expect(clippy::cast_precision_loss, reason = "tens of letters")]
                let length = (letters as f64).sqrt() * (words.len() as f64);
                (words, at, trust * rarity * length)
            })
            .filter(|(words, ..)| words.iter().any(|w| w.len() > 2))
            .collect();
        Self { keywords, codes: directory.categories.iter().map(|c| c.code.clone()).collect() }
    }

    /// Fitting categories, best first, with the words that led to them.
    #[must_use]
    pub fn suggest(&self, text: &str) -> Vec<Suggestion> {
        let written: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        let folded: Vec<String> = written.iter().map(|w| fold(w)).collect();
        let mut scores: HashMap<usize, (f64, Vec<String>)> = HashMap::new();
        for (keyword, category, weight) in &self.keywords {
            let found =
                folded.windows(keyword.len()).position(|run| run.iter().zip(keyword).all(|(t, k)| matches(t, k)));
            if let Some(at) = found {
                let because = written.get(at..at + keyword.len()).unwrap_or_default().join(" ");
                let entry = scores.entry(*category).or_default();
                entry.0 += weight;
                if !entry.1.contains(&because) {
                    entry.1.push(because);
                }
            }
        }
        let mut best: Vec<_> = scores.into_iter().collect();
        best.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
        best.into_iter()
            .take(MOST)
            .filter_map(|(at, (_, because))| Some(Suggestion { code: self.codes.get(at)?.clone(), because }))
            .collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(|w| (w, w.len()))
}

/// Endings come behind; short keywords must stand alone, or "su" would be found in "sunmak".
fn matches(text: &str, keyword: &str) -> bool {
    if keyword.len() < 4 { text == keyword } else { text.starts_with(keyword) }
}
