//! What the simulation found, each as the smallest story that shows it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use mbs_sim::chance::Chance;
use mbs_sim::clock::{MORNING, SimClock};
use mbs_sim::tablet::Machinery;
use mbs_sim::template::Template;
use mbs_sim::vfs::{self, DiskFault};
use mbs_tablet::Tablet;
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::ports::HttpReply;
use mbs_tablet::sync::{Effect, Event, Nudge};
use serde_json::Value;

/// An enrolled tablet on machine 1.
fn tablet() -> Machinery {
    let template = Template::make().unwrap();
    vfs::insert(1, template.tablets[0].disk.with_chance(Chance::new(1)));
    let clock = SimClock::of(&Arc::new(AtomicI64::new(MORNING)));
    let mut tablet = Machinery::new(1, 0, clock, Chance::new(2));
    tablet.open().unwrap();
    tablet
}

fn file(app: &Tablet) {
    let draft = app.call(Call::NewDraft).unwrap();
    let id = draft["row"]["id"].as_str().unwrap().parse().unwrap();
    let set = Fields { title: Some("Çukur".into()), ..Fields::default() };
    app.call(Call::SetDraft { id, set }).unwrap();
    app.call(Call::Send { id }).unwrap();
}

fn status(app: &Tablet) -> Value {
    app.call(Call::Status).unwrap()
}

/// Seed 3 of 2026-11-25: after one read that the disk refused, the cipher refused everything until the app
/// was started anew. Seed 300002542 of 2026-12-01: the first question after it was refused still.
#[test]
fn a_tablet_goes_on_after_the_disk_refused_one_read() {
    let mut tablet = tablet();
    file(tablet.app.as_ref().unwrap());
    tablet.end();
    tablet.open().unwrap();
    let app = tablet.app.as_ref().unwrap();
    vfs::tell(1, |disk| disk.plan(0, DiskFault::ReadFails));
    let all = || app.call(Call::Requests { query: String::new() });
    assert_eq!(all().unwrap().as_array().unwrap().len(), 1, "the store is opened anew, and asked again");
    assert_eq!(vfs::tell(1, |disk| disk.troubles()), 1, "the read was refused");
    file(app);
    assert_eq!(all().unwrap().as_array().unwrap().len(), 2);
}

/// Seeds 110 and 111 of 2026-11-25: a portal's page instead of the server's answer put what was sent into
/// quarantine, or closed the tablet for an hour.
#[test]
fn a_portals_answer_judges_nothing() {
    for (answer, body) in [
        (200, "<html>Giriş yapın</html>"),
        (302, ""),
        (401, "<html>Unauthorized</html>"),
        (403, "<html>Forbidden</html>"),
        (404, "<html>Not Found</html>"),
        (413, "<html>Too Large</html>"),
        (426, "<html>Upgrade</html>"),
        (511, "<html>Network Authentication Required</html>"),
    ] {
        let tablet = tablet();
        let app = tablet.app.as_ref().unwrap();
        file(app);
        for n in 0..8 {
            // Long enough for any wait, and less than the hour a closed tablet waits.
            let now = MORNING + n * 10 * 60_000;
            let Effect::Http(request) = app.engine().step(now, Event::Nudge(Nudge::Connectivity)) else {
                panic!("{answer}: it tries again")
            };
            let reply = HttpReply { status: answer, headers: Vec::new(), body: body.as_bytes().to_vec() };
            let _ = app.engine().step(now, Event::Reply(request.ticket, reply));
        }
        let status = status(app);
        assert_eq!((status["quarantined"].as_u64(), status["waiting"].as_u64()), (Some(0), Some(1)), "{answer}");
    }
}
