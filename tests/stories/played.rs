//! A city that was played is opened by the demo: its people sign in, and find the years that were played.

use mbs_play::rates::Rates;
use mbs_play::script::{AFTER, Options};
use mbs_play::{in_folder, play};
use mbs_tests::demo::city::{PASSWORD, PEOPLE, seed};
use mbs_tests::server::Server;
use mbs_tests::staff::Staff;

const DAY: i64 = 86_400_000;

#[test]
fn the_demo_opens_what_was_played() {
    let dir = tempfile::tempdir().unwrap();
    let server = in_folder(dir.path());
    std::fs::create_dir_all(&server).unwrap();
    let begin = jiff::Timestamp::now().as_millisecond() - (200 + AFTER) * DAY;
    let options = Options { requests: 60, begin, days: 200, rates: Rates::read(None).unwrap(), seed: 3 };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (town, ..) = play(&server, options).await.unwrap();
        town.service.writer.stop();
    });
    drop(runtime);

    let server = Server::start(&server);
    let key = seed(&server, dir.path()).unwrap();
    assert_eq!(seed(&server, dir.path()).unwrap(), key, "and once more finds it as it was");
    for person in PEOPLE {
        let desk = Staff::sign_in(&server.url(), person.login, PASSWORD).unwrap();
        let all = desk.get("queue?list=all").unwrap();
        match person.role {
            "triage" | "operator" => assert_eq!(all["total"], 60, "{}: {all}", person.login),
            _ => assert!(all["total"].as_u64().unwrap() < 60, "{}: only its own", person.login),
        }
    }
    assert_eq!(server.number("select count(*) from request"), 60, "nothing was added to what was played");
}
