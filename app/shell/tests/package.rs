//! The Debian package: made of the app under test by the one command that makes the released one, unpacked, started.
//!
//! A test program of its own: Tauri's tool writes into the app it packs, which nobody may be running meanwhile.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on stops here"
)]

#[path = "window/support.rs"]
#[allow(dead_code, reason = "the journeys use all of it")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{APP, Home, Wire, Words, repository};

/// Runs a program to its end; what it printed.
fn said(command: &mut Command) -> String {
    let out = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_debian_package_opens_its_window() {
    let built = Path::new(APP).parent().unwrap();
    said(Command::new(built.join("mbs-dev")).args(["package", "--debug"]).current_dir(repository()));
    let packages = fs::read_dir(built.join("bundle/deb")).unwrap().map(|file| file.unwrap().path());
    let packages: Vec<PathBuf> = packages.filter(|file| file.extension().is_some_and(|e| e == "deb")).collect();
    let [package] = &packages[..] else { panic!("one package: {packages:?}") };
    let field = |name: &str| said(Command::new("dpkg-deb").arg("--field").arg(package).arg(name));
    assert_eq!(field("Version").trim(), env!("CARGO_PKG_VERSION"));
    for needed in ["libwebkit2gtk-4.1-0", "libgtk-3-0", "libssl3", "libdbus-1-3"] {
        assert!(field("Depends").contains(needed), "{needed} is not asked for");
    }

    let (home, words) = (Home::new(Wire::Scheme), Words::read());
    let unpacked = home.path().join("unpacked");
    said(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&unpacked));
    let entry = fs::read_to_string(unpacked.join("usr/share/applications/MBS.desktop")).unwrap();
    assert!(entry.contains("Exec=mbs-app"), "{entry}");
    assert!(unpacked.join("usr/share/icons/hicolor/128x128/apps/mbs-app.png").exists());
    let window = home.window_of(&unpacked.join("usr/bin/mbs-app"));
    window.press(words.of("practice_start"));
    window.sees(".start-map path");
}
