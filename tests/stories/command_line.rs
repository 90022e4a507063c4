//! `cargo tablet` and the browser host: the same core, the same folder, the same answers.

use mbs_tests::people::{RASIMPASA, fixture, root};
use mbs_tests::tablet::{TabletProcess, command};
use mbs_tests::world::World;

#[test]
fn a_request_is_filed_sent_and_exported_from_the_command_line() {
    let world = World::begin();
    let dir = world.folder("tablet");
    let refused = command(&dir, &["sync"]).unwrap_err();
    assert!(refused.contains("not_enrolled"), "{refused}");
    let code = world.server.enrol_code(RASIMPASA);
    let url = world.network.url();
    let wrong = command(&dir, &["enrol", "--server", &url, "--code", "0000-0000"]).unwrap_err();
    assert!(wrong.contains("enrolment_code"), "{wrong}");
    let status = command(&dir, &["enrol", "--server", &url, "--code", &code]).unwrap();
    assert_eq!(status["identity"]["person"], RASIMPASA.person);

    let photo = fixture("generated/g-ist-02.jpg");
    let photo = photo.to_str().unwrap();
    let filed = command(
        &dir,
        &[
            "capture",
            "--text",
            "Rıhtım girişinde çukur",
            "--photo",
            photo,
            "--at",
            "40.9946,29.0259",
            "--category",
            "yol.cukur",
        ],
    )
    .unwrap();
    let no = filed["row"]["case_no"].as_str().unwrap().to_owned();
    assert_eq!(filed["photos"].as_array().unwrap().len(), 1);
    assert_eq!(command(&dir, &["outbox"]).unwrap()["items"].as_array().unwrap().len(), 2);

    world.network.cut();
    let cut = command(&dir, &["sync"]).unwrap_err();
    assert!(cut.contains("offline"), "{cut}");
    world.network.restore();
    let summary = command(&dir, &["sync"]).unwrap();
    assert_eq!((summary["waiting"].as_u64(), summary["photos"].as_u64()), (Some(0), Some(1)));

    let rows = command(&dir, &["list", "--find", "RIHTIM cukur"]).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    let shown = command(&dir, &["show", &no.to_lowercase()]).unwrap();
    assert_eq!(shown["row"]["transport"], "delivered");
    let official = shown["row"]["official_no"].as_str().unwrap();
    assert_eq!(command(&dir, &["show", official]).unwrap()["row"]["case_no"], no.as_str());
    command(&dir, &["say", &no, "--text", "Bugün daha da derin."]).unwrap();
    command(&dir, &["edit", &no, "--title", "Rıhtımda çukur"]).unwrap();
    command(&dir, &["sync"]).unwrap();
    assert_eq!(world.server.records()[0].title, "Rıhtımda çukur");

    let out = world.folder("out");
    let written = command(&dir, &["export", out.to_str().unwrap()]).unwrap();
    assert_eq!((written["requests"].as_u64(), written["photos"].as_u64()), (Some(1), Some(1)));
    let hash = shown["photos"][0]["hash"].as_str().unwrap();
    assert!(out.join(format!("photos/{hash}.jpg")).is_file());
    assert!(out.join(format!("requests/{no}.json")).is_file());
}

/// A voice note in place of typing: without what the recorder wrote beside the voice, over a line that is cut again and
/// again, and to be heard at the desk.
#[test]
fn a_voice_note_goes_the_whole_way() {
    let world = World::begin();
    let dir = world.folder("tablet");
    let url = world.network.url();
    command(&dir, &["enrol", "--server", &url, "--code", &world.server.enrol_code(RASIMPASA)]).unwrap();
    let recorded = root().join("tests/fixtures/voice/cukur.ogg");
    let (plain, seconds) = mbs_shared::ogg::plain(&std::fs::read(&recorded).unwrap()).unwrap();
    let recorded = recorded.to_str().unwrap();
    let filed = command(&dir, &["capture", "--text", "Sesli anlattım.", "--voice", recorded]).unwrap();
    let (no, note) = (filed["row"]["case_no"].as_str().unwrap(), &filed["photos"][0]);
    assert_eq!((note["kind"].as_str(), note["width"].as_u64()), (Some("voice"), Some(u64::from(seconds))));
    let picture = fixture("generated/g-ist-02.jpg");
    let refused = command(&dir, &["capture", "--text", "Bozuk", "--voice", picture.to_str().unwrap()]).unwrap_err();
    assert!(refused.contains("voice_unreadable"), "{refused}");

    world.network.cut_each_bytes(Some(12 * 1024));
    let mut cuts = 0;
    while command(&dir, &["sync"]).is_err() {
        cuts += 1;
        assert!(cuts < 20, "it never arrives");
    }
    assert!(cuts > 0, "the line was cut");
    world.network.cut_each_bytes(None);
    command(&dir, &["sync"]).unwrap();
    assert_eq!(command(&dir, &["show", no]).unwrap()["row"]["photos_delivered"], 1);
    let hash = note["hash"].as_str().unwrap();
    assert_eq!(world.triage().get_bytes(&format!("photos/{hash}")).unwrap(), plain);

    let out = world.folder("out");
    command(&dir, &["export", out.to_str().unwrap()]).unwrap();
    assert_eq!(std::fs::read(out.join(format!("photos/{hash}.ogg"))).unwrap(), plain);
}

#[test]
fn practice_is_never_sent() {
    let world = World::begin();
    let dir = world.folder("practice");
    let status = command(&dir, &["enrol", "--practice"]).unwrap();
    assert_eq!(status["identity"]["practice"], true);
    command(&dir, &["capture", "--text", "Deneme: kaldırım bozuk"]).unwrap();
    command(&dir, &["sync"]).unwrap();
    assert!(world.server.records().is_empty());
}

#[test]
fn the_browser_host_answers_only_its_own_pages() {
    let world = World::begin();
    let dir = world.folder("tablet");
    let url = world.network.url();
    command(&dir, &["enrol", "--server", &url, "--code", &world.server.enrol_code(RASIMPASA)]).unwrap();
    std::fs::write(dir.join("index.html"), "<!doctype html>").unwrap();
    let host = TabletProcess::start(&dir);
    let client = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
    let call = |origin: Option<&str>, kind: &str, body: &str| {
        let mut request =
            client.post(format!("{}/call", host.url())).header("content-type", kind).body(body.to_owned());
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let reply = request.send().unwrap();
        (reply.status().as_u16(), reply.text().unwrap())
    };
    let own = host.url();
    let (status, body) = call(Some(&own), "application/json", r#"{"call":"status"}"#);
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(RASIMPASA.neighbourhood));
    assert_eq!(call(None, "application/json", r#"{"call":"status"}"#).0, 200);
    assert_eq!(call(Some("https://elsewhere.example"), "application/json", r#"{"call":"status"}"#).0, 403);
    assert_eq!(call(None, "text/plain", r#"{"call":"status"}"#).0, 400);
    assert_eq!(call(None, "application/json", r#"{"call":"format_disk"}"#).0, 400);
    let (status, body) =
        call(None, "application/json", r#"{"call":"request","id":"00000000000000000000000000000000"}"#);
    assert_eq!((status, body.contains("not_found")), (404, true), "{body}");

    let get = |path: &str| client.get(format!("{own}{path}")).send().unwrap();
    let page = get("/");
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(get("/..%2fmbs.key").status(), 404);
    assert_eq!(get(&format!("/photo/{}", "0".repeat(64))).status(), 404);
    let named = client.get(&own).header("host", "tablet.example").send().unwrap();
    assert_eq!(named.status(), 403);
    assert_eq!(get("/changes").headers()["content-type"], "text/event-stream");
}

/// The desk's pages are served as they were built; where they were not, the server says what to do.
#[test]
fn the_desk_is_served_with_the_server() {
    let world = World::begin();
    let reply = reqwest::blocking::get(format!("{}/desk/", world.url())).unwrap();
    let (status, page) = (reply.status().as_u16(), reply.text().unwrap());
    match std::fs::read_to_string(mbs_tests::people::root().join("ui/dist/desk/index.html")) {
        Ok(built) => assert_eq!((status, page), (200, built)),
        Err(_) => assert!(status == 503 && page.contains("cargo demo"), "{status} {page}"),
    }
}
