//! Search: the folded words of every request, one behind the other in memory, brought forward from the feed at each question.
//!
//! Nothing is stored and filing costs nothing; whichever process wrote, the next question sees it. A request costs as many
//! bytes of memory as it has words, and reading all of them for the first question some 50 µs each.
//!
//! In it: what was written, said and answered, also within the parts of the work; a muhtar's private notes never. Names of
//! persons stand behind a mark that only who may see persons looks beyond.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mbs_shared::fold::{fold, stem};
use mbs_shared::routing::Case;
use mbs_shared::wire::entry::EntryKind;
use memchr::memmem;

use crate::database::requests::{self, Head};
use crate::database::{DbResult, Session, changes, entries, events, feed, meta, people, staff};
use crate::service::Service;

/// Requests read in one transaction.
const BATCH: u32 = 500;
/// More empty room than a quarter is given back.
const MOST_EMPTY: usize = 4;
/// Between the words of an entry and its persons. What is looked for never has one.
const PERSONS: char = '\t';

/// What is searched. Empty until the server has begun, or the first question.
#[derive(Debug, Default)]
pub struct Search(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    /// The feed's place up to which it is true.
    seq: i64,
    /// Entries one behind the other, each ended by a line feed; those that were replaced are blank.
    text: Vec<u8>,
    /// Where each entry begins, and whose it is.
    entries: Vec<(usize, i64)>,
    /// Which entry a request has.
    of: HashMap<i64, usize>,
    /// Bytes of blank entries.
    blank: usize,
}

impl Index {
    fn end(&self, entry: usize) -> usize {
        self.entries.get(entry + 1).map_or(self.text.len(), |(begin, _)| *begin)
    }

    fn put(&mut self, rid: i64, text: &str) {
        self.remove(rid);
        self.of.insert(rid, self.entries.len());
        self.entries.push((self.text.len(), rid));
        self.text.extend_from_slice(text.as_bytes());
        self.text.push(b'\n');
    }

    fn remove(&mut self, rid: i64) {
        let Some(entry) = self.of.remove(&rid) else { return };
        let begin = self.entries.get(entry).map_or(0, |(begin, _)| *begin);
        let end = self.end(entry);
        if let Some(bytes) = self.text.get_mut(begin..end) {
            // Gone at once, not at the next tidying: it may have been erased by law.
            bytes.fill(b'\n');
            self.blank += bytes.len();
        }
    }

    fn tidy(&mut self) {
        if self.blank * MOST_EMPTY <= self.text.len() {
            return;
        }
        let mut tidied = Self { seq: self.seq, ..Self::default() };
        for (entry, (begin, rid)) in self.entries.iter().enumerate() {
            if self.of.get(rid) == Some(&entry) {
                tidied.of.insert(*rid, tidied.entries.len());
                tidied.entries.push((tidied.text.len(), *rid));
                tidied.text.extend_from_slice(self.text.get(*begin..self.end(entry)).unwrap_or_default());
            }
        }
        *self = tidied;
    }

    /// Requests that have all the words, in the names of `persons` too or not, by row number, newest first.
    fn find(&self, words: &str, persons: bool) -> Vec<i64> {
        let mut words: Vec<&str> = words.split_whitespace().map(stem).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let Some((longest, rest)) = words.split_first() else { return Vec::new() };
        let rest: Vec<memmem::Finder<'_>> = rest.iter().map(memmem::Finder::new).collect();
        let longest = memmem::Finder::new(longest);
        let (mut found, mut from) = (BTreeSet::new(), 0);
        while let Some(hit) = self.text.get(from..).and_then(|text| longest.find(text)) {
            let entry = self.entries.partition_point(|(begin, _)| *begin <= from + hit).saturating_sub(1);
            let Some((begin, rid)) = self.entries.get(entry) else { break };
            let end = self.end(entry);
            let mut text = self.text.get(*begin..end).unwrap_or_default();
            if !persons && let Some(mark) = memchr::memchr(PERSONS as u8, text) {
                text = text.get(..mark).unwrap_or_default();
            }
            // The first hit of an entry: behind the words it is none of theirs.
            let own = from + hit < begin + text.len();
            if own && rest.iter().all(|word| word.find(text).is_some()) {
                found.insert(*rid);
            }
            from = end;
        }
        found.into_iter().rev().collect()
    }
}

impl Search {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads every request, so that the first question need not wait for it.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn begin(&self, service: &Service) -> DbResult<()> {
        bring_forward(&mut self.index(), service)
    }

    /// Row numbers of the requests whose number, words, answer, thread, place, category or units have all of `words` (folded
    /// here), the newest first; with `persons` in the names of who filed and who decided too.
    ///
    /// # Errors
    /// [`crate::database::DbError`].
    pub fn find(&self, service: &Service, words: &str, persons: bool) -> DbResult<Vec<i64>> {
        let mut index = self.index();
        bring_forward(&mut index, service)?;
        Ok(index.find(&fold(words), persons))
    }
}

/// Takes over what was written since.
fn bring_forward(index: &mut Index, service: &Service) -> DbResult<()> {
    let seq = service.db.ask(|s| meta::get(s, "seq"))?;
    if index.seq == seq {
        return Ok(());
    }
    // What is written from here on stands behind `seq` and is read the next time.
    if index.seq == 0 || index.seq > seq {
        *index = Index::default();
        let mut after = 0;
        loop {
            let read = service.db.ask(|s| {
                let heads = requests::by_rid(s, after, BATCH)?;
                heads.into_iter().map(|head| Ok((head.rid, text_of(s, service, &head)?))).collect::<DbResult<Vec<_>>>()
            })?;
            let Some((last, _)) = read.last() else { break };
            after = *last;
            for (rid, text) in read {
                index.put(rid, &text);
            }
        }
    } else {
        let changed = service.db.ask(|s| s.all(feed::TOUCHED, &[index.seq.into(), seq.into()], |r| r.int(0)))?;
        for rid in changed {
            let text = service.db.ask(|s| {
                let head = s.first(requests::OF_RID, &[rid.into()], requests::head)?;
                head.map(|head| text_of(s, service, &head)).transpose()
            })?;
            match text {
                Some(text) => index.put(rid, &text),
                None => index.remove(rid),
            }
        }
        index.tidy();
    }
    index.seq = seq;
    Ok(())
}

/// Everything a request is found by, folded: words, [`PERSONS`], names.
fn text_of(s: &mut dyn Session, service: &Service, head: &Head) -> DbResult<String> {
    let content = changes::read(&changes::of_request(s, head.rid)?)?.request;
    let directory = service.directory();
    let place = |scope: u32| {
        let found = directory.neighbourhood(service.scopes.code(scope));
        found.map_or_else(String::new, |n| format!("{} {}", n.name, n.district))
    };
    let unit = |code: &str| directory.unit(code).map_or("", |u| u.name.as_str());
    let category = directory.category(&head.category).map_or(head.category.as_str(), |c| c.name.as_str());
    let elsewhere = if head.place == head.scope { String::new() } else { place(head.place) };
    let mut words = format!(
        "{} {} {} {} {} {} {elsewhere} {category} {}",
        head.no,
        head.case_no,
        content.title,
        content.desc,
        content.addr,
        place(head.scope),
        unit(service.scopes.code(head.unit)),
    );
    let events = events::of_request(s, head.rid)?;
    let case = Case::fold(events.iter().map(|stored| &stored.event));
    let mut say = |more: &str| {
        words.push(' ');
        words.push_str(more);
    };
    if let Some(answer) = &case.answer {
        say(&answer.text);
    }
    for task in &case.tasks {
        say(unit(&task.unit));
        say(&task.text);
        say(task.end.as_ref().map_or("", |end| &end.text));
    }
    let mut authors: BTreeSet<i64> = events.iter().map(|stored| stored.author).collect();
    // A note is the muhtar's own: class private.
    for said in entries::of_request(s, head.rid)?.iter().filter(|said| said.entry.kind != EntryKind::Note) {
        say(&said.entry.text);
        authors.insert(said.author);
    }
    let mut persons = people::held_at(s, head.scope, head.received)?.unwrap_or_default();
    // Tablets and the server have no name of their own.
    for author in authors.into_iter().filter(|author| *author > 0) {
        persons.push(' ');
        persons.push_str(&staff::name(s, author)?);
    }
    Ok(format!("{}{PERSONS}{}", fold(&words), fold(&persons)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(texts: &[(i64, &str)]) -> Index {
        let mut index = Index::default();
        for (rid, text) in texts {
            index.put(*rid, text);
        }
        index
    }

    #[test]
    fn every_word_is_asked_for_and_the_newest_comes_first() {
        let index = index(&[(1, "derin cukur firin"), (2, "cukur okul"), (3, "firin onu"), (7, "cukur cukur firin")]);
        assert_eq!(index.find("cukur", true), [7, 2, 1]);
        assert_eq!(index.find("firin cukur", true), [7, 1]);
        assert_eq!(index.find("cuk", true), [7, 2, 1], "a beginning is enough");
        assert_eq!(index.find("cukur firin yok", true), [0_i64; 0]);
        assert_eq!(super::tests::index(&[(4, "salincagin zinciri")]).find("salincak", true), [4], "another form");
        // Words of two requests are not one request's.
        assert_eq!(index.find("firin cukur okul", true), [0_i64; 0]);
        assert_eq!(index.find("", true), [0_i64; 0]);
    }

    #[test]
    fn what_was_replaced_or_erased_is_not_found_and_not_kept() {
        let mut index = index(&[(1, "gizli soz"), (2, "cukur"), (3, "lamba")]);
        index.put(2, "agac");
        index.remove(1);
        assert_eq!(
            (index.find("cukur", true), index.find("agac", true), index.find("gizli", true)),
            (vec![], vec![2], vec![])
        );
        assert!(memmem::find(&index.text, b"gizli").is_none());
        let before = index.text.len();
        index.tidy();
        assert!(index.text.len() < before && index.blank == 0);
        assert_eq!((index.find("agac", true), index.find("lamba", true)), (vec![2], vec![3]));
        index.put(3, "sokak lambasi");
        assert_eq!(index.find("lamba", true), [3]);
    }

    #[test]
    fn names_are_found_by_who_may_see_them_and_words_never_reach_over() {
        let index = index(&[(1, "cukur\tdeniz kaya"), (2, "deniz kenari\tada cukur"), (3, "lamba\tdeniz")]);
        assert_eq!((index.find("deniz", false), index.find("deniz", true)), (vec![2], vec![3, 2, 1]));
        assert_eq!((index.find("cukur deniz", false), index.find("cukur deniz", true)), (vec![], vec![2, 1]));
        assert_eq!((index.find("kaya", false), index.find("ada kenari", false)), (vec![], vec![]));
    }
}
