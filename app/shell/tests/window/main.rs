//! Journeys in the real window: what a muhtar does, where he does it.
//!
//! WebKitGTK's own driver steers the app that a muhtar runs, under a display of its own; each journey goes twice, once
//! with the calls as Linux carries them and once as Android does. Pictures of what was seen are left in
//! `target/tmp/window`.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops here"
)]

mod alone;
mod keyring;
mod served;
mod support;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::support::{APP, Group, Home, Wire, until};

#[test]
fn a_second_window_on_the_same_folder_says_so() {
    let home = Home::new(Wire::Scheme);
    let app = || {
        let mut command = Command::new(APP);
        command.arg("--data").arg(home.data()).stderr(Stdio::piped());
        home.inside(&mut command);
        command
    };
    let _first = Group::start(&mut app());
    let lock = home.data().join("window.lock");
    until("the first window holds the folder", || File::open(&lock).ok()?.try_lock().is_err().then_some(()));

    // To whoever started it from a terminal …
    let mut second = Group::start(&mut app());
    let (told, hears) = mpsc::channel();
    let lines = BufReader::new(second.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    thread::spawn(move || lines.for_each(|line| drop(told.send(line))));
    until("a plain sentence on standard error", || hears.try_iter().find(|line| line.contains("already open")));
    drop(second);

    // … and to whoever pressed its icon.
    let third = home.window();
    third.reads("MBS zaten açık");
    third.picture("second.png");
}

#[test]
fn the_command_line_needs_no_display() {
    let run = |args: &[&str]| {
        Command::new(APP).args(args).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().unwrap()
    };
    assert!(String::from_utf8_lossy(&run(&["--help"]).stdout).contains("--data DIR"));
    let wrong = run(&["--dta"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("mbs-app --help"));
}
