//! Who is looking at a request right now: said by open pages every few seconds, kept in memory, worth nothing a minute later.
//! Each instance knows its own pages; two people at two instances are kept apart by the number of the last event all the same.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mbs_shared::id::RequestId;

/// A page that has said nothing for so long is closed, in milliseconds.
const GONE: i64 = 45_000;
/// Requests looked at at once; above it nobody new is noted.
const MOST: usize = 10_000;

#[derive(Debug)]
struct Looking {
    staff: i64,
    name: String,
    at: i64,
}

/// Who looks at what.
#[derive(Debug, Default)]
pub struct Presence(Mutex<HashMap<RequestId, Vec<Looking>>>);

impl Presence {
    /// Notes that a person looks at a request, or looks no more; names of the others who do, in the order they came.
    pub fn note(&self, request: RequestId, staff: i64, name: &str, here: bool, now: i64) -> Vec<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, there| there.iter().any(|one| (now - one.at).abs() < GONE));
        }
        if all.len() >= MOST && !all.contains_key(&request) {
            return Vec::new();
        }
        let there = all.entry(request).or_default();
        there.retain(|one| (now - one.at).abs() < GONE && (here || one.staff != staff));
        match there.iter_mut().find(|one| one.staff == staff) {
            Some(own) => own.at = now,
            None if here => there.push(Looking { staff, name: name.to_owned(), at: now }),
            None => {}
        }
        let others = there.iter().filter(|one| one.staff != staff).map(|one| one.name.clone()).collect();
        if there.is_empty() {
            all.remove(&request);
        }
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_is_told_to_the_others_until_they_go_or_fall_silent() {
        let (presence, one) = (Presence::default(), RequestId([1; 16]));
        assert!(presence.note(one, 1, "Birinci", true, 0).is_empty());
        assert_eq!(presence.note(one, 2, "İkinci", true, 1_000), ["Birinci"]);
        assert_eq!(presence.note(one, 1, "Birinci", true, 2_000), ["İkinci"]);
        assert!(presence.note(RequestId([2; 16]), 3, "Üçüncü", true, 2_000).is_empty(), "another request");
        assert_eq!(presence.note(one, 2, "İkinci", false, 3_000), ["Birinci"], "who goes hears it once more");
        assert!(presence.note(one, 1, "Birinci", true, 4_000).is_empty());
        presence.note(one, 2, "İkinci", true, 5_000);
        assert!(presence.note(one, 1, "Birinci", true, 5_000 + GONE).is_empty(), "a page that was closed");
        // Nothing is kept of what nobody looks at.
        presence.note(one, 1, "Birinci", false, 60_000);
        presence.note(RequestId([2; 16]), 3, "Üçüncü", false, 60_000);
        assert!(presence.0.lock().unwrap().is_empty());
    }
}
