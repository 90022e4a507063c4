//! Writes a source file anew with its changes in it, each behind the question whether it is on.

use std::collections::HashSet;
use std::ops::Range;

use crate::find::{Found, Piece, Site};

/// A file with its changes in it.
#[derive(Debug, Default)]
pub(crate) struct Woven {
    pub(crate) text: String,
    /// Which bytes of `text` stand for which changes: a choice's own bytes, and a site's whole for all of its changes. Inner ones
    /// come before those around them.
    spans: Vec<(Range<usize>, Vec<usize>)>,
}

impl Woven {
    /// The changes that an error between these bytes speaks of: those of the narrowest span around it; none is not one of ours.
    pub(crate) fn blamed(&self, at: &Range<usize>) -> &[usize] {
        let around = self.spans.iter().filter(|(span, _)| span.start <= at.start && at.end <= span.end);
        around.min_by_key(|(span, _)| span.len()).map_or(&[], |(_, mutants)| mutants)
    }

    /// All changes that have bytes between these.
    pub(crate) fn within(&self, at: &Range<usize>) -> Vec<usize> {
        let inside = self.spans.iter().filter(|(span, _)| at.start <= span.start && span.end <= at.end);
        inside.flat_map(|(_, mutants)| mutants.iter().copied()).collect()
    }
}

/// Weaves the changes of a file but those in `without`. `first` is the number of its first change, `on` the path of
/// [`crate::switch`]'s question.
pub(crate) fn weave(source: &str, found: &Found, without: &HashSet<usize>, first: usize, on: &str) -> Woven {
    let mut sites: Vec<&Site> = found.sites.iter().collect();
    sites.sort_by_key(|s| (s.range.start, std::cmp::Reverse(s.range.end)));
    let mut weaver = Weaver { source, sites, without, first, on, woven: Woven::default() };
    weaver.range(0..source.len(), 0);
    weaver.woven
}

struct Weaver<'a> {
    source: &'a str,
    sites: Vec<&'a Site>,
    without: &'a HashSet<usize>,
    first: usize,
    on: &'a str,
    woven: Woven,
}

impl Weaver<'_> {
    /// Writes a part of the source with the sites in it, of those from `next` on.
    fn range(&mut self, range: Range<usize>, mut next: usize) {
        let mut at = range.start;
        while let Some(&site) = self.sites.get(next) {
            if site.range.start >= range.end {
                break;
            }
            next += 1;
            if site.range.start < at || site.range.end > range.end {
                continue;
            }
            let mutants = kept(&site.pieces, self.without);
            if mutants.is_empty() {
                // Nothing is left to choose here; what lies inside is met next.
                continue;
            }
            self.copy(at..site.range.start);
            let from = self.woven.text.len();
            for piece in &site.pieces {
                self.piece(piece, next);
            }
            self.woven.spans.push((from..self.woven.text.len(), mutants));
            at = site.range.end;
        }
        self.copy(at..range.end);
    }

    fn piece(&mut self, piece: &Piece, next: usize) {
        match piece {
            Piece::Text(text) => self.woven.text.push_str(text),
            Piece::Owned(text) => self.woven.text.push_str(text),
            Piece::Hole(range) => self.range(range.clone(), self.first_in(range, next)),
            Piece::Choice { mutant, before, after } if !self.without.contains(mutant) => {
                let from = self.woven.text.len();
                self.woven.text.push_str(before);
                let number = self.first + mutant;
                self.woven.text.push_str(&format!("{}({number})", self.on));
                for piece in after {
                    self.piece(piece, next);
                }
                self.woven.spans.push((from..self.woven.text.len(), vec![*mutant]));
            }
            Piece::Choice { .. } => {}
        }
    }

    fn first_in(&self, range: &Range<usize>, next: usize) -> usize {
        let ahead = self.sites.get(next..).unwrap_or_default();
        next + ahead.iter().take_while(|s| s.range.start < range.start).count()
    }

    fn copy(&mut self, range: Range<usize>) {
        self.woven.text.push_str(self.source.get(range).unwrap_or_default());
    }
}

fn kept(pieces: &[Piece], without: &HashSet<usize>) -> Vec<usize> {
    let mutants = pieces.iter().filter_map(|p| match p {
        Piece::Choice { mutant, .. } => Some(*mutant),
        _ => None,
    });
    mutants.filter(|m| !without.contains(m)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::find;

    fn woven(source: &str) -> String {
        let found = find(source).expect("source");
        weave(source, &found, &HashSet::new(), 1, "on").text
    }

    #[test]
    fn each_change_stands_beside_what_was_there() {
        assert_eq!(
            woven("fn f(a: u8) -> bool { !(a == 3) }"),
            "fn f(a: u8) -> bool { if on(1) { return true; } if on(2) { return false; } \
             (match ((match (&(a), &(3)) { (l, r) => if on(4) { *l != *r } else { *l == *r } })) \
             { v => if on(3) { v } else { !v } }) }"
        );
    }
}
