//! The key of the database in a real secret service: GNOME's, on a session bus of the test's own.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Group, Home, Window, Wire, Words, until};

const STORY: &str = "Kaldırım taşları oynuyor.";

/// Starts the service on the home's bus, unlocked as a sign-in does it.
fn secret_service(home: &Home) -> Group {
    let mut service = Command::new("gnome-keyring-daemon");
    service.args(["--foreground", "--unlock", "--components=secrets"]);
    service.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    home.inside(&mut service);
    let mut service = Group::start(&mut service);
    service.0.stdin.take().unwrap().write_all(b"parola").unwrap();
    until("the secret service answers", || {
        let mut ask = Command::new("dbus-send");
        ask.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"]);
        ask.arg("org.freedesktop.DBus.Peer.Ping").stdout(Stdio::null()).stderr(Stdio::null());
        home.inside(&mut ask);
        ask.status().is_ok_and(|status| status.success()).then_some(())
    });
    service
}

/// Words are kept a moment after the last letter, or as their page is left: once the list has them whole, they are.
fn draft_stands_there(window: &Window, words: &Words) {
    window.press(&format!("{} 1", words.of("filter_draft")));
    window.reads(STORY);
}

#[test]
fn the_key_lies_in_the_desktop_s_key_store_and_nowhere_beside_the_records() {
    let (home, words) = (Home::new(Wire::Scheme), Words::read());
    let service = secret_service(&home);
    let window = home.window();
    window.press(words.of("practice_start"));
    window.press(words.of("start_yes"));
    window.tap("button.nav-new");
    window.types("textarea", STORY);
    window.tap("a.top-back");
    draft_stands_there(&window, &words);
    window.battery_pulled();
    let files: Vec<_> = fs::read_dir(home.data()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(files.iter().any(|name| name == "mbs.keyname") && files.iter().all(|name| name != "mbs.key"), "{files:?}");

    // The next start has it from there.
    let window = home.window();
    window.goes_home();
    draft_stands_there(&window, &words);
    window.battery_pulled();

    // Without the store nothing is opened, nothing is set aside, and it is said in words.
    drop(service);
    let window = home.window();
    window.reads("anahtarlığı kapalı");
    window.picture("no-key.png");
    drop(window);
    let aside =
        fs::read_dir(home.data()).unwrap().flatten().any(|file| file.file_name().to_string_lossy().contains("damaged"));
    assert!(!aside, "a database that is only locked is not damaged");
}
