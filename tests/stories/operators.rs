//! What an operator does at a console beside the running server: finds codes, gives and takes away sign-ins, keys
//! and tablets. Everything takes effect at the server that runs.

use std::process::Command;

use mbs_shared::wire::error::Code;
use mbs_tests::people::RASIMPASA;
use mbs_tests::process::{Serving, program};
use mbs_tests::server::{PASSWORD, User};
use mbs_tests::staff::Staff;
use mbs_tests::world::{ROADS_ANATOLIA, World};
use serde_json::Value;

fn listed(world: &World, words: &[&str]) -> Vec<Value> {
    let text = world.server.run(&[words, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{words:?}: {e}: {text}"))
}

#[test]
fn codes_are_found_by_words_as_a_person_types_them() {
    let world = World::begin();
    let found = world.server.run(&["neighbourhoods", "KADIKÖY", "rasimpasa"]);
    assert_eq!(found.lines().count(), 2, "a head and one line: {found}");
    assert!(found.contains(RASIMPASA.neighbourhood), "{found}");
    let units = listed(&world, &["units", "yol bakım", "anadolu"]);
    assert!(units.iter().any(|u| u["code"] == ROADS_ANATOLIA), "{units:?}");
    assert!(listed(&world, &["units", "no such words"]).is_empty());
    // A mistyped code is answered with its like.
    let said = world.server.run_badly(&["enrol-code", "--neighbourhood", "Kadıköy Rasimpaşa", "--person", "Biri"]);
    assert!(said.contains("did you mean") && said.contains(RASIMPASA.neighbourhood), "{said}");
}

#[test]
fn a_sign_in_is_changed_taken_away_and_given_back_beside_a_running_server() {
    let world = World::begin();
    let roads = world.unit(ROADS_ANATOLIA);
    let login = ROADS_ANATOLIA;
    roads.get("me").unwrap();
    let sign_in = |password: &str| Staff::sign_in(&world.url(), login, password);
    let refused = |staff: &Staff| staff.get("me").unwrap_err();

    // A new password signs out whoever knew the old one.
    let new = "baska bir uzun parola";
    world.server.run_with(&["user", "passwd", "--login", login], &format!("{new}\n")).unwrap();
    assert_eq!(refused(&roads).code, Some(Code::SignIn));
    assert!(sign_in(PASSWORD).is_err());
    let roads = sign_in(new).unwrap();

    let short = world.server.run_with(&["user", "passwd", "--login", login], "kısa\n").unwrap_err();
    assert!(short.contains("10"), "{short}");
    roads.get("me").unwrap();

    drop(world.server.run(&["user", "disable", "--login", login]));
    assert_eq!(refused(&roads).code, Some(Code::SignIn));
    assert!(sign_in(new).is_err());
    let said = world.server.run_badly(&["user", "disable", "--login", login]);
    assert!(said.contains("user list"), "{said}");
    let users = listed(&world, &["user", "list"]);
    assert!(users[0]["login"] == login && users[0]["role"] == "approver", "{users:?}");
    assert!(users[0]["state"].as_str().unwrap().starts_with("disabled 20"), "{users:?}");

    drop(world.server.run(&["user", "enable", "--login", login]));
    assert_eq!(refused(&roads).code, Some(Code::SignIn), "an old session does not come back");
    sign_in(new).unwrap().get("me").unwrap();
    assert_eq!(listed(&world, &["user", "list"])[0]["state"], "");
}

#[test]
fn a_backup_by_other_means_is_noted_and_the_desk_tells_its_age() {
    let world = World::begin();
    world.server.add_user(User { login: "isletim", name: "İşletim", role: "operator", unit: "", password: PASSWORD });
    let desk = Staff::sign_in(&world.url(), "isletim", PASSWORD).unwrap();
    let backup = || {
        let jobs = desk.get("health").unwrap()["jobs"].as_array().unwrap().clone();
        jobs.into_iter().find(|job| job["job"] == "backup").unwrap()
    };
    assert!(backup()["at"].is_null() && backup()["late"] == true, "{}", backup());
    drop(world.server.run(&["note-backup"]));
    let noted = backup();
    assert!(noted["good"].is_i64() && noted["late"] == false, "{noted}");
    drop(world.server.run(&["note-backup", "--failed", "pg_dump: bağlantı yok"]));
    let failed = backup();
    assert!(failed["trouble"] == "pg_dump: bağlantı yok" && failed["good"] == noted["good"], "{failed}");
}

#[test]
fn keys_and_tablets_are_listed_and_revoked_beside_a_running_server() {
    let mut world = World::begin();
    let program = world.directorate(ROADS_ANATOLIA);
    program.page("").unwrap();
    let key = &listed(&world, &["key", "list"])[0];
    assert!(key["unit"] == ROADS_ANATOLIA && key["state"] == "", "{key}");
    drop(world.server.run(&["key", "revoke", "--name", ROADS_ANATOLIA]));
    assert_eq!(program.page("").unwrap_err().code, Some(Code::SignIn));
    assert!(listed(&world, &["key", "list"])[0]["state"].as_str().unwrap().starts_with("revoked 20"));

    let tablet = world.tablet(RASIMPASA);
    tablet.settle();
    let lines = listed(&world, &["tablets", "rasimpasa"]);
    assert_eq!(lines.len(), 1);
    assert!(lines[0]["neighbourhood"] == RASIMPASA.neighbourhood && lines[0]["missing"] == "0", "{lines:?}");
    let prefix = lines[0]["tablet"].as_str().unwrap().to_owned();
    drop(world.server.run(&["revoke", "--tablet", &prefix]));
    assert!(listed(&world, &["tablets", &prefix])[0]["state"].as_str().unwrap().starts_with("revoked 20"));
}

/// A server that may have few files open at first and tells its metrics at a port of its own.
fn watched(world: &World) -> Serving {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -Sn 256 && exec \"$0\" \"$@\""]).arg(program("mbs-server")).arg("serve");
    command.args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--data"]).arg(world.folder("watched"));
    Serving::try_start(&mut command).unwrap()
}

#[test]
fn a_server_takes_all_the_files_it_may_and_counts_its_answers_by_route() {
    let world = World::begin();
    let server = watched(&world);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let files: Vec<&str> =
        limits.lines().find(|l| l.starts_with("Max open files")).unwrap().split_whitespace().collect();
    assert!(files[3] == files[4] && files[3] != "256", "{files:?}");

    let said = server.said();
    let line = said.lines().find(|l| l.contains("\"message\":\"metrics\"")).unwrap();
    let told: Value = serde_json::from_str(line).unwrap();
    let metrics = format!("http://{}/metrics", told["address"].as_str().unwrap());
    mbs_tablet::sync::client::install_provider();
    let client = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
    let get = |url: &str| client.get(url).send().unwrap();
    assert_eq!(get(&format!("http://{}/health", server.addr)).status(), 200);
    assert_eq!(get(&format!("http://{}/api/v1/updates?after=1.2", server.addr)).status(), 401);
    let text = get(&metrics).text().unwrap();
    let bucket = |route: &str| format!("mbs_http_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} 1\n");
    assert!(text.contains(&bucket("/api/v1/updates")), "{text}");
    // A route is named by its pattern and never by what was asked: nobody's name or number gets into it.
    assert!(!text.contains("after="), "{text}");
    // And the port for everyone has no metrics.
    assert_eq!(get(&format!("http://{}/metrics", server.addr)).status(), 404);
}
