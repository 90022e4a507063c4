//! What must be on the machine, and how it gets there.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::run;

/// Something the work needs: a file that proves it is there, and the Debian package that brings it.
struct Need {
    proof: &'static str,
    package: &'static str,
}

const fn need(proof: &'static str, package: &'static str) -> Need {
    Need { proof, package }
}

/// Where libraries lie.
pub(crate) const ARCH: &str = "/usr/lib/x86_64-linux-gnu";

/// To build.
const BUILD: &[Need] = &[
    need("/usr/bin/cc", "build-essential"),
    need("/usr/bin/make", "build-essential"),
    need("/usr/bin/pkg-config", "pkg-config"),
    need("/usr/bin/file", "file"),
    need("/usr/include/openssl/ssl.h", "libssl-dev"),
    need("@pkgconfig/webkit2gtk-4.1.pc", "libwebkit2gtk-4.1-dev"),
    need("@pkgconfig/dbus-1.pc", "libdbus-1-dev"),
];

/// To test.
const TEST: &[Need] = &[
    need("/usr/bin/WebKitWebDriver", "webkit2gtk-driver"),
    need("/usr/bin/Xvfb", "xvfb"),
    need("/usr/bin/xauth", "xauth"),
    need("/usr/bin/dbus-launch", "dbus-x11"),
    need("/usr/bin/dbus-daemon", "dbus-daemon"),
    need("/usr/bin/dbus-send", "dbus-bin"),
    need("/usr/bin/gnome-keyring-daemon", "gnome-keyring"),
    need("/usr/libexec/at-spi-bus-launcher", "at-spi2-core"),
    need("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "fonts-noto-core"),
    need("/usr/bin/chromium", "chromium"),
    need("@postgresql", "postgresql"),
    need("/usr/bin/setpriv", "util-linux"),
    need("/usr/bin/openssl", "openssl"),
];

/// To type-check for Android: a compiler with the sources of its library, which Debian has for its own browsers.
const ANDROID: &[Need] = &[
    need("/usr/bin/cargo", "cargo-web"),
    need("/usr/bin/rustc", "rustc-web"),
    need("/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "rust-web-src"),
    need("/usr/bin/kotlinc", "kotlin"),
];

/// To count fsyncs in the benchmark.
const BENCH: &[Need] = &[need("/usr/bin/strace", "strace")];

/// What the work ahead needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Building,
    Testing,
    Measuring,
    Android,
}

fn is_there(need: &Need) -> bool {
    if need.proof == "@postgresql" {
        // Whatever version the system has.
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        return versions.map(|version| version.path().join("bin/initdb")).any(|initdb| initdb.exists());
    }
    match need.proof.strip_prefix("@pkgconfig/") {
        Some(file) => [
            format!("{ARCH}/pkgconfig/{file}"),
            format!("/usr/lib/pkgconfig/{file}"),
            format!("/usr/lib/aarch64-linux-gnu/pkgconfig/{file}"),
        ]
        .iter()
        .any(|p| Path::new(p).exists()),
        None => Path::new(need.proof).exists(),
    }
}

/// Installs the system packages that are missing, saying which; without root rights tells the one line to run.
pub(crate) fn system(what: For) -> Result<(), String> {
    let mut wanted: Vec<&Need> = BUILD.iter().collect();
    match what {
        For::Building => {}
        For::Testing | For::Measuring => wanted.extend(TEST),
        For::Android => wanted.extend(ANDROID),
    }
    if what == For::Measuring {
        wanted.extend(BENCH);
    }
    let mut missing: Vec<&str> = wanted.into_iter().filter(|n| !is_there(n)).map(|n| n.package).collect();
    missing.dedup();
    if missing.is_empty() {
        return node();
    }
    let line = format!("apt-get update && apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(format!(
            "This needs the Debian packages {} (or your system's own); install them and start again.",
            missing.join(", ")
        ));
    }
    if !is_root() {
        return Err(format!(
            "Some system packages are missing. Run this once, then start again:\n\n    sudo sh -c '{line}'\n"
        ));
    }
    run::say(&format!("installing system packages: {}", missing.join(", ")));
    let ok = Command::new("sh")
        .args(["-c", &line])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null())
        .status()
        .map_err(|e| format!("apt-get cannot be started: {e}"))?
        .success();
    if !ok {
        return Err(format!(
            "The system packages could not be installed. See above, mend it, or run by hand:\n\n    {line}\n"
        ));
    }
    node()
}

/// Whether this process may install packages.
fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0"))
}

fn node() -> Result<(), String> {
    let found = Command::new("node").arg("--version").output().ok().and_then(|out| String::from_utf8(out.stdout).ok());
    let major = found
        .as_deref()
        .and_then(|v| v.trim().trim_start_matches('v').split('.').next())
        .and_then(|m| m.parse::<u32>().ok());
    match major {
        Some(20..) => Ok(()),
        Some(old) => Err(format!(
            "Node.js 20 or newer is needed to build the screens; this machine has {old}. Install it and start again."
        )),
        None => Err("Node.js 20 or newer is needed to build the screens. Install it and start again.".to_owned()),
    }
}
