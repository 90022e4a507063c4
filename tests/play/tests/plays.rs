//! A play that answers nearly everything, and one that does not: each obeys the machine, and the reports tell them apart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use mbs_play::check::Found;
use mbs_play::cost::{beyond, measure};
use mbs_play::play;
use mbs_play::rates::Rates;
use mbs_play::script::{BEGIN, Options, Played};

/// A folder whose disk need not be waited for: what survives a power cut is proven elsewhere.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn options(requests: usize, resolved: u64, seed: u64) -> Options {
    let rates = Rates { resolved: resolved * 10, ..Rates::read(None).unwrap() };
    Options { requests, begin: BEGIN, days: 1_278, rates, seed }
}

async fn played(dir: &std::path::Path, options: Options) -> (f64, Played, Found) {
    let requests = options.requests;
    let (town, played, found) = play(dir, options).await.unwrap();
    town.service.writer.stop();
    assert_eq!(found.requests, requests);
    (100.0 * found.resolved.0 as f64 / found.resolved.1 as f64, played, found)
}

#[tokio::test]
async fn two_thousand_requests_of_a_city_that_answers() {
    let dir = folder();
    let (share, played, found) = played(dir.path(), options(2_000, 97, 1)).await;
    assert!((95.0..=99.0).contains(&share), "{share}");
    let often = |what: &str| played.done.get(what).copied().unwrap_or(0);
    for (what, least) in [
        ("route", 50),
        ("return", 50),
        ("ask", 50),
        ("reply", 50),
        ("object", 50),
        ("confirm", 50),
        ("interim", 50),
        ("plan", 50),
        ("approve", 50),
        ("recorded_answer", 50),
        ("program_answer", 20),
        ("take_back", 20),
        ("send_out", 20),
        ("correct", 5),
        ("finish_task", 20),
    ] {
        assert!(often(what) >= least, "{what} was done {} times: the play has become too tame", often(what));
    }
    assert!(often("release") + often("decline") >= 10, "too few wished to withdraw");
    assert!(found.outcomes.get("duplicate").is_some_and(|count| *count >= 20), "{:?}", found.outcomes);
    // A storm's day brings many times as many as another.
    let on = |day: i64| {
        let from = BEGIN + day * 86_400_000;
        played.filed.iter().filter(|filed| (from..from + 86_400_000).contains(&filed.received)).count()
    };
    assert!(played.storms.len() >= 10, "{:?}", played.storms);
    let storms: usize = played.storms.iter().copied().map(on).sum();
    assert!(storms > 3 * played.storms.len() * 2_000 / 1_278, "{storms} on {} days of storm", played.storms.len());

    // Every page answers over it, a unit's own too; what it may cost is asked where nothing else runs.
    let costs = measure(dir.path()).await.unwrap();
    assert!(
        costs.len() > 20 && costs.iter().all(|cost| cost.bytes >= 2 || cost.page.starts_with("memory")),
        "{costs:?}"
    );
    assert!(beyond(&costs, None).len() < costs.len());
}

#[tokio::test]
async fn a_city_that_does_not() {
    let dir = folder();
    let (share, ..) = played(dir.path(), options(500, 60, 2)).await;
    assert!((52.0..=68.0).contains(&share), "{share}");
}
