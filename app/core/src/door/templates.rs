//! Beginnings of requests: those a muhtar made of his own, and what he files again and again.

use std::collections::HashMap;

use mbs_shared::fold::fold;
use mbs_shared::id::RequestId;
use mbs_shared::istanbul;
use mbs_shared::request::Kind;

use super::view;
use crate::error::{Code, Result, fail};
use crate::store::requests::{self, Filed, Stage};
use crate::store::templates::{self, Template};
use crate::tablet::Inner;

/// How far back is looked for what is filed again and again, in ms.
const YEAR: i64 = 365 * 24 * 3_600_000;
/// So many requests of a category are a habit.
const HABIT: usize = 3;
/// At most so many are learned.
const MOST_LEARNED: usize = 4;
/// Longest opening that is taken over, in bytes: a sentence, not a story.
const LONGEST: usize = 200;

/// The first sentence.
fn opening(words: &str) -> &str {
    let line = words.trim().lines().next().unwrap_or_default();
    let end = line.find(['.', '!', '?']).map_or(line.len(), |at| at + 1);
    line.get(..end).unwrap_or(line).trim()
}

/// What most of them have; of equals the one that comes first.
fn most<K: std::hash::Hash + Eq + Clone>(all: impl Iterator<Item = K>) -> Option<(K, usize)> {
    let mut counts: HashMap<K, (usize, usize)> = HashMap::new();
    for (n, key) in all.enumerate() {
        counts.entry(key).or_insert((0, n)).0 += 1;
    }
    let best = counts.into_iter().max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
    best.map(|(key, (count, _))| (key, count))
}

/// What is filed again and again, the most frequent first: category, its usual kind, and an opening that was used at least
/// twice. `filed`: newest first.
fn learned(filed: &[Filed]) -> Vec<Template> {
    let mut of: HashMap<&str, Vec<&Filed>> = HashMap::new();
    for one in filed {
        of.entry(one.category.as_str()).or_default().push(one);
    }
    let directory = istanbul::directory();
    let known = |code: &str| directory.category(code).is_some_and(|c| !c.sensitive && !c.retired);
    let mut habits: Vec<(&str, Vec<&Filed>)> =
        of.into_iter().filter(|(code, all)| all.len() >= HABIT && known(code)).collect();
    habits.sort_by(|(a, of_a), (b, of_b)| of_b.len().cmp(&of_a.len()).then(a.cmp(b)));
    let template = |(category, all): (&str, Vec<&Filed>)| {
        let openings = || all.iter().map(|one| opening(&one.words)).filter(|o| !o.is_empty() && o.len() <= LONGEST);
        let again = most(openings().map(fold)).filter(|(_, count)| *count > 1);
        let words = again.and_then(|(folded, _)| openings().find(|o| fold(o) == folded));
        Template {
            key: category.to_owned(),
            category: category.to_owned(),
            kind: most(all.iter().map(|one| one.kind)).map_or_else(Kind::default, |(kind, _)| kind),
            title: String::new(),
            words: words.unwrap_or_default().to_owned(),
        }
    };
    habits.into_iter().map(template).collect()
}

impl Inner {
    /// Those that were made, newest first, then those that were learned.
    pub(crate) fn templates(&self) -> Result<Vec<view::Template>> {
        let c = self.store.read();
        let made = templates::all(c, false)?;
        let gone = templates::all(c, true)?;
        let learned = learned(&requests::filed_since(c, self.now() - YEAR)?);
        let wanted =
            |one: &Template| !gone.iter().any(|g| g.key == one.key) && !made.iter().any(|m| m.category == one.category);
        let learned = learned.into_iter().filter(wanted).take(MOST_LEARNED);
        let shown = |learned| move |template| view::Template { template, learned };
        let learned: Vec<_> = learned.map(shown(true)).collect();
        Ok(made.into_iter().map(shown(false)).chain(learned).collect())
    }

    /// Makes one of a request. What is discreet does not stand where others look on.
    pub(crate) fn make_template(&mut self, id: RequestId) -> Result<()> {
        let request = self.record(id, Stage::Sent)?.request;
        if request.discreet {
            return Err(fail(Code::WrongMoment, "discreet"));
        }
        let template = Template {
            key: id.to_string(),
            category: request.category,
            kind: request.kind,
            title: request.title,
            words: request.desc,
        };
        let now = self.now();
        self.store.write_words(|c| templates::put(c, &template, false, now))
    }

    /// Takes one out, or back.
    pub(crate) fn set_template(&mut self, key: &str, gone: bool) -> Result<()> {
        let known = templates::find(self.store.read(), key)?;
        let learned = || {
            let category = istanbul::directory().category(key)?.code.clone();
            let empty = String::new;
            Some(Template { key: category.clone(), category, kind: Kind::default(), title: empty(), words: empty() })
        };
        let is_learned = istanbul::directory().category(key).is_some();
        let template = known.or_else(learned).ok_or_else(|| fail(Code::NotFound, key))?;
        let now = self.now();
        self.store.write_words(|c| match (gone, is_learned) {
            // Nothing is kept of it but that it is not wanted.
            (false, true) => templates::drop(c, key),
            _ => templates::put(c, &template, gone, now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filed(category: &str, words: &str) -> Filed {
        Filed { category: category.into(), kind: Kind::Complaint, words: words.into() }
    }

    #[test]
    fn what_is_filed_again_and_again_is_learned_with_the_opening_that_is_used_again() {
        let hole = |words| filed("yol.cukur", words);
        let all = [
            hole("Yolda ÇUKUR var. Fırının önünde."),
            filed("yol.kaldirim-bozuk", "Kaldırım kırık."),
            hole("Araç lastiği patladı!"),
            hole("Yolda çukur var. Okulun önünde."),
            filed("yol.kaldirim-bozuk", "Taşlar oynuyor."),
            filed("yol.kaldirim-bozuk", "Kaldırım yok"),
            filed("trafik.yol-cizgisi", "Çizgi silinmiş."),
            filed("trafik.yol-cizgisi", "Çizgi silinmiş."),
            hole(""),
        ];
        let learned = learned(&all);
        let told: Vec<_> = learned.iter().map(|t| (t.category.as_str(), t.words.as_str(), t.kind)).collect();
        assert_eq!(
            told,
            [("yol.cukur", "Yolda ÇUKUR var.", Kind::Complaint), ("yol.kaldirim-bozuk", "", Kind::Complaint)],
            "twice is no habit, and words that differ are nobody's opening"
        );
    }

    #[test]
    fn a_sensitive_matter_is_never_learned() {
        let sensitive = istanbul::directory().categories.iter().find(|c| c.sensitive).unwrap();
        let all = [(); 5].map(|()| filed(&sensitive.code, "Aynı sözler."));
        assert_eq!(learned(&all), []);
    }
}
