//! A play that answers nearly everything, and one that does not: each obeys the machine, and the reports tell them apart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use mbs_play::check::Found;
use mbs_play::play;
use mbs_play::script::{Options, Played};

async fn played(requests: usize, resolved: u64, seed: u64) -> (f64, Played, Found) {
    // What survives a power cut is proven elsewhere; here no disk need wait.
    let memory = std::path::Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let options = Options { requests, days: 1_278, resolved: resolved * 10, seed };
    let (_, played, found) = play(dir.path(), options).await.unwrap();
    assert_eq!(found.requests, requests);
    (100.0 * found.resolved.0 as f64 / found.resolved.1 as f64, played, found)
}

#[tokio::test]
async fn two_thousand_requests_of_a_city_that_answers() {
    let (share, played, found) = played(2_000, 97, 1).await;
    assert!((95.0..=99.0).contains(&share), "{share}");
    let often = |what: &str| played.done.get(what).copied().unwrap_or(0);
    for what in ["route", "send_out", "return", "ask", "reply", "object", "confirm", "interim", "plan", "take_back"] {
        assert!(often(what) >= 50, "{what} was done {} times: the play has become too tame", often(what));
    }
    assert!(often("release") + often("decline") >= 10, "too few wished to withdraw");
    assert!(found.outcomes.get("duplicate").is_some_and(|count| *count >= 20), "{:?}", found.outcomes);
}

#[tokio::test]
async fn a_city_that_does_not() {
    let (share, ..) = played(500, 60, 2).await;
    assert!((52.0..=68.0).contains(&share), "{share}");
}
